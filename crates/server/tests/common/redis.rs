//! A Redis server for a test, on a socket of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jstp_server::rustls::ServerConfig;
use jstp_server::rustls::crypto::ring;
use jstp_server::rustls::pki_types::pem::PemObject;
use jstp_server::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;

use super::certificates::Authority;

/// A running redis-server that writes to disk before it confirms; ended with the test.
pub(crate) struct Redis {
    child: Child,
    folder: PathBuf,
}

impl Redis {
    /// `None`, which is said aloud, where the machine has no redis-server.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let there = Command::new("redis-server").arg("--version").output();
        if there.is_err() {
            // Not by a macro, whose output a test that passes keeps to itself.
            let left_out = format!(
                "\nLEFT OUT: {name} needs redis-server, which this machine lacks; `make setup` says more.\n"
            );
            let _ = std::io::stderr().write_all(left_out.as_bytes());
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the folder is cargo's");
        let child = Self::run(&folder);
        Some(Self { child, folder })
    }

    fn run(folder: &Path) -> Child {
        let mut command = Command::new("redis-server");
        // A path relative to the folder: that of a socket may not be long.
        command
            .args(["--port", "0", "--unixsocket", "socket", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args(["--requirepass", "a-secret-password"])
            .current_dir(folder)
            .stdout(Stdio::null());
        let child = command.spawn().expect("it was there a moment ago");
        while std::os::unix::net::UnixStream::connect(folder.join("socket")).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    }

    pub(crate) fn url(&self) -> String {
        let socket = self.folder.join("socket");
        format!("redis+unix://{}?pass=a-secret-password", socket.display())
    }

    /// Where it speaks TLS from now on, with a certificate for `localhost` of this authority.
    pub(crate) async fn speak_tls(&self, authority: &Authority) -> String {
        let (certificate, key) = authority.issue("localhost");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("it is well-formed")
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("it is PEM")],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("it is PEM"),
            )
            .expect("they belong together");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("localhost:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let socket = self.folder.join("socket");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, socket) = (acceptor.clone(), socket.clone());
                tokio::spawn(async move {
                    let mut outside = acceptor.accept(stream).await?;
                    let mut inside = UnixStream::connect(socket).await?;
                    copy_bidirectional(&mut outside, &mut inside).await
                });
            }
        });
        format!("rediss://:a-secret-password@localhost:{port}")
    }

    /// As by a failing machine.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(self.folder.join("socket"));
    }

    pub(crate) fn start_again(&mut self) {
        self.child = Self::run(&self.folder);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
