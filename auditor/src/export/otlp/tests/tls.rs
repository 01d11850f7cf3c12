use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::grpc::{Running, converse, service};
use super::*;
use crate::export::otlp::answer::Failure;
use crate::export::otlp::client::Client;
use crate::export::otlp::courier::Carry as _;
use crate::export::otlp::courier::script::batch;
use crate::export::otlp::settings::TlsFiles;
use crate::export::otlp::tls::{self as client_tls, Stamp};

/// An authority and the files of a client that it vouches for, in a directory of the test's own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: PathBuf,
}

impl Authority {
    fn new(test: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("auditor-{test}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, directory };
        authority.write("ca.pem", &authority.issuer.pem());
        let (certificate, key) = authority.issue("client");
        authority.write("client.pem", &certificate.pem());
        authority.write("client.key", &key.serialize_pem());
        authority
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        self.sign(&CertificateParams::new([name.to_owned()]).unwrap())
    }

    fn issue_expired(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(2020, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn write(&self, file: &str, content: &str) {
        fs::write(self.directory.join(file), content).unwrap();
    }

    fn file(&self, file: &str) -> String {
        self.directory.join(file).to_str().unwrap().to_owned()
    }

    /// To an endpoint with the files of this authority.
    fn settings(&self, endpoint: &str) -> OtlpSettings {
        let variables = [
            ("CERTIFICATE", self.file("ca.pem")),
            ("CLIENT_CERTIFICATE", self.file("client.pem")),
            ("CLIENT_KEY", self.file("client.key")),
        ];
        let variables = variables
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        settings(endpoint, &variables)
    }

    /// Takes nobody without a certificate of this authority.
    async fn serve(&self) -> (String, Running) {
        let (endpoint, running, _) = self.serve_as(self.issue("127.0.0.1")).await;
        (endpoint, running)
    }

    /// Likewise, with a certificate that can be replaced.
    async fn serve_as(
        &self,
        certificate: (rcgen::Certificate, KeyPair),
    ) -> (String, Running, Arc<Mutex<TlsAcceptor>>) {
        let server = Arc::new(Mutex::new(self.acceptor(certificate)));
        let acceptor = Arc::clone(&server);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let (service, running) = service([]);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.lock().unwrap().clone();
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(converse(stream, service.clone()));
                }
            }
        });
        (endpoint, running, server)
    }

    fn acceptor(&self, (certificate, key): (rcgen::Certificate, KeyPair)) -> TlsAcceptor {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(self.issuer.der().to_vec()))
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[tokio::test]
async fn both_ends_prove_who_they_are() {
    let authority = Authority::new("both-ends");
    let (endpoint, running) = authority.serve().await;
    assert_eq!(
        export(authority.settings(&endpoint), batch(0..5)).await,
        delivery(5, 0, 0)
    );
    assert_eq!(seen(&running.requests).len(), 1);
}

/// Tries to deliver five records for a second, and then, after `change`, for four more.
async fn export_while(endpoint: &str, files: &Authority, change: impl FnOnce()) -> Delivery {
    let (sender, receiver) = mpsc::channel(1);
    let (set, drain) = watch::channel(None);
    sender.send(batch(0..5)).await.unwrap();
    drop(sender);
    let exporter = Exporter::new(files.settings(endpoint)).unwrap();
    let exporter = tokio::spawn(exporter.run(receiver, Drain::new(drain)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    change();
    set.send_replace(Some(Instant::now() + Duration::from_secs(4)));
    exporter.await.unwrap()
}

#[tokio::test]
async fn a_certificate_of_another_authority_delivers_nothing_until_it_is_replaced() {
    let (authority, other) = (Authority::new("right"), Authority::new("wrong"));
    let (endpoint, running) = authority.serve().await;
    // The client's own certificate is the wrong one, and then is not any more.
    other.write("ca.pem", &authority.issuer.pem());
    let outcome = export_while(&endpoint, &other, || {}).await;
    assert_eq!(outcome, delivery(0, 0, 5));
    let outcome = export_while(&endpoint, &other, || {
        let (certificate, key) = authority.issue("client");
        other.write("client.key", &key.serialize_pem());
        other.write("client.pem", &certificate.pem());
    });
    assert_eq!(outcome.await, delivery(5, 0, 0));
    assert_eq!(seen(&running.requests).len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_vouched_for_gets_nothing() {
    let (authority, other) = (Authority::new("theirs"), Authority::new("ours"));
    let (endpoint, running) = authority.serve().await;
    assert_eq!(
        export_while(&endpoint, &other, || {}).await,
        delivery(0, 0, 5)
    );
    assert_eq!(seen(&running.requests).len(), 0);
}

#[tokio::test]
async fn a_server_whose_certificate_has_expired_gets_nothing_until_it_is_renewed() {
    let authority = Authority::new("expired");
    let expired = authority.issue_expired("127.0.0.1");
    let (endpoint, running, server) = authority.serve_as(expired).await;
    let mut client = Client::new(authority.settings(&endpoint)).unwrap();
    let Err(Failure::Again { reason, .. }) = client.carry(&Bytes::new()).await else {
        panic!("it is tried again");
    };
    assert!(reason.contains("expired"), "{reason}");
    let renew = || {
        let renewed = authority.acceptor(authority.issue("127.0.0.1"));
        *server.lock().unwrap() = renewed;
    };
    let outcome = export_while(&endpoint, &authority, renew).await;
    assert_eq!(outcome, delivery(5, 0, 0));
    assert_eq!(seen(&running.requests).len(), 1);
}

#[tokio::test]
async fn a_server_of_another_name_gets_nothing() {
    let authority = Authority::new("name");
    let (endpoint, running) = authority.serve().await;
    let endpoint = endpoint.replace("127.0.0.1", "localhost");
    assert_eq!(
        export_while(&endpoint, &authority, || {}).await,
        delivery(0, 0, 5)
    );
    assert_eq!(seen(&running.requests).len(), 0);
}

#[test]
fn a_file_that_cannot_be_used_is_named_at_the_start() {
    let authority = Authority::new("bad-files");
    authority.write("empty.pem", "");
    let refused = |file: &str| {
        let variables = [("CERTIFICATE", file)];
        let refused = Exporter::new(settings("https://127.0.0.1:4317", &variables));
        refused.err().unwrap().to_string()
    };
    let (missing, empty) = (authority.file("missing.pem"), authority.file("empty.pem"));
    assert!(refused(&missing).starts_with(&missing));
    assert_eq!(refused(&empty), format!("{empty}: no certificate in it"));
}

#[test]
fn a_replaced_file_has_another_stamp() {
    let authority = Authority::new("rotation");
    let path = |file: &str| Path::new(&authority.file(file)).to_owned();
    let files = TlsFiles {
        certificate: Some(path("ca.pem")),
        client: Some((path("client.pem"), path("client.key"))),
    };
    let before = Stamp::of(&files);
    assert_eq!(Stamp::of(&files), before);
    // As rotation does it: a new file in the place of the old.
    let (certificate, key) = authority.issue("client");
    authority.write("next.key", &key.serialize_pem());
    authority.write("client.pem", &certificate.pem());
    fs::rename(authority.file("next.key"), authority.file("client.key")).unwrap();
    assert_ne!(Stamp::of(&files), before);
    assert!(client_tls::config(&files).is_ok());
}
