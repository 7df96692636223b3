//! Ordinary text takes a shorter way to JSON than the rest: both lead to the same place.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use jstp_proto::mdsf::{self, Json, Limits, ReadError};

const TEXT: &str = "[{id:1000,name:'Order number 0',tags:['red','fast',[]],score:-0.5,ok:true,no:false,\
    none:null,owner:{id:0,login_2:\"it's\",note:'',$:{}},a_name_of_more_than_sixteen:1,long:'as long as it takes \
    to be copied in several pieces: ж — 😀'},[[1,22],[[-0]],'x'],12345678901234567890.5,'a\\nb',u,1e5,{1:2,'q':3},\
    07,{a:01},{a:1.},{a:-},tru,{a:truex},{a b:1}]";

fn json(text: &str, limits: Limits) -> Result<String, ReadError> {
    let mut json = Json::with_capacity(text.len() * 2);
    mdsf::read(text, limits, &mut json)?;
    Ok(json.into_string())
}

fn value(text: &str, limits: Limits) -> Result<(), ReadError> {
    let mut reader = mdsf::ValueReader::default();
    mdsf::read(text, limits, &mut reader)
}

/// The text with a blank before each separator, bracket and colon: nothing ordinary is left.
fn with_blanks(text: &str) -> String {
    let mut quote = None;
    let mut out = String::new();
    for c in text.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, ',' | ':' | '[' | ']' | '{' | '}') => out.push(' '),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// The good elements of `TEXT`, each with what follows it in an array.
fn good() -> String {
    TEXT.replace(",u,", ",")
        .split(",07")
        .next()
        .unwrap()
        .to_owned()
        + "]"
}

#[test]
fn blanks_make_no_difference() {
    let text = good();
    let wanted = json(&with_blanks(&text), Limits::default()).unwrap();
    assert_eq!(json(&text, Limits::default()).unwrap(), wanted);
    // Far from the end of the text, and right before it.
    for beyond in 0..80 {
        let text = format!("{text}{}", " ".repeat(beyond));
        assert_eq!(json(&text, Limits::default()).unwrap(), wanted, "{beyond}");
    }
    let mut kept = Json::default();
    for _ in 0..2 {
        kept.clear();
        mdsf::read(&text, Limits::default(), &mut kept).unwrap();
        assert_eq!(kept.text(), wanted);
    }
}

#[test]
fn what_is_refused_is_refused_at_the_same_place() {
    let pad = " ".repeat(80);
    for end in (0..TEXT.len()).filter(|end| TEXT.is_char_boundary(*end)) {
        for text in [TEXT[..end].to_owned(), format!("{}{pad}", &TEXT[..end])] {
            let ours = json(&text, Limits::default()).map(drop);
            assert_eq!(ours, value(&text, Limits::default()), "{text}");
        }
    }
    for bad in [
        "07",
        "{a:01}",
        "{a:1.5.}",
        "{a:-}",
        "tru",
        "{a:truex}",
        "{a b:1}",
        "{a:'\n'}",
        "{1a:1}",
        "{:1}",
    ] {
        let text = format!("[{bad},'{}']", "x".repeat(80));
        let ours = json(&text, Limits::default()).map(drop);
        assert!(ours.is_err(), "{text}");
        assert_eq!(ours, value(&text, Limits::default()), "{text}");
    }
}

#[test]
fn one_wrong_character_is_refused_at_the_same_place() {
    let text = good();
    for (at, c) in text.char_indices() {
        for wrong in [
            "", "'", "\"", ",", ":", "[", "]", "{", "}", "1", "t", "\\", " ",
        ] {
            for with in [wrong.to_owned(), format!("{c}{wrong}")] {
                let mut text = text.clone();
                text.replace_range(at..at + c.len_utf8(), &with);
                for pad in [0, 40, 80] {
                    let text = format!("{text}{:pad$}", "");
                    let ours = json(&text, Limits::default()).map(drop);
                    assert_eq!(ours, value(&text, Limits::default()), "{text}");
                }
            }
        }
    }
}

#[test]
fn values_side_by_side_are_refused_wherever_the_text_ends() {
    let values = ["'text'", "\"text\"", "{a:1}", "[1]", "null", "{}"];
    for (left, right) in values
        .iter()
        .flat_map(|left| values.map(|right| (left, right)))
    {
        for beyond in 0..100 {
            let text = format!("[0,{left}{right},'{}']", "x".repeat(beyond));
            let ours = json(&text, Limits::default()).map(drop);
            assert!(ours.is_err(), "{text}");
            assert_eq!(ours, value(&text, Limits::default()), "{text}");
        }
    }
}

#[test]
fn limits_are_kept() {
    let text = good();
    for limit in 0..60 {
        for limits in [
            Limits {
                values: limit,
                ..Limits::default()
            },
            Limits {
                depth: limit,
                ..Limits::default()
            },
        ] {
            assert_eq!(
                json(&text, limits).map(drop),
                value(&text, limits),
                "{limits:?}"
            );
        }
    }
}
