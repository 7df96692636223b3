//! Tungstenite servers that send back what they get: as it is, which is how fast anything on tungstenite could be,
//! or read and written by serde_json, which is what else there would be to do.

use futures_util::{SinkExt, StreamExt};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::methods::Record;

/// What becomes of a text.
type Answer = fn(Message) -> Message;

/// A call in JSON, with the names of the protocol.
#[derive(Deserialize)]
struct Call<T> {
    call: (u64, String),
    one: (T,),
}

#[derive(Serialize)]
struct Callback<T> {
    callback: (u64,),
    ok: (T,),
}

/// Serves until it is killed. `None` if there is no such server.
pub(crate) fn serve(name: &str) -> Option<()> {
    let answer: Answer = match name {
        "--echo" => |message| message,
        "--json-text" => json::<String>,
        "--json-records" => json::<Vec<Record>>,
        "--json-value" => json::<serde_json::Value>,
        _ => return None,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(listen(answer));
    Some(())
}

fn json<T: DeserializeOwned + Serialize>(message: Message) -> Message {
    let call: Call<T> = serde_json::from_str(message.to_text().unwrap()).unwrap();
    let callback = Callback {
        callback: (call.call.0,),
        ok: call.one,
    };
    Message::text(serde_json::to_string(&callback).unwrap())
}

async fn listen(answer: Answer) {
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
                if message.is_text() && socket.send(answer(message)).await.is_err() {
                    break;
                }
            }
        });
    }
}
