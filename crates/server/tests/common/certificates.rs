//! Certificates made for a test, and a client that trusts them.

use std::net::SocketAddr;
use std::sync::Arc;

use jstp_server::rustls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::soon;

/// An authority that browsers have never heard of.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("it is well-formed");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("it is well-formed"))
                .expect("it is well-formed"),
        )
    }

    /// A certificate for a name, and its key, as PEM.
    pub(crate) fn issue(&self, name: &str) -> (String, String) {
        let issuer: &Issuer<'_, _> = &self.0;
        let key = KeyPair::generate().expect("it is well-formed");
        let params = CertificateParams::new([name.to_owned()]).expect("it is well-formed");
        let certificate = params.signed_by(&key, issuer).expect("it is well-formed");
        (certificate.pem(), key.serialize_pem())
    }

    /// The authority's own certificate, as PEM.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A client that trusts this authority alone.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        name: &'static str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(self.0.der().to_vec()))
            .expect("it is well-formed");
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .expect("it is well-formed")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address)
            .await
            .expect("the server listens");
        let name = ServerName::try_from(name).expect("it is well-formed");
        soon(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
    }
}
