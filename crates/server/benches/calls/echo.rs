//! A tungstenite server that sends back what it gets: how fast anything on it could be.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// Serves until it is killed.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening ws://{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(async move {
                // The type of the callback is tungstenite's.
                #[allow(clippy::result_large_err)]
                let choose = |request: &Request, mut response: Response| {
                    let offered = request.headers()["sec-websocket-protocol"].clone();
                    let headers = response.headers_mut();
                    headers.insert("sec-websocket-protocol", offered);
                    Ok(response)
                };
                let mut socket = accept_hdr_async(stream, choose).await.unwrap();
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() && socket.send(message).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
}
