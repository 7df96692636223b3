#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::opening::{self, Opening, Terms};

/// Opens a WebSocket as a server of ours does, and sends every text back.
async fn echo(mut stream: TcpStream) {
    let terms = Terms {
        allows_origin: |_: Option<&str>| true,
        trusted_proxies: 0,
        batch: false,
    };
    let Ok(Opening::Accepted { answer, rest, .. }) = opening::read(&mut stream, &terms).await
    else {
        panic!("not a WebSocket");
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
    let outbox = Arc::new(Outbox::new(usize::MAX, false));
    let most = 64 * 1024 * 1024;
    let mut transport = Transport::new(stream, rest, Arc::clone(&outbox), (most, most)).await;
    while let Incoming::Text(text) = transport.next().await {
        assert!(outbox.push((*text).as_ref().to_owned()));
    }
    transport.finish(Duration::from_secs(5)).await;
}

/// What the suite calls a case that did not go well.
const BAD: &[&str] = &["FAILED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT"];

/// Needs `wstest` of the Python package `autobahntestsuite` (Python 2.7), at `WSTEST` or on the path.
#[tokio::test]
#[ignore = "needs the Autobahn test suite, and minutes"]
async fn the_fuzzing_client_of_the_autobahn_test_suite_finds_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(echo(stream));
        }
    });
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/autobahn");
    std::fs::create_dir_all(&folder).unwrap();
    // Binary messages come back as text here, which the cases of binary messages take amiss, and the
    // last two chapters are about compression, which is never agreed on.
    let spec = format!(
        "{{\"outdir\": \"reports\", \"cases\": [\"*\"],
          \"exclude-cases\": [\"1.2.*\", \"9.2.*\", \"9.4.*\", \"9.6.*\", \"9.8.*\", \"12.*\", \"13.*\"],
          \"exclude-agent-cases\": {{}},
          \"servers\": [{{\"agent\": \"jstp-server\", \"url\": \"ws://{address}\",
                          \"protocols\": [\"metarhia-jstp\"]}}]}}"
    );
    std::fs::write(folder.join("fuzzingclient.json"), spec).unwrap();
    let wstest = std::env::var("WSTEST").unwrap_or_else(|_| "wstest".to_owned());
    let run = tokio::task::spawn_blocking({
        let folder = folder.clone();
        move || {
            std::process::Command::new(wstest)
                .args(["-m", "fuzzingclient", "-s", "fuzzingclient.json"])
                .current_dir(folder)
                .stdout(Stdio::null())
                .status()
        }
    });
    assert!(run.await.unwrap().unwrap().success());
    let index = std::fs::read_to_string(folder.join("reports/index.json")).unwrap();
    // One line for each figure of each case: `"behavior": "OK"`, `"behaviorClose": "OK"`.
    let verdicts: Vec<&str> = index
        .lines()
        .filter(|line| line.contains("\"behavior"))
        .collect();
    assert!(verdicts.len() > 400, "{} verdicts", verdicts.len());
    for verdict in &verdicts {
        let is_bad = BAD
            .iter()
            .any(|bad| verdict.contains(&format!("\"{bad}\"")));
        assert!(!is_bad, "{verdict}: see target/autobahn/reports");
    }
}

const FIN: u8 = 0x80;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | short as u8),
        medium @ ..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((medium as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
    frame
}

/// A client over a line that holds so many bytes, and the outbox of a server that hands what it hears back.
async fn line(holds: usize) -> (DuplexStream, Arc<Outbox>) {
    let (client, served) = duplex(holds);
    let outbox = Arc::new(Outbox::new(usize::MAX, false));
    let most = 8 * 1024 * 1024;
    let queue = Arc::clone(&outbox);
    let mut transport = Transport::new(served, Vec::new(), Arc::clone(&outbox), (most, most)).await;
    tokio::spawn(async move {
        while let Incoming::Text(text) = transport.next().await {
            assert!(queue.push((*text).as_ref().to_owned()));
        }
        transport.finish(Duration::from_secs(5)).await;
    });
    (client, outbox)
}

/// The first byte and the payload of the next frame.
async fn next_frame(stream: &mut DuplexStream) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    let length = match stream.read_u8().await.unwrap() {
        126 => usize::from(stream.read_u16().await.unwrap()),
        short @ ..126 => usize::from(short),
        _ => panic!("no frame is that long, or masked"),
    };
    assert!(length <= FRAGMENT);
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.unwrap();
    Some((first, payload))
}

#[tokio::test]
async fn a_ping_is_answered_between_the_fragments_of_a_message() {
    let (mut client, outbox) = line(10_000).await;
    let text = "x".repeat(FRAGMENT * 5 + 7);
    assert!(outbox.push(text.clone()));
    // The line is full before the message is through.
    assert_eq!(client.read_u8().await.unwrap(), 1);
    client.write_all(&frame(FIN | 9, b"a")).await.unwrap();
    client.write_all(&frame(FIN | 9, b"b")).await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), 126);
    assert_eq!(usize::from(client.read_u16().await.unwrap()), FRAGMENT);
    let mut message = vec![0; FRAGMENT];
    client.read_exact(&mut message).await.unwrap();
    let mut pongs = Vec::new();
    loop {
        let (first, payload) = next_frame(&mut client).await.unwrap();
        if first == FIN | 10 {
            pongs.extend(payload);
            continue;
        }
        message.extend(payload);
        if first == FIN {
            break;
        }
        assert_eq!(first, 0);
    }
    assert_eq!(String::from_utf8(message).unwrap(), text);
    assert_eq!(pongs.last(), Some(&b'b'));
}

#[tokio::test]
async fn whoever_closes_gets_no_more_than_the_fragment_under_way() {
    let (mut client, outbox) = line(10_000).await;
    assert!(outbox.push("x".repeat(FRAGMENT * 5)));
    assert!(outbox.push("y".to_owned()));
    assert_eq!(client.read_u8().await.unwrap(), 1);
    client.write_all(&frame(FIN | 8, &[3, 232])).await.unwrap();
    // The server reads it while the line is full.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.read_u8().await.unwrap(), 126);
    client.read_exact(&mut [0; 2 + FRAGMENT]).await.unwrap();
    let (first, payload) = next_frame(&mut client).await.unwrap();
    assert_eq!((first, payload.get(..2)), (FIN | 8, Some(&[3, 232][..])));
    assert_eq!(next_frame(&mut client).await, None);
}

#[tokio::test]
async fn a_close_of_ours_follows_the_whole_message() {
    let (mut client, outbox) = line(10_000).await;
    assert!(outbox.push("x".repeat(FRAGMENT + 1)));
    outbox.end(crate::outbox::End::Close(1001));
    for (first, length) in [(1, FRAGMENT), (FIN, 1), (FIN | 8, 2)] {
        let (is, payload) = next_frame(&mut client).await.unwrap();
        assert_eq!((is, payload.len()), (first, length));
    }
}

#[tokio::test]
async fn messages_of_all_sizes_pass_over_lines_of_all_sizes() {
    // xorshift
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % limit
    };
    for holds in [100, 1000, 10_000, 1_000_000] {
        let (client, _outbox) = line(holds).await;
        let largest = if holds == 100 { 20_000 } else { 200_000 };
        let texts: Vec<String> = (0..40)
            .map(|n| {
                let length = match n % 4 {
                    0 => below(200),
                    1 => below(20_000),
                    2 => FRAGMENT * below(4) + below(3) * 62,
                    _ => below(largest),
                };
                char::from(b'a' + n % 26)
                    .to_string()
                    .repeat(length.min(largest))
            })
            .collect();
        let frames: Vec<u8> = texts
            .iter()
            .flat_map(|text| {
                // Some in two fragments, with a ping between them.
                let (first, second) = text.as_bytes().split_at(text.len() / 3);
                match text.len() % 3 {
                    0 => frame(FIN | 1, text.as_bytes()),
                    _ => [frame(1, first), frame(FIN | 9, b""), frame(FIN, second)].concat(),
                }
            })
            .collect();
        let (reading, mut writing) = tokio::io::split(client);
        let writer =
            tokio::spawn(async move { writing.write_all(&frames).await.map(|()| writing) });
        let mut client = reading;
        let mut message = Vec::new();
        let mut expected = texts.iter();
        while let Some(text) = expected.as_slice().first() {
            let first = client.read_u8().await.unwrap();
            let length = match client.read_u8().await.unwrap() {
                126 => usize::from(client.read_u16().await.unwrap()),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            client.read_exact(&mut payload).await.unwrap();
            if first & 8 != 0 {
                continue;
            }
            assert_eq!(first & 1 == 1, message.is_empty() || text.is_empty());
            message.extend(payload);
            if first & FIN != 0 {
                assert!(std::mem::take(&mut message) == text.as_bytes());
                expected.next();
            }
        }
        writer.await.unwrap().unwrap();
    }
}
