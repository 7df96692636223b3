//! Elements: a scalar, or the first three elements of an array. Headers, session credentials and the
//! answers to handshakes consist of nothing else.

use crate::mdsf::{Scalar, Value, scalar};

/// Ids beyond this are not exact in JavaScript, so nobody can have meant them.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// What a [`Format`](crate::Format) makes of a value where the core itself has to know it.
#[derive(Debug, Default, PartialEq)]
pub struct Elements {
    pub(crate) is_array: bool,
    pub(crate) elements: [Element; 3],
}

/// One of them, as far as headers and handshakes need to know it.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Element {
    #[default]
    Undefined,
    /// `null`, `false`, NaN: values JavaScript takes for "no".
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
    /// Those of a value.
    pub fn of_value(value: Value) -> Self {
        let mut elements = Self::default();
        match value {
            Value::Array(values) => {
                elements.is_array = true;
                for (slot, value) in elements.elements.iter_mut().zip(values) {
                    *slot = Element::from(value);
                }
            }
            value => elements.elements[0] = Element::from(value),
        }
        elements
    }

    /// Those of a text that [`Json`](crate::mdsf::Json) wrote, and did not mark. What JSON cannot say is there what
    /// it wrote in its place.
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

impl From<Value> for Element {
    fn from(value: Value) -> Self {
        match value {
            Value::Undefined => Element::Undefined,
            Value::Null | Value::Bool(false) => Element::Falsy,
            Value::Number(number) if number.is_nan() => Element::Falsy,
            Value::Number(number) if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER => {
                Element::Integer(number as i64)
            }
            Value::String(text) => Element::Text(text),
            _ => Element::Other,
        }
    }
}

impl From<Scalar<'_>> for Element {
    fn from(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Text(text) => Element::Text(text.to_str().into_owned()),
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
    fn a_value_and_its_json_have_the_same_elements() {
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
            let value = mdsf::read_value(text, Limits::default()).unwrap();
            let mut json = Json::default();
            mdsf::read(text, Limits::default(), &mut json).unwrap();
            let elements = Elements::of_json(json.text());
            assert_eq!(elements, Elements::of_value(value), "{text}");
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
