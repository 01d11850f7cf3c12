use super::{Direction, Facts, Names, Scope, Selector};
use crate::identity::sample;

fn facts() -> Facts<'static> {
    Facts {
        direction: Direction::Inbound,
        server_port: 8080,
        peer: "::ffff:10.1.2.3".parse().unwrap(),
        names: Names {
            service_name: Some("checkout"),
            container_id: Some("4f0ac3b1d2e5"),
            namespace: Some("shop"),
            pod: Some("web-7d4b9"),
            pod_uid: Some("1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        },
        executable: Some("nginx"),
        path: Some("/api/orders"),
    }
}

fn scope(include: &[&str], exclude: &[&str]) -> Scope {
    let owned = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    Scope::parse(&owned(include), &owned(exclude)).unwrap()
}

#[test]
fn selectors_match_what_they_say() {
    for (selector, expected) in [
        ("direction=inbound", true),
        ("direction=outbound", false),
        ("port=8080", true),
        ("port=80", false),
        ("address=10.1.2.3", true),
        ("address=10.0.0.0/8", true),
        ("address=192.168.0.0/16", false),
        ("service=checkout", true),
        ("service=check", false),
        ("service=check*", true),
        ("container=4f0ac3", true),
        ("container=4f0ac3*", true),
        ("container=0ac3", false),
        ("pod-uid=1b4e28ba-2fa1-11d2-883f-0016d3cca427", true),
        ("pod-uid=1b4e28ba", false),
        ("executable=nginx", true),
        ("executable=*", true),
        ("path=/api", true),
        ("path=/api/*", true),
        ("path=/health", false),
        ("service=checkout,port=8080,path=/api", true),
        ("service=checkout,port=81", false),
        (" service = checkout , port = 8080 ", true),
    ] {
        let parsed: Selector = selector.parse().unwrap();
        assert_eq!(parsed.matches(&facts()), expected, "{selector}");
        assert_eq!(parsed.as_str(), selector);
    }
}

#[test]
fn what_is_not_known_does_not_match() {
    let unknown = Facts {
        names: Names {
            service_name: None,
            ..facts().names
        },
        path: None,
        ..facts()
    };
    for selector in ["service=checkout", "service=*", "path=/"] {
        assert!(
            !selector.parse::<Selector>().unwrap().matches(&unknown),
            "{selector}"
        );
    }
    assert!(scope(&[], &["path=/health", "service=checkout"]).admits(&unknown));
    assert!(!scope(&["service=checkout"], &[]).admits(&unknown));
}

#[test]
fn one_inclusion_is_enough_and_an_exclusion_wins() {
    for (include, exclude, expected) in [
        (&[][..], &[][..], true),
        (&["port=1", "port=8080"], &[], true),
        (&["port=1", "port=2"], &[], false),
        (&[], &["path=/api"], false),
        (&["port=8080"], &["service=check*"], false),
        (&["port=8080"], &["service=check*,port=1"], true),
    ] {
        let scope = scope(include, exclude);
        assert_eq!(scope.admits(&facts()), expected, "{include:?} {exclude:?}");
        assert!(scope.include().eq(include.iter().copied()));
        assert!(scope.exclude().eq(exclude.iter().copied()));
    }
}

#[test]
fn a_workload_is_left_out_when_no_access_of_it_can_be_admitted() {
    let pod = sample::pod();
    for (include, exclude, expected) in [
        (&[][..], &[][..], false),
        (&["pod-uid=8dbc3a70*"], &[], false),
        (&["namespace=other"], &[], true),
        // Any access may be the one.
        (&["pod-uid=8dbc3a70*,port=80"], &[], false),
        (&["port=80"], &[], false),
        (&["namespace=other,port=80"], &[], true),
        (&["namespace=other", "port=80"], &[], false),
        (&["namespace=other", "pod=none"], &[], true),
        (&[], &["pod-uid=8dbc3a70*"], true),
        (&[], &["pod-uid=8dbc3a70*,port=80"], false),
        (&[], &["namespace=other"], false),
        (&["pod-uid=8dbc3a70*"], &["pod-uid=8dbc3a70*"], true),
    ] {
        let leaves_out = scope(include, exclude).leaves_out(&pod);
        assert_eq!(leaves_out, expected, "{include:?} {exclude:?}");
    }
    assert!(scope(&["pod-uid=8dbc3a70*"], &[]).leaves_out(&sample::service()));
    assert!(!scope(&[], &["pod-uid=8dbc3a70*"]).leaves_out(&sample::service()));
}

#[test]
fn errors_name_the_selector_the_key_and_what_is_known() {
    let keys = "keys: direction, port, address, service, container, namespace, pod, pod-uid, executable, path";
    for (selector, expected) in [
        (
            "servce=a",
            format!("unknown key \"servce\", did you mean \"service\"?; {keys}"),
        ),
        ("zzz=a", format!("unknown key \"zzz\"; {keys}")),
        ("", format!("\"\" is not KEY=VALUE; {keys}")),
        ("port=80,", format!("\"\" is not KEY=VALUE; {keys}")),
        ("port", format!("\"port\" is not KEY=VALUE; {keys}")),
        ("port=", format!("\"port=\" is not KEY=VALUE; {keys}")),
        (
            "port=http",
            "port \"http\": write a port between 1 and 65535".to_owned(),
        ),
        (
            "port=0",
            "port \"0\": write a port between 1 and 65535".to_owned(),
        ),
        (
            "direction=in",
            "direction \"in\": write inbound or outbound".to_owned(),
        ),
        (
            "address=10.0.0.0/40",
            "address \"10.0.0.0/40\": write an address or a network such as 10.0.0.0/8".to_owned(),
        ),
        (
            "service=a*b",
            "service \"a*b\": * may only stand at the end".to_owned(),
        ),
        (
            "port=1,port=2",
            "port stands twice and both would have to match; for either of two, repeat the option"
                .to_owned(),
        ),
    ] {
        let error = selector.parse::<Selector>().unwrap_err().to_string();
        assert_eq!(error, format!("selector {selector:?}: {expected}"));
    }
}
