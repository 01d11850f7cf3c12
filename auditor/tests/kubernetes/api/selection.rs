//! What a request asks for.

use std::collections::HashMap;

use hyper::Uri;
use serde_json::Value;

use super::state::RESOURCES;

#[derive(Clone)]
pub(crate) struct Selection {
    pub(crate) resource: &'static str,
    query: HashMap<String, String>,
}

impl Selection {
    /// `None` where it is for one object.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let mut resources = RESOURCES.into_iter();
        let resource = resources.find(|resource| *resource == uri.path())?;
        let pairs = uri.query().unwrap_or_default().split('&');
        let pairs = pairs.filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(key, value)| (key.to_owned(), decoded(value)));
        let query = query.collect();
        Some(Self { resource, query })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.query.get(key).map(String::as_str)
    }

    pub(crate) fn selects(&self, object: &Value) -> bool {
        let field = |path: &str| {
            let pointer = format!("/{}", path.replace('.', "/"));
            object
                .pointer(&pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let by_field = self.get("fieldSelector").is_none_or(|selector| {
            if let Some((path, value)) = selector.split_once("!=") {
                return field(path) != value;
            }
            let (path, value) = selector.split_once('=').expect("an operator");
            field(path) == value
        });
        let label = self.get("labelSelector");
        let has = |label: &str| !object["metadata"]["labels"][label].is_null();
        by_field && label.is_none_or(has)
    }
}

fn decoded(text: &str) -> String {
    let text = text
        .replace("%3D", "=")
        .replace("%21", "!")
        .replace("%3A", ":");
    text.replace("%2F", "/")
}
