//! One line of `--output json`.

use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Record(Value);

impl Record {
    pub(crate) fn parse(line: &str) -> Self {
        let value = serde_json::from_str(line);
        Self(value.unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    pub(crate) fn event(&self) -> &str {
        self.0["event_name"].as_str().unwrap()
    }

    pub(crate) fn text(&self, attribute: &str) -> Option<&str> {
        self.0["attributes"].get(attribute)?.as_str()
    }

    pub(crate) fn int(&self, attribute: &str) -> Option<u64> {
        self.0["attributes"].get(attribute)?.as_u64()
    }

    pub(crate) fn list(&self, attribute: &str) -> Vec<&str> {
        let list = self.0["attributes"]
            .get(attribute)
            .and_then(Value::as_array);
        list.map_or(Vec::new(), |l| l.iter().filter_map(Value::as_str).collect())
    }

    pub(crate) fn resource(&self, attribute: &str) -> Option<&str> {
        self.0["resource"].get(attribute)?.as_str()
    }

    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.0["attributes"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
    }
}
