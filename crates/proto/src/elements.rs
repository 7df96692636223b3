//! Elements: a scalar, or the first three elements of an array. Headers, session credentials and the
//! answers to handshakes consist of nothing else.

use crate::mdsf::{Key, Number, Scalar, Text, Visitor, scalar};

/// What a [`Format`](crate::Format) makes of a value where the core itself has to know it: what it hears, or
/// what stands in the JSON of somebody who has heard it.
#[derive(Debug, Default)]
pub struct Elements {
    pub(crate) is_array: bool,
    pub(crate) elements: [Element; 3],
    heard: usize,
    depth: u32,
}

/// One of them, as far as headers and handshakes need to know it.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Element {
    #[default]
    Undefined,
    /// `null`, `false` and `NaN`: values JavaScript takes for "no".
    Falsy,
    Integer(i64),
    Text(String),
    Other,
}

impl Element {
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Element::Undefined | Element::Falsy | Element::Integer(0) => false,
            Element::Text(text) => !text.is_empty(),
            Element::Integer(_) | Element::Other => true,
        }
    }
}

impl Elements {
    /// Those of a text that [`Json`](crate::mdsf::Json) wrote, and did not mark. What JSON cannot say is there what
    /// it wrote in its place, and integers are known in their plain spelling only.
    pub fn of_json(json: &str) -> Self {
        let mut elements = Self::default();
        let mut rest = json;
        if let Some(inside) = json.strip_prefix('[') {
            elements.is_array = true;
            rest = inside;
        }
        for slot in &mut elements.elements {
            let Some((value, end)) = scalar(rest) else {
                break;
            };
            *slot = Element::from(value);
            // The comma, the closing bracket, or the end.
            rest = rest.get(end + 1..).unwrap_or_default();
            if !elements.is_array {
                break;
            }
        }
        elements
    }
}

impl Elements {
    fn hear(&mut self, element: impl FnOnce() -> Element) {
        if self.depth == u32::from(self.is_array) {
            if let Some(slot) = self.elements.get_mut(self.heard) {
                *slot = element();
            }
            self.heard += 1;
        }
    }
}

impl Visitor for Elements {
    fn undefined(&mut self) {
        self.hear(|| Element::Undefined);
    }

    fn null(&mut self) {
        self.hear(|| Element::Falsy);
    }

    fn bool(&mut self, value: bool) {
        self.hear(|| {
            if value {
                Element::Other
            } else {
                Element::Falsy
            }
        });
    }

    fn number(&mut self, number: Number<'_>) {
        self.hear(|| number.into());
    }

    fn string(&mut self, text: Text<'_>) {
        self.hear(|| text.into());
    }

    fn begin_array(&mut self) {
        if self.depth == 0 {
            self.is_array = true;
        } else {
            self.hear(|| Element::Other);
        }
        self.depth += 1;
    }

    fn end_array(&mut self) {
        self.depth -= 1;
    }

    fn begin_object(&mut self) {
        self.hear(|| Element::Other);
        self.depth += 1;
    }

    fn key(&mut self, _: Key<'_>) {}

    fn end_object(&mut self) {
        self.depth -= 1;
    }
}

impl From<Number<'_>> for Element {
    /// However it is spelled: a number is a double (mdsf.md). Ids beyond 2^53 − 1 are not exact in JavaScript,
    /// so nobody can have meant them.
    fn from(number: Number<'_>) -> Self {
        match number.to_integer() {
            Some(integer) => Element::Integer(integer),
            None if number.is_nan() => Element::Falsy,
            None => Element::Other,
        }
    }
}

impl From<Text<'_>> for Element {
    fn from(text: Text<'_>) -> Self {
        Element::Text(text.to_str().into_owned())
    }
}

impl From<Scalar<'_>> for Element {
    /// A page takes integers in the one spelling that servers use: to know the others it would have to load
    /// the arithmetic of floats.
    fn from(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Text(text) => text.into(),
            Scalar::Number(number) => number.as_integer().map_or(Element::Other, Element::Integer),
            Scalar::No => Element::Falsy,
            Scalar::True | Scalar::None => Element::Other,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::mdsf::{self, Json, Limits};

    #[test]
    fn a_text_and_its_json_have_the_same_elements() {
        for text in [
            "5",
            "'id'",
            "'it\\'s \\u00e9 \\ud83d\\ude00 \\ud800'",
            "null",
            "true",
            "{a:[1,2]}",
            "[]",
            "[1]",
            "[-12,'chat','^1.2']",
            "[ 0 , '' , false ]",
            "[9007199254740991,-9007199254740991,9007199254740992]",
            "[[1,[']'],{a:'}'}],{},'third','fourth']",
            "[true,null,1.5]",
        ] {
            let mut heard = Elements::default();
            mdsf::read(text, Limits::default(), &mut heard).unwrap();
            let mut json = Json::default();
            mdsf::read(text, Limits::default(), &mut json).unwrap();
            let read = Elements::of_json(json.text());
            assert_eq!(read.elements, heard.elements, "{text}");
            assert_eq!(read.is_array, heard.is_array, "{text}");
        }
    }

    #[test]
    fn a_number_is_an_integer_however_it_is_spelled() {
        let read = |text: &str| {
            let mut heard = Elements::default();
            mdsf::read(text, Limits::default(), &mut heard).unwrap();
            let [element, ..] = heard.elements;
            element
        };
        for (spelled, integer) in [
            ("5.0", 5),
            ("5.", 5),
            ("+5", 5),
            (".5e1", 5),
            ("-1e3", -1000),
            ("1200e-2", 12),
            ("0x1F", 31),
            ("-0o17", -15),
            ("0b101", 5),
            ("0", 0),
            ("-0", 0),
            ("0.0", 0),
            ("-0x0", 0),
            ("0e400", 0),
            // As a double they are that.
            ("1e-400", 0),
            ("0.99999999999999999999", 1),
            ("9007199254740991.0", 9_007_199_254_740_991),
            ("-0x1fffffffffffff", -9_007_199_254_740_991),
        ] {
            let element = read(spelled);
            assert_eq!(element, Element::Integer(integer), "{spelled}");
            assert_eq!(element.is_truthy(), integer != 0, "{spelled}");
        }
        let long = format!("0x{}", "f".repeat(1000));
        for spelled in [
            "1.5",
            "1e-3",
            "9007199254740992",
            "9007199254740992.0",
            "0x20000000000000",
            "1e400",
            "-Infinity",
            &long,
        ] {
            let element = read(spelled);
            assert_eq!(element, Element::Other, "{spelled}");
            assert!(element.is_truthy(), "{spelled}");
        }
        for spelled in ["NaN", "-NaN"] {
            assert!(!read(spelled).is_truthy(), "{spelled}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_no_integer_and_no_text() {
        let mut json = Json::default();
        mdsf::read("[0x10,NaN,undefined]", Limits::default(), &mut json).unwrap();
        let elements = Elements::of_json(json.text()).elements;
        assert_eq!(elements, [Element::Other, Element::Other, Element::Falsy]);
    }
}
