//! RFC 6455, case by case, as the Autobahn test suite asks about it: framing, pings, reserved bits,
//! opcodes, fragments, UTF-8, closing, limits. What has to arrive is a call, whose answer has it all.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::raw::{
    BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, Raw, Seen, TEXT, close, frame, head, text,
};
use common::server;

/// Frames, and what comes back of them; after a close that is the end of the stream.
struct Case {
    name: String,
    send: Vec<Vec<u8>>,
    expect: Vec<Seen>,
}

impl Case {
    fn new(name: impl Into<String>, send: Vec<Vec<u8>>, expect: Vec<Seen>) -> Self {
        let name = name.into();
        Self { name, send, expect }
    }
}

/// The call that says something, as the bytes of its text.
fn call(said: impl AsRef<[u8]>) -> Vec<u8> {
    [b"{call:[1,'calc'],many:['", said.as_ref(), b"',1,2]}"].concat()
}

/// The answer to [`call`].
fn said(text: &str) -> Seen {
    let mut answer = "{callback:[1],ok:[".to_owned();
    jstp_proto::mdsf::write_string(text, &mut answer);
    Seen::Text(answer + ",1,2]}")
}

fn closed(code: u16) -> Vec<Seen> {
    vec![Seen::Close(Some(code))]
}

/// A message in fragments that end at these places.
fn fragments(opcode: u8, message: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut start = 0;
    for (index, end) in cuts.iter().copied().chain([message.len()]).enumerate() {
        let opcode = if index == 0 { opcode } else { CONTINUATION };
        let fin = if end == message.len() && index == cuts.len() {
            FIN
        } else {
            0
        };
        frames.push(frame(fin | opcode, &message[start..end]));
        start = end;
    }
    frames
}

/// How the bytes of a case are written. TCP promises nothing about where they are cut.
#[derive(Clone, Copy, Debug)]
enum Manner {
    AtOnce,
    FrameByFrame,
    ByteByByte,
}

async fn play(cases: Vec<Case>) {
    let (_server, address) = server().await;
    for Case { name, send, expect } in cases {
        let bytes: usize = send.iter().map(Vec::len).sum();
        for manner in [Manner::AtOnce, Manner::FrameByFrame, Manner::ByteByByte] {
            let (mut raw, _) = Raw::connect(address, "app").await;
            match manner {
                Manner::AtOnce => raw.write(&send.concat()).await,
                Manner::FrameByFrame => {
                    for frame in &send {
                        raw.write(frame).await;
                    }
                }
                Manner::ByteByByte if bytes > 1_000 => continue,
                Manner::ByteByByte => {
                    for byte in send.concat() {
                        raw.write(&[byte]).await;
                    }
                }
            }
            for expected in &expect {
                let seen = raw.next().await;
                assert_eq!(&seen, expected, "{name}, {manner:?}");
            }
            if let Some(Seen::Close(code)) = expect.last() {
                // Who closed first does not have to be known here: a second close is not heard.
                raw.write(&close(code.unwrap_or(1000), "")).await;
                assert_eq!(raw.next().await, Seen::End, "{name}, {manner:?}");
            }
        }
    }
}

#[tokio::test]
async fn framing() {
    let mut cases = Vec::new();
    let empty = call("").len();
    // Each side of the places where the length is written in another way.
    for length in [empty, 125, 126, 127, 128, 65_535, 65_536, 65_537] {
        let message = call("*".repeat(length - empty));
        for opcode in [TEXT, BINARY] {
            cases.push(Case::new(
                format!("{length} bytes, opcode {opcode}"),
                vec![frame(FIN | opcode, &message)],
                vec![said(&"*".repeat(length - empty))],
            ));
        }
    }
    for opcode in [TEXT, BINARY] {
        cases.push(Case::new(
            format!("nothing, opcode {opcode}"),
            vec![frame(FIN | opcode, "")],
            closed(1000),
        ));
    }
    for length in [1 << 40, u64::MAX >> 1, u64::MAX] {
        cases.push(Case::new(
            format!("a length of {length}"),
            vec![head(FIN | TEXT, length), vec![0; 4]],
            closed(1009),
        ));
    }
    play(cases).await;
}

#[tokio::test]
async fn pings_and_pongs() {
    let probe = || text(call("x"));
    let mut cases: Vec<Case> = [
        &b""[..],
        b"Hello, world!",
        b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff",
        &[0xfe; 125],
    ]
    .into_iter()
    .map(|payload| {
        Case::new(
            format!("a ping of {} bytes", payload.len()),
            vec![frame(FIN | PING, payload)],
            vec![Seen::Pong(payload.to_vec())],
        )
    })
    .collect();
    cases.extend([
        Case::new(
            "a ping of 126 bytes",
            vec![frame(FIN | PING, [0xfe; 126])],
            closed(1002),
        ),
        Case::new(
            "pongs that nobody asked for",
            vec![frame(FIN | PONG, ""), frame(FIN | PONG, "x"), probe()],
            vec![said("x")],
        ),
        Case::new(
            "a pong and a ping",
            vec![frame(FIN | PONG, "a"), frame(FIN | PING, "b")],
            vec![Seen::Pong(b"b".to_vec())],
        ),
        Case::new(
            "a pong of 126 bytes",
            vec![frame(FIN | PONG, [0; 126])],
            closed(1002),
        ),
    ]);
    play(cases).await;
}

#[tokio::test]
async fn the_last_of_many_pings_is_answered() {
    // A pong may stand for all the pings before it (RFC 6455 5.5.3).
    let (_server, address) = server().await;
    let (mut raw, _) = Raw::connect(address, "app").await;
    let pings: Vec<u8> = (0..10u8).flat_map(|n| frame(FIN | PING, [n])).collect();
    raw.write(&pings).await;
    let mut last = None;
    while last != Some(9) {
        let Seen::Pong(payload) = raw.next().await else {
            panic!("only pongs were asked for");
        };
        assert!(payload.first().copied() > last, "in order");
        last = payload.first().copied();
    }
}

#[tokio::test]
async fn all_of_many_messages_that_come_at_once_are_answered_in_order() {
    let (_server, address) = server().await;
    let (mut raw, _) = Raw::connect(address, "app").await;
    let calls: Vec<u8> = (1..=100)
        .flat_map(|id| text(format!("{{call:[{id},'calc'],answer:[]}}")))
        .collect();
    raw.write(&calls).await;
    for id in 1..=100 {
        let answer = format!("{{callback:[{id}],ok:[42]}}");
        assert_eq!(raw.next().await, Seen::Text(answer));
    }
}

#[tokio::test]
async fn reserved_bits() {
    let mut cases = Vec::new();
    for bits in 1..8u8 {
        let rsv = bits << 4;
        for (opcode, payload) in [
            (TEXT, call("y")),
            (BINARY, call("y")),
            (PING, Vec::new()),
            (PONG, Vec::new()),
            (CLOSE, vec![3, 232]),
        ] {
            cases.push(Case::new(
                format!("bits {bits} with opcode {opcode}, after a call"),
                vec![text(call("x")), frame(FIN | rsv | opcode, payload)],
                vec![said("x"), Seen::Close(Some(1002))],
            ));
        }
        cases.push(Case::new(
            format!("bits {bits} with a continuation"),
            vec![frame(TEXT, "{"), frame(FIN | rsv | CONTINUATION, "}")],
            closed(1002),
        ));
    }
    play(cases).await;
}

#[tokio::test]
async fn unknown_opcodes() {
    let mut cases = Vec::new();
    for opcode in (3..8u8).chain(11..16) {
        for payload in ["", "payload"] {
            for fin in [FIN, 0] {
                cases.push(Case::new(
                    format!("opcode {opcode}, {payload:?}, fin {fin}"),
                    vec![
                        text(call("x")),
                        frame(fin | opcode, payload),
                        frame(FIN | PING, "never answered"),
                    ],
                    vec![said("x"), Seen::Close(Some(1002))],
                ));
            }
        }
    }
    play(cases).await;
}

#[tokio::test]
async fn fragmentation() {
    let message = call("fragment");
    let in_two = |opcode| fragments(opcode, &message, &[7]);
    let between = |opcode, frame: Vec<u8>| {
        let [first, second] = in_two(opcode).try_into().unwrap();
        vec![first, frame, second]
    };
    let mut cases = Vec::new();
    for opcode in [TEXT, BINARY] {
        let each: Vec<usize> = (1..message.len()).collect();
        for (name, cuts) in [
            ("two", &[7][..]),
            ("three", &[7, 20]),
            ("two, the first empty", &[0]),
            ("two, the last empty", &[message.len()]),
            ("four, two of them empty", &[0, 7, 7]),
            ("one for each byte", &each),
        ] {
            cases.push(Case::new(
                format!("fragments: {name}, opcode {opcode}"),
                fragments(opcode, &message, cuts),
                vec![said("fragment")],
            ));
        }
        cases.push(Case::new(
            format!("a ping between fragments, opcode {opcode}"),
            between(opcode, frame(FIN | PING, "p")),
            vec![Seen::Pong(b"p".to_vec()), said("fragment")],
        ));
        cases.push(Case::new(
            format!("a pong between fragments, opcode {opcode}"),
            between(opcode, frame(FIN | PONG, "p")),
            vec![said("fragment")],
        ));
        cases.push(Case::new(
            format!("a close between fragments, opcode {opcode}"),
            between(opcode, close(1000, "")),
            closed(1000),
        ));
        for inner in [TEXT, BINARY] {
            cases.push(Case::new(
                format!("a message with opcode {inner} between fragments, opcode {opcode}"),
                between(opcode, frame(FIN | inner, &message)),
                closed(1002),
            ));
        }
    }
    let mut after = vec![text(&message)];
    after.extend(in_two(CONTINUATION));
    for (name, send) in [
        ("a continuation of nothing", vec![frame(FIN, &message)]),
        ("fragments that continue nothing", in_two(CONTINUATION)),
        ("a continuation of nothing, empty", vec![frame(FIN, "")]),
    ] {
        cases.push(Case::new(name, send, closed(1002)));
    }
    cases.push(Case::new(
        "a continuation of what is complete",
        after,
        vec![said("fragment"), Seen::Close(Some(1002))],
    ));
    for opcode in [PING, PONG, CLOSE] {
        cases.push(Case::new(
            format!("a fragment of opcode {opcode}"),
            vec![frame(opcode, ""), frame(FIN | CONTINUATION, "")],
            closed(1002),
        ));
    }
    play(cases).await;
}

/// The first and last of what each number of bytes can say, and what is no character but UTF-8.
const CHARACTERS: &[char] = &[
    '\u{1}',
    '\u{7f}',
    '\u{80}',
    '\u{7ff}',
    '\u{800}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{fdd0}',
    '\u{feff}',
    '\u{fffd}',
    '\u{fffe}',
    '\u{ffff}',
    '\u{10000}',
    '\u{1fffe}',
    '\u{1ffff}',
    '\u{8fffe}',
    '\u{ffffe}',
    '\u{10fffe}',
    '\u{10ffff}',
];

#[tokio::test]
async fn utf_8() {
    let texts = CHARACTERS
        .iter()
        .map(char::to_string)
        .chain(["κόσμε", "Hello-µ@ßöäüàá-UTF-8!!", "漢字 😀 𝒳"].map(str::to_owned));
    let mut cases = Vec::new();
    for sent in texts {
        let message = call(&sent);
        for opcode in [TEXT, BINARY] {
            let name = |how: &str| format!("{sent:?} {how}, opcode {opcode}");
            let expect = || vec![said(&sent)];
            let whole = vec![frame(FIN | opcode, &message)];
            cases.push(Case::new(name("whole"), whole, expect()));
            // Fragments may end within a character.
            let begin = call("").len() - "',1,2]}".len();
            let cuts: Vec<usize> = (begin..begin + sent.len() + 1).collect();
            for cut in &cuts {
                let two = fragments(opcode, &message, &[*cut]);
                cases.push(Case::new(name("in two"), two, expect()));
            }
            let each = fragments(opcode, &message, &cuts);
            cases.push(Case::new(name("byte by byte"), each, expect()));
        }
    }
    play(cases).await;
}

/// What is not UTF-8, within or at the end of something that is.
const NOT_UTF_8: &[&[u8]] = &[
    // Continuations of nothing.
    b"\x80",
    b"\xbf",
    b"\x80\xbf\x80\xbf\x80\xbf",
    // Beginnings without an end.
    b"\xc3",
    b"\xdf",
    b"\xe0\xa0",
    b"\xef\xbf",
    b"\xf0\x90\x80",
    b"\xf4\x8f\xbf",
    b"\xce\xba\xe1\xbd",
    // Bytes that mean nothing.
    b"\xc0",
    b"\xc1",
    b"\xf5",
    b"\xf8",
    b"\xfc",
    b"\xfe",
    b"\xff",
    b"\xfe\xfe\xff\xff",
    // Longer than it had to be.
    b"\xc0\xaf",
    b"\xc1\xbf",
    b"\xe0\x80\xaf",
    b"\xe0\x9f\xbf",
    b"\xf0\x80\x80\xaf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc0\x80",
    // Surrogates, alone and in pairs.
    b"\xed\xa0\x80",
    b"\xed\xad\xbf",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xed\xaf\xbf\xed\xbf\xbf",
    // Beyond the last character.
    b"\xf4\x90\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xf8\x88\x80\x80\x80",
    b"\xfd\xbf\xbf\xbf\xbf\xbf",
];

#[tokio::test]
async fn what_is_not_utf_8() {
    let mut cases = Vec::new();
    for bytes in NOT_UTF_8 {
        let within = call([b"valid \xce\xba ", *bytes, b" valid"].concat());
        let at_the_end = [b"{call:[1,'calc'],many:['", *bytes].concat();
        for (place, message) in [("within", within), ("at the end", at_the_end)] {
            for opcode in [TEXT, BINARY] {
                let name = format!("{bytes:02x?} {place}, opcode {opcode}");
                let each: Vec<usize> = (1..message.len()).collect();
                let whole = vec![frame(FIN | opcode, &message)];
                let in_fragments = fragments(opcode, &message, &each);
                cases.push(Case::new(name.clone(), whole, closed(1007)));
                cases.push(Case::new(name, in_fragments, closed(1007)));
            }
        }
        // Nothing that could follow would help.
        if str::from_utf8(bytes).is_err_and(|error| error.error_len().is_some()) {
            cases.push(Case::new(
                format!("{bytes:02x?} in a fragment that is not the last"),
                vec![frame(TEXT, "'valid"), frame(CONTINUATION, bytes)],
                closed(1007),
            ));
        }
    }
    play(cases).await;
}

#[tokio::test]
async fn closing() {
    let mut cases = vec![
        Case::new(
            "nothing follows a close",
            vec![
                text(call("x")),
                close(1000, ""),
                frame(FIN | PING, "p"),
                text(call("y")),
            ],
            vec![said("x"), Seen::Close(Some(1000))],
        ),
        Case::new(
            "a second close",
            vec![close(1000, ""), close(1001, "")],
            closed(1000),
        ),
        Case::new(
            "nonsense after a close",
            vec![close(1000, ""), vec![0xff; 20]],
            closed(1000),
        ),
        Case::new(
            "a payload of one byte",
            vec![frame(FIN | CLOSE, "x")],
            closed(1002),
        ),
        Case::new(
            "no payload",
            vec![frame(FIN | CLOSE, "")],
            vec![Seen::Close(None)],
        ),
        Case::new(
            "a reason of 123 bytes",
            vec![close(1000, "é".repeat(61) + "x")],
            closed(1000),
        ),
        Case::new(
            "a reason of 124 bytes",
            vec![close(1000, "x".repeat(124))],
            closed(1002),
        ),
    ];
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        let name = format!("code {code}");
        cases.push(Case::new(name, vec![close(code, "why")], closed(code)));
    }
    for code in [
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        let name = format!("code {code}");
        cases.push(Case::new(name, vec![close(code, "")], closed(1002)));
    }
    for reason in NOT_UTF_8 {
        let name = format!("a reason of {reason:02x?}");
        cases.push(Case::new(name, vec![close(1000, reason)], closed(1007)));
    }
    play(cases).await;
}

#[tokio::test]
async fn limits() {
    const MIB: usize = 1024 * 1024;
    let long = "*".repeat(MIB);
    let message = call(&long);
    let cuts = |every: usize| -> Vec<usize> { (every..message.len()).step_by(every).collect() };
    let mut cases: Vec<Case> = [64, 1024, 65_536]
        .into_iter()
        .map(|every| {
            Case::new(
                format!("1 MiB in fragments of {every}"),
                fragments(TEXT, &message, &cuts(every)),
                vec![said(&long)],
            )
        })
        .collect();
    let thousand = (1..=1000).map(|n| text(format!("{{call:[{n},'calc'],answer:[]}}")));
    let answers = (1..=1000).map(|n| Seen::Text(format!("{{callback:[{n}],ok:[42]}}")));
    cases.push(Case::new(
        "a thousand calls",
        thousand.collect(),
        answers.collect(),
    ));
    play(cases).await;
}
