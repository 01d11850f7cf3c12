//! A picture of what each arm leaves of the throughput.

use std::fmt::Write as _;

use crate::{arm::Arm, load::Load, report::Line};

const WIDTH: f64 = 480.0;
const LEFT: f64 = 190.0;
const ROW: f64 = 18.0;
const GAP: f64 = 26.0;

/// Horizontal bars, a group for each load.
pub fn bars(lines: &[Line]) -> String {
    let mut body = String::new();
    let mut y = 20.0;
    let mut load: Option<Load> = None;
    for line in lines.iter().filter(|line| line.arm != Arm::Nothing) {
        if load != Some(line.load) {
            y += GAP;
            load = Some(line.load);
            let _ = writeln!(
                body,
                r#"<text x="0" y="{:.0}" font-weight="bold">{}</text>"#,
                y - 6.0,
                line.load.name()
            );
        }
        let ratio = line.throughput.median;
        let colour = if line.arm == Arm::Envoy {
            "#c44"
        } else {
            "#368"
        };
        let _ = writeln!(
            body,
            r#"<text x="0" y="{:.0}">{}</text><rect x="{LEFT}" y="{y:.0}" width="{:.0}" height="13" fill="{colour}"/><text x="{:.0}" y="{:.0}">{:.0} %</text>"#,
            y + 11.0,
            line.arm.name(),
            WIDTH * ratio,
            LEFT + WIDTH * ratio + 6.0,
            y + 11.0,
            100.0 * ratio,
        );
        y += ROW;
    }
    let (width, height) = (LEFT + WIDTH + 60.0, y + 10.0);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="12">
<text x="0" y="14">Requests a second, of those without anything</text>
{body}</svg>
"#
    )
}
