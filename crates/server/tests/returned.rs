//! What large messages took, a client that stays has not kept.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::raw::{BINARY, CONTINUATION, FIN, Raw, Seen, TEXT, frame, text, upgrade_with_batch};
use common::{listening, server, soon};
use jstp_server::{Application, Connection, Interface, RawValue, ServerOptions};
use tokio::io::AsyncWriteExt;

const MIB: usize = 1024 * 1024;

/// Counts the bytes that are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as for this function.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A call of so many bytes that is answered with a few.
fn large_call(bytes: usize) -> String {
    format!("{{call:[1,'calc'],add:['{}',1]}}", "x".repeat(bytes - 40))
}

/// Waits until no more than so many bytes are in use.
async fn expect_in_use(most: usize, what: &str) {
    let mut in_use = 0;
    for _ in 0..1000 {
        in_use = IN_USE.load(Ordering::Relaxed);
        if in_use <= most {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: {in_use} bytes are in use, {most} would do");
}

/// What is in use is everybody's, so these take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn a_small_value_does_not_keep_the_memory_of_a_large_message() {
    let _turn = TURN.lock().await;
    let holding =
        Interface::new("calc").method("hold", async |_: Connection, (one,): (RawValue,)| {
            std::future::pending::<()>().await;
            Ok(one)
        });
    let application = Application::new("app").interface(holding);
    let (_server, address) = listening(ServerOptions::new([application])).await;
    let (mut raw, _) = Raw::connect(address, "app").await;
    let at_rest = IN_USE.load(Ordering::Relaxed);
    let held = format!("{{call:[2,'calc'],hold:['{}']}}", "x".repeat(20_000));
    // Without a pause, so that the small one is read into the memory of the large one.
    let pair = [text(large_call(4 * MIB)), text(&held)].concat();
    for _ in 0..5 {
        raw.write(&pair).await;
        let answer = Seen::Text("{callback:[1],error:[14]}".into());
        assert_eq!(raw.next().await, answer);
    }
    raw.write(&text("{ping:[3]}")).await;
    assert_eq!(raw.next().await, Seen::Text("{pong:[3]}".into()));
    drop((pair, held));
    expect_in_use(at_rest + 5 * 64 * 1024, "five held calls").await;
}

#[tokio::test]
async fn a_client_that_once_sent_or_got_8_mib_does_not_keep_them() {
    let _turn = TURN.lock().await;
    let (_server, address) = server().await;
    let (mut bystander, _) = Raw::connect(address, "app").await;
    bystander.write(&text("{call:[1,'calc'],answer:[]}")).await;
    assert_eq!(
        bystander.next().await,
        Seen::Text("{callback:[1],ok:[42]}".into())
    );
    let refused = Seen::Text("{callback:[1],error:[17]}".into());
    let at_rest = IN_USE.load(Ordering::Relaxed);
    let mut clients = Vec::new();
    for kind in [
        "one frame",
        "binary",
        "fragments",
        "one after the other",
        "a batch",
        "an event",
        "an answer",
        "byte by byte in the end",
    ] {
        let request = upgrade_with_batch();
        let (mut raw, _) = match kind {
            "a batch" => Raw::connect_with(address, &request, "app").await,
            _ => Raw::connect(address, "app").await,
        };
        let call = large_call(8 * MIB);
        match kind {
            "one frame" => raw.write(&text(&call)).await,
            "binary" => raw.write(&frame(FIN | BINARY, &call)).await,
            "fragments" => {
                let (first, rest) = call.split_at(3 * MIB);
                raw.write(&frame(TEXT, first)).await;
                raw.write(&frame(FIN | CONTINUATION, rest)).await;
            }
            "one after the other" => {
                // The end of each comes with the beginning of the next.
                let (mut reading, mut writing) = raw.stream.into_split();
                let three = text(&call).repeat(3);
                let writing = async {
                    writing.write_all(&three).await.unwrap();
                    writing
                };
                let answers = async {
                    let mut answers = vec![0; 3 * (2 + 25)];
                    tokio::io::AsyncReadExt::read_exact(&mut reading, &mut answers)
                        .await
                        .unwrap();
                    reading
                };
                let (writing, reading) = soon(async { tokio::join!(writing, answers) }).await;
                raw = Raw {
                    stream: reading.reunite(writing).unwrap(),
                };
            }
            "a batch" => {
                let short = &call[..7 * MIB];
                raw.write(&text(format!("[{short}',1]}},{{ping:[2]}}]")))
                    .await;
            }
            "an event" => {
                // One that its handler does not want, so that nothing follows from it.
                let event = call.replace("{call:[1,'calc'],add", "{event:[1,'calc'],panics");
                raw.write(&text(event)).await;
                raw.write(&text("{ping:[2]}")).await;
                assert_eq!(raw.next().await, Seen::Text("{pong:[2]}".into()));
            }
            "an answer" => {
                raw.write(&text("{call:[1,'calc'],big:[8388000]}")).await;
                let Seen::Text(answer) = raw.next().await else {
                    panic!("an answer was asked for");
                };
                assert_eq!(answer.len(), 8_388_000 + "{callback:[1],ok:['']}".len());
            }
            _ => {
                let bytes = text(&call);
                let (most, last) = bytes.split_at(bytes.len() - 10);
                raw.write(most).await;
                for byte in last {
                    raw.write(&[*byte]).await;
                }
            }
        }
        match kind {
            "a batch" => {
                let answers = "[{callback:[1],error:[17]},{pong:[2]}]";
                assert_eq!(raw.next().await, Seen::Text(answers.into()));
            }
            "one after the other" | "an event" | "an answer" => {}
            _ => assert_eq!(raw.next().await, refused, "{kind}"),
        }
        drop(call);
        clients.push(raw);
        expect_in_use(at_rest + clients.len() * 64 * 1024, kind).await;
    }
}
