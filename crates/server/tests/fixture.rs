//! The fixture (`jstp-server --fixture`), for what takes a client to answer or to watch; the rest is in `binary.rs`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;

use common::Peer;
use common::process::Process;

/// A client after this handshake, and its session.
async fn connect(address: SocketAddr, handshake: &str) -> (Peer, String) {
    let mut peer = Peer::open(address).await;
    let answer = peer.ask(handshake).await;
    let session = answer.strip_prefix("{handshake:[0],ok:'");
    let session = session.and_then(|rest| rest.strip_suffix("'}"));
    let session = session.unwrap_or_else(|| panic!("{handshake}: {answer}"));
    (peer, session.to_owned())
}

/// Sends each and receives what follows from it.
async fn play(peer: &mut Peer, script: &[(&str, &[&str])]) {
    for (sent, received) in script {
        if !sent.is_empty() {
            peer.send(sent).await;
        }
        for expected in *received {
            assert_eq!(peer.receive().await, *expected, "after {sent}");
        }
    }
}

#[tokio::test]
async fn each_version_and_application_has_its_answer() {
    let server = Process::start(&["--fixture"]);
    for (application, answer, version) in [
        ("'fixture','1.0.0'", 42, "1.0.0"),
        ("'fixture','1'", 42, "1.2.3"),
        ("'fixture'", 24, "2.0.0"),
        ("'other'", 7, "1.0.0"),
    ] {
        let handshake = format!("{{handshake:[0,{application}]}}");
        let (mut peer, session) = connect(server.address, &handshake).await;
        play(
            &mut peer,
            &[
                (
                    "{call:[1,'calc'],answer:[]}",
                    &[&format!("{{callback:[1],ok:[{answer}]}}")],
                ),
                (
                    "{call:[2,'session'],version:[]}",
                    &[&format!("{{callback:[2],ok:['{version}']}}")],
                ),
                (
                    "{call:[3,'session'],id:[]}",
                    &[&format!("{{callback:[3],ok:['{session}']}}")],
                ),
            ],
        )
        .await;
    }
    let mut peer = Peer::open(server.address).await;
    let answer = peer.ask("{handshake:[0,'faults']}").await;
    assert_eq!(answer, "{handshake:[0],error:[10]}");
}

#[tokio::test]
async fn what_is_echoed_is_the_value_that_came() {
    let server = Process::start(&["--fixture"]);
    let (mut peer, _) = connect(server.address, "{handshake:[0,'fixture']}").await;
    for (id, (sent, received)) in (1..).zip([
        ("one:['x']", "ok:['x']"),
        ("one:[{a:[1,,3],'b c':{}}]", "ok:[{a:[1,,3],'b c':{}}]"),
        ("one:[{\"json\":\"it's\"}]", "ok:[{json:'it\\'s'}]"),
        (
            "one:[ /* a */ { b : 0x10 , c : undefined } ]",
            "ok:[{b:16}]",
        ),
        ("one:[undefined]", "ok:[undefined]"),
        ("one:[,]", "ok:[undefined]"),
        ("one:['\\ud800\u{2028}']", "ok:['\u{fffd}\\u2028']"),
        ("one:[1e400]", "error:[16]"),
        ("one:[[NaN]]", "error:[16]"),
        ("one:[]", "error:[17]"),
        ("one:[1,2]", "error:[17]"),
        ("many:[1,'b',[null]]", "ok:[1,'b',[null]]"),
        ("many:[undefined,,3]", "ok:[,,3]"),
        ("none:[]", "ok:[]"),
    ]) {
        let call = format!("{{call:[{id},'echo'],{sent}}}");
        let answer = format!("{{callback:[{id}],{received}}}");
        play(&mut peer, &[(&call, &[&answer])]).await;
    }
    // This one is never answered, and holds nobody up.
    peer.send("{call:[100,'echo'],never:[]}").await;
    play(&mut peer, &[("{ping:[101]}", &["{pong:[101]}"])]).await;
}

#[tokio::test]
async fn events_go_to_those_they_are_for() {
    let server = Process::start(&["--fixture"]);
    let (mut ann, _) = connect(server.address, "{handshake:[0,'fixture']}").await;
    let (mut bob, _) = connect(server.address, "{handshake:[0,'fixture']}").await;
    play(
        &mut ann,
        &[
            (
                "{call:[1,'events'],emit:['hello',['a',1]]}",
                &[
                    "{event:[-1,'events'],hello:['a',1]}",
                    "{callback:[1],ok:[]}",
                ],
            ),
            (
                "{event:[2,'events'],said:[{x:1}]}",
                &["{event:[-2,'events'],got:['said',[{x:1}]]}"],
            ),
            (
                "{call:[3,'events'],broadcast:['all',[7]]}",
                &["{event:[-3,'events'],all:[7]}", "{callback:[3],ok:[2]}"],
            ),
            (
                "{call:[4,'events'],flood:[2,'p']}",
                &[
                    "{event:[-4,'events'],tick:[0,'p']}",
                    "{event:[-5,'events'],tick:[1,'p']}",
                    "{callback:[4],ok:[2]}",
                ],
            ),
        ],
    )
    .await;
    assert_eq!(bob.receive().await, "{event:[-1,'events'],all:[7]}");
}

#[tokio::test]
async fn the_client_is_called_back() {
    let server = Process::start(&["--fixture"]);
    let (mut peer, _) = connect(server.address, "{handshake:[0,'fixture']}").await;
    play(
        &mut peer,
        &[
            (
                "{call:[1,'back'],invoke:['page','add',[1,2]]}",
                &["{call:[-1,'page'],add:[1,2]}"],
            ),
            ("{callback:[-1],ok:[3]}", &["{callback:[1],ok:[{ok:[3]}]}"]),
            (
                "{call:[2,'back'],invokeResend:['page','fail',[]]}",
                &["{call:[-2,'page'],fail:[]}"],
            ),
            (
                "{callback:[-2],error:[1025,'Custom failure',7]}",
                &["{callback:[2],ok:[{error:[1025,'Custom failure',7]}]}"],
            ),
            (
                "{call:[3,'back'],inspect:['page']}",
                &["{inspect:[-3,'page']}"],
            ),
            (
                "{callback:[-3],ok:['add','fail']}",
                &["{callback:[3],ok:[['add','fail']]}"],
            ),
            (
                "{call:[4,'back'],inspect:['nope']}",
                &["{inspect:[-4,'nope']}"],
            ),
            (
                "{callback:[-4],error:[12]}",
                &["{callback:[4],ok:[{error:[12]}]}"],
            ),
            ("{call:[5,'back'],ping:[]}", &["{ping:[-5]}"]),
        ],
    )
    .await;
    let answer = peer.ask("{pong:[-5]}").await;
    let millis = answer.strip_prefix("{callback:[5],ok:[").unwrap();
    let millis: f64 = millis.strip_suffix("]}").unwrap().parse().unwrap();
    assert!(millis > 0.0, "{answer}");
}

#[tokio::test]
async fn a_call_back_that_comes_to_nothing_has_an_error_all_the_same() {
    let server = Process::start(&["--fixture"]);
    let (mut peer, _) = connect(server.address, "{handshake:[0,'fixture']}").await;
    // What cannot be sent, and is not.
    for (id, call) in (1..).zip([
        "invoke:['','m',[]]",
        "invoke:['i','call',[]]",
        "invokeResend:['i','5',[]]",
        "invoke:['i','m',[NaN]]",
        "inspect:['']",
    ]) {
        let answer = peer.ask(&format!("{{call:[{id},'back'],{call}}}")).await;
        assert_eq!(
            answer,
            format!("{{callback:[{id}],ok:[{{error:[16]}}]}}"),
            "{call}"
        );
    }
    // What is neither results nor an error.
    for (id, (call, sent, answer)) in (1..).zip([
        ("invoke:['i','m',[]]", "{call:[-1,'i'],m:[]}", "ok:5"),
        ("invoke:['i','m',[]]", "{call:[-2,'i'],m:[]}", "nothing:[]"),
        ("invoke:['i','m',[]]", "{call:[-3,'i'],m:[]}", "error:5"),
        ("inspect:['i']", "{inspect:[-4,'i']}", "ok:[1]"),
    ]) {
        let call = format!("{{call:[{},'back'],{call}}}", id + 10);
        assert_eq!(peer.ask(&call).await, sent);
        let answer = peer.ask(&format!("{{callback:[-{id}],{answer}}}")).await;
        let expected = format!("{{callback:[{}],ok:[{{error:[16]}}]}}", id + 10);
        assert_eq!(answer, expected, "{call}");
    }
}

#[tokio::test]
async fn a_client_is_called_later_and_its_answers_are_kept() {
    let server = Process::start(&["--fixture"]);
    let (mut peer, _) = connect(server.address, "{handshake:[0,'fixture']}").await;
    play(
        &mut peer,
        &[
            (
                "{call:[1,'admin'],invokeLater:[1,'page','m',['x']]}",
                &["{callback:[1],ok:[]}", "{call:[-1,'page'],m:['x']}"],
            ),
            ("{callback:[-1],ok:['y']}", &[]),
        ],
    )
    .await;
    for id in 2.. {
        let answer = peer
            .ask(&format!("{{call:[{id},'admin'],lateAnswers:[]}}"))
            .await;
        // Whoever waits for the answer gets it in a task of its own.
        if answer != format!("{{callback:[{id}],ok:[[]]}}") {
            assert_eq!(answer, format!("{{callback:[{id}],ok:[[{{ok:['y']}}]]}}"));
            break;
        }
    }
}

#[tokio::test]
async fn applications_change_under_their_clients() {
    let server = Process::start(&["--fixture"]);
    let (mut admin, _) = connect(server.address, "{handshake:[0,'fixture']}").await;
    let mut peer = Peer::open(server.address).await;
    let answer = peer.ask("{handshake:[0,'update']}").await;
    assert_eq!(answer, "{handshake:[0],error:[10]}");
    play(
        &mut admin,
        &[("{call:[1,'admin'],apps:['old']}", &["{callback:[1],ok:[]}"])],
    )
    .await;
    let (mut any, _) = connect(server.address, "{handshake:[0,'update']}").await;
    let (mut exact, _) = connect(server.address, "{handshake:[0,'update','1.0.0']}").await;
    let call = |id: u32| format!("{{call:[{id},'update'],method:[]}}");
    let answer = |id: u32, result: u32| format!("{{callback:[{id}],ok:[{result}]}}");
    assert_eq!(any.ask(&call(1)).await, answer(1, 42));
    play(
        &mut admin,
        &[("{call:[2,'admin'],apps:['new']}", &["{callback:[2],ok:[]}"])],
    )
    .await;
    assert_eq!(any.ask(&call(2)).await, answer(2, 42));
    play(
        &mut admin,
        &[("{call:[3,'admin'],adopt:[]}", &["{callback:[3],ok:[]}"])],
    )
    .await;
    assert_eq!(any.ask(&call(3)).await, answer(3, 420));
    assert_eq!(exact.ask(&call(1)).await, answer(1, 42));
    let breaking = "{call:[4,'admin'],apps:['breaking']}";
    play(
        &mut admin,
        &[
            (breaking, &["{callback:[4],ok:[]}"]),
            ("{call:[5,'admin'],adopt:[]}", &["{callback:[5],ok:[]}"]),
        ],
    )
    .await;
    // Nothing matches any more, so it keeps what it has.
    assert_eq!(any.ask(&call(4)).await, answer(4, 420));
}

#[tokio::test]
async fn a_client_can_have_itself_closed_and_forgotten() {
    let server = Process::start(&["--fixture"]);
    for (method, resumed) in [("close", "ok:2"), ("forget", "error:[11]")] {
        let (mut peer, session) = connect(server.address, "{handshake:[0,'fixture']}").await;
        let set = "{call:[1,'session'],set:['k',1]}";
        play(&mut peer, &[(set, &["{callback:[1],ok:[]}"])]).await;
        let call = format!("{{call:[2,'admin'],{method}:[]}}");
        play(&mut peer, &[(&call, &["{callback:[2],ok:[]}"])]).await;
        assert_eq!(peer.closed().await, Some(1000), "{method}");
        let mut peer = Peer::open(server.address).await;
        let resume = format!("{{handshake:[0,'fixture'],session:['{session}',0]}}");
        let expected = format!("{{handshake:[0],{resumed}}}");
        assert_eq!(peer.ask(&resume).await, expected, "{method}");
    }
}
