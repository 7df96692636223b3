//! Writes and reads MDSF for a test that has npm's `mdsf` do the same.
//!
//! - `mdsf write SEED COUNT`: generates values; each gives a line with the text we write for it, a tab,
//!   and a description of the value.
//! - `mdsf read`: for each line of standard input, a text, gives a line with the description of the value
//!   we read, or `{"error":"…"}`.
//!
//! A description is JSON: null, booleans, strings and arrays as they are, numbers as `{"n":"…"}` with the
//! 16 hexadecimal digits of their bits, undefined as `{"u":0}`, objects as `{"o":[[key, description]…]}`.

use std::error::Error;
use std::io::{self, BufRead, BufWriter, Write};

use jstp_proto::mdsf::{self, Limits, Object, Value, WriteOptions};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", seed, count] => write(seed.parse()?, count.parse()?),
        ["read"] => read(),
        _ => Err("usage: mdsf write SEED COUNT, or mdsf read".into()),
    }
}

fn write(seed: u64, count: u32) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut generator = Generator { state: seed };
    for _ in 0..count {
        let value = generator.value(0);
        let mut text = String::new();
        mdsf::write(&value, &mut text, WriteOptions::default())?;
        writeln!(out, "{text}\t{}", describe(&value))?;
    }
    Ok(out.flush()?)
}

fn read() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let description = match mdsf::read_value(&line?, Limits::default()) {
            Ok(value) => describe(&value),
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(out, "{description}")?;
    }
    Ok(out.flush()?)
}

fn describe(value: &Value) -> serde_json::Value {
    match value {
        Value::Undefined => json!({ "u": 0 }),
        Value::Null => json!(null),
        Value::Bool(value) => json!(value),
        Value::Number(number) => json!({ "n": format!("{:016x}", number.to_bits()) }),
        Value::String(text) => json!(text),
        Value::Array(elements) => elements.iter().map(describe).collect(),
        Value::Object(object) => {
            let members: Vec<_> = object
                .iter()
                .map(|(key, value)| json!([key, describe(value)]))
                .collect();
            json!({ "o": members })
        }
    }
}

/// The levels down to which arrays and objects are generated.
const DEPTH: u32 = 6;

/// Characters that some part of the syntax treats in a way of its own, or that take more than a byte.
const CHARACTERS: &[char] = &[
    '\0',
    '\u{1}',
    '\u{8}',
    '\t',
    '\n',
    '\u{b}',
    '\u{c}',
    '\r',
    '\u{1b}',
    '\u{1f}',
    ' ',
    '!',
    '"',
    '$',
    '\'',
    '*',
    '+',
    ',',
    '-',
    '.',
    '/',
    '0',
    '1',
    '9',
    ':',
    ';',
    'A',
    'E',
    'N',
    'Z',
    '[',
    '\\',
    ']',
    '_',
    '`',
    'a',
    'b',
    'n',
    'u',
    'x',
    'z',
    '{',
    '}',
    '~',
    '\u{7f}',
    '\u{85}',
    '\u{9f}',
    '\u{a0}',
    'é',
    'ÿ',
    'ж',
    '\u{200b}',
    '\u{200d}',
    '\u{2028}',
    '\u{2029}',
    '漢',
    '\u{d7ff}',
    '\u{e000}',
    '\u{feff}',
    '\u{fffd}',
    '\u{ffff}',
    '\u{10000}',
    '😀',
    '\u{10ffff}',
];

const KEYS: &[&str] = &[
    "",
    "a",
    "b",
    "ok",
    "error",
    "call",
    "null",
    "undefined",
    "NaN",
    "class",
    "$",
    "_",
    "a1",
    "1a",
    "0",
    "7",
    "10",
    "01",
    "-1",
    "1.5",
    "1e3",
    "4294967295",
    "a b",
    "it's",
    "\"",
    "\\",
    "é",
    "ключ",
    "漢",
    "😀",
    "\u{2028}",
    "\n",
    "constructor",
    "__proto__",
    "toString",
    "length",
];

const NUMBERS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    -0.001,
    1e-6,
    1e-7,
    123_456_789_012_345_680.0,
    1e20,
    1e21,
    -1e21,
    1e100,
    9_007_199_254_740_991.0,
    9_007_199_254_740_992.0,
    9_007_199_254_740_994.0,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
    2.225_073_858_507_201e-308,
    1.797_693_134_862_315_5e308,
    0.300_000_000_000_000_04,
];

/// Values from a seed: SplitMix64 decides everything.
struct Generator {
    state: u64,
}

impl Generator {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let last = choices.len() - 1;
        let place = usize::try_from(self.below(choices.len() as u64)).unwrap_or(last);
        choices[place]
    }

    fn value(&mut self, depth: u32) -> Value {
        let kinds = if depth < DEPTH { 12 } else { 8 };
        match self.below(kinds) {
            0 => Value::Undefined,
            1 => Value::Null,
            2 => Value::Bool(self.below(2) == 0),
            3 | 4 => Value::Number(self.number()),
            5..8 => Value::String(self.text()),
            8 | 9 => (0..self.below(6))
                .map(|_| self.value(depth + 1))
                .collect::<Vec<_>>()
                .into(),
            _ => self.object(depth).into(),
        }
    }

    fn object(&mut self, depth: u32) -> Object {
        let mut object = Object::new();
        for _ in 0..self.below(6) {
            let key = match self.below(3) {
                0 => self.text(),
                _ => self.one_of(KEYS).to_owned(),
            };
            object.insert(key, self.value(depth + 1));
        }
        object
    }

    fn text(&mut self) -> String {
        (0..self.below(12))
            .map(|_| match self.below(4) {
                0 => u32::try_from(self.below(0x11_0000))
                    .ok()
                    .and_then(char::from_u32)
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
                _ => self.one_of(CHARACTERS),
            })
            .collect()
    }

    fn number(&mut self) -> f64 {
        let number = match self.below(5) {
            0 => self.one_of(NUMBERS),
            1 => self.below(2000) as f64 - 1000.0,
            2 => (self.below(2_000_000) as f64 - 1_000_000.0) / 1000.0,
            3 => (self.next() >> 10) as f64,
            _ => f64::from_bits(self.next()),
        };
        // F has no spelling for the others (mdsf.md 4.3).
        if number.is_finite() { number } else { 0.5 }
    }
}
