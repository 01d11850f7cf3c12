//! What came out, as a table, as JSON and as a picture.

use std::{collections::BTreeMap, fmt::Write as _, fs, io, path::Path};

use serde_json::{Value, json};

use crate::{arm::Arm, endurance::Endurance, load::Load, plot, slice::Slice};

#[derive(Default)]
pub struct Report {
    slices: Vec<(usize, Slice)>,
    /// Nanoseconds for each request.
    pub program_times: BTreeMap<&'static str, f64>,
    pub endurance: Option<Endurance>,
}

/// The middle of several figures, the smallest and the largest.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

/// What an arm cost under a load.
pub struct Line {
    pub arm: Arm,
    pub load: Load,
    pub requests_per_second: Spread,
    /// Of what the node did with nothing in the same round.
    pub throughput: Spread,
    /// Microseconds of CPU for each request, over those with nothing in the same round.
    pub added_us: Spread,
    pub p50: Option<Spread>,
    pub p99: Option<Spread>,
    /// Bytes.
    pub resident: Option<Spread>,
    pub lost: u64,
}

impl Spread {
    fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Some(Self {
            median: *figures.get(figures.len() / 2)?,
            least: *figures.first()?,
            most: *figures.last()?,
        })
    }

    fn json(self) -> Value {
        json!({ "median": self.median, "least": self.least, "most": self.most })
    }
}

impl Report {
    pub fn add(&mut self, round: usize, slice: Slice) {
        eprintln!(
            "{:<22} {:<26} {:>9.0}/s {:>7.1} us",
            slice.load.name(),
            slice.arm.name(),
            slice.requests_per_second,
            slice.cpu_us,
        );
        self.slices.push((round, slice));
    }

    fn of(&self, arm: Arm, load: Load) -> impl Iterator<Item = &(usize, Slice)> {
        let same = move |slice: &Slice| slice.arm == arm && slice.load.name() == load.name();
        self.slices.iter().filter(move |(_, slice)| same(slice))
    }

    fn lines(&self) -> Vec<Line> {
        let mut loads: Vec<Load> = Vec::new();
        for (_, slice) in &self.slices {
            if !loads.contains(&slice.load) {
                loads.push(slice.load);
            }
        }
        let pairs = loads
            .iter()
            .flat_map(|load| Arm::ALL.map(|arm| (arm, *load)));
        pairs
            .filter_map(|(arm, load)| self.line(arm, load))
            .collect()
    }

    fn line(&self, arm: Arm, load: Load) -> Option<Line> {
        let slices: Vec<_> = self.of(arm, load).collect();
        let nothing = |round: usize| {
            let mut of_round = self.of(Arm::Nothing, load).filter(|(n, _)| *n == round);
            of_round.next().map(|(_, slice)| slice)
        };
        let beside = |figure: fn(&Slice, &Slice) -> f64| {
            Spread::of(
                slices
                    .iter()
                    .filter_map(|(round, slice)| Some(figure(slice, nothing(*round)?))),
            )
        };
        Some(Line {
            arm,
            load,
            requests_per_second: Spread::of(slices.iter().map(|(_, s)| s.requests_per_second))?,
            throughput: beside(|slice, nothing| {
                slice.requests_per_second / nothing.requests_per_second
            })?,
            added_us: beside(|slice, nothing| slice.cpu_us - nothing.cpu_us)?,
            p50: Spread::of(slices.iter().filter_map(|(_, s)| s.p50)),
            p99: Spread::of(slices.iter().filter_map(|(_, s)| s.p99)),
            resident: Spread::of(slices.iter().filter_map(|(_, s)| Some(s.resident? as f64))),
            lost: slices
                .iter()
                .filter_map(|(_, s)| s.ended)
                .map(|e| e.lost + e.undelivered)
                .sum(),
        })
    }

    pub fn table(&self) -> String {
        let mut text = String::from(
            "| load | arm | requests/s | of nothing | CPU added, us/request | p50, us | p99, us | memory, MB | lost |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for line in self.lines() {
            let ratio = line.throughput;
            let added = line.added_us;
            let optional = |spread: Option<Spread>, unit: f64| {
                spread.map_or_else(String::new, |s| format!("{:.0}", s.median / unit))
            };
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {:.3} ({:.3} to {:.3}) | {:.1} ({:.1} to {:.1}) | {} | {} | {} | {} |",
                line.load.name(),
                line.arm.name(),
                line.requests_per_second.median,
                ratio.median,
                ratio.least,
                ratio.most,
                added.median,
                added.least,
                added.most,
                optional(line.p50, 1.0),
                optional(line.p99, 1.0),
                optional(line.resident, 1e6),
                line.lost,
            );
        }
        for (arm, time) in &self.program_times {
            let _ = writeln!(
                text,
                "\nKernel programs, {arm}: {time:.0} ns for each request"
            );
        }
        if let Some(endurance) = &self.endurance {
            let _ = write!(text, "\n{endurance}");
        }
        text
    }

    /// `node.md`, `node.json` and `node.svg`.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let lines = self.lines();
        let json: Vec<_> = lines
            .iter()
            .map(|line| {
                json!({
                    "load": line.load.name(),
                    "arm": line.arm.name(),
                    "requests_per_second": line.requests_per_second.json(),
                    "throughput_of_nothing": line.throughput.json(),
                    "cpu_added_us": line.added_us.json(),
                    "p50_us": line.p50.map(Spread::json),
                    "p99_us": line.p99.map(Spread::json),
                    "resident_bytes": line.resident.map(Spread::json),
                    "lost": line.lost,
                })
            })
            .collect();
        let json = json!({
            "lines": json,
            "program_ns_per_request": self.program_times,
            "endurance": self.endurance,
        });
        fs::write(folder.join("node.json"), format!("{json:#}\n"))?;
        fs::write(folder.join("node.md"), self.table())?;
        fs::write(folder.join("node.svg"), plot::bars(&lines))
    }
}
