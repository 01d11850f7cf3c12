//! Accesses over time as a picture.

use maud::{Markup, html};

use super::fact::length;
use crate::report::moment::Moment;
use crate::report::silence::Silence;
use crate::report::volume::{Course, Step};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 30.0;
const PLOT_WIDTH: f64 = WIDTH - LEFT - 8.0;
const PLOT_HEIGHT: f64 = HEIGHT - TOP - BOTTOM;
const GRID_LINES: u64 = 4;
/// Times that fit under the plot.
const TIMES: u64 = 8;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Seconds between two of them; they stand at whole multiples.
const INTERVALS: [u64; 12] = [
    10,
    60,
    300,
    900,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    7 * DAY,
    91 * DAY,
    3652 * DAY,
];

/// From the first step to the end of the last.
struct Axes {
    begin: u64,
    span: u64,
    top: u64,
}

// === impl Axes ===

impl Axes {
    fn of(course: &Course) -> Option<Self> {
        let begin = course.steps.first()?.begin.0 / 1_000_000_000;
        let end = course.steps.last()?.begin.0 / 1_000_000_000 + course.step_seconds;
        let largest = course.steps.iter().map(|step| step.volume.accesses());
        Some(Self {
            begin,
            span: (end - begin).max(1),
            top: round(largest.max().unwrap_or(0)),
        })
    }

    fn x(&self, moment: Moment) -> f64 {
        let seconds = (moment.0 / 1_000_000_000).saturating_sub(self.begin);
        LEFT + PLOT_WIDTH * seconds.min(self.span) as f64 / self.span as f64
    }

    fn width(&self, seconds: u64) -> f64 {
        PLOT_WIDTH * seconds as f64 / self.span as f64
    }

    fn height(&self, accesses: u64) -> f64 {
        PLOT_HEIGHT * accesses as f64 / self.top as f64
    }
}

pub(super) fn course(course: &Course, silences: &[Silence]) -> Markup {
    let Some(axes) = Axes::of(course) else {
        return html! { p.none { "Nothing was accessed." } };
    };
    html! {
        svg.course viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby="course-title" {
            title #course-title { "Accesses every " (length(course.step_seconds)) " (UTC)" }
            defs {
                pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)" { line.hatch y2="6" {} }
            }
            (grid(&axes))
            @for silence in silences { (band(&axes, silence)) }
            @for step in &course.steps { (bar(&axes, course.step_seconds, step)) }
        }
        p.legend {
            span.succeeded { "succeeded" } span.refused { "refused" } span.failed { "failed" }
            span.silent { "nobody listened" } span.lost { "something was lost" }
        }
    }
}

fn grid(axes: &Axes) -> Markup {
    html! {
        @for line in 0..=GRID_LINES {
            @let value = axes.top / GRID_LINES * line;
            @let y = TOP + PLOT_HEIGHT - axes.height(value);
            line.grid x1=(LEFT) x2=(WIDTH - 8.0) y1=(fixed(y)) y2=(fixed(y)) {}
            text.axis.value x=(LEFT - 6.0) y=(fixed(y + 4.0)) { (short(value)) }
        }
        @for moment in times(axes) {
            text.axis x=(fixed(axes.x(moment))) y=(HEIGHT - 8.0) { (label(moment, axes.span)) }
        }
    }
}

fn band(axes: &Axes, silence: &Silence) -> Markup {
    let (from, to) = (axes.x(silence.from), axes.x(silence.to));
    html! {
        // Wide enough to be seen, however short it was.
        rect.silence x=(fixed(from)) y=(TOP) width=(fixed((to - from).max(2.0))) height=(PLOT_HEIGHT) {}
    }
}

fn bar(axes: &Axes, seconds: u64, step: &Step) -> Markup {
    let volume = &step.volume;
    let x = axes.x(step.begin);
    let width = (axes.width(seconds) - 1.0).max(1.0);
    let middle = x + width / 2.0;
    let mut y = TOP + PLOT_HEIGHT;
    let parts = [
        ("succeeded", volume.succeeded),
        ("refused", volume.refused),
        ("failed", volume.failed),
    ];
    let parts = parts.into_iter().filter(|(_, accesses)| *accesses > 0);
    let parts = parts.map(|(class, accesses)| {
        // What is not nothing is to be seen.
        let height = axes.height(accesses).max(1.5);
        y -= height;
        (class, y, height)
    });
    html! {
        @for (class, y, height) in parts {
            rect class=(class) x=(fixed(x)) y=(fixed(y)) width=(fixed(width)) height=(fixed(height)) {}
        }
        @if volume.lost > 0 {
            polygon.lost points={
                (fixed(middle - 5.0)) ",4 " (fixed(middle + 5.0)) ",4 " (fixed(middle)) ",13"
            } {}
        }
    }
}

fn times(axes: &Axes) -> impl Iterator<Item = Moment> {
    let fits = |interval: &&u64| axes.span / **interval < TIMES;
    let interval = INTERVALS
        .iter()
        .find(fits)
        .unwrap_or(&INTERVALS[INTERVALS.len() - 1]);
    let first = axes.begin.next_multiple_of(*interval);
    // The last one would stand over the edge.
    let last = axes.begin + axes.span * 9 / 10;
    let times = (first..last).step_by(*interval as usize);
    times.take(TIMES as usize).map(Moment::of_seconds)
}

/// The next number that four lines divide well.
fn round(largest: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for factor in [4, 8, 20, 40] {
            match unit.checked_mul(factor) {
                Some(top) if top >= largest => return top,
                Some(_) => {}
                None => return u64::MAX,
            }
        }
        unit = unit.saturating_mul(10);
    }
}

fn short(value: u64) -> String {
    match value {
        0..10_000 => value.to_string(),
        10_000..10_000_000 => format!("{}k", value / 1000),
        10_000_000..10_000_000_000 => format!("{}M", value / 1_000_000),
        _ => format!("{}G", value / 1_000_000_000),
    }
}

fn label(moment: Moment, span: u64) -> String {
    let plain = moment.plain();
    let part = if span < 7 * DAY { 5..16 } else { 0..10 };
    plain.get(part).unwrap_or(&plain).to_owned()
}

fn fixed(length: f64) -> String {
    format!("{length:.1}")
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn the_scale_ends_above_the_largest_and_four_lines_divide_it() {
        for largest in [0, 1, 5, 39, 41, 999, 123_456, u64::MAX] {
            let top = round(largest);
            assert!(top >= largest);
            assert!(top.is_multiple_of(4) || top == u64::MAX, "{top}");
        }
    }
}
