//! Methods that return their argument, each of which has it as something else.

use jstp_server::{
    Application, Connection, Interface, RawValue, ServerOptions, Value, create_server,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub(crate) struct Record {
    id: u32,
    name: String,
    tags: Vec<String>,
    score: f64,
    ok: bool,
    owner: Owner,
}

#[derive(Deserialize, Serialize)]
struct Owner {
    id: u32,
    login: String,
}

/// A record of a hundred bytes.
pub(crate) fn record(n: usize) -> Record {
    let owner = n as u32 % 50;
    Record {
        id: n as u32,
        name: format!("Order number {n}"),
        tags: vec!["red".to_owned(), "new".to_owned()],
        score: f64::from(n as u32 * 7919 % 1000) + 0.5,
        ok: true,
        owner: Owner {
            id: owner,
            login: format!("user{owner}"),
        },
    }
}

/// Serves until it is killed.
pub(crate) fn serve() {
    let echo = Interface::new("echo")
        .method("raw", async |_: Connection, (one,): (RawValue,)| Ok(one))
        .method("text", async |_: Connection, (one,): (String,)| Ok(one))
        .method("records", async |_: Connection, (one,): (Vec<Record>,)| {
            Ok(one)
        })
        .method("value", async |_: Connection, (one,): (Value,)| Ok(one));
    let options = ServerOptions::new([Application::new("fixture").interface(echo)]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = create_server(options).unwrap();
        let address = server.listen("127.0.0.1:0").await.unwrap();
        println!("listening ws://{address}");
        std::future::pending::<()>().await;
    });
}
