//! The ready-made server as a process.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::certificates::Authority;
use common::process::Process;
use common::{Folder, Peer, soon};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// A client of an application, and its session.
async fn connect(address: SocketAddr, app: &str) -> (Peer, String) {
    let mut peer = Peer::open(address).await;
    let answer = peer.ask(&format!("{{handshake:[0,'{app}']}}")).await;
    let session = answer
        .split('\'')
        .nth(1)
        .unwrap_or_else(|| panic!("no session: {answer}"));
    (peer, session.to_owned())
}

#[tokio::test]
async fn the_demo_shows_a_chat_a_calculator_and_a_clock() {
    let server = Process::start(&[]);
    let (mut ann, _) = connect(server.address, "demo").await;
    let (mut bob, _) = connect(server.address, "chat").await;
    let calculator = "{inspect:[1,'calculator']}";
    let names = "{callback:[1],ok:['add','subtract','multiply','divide']}";
    ask_past_ticks(&mut ann, calculator, names).await;
    let divide = "{call:[2,'calculator'],divide:[1,0]}";
    ask_past_ticks(
        &mut ann,
        divide,
        "{callback:[2],error:[1,'Error: Zero division']}",
    )
    .await;

    let too_early = bob.ask("{call:[1,'chat'],say:['hi']}").await;
    assert_eq!(
        too_early,
        "{callback:[1],error:[1,'Error: join before you say something']}"
    );
    bob.send("{call:[2,'chat'],join:[' bob ']}").await;
    assert_eq!(bob.receive().await, "{event:[-1,'chat'],joined:['bob']}");
    assert_eq!(
        bob.receive().await,
        "{callback:[2],ok:[{name:'bob',members:['bob']}]}"
    );
    let taken = "{callback:[3],error:[1,'Error: the name bob is taken']}";
    ask_past_ticks(&mut ann, "{call:[3,'chat'],join:['bob']}", taken).await;
    ann.send("{call:[4,'chat'],join:['ann']}").await;
    assert!(bob.receive().await.ends_with("joined:['ann']}"));
    ann.send("{call:[5,'chat'],say:['hello']}").await;
    let said = bob.receive().await;
    assert!(said.contains("message:['ann','hello','20"), "{said}");
    let history = bob.ask("{call:[3,'chat'],history:[]}").await;
    assert!(history.starts_with("{callback:[3],ok:[[{from:'ann',text:'hello',time:'20"));
    drop(ann);
    assert!(bob.receive().await.ends_with("left:['ann']}"));

    let (mut clock, _) = connect(server.address, "clock").await;
    let tick = clock.receive().await;
    assert!(tick.starts_with("{event:[-1,'clock'],tick:['20"), "{tick}");
}

/// Asks, and reads on until the answer, past the clock's ticking.
async fn ask_past_ticks(peer: &mut Peer, text: &str, answer: &str) {
    peer.send(text).await;
    loop {
        let message = peer.receive().await;
        if !message.contains("'clock'") {
            assert_eq!(message, answer);
            return;
        }
    }
}

#[tokio::test]
async fn a_variable_that_is_set_to_nothing_is_not_set() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jstp-server"));
    command.env("JSTP_REDIS", "");
    let server = Process::start_by(command, &[], Stdio::null());
    connect(server.address, "chat").await;
}

#[tokio::test]
async fn a_signal_ends_it_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let mut server = Process::start(&[]);
        let (mut peer, _) = connect(server.address, "chat").await;
        server.signal(signal);
        assert_eq!(peer.closed().await, Some(1001));
        let status = tokio::task::spawn_blocking(move || server.child.wait())
            .await
            .unwrap();
        assert!(status.unwrap().success());
    }
}

#[tokio::test]
async fn proxies_and_the_number_of_connections_are_flags() {
    let flags = [
        "--fixture",
        "--proxies",
        "1",
        "--max-connections",
        "1",
        "--log",
    ];
    let (server, log) = Process::start_logging(&flags, "flags.log");
    let header = [("X-Forwarded-For", "192.0.2.7")];
    let mut first = Peer::open_with(server.address, &header).await;
    let answer = first.ask("{handshake:[0,'fixture']}").await;
    assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
    let mut second = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let said = soon(tokio::io::AsyncReadExt::read(&mut second, &mut [0; 1])).await;
    assert!(matches!(said, Ok(0) | Err(_)));
    for line in [
        "connected from 192.0.2.7\n",
        "was turned away: as many as may be are connected already",
    ] {
        soon(async {
            while !std::fs::read_to_string(&log).unwrap().contains(line) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn without_file_descriptors_it_says_so_once_and_goes_on_when_there_are_some() {
    let log = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("descriptors.log");
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 32; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_jstp-server"));
    let errors = std::fs::File::create(&log).unwrap();
    let server = Process::start_by(limited, &["--fixture", "--log"], errors.into());
    let (mut early, _) = connect(server.address, "fixture").await;
    let mut many = Vec::new();
    for _ in 0..40 {
        many.push(
            tokio::net::TcpStream::connect(server.address)
                .await
                .unwrap(),
        );
    }
    let complaint = "cannot accept clients: ";
    let said = || std::fs::read_to_string(&log).unwrap();
    soon(async {
        while !said().contains(complaint) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(
        early.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[24]}"
    );
    // It tries again and again, but speaks of it once.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(said().matches(complaint).count(), 1, "{}", said());
    drop(many);
    let (mut late, _) = connect(server.address, "fixture").await;
    assert_eq!(
        late.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[24]}"
    );
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut server = Process::start(&[]);
    let (mut peer, _) = connect(server.address, "calculator").await;
    // A client that says nothing to the close would be waited for.
    server.signal("-TERM");
    assert_eq!(peer.close_code().await, Some(1001));
    server.signal("-INT");
    let waiting = tokio::task::spawn_blocking(move || server.child.wait());
    let status = soon(waiting).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(1));
    drop(peer);
}

#[tokio::test]
async fn with_a_certificate_it_speaks_wss_and_reads_it_anew_on_a_signal() {
    let authority = Authority::new();
    let folder = Folder::new("tls");
    let issue = |name| {
        let (certificate, key) = authority.issue(name);
        folder.write("cert.pem", &certificate);
        folder.write("key.pem", &key);
    };
    issue("old.example");
    let (certificate, key) = (folder.path("cert.pem"), folder.path("key.pem"));
    let server = Process::start(&["--fixture", "--tls-cert", &certificate, "--tls-key", &key]);
    assert_eq!(server.scheme, "wss");
    let stream = authority.connect(server.address, "old.example").await;
    let mut peer = Peer::over(stream.unwrap(), "wss://old.example/", &[]).await;
    let answer = peer.ask("{handshake:[0,'fixture','1']}").await;
    assert!(answer.starts_with("{handshake:[0],ok:'"), "{answer}");
    assert_eq!(
        peer.ask("{call:[1,'calc'],answer:[]}").await,
        "{callback:[1],ok:[42]}"
    );
    issue("new.example");
    server.signal("-HUP");
    let renewed = async {
        while authority
            .connect(server.address, "new.example")
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    soon(renewed).await;
    assert_eq!(
        peer.ask("{call:[2,'calc'],answer:[]}").await,
        "{callback:[2],ok:[42]}"
    );
}

#[test]
fn what_it_cannot_use_is_named_so_that_one_knows_what_to_do() {
    let authority = Authority::new();
    let folder = Folder::new("errors");
    let (certificate, key) = authority.issue("localhost");
    let (_, other_key) = authority.issue("localhost");
    folder.write("cert.pem", &certificate);
    folder.write("key.pem", &key);
    folder.write("other.pem", &other_key);
    let [cert, key, other, missing] =
        ["cert.pem", "key.pem", "other.pem", "missing.pem"].map(|name| folder.path(name));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (flags, named) in [
        (
            ["--tls-cert", &missing, "--tls-key", &key],
            vec!["--tls-cert", "missing.pem", "No such file"],
        ),
        (
            ["--tls-cert", &cert, "--tls-key", &other],
            vec![
                "other.pem",
                "the TLS key cannot be used: it is not the certificate's",
            ],
        ),
        (
            ["--tls-cert", &key, "--tls-key", &key],
            vec!["key.pem", "there is no CERTIFICATE section in it"],
        ),
        (
            ["--tls-cert", &cert, "--tls-key", &cert],
            vec!["cert.pem", "there is no PRIVATE KEY section in it"],
        ),
        (
            ["--proxies", "0", "--listen", &taken],
            vec![&taken, "something else listens there"],
        ),
        (
            ["--proxies", "0", "--listen", "192.0.2.1:0"],
            vec!["192.0.2.1:0", "this machine does not have that address"],
        ),
        (
            ["--proxies", "0", "--listen", "3000"],
            vec!["3000", "--listen takes HOST:PORT"],
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_jstp-server"))
            .args(["--listen", "127.0.0.1:0"])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{flags:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        for named in named {
            assert!(error.contains(named), "{flags:?}: {error}");
        }
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn flags_that_make_no_sense_are_named() {
    for (flags, named) in [
        (&["--nope"][..], "--nope"),
        (
            &["--heartbeat", "soon"],
            "--heartbeat takes a whole number of milliseconds, at least 1, not \"soon\"",
        ),
        (&["--auth-timeout", "0"], "--auth-timeout"),
        (&["--session-lifetime", "-1"], "--session-lifetime"),
        (&["--listen"], "--listen"),
        (&["--faults"], "--faults needs --fixture"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--tls-cert", "x"], "--tls-cert needs --tls-key"),
        (&["--tls-key", "x"], "--tls-key needs --tls-cert"),
        (
            &["--fixture", "--faults", "--tls-cert", "x", "--tls-key", "x"],
            "--faults",
        ),
        (
            &["--fixture", "--faults", "--proxies", "1"],
            "--faults finds clients by their TCP connections, so it goes without --proxies",
        ),
        (
            &["--session-lifetime", "99999999999999999"],
            "option --session-lifetime must not be longer than 100 years",
        ),
        (&["--proxies", "many"], "--proxies takes"),
        (&["--max-connections", "0"], "--max-connections takes"),
        // Browsers send none of these.
        (&["--origin", "example.org"], "--origin takes"),
        (&["--origin", "https://example.org/"], "--origin takes"),
        (&["--redis", "nonsense"], "--redis"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_jstp-server"))
            .args(flags)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{flags:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(named), "{flags:?}: {error}");
    }
    for flag in ["--help", "-h"] {
        let help = Command::new(env!("CARGO_BIN_EXE_jstp-server"))
            .arg(flag)
            .output()
            .unwrap();
        assert!(help.status.success());
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains("--listen HOST:PORT"));
        let is_left_out = help.contains("not in this build");
        assert_eq!(is_left_out, cfg!(not(feature = "redis")), "{help}");
    }
}

#[tokio::test]
async fn the_fixture_serves_its_interfaces() {
    let server = Process::start(&["--fixture", "--greet"]);
    let (mut peer, session) = connect(server.address, "fixture").await;
    assert_eq!(
        peer.receive().await,
        format!("{{event:[-1,'events'],hello:['{session}']}}")
    );
    for (id, (call, answer)) in (1..).zip([
        ("'calc'],answer:[]", "ok:[24]"),
        ("'echo'],many:[1,{a:2},'c']", "ok:[1,{a:2},'c']"),
        ("'echo'],count:['k']", "ok:[1]"),
        ("'echo'],count:['k']", "ok:[2]"),
        ("'echo'],later:[1,'x']", "ok:['x']"),
        ("'fail'],code:[5]", "error:[5]"),
        ("'fail'],code:[-1]", "error:[16]"),
        (
            "'fail'],custom:[]",
            "error:[1025,'Custom failure','a',{b:2}]",
        ),
        ("'fail'],text:['x']", "error:[1,'x']"),
        ("'fail'],throws:[]", "error:[16]"),
        ("'fail'],rejects:[]", "error:[16]"),
        ("'session'],set:['a',{b:1}]", "ok:[]"),
        ("'session'],get:['a']", "ok:[{b:1}]"),
        ("'session'],get:['b']", "ok:[]"),
        ("'session'],username:[]", "ok:[null]"),
        ("'session'],version:[]", "ok:['2.0.0']"),
        ("'admin'],lateAnswers:[]", "ok:[[]]"),
    ]) {
        let answered = peer.ask(&format!("{{call:[{id},{call}}}")).await;
        assert_eq!(answered, format!("{{callback:[{id}],{answer}}}"), "{call}");
    }
    for (strategy, answer) in [
        ("login:['marcus','secret']", "ok:"),
        ("login:['julia','']", "ok:"),
        ("login:['slow','slow']", "ok:"),
        ("login:['marcus','wrong']", "error:[11]"),
        ("login:['blocked','x']", "error:[1100,'Account blocked']"),
        ("login:['blocked',{a:5}]", "error:[1100,'Account blocked']"),
        ("login:['blocked']", "error:[1100,'Account blocked']"),
        ("login:['julia']", "error:[11]"),
        ("login:5", "error:[11]"),
        ("token:'letmein'", "ok:"),
        ("token:'x'", "error:[11]"),
    ] {
        let mut peer = Peer::open(server.address).await;
        let answered = peer
            .ask(&format!("{{handshake:[0,'fixture'],{strategy}}}"))
            .await;
        assert!(
            answered.starts_with(&format!("{{handshake:[0],{answer}")),
            "{answered}"
        );
    }
}

#[tokio::test]
async fn a_flood_of_any_size_arrives_whole() {
    let server = Process::start(&["--fixture"]);
    for (n, payload) in [(12_000, 1), (1_500, 16_000)] {
        let (mut peer, _) = connect(server.address, "fixture").await;
        peer.send(&format!(
            "{{call:[1,'events'],flood:[{n},'{}']}}",
            "x".repeat(payload)
        ))
        .await;
        let mut ticks = 0;
        loop {
            let message = peer.receive().await;
            if let Some(id) = message
                .strip_prefix("{ping:[")
                .and_then(|rest| rest.strip_suffix("]}"))
            {
                peer.send(&format!("{{pong:[{id}]}}")).await;
            } else if message.starts_with("{event:") {
                assert!(message.contains(&format!("tick:[{ticks},'")), "{ticks}");
                ticks += 1;
            } else {
                assert_eq!(message, format!("{{callback:[1],ok:[{n}]}}"));
                break;
            }
        }
        assert_eq!(ticks, n);
    }
}

#[tokio::test]
async fn a_flood_waits_for_nobody_for_long_and_who_does_not_read_is_closed_with_1013() {
    let server = Process::start(&["--fixture"]);
    let (mut peer, _) = connect(server.address, "fixture").await;
    let payload = "x".repeat(4000);
    peer.send(&format!("{{call:[1,'events'],flood:[4000,'{payload}']}}"))
        .await;
    // It has all the time it could want to read.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut ticks = 0;
    let code = loop {
        match peer.next().await {
            Some(Ok(Message::Text(text))) if text.starts_with("{event:") => ticks += 1,
            Some(Ok(Message::Text(text))) => assert!(text.starts_with("{ping:"), "{text}"),
            Some(Ok(Message::Close(frame))) => break frame.unwrap().code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(u16::from(code), 1013);
    assert!(ticks < 4000, "{ticks}");
}

#[tokio::test]
async fn faults_strike_the_transport_they_are_meant_for() {
    let server = Process::start(&["--fixture", "--faults"]);
    let (mut boss, _) = connect(server.address, "faults").await;
    let mut calls = 0;
    let mut order = async |fault: String| {
        calls += 1;
        let answer = boss.ask(&format!("{{call:[{calls},{fault}}}")).await;
        assert_eq!(answer, format!("{{callback:[{calls}],ok:[]}}"), "{fault}");
    };
    let resume = async |session: &str| {
        let mut peer = Peer::open(server.address).await;
        let answer = peer
            .ask(&format!(
                "{{handshake:[0,'fixture'],session:['{session}',0]}}"
            ))
            .await;
        (peer, answer)
    };

    let (mut peer, session) = connect(server.address, "fixture").await;
    order(format!("'line'],raw:['{session}','{{ping:[-99]}}']")).await;
    assert_eq!(peer.receive().await, "{ping:[-99]}");
    order(format!("'line'],closeWith:['{session}',4000,'because']")).await;
    assert_eq!(peer.closed().await, Some(4000));

    let (mut peer, answer) = resume(&session).await;
    assert_eq!(answer, "{handshake:[0],ok:0}");
    order(format!("'line'],cut:['{session}']")).await;
    assert_eq!(peer.closed().await, None);

    let (mut peer, _) = resume(&session).await;
    order(format!("'line'],mute:['{session}',300]")).await;
    // The fault strikes a moment after it was answered, so the first answers may get through.
    let mut id = 0;
    let mut longest = Duration::ZERO;
    while longest < Duration::from_millis(200) {
        id += 1;
        let sent = Instant::now();
        assert_eq!(
            peer.ask(&format!("{{ping:[{id}]}}")).await,
            format!("{{pong:[{id}]}}")
        );
        longest = longest.max(sent.elapsed());
    }

    order(format!("'line'],truncate:['{session}',20]")).await;
    // Twenty bytes are less than the answer.
    let mut cut_off = false;
    while !cut_off {
        id += 1;
        peer.send(&format!(
            "{{call:[{id},'echo'],one:['{}']}}",
            "x".repeat(100)
        ))
        .await;
        cut_off = peer.next_text().await.is_none();
    }

    // None at all are none to wait for.
    let (mut peer, _) = resume(&session).await;
    order(format!("'line'],truncate:['{session}',0]")).await;
    assert_eq!(peer.closed().await, None);

    let (mut peer, _) = resume(&session).await;
    order(format!("'line'],deaf:['{session}']")).await;
    let silent = async {
        loop {
            id += 1;
            peer.send(&format!("{{ping:[{id}]}}")).await;
            if timeout(Duration::from_millis(100), peer.next_text())
                .await
                .is_err()
            {
                break;
            }
        }
    };
    soon(silent).await;
    // Not even the close that belongs to being replaced gets through.
    let (_, answer) = resume(&session).await;
    assert!(answer.starts_with("{handshake:[0],ok:"), "{answer}");
    assert!(
        timeout(Duration::from_millis(100), peer.next_text())
            .await
            .is_err()
    );

    let (mut peer, _) = resume(&session).await;
    order(format!("'line'],forget:['{session}']")).await;
    peer.send("{ping:[1]}").await;
    assert_eq!(peer.receive().await, "{pong:[1]}");
    drop(peer);
    assert_eq!(resume(&session).await.1, "{handshake:[0],error:[11]}");

    // With null, everybody but the caller.
    let (mut one, kept) = connect(server.address, "fixture").await;
    let (mut two, _) = connect(server.address, "fixture").await;
    order("'line'],cut:[null]".to_owned()).await;
    assert_eq!(one.closed().await, None);
    assert_eq!(two.closed().await, None);

    order("'server'],restart:[true]".to_owned()).await;
    assert_eq!(boss.closed().await, None);
    let again = async {
        // Between two listeners there is none.
        while tokio::net::TcpStream::connect(server.address)
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
        resume(&kept).await.1
    };
    assert_eq!(soon(again).await, "{handshake:[0],ok:0}");
}

/// Resumes a session of the fixture, as soon as somebody listens.
async fn come_back(address: SocketAddr, session: &str) -> (Peer, String) {
    let listening = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon(listening).await;
    let mut peer = Peer::open(address).await;
    let request = format!("{{handshake:[0,'fixture'],session:['{session}',0]}}");
    let answer = peer.ask(&request).await;
    (peer, answer)
}

#[tokio::test]
async fn sessions_outlive_their_time_in_memory_and_a_restart_that_keeps_them() {
    let server = Process::start(&["--fixture", "--faults"]);
    let (mut boss, boss_session) = connect(server.address, "faults").await;
    let (mut peer, session) = connect(server.address, "fixture").await;
    let set = "{call:[1,'session'],set:['key','value']}";
    assert_eq!(peer.ask(set).await, "{callback:[1],ok:[]}");
    peer.close().await;
    let expire = format!("{{call:[1,'line'],expire:['{session}']}}");
    assert_eq!(boss.ask(&expire).await, "{callback:[1],ok:[]}");
    let (mut peer, answer) = come_back(server.address, &session).await;
    assert_eq!(answer, "{handshake:[0],ok:1}");
    let get = "{call:[2,'session'],get:['key']}";
    assert_eq!(peer.ask(get).await, "{callback:[2],ok:['value']}");

    let restart = "{call:[2,'server'],restart:[true]}";
    assert_eq!(boss.ask(restart).await, "{callback:[2],ok:[]}");
    assert_eq!(boss.closed().await, None);
    peer.closed().await;
    let (mut peer, answer) = come_back(server.address, &session).await;
    assert_eq!(answer, "{handshake:[0],ok:2}");
    let get = "{call:[3,'session'],get:['key']}";
    assert_eq!(peer.ask(get).await, "{callback:[3],ok:['value']}");

    let mut boss = Peer::open(server.address).await;
    let request = format!("{{handshake:[0,'faults'],session:['{boss_session}',0]}}");
    assert_eq!(boss.ask(&request).await, "{handshake:[0],ok:2}");
    let restart = "{call:[3,'server'],restart:[false]}";
    assert_eq!(boss.ask(restart).await, "{callback:[3],ok:[]}");
    peer.closed().await;
    let (_, answer) = come_back(server.address, &session).await;
    assert_eq!(answer, "{handshake:[0],error:[11]}");
}

#[tokio::test]
async fn a_session_ends_with_its_lifetime_in_the_storage() {
    let flags = ["--client-expiration", "1", "--session-lifetime", "1"];
    let server = Process::start(&[&["--fixture"], &flags[..]].concat());
    let (peer, session) = connect(server.address, "fixture").await;
    peer.close().await;
    let refused = async {
        loop {
            let (mut peer, answer) = come_back(server.address, &session).await;
            if answer == "{handshake:[0],error:[11]}" {
                break;
            }
            // It was early, and has begun the time anew.
            assert_eq!(answer, "{handshake:[0],ok:0}");
            peer.send("{}").await;
            peer.close().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    soon(refused).await;
}
