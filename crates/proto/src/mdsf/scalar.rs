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
    let (mut at, mut open) = (0, 0_u32);
    loop {
        match bytes.get(at) {
            Some(b'"') => at = text::read(json, at + 1, b'"').ok()?.1,
            Some(b'[' | b'{') => open += 1,
            None | Some(b',' | b']' | b'}') if open == 0 => break,
            Some(b']' | b'}') => open -= 1,
            None => return None,
            Some(_) => {}
        }
        at += 1;
    }
    let scalar = match bytes.first()? {
        _ if at == 0 => return None,
        b'"' => Scalar::Text(text::read(json, 1, b'"').ok()?.0),
        b'-' | b'0'..=b'9' => Scalar::Number(number::read(json, 0).ok()?.0),
        b't' => Scalar::True,
        b'f' | b'n' => Scalar::No,
        _ => Scalar::None,
    };
    Some((scalar, at))
}
