//! Versions and ranges by npm's rules. That npm agrees is for `pkg-tests/oracle/semver.test.mjs`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use jstp_version::{AppName, EmptyAppName, Range, Requested, Version, parse_version};
use proptest::prelude::*;

const STORED: [&str; 12] = [
    "0.0.3",
    "0.1.2",
    "1.0.0",
    "1.0.1",
    "1.1.0",
    "1.2.3",
    "1.10.0",
    "2.0.0-beta.1",
    "2.0.0-beta.2",
    "2.0.0",
    "2.1.0-rc.1",
    "3.0.0-alpha",
];

/// The table of protocol.md 5.3; ranges that npm does not read pick nothing either.
const PICKS: &[(&[&str], Option<&str>)] = &[
    (&[""], Some("3.0.0-alpha")),
    (&["1", "^1.1", "v1"], Some("1.10.0")),
    (&["1 - 1"], Some("1.10.0")),
    (&[">=1.2.3 <1.5"], Some("1.2.3")),
    (&["^0.1", "0.x", "^0"], Some("0.1.2")),
    (&["=1.0.0", "= 1.0.0"], Some("1.0.0")),
    (&["<=1.0"], Some("1.0.1")),
    (&["*", "x", ">1.0.0"], Some("2.0.0")),
    (&["1.0", "~1.0", "~>1.0"], Some("1.0.1")),
    (&["1.0.0 - 1.2.0"], Some("1.1.0")),
    (&["<1 || >=2"], Some("2.0.0")),
    (&["^0.0", "^0.0.3", "~0.0.1"], Some("0.0.3")),
    (&[">1", ">1.0", ">=1.x"], Some("2.0.0")),
    (&["1.2.3 || ", "||"], Some("2.0.0")),
    (&[">=2.0.0-beta"], Some("2.0.0")),
    (&[">2.0.0-beta.1 <2.0.0"], Some("2.0.0-beta.2")),
    (&["^2.1.0-rc"], Some("2.1.0-rc.1")),
    (&[">=3.0.0-0"], Some("3.0.0-alpha")),
    (&["3", "3.x", ">=3", "2.1"], None),
    (&["2.0.0-beta", "9999"], None),
    (&["1 || foo", ">=1,<2", "==1.0.0"], None),
];

fn pick<'a>(requested: &str, stored: &[&'a str]) -> Option<&'a str> {
    let requested = Requested::parse(Some(requested)).ok()?;
    let versions: Vec<Version> = stored.iter().map(|v| parse_version(v).unwrap()).collect();
    requested.pick(versions.iter().zip(stored.iter().copied()))
}

fn range(text: &str) -> Range {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

fn matches(text: &str, version: &str) -> bool {
    range(text).matches(&parse_version(version).unwrap())
}

#[test]
fn the_protocols_table_of_ranges() {
    let reversed: Vec<_> = STORED.into_iter().rev().collect();
    for (ranges, picked) in PICKS {
        for range in *ranges {
            assert_eq!(pick(range, &STORED), *picked, "`{range}`");
            assert_eq!(pick(range, &reversed), *picked, "`{range}`, greatest first");
        }
    }
}

#[test]
fn every_version_is_found_by_its_own_text() {
    for version in STORED {
        assert_eq!(pick(version, &STORED), Some(version));
    }
}

#[test]
fn a_word_is_not_a_range() {
    for word in [
        "latest",
        "foo",
        "1 || foo",
        ">=1,<2",
        "==1.0.0",
        "1.2.3.4",
        "01",
        "> = 1",
        "~",
        "1 - 2 - 3",
        "^^1",
        "|",
    ] {
        let error = word.parse::<Range>().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("`{word}` is not a version range: ")),
            "{error}"
        );
    }
}

#[test]
fn nothing_requested_is_the_latest() {
    let version = parse_version("1.0.0").unwrap();
    for nothing in [None, Some("")] {
        let requested = Requested::parse(nothing).unwrap();
        assert!(matches!(requested, Requested::Latest));
        assert_eq!(requested.pick([(&version, 7)].into_iter()), Some(7));
        assert_eq!(requested.pick([].into_iter()), None::<i32>);
    }
}

#[test]
fn a_complete_version_is_compared_by_value() {
    assert_eq!(pick("v1.0.0", &["0.9.0", "1.0.0", "1.0.1"]), Some("1.0.0"));
    assert_eq!(pick("1.0.0", &["v1.0.0"]), Some("v1.0.0"));
    assert_eq!(pick("1.0.0+b", &["1.0.0+a", "1.0.0"]), Some("1.0.0+a"));
    assert_eq!(
        pick("1.0.0-rc.1", &["1.0.0-rc.1", "1.0.0"]),
        Some("1.0.0-rc.1")
    );
    assert_eq!(pick("1.0.0", &["1.0.0-rc.1"]), None);
}

#[test]
fn only_a_complete_version_is_complete() {
    let complete = |text| Requested::parse(text).unwrap().is_complete();
    assert!(complete(Some("1.2.3")));
    assert!(complete(Some("v1.2.3-beta+build")));
    assert!(!complete(None));
    for text in ["", "1", "1.2.x", "=1.2.3", " 1.2.3", "^1.2.3", "*"] {
        assert!(!complete(Some(text)), "`{text}`");
    }
}

#[test]
fn of_equal_versions_the_first_is_picked() {
    assert_eq!(pick("1", &["1.0.0+b", "1.0.0+a", "1.0.0"]), Some("1.0.0+b"));
    assert_eq!(pick("", &["1.0.0+b", "1.0.0+a", "1.0.0"]), Some("1.0.0+b"));
}

#[test]
fn a_prerelease_needs_a_comparator_of_the_same_release() {
    assert!(matches(">=1.2.3-alpha", "1.2.3-beta"));
    assert!(!matches(">=1.2.3-alpha", "1.2.4-beta"));
    assert!(matches(">=1.2.3-alpha", "1.2.4"));
    assert!(!matches("*", "1.2.3-beta"));
    assert!(!matches("1.2.3-alpha || >=1.0.0", "1.2.3-beta"));
    assert!(matches("<=1.2.3-beta", "1.2.3-alpha"));
}

#[test]
fn nothing_is_beyond_everything() {
    for version in ["0.0.0-0", "0.0.0", "1.2.3", "9007199254740991.0.0"] {
        assert!(!matches(">*", version) && !matches("<x", version));
        assert!(matches(">=*", "0.0.0") && matches("<=X", "1.0.0"));
    }
}

#[test]
fn numbers_end_where_npms_end() {
    assert!(matches("9007199254740991.0.0", "9007199254740991.0.0"));
    for text in [
        "9007199254740992.0.0",
        "^9007199254740991.0.0",
        "~1.9007199254740991",
        "18446744073709551616.0.0",
        "1.99999999999999999999999999",
    ] {
        let error = text.parse::<Range>().unwrap_err().to_string();
        assert!(
            error.contains("needs a number above 9007199254740991"),
            "{error}"
        );
    }
    // What comes after an x is not looked at.
    assert!(matches("1.x.99999999999999999999999999", "1.5.0"));
    assert!(parse_version("9007199254740991.0.0").is_ok());
    assert!(parse_version("9007199254740992.0.0").is_err());
}

#[test]
fn lengths_end_where_npms_end() {
    let version = |length: usize| format!("1.0.0-{}", "a".repeat(length - 6));
    assert!(parse_version(&version(256)).is_ok());
    assert!(parse_version(&version(257)).is_err());
    assert!(format!(">={}", version(256)).parse::<Range>().is_ok());
    let two = format!("1.0.0-{}.{}", "a".repeat(125), "b".repeat(125));
    let error = format!("^{two}").parse::<Range>().unwrap_err().to_string();
    assert!(error.contains("longer than 256 characters"), "{error}");
    let error = "1 "
        .repeat(40_000)
        .parse::<Range>()
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("longer than 65536 bytes") && error.len() < 200,
        "{error}"
    );
}

#[test]
fn errors_name_the_part_that_is_wrong() {
    let error = |text: &str| text.parse::<Range>().unwrap_err().to_string();
    assert_eq!(
        error("1 || foo"),
        "`1 || foo` is not a version range: `foo` is not a comparator"
    );
    assert_eq!(
        error("1 - b"),
        "`1 - b` is not a version range: `b` is not a comparator"
    );
    assert_eq!(
        parse_version("1.2").unwrap_err().to_string(),
        "`1.2` is not a version: unexpected end of input while parsing minor version number",
    );
    assert_eq!(
        parse_version("9007199254740992.0.0")
            .unwrap_err()
            .to_string(),
        "`9007199254740992.0.0` is not a version: it has a number above 9007199254740991",
    );
}

#[test]
fn an_application_may_be_named_with_a_range() {
    let split = |text| {
        AppName::parse(text).map(|app| (app.name().to_owned(), app.range().map(str::to_owned)))
    };
    let app = |name: &str, range: Option<&str>| Ok((name.to_owned(), range.map(str::to_owned)));
    assert_eq!(split("app"), app("app", None));
    assert_eq!(split("app@"), app("app", None));
    assert_eq!(split("app@^1.0 || 2"), app("app", Some("^1.0 || 2")));
    assert_eq!(split("a@b@1"), app("a@b", Some("1")));
    assert_eq!(split("@scope/app"), app("@scope/app", None));
    assert_eq!(split("@scope/app@1"), app("@scope/app", Some("1")));
    assert_eq!(split("@"), app("@", None));
    assert_eq!(split("@@1"), app("@", Some("1")));
    assert_eq!(split(""), Err(EmptyAppName));
}

#[test]
fn the_longest_range_is_read_in_no_time() {
    let started = Instant::now();
    for unit in [
        "0", "0.", "0.0", "1.0", "9", "1", "v", "=", "v ", "= ", "~ ", "^", "*", "-", " - ", "|",
        "||", "1 ", "1.2.3-", "1.2.3-0", "a.", "+", "> ", "x.", "\u{a0}",
    ] {
        for lead in ["", "1.2.3-", "1.2.3+", "~"] {
            let text: String = lead
                .chars()
                .chain(unit.repeat(65_536 / unit.len()).chars())
                .take(65_536)
                .collect();
            let _: bool = text.parse::<Range>().is_ok();
        }
    }
    // About a hundred of the longest there are; quadratic work would take minutes.
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

/// Texts made of what ranges are made of, so that many of them are ranges or nearly so.
fn rangelike() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "10",
        "x",
        "*",
        ".",
        ".",
        "-",
        " - ",
        "||",
        " ",
        "^",
        "~",
        "~>",
        ">",
        "<",
        "=",
        ">=",
        "v",
        "1.2.3",
        "1.2",
        "-beta",
        ".1",
        "+b",
        "9007199254740991",
        "é",
        "\u{feff}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in "(?s).*") {
        let _: bool = Requested::parse(Some(&text)).is_ok_and(|r| r.is_complete());
        let _: bool = AppName::parse(&text).is_ok();
    }

    #[test]
    fn a_range_is_valid_when_it_can_be_read(text in rangelike()) {
        prop_assert_eq!(Range::is_valid(&text), text.parse::<Range>().is_ok(), "{}", text);
    }

    #[test]
    fn no_range_panics(text in rangelike(), version in rangelike()) {
        if let (Ok(requested), Ok(version)) = (Requested::parse(Some(&text)), parse_version(&version)) {
            let picked = requested.pick([(&version, ())].into_iter());
            if let Ok(range) = text.parse::<Range>() && !requested.is_complete() && !text.is_empty() {
                prop_assert_eq!(picked.is_some(), range.matches(&version));
            }
        }
    }

    #[test]
    fn alternatives_are_a_union(a in rangelike(), b in rangelike(), version in 0..STORED.len()) {
        let version = STORED[version];
        if let (Ok(first), Ok(second)) = (a.parse::<Range>(), b.parse::<Range>()) {
            let version = parse_version(version).unwrap();
            prop_assert_eq!(
                range(&format!("{a}||{b}")).matches(&version),
                first.matches(&version) || second.matches(&version)
            );
        }
    }
}
