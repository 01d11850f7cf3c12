use super::*;

fn read(endpoint: Option<&str>, variables: &[(&str, &str)]) -> Result<OtlpSettings, SettingsError> {
    OtlpSettings::from_lookup(endpoint, |name| {
        let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
        Some((*value).to_owned())
    })
    .map(Option::unwrap)
}

fn endpoint_of(variables: &[(&str, &str)]) -> String {
    read(None, variables).unwrap().endpoint.to_string()
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const LOGS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";

#[test]
fn sends_nowhere_without_an_endpoint() {
    let empty = |name: &str| (name == ENDPOINT).then(|| "  ".to_owned());
    assert!(OtlpSettings::from_lookup(None, |_| None).unwrap().is_none());
    assert!(OtlpSettings::from_lookup(None, empty).unwrap().is_none());
}

#[test]
fn has_the_defaults_of_the_specification() {
    let settings = read(Some("http://collector:4317"), &[]).unwrap();
    assert_eq!(settings.endpoint, "http://collector:4317/");
    assert_eq!(settings.protocol, Protocol::Grpc);
    assert_eq!(settings.timeout, Duration::from_secs(10));
    assert_eq!(settings.compression, Compression::None);
    assert_eq!(settings.tls, TlsFiles::default());
    assert!(settings.headers.map().is_empty());
}

#[test]
fn the_port_decides_where_no_protocol_is_named() {
    let protocol = |url, variables: &[_]| read(Some(url), variables).unwrap().protocol;
    assert_eq!(protocol("http://c:4318", &[]), Protocol::HttpProtobuf);
    assert_eq!(protocol("http://c:9999", &[]), Protocol::Grpc);
    assert_eq!(
        protocol("http://c:4318", &[(PROTOCOL, "grpc")]),
        Protocol::Grpc
    );
    assert_eq!(
        protocol("http://c", &[(PROTOCOL, "HTTP/JSON")]),
        Protocol::HttpJson
    );
}

#[test]
fn the_general_http_endpoint_gets_the_path_and_the_one_for_logs_is_used_as_is() {
    let http = (PROTOCOL, "http/protobuf");
    assert_eq!(
        endpoint_of(&[(ENDPOINT, "http://c:4318"), http]),
        "http://c:4318/v1/logs"
    );
    assert_eq!(
        endpoint_of(&[(ENDPOINT, "http://c/otlp/"), http]),
        "http://c/otlp/v1/logs"
    );
    assert_eq!(
        endpoint_of(&[(LOGS_ENDPOINT, "https://c/in?x=1"), http]),
        "https://c/in?x=1"
    );
    assert_eq!(
        endpoint_of(&[(LOGS_ENDPOINT, "http://c:4318")]),
        "http://c:4318/"
    );
    let line = |url| read(Some(url), &[]).unwrap().endpoint.to_string();
    assert_eq!(line("http://c:4318"), "http://c:4318/v1/logs");
    assert_eq!(line("http://c:4318/v1/logs"), "http://c:4318/v1/logs");
}

#[test]
fn the_command_line_wins_over_logs_and_logs_over_general() {
    let both = [
        (ENDPOINT, "http://general:1"),
        (LOGS_ENDPOINT, "http://logs:1"),
    ];
    assert_eq!(endpoint_of(&both), "http://logs:1/");
    assert_eq!(
        read(Some("http://line:1"), &both).unwrap().endpoint,
        "http://line:1/"
    );
    let empty = [(ENDPOINT, "http://general:1"), (LOGS_ENDPOINT, "")];
    assert_eq!(endpoint_of(&empty), "http://general:1/");
    let headers = [
        (ENDPOINT, "http://c:1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "b=2"),
    ];
    let headers = read(None, &headers).unwrap().headers;
    assert_eq!(
        (headers.map().len(), headers.map()["b"].as_bytes()),
        (1, &b"2"[..])
    );
}

#[test]
fn without_a_scheme_grpc_is_secure_unless_told_and_http_refuses() {
    assert_eq!(endpoint_of(&[(ENDPOINT, "c:4317")]), "https://c:4317/");
    assert_eq!(
        endpoint_of(&[(ENDPOINT, "c:4317"), (INSECURE, "true")]),
        "http://c:4317/"
    );
    let scheme = endpoint_of(&[(ENDPOINT, "https://c:4317"), (INSECURE, "true")]);
    assert_eq!(scheme, "https://c:4317/");
    let error = read(None, &[(ENDPOINT, "c:4318")]).unwrap_err();
    assert_eq!(error, SettingsError::Scheme(ENDPOINT.into()));
}

#[test]
fn metrics_go_to_the_same_collector() {
    let metrics = |variables: &[_]| {
        let settings = read(None, variables).unwrap().for_metrics()?;
        Some(settings.endpoint.to_string())
    };
    let url = |text: &str| Some(text.to_owned());
    assert_eq!(
        metrics(&[(ENDPOINT, "http://c:4317")]),
        url("http://c:4317/")
    );
    assert_eq!(
        metrics(&[(ENDPOINT, "http://c:4318/in?k=v")]),
        url("http://c:4318/in/v1/metrics?k=v")
    );
    assert_eq!(metrics(&[(LOGS_ENDPOINT, "http://c:4318/other")]), None);
}

#[test]
fn reads_times_compression_and_files() {
    let settings = read(
        Some("https://c:4317"),
        &[
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
            ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "me.pem"),
            ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", "me.key"),
        ],
    )
    .unwrap();
    assert_eq!(settings.timeout, Duration::from_millis(2500));
    assert_eq!(settings.compression, Compression::Gzip);
    assert_eq!(settings.tls.certificate, Some("ca.pem".into()));
    assert_eq!(
        settings.tls.client,
        Some(("me.pem".into(), "me.key".into()))
    );
}

#[test]
fn refuses_by_name_what_it_cannot_read() {
    let with = |name, value| {
        read(Some("http://c:1"), &[(name, value)])
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        with(PROTOCOL, "http"),
        "OTEL_EXPORTER_OTLP_PROTOCOL: \"http\" is not one of grpc, http/protobuf, http/json"
    );
    assert!(with("OTEL_EXPORTER_OTLP_TIMEOUT", "0").starts_with("OTEL_EXPORTER_OTLP_TIMEOUT:"));
    assert!(with("OTEL_EXPORTER_OTLP_COMPRESSION", "zip").contains("gzip, none"));
    assert!(with("OTEL_EXPORTER_OTLP_CLIENT_KEY", "k").contains("set both"));
    for bad in ["", "/v1/logs", "http://", "ftp://c", "http://c c"] {
        assert!(read(Some(bad), &[]).is_err(), "{bad:?}");
    }
}

#[test]
fn shows_no_secret() {
    let header = (
        "OTEL_EXPORTER_OTLP_HEADERS",
        "authorization=Bearer%20s3cret",
    );
    let settings = read(
        None,
        &[(LOGS_ENDPOINT, "http://c:4318/in?key=s3cret"), header],
    )
    .unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(
        shown.contains("http://c:4318/in") && shown.contains("authorization"),
        "{shown}"
    );
    let error = read(Some("http://me:s3cret@c:4317"), &[])
        .unwrap_err()
        .to_string();
    assert!(!error.contains("s3cret"), "{error}");
    let broken = read(
        Some("http://c:1"),
        &[("OTEL_EXPORTER_OTLP_HEADERS", "s3cret")],
    );
    assert!(!broken.unwrap_err().to_string().contains("s3cret"));
}
