//! The report as a page that needs nothing else: no script, no file, no network.
//!
//! `maud` escapes every value where it is put in; the style is the only text that is not.

mod chart;
mod evidence;
mod fact;
mod missing;
mod summary;
mod table;
mod who;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::fact::{moment, number, text};
use super::Report;

const STYLE: &str = include_str!("html/style.css");
/// Nothing is loaded and nothing runs, even if a value should get out of its place.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

pub(super) fn page(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Access report: " (report.journal) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(report))
                main {
                    (summary::section(report))
                    (course(report))
                    (who::section(&report.facts))
                    (who::failures(&report.facts))
                    (missing::section(&report.facts))
                    (missing::coverage(&report.facts))
                    (evidence::integrity(&report.integrity))
                    (evidence::questions(&report.answers))
                }
                footer { p {
                    "All times are UTC. Figures are exact; tables show the largest rows and say "
                    "what they leave out. The same facts are in the JSON form of this report."
                } }
            }
        }
    };
    page.into_string()
}

fn head(report: &Report) -> Markup {
    html! {
        header {
            h1 { "Access report" }
            p.subject { (text("/journal", &report.journal)) }
            p {
                @match report.since {
                    Some(since) => { (moment("/since", since)) },
                    None => "from the beginning of the journal",
                }
                " to " (moment("/until", report.until))
            }
            p.made {
                "made " (moment("/made", report.made)) " by auditor "
                (text("/version", report.version))
            }
        }
    }
}

fn course(report: &Report) -> Markup {
    let course = &report.facts.course;
    html! {
        section #course {
            h2 { "Accesses over time" }
            (chart::course(course, &report.facts.silences.listed))
            details {
                summary { "Figures, every " (fact::seconds("/course/step_seconds", course.step_seconds)) }
                (table::plain(
                    "/course/steps",
                    "Accesses by step",
                    &["from", "succeeded", "refused", "failed", "lost"],
                    &course.steps,
                    |at, step| html! {
                        td { (moment(&format!("{at}/begin"), step.begin)) }
                        td.number { (number(&format!("{at}/succeeded"), step.volume.succeeded)) }
                        td.number { (number(&format!("{at}/refused"), step.volume.refused)) }
                        td.number { (number(&format!("{at}/failed"), step.volume.failed)) }
                        td.number { (number(&format!("{at}/lost"), step.volume.lost)) }
                    },
                ))
            }
        }
    }
}
