//! A server's certificate and a client's, in files.

use std::path::Path;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};

use super::temp::TempDir;

/// `server` and `client`, each as `.pem` and `.key`.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    pub(crate) fn new() -> Self {
        let certificates = Self(TempDir::new());
        certificates.issue("server", SanType::DnsName(dns("server.example")));
        let identity = "spiffe://td.example/ns/shop/sa/cart";
        certificates.issue("client", SanType::URI(dns(identity)));
        certificates
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    fn issue(&self, name: &str, alternative: SanType) {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = vec![alternative];
        let certificate = params.self_signed(&key).expect("it can be signed");
        self.0
            .write(&format!("{name}.pem"), certificate.pem().as_bytes());
        self.0
            .write(&format!("{name}.key"), key.serialize_pem().as_bytes());
    }
}

fn dns(name: &str) -> rcgen::string::Ia5String {
    name.try_into().expect("it is ASCII")
}
