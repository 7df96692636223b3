//! What holds for every text and every value.
#![allow(clippy::unwrap_used, clippy::panic)]

mod oracle;

use jstp_proto::mdsf::{
    Json, Key, Limits, Number, Object, PutError, RawValue, ReadError, Reader, Text, Value, Visitor,
    WriteOptions, put, read, read_value, write,
};
use oracle::{is_same, parse_json, read_marked};
use proptest::collection::vec;
use proptest::prelude::*;

/// Reads `text` as a value and to be kept as it is, which must agree.
fn read_raw(text: &str, limits: Limits) {
    let (raw, value) = match (RawValue::read(text, limits), read_value(text, limits)) {
        (Ok(raw), Ok(value)) => (raw, value),
        (raw, value) => return assert_eq!(raw.err(), value.err(), "{text}"),
    };
    assert!(is_same(&raw.to_value(), &value), "{text}");
    assert!(is_same(&raw.to::<Value>().unwrap(), &value), "{text}");
    assert_eq!(
        raw.elements(),
        value.as_array().map(<[Value]>::len),
        "{text}"
    );
    let options = WriteOptions {
        non_finite: true,
        ..Default::default()
    };
    let mut passed_on = String::new();
    let is_undefined = put(&raw, &mut passed_on, options).unwrap();
    assert_eq!(is_undefined, value == Value::Undefined);
    let back = read_value(&passed_on, Limits::default()).unwrap();
    assert!(
        is_same(&tidy(&back, false), &tidy(&value, false)),
        "{passed_on} for {text}"
    );
    assert_same_limit(&raw, &value);
    if let Some(elements) = value.as_array() {
        let parts: Vec<RawValue> = raw.to().unwrap();
        for (part, element) in parts.iter().zip(elements) {
            assert!(is_same(&part.to_value(), element), "{part:?} of {text}");
            assert_same_limit(part, element);
        }
    }
    let mut written = String::new();
    write(&value, &mut written, options).unwrap();
    passed_on.clear();
    put(&value, &mut passed_on, options).unwrap();
    assert_eq!(passed_on, written);
}

/// Whatever the limit on depth, a value that is kept as its text exceeds it where the value does.
fn assert_same_limit(raw: &RawValue, value: &Value) {
    let outer = |value: &Value| Value::Array(vec![Value::Array(vec![value.clone()])]);
    for depth in 0..12 {
        let options = WriteOptions {
            non_finite: true,
            depth,
            ..Default::default()
        };
        let mut out = String::new();
        let put = put(&[[raw]], &mut out, options).map(drop);
        let written = write(&outer(value), &mut String::new(), options);
        assert_eq!(put, written.map_err(PutError::Write), "{raw}");
        let limits = Limits {
            depth,
            ..Limits::default()
        };
        assert!(put.is_err() || read_value(&out, limits).is_ok(), "{out}");
    }
}

/// Reads `text` in every way, which must agree, and returns what they agree on.
fn read_every_way(text: &str) -> Result<Value, ReadError> {
    read_raw(text, Limits::default());
    let mut json = Json::default();
    let as_json = read(text, Limits::default(), &mut json);
    assert!(std::str::from_utf8(json.text().as_bytes()).is_ok());
    let value = match read_value(text, Limits::default()) {
        Ok(value) => value,
        Err(error) => {
            assert_eq!(as_json, Err(error.clone()));
            assert!(error.position <= text.len() && !error.to_string().is_empty());
            return Err(error);
        }
    };
    as_json.unwrap();
    if json.is_exact() {
        match parse_json(json.text()) {
            Ok(parsed) => assert!(is_same(&parsed, &value), "{} for {value:?}", json.text()),
            // JSON.parse makes an infinity of these.
            Err(error) => assert!(error.to_string().contains("number out of range"), "{error}"),
        }
    } else if let Some(unmarked) = read_marked(text) {
        assert!(is_same(&unmarked, &value), "{unmarked:?} for {value:?}");
    }
    Ok(value)
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        any::<i32>().prop_map(f64::from),
        (-(1_i64 << 53)..=1 << 53).prop_map(|integer| integer as f64),
        (any::<i32>(), -30..30).prop_map(|(digits, power)| f64::from(digits) * 10_f64.powi(power)),
        prop::sample::select(vec![
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            5e-324
        ]),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_$]{0,6}",
        "[ -~]{0,40}",
        "\\PC{0,12}",
        any::<String>(),
        "[\\x00-\\x20'\"\\\\\u{2028}\u{2029}a\u{e9}]{0,12}",
    ]
}

/// Any value of up to about so many parts; members may be undefined.
fn value(parts: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(Value::Number),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, parts, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::Array),
            vec((text(), inner), 0..14)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The value without its undefined members and, if asked, without the sign of zeros.
fn tidy(value: &Value, keep_signs: bool) -> Value {
    match value {
        Value::Number(0.0) if !keep_signs => Value::Number(0.0),
        Value::Array(elements) => Value::Array(
            elements
                .iter()
                .map(|element| tidy(element, keep_signs))
                .collect(),
        ),
        Value::Object(object) => {
            let defined = object
                .iter()
                .filter(|(_, value)| **value != Value::Undefined);
            Value::Object(
                defined
                    .map(|(key, value)| (key, tidy(value, keep_signs)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// Decisions about how to spell a value, taken from bytes that proptest can shrink to zeros.
struct Choices<'a> {
    bytes: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl Choices<'_> {
    fn below(&mut self, count: u8) -> u8 {
        self.bytes.next().map_or(0, |byte| byte % count)
    }

    fn of<T: Copy>(&mut self, options: &[T]) -> T {
        options[usize::from(self.below(options.len() as u8))]
    }

    fn blank(&mut self, out: &mut String) {
        out.push_str(self.of(&[
            "",
            "",
            "",
            "",
            "",
            " ",
            "\n",
            "\t\u{a0}",
            "/* , ] } */",
            "//'\n",
            "\u{2028}/**//*'*/ ",
        ]));
    }

    /// Writes `value` in one of the many ways MDSF has for it.
    fn spell(&mut self, value: &Value, out: &mut String) {
        match value {
            Value::Undefined => out.push_str("undefined"),
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => self.spell_number(*number, out),
            Value::String(text) => self.spell_string(text, out),
            Value::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    self.blank(out);
                    let is_left_out = *element == Value::Undefined && self.below(2) == 0;
                    if !is_left_out {
                        self.spell(element, out);
                        self.blank(out);
                    }
                    let is_last = index + 1 == elements.len();
                    if !is_last || is_left_out || self.below(4) == 0 {
                        out.push(',');
                    }
                }
                self.blank(out);
                out.push(']');
            }
            Value::Object(object) => {
                out.push('{');
                for (index, (key, value)) in object.iter().enumerate() {
                    self.blank(out);
                    // What comes later counts, and undefined never does.
                    if self.below(8) == 0 {
                        let earlier = if *value == Value::Undefined {
                            "undefined"
                        } else {
                            "{a:[0]}"
                        };
                        self.spell_key(key, out);
                        out.push(':');
                        out.push_str(earlier);
                        out.push(',');
                    }
                    self.spell_key(key, out);
                    self.blank(out);
                    out.push(':');
                    self.blank(out);
                    self.spell(value, out);
                    self.blank(out);
                    if index + 1 < object.len() || self.below(4) == 0 {
                        out.push(',');
                    }
                }
                self.blank(out);
                out.push('}');
            }
        }
    }

    fn spell_key(&mut self, key: &str, out: &mut String) {
        let is_word = key.chars().all(|c| c.is_ascii_lowercase()) && !key.is_empty();
        let is_index = key.parse().is_ok_and(|index: u32| index.to_string() == key);
        match self.below(4) {
            0 if is_word => key.chars().for_each(|c| self.spell_escape(c, out)),
            1 if is_index => out.push_str(&format!("0x{:x}", key.parse::<u32>().unwrap())),
            2 if is_index => out.push_str(&format!("{key}.0e0")),
            1..=3 if is_word || is_index => out.push_str(key),
            _ => self.spell_string(key, out),
        }
    }

    fn spell_number(&mut self, number: f64, out: &mut String) {
        let sign = if number.is_sign_negative() {
            "-"
        } else {
            self.of(&["", "", "+"])
        };
        if number.is_nan() {
            return out.push_str("NaN");
        }
        out.push_str(sign);
        let magnitude = number.abs();
        if magnitude.is_infinite() {
            return out.push_str(self.of(&["Infinity", "1e999"]));
        }
        let is_integer = magnitude.fract() == 0.0 && magnitude < 1e18;
        let plain = format!("{magnitude}");
        out.push_str(&match self.below(8) {
            0 if is_integer => format!("{:#x}", magnitude as u64),
            1 if is_integer => format!("{:#o}", magnitude as u64),
            2 if is_integer => format!("0B{:b}", magnitude as u64),
            3 if is_integer => format!("{plain}."),
            4 if is_integer => format!("{plain}.e+0"),
            3 if plain.starts_with("0.") => plain[1..].to_owned(),
            4 | 5 => format!("{magnitude:e}"),
            6 => format!("{magnitude:E}"),
            _ => plain,
        });
    }

    fn spell_string(&mut self, text: &str, out: &mut String) {
        let quote = self.of(&['\'', '\'', '"']);
        out.push(quote);
        for c in text.chars() {
            match c {
                _ if self.below(16) == 0 => self.spell_escape(c, out),
                _ if self.below(32) == 0 => {
                    out.push_str(self.of(&["\\\n", "\\\r\n", "\\\u{2029}"]));
                    self.spell_escape(c, out);
                }
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\\' => out.push_str("\\\\"),
                c if c == quote => {
                    out.push('\\');
                    out.push(c);
                }
                c => out.push(c),
            }
        }
        out.push(quote);
    }

    fn spell_escape(&mut self, c: char, out: &mut String) {
        let code = u32::from(c);
        if self.below(2) == 0 || (code > 0xffff && c.is_alphanumeric()) {
            out.push_str(&format!("\\u{{{code:0>9x}}}"));
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04X}"));
            }
        }
    }
}

fn spell(value: &Value, choices: &[u8]) -> String {
    let mut choices = Choices {
        bytes: choices.iter().cycle(),
    };
    let mut text = String::new();
    choices.blank(&mut text);
    choices.spell(value, &mut text);
    text
}

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "'",
    "\"",
    "\\",
    "/",
    "//",
    "/*",
    "*/",
    "\n",
    "\r",
    " ",
    "a",
    "b:",
    "'c':",
    "1",
    "0",
    "-",
    "+",
    ".",
    "e",
    "0x",
    "0b1",
    "1.5",
    "1e9",
    "NaN",
    "Infinity",
    "null",
    "true",
    "false",
    "undefined",
    "\\u",
    "\\u0041",
    "\\u{",
    "\\ud83d",
    "\\ude00",
    "\\x41",
    "\\n",
    "\\0",
    "\u{2028}",
    "\u{feff}",
    "é",
    "名",
    "😀",
    "__proto__",
    "\0",
    "'text'",
    "{a:1}",
    "[,]",
    "''",
    "12345678901234567890",
    "long enough to be two words",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = read_every_way(&text);
    }

    #[test]
    fn any_bytes_that_are_text_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read_every_way(&String::from_utf8_lossy(&bytes));
        let ascii: String = bytes.iter().map(|byte| char::from(byte & 0x7f)).collect();
        let _ = read_every_way(&ascii);
        let _ = read_every_way(&format!("['{ascii}']"));
        let _ = read_every_way(&format!("{{{ascii}:1}}"));
    }

    #[test]
    fn any_tokens_are_read_or_refused(tokens in vec(prop::sample::select(TOKENS), 0..24)) {
        read_raw(&tokens.concat(), Limits { depth: 3, values: 5 });
        let text = tokens.concat();
        let _ = read_every_way(&text);
        let _ = read_every_way(&format!("[{text}]"));
        let _ = read_every_way(&format!("{{a:{text}}}"));
        let _ = read_every_way(&format!("'{text}'"));
    }

    #[test]
    fn a_text_with_an_error_put_in_is_read_or_refused(
        value in value(60),
        choices in vec(any::<u8>(), 1..60),
        token in prop::sample::select(TOKENS),
        place in any::<prop::sample::Index>(),
        is_replaced in any::<bool>(),
    ) {
        let mut text = spell(&value, &choices);
        let places: Vec<_> = text.char_indices().map(|(at, c)| (at, at + c.len_utf8())).collect();
        let (start, end) = places[place.index(places.len())];
        text.replace_range(start..if is_replaced { end } else { start }, token);
        let _ = read_every_way(&text);
    }

    #[test]
    fn every_spelling_gives_the_value(value in value(60), choices in vec(any::<u8>(), 1..60)) {
        let text = spell(&value, &choices);
        let read = read_every_way(&text).map_err(|error| {
            TestCaseError::fail(format!("{error} in {text}"))
        })?;
        prop_assert!(is_same(&read, &tidy(&value, true)), "{text} as {read:?}");
    }

    #[test]
    fn what_is_written_is_read_back(value in value(60)) {
        let mut text = String::new();
        write(&value, &mut text, WriteOptions { non_finite: true, ..Default::default() }).unwrap();
        let read = read_every_way(&text).unwrap();
        prop_assert!(is_same(&read, &tidy(&value, false)), "{text} as {read:?}");

        // What was read is written as it stood.
        let mut again = String::new();
        write(&read, &mut again, WriteOptions { non_finite: true, ..Default::default() }).unwrap();
        prop_assert_eq!(again, text);
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them(number in number()) {
        let number = if number.is_finite() { number } else { f64::MAX };
        let mut text = String::new();
        write(&Value::Number(number), &mut text, WriteOptions::default()).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap(), number);
        // The digits are the fewest that do, which Rust's are as well; the rest is a matter of form.
        let digits = |text: &str| {
            let mantissa = text.split('e').next().unwrap().replace(['.', '-'], "");
            mantissa.trim_matches('0').to_owned()
        };
        prop_assert_eq!(digits(&text), digits(&format!("{number:e}")));
        let magnitude = number.abs();
        let is_plain = magnitude == 0.0 || (1e-6..1e21).contains(&magnitude);
        prop_assert_eq!(is_plain, !text.contains('e'), "{}", text);
        let mantissa = text.split('e').next().unwrap();
        prop_assert!(!mantissa.contains('.') || !mantissa.ends_with(['0', '.']), "{}", text);
    }

    #[test]
    fn a_truncated_text_is_refused(value in value(6), choices in vec(any::<u8>(), 1..60)) {
        let text = spell(&value, &choices);
        let begins = text.len() - skipped(&text).len();
        for (end, _) in text.char_indices() {
            let is_number = matches!(value, Value::Number(_)) && end > begins && is_number(&text[begins..end]);
            prop_assert_eq!(read_every_way(&text[..end]).is_ok(), is_number, "{}", &text[..end]);
        }
    }

    #[test]
    fn a_truncated_end_is_refused_only_inside_a_block_comment(
        tail in vec(prop::sample::select(vec![" ", "\n", "\u{3000}", "/* a */", "/**/", "// b\n"]), 0..6),
    ) {
        let mut text = String::from("{a:1}");
        let mut is_whole = vec![false; text.len()];
        is_whole.push(true);
        for piece in tail {
            for (index, _) in piece.char_indices().skip(1) {
                is_whole.resize(text.len() + index, false);
                is_whole.push(index > 1 && piece.starts_with("//"));
            }
            text.push_str(piece);
            is_whole.resize(text.len(), false);
            is_whole.push(true);
        }
        for (end, _) in text.char_indices().chain([(text.len(), ' ')]) {
            prop_assert_eq!(read_every_way(&text[..end]).is_ok(), is_whole[end], "{}", &text[..end]);
        }
    }

    #[test]
    fn a_visitor_hears_everything_in_pairs(tokens in vec(prop::sample::select(TOKENS), 0..24)) {
        let mut pairs = Pairs::default();
        let text = format!("[{}]", tokens.concat());
        let result = Reader::new(&text, Limits::default()).value(&mut pairs);
        prop_assert_eq!(pairs.open.is_empty(), result.is_ok());
    }
}

/// What follows the blanks and comments that a spelling begins with.
fn skipped(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace());
        rest = if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").unwrap().1
        } else if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').unwrap().1
        } else {
            return rest;
        };
    }
}

/// Whether a part of a number's spelling is one itself, written down from the grammar.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let "NaN" | "Infinity" = text {
        return true;
    }
    if let Some(("0", digits)) = text.split_at_checked(1)
        && digits.starts_with(['x', 'o', 'B'])
    {
        return digits.len() > 1;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    is_exponent
        && is_digits(whole)
        && is_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
}

/// Checks that what begins ends, and that keys stand only where they may.
#[derive(Default)]
struct Pairs {
    open: Vec<Inside>,
}

#[derive(Debug, PartialEq)]
enum Inside {
    Array,
    Object,
    Member,
}

impl Pairs {
    fn hear_value(&mut self) {
        match self.open.last() {
            Some(Inside::Member) => drop(self.open.pop()),
            Some(Inside::Object) => panic!("a value without a key"),
            Some(Inside::Array) | None => {}
        }
    }
}

impl Visitor for Pairs {
    fn undefined(&mut self) {
        self.hear_value();
    }

    fn null(&mut self) {
        self.hear_value();
    }

    fn bool(&mut self, _: bool) {
        self.hear_value();
    }

    fn number(&mut self, number: Number<'_>) {
        assert!(number.raw().len() < 64 || number.to_f64() > 0.0);
        self.hear_value();
    }

    fn string(&mut self, text: Text<'_>) {
        let mut json = Json::default();
        json.string(text);
        let parsed = parse_json(json.text()).unwrap();
        assert_eq!(parsed.as_str(), Some(&*text.to_str()));
        assert!(text.as_plain().is_none_or(|plain| plain == text.to_str()));
        self.hear_value();
    }

    fn begin_array(&mut self) {
        self.hear_value();
        self.open.push(Inside::Array);
    }

    fn end_array(&mut self) {
        assert_eq!(self.open.pop(), Some(Inside::Array));
    }

    fn begin_object(&mut self) {
        self.hear_value();
        self.open.push(Inside::Object);
    }

    fn key(&mut self, key: Key<'_>) {
        assert_eq!(self.open.last(), Some(&Inside::Object));
        assert!(matches!(key, Key::Number(_)) || key.to_str() == key.to_name());
        self.open.push(Inside::Member);
    }

    fn end_object(&mut self) {
        assert_eq!(self.open.pop(), Some(Inside::Object));
    }
}

/// The standard has no such list; these figures are those of ICU for Unicode 17.
#[test]
fn bare_keys_are_made_of_the_characters_unicode_says() {
    let is_key = |text: &str, key: &str| {
        let mut reader = Reader::new(text, Limits::default());
        reader.key().is_ok_and(|found| found.to_str() == key)
    };
    let (mut starts, mut only_continues, mut hash) = (0, 0, 0_u32);
    for c in '\u{80}'..=char::MAX {
        let class = if is_key(&format!("{c}:"), &format!("{c}")) {
            starts += 1;
            2
        } else if is_key(&format!("a{c}:"), &format!("a{c}")) {
            only_continues += 1;
            1
        } else {
            0
        };
        hash = hash.wrapping_mul(31).wrapping_add(class);
    }
    assert_eq!(
        (starts, only_continues, hash),
        (145_864, 3_313, 2_313_360_819)
    );
}

#[test]
fn objects_of_any_size_are_the_same_either_way() {
    for count in [0, 1, 11, 12, 13, 14, 40] {
        let object: Object = (0..count)
            .map(|n| (format!("k{}", n * 7 % 41), Value::from(n)))
            .collect();
        let mut text = String::new();
        write(
            &Value::Object(object.clone()),
            &mut text,
            WriteOptions::default(),
        )
        .unwrap();
        let read = read_every_way(&text).unwrap();
        assert!(is_same(&read, &Value::Object(object)), "{text}");
    }
}
