//! Traffic that nodes, balancers and monitors make by themselves.

use crate::config::TrafficClass;
use crate::protocol::Head;

/// Beginnings of `User-Agent`: kubelet, the balancers of Google and Amazon, Amazon's DNS, Envoy,
/// Consul.
const PROBES: [&[u8]; 6] = [
    b"kube-probe/",
    b"GoogleHC/",
    b"ELB-HealthChecker/",
    b"Amazon-Route53-Health-Check-Service",
    b"Envoy/HC",
    b"Consul Health Check",
];

/// Beginnings of `User-Agent`: Prometheus, VictoriaMetrics, the collector of OpenTelemetry, Grafana.
const SCRAPERS: [&[u8]; 6] = [
    b"Prometheus/",
    b"vm_promscrape",
    b"OpenTelemetry Collector",
    b"otelcol",
    b"Alloy/",
    b"GrafanaAgent/",
];

/// The health service of gRPC.
const GRPC_HEALTH: &[u8] = b"/grpc.health.v1.Health/";

/// A format that only scrapers ask for.
const OPENMETRICS: &[u8] = b"application/openmetrics-text";

/// The class that the request itself claims: anybody can write these words.
pub(super) fn class(head: &Head) -> Option<TrafficClass> {
    let agent = head.values("user-agent").next().unwrap_or_default();
    let begins = |words: &[&[u8]]| words.iter().any(|word| agent.starts_with(word));
    let target = head.target().unwrap_or_default();
    if begins(&PROBES) || target.starts_with(GRPC_HEALTH) {
        return Some(TrafficClass::HealthProbe);
    }
    let path = target.split(|&b| b == b'?').next().unwrap_or_default();
    let metrics = || {
        let mut accepted = head.values("accept");
        let asks = |value: &[u8]| value.windows(OPENMETRICS.len()).any(|w| w == OPENMETRICS);
        path == b"/metrics" && accepted.any(asks)
    };
    (begins(&SCRAPERS) || metrics()).then_some(TrafficClass::Scrape)
}

#[cfg(test)]
mod tests {
    use super::class;
    use crate::config::TrafficClass::{self, HealthProbe, Scrape};
    use crate::protocol::Head;

    fn of(target: &str, fields: &str) -> Option<TrafficClass> {
        let text = format!("GET {target} HTTP/1.1\r\n{fields}\r\n\r\n");
        class(&Head::request(text.as_bytes()).unwrap())
    }

    #[test]
    fn probes_and_scrapes_are_known_by_their_words() {
        for (target, fields, expected) in [
            ("/healthz", "User-Agent: kube-probe/1.36", Some(HealthProbe)),
            ("/", "User-Agent: ELB-HealthChecker/2.0", Some(HealthProbe)),
            ("/grpc.health.v1.Health/Check", "", Some(HealthProbe)),
            ("/metrics", "User-Agent: Prometheus/3.1.0", Some(Scrape)),
            ("/any", "User-Agent: vm_promscrape", Some(Scrape)),
            (
                "/metrics?x=1",
                "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1",
                Some(Scrape),
            ),
            ("/", "Accept: application/openmetrics-text", None),
            ("/metrics", "User-Agent: curl/8", None),
            ("/healthz", "", None),
            ("/", "User-Agent: Mozilla/5.0 kube-probe/1.36", None),
        ] {
            assert_eq!(of(target, fields), expected, "{target} {fields}");
        }
    }
}
