//! The example configurations of the Collector hang together, and keep the promise of their README.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/collectors")
}

fn configurations() -> Vec<(String, Value)> {
    let files = fs::read_dir(folder()).expect("the folder is there");
    let paths = files.map(|file| file.expect("it can be read").path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("it is text");
        let name = path.file_name().expect("it is a file").to_string_lossy();
        let name = name.into_owned();
        let value = serde_saphyr::from_str(&text);
        let value = value.unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, value)
    };
    yaml.map(read).collect()
}

fn keys(of: &Value) -> BTreeSet<&str> {
    let entries = of.as_object().into_iter().flatten();
    entries.map(|(key, _)| key.as_str()).collect()
}

fn names(of: &Value) -> BTreeSet<&str> {
    let list = of.as_array().into_iter().flatten();
    list.map(|name| name.as_str().expect("a name is text"))
        .collect()
}

#[test]
fn every_component_is_defined_and_used() {
    for (file, configuration) in configurations() {
        let service = &configuration["service"];
        let extensions = (
            keys(&configuration["extensions"]),
            names(&service["extensions"]),
        );
        assert_eq!(extensions.0, extensions.1, "{file}");
        for kind in ["receivers", "processors", "exporters"] {
            let pipelines = service["pipelines"].as_object().unwrap();
            let named: BTreeSet<_> = pipelines.values().flat_map(|p| names(&p[kind])).collect();
            assert_eq!(named, keys(&configuration[kind]), "{file}: {kind}");
        }
    }
}

#[test]
fn nothing_is_acknowledged_that_is_not_on_the_disk() {
    for (file, configuration) in configurations() {
        assert_eq!(
            configuration["extensions"]["file_storage"]["fsync"], true,
            "{file}"
        );
        let processors = keys(&configuration["processors"]);
        assert!(!processors.contains("batch"), "{file}");
        for (name, exporter) in configuration["exporters"].as_object().unwrap() {
            let storage = &exporter["sending_queue"]["storage"];
            assert_eq!(storage, "file_storage", "{file}: {name}");
            let elapsed = &exporter["retry_on_failure"]["max_elapsed_time"];
            let retries = &exporter["retry"]["max_retries"];
            assert!(
                elapsed == "0s" || retries.as_u64() > Some(100),
                "{file}: {name}"
            );
        }
    }
}

#[test]
fn every_file_is_in_the_readme_with_its_variables() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let files = configurations();
    assert_eq!(files.len(), 4);
    for (file, configuration) in files {
        let line = readme
            .lines()
            .find(|line| line.contains(&format!("({file})")));
        let line = line.unwrap_or_else(|| panic!("{file} is not in the README"));
        let text = configuration.to_string();
        for variable in text.split("${env:").skip(1) {
            let name = variable.split('}').next().unwrap();
            let suffix = name.rsplit('_').next().unwrap();
            assert!(line.contains(suffix), "{file}: {name}");
        }
    }
}
