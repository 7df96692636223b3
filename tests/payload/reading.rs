//! What a page gets of the texts that arrive.

use js_sys::Array;
use jstp_wasm::engine::JsString;
use jstp_wasm::payload::{self, Inbox};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

use crate::{evaluate, same};

#[wasm_bindgen_test]
fn reading_gives_the_value_whether_json_can_say_it_or_not() {
    let cases = [
        (
            "{a:1,'b c':[true,false,null],'d':{}}",
            "({a: 1, 'b c': [true, false, null], d: {}})",
        ),
        (
            "'it\\'s \"so\"\\n\\x41\\u{1F600}\\\\'",
            "'it\\'s \"so\"\\nA\\u{1F600}\\\\'",
        ),
        ("'\\ud800'", "'\\ud800'"),
        ("'\u{2028} ж \u{1f600}'", "'\\u2028 ж \\u{1f600}'"),
        (
            "[-0,+5,.5,5.,0x1F,-0b11,1e400]",
            "[-0, 5, 0.5, 5, 31, -3, Infinity]",
        ),
        (
            "{__proto__:{a:1},constructor:2}",
            "JSON.parse('{\"__proto__\":{\"a\":1},\"constructor\":2}')",
        ),
        ("{a:1,b:2,a:undefined,b:3}", "({a: 1, b: 3})"),
        ("{b:1,1:2,0x10:3}", "({1: 2, 16: 3, b: 1})"),
        ("/* c */ [ 1 , // x\n 2 ]", "[1, 2]"),
        ("[[[]],{a:{}}]", "[[[]], {a: {}}]"),
    ];
    for (text, source) in cases {
        let wanted = evaluate(source);
        assert!(same(&payload::parse(text), &wanted), "{text}");
        // A neighbour that JSON cannot say has all of it built piece by piece.
        let pair = payload::parse(&format!("[undefined,{text}\n]"));
        assert!(
            same(&pair, &Array::of2(&JsValue::UNDEFINED, &wanted)),
            "{text}, in pieces"
        );
    }
}

#[wasm_bindgen_test]
fn reading_gives_what_json_lacks() {
    let cases = [
        ("undefined", "undefined"),
        ("NaN", "NaN"),
        ("[-Infinity,NaN,+Infinity]", "[-Infinity, NaN, Infinity]"),
        ("[1,,3,undefined]", "[1, undefined, 3, undefined]"),
        ("[,]", "[undefined]"),
        ("-0xffffffffffffffffff", "-0xffffffffffffffffff"),
        (
            "{1.5:1,1e3:[,'a\\nb','\\udc00']}",
            "({1000: [undefined, 'a\\nb', '\\udc00'], 1.5: 1})",
        ),
        (
            "{__proto__:[,]}",
            "Object.defineProperty({}, '__proto__', {value: [undefined], enumerable: true})",
        ),
    ];
    for (text, source) in cases {
        assert!(same(&payload::parse(text), &evaluate(source)), "{text}");
    }
}

#[wasm_bindgen_test]
fn text_that_is_no_mdsf_parses_to_undefined() {
    for text in ["", "{a", "[1 2]", "'x", "{,}"] {
        assert!(payload::parse(text).is_undefined(), "{text}");
    }
}

#[wasm_bindgen_test]
fn texts_of_every_size_arrive_whole_in_a_kept_buffer() {
    let mut inbox = Inbox::new();
    for unit in ["a", "é", "ж", "€", "\u{1f600}", "ab€"] {
        for count in [0, 1, 31, 5000, 700_000, 3] {
            let wanted = unit.repeat(count);
            let arrived = inbox.with_text(&JsString::from(wanted.as_str()), |text| text == wanted);
            assert!(arrived, "{count} times {unit}");
        }
    }
    // One character decides how the whole of a text is brought in, wherever it stands, and for a while how those
    // after it are.
    let plain = "c".repeat(1000);
    for one in ["\0", "\u{7f}", "\u{80}", "é", "ÿ", "Ā", "€", "\u{1f600}"] {
        let mut inbox = Inbox::new();
        for (before, after) in [(0, 2000), (1000, 1003), (2006, 0)] {
            let wanted = format!("{}{one}{}", "a".repeat(before), "b".repeat(after));
            for _ in 0..2 {
                let arrived =
                    inbox.with_text(&JsString::from(wanted.as_str()), |text| text == wanted);
                assert!(arrived, "{one:?} after {before}");
            }
            let text = JsString::from(plain.as_str());
            let arrive = (0..600).filter(|_| inbox.with_text(&text, |text| text == plain));
            assert_eq!(arrive.count(), 600, "plain texts after {one:?}");
        }
    }
    let lone = evaluate("'a\\ud800b'").unchecked_into();
    assert_eq!(inbox.with_text(&lone, str::to_owned), "a\u{fffd}b");
}

#[wasm_bindgen_test]
fn text_beyond_ascii_is_read_whether_there_is_little_or_much_of_it() {
    for text in [
        "ж",
        "plain",
        "a long ASCII text with one é",
        "€",
        "\u{1f600}\u{ffff}\u{7f}\u{80}\u{7ff}\u{800}",
    ] {
        for count in [1, 40, 3000] {
            let wanted = JsValue::from(text.repeat(count));
            let read = payload::parse(&format!("['{}']", text.repeat(count)));
            assert!(same(&read, &Array::of1(&wanted)), "{count} times {text}");
        }
    }
}
