//! The trust and the identity that a connection to the collector is made with.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::settings::TlsFiles;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{file}: {source}")]
    Read { file: String, source: io::Error },
    #[error("{file}: not PEM: {source}")]
    Pem { file: String, source: pem::Error },
    #[error("{0}: no certificate in it")]
    Empty(String),
    #[error("system root certificates: {0}; name a file in OTEL_EXPORTER_OTLP_CERTIFICATE")]
    SystemRoots(io::Error),
    #[error(transparent)]
    Refused(#[from] rustls::Error),
}

pub(super) fn config(files: &TlsFiles) -> Result<ClientConfig, TlsError> {
    let builder = builder()?;
    let builder = match &files.certificate {
        Some(file) => builder.with_root_certificates(roots(file)?),
        None => builder.with_native_roots().map_err(TlsError::SystemRoots)?,
    };
    match &files.client {
        Some((certificate, key)) => {
            Ok(builder.with_client_auth_cert(certificates(certificate)?, private_key(key)?)?)
        }
        None => Ok(builder.with_no_client_auth()),
    }
}

/// Trusts nobody: for endpoints that are not reached over TLS.
pub(super) fn unused() -> Result<ClientConfig, TlsError> {
    Ok(builder()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

/// The provider is named, because a process-wide default is there only if somebody set one.
fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?)
}

fn roots(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&read(file)?)
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem {
            file: file.display().to_string(),
            source,
        })?;
    if certificates.is_empty() {
        return Err(TlsError::Empty(file.display().to_string()));
    }
    Ok(certificates)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(file)?).map_err(|source| TlsError::Pem {
        file: file.display().to_string(),
        source,
    })
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Read {
        file: file.display().to_string(),
        source,
    })
}

/// Changes when a file is written or replaced, also through the symlinks of a mounted secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Vec<Option<Version>>);

/// Device, inode, modification time in seconds and nanoseconds, size.
type Version = (u64, u64, i64, i64, u64);

impl Stamp {
    pub(super) fn of(files: &TlsFiles) -> Self {
        let client = files
            .client
            .iter()
            .flat_map(|(certificate, key)| [certificate, key]);
        let stamp = |file| {
            let data = fs::metadata(file).ok()?;
            Some((
                data.dev(),
                data.ino(),
                data.mtime(),
                data.mtime_nsec(),
                data.size(),
            ))
        };
        Self(files.certificate.iter().chain(client).map(stamp).collect())
    }
}
