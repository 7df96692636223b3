//! A value of the JSON text that [`Json`](super::Json) writes, as far as it is a scalar.

use super::number::{self, Number};
use super::text::{self, Text};

/// What stands at the beginning of a text.
pub(crate) enum Scalar<'t> {
    Text(Text<'t>),
    Number(Number<'t>),
    True,
    /// `false` or `null`.
    No,
    /// An array or an object.
    None,
}

/// Reads the value at the beginning of the text, which ends after it or goes on with a comma or a closing
/// bracket. Returns where it ends, and nothing where no value stands.
pub(crate) fn scalar(json: &str) -> Option<(Scalar<'_>, usize)> {
    let bytes = json.as_bytes();
    Some(match bytes.first()? {
        b'"' => {
            let (text, end) = text::read(json, 1, b'"').ok()?;
            (Scalar::Text(text), end + 1)
        }
        b'-' | b'0'..=b'9' => {
            let (number, end) = number::read(json, 0).ok()?;
            (Scalar::Number(number), end)
        }
        b't' => (Scalar::True, 4),
        b'f' => (Scalar::No, 5),
        b'n' => (Scalar::No, 4),
        b'[' | b'{' => (Scalar::None, nested(json)?),
        _ => return None,
    })
}

/// Where the array or object ends that the text begins with.
fn nested(json: &str) -> Option<usize> {
    let bytes = json.as_bytes();
    let (mut at, mut open) = (0, 0_u32);
    loop {
        match bytes.get(at)? {
            b'"' => at = text::read(json, at + 1, b'"').ok()?.1,
            b'[' | b'{' => open += 1,
            b']' | b'}' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return Some(at);
        }
    }
}
