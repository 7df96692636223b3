#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::process::Stdio;

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
        assert!(outbox.push(text.as_str().to_owned()));
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
