//! Calls, events, inspect and ping, in both directions (protocol.md 2.4 and 6).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Peer, app, listening, only, reporting, server, soon};
use jstp_server::{
    Application, CallError, Connection, Interface, MethodError, Refused, RemoteError, ServerEvent,
    ServerOptions, Value,
};
use tokio::sync::mpsc;

/// A server, a client of it, and the server's side of that client.
async fn pair() -> (jstp_server::Server, Peer, Connection) {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (server, address) = listening(options).await;
    let (peer, _) = Peer::connect(address).await;
    let (_, connection) = soon(reports.recv()).await.unwrap();
    (server, peer, connection)
}

#[tokio::test]
async fn calls_are_answered() {
    let (_server, mut peer, _) = pair().await;
    for (call, answer) in [
        ("{call:[1,'calc'],answer:[]}", "{callback:[1],ok:[42]}"),
        ("{call:[2,'calc'],add:[1,2.5]}", "{callback:[2],ok:[3.5]}"),
        (
            "{call:[3,'calc'],many:[1,'a',{b:[]}]}",
            "{callback:[3],ok:[1,'a',{b:[]}]}",
        ),
        ("{call:[4,'calc'],none:[]}", "{callback:[4],ok:[]}"),
        ("{call:[5,'nope'],answer:[]}", "{callback:[5],error:[12]}"),
        ("{call:[6,'calc'],nope:[]}", "{callback:[6],error:[14]}"),
        ("{call:[7,'calc'],add:[1]}", "{callback:[7],error:[17]}"),
        ("{call:[8,'calc'],add:[1,2,3]}", "{callback:[8],error:[17]}"),
        ("{call:[9,'calc'],add:['a',2]}", "{callback:[9],error:[17]}"),
        ("{call:[10,'calc'],answer:5}", "{callback:[10],error:[17]}"),
        ("{call:[11,'calc']}", "{callback:[11],error:[17]}"),
        (
            "{call:[12,'calc'],text:[]}",
            "{callback:[12],error:[1,'Error: x']}",
        ),
        ("{call:[13,'calc'],fails:[]}", "{callback:[13],error:[16]}"),
        ("{call:[14,'calc'],nan:[]}", "{callback:[14],error:[16]}"),
        ("{call:[15],answer:[]}", "{callback:[15],error:[12]}"),
        (
            "{call:[16,'calc'],add:[1,2],more:[3]}",
            "{callback:[16],ok:[3]}",
        ),
        ("{call:[-7,'calc'],answer:[]}", "{callback:[-7],ok:[42]}"),
        (
            "{call:[17,'constructor'],toString:[]}",
            "{callback:[17],error:[12]}",
        ),
        (
            "{call:[18,'calc'],constructor:[]}",
            "{callback:[18],error:[14]}",
        ),
    ] {
        assert_eq!(peer.ask(call).await, answer, "{call}");
    }
}

#[tokio::test]
async fn an_id_is_a_number_however_it_is_spelled() {
    let (_server, mut peer, _) = pair().await;
    for (spelled, id) in [
        ("1.0", "1"),
        ("1e3", "1000"),
        ("10e-1", "1"),
        ("+5", "5"),
        ("0x5", "5"),
        ("-0X1f", "-31"),
        ("0b1", "1"),
        ("0o17", "15"),
        ("5.", "5"),
        ("-0", "0"),
        ("0.0", "0"),
        ("9007199254740991.0", "9007199254740991"),
    ] {
        let answer = peer.ask(&format!("{{ping:[{spelled}]}}")).await;
        assert_eq!(answer, format!("{{pong:[{id}]}}"), "{spelled}");
        let call = format!("{{call:[{spelled},'calc'],answer:[]}}");
        let answer = peer.ask(&call).await;
        assert_eq!(answer, format!("{{callback:[{id}],ok:[42]}}"), "{call}");
    }
    // These are none that a client could have meant, and nobody hears of them.
    for spelled in [
        "1.5",
        "9007199254740992",
        "1e16",
        "1e400",
        "NaN",
        "-Infinity",
        "'5'",
    ] {
        peer.send(&format!("{{ping:[{spelled}]}}")).await;
    }
    assert_eq!(peer.ask("{ping:[7]}").await, "{pong:[7]}");
    // Keys are names, however they look.
    assert_eq!(
        peer.ask("{call:[8,'calc'],0x10:[]}").await,
        "{callback:[8],error:[14]}"
    );
    peer.send("{call:[9,'calc'],-0:[]}").await;
    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn codes_of_ones_own_never_travel() {
    let (report, mut failures) = mpsc::unbounded_channel();
    let codes = Interface::new("codes").method("code", async |_: Connection, (code,): (i64,)| {
        Err::<(), _>(MethodError::code(code))
    });
    let options =
        ServerOptions::new([Application::new("app").interface(codes)]).on_event(move |event| {
            if let ServerEvent::HandlerFailed { name, error, .. } = event {
                let _ = report.send(format!("{name}: {error}"));
            }
        });
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    for (id, code) in (1..).zip(-5..0) {
        let call = format!("{{call:[{id},'codes'],code:[{code}]}}");
        let answer = peer.ask(&call).await;
        assert_eq!(answer, format!("{{callback:[{id}],error:[16]}}"));
        let told = soon(failures.recv()).await.unwrap();
        assert_eq!(
            told,
            format!("code: its error has the code {code}, which never travels")
        );
    }
    // The others are an application's to use.
    for code in [0, -6] {
        let call = format!("{{call:[9,'codes'],code:[{code}]}}");
        assert_eq!(
            peer.ask(&call).await,
            format!("{{callback:[9],error:[{code}]}}")
        );
    }
    assert!(failures.try_recv().is_err());
}

/// A message may hold so many values (mdsf.md 5).
const MOST: usize = 1_048_576;

#[tokio::test]
async fn more_values_than_a_peer_reads_are_not_sent() {
    let app = Application::new("app").interface(Interface::new("i").method(
        "ones",
        |_, (count,): (usize,)| async move { Ok(vec![1; count]) },
    ));
    let (server, address) = listening(ServerOptions::new([app])).await;
    let (mut peer, _) = Peer::connect(address).await;
    // The message, its header and two elements of that, the list of results and the list that is the result.
    let fits = MOST - 5;
    let answer = peer.ask(&format!("{{call:[1,'i'],ones:[{fits}]}}")).await;
    assert!(answer.starts_with("{callback:[1],ok:[[1,1,"));
    let answer = peer
        .ask(&format!("{{call:[2,'i'],ones:[{}]}}", fits + 1))
        .await;
    assert_eq!(answer, "{callback:[2],error:[16]}");

    let client = server.clients().remove(0);
    let refused = Refused::TooManyValues { limit: MOST };
    assert_eq!(
        refused.to_string(),
        "the message holds more than 1048576 values"
    );
    let many = vec![1; MOST];
    assert_eq!(
        client.call("i", "m", (&many,)).await,
        Err(CallError::Refused(refused))
    );
    assert!(client.emit("i", "e", (&many,)).is_err());
    client.emit("i", "e", (vec![1; 10],)).unwrap();
    assert_eq!(
        peer.receive().await,
        "{event:[-1,'i'],e:[[1,1,1,1,1,1,1,1,1,1]]}"
    );
}

#[tokio::test]
async fn a_method_that_panics_answers_16_and_hurts_nobody() {
    let (options, mut reports) = reporting(ServerOptions::new([app()]));
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    let (mut other, _) = Peer::connect(address).await;
    for id in [1, 3] {
        let at_once = peer.ask(&format!("{{call:[{id},'calc'],panics:[]}}")).await;
        assert_eq!(at_once, format!("{{callback:[{id}],error:[16]}}"));
        let later = peer
            .ask(&format!("{{call:[{},'calc'],panicsLater:[]}}", id + 1))
            .await;
        assert_eq!(later, format!("{{callback:[{}],error:[16]}}", id + 1));
    }
    assert_eq!(
        other.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    let mut failures = 0;
    while failures < 2 {
        failures += usize::from(soon(reports.recv()).await.unwrap().0 == "handlerFailed");
    }
}

#[tokio::test]
async fn an_event_handler_that_panics_hurts_nobody() {
    let (_server, mut peer, _) = pair().await;
    peer.send("{event:[1,'calc'],panics:[]}").await;
    assert_eq!(
        peer.ask("{call:[2,'calc'],answer:[]}").await,
        "{callback:[2],ok:[42]}"
    );
}

#[tokio::test]
async fn slow_methods_hold_nobody_up_and_answers_go_out_as_they_come() {
    let (release, released) = mpsc::channel::<u32>(10);
    let released = std::sync::Arc::new(tokio::sync::Mutex::new(released));
    let slow = Interface::new("slow")
        .method("wait", move |_: Connection, (): ()| {
            let released = std::sync::Arc::clone(&released);
            async move { Ok(released.lock().await.recv().await) }
        })
        .method("quick", async |_: Connection, (): ()| Ok("quick"));
    let app = Application::new("app").interface(slow);
    let (_server, address) = listening(ServerOptions::new([app])).await;
    let (mut peer, _) = Peer::connect(address).await;
    peer.send("{call:[1,'slow'],wait:[]}").await;
    assert_eq!(
        peer.ask("{call:[2,'slow'],quick:[]}").await,
        "{callback:[2],ok:['quick']}"
    );
    release.send(7).await.unwrap();
    assert_eq!(peer.receive().await, "{callback:[1],ok:[7]}");
}

#[tokio::test]
async fn methods_begin_in_the_order_of_their_calls() {
    let store = Interface::new("store")
        .method("set", async |client: Connection, (value,): (Value,)| {
            client.set("value", value);
            Ok(())
        })
        .method("get", async |client: Connection, (): ()| {
            Ok(client.get("value"))
        });
    let app = Application::new("app").interface(store);
    let (_server, address) = listening(ServerOptions::new([app])).await;
    let (mut peer, _) = Peer::connect(address).await;
    for id in 1..200 {
        peer.send(&format!("{{call:[{},'store'],set:[{id}]}}", 2 * id - 1))
            .await;
        peer.send(&format!("{{call:[{},'store'],get:[]}}", 2 * id))
            .await;
        assert_eq!(
            peer.receive().await,
            format!("{{callback:[{}],ok:[]}}", 2 * id - 1)
        );
        assert_eq!(
            peer.receive().await,
            format!("{{callback:[{}],ok:[{id}]}}", 2 * id)
        );
    }
}

#[tokio::test]
async fn more_calls_than_may_run_are_answered_16() {
    let options = ServerOptions::new([app()]).max_running_methods(2);
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    peer.send("{call:[1,'calc'],never:[]}").await;
    peer.send("{call:[2,'calc'],never:[]}").await;
    assert_eq!(
        peer.ask("{call:[3,'calc'],never:[]}").await,
        "{callback:[3],error:[16]}"
    );
    assert_eq!(
        peer.ask("{call:[4,'calc'],answer:[]}").await,
        "{callback:[4],ok:[42]}"
    );
}

#[tokio::test]
async fn calls_with_more_bytes_than_may_run_are_answered_16() {
    let options = ServerOptions::new([app()]).max_running_bytes(1000);
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    let never = |id| format!("{:600}", format!("{{call:[{id},'calc'],never:[]}}"));
    peer.send(&never(1)).await;
    assert_eq!(peer.ask(&never(2)).await, "{callback:[2],error:[16]}");
    // What ends at once does not count.
    let answer = format!("{:9000}", "{call:[3,'calc'],answer:[]}");
    assert_eq!(peer.ask(&answer).await, "{callback:[3],ok:[42]}");
    peer.send("{call:[4,'calc'],never:[]}").await;
    assert_eq!(peer.ask(&never(5)).await, "{callback:[5],error:[16]}");
}

#[tokio::test]
async fn an_inspect_shows_methods_in_the_order_of_definition() {
    let (_server, mut peer, _) = pair().await;
    assert_eq!(
        peer.ask("{inspect:[1,'calc']}").await,
        "{callback:[1],ok:['answer','add','many','none','nan','text','fails','panics',\
         'panicsLater','never','big','user']}"
    );
    assert_eq!(
        peer.ask("{inspect:[2,'nope']}").await,
        "{callback:[2],error:[12]}"
    );
}

#[tokio::test]
async fn pings_are_answered_and_heartbeats_are_not() {
    let (_server, mut peer, _) = pair().await;
    peer.send("{}").await;
    assert_eq!(peer.ask("{ping:[1]}").await, "{pong:[1]}");
}

#[tokio::test]
async fn events_reach_their_handlers_in_order() {
    let (_server, mut peer, _) = pair().await;
    for id in 1..=100 {
        peer.send(&format!("{{event:[{id},'calc'],e{id}:[{id}]}}"))
            .await;
    }
    for id in 1..=100 {
        let echo = format!("{{event:[-{id},'calc'],got:['e{id}',[{id}]]}}");
        loop {
            let message = peer.receive().await;
            // The server asks for an acknowledgement now and then, which takes an id.
            if !message.starts_with("{ping:") {
                let without_id = |text: &str| text.split_once(']').unwrap().1.to_owned();
                assert_eq!(without_id(&message), without_id(&echo));
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_server_calls_the_client() {
    let (_server, mut peer, connection) = pair().await;
    let call = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ("a", 1)).await }
    });
    assert_eq!(peer.receive().await, "{call:[-1,'page'],title:['a',1]}");
    peer.send("{callback:[-1],ok:['hi']}").await;
    assert_eq!(
        only(soon(call).await.unwrap().unwrap()),
        Value::String("hi".into())
    );
}

#[tokio::test]
async fn the_client_may_answer_with_an_error_or_with_nonsense() {
    let (_server, mut peer, connection) = pair().await;
    for (id, answer, error) in [
        (1, "error:[14]", CallError::Remote(RemoteError::new(14))),
        (
            2,
            "error:[1,'x']",
            CallError::Remote(RemoteError::from_text("x")),
        ),
        (3, "ok:5", CallError::Malformed),
        (4, "error:{}", CallError::Malformed),
        (5, "nope:[]", CallError::Malformed),
    ] {
        let call = tokio::spawn({
            let connection = connection.clone();
            async move { connection.call("page", "title", ()).await }
        });
        assert_eq!(
            peer.receive().await,
            format!("{{call:[-{id},'page'],title:[]}}")
        );
        peer.send(&format!("{{callback:[-{id}],{answer}}}")).await;
        assert_eq!(soon(call).await.unwrap(), Err(error), "{answer}");
    }
}

#[tokio::test]
async fn the_server_inspects_pings_and_emits() {
    let (server, mut peer, connection) = pair().await;
    let inspect = tokio::spawn({
        let connection = connection.clone();
        async move { connection.inspect("page").await }
    });
    assert_eq!(peer.receive().await, "{inspect:[-1,'page']}");
    peer.send("{callback:[-1],ok:['title','reload']}").await;
    assert_eq!(soon(inspect).await.unwrap().unwrap(), ["title", "reload"]);

    let ping = tokio::spawn({
        let connection = connection.clone();
        async move { connection.ping().await }
    });
    assert_eq!(peer.receive().await, "{ping:[-2]}");
    peer.send("{pong:[-2]}").await;
    soon(ping).await.unwrap().unwrap();

    connection.emit("page", "scroll", (1, "x")).unwrap();
    assert_eq!(peer.receive().await, "{event:[-3,'page'],scroll:[1,'x']}");
    assert_eq!(server.broadcast("page", "all", [true]).unwrap(), 1);
    assert_eq!(peer.receive().await, "{event:[-4,'page'],all:[true]}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_without_counting() {
    let (server, mut peer, connection) = pair().await;
    assert!(matches!(
        connection.emit("", "e", ()),
        Err(CallError::Refused(_))
    ));
    assert!(matches!(
        connection.emit("i", "event", ()),
        Err(CallError::Refused(_))
    ));
    assert!(matches!(
        connection.emit("i", "7", ()),
        Err(CallError::Refused(_))
    ));
    assert!(matches!(
        connection.emit("i", "e", (f64::NAN,)),
        Err(CallError::Arguments(_))
    ));
    assert!(matches!(
        connection.emit("i", "e", 5),
        Err(CallError::Arguments(_))
    ));
    let large = "x".repeat(8 * 1024 * 1024);
    assert!(matches!(
        connection.emit("i", "e", (&large,)),
        Err(CallError::Refused(_))
    ));
    assert!(matches!(
        server.broadcast("i", "e", (f64::NAN,)),
        Err(CallError::Arguments(_))
    ));
    connection.emit("i", "e", ()).unwrap();
    assert_eq!(peer.receive().await, "{event:[-1,'i'],e:[]}");
}

#[tokio::test]
async fn a_heartbeat_is_a_ping_message_at_every_interval() {
    let options =
        ServerOptions::new([app()]).heartbeat_interval(std::time::Duration::from_millis(20));
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    for id in 1..=3 {
        assert_eq!(peer.receive().await, format!("{{ping:[-{id}]}}"));
        peer.send(&format!("{{pong:[-{id}]}}")).await;
    }
}

#[tokio::test]
async fn a_listener_emits_after_the_answer_to_the_handshake() {
    let options = ServerOptions::new([app()]).on_connect(|client| {
        client
            .emit("events", "hello", (client.session_id(),))
            .unwrap();
    });
    let (_server, address) = listening(options).await;
    let (mut peer, session) = Peer::connect(address).await;
    assert_eq!(
        peer.receive().await,
        format!("{{event:[-1,'events'],hello:['{session}']}}")
    );
}

#[tokio::test]
async fn a_listener_that_panics_hurts_nobody() {
    let options = ServerOptions::new([app()])
        .on_connect(|_| panic!("on connect"))
        .on_event(|event: &ServerEvent<'_>| panic!("on {event:?}"));
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
}

#[tokio::test]
async fn closing_says_so_and_fails_what_is_pending() {
    let (server, mut peer, connection) = pair().await;
    let call = tokio::spawn({
        let connection = connection.clone();
        async move { connection.call("page", "title", ()).await }
    });
    assert_eq!(peer.receive().await, "{call:[-1,'page'],title:[]}");
    connection.emit("page", "bye", ()).unwrap();
    connection.close();
    assert_eq!(peer.receive().await, "{event:[-2,'page'],bye:[]}");
    assert_eq!(peer.closed().await, Some(1000));
    assert_eq!(soon(call).await.unwrap(), Err(CallError::Lost));
    assert_eq!(
        connection.call("page", "title", ()).await,
        Err(CallError::Closed)
    );
    assert!(!connection.is_open());
    assert!(server.clients().is_empty());
}

#[tokio::test]
async fn applications_without_the_interface_of_another_do_not_see_it() {
    let other = Application::new("other").interface(
        Interface::new("calc").method("seven", async |_: Connection, (): ()| {
            Ok::<_, MethodError>(7)
        }),
    );
    let (_server, address) = listening(ServerOptions::new([app(), other])).await;
    let mut peer = Peer::open(address).await;
    peer.ask("{handshake:[0,'other']}").await;
    assert_eq!(
        peer.ask("{call:[1,'calc'],seven:[]}").await,
        "{callback:[1],ok:[7]}"
    );
    assert_eq!(
        peer.ask("{call:[2,'calc'],answer:[]}").await,
        "{callback:[2],error:[14]}"
    );
}

#[tokio::test]
async fn shutting_down_closes_with_1001_after_what_is_queued() {
    let (server, address) = server().await;
    let (mut peer, _) = Peer::connect(address).await;
    server.broadcast("i", "last", ()).unwrap();
    let ((), ()) = tokio::join!(server.shutdown(), async {
        assert_eq!(peer.receive().await, "{event:[-1,'i'],last:[]}");
        assert_eq!(peer.closed().await, Some(1001));
    });
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(server.address(), None);
}

#[tokio::test]
async fn a_type_that_holds_itself_may_do_so_128_times() {
    #[derive(serde::Deserialize)]
    struct Node {
        next: Option<Box<Node>>,
    }
    let depth =
        |node: &Node| std::iter::successors(Some(node), |node| node.next.as_deref()).count();
    let tree = Interface::new("tree").method("depth", move |_: Connection, (node,): (Node,)| {
        let depth = depth(&node);
        async move { Ok(depth) }
    });
    let options = ServerOptions::new([Application::new("app").interface(tree)]);
    let (_server, address) = listening(options).await;
    let (mut peer, _) = Peer::connect(address).await;
    // The list of arguments is a level too.
    for (id, levels, answer) in [
        (1, 127, "ok:[127]"),
        (2, 128, "error:[17]"),
        (3, 990, "error:[17]"),
    ] {
        let (open, close) = ("{next:".repeat(levels), "}".repeat(levels));
        let call = format!("{{call:[{id},'tree'],depth:[{open}null{close}]}}");
        assert_eq!(
            peer.ask(&call).await,
            format!("{{callback:[{id}],{answer}}}")
        );
    }
}
