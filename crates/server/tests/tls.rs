//! `wss`: certificates, keys, and clients that speak TLS or do not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::certificates::Authority;
use common::{Peer, app, listening, reporting, soon};
use jstp_server::{OptionsError, ServerEvent, ServerOptions, create_server, rustls};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_client_connects_over_tls_and_resumes_its_session() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    let (options, mut reports) = reporting(ServerOptions::new([app()]).tls(certificate, key));
    let (server, address) = listening(options).await;
    let stream = authority.connect(address, "localhost").await.unwrap();
    let mut peer = Peer::over(stream, "wss://localhost/", &[]).await;
    let session = peer.shake_hands().await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],add:[20,22]}").await,
        "{callback:[1],ok:[42]}"
    );
    // More than one TLS record and more than one frame.
    let big = peer.ask("{call:[2,'calc'],big:[100000]}").await;
    assert_eq!(
        big,
        format!("{{callback:[2],ok:['{}']}}", "x".repeat(100_000))
    );
    assert_eq!(server.clients().len(), 1);
    drop(peer);
    while soon(reports.recv()).await.unwrap().0 != "disconnect" {}

    let stream = authority.connect(address, "localhost").await.unwrap();
    let mut peer = Peer::over(stream, "wss://localhost/", &[]).await;
    let resume = format!("{{handshake:[0,'app'],session:['{session}',0]}}");
    assert_eq!(peer.ask(&resume).await, "{handshake:[0],ok:2}");
    let closing = tokio::spawn(async move { server.shutdown().await });
    assert_eq!(peer.closed().await, Some(1001));
    soon(closing).await.unwrap();
}

#[tokio::test]
async fn a_client_without_tls_gets_nowhere_and_hurts_nobody() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let options = ServerOptions::new([app()])
        .tls(certificate, key)
        .handshake_timeout(Duration::from_secs(2))
        .on_event(move |event| {
            if let ServerEvent::TurnedAway { why, .. } = event {
                let _ = report.send(why.to_string());
            }
        });
    let (_server, address) = listening(options).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut plain, request)
        .await
        .unwrap();
    let mut said = Vec::new();
    // An alert at most, and the end, in order or not.
    let _ = soon(plain.read_to_end(&mut said)).await;
    assert!(!said.starts_with(b"HTTP"));
    let why = soon(reports.recv()).await.unwrap();
    assert!(why.starts_with("no TLS came about: "), "{why}");
    let stream = authority.connect(address, "localhost").await.unwrap();
    let mut peer = Peer::over(stream, "wss://localhost/", &[]).await;
    peer.shake_hands().await;
    // Who never begins has as long as a handshake may take.
    assert_eq!(soon(silent.read(&mut [0; 1])).await.unwrap(), 0);
    assert_eq!(
        soon(reports.recv()).await.unwrap(),
        "its TLS handshake took too long"
    );
}

#[tokio::test]
async fn a_new_certificate_serves_those_who_connect_later() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("old.example");
    let (server, address) =
        listening(ServerOptions::new([app()]).tls(certificate.clone(), key)).await;
    let stream = authority.connect(address, "old.example").await.unwrap();
    let mut early = Peer::over(stream, "wss://old.example/", &[]).await;
    early.shake_hands().await;

    let (new_certificate, new_key) = authority.issue("new.example");
    let handle = server.handle();
    assert!(handle.update_tls(certificate, new_key.clone()).is_err());
    assert!(authority.connect(address, "old.example").await.is_ok());
    handle.update_tls(new_certificate, new_key).unwrap();
    assert!(authority.connect(address, "old.example").await.is_err());
    assert!(authority.connect(address, "new.example").await.is_ok());
    assert_eq!(
        early.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
}

#[test]
fn certificates_and_keys_that_do_not_fit_are_refused_by_name() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    let (_, other_key) = authority.issue("localhost");
    let refused = |certificate: &str, key: &str| {
        let options = ServerOptions::new([app()]).tls(certificate, key);
        match create_server(options).unwrap_err() {
            OptionsError::Tls { what, why } => (what, why),
            error => panic!("{error}"),
        }
    };
    assert_eq!(
        refused("nothing", &key),
        (
            "certificate",
            "there is no CERTIFICATE section in it; it has to be PEM".to_owned()
        )
    );
    // The two taken for each other.
    assert_eq!(refused(&key, &certificate).0, "certificate");
    assert_eq!(
        refused(&certificate, "nothing"),
        (
            "key",
            "there is no PRIVATE KEY section in it; it has to be PEM without a passphrase"
                .to_owned()
        )
    );
    assert_eq!(
        refused(&certificate, &other_key),
        ("key", "it is not the certificate's".to_owned())
    );
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(refused(garbage, &key).0, "certificate");
}

#[tokio::test]
async fn a_configuration_of_ones_own_is_used_as_it_is() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost");
    let chain =
        vec![rustls::pki_types::pem::PemObject::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = rustls::pki_types::pem::PemObject::from_pem_slice(key.as_bytes()).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (_server, address) =
        listening(ServerOptions::new([app()]).tls_config(Arc::new(config))).await;
    let stream = authority.connect(address, "localhost").await.unwrap();
    assert_eq!(
        stream.get_ref().1.protocol_version(),
        Some(rustls::ProtocolVersion::TLSv1_3)
    );
    let mut peer = Peer::over(stream, "wss://localhost/", &[]).await;
    peer.shake_hands().await;
}
