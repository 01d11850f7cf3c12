use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{ConfigError, Form, Output, Settings, Stdout, Surroundings};
use crate::config::args::{OutputName, RunArgs};
use crate::config::file::File;
use crate::config::headers::HeaderError;
use crate::config::{KubernetesSettings, PeerScope};
use crate::credential::NameError;

const MIB: u32 = 1024 * 1024;

const NOWHERE: Surroundings<'static> = Surroundings {
    lookup: &|_| None,
    stdout: Stdout::Elsewhere,
    cpus: 2,
};

fn file(text: &str) -> File {
    File::parse(Path::new("auditor.yaml"), text).unwrap()
}

fn by_file(text: &str) -> Result<Settings, ConfigError> {
    Settings::decide(RunArgs::default(), file(text), &NOWHERE)
}

fn lookup(name: &str) -> Option<String> {
    let value = match name {
        "NODE_NAME" => "env-node",
        "K8S_CLUSTER_NAME" => "env-cluster",
        "HOST_PROC" => "/host/proc",
        "OTEL_EXPORTER_OTLP_ENDPOINT" => "http://env:4317",
        _ => return None,
    };
    Some(value.to_owned())
}

#[test]
fn defaults_audit_everything_and_send_nothing() {
    let settings = by_file("").unwrap();
    assert_eq!(settings.output, Output::Stdout { form: Form::Json });
    assert_eq!(settings.otlp_endpoint, None);
    assert_eq!(settings.duration, None);
    assert_eq!(settings.ring_bytes, 16 * MIB);
    assert!(settings.include.is_empty() && settings.exclude.is_empty());
    assert!(!settings.connection_records.open && settings.connection_records.close);
    assert_eq!(settings.proc_root, PathBuf::from("/proc"));
    assert_eq!(settings.drain_timeout, Duration::from_secs(10));
    assert!(settings.identity.trusted_proxies.is_empty());
    assert!(settings.aggregate.classes.is_empty());
}

#[test]
fn a_kubeconfig_is_taken_where_it_is_named_and_nowhere_else() {
    let settings = by_file("").unwrap();
    assert_eq!(settings.kubernetes, KubernetesSettings::default());
    let text = "kubernetes: { kubeconfig: /etc/kube, peers: cluster }";
    let settings = by_file(text).unwrap();
    assert_eq!(settings.kubernetes.kubeconfig, Some("/etc/kube".into()));
    assert_eq!(settings.kubernetes.peers, PeerScope::Cluster);
    let args = RunArgs {
        kubeconfig: Some("/srv/kube".into()),
        ..RunArgs::default()
    };
    let settings = Settings::decide(args, file(text), &NOWHERE).unwrap();
    assert_eq!(settings.kubernetes.kubeconfig, Some("/srv/kube".into()));
}

#[test]
fn a_terminal_is_written_to_for_people() {
    let surroundings = Surroundings {
        stdout: Stdout::Terminal,
        ..NOWHERE
    };
    let settings = Settings::decide(RunArgs::default(), file(""), &surroundings).unwrap();
    assert_eq!(settings.output, Output::Stdout { form: Form::Pretty });
    let settings =
        Settings::decide(RunArgs::default(), file("output: none"), &surroundings).unwrap();
    assert_eq!(settings.output, Output::None);
}

#[test]
fn arguments_win_over_the_environment_and_that_over_the_file() {
    let text = "\
output: none
otlp: { endpoint: 'http://file:4317' }
duration: 1m
ring_bytes: 65536
include: [service=file]
exclude: [port=1]
node_name: file-node
cluster_name: file-cluster
proc_root: /file/proc
drain_timeout: 3s
";
    let environment = Surroundings {
        lookup: &lookup,
        ..NOWHERE
    };
    let args = RunArgs {
        output: Some(OutputName::OtlpJson),
        otlp_endpoint: Some("http://typed:4317".to_owned()),
        duration: Some("2m".parse().unwrap()),
        include: vec!["service=typed".to_owned()],
        ring_bytes: Some(131_072),
        ..RunArgs::default()
    };
    let settings = Settings::decide(args, file(text), &environment).unwrap();
    let form = Form::OtlpJson;
    assert_eq!(settings.output, Output::Stdout { form });
    assert_eq!(settings.otlp_endpoint.as_deref(), Some("http://typed:4317"));
    assert_eq!(settings.duration, Some(Duration::from_mins(2)));
    assert_eq!(settings.include, ["service=typed"]);
    assert_eq!(settings.exclude, ["port=1"]);
    assert_eq!(settings.ring_bytes, 131_072);
    assert_eq!(settings.node_name.as_deref(), Some("env-node"));
    assert_eq!(settings.cluster_name.as_deref(), Some("env-cluster"));
    assert_eq!(settings.proc_root, PathBuf::from("/host/proc"));
    assert_eq!(settings.drain_timeout, Duration::from_secs(3));

    let settings = Settings::decide(RunArgs::default(), file(text), &environment).unwrap();
    assert_eq!(settings.otlp_endpoint, None, "the variable decides");
    assert_eq!(settings.duration, Some(Duration::from_mins(1)));
    assert_eq!(settings.include, ["service=file"]);

    let settings = by_file(text).unwrap();
    assert_eq!(settings.otlp_endpoint.as_deref(), Some("http://file:4317"));
    assert_eq!(settings.node_name.as_deref(), Some("file-node"));
    assert_eq!(settings.proc_root, PathBuf::from("/file/proc"));
}

#[test]
fn the_ring_grows_with_the_cpus_between_its_bounds() {
    for (cpus, mib) in [
        (1, 16),
        (2, 16),
        (3, 32),
        (4, 32),
        (6, 64),
        (8, 64),
        (9999, 64),
    ] {
        assert_eq!(
            super::ring_bytes(None, cpus).unwrap(),
            mib * MIB,
            "{cpus} CPUs"
        );
    }
    for bytes in [0, 4096, 65_537, 1 << 31] {
        let error = super::ring_bytes(Some(bytes), 2).unwrap_err();
        assert!(matches!(error, ConfigError::RingBytes(found) if found == bytes));
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    assert!(matches!(
        by_file("duration: 0s"),
        Err(ConfigError::NoDuration)
    ));
    assert!(matches!(
        by_file("proc_root: proc"),
        Err(ConfigError::ProcRoot(_))
    ));
    let headers = "headers: { response: { extend: [Set-Cookie] } }";
    let error = by_file(headers).unwrap_err();
    let expected = HeaderError::Name {
        key: "headers.response",
        source: NameError::Credential("set-cookie".to_owned()),
    };
    assert!(matches!(&error, ConfigError::Header(found) if *found == expected));
    assert!(error.to_string().contains("never recorded"), "{error}");
    let error = by_file("aggregate: { interval: 2h }").unwrap_err();
    assert_eq!(
        error.to_string(),
        "aggregate.interval: 2h is not between 1s and 1h"
    );
}

#[test]
fn what_is_shown_asks_for_the_same() {
    let text = "\
output: pretty
otlp: { endpoint: 'http://c:4317' }
duration: 90s
include: ['service=a*,port=80']
headers: { request: { extend: [x-tenant] }, response: { replace: [] } }
connection_records: { open: true, close: false }
identity:
  principal: { headers: { extend: [x-user] }, claims: [tenant, groups] }
  trusted_proxies: [10.0.0.0/8, '2001:db8::1']
aggregate: { classes: [health_probe, scrape], interval: 30s }
redaction:
  path: { number: true }
  query: { keep: [page] }
  user_key: /etc/auditor/user.key
  workloads: [{ match: namespace=shop, users: hashed }]
node_name: 'true'
";
    let settings = by_file(text).unwrap();
    let shown = settings.to_yaml();
    assert_eq!(by_file(&shown).unwrap(), settings, "{shown}");
}

#[test]
fn no_secret_is_shown() {
    for (url, shown) in [
        (
            "https://user:s3cret@c:4317/in?key=s3cret",
            "https://c:4317/in",
        ),
        ("https://c/a@b", "https://c/a@b"),
        ("user:s3cret@c:4317", "c:4317"),
        ("http://c:4318#s3cret", "http://c:4318"),
        ("http://c?x=http://s3cret@d", "http://c"),
    ] {
        assert_eq!(super::without_secrets(url), shown);
    }
}
