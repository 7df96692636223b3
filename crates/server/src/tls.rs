//! TLS: a certificate and its key, and the moment a client becomes one of `wss`.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::error::OptionsError;

/// How a server speaks TLS.
#[derive(Clone, Debug)]
pub(crate) enum Tls {
    /// A certificate chain and a private key, as PEM.
    Pem { certificate: Vec<u8>, key: Vec<u8> },
    /// All of it, made by somebody who knows what they need.
    Config(Arc<ServerConfig>),
}

impl Tls {
    /// What rustls makes of it.
    pub(crate) fn config(self) -> Result<Arc<ServerConfig>, OptionsError> {
        let (certificate, key) = match self {
            Self::Pem { certificate, key } => (certificate, key),
            Self::Config(config) => return Ok(config),
        };
        let wrong_certificate = |why: String| OptionsError::Tls {
            what: "certificate",
            why,
        };
        let wrong_key = |why: String| OptionsError::Tls { what: "key", why };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong_certificate(error.to_string()))?;
        if chain.is_empty() {
            let why = "there is no CERTIFICATE section in it; it has to be PEM";
            return Err(wrong_certificate(why.to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| {
            use rustls::pki_types::pem::Error;
            wrong_key(match error {
                Error::NoItemsFound => {
                    "there is no PRIVATE KEY section in it; it has to be PEM without a passphrase"
                        .to_owned()
                }
                error => error.to_string(),
            })
        })?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong_certificate(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    wrong_key("it is not the certificate's".to_owned())
                }
                rustls::Error::InvalidCertificate(_) => wrong_certificate(error.to_string()),
                error => wrong_key(error.to_string()),
            })?;
        Ok(Arc::new(config))
    }
}
