//! The core in the role of a client that goes on over whatever transports there are.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jstp_proto::{
    Auth, CallId, Config, Event, HandshakeFailure, Instant, Native, Outcome, Output, Role,
};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

pub(crate) struct Client {
    pub(crate) core: jstp_proto::Connection<Native>,
    socket: Option<WebSocketStream<TcpStream>>,
    begun: tokio::time::Instant,
    /// How requests ended.
    pub(crate) settled: HashMap<CallId, String>,
    /// Events of the server's: their names and arguments.
    pub(crate) events: Vec<String>,
    pub(crate) resumes: usize,
    pub(crate) is_open: bool,
}

impl Client {
    pub(crate) fn new() -> Self {
        let config = Config {
            // Whoever has not answered by then has been killed.
            in_doubt_timeout: Duration::from_millis(300),
            ..Config::new(Role::Client)
        };
        Self {
            core: jstp_proto::Connection::new(Role::Client, config),
            socket: None,
            begun: tokio::time::Instant::now(),
            settled: HashMap::new(),
            events: Vec::new(),
            resumes: 0,
            is_open: false,
        }
    }

    fn now(&self) -> Instant {
        let millis = self.begun.elapsed().as_millis();
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// Opens a transport to a server, if there is one, and asks for the session.
    pub(crate) async fn connect(&mut self, address: SocketAddr) {
        self.core.handle_connecting(self.now());
        let Ok(stream) = TcpStream::connect(address).await else {
            return self.lost().await;
        };
        let mut request = format!("ws://{address}/")
            .into_client_request()
            .expect("a URL");
        let protocol = "metarhia-jstp".parse().expect("a header");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", protocol);
        let Ok((socket, _)) = tokio_tungstenite::client_async(request, stream).await else {
            return self.lost().await;
        };
        self.socket = Some(socket);
        let now = self.now();
        self.core.handle_open(now);
        let auth = match self.core.session() {
            Some(_) => Auth::Resume,
            None => Auth::Anonymous,
        };
        self.core
            .handshake(now, "fixture", None, &auth)
            .expect("a transport waits for it");
        self.drain().await;
    }

    async fn lost(&mut self) {
        self.socket = None;
        self.is_open = false;
        self.core.handle_close();
        self.drain().await;
    }

    /// Lives for a while. False once there is no transport.
    pub(crate) async fn live(&mut self, time: Duration) -> bool {
        self.drain().await;
        let until = tokio::time::Instant::now() + time;
        while let Some(socket) = &mut self.socket {
            let incoming = tokio::select! {
                biased;
                incoming = socket.next() => incoming,
                () = tokio::time::sleep_until(until) => {
                    self.core.handle_timeout(self.now());
                    self.drain().await;
                    return self.socket.is_some();
                }
            };
            match incoming {
                Some(Ok(Message::Text(text))) => {
                    let now = self.now();
                    self.core.handle_text(now, text.as_str());
                    self.drain().await;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => self.lost().await,
            }
            if tokio::time::Instant::now() >= until {
                break;
            }
        }
        self.socket.is_some()
    }

    async fn drain(&mut self) {
        let mut lost = false;
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Transmit(text) => {
                    if let Some(socket) = &mut self.socket {
                        lost |= socket.send(Message::text(text)).await.is_err();
                    }
                }
                Output::Close { .. } | Output::Drop => lost = true,
                Output::Event(Event::Connected { resumed }) => {
                    self.is_open = true;
                    self.resumes += usize::from(resumed);
                }
                Output::Event(Event::Settled { call, outcome }) => {
                    let outcome = match outcome {
                        Outcome::Failed(code) => code.to_string(),
                        outcome => format!("{outcome:?}"),
                    };
                    assert!(
                        self.settled.insert(call, outcome).is_none(),
                        "settled twice"
                    );
                }
                Output::Event(Event::Emitted { event, args, .. }) => {
                    self.events.push(format!("{event} {args:?}"));
                }
                Output::Event(Event::HandshakeFailed(HandshakeFailure::Refused {
                    code, ..
                })) => panic!("refused with {code:?}"),
                Output::Event(_) => {}
            }
        }
        if lost {
            self.socket = None;
            self.is_open = false;
            self.core.handle_close();
            Box::pin(self.drain()).await;
        }
    }
}
