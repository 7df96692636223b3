//! Depth, number of values and time stay bounded, whatever a text holds. No clock is read here: what
//! takes time out of proportion would take hours on these texts, and nobody waits that long.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::thread;

use jstp_proto::mdsf::{
    Json, Limits, Object, PutError, RawValue, ReadErrorKind, Reader, Value, WriteErrorKind,
    WriteOptions, put, read, read_value, write,
};
use serde::{Serialize, Serializer};

const UNLIMITED: Limits = Limits {
    depth: u32::MAX,
    values: u32::MAX,
};

/// Runs `story` where recursion over its input would overflow at once.
fn on_a_small_stack(story: impl FnOnce() + Send + 'static) {
    thread::Builder::new()
        .stack_size(128 * 1024)
        .spawn(story)
        .unwrap()
        .join()
        .unwrap();
}

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn a_thousand_levels_are_read_and_one_more_is_not() {
    let value = read_value(&nested(1000), Limits::default()).unwrap();
    assert_eq!(value.clone(), value);
    let error = read_value(&nested(1001), Limits::default()).unwrap_err();
    assert_eq!(
        (error.position, error.kind),
        (1000, ReadErrorKind::TooDeep { limit: 1000 })
    );
    assert_eq!(
        error.to_string(),
        "more than 1000 arrays and objects are open at byte 1000"
    );
    let siblings = format!("[{}]", vec!["[[]]"; 2000].join(","));
    assert!(
        read_value(
            &siblings,
            Limits {
                depth: 3,
                ..Limits::default()
            }
        )
        .is_ok()
    );
    assert!(
        read_value(
            &siblings,
            Limits {
                depth: 2,
                ..Limits::default()
            }
        )
        .is_err()
    );
    assert!(
        read_value(
            "1",
            Limits {
                depth: 0,
                ..Limits::default()
            }
        )
        .is_ok()
    );
}

#[test]
fn a_million_levels_are_refused_without_recursion() {
    on_a_small_stack(|| {
        for open in ["[", "{a:", "[{a:", "[,{'a':/**/"] {
            let error = read_value(&open.repeat(1_000_000), Limits::default()).unwrap_err();
            assert_eq!(error.kind, ReadErrorKind::TooDeep { limit: 1000 });
        }
    });
}

#[test]
fn a_million_levels_are_read_without_recursion_where_they_are_allowed() {
    on_a_small_stack(|| {
        let text = "[{a:".repeat(500_000) + &"}]".repeat(500_000);
        let mut json = Json::default();
        let error = read(&text, UNLIMITED, &mut json).unwrap_err();
        assert_eq!(error.position, 4 * 500_000);

        let text = "[{a:".repeat(500_000) + "1" + &"}]".repeat(500_000);
        json.clear();
        read(&text, UNLIMITED, &mut json).unwrap();
        assert_eq!(json.text(), text.replace('a', "\"a\""));
    });
}

#[test]
fn every_bracket_finds_its_partner_at_any_depth() {
    // Kinds of containers that differ from word to word of the reader's bit stack.
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for levels in [1, 2, 63, 64, 65, 127, 128, 129, 200, 1000] {
        let mut text = String::new();
        let mut closing = Vec::new();
        for _ in 0..levels {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let (open, close) = if random.is_multiple_of(2) {
                ("[0,", ",1]")
            } else {
                ("{\"a\":", ",\"b\":1}")
            };
            text.push_str(open);
            closing.push(close);
        }
        text.push_str("null");
        text.extend(closing.iter().rev().copied());
        let mut json = Json::default();
        read(&text, Limits::default(), &mut json).unwrap();
        assert_eq!(json.text(), text);
        let mut written = String::new();
        write(
            &read_value(&text, Limits::default()).unwrap(),
            &mut written,
            WriteOptions::default(),
        )
        .unwrap();
        assert_eq!(written, text.replace('"', ""));

        // The other bracket in any one place is an error.
        let last = closing.len() - 1;
        let wrong = if closing[last].ends_with(']') {
            "}"
        } else {
            "]"
        };
        let at = text.find("null").unwrap() + 4 + closing[last].len() - 1;
        text.replace_range(at..=at, wrong);
        assert_eq!(
            read_value(&text, Limits::default()).unwrap_err().position,
            at
        );
    }
}

#[test]
fn eight_mebibytes_of_commas_are_too_many_values() {
    let text = String::from("[") + &",".repeat(8 << 20);
    let error = read_value(&text, Limits::default()).unwrap_err();
    assert_eq!(
        error.kind,
        ReadErrorKind::TooManyValues { limit: 1_048_576 }
    );
    // The array is the first value, so the comma for one too many stands at this offset.
    assert_eq!(error.position, 1_048_576);
    assert_eq!(
        error.to_string(),
        "there are more than 1048576 values at byte 1048576"
    );
}

#[test]
fn values_are_counted_to_the_last_one() {
    for (text, values) in [
        ("1", 1),
        ("[]", 1),
        ("[ ]", 1),
        ("{}", 1),
        ("[1]", 2),
        ("[1,]", 2),
        ("[1 , ]", 2),
        ("[,]", 2),
        ("[,,]", 3),
        ("[1,,3]", 4),
        ("{a:1,b:[undefined]}", 4),
        ("{a:undefined,}", 2),
        ("[[],{},'',null]", 5),
    ] {
        let limits = |values| Limits {
            values,
            ..Limits::default()
        };
        assert!(read_value(text, limits(values)).is_ok(), "{text}");
        let error = read_value(text, limits(values - 1)).unwrap_err();
        assert_eq!(
            error.kind,
            ReadErrorKind::TooManyValues { limit: values - 1 },
            "{text}"
        );
    }
}

#[test]
fn a_reader_shares_its_values_among_all_it_reads() {
    let mut reader = Reader::new(
        "{a:[1,2],b:[3]}",
        Limits {
            values: 4,
            ..Limits::default()
        },
    );
    let mut json = Json::default();
    assert!(reader.eat(b'{').unwrap());
    assert_eq!(reader.key().unwrap().to_str(), "a");
    reader.value(&mut json).unwrap();
    assert_eq!((json.text(), reader.position()), ("[1,2]", 8));
    assert!(!reader.eat(b'}').unwrap());
    assert!(reader.eat(b',').unwrap());
    assert_eq!(reader.key().unwrap().to_str(), "b");
    assert_eq!(reader.peek().unwrap(), Some(b'['));
    let error = reader.value(&mut json).unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::TooManyValues { limit: 4 });
}

#[test]
fn a_hundred_thousand_keys_take_no_time_to_speak_of() {
    let members: Vec<_> = (0..200_000).map(|n| format!("k{n}:{n}")).collect();
    // Twice, so that every key is found as well as added.
    let text = format!("{{{},{}}}", members.join(","), members.join(","));
    let value = read_value(&text, UNLIMITED).unwrap();
    let object = value.as_object().unwrap();
    assert_eq!(object.len(), 200_000);
    assert_eq!(object.get("k199999"), Some(&Value::Number(199_999.0)));
}

#[test]
fn long_tokens_take_time_in_proportion() {
    const LONG: usize = 2 << 20;
    for text in [
        "1".repeat(LONG),
        format!("0.{}", "1".repeat(LONG)),
        format!("1e{}", "1".repeat(LONG)),
        format!("0x{}", "f".repeat(LONG)),
        format!("'\\u{{{}41}}'", "0".repeat(LONG)),
        format!("'{}'", "\\u{41}".repeat(LONG / 6)),
        format!("'{}'", "\\ud800".repeat(LONG / 6)),
        format!("'{}'", "\\\n".repeat(LONG / 2)),
        format!("/*{}*/1", "*".repeat(LONG)),
        format!("{}1", "/**/".repeat(LONG / 4)),
        format!("{}1", "\u{2028}".repeat(LONG / 3)),
        format!("{{{}:1}}", "\u{10ffd}".repeat(LONG / 4)),
        format!("{{{}:1}}", "\\u{61}".repeat(LONG / 6)),
    ] {
        let mut json = Json::default();
        let read_twice = read_value(&text, Limits::default()).map(|_| ());
        assert_eq!(read(&text, Limits::default(), &mut json), read_twice);
    }
}

#[test]
fn writing_has_a_limit_on_depth_and_needs_no_stack() {
    let deep = |levels| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let options = WriteOptions {
        depth: 3,
        name: "args",
        ..WriteOptions::default()
    };
    let mut out = String::new();
    write(&deep(3), &mut out, options).unwrap();
    assert_eq!(out, "[[[null]]]");
    let object: Object = [("a b", deep(3))].into_iter().collect();
    let error = write(
        &Value::Array(vec![Value::Null, object.into()]),
        &mut out,
        options,
    )
    .unwrap_err();
    assert_eq!(error.path(), "args[1]['a b'][0]");
    assert_eq!(error.kind(), WriteErrorKind::TooDeep { limit: 3 });
    assert_eq!(
        error.to_string(),
        "args[1]['a b'][0] is more than 3 levels deep"
    );
    assert_eq!(out, "[[[null]]]");

    let value = deep(1001);
    assert!(write(&value, &mut out, WriteOptions::default()).is_err());
    let options = WriteOptions {
        depth: 1001,
        ..WriteOptions::default()
    };
    assert!(write(&value, &mut out, options).is_ok());
}

/// A value inside of so many arrays.
struct Inside<'v, T>(u32, &'v T);

impl<T: Serialize> Serialize for Inside<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => self.1.serialize(serializer),
            outer => serializer.collect_seq([Inside(outer - 1, self.1)]),
        }
    }
}

/// Whether the text of a value may stand inside of so many arrays where the value itself may.
fn assert_same_limit(raw: &RawValue, outer: u32, depth: u32) -> bool {
    let options = WriteOptions {
        depth,
        name: "args",
        non_finite: true,
    };
    let value = raw.to_value();
    let (mut out, mut written) = (String::from("call:"), String::new());
    let put_raw = put(&Inside(outer, raw), &mut out, options);
    let put_value = put(&Inside(outer, &value), &mut written, options);
    assert_eq!(put_raw, put_value, "{outer} around {raw}");
    if put_raw.is_err() {
        assert_eq!(out, "call:");
    } else {
        let limits = Limits {
            depth,
            ..Limits::default()
        };
        let read = read_value(&out[5..], limits);
        // As text, since NaN equals nothing.
        let expected = format!("{:?}", read_value(&written, limits));
        assert_eq!(format!("{read:?}"), expected, "{outer} around {raw}");
        assert!(read.is_ok(), "{outer} around {raw}");
    }
    put_raw.is_ok()
}

#[test]
fn a_text_is_as_deep_as_its_value_wherever_it_is_put() {
    let record = "{id:-10.05,name:'User number 7',tags:['alpha','beta',[]],o:{},ok:true}";
    let records = [record; 5].join(",");
    let long = "x".repeat(200);
    for levels in [2, 3, 8, 60, 61, 62, 63, 64, 65, 130, 999, 1000] {
        // With so many others around it.
        let deep = |open: &str, close: &str, inside: usize| {
            let levels = usize::saturating_sub(levels, inside);
            open.repeat(levels) + "0" + &close.repeat(levels)
        };
        let mut texts = vec![
            deep("[", "]", 0),
            deep("{a:", "}", 0),
            deep("[1,", ",1]", 0),
            deep("{some_member:'and its text',a:", ",b:[]}", 1) + " ",
            deep("[ ", " ]", 0),
            deep("[[],{},", ",]", 0) + "/**/",
            deep("[NaN,", ",0x1f]", 0),
            deep("[undefined,", ",'\u{2028}']", 0),
            format!("['{long}',{},'{long}']", deep("[", "]", 1)),
            format!("['{long}', {},'{long}']", deep("[", "]", 1)),
            format!("{{a:'{long}',{long}:{},b:'{long}'}}", deep("{a:", "}", 1)),
        ];
        if levels > 3 {
            texts.extend([
                format!("[{records},{},{records}]", deep("[", "]", 1)),
                format!("[{records},{{a:{}}},{records}]", deep("{a:", "}", 2)),
                format!("[{records},{}, {records}]", deep("[", "]", 1)),
                format!("[+1,{records},{},{records}]", deep("[[],", ",[]]", 1)),
            ]);
        }
        let limits = Limits {
            depth: 1001,
            ..Limits::default()
        };
        for text in texts {
            let raw = RawValue::read(&text, limits).unwrap();
            let levels = depth_of(&text);
            for outer in [0, 1, 2, 5] {
                assert!(assert_same_limit(&raw, outer, levels + outer), "{text}");
                assert!(
                    !assert_same_limit(&raw, outer, levels + outer - 1),
                    "{text}"
                );
            }
        }
    }
}

/// How many brackets are open at the same time, none being in a string.
fn depth_of(text: &str) -> u32 {
    let (mut depth, mut deepest) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        deepest = depth.max(deepest);
    }
    deepest
}

#[test]
fn a_part_is_as_deep_as_it_is_itself() {
    let text = format!("[{},[{}],{{a:[1]}}]", nested(900), "'x',".repeat(300));
    let raw = RawValue::read(&text, Limits::default()).unwrap();
    let parts: Vec<RawValue> = raw.to().unwrap();
    for (part, levels) in parts.iter().zip([900, 1, 2]) {
        for outer in [0, 1, 100] {
            assert!(assert_same_limit(part, outer, levels + outer));
            assert!(!assert_same_limit(part, outer, levels + outer - 1));
        }
    }
    let text = format!("[[],{}]", nested(900));
    let raw = RawValue::read(&text, Limits::default()).unwrap();
    let parts: Vec<RawValue> = raw.to().unwrap();
    assert!(assert_same_limit(&parts[1], 100, 1000));
    assert!(!assert_same_limit(&parts[1], 101, 1000));
}

#[test]
fn what_a_later_member_takes_the_place_of_is_not_too_deep() {
    let text = format!("{{a:{},b:1,a:[2]}}", nested(900));
    let raw = RawValue::read(&text, Limits::default()).unwrap();
    assert!(assert_same_limit(&raw, 99, 1000));
    assert!(assert_same_limit(&raw, 100, 1000));
    assert!(assert_same_limit(&raw, 998, 1000));
    assert!(!assert_same_limit(&raw, 999, 1000));
}

#[test]
fn a_text_that_is_too_deep_where_it_is_put_is_refused_with_its_place() {
    let options = WriteOptions {
        name: "",
        ..WriteOptions::default()
    };
    for text in [nested(999), format!(" [ {} ]", nested(998))] {
        let raw = RawValue::read(&text, Limits::default()).unwrap();
        let mut out = String::from("event:");
        assert_eq!(put(&[&raw], &mut out, options), Ok(false));
        out.truncate(6);
        let error = put(&(("ada", &raw),), &mut out, options).unwrap_err();
        let PutError::Write(error) = error else {
            panic!("{error:?} is not about writing")
        };
        assert_eq!(error.kind(), WriteErrorKind::TooDeep { limit: 1000 });
        assert_eq!(error.path(), "[0][1]".to_owned() + &"[0]".repeat(998));
        assert_eq!(out, "event:");
    }
}
