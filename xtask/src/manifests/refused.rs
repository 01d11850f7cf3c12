//! Values that the chart must refuse, and the word that the refusal must have.

use anyhow::{Result, ensure};

use super::rendered;

const REFUSED: &[(&str, &str)] = &[
    // A slip in a name is found, at every depth.
    ("tolerationz=[]", "tolerationz"),
    ("image.repo=auditor", "repo"),
    ("otlp.tls.certManager.issuer=ca", "issuer"),
    ("image.pullPolicy=Sometimes", "pullPolicy"),
    ("image.digest=latest", "digest"),
    ("metrics.port=70000", "port"),
    ("metrics.port=none", "port"),
    ("metrics.address=localhost:9090", "address"),
    ("config=output", "config"),
    // Two auditors on a node would record every access twice.
    ("updateStrategy.rollingUpdate.maxSurge=1", "maxSurge"),
    // The journal is the auditor's alone.
    ("journal.hostPath=/", "hostPath"),
    ("journal.hostPath=var/lib/auditor", "hostPath"),
    (
        "containerRuntime.socketDirectory=containerd",
        "socketDirectory",
    ),
    ("otlp.endpoint=collector:4317", "endpoint"),
    // Without an issuer there is never a certificate, and the pods wait for it.
    ("otlp.tls.certManager.enabled=true", "name"),
    ("seccompProfile.type=Localhost", "localhostProfile"),
    ("extraCapabilities={CAP_SYS_ADMIN}", "extraCapabilities"),
    (
        "terminationGracePeriodSeconds=1",
        "terminationGracePeriodSeconds",
    ),
    ("resources.limits=512Mi", "limits"),
];

pub(super) fn check() -> Result<()> {
    for (value, word) in REFUSED {
        let Err(error) = rendered(&["--set", value]) else {
            anyhow::bail!("the chart takes {value}");
        };
        let message = error.to_string();
        ensure!(
            message.contains("schema") && message.contains(word),
            "the chart refuses {value} without a word on {word}: {message}"
        );
    }
    Ok(())
}
