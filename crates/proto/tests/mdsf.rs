//! Every row of the value syntax's tables, from `vectors/mdsf.txt`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod oracle;

use jstp_proto::mdsf::{
    Json, Limits, Object, RawValue, Reader, Value, WriteOptions, put, read, read_value, write,
    write_key, write_string,
};
use oracle::{is_same, parse_json, read_marked};

const VECTORS: &str = include_str!("../vectors/mdsf.txt");

#[test]
fn every_vector_holds() {
    let mut accepted = 0;
    let mut rejected = 0;
    let mut written = 0;
    for (index, line) in VECTORS.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let row = parse_json(line).unwrap();
        let check = std::panic::catch_unwind(|| match row.as_array().unwrap() {
            [verb, text, value, rest @ ..] if *verb == "accept".into() => {
                accepts(text.as_str().unwrap(), &untag(value), rest.first());
                [1, 0, 0]
            }
            [verb, text, rest @ ..] if *verb == "reject".into() => {
                rejects(text.as_str().unwrap(), rest.first());
                [0, 1, 0]
            }
            [verb, value, text] => {
                writes(
                    verb.as_str().unwrap(),
                    &untag(value),
                    text.as_str().unwrap(),
                );
                [0, 0, 1]
            }
            _ => panic!("no such vector"),
        });
        let Ok(counts) = check else {
            panic!("line {} of the vectors: {line}", index + 1);
        };
        accepted += counts[0];
        rejected += counts[1];
        written += counts[2];
    }
    println!("{accepted} texts accepted, {rejected} rejected, {written} values written");
    assert_eq!((accepted, rejected, written), (272, 222, 83));
}

fn accepts(text: &str, expected: &Value, json: Option<&Value>) {
    let value = read_value(text, Limits::default()).unwrap();
    assert!(
        is_same(&value, expected),
        "{value:?} instead of {expected:?}"
    );
    let raw = RawValue::read(text, Limits::default()).unwrap();
    assert!(is_same(&raw.to_value(), expected));
    assert!(is_same(&raw.to::<Value>().unwrap(), expected));

    let mut visitor = Json::default();
    read(text, Limits::default(), &mut visitor).unwrap();
    match json {
        Some(Value::String(json)) => assert_eq!(visitor.text(), json),
        Some(_) => assert!(!visitor.is_exact()),
        None => assert!(json_can_say(expected) || !visitor.is_exact()),
    }
    if let Some(unmarked) = read_marked(text) {
        assert!(is_same(&unmarked, expected), "marked {unmarked:?}");
    }
    if visitor.is_exact() && json.is_none() {
        let value = parse_json(visitor.text()).unwrap();
        assert!(is_same(&value, expected), "as JSON {}", visitor.text());
    }
}

fn rejects(text: &str, expected: Option<&Value>) {
    let error = read_value(text, Limits::default()).unwrap_err();
    assert!(error.position <= text.len());
    if let Some(expected) = expected {
        assert_eq!(error.to_string(), expected.as_str().unwrap());
    }
    let mut visitor = Json::default();
    assert_eq!(
        read(text, Limits::default(), &mut visitor),
        Err(error.clone())
    );
    assert_eq!(RawValue::read(text, Limits::default()), Err(error));
}

fn writes(verb: &str, value: &Value, expected: &str) {
    let options = WriteOptions {
        non_finite: verb == "write-non-finite",
        ..WriteOptions::default()
    };
    let mut out = String::from("before");
    let result = write(value, &mut out, options);
    if verb == "refuse" {
        assert_eq!(result.unwrap_err().to_string(), expected);
        assert_eq!(out, "before");
        return;
    }
    result.unwrap();
    assert_eq!(out.strip_prefix("before").unwrap(), expected);
    out.truncate("before".len());
    put(value, &mut out, options).unwrap();
    assert_eq!(out.strip_prefix("before").unwrap(), expected);
    let read_back = read_value(expected, Limits::default()).unwrap();
    assert!(
        is_same(&read_back, &as_written(value)),
        "read back as {read_back:?}"
    );
}

/// Replaces what the vectors say with a `$` by what it stands for.
fn untag(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(untag).collect::<Vec<_>>().into(),
        Value::Object(object) => {
            let part = |name| object.get(name).unwrap().as_array().unwrap().iter();
            match object.get("$").and_then(Value::as_str) {
                Some("undefined") => Value::Undefined,
                Some("NaN") => Value::Number(f64::NAN),
                Some("Infinity") => Value::Number(f64::INFINITY),
                Some("-Infinity") => Value::Number(f64::NEG_INFINITY),
                Some("-0") => Value::Number(-0.0),
                Some("units") => {
                    let units = part("units").map(|unit| unit.as_f64().unwrap() as u16);
                    Value::String(String::from_utf16_lossy(&units.collect::<Vec<_>>()))
                }
                Some("entries") => {
                    let entries = part("entries").map(|entry| {
                        let [key, value] = entry.as_array().unwrap() else {
                            panic!("no entry")
                        };
                        (untag(key).as_str().unwrap().to_owned(), untag(value))
                    });
                    Value::Object(entries.collect())
                }
                Some(tag) => panic!("no such tag: {tag}"),
                None => Value::Object(object.iter().map(|(k, v)| (k, untag(v))).collect()),
            }
        }
        other => other.clone(),
    }
}

/// The value without what writing loses: members that are undefined, and the sign of zeros.
fn as_written(value: &Value) -> Value {
    match value {
        Value::Number(0.0) => Value::Number(0.0),
        Value::Array(elements) => elements.iter().map(as_written).collect::<Vec<_>>().into(),
        Value::Object(object) => {
            let members = object
                .iter()
                .filter(|(_, value)| **value != Value::Undefined);
            Value::Object(
                members
                    .map(|(key, value)| (key, as_written(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn json_can_say(value: &Value) -> bool {
    match value {
        Value::Undefined => false,
        Value::Number(number) => number.is_finite(),
        Value::Array(elements) => elements.iter().all(json_can_say),
        Value::Object(object) => object.iter().all(|(_, value)| json_can_say(value)),
        _ => true,
    }
}

#[test]
fn strings_and_keys_can_be_written_alone() {
    let mut out = String::new();
    write_string("it's\u{2028}", &mut out);
    write_key("bare", &mut out);
    write_key("not bare", &mut out);
    assert_eq!(out, "'it\\'s\\u2028'bare'not bare'");
}

#[test]
fn a_json_writer_serves_one_text_after_another() {
    let mut json = Json::with_capacity(4);
    for (text, expected, is_exact) in [
        (
            "[1,,'a long string that needs more room than there was']",
            None,
            false,
        ),
        ("{a:1,b:undefined}", Some("{\"a\":1}"), true),
        ("undefined", None, false),
        ("'\u{fc}'", Some("\"\u{fc}\""), true),
    ] {
        json.clear();
        read(text, Limits::default(), &mut json).unwrap();
        assert_eq!(json.is_exact(), is_exact, "{text}");
        if let Some(expected) = expected {
            assert_eq!(json.text(), expected);
        }
    }
    assert_eq!(json.into_string(), "\"\u{fc}\"");
    assert_eq!(Json::default().text(), "");
}

#[test]
fn objects_keep_the_order_in_which_keys_came() {
    let mut object = Object::new();
    for round in 0..2 {
        for index in (0..40).rev() {
            let old = object.insert(format!("k{index}"), Value::from(round * 100 + index));
            assert_eq!(old, (round == 1).then(|| Value::from(index)));
        }
    }
    assert_eq!(object.len(), 40);
    assert_eq!(object.keys().next(), Some("k39"));
    assert_eq!(object.remove("k39"), Some(Value::from(139)));
    assert_eq!(object.remove("k39"), None);
    assert_eq!(object.keys().next(), Some("k38"));
    *object.get_mut("k0").unwrap() = Value::Null;
    assert_eq!(object.get("k0"), Some(&Value::Null));
    assert!(object.contains_key("k1") && !object.contains_key("k40"));

    let reversed: Object = object
        .clone()
        .into_iter()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    assert_ne!(object.keys().next(), reversed.keys().next());
    assert_eq!(object, reversed);
}

#[test]
fn keys_that_are_numbers_have_javascripts_names() {
    for (text, in_short, name) in [
        ("10:", "10", "10"),
        ("0x10:", "0x10", "16"),
        ("9007199254740991:", "9007199254740991", "9007199254740991"),
        ("1.50:", "1.50", "1.5"),
        ("1e3:", "1e3", "1000"),
        ("0x20000000000001:", "0x20000000000001", "9007199254740992"),
        ("'0x10':", "0x10", "0x10"),
        ("NaN:", "NaN", "NaN"),
    ] {
        let key = Reader::new(text, Limits::default()).key().unwrap();
        assert_eq!((&*key.to_str(), &*key.to_name()), (in_short, name));
    }
}
