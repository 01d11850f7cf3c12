//! The page in a real browser: what a reader sees is what the JSON says, fact for fact.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::shop::{Hostile, shop};
use super::{json, made};
use crate::config::ReportForm;
use crate::query::sample::Place;

/// Gathers the facts out of the document that the browser made of the page.
const GATHER: &str = r"<script>
const facts = {};
for (const element of document.querySelectorAll('[data-fact]')) {
  const value = element.getAttribute('value') ?? element.getAttribute('datetime');
  (facts[element.dataset.fact] ??= []).push(value ?? element.textContent);
}
const gathered = document.createElement('pre');
gathered.id = 'gathered';
gathered.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(facts))));
document.body.append(gathered);
</script>";

fn browser() -> Option<&'static str> {
    let installed = |name: &&str| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(installed)
}

/// What the page shows, by place in the JSON.
fn shown(place: &Place, page: &str) -> BTreeMap<String, Vec<String>> {
    let browser = browser().expect("chromium is installed by `cargo xtask setup`");
    let policy = page
        .find("<meta http-equiv")
        .zip(page.find("<meta name=\"viewport\""));
    let (from, to) =
        policy.expect("the page has a policy, which would stop the script of the test");
    let page = format!("{}{}{GATHER}", &page[..from], &page[to..]);
    let path = place.path().join("page.html");
    fs::write(&path, page).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!(
            "--user-data-dir={}",
            place.path().join("profile").display()
        ))
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    let document = String::from_utf8(output.stdout).unwrap();
    let gathered = document
        .rsplit_once("<pre id=\"gathered\">")
        .expect("the script ran")
        .1;
    let gathered = gathered.split_once("</pre>").unwrap().0;
    let facts = STANDARD.decode(gathered).unwrap();
    serde_json::from_slice(&facts).unwrap()
}

/// Every number and text of the JSON by its pointer. What is absent is not shown as a fact.
fn facts(place: &str, json: &Json, facts: &mut BTreeMap<String, String>) {
    match json {
        Json::Null => {}
        Json::Bool(_) | Json::Number(_) => {
            facts.insert(place.to_owned(), json.to_string());
        }
        Json::String(text) => {
            facts.insert(place.to_owned(), text.clone());
        }
        Json::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                self::facts(&format!("{place}/{index}"), value, facts);
            }
        }
        Json::Object(members) => {
            for (name, value) in members {
                self::facts(&format!("{place}/{name}"), value, facts);
            }
        }
    }
}

fn agrees(place: &Place) {
    let report = made(place, &[]);
    let mut expected = BTreeMap::new();
    facts("", &json(&report), &mut expected);
    let shown = shown(place, &report.render(ReportForm::Html));
    for (fact, value) in &expected {
        let values = shown.get(fact);
        let values = values.unwrap_or_else(|| panic!("{fact} = {value} is not on the page"));
        assert!(
            values.iter().all(|shown| shown == value),
            "{fact}: {value}, shown {values:?}"
        );
    }
    let more: Vec<_> = shown
        .keys()
        .filter(|fact| !expected.contains_key(*fact))
        .collect();
    assert!(more.is_empty(), "only on the page: {more:?}");
    assert!(expected.len() > 500, "{} facts", expected.len());
}

#[test]
fn the_page_in_a_browser_has_the_facts_of_the_json() {
    agrees(&shop("report-browser", &Hostile::default()));
}

#[test]
fn hostile_values_are_shown_as_they_are() {
    let value = "</bdi><script>document.title='owned'</script>\"'><b>&amp; \u{202e}evil";
    let hostile = Hostile {
        user: value,
        peer: value,
        path: value,
        state: value,
    };
    agrees(&shop("report-browser-hostile", &hostile));
}
