//! A server on loopback, and clients that speak to it in wire texts.

// Each test file uses a part of this.
#![allow(dead_code)]

pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod memory;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod redis;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jstp_server::{
    Application, Connection, Interface, MethodError, Server, ServerEvent, ServerOptions, Value,
    create_server,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits, but not for ever.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future)
        .await
        .expect("it should have happened by now")
}

/// The application most tests talk to.
pub(crate) fn app() -> Application {
    let calc = Interface::new("calc")
        .method("answer", async |_: Connection, (): ()| Ok(42))
        .method("add", async |_: Connection, (a, b): (f64, f64)| Ok(a + b))
        .raw_method("many", 3, async |_, args| Ok(args))
        .method("none", async |_: Connection, (): ()| Ok(()))
        .method("nan", async |_: Connection, (): ()| Ok(f64::NAN))
        .method("text", async |_: Connection, (): ()| {
            Err::<(), _>(MethodError::text("Error: x"))
        })
        .method("fails", async |_: Connection, (): ()| {
            Err::<(), _>(MethodError::internal("a secret"))
        })
        .method(
            "panics",
            |_: Connection, (): ()| -> std::future::Ready<Result<(), MethodError>> {
                panic!("at once")
            },
        )
        .method(
            "panicsLater",
            async |_: Connection, (): ()| -> Result<(), MethodError> {
                tokio::task::yield_now().await;
                panic!("later")
            },
        )
        .method("never", async |_: Connection, (): ()| {
            std::future::pending::<Result<(), MethodError>>().await
        })
        .method("big", async |_: Connection, (n,): (usize,)| {
            Ok("x".repeat(n))
        })
        .method("user", async |client: Connection, (): ()| {
            Ok(client.username())
        })
        .event("panics", |_: &Connection, (): ()| panic!("an event"))
        .any_event(|client, name, args| client.emit("calc", "got", (name, args)).expect("open"));
    Application::new("app").interface(calc)
}

/// A server of [`app`] alone.
pub(crate) async fn server() -> (Server, SocketAddr) {
    listening(ServerOptions::new([app()])).await
}

pub(crate) async fn listening(options: ServerOptions) -> (Server, SocketAddr) {
    let server = create_server(options).expect("the options are right");
    let address = server
        .listen("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    (server, address)
}

/// Options that report connects, reconnects and disconnects, with the connection.
pub(crate) fn reporting(
    options: ServerOptions,
) -> (
    ServerOptions,
    mpsc::UnboundedReceiver<(&'static str, Connection)>,
) {
    let (report, reports) = mpsc::unbounded_channel();
    let options = options.on_event(move |event| {
        let (what, connection) = match event {
            ServerEvent::Connect { connection } => ("connect", connection),
            ServerEvent::Reconnect { connection } => ("reconnect", connection),
            ServerEvent::Disconnect { connection } => ("disconnect", connection),
            ServerEvent::HandshakeTimeout { connection } => ("handshakeTimeout", connection),
            ServerEvent::ConnectionError { connection, .. } => ("connectionError", connection),
            ServerEvent::HandlerFailed { connection, .. } => ("handlerFailed", connection),
            _ => return,
        };
        let _ = report.send((what, (*connection).clone()));
    });
    (options, reports)
}

/// A client that reads and writes whole messages.
pub(crate) struct Peer<S = TcpStream> {
    socket: WebSocketStream<S>,
}

impl Peer {
    /// A WebSocket without a handshake.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[]).await
    }

    /// A WebSocket without a handshake, its request with these headers besides its own.
    pub(crate) async fn open_with(
        address: SocketAddr,
        headers: &[(&'static str, &'static str)],
    ) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .expect("the server listens");
        Self::over(stream, &format!("ws://{address}/"), headers).await
    }

    /// A WebSocket with an anonymous session of `app`, and the session's id.
    pub(crate) async fn connect(address: SocketAddr) -> (Self, String) {
        let mut peer = Self::open(address).await;
        let session = peer.shake_hands().await;
        (peer, session)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// A WebSocket over a stream, without a handshake.
    pub(crate) async fn over(
        stream: S,
        url: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Self {
        let mut request = url.into_client_request().expect("a URL");
        let protocol = ("Sec-WebSocket-Protocol", "metarhia-jstp");
        for (name, value) in headers.iter().chain([&protocol]) {
            request
                .headers_mut()
                .append(*name, value.parse().expect("a header"));
        }
        let config = WebSocketConfig::default()
            .max_frame_size(Some(16 * 1024))
            .max_message_size(Some(64 << 20));
        let (socket, response) = soon(client_async_with_config(request, stream, Some(config)))
            .await
            .expect("101");
        let (name, _) = protocol;
        let (_, first) = headers
            .iter()
            .find(|header| header.0 == name)
            .unwrap_or(&protocol);
        assert_eq!(response.headers()["sec-websocket-protocol"], first);
        Self { socket }
    }

    /// Starts an anonymous session of `app`, and returns its id.
    pub(crate) async fn shake_hands(&mut self) -> String {
        let answer = self.ask("{handshake:[0,'app']}").await;
        answer
            .strip_prefix("{handshake:[0],ok:'")
            .and_then(|rest| rest.strip_suffix("'}"))
            .unwrap_or_else(|| panic!("not a session: {answer}"))
            .to_owned()
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    /// Sends a message to a server that may have closed.
    pub(crate) async fn try_send(&mut self, text: &str) -> Result<(), impl std::error::Error> {
        soon(self.socket.send(Message::text(text))).await
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        soon(self.socket.send(message))
            .await
            .expect("the transport is up");
    }

    /// The next message.
    pub(crate) async fn receive(&mut self) -> String {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("a message was expected, not {other:?}"),
            }
        }
    }

    /// Whatever comes next.
    pub(crate) async fn next(&mut self) -> Option<Result<Message, impl std::error::Error>> {
        soon(self.socket.next()).await
    }

    /// The next message, or `None` if the transport ends without one.
    pub(crate) async fn next_text(&mut self) -> Option<String> {
        loop {
            match soon(self.socket.next()).await? {
                Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                _ => return None,
            }
        }
    }

    /// Whether the server sends a WebSocket ping next.
    pub(crate) async fn is_pinged(&mut self) -> bool {
        matches!(soon(self.socket.next()).await, Some(Ok(Message::Ping(_))))
    }

    pub(crate) async fn ask(&mut self, text: &str) -> String {
        self.send(text).await;
        self.receive().await
    }

    /// The code with which the server closes, or `None` if it drops the transport.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(Ok(message)) = soon(self.socket.next()).await {
            match message {
                Message::Close(frame) => {
                    code = Some(frame.map_or(1005, |frame| frame.code.into()));
                }
                Message::Text(text) => panic!("a close was expected, not {text}"),
                _ => {}
            }
        }
        code
    }

    /// The code of the server's close frame, which is not answered yet.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match soon(self.socket.next()).await? {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    pub(crate) async fn close(mut self) {
        self.send_message(Message::Close(None)).await;
        self.closed().await;
    }

    pub(crate) async fn close_with(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.send_message(Message::Close(Some(frame))).await;
        self.closed().await;
    }

    /// The bare stream under the WebSocket.
    pub(crate) fn into_stream(self) -> S {
        self.socket.into_inner()
    }
}

/// Sends a request head, and returns everything the server says until it closes.
pub(crate) async fn http(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the server listens");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("the transport is up");
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer))
        .await
        .expect("an orderly end");
    String::from_utf8(answer).expect("ASCII")
}

/// The first element of a one-element argument list.
pub(crate) fn only(mut values: Vec<Value>) -> Value {
    assert_eq!(values.len(), 1);
    values.pop().expect("one value")
}

/// A folder of its own, gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("jstp-server-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a place for temporary files");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("the folder can be written to");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
