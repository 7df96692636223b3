//! The place of a value in what a page wants to send, as a page would write it: `args[0].price`.

use jstp_proto::decimal;

/// A path longer than this is told by its beginning.
const LONGEST: usize = 120;

/// A path under construction.
pub(super) struct Path(String);

impl Path {
    pub(super) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(super) fn index(&mut self, index: u32) {
        self.step(|path| {
            path.push('[');
            path.push_str(&decimal(index as i64));
            path.push(']');
        });
    }

    pub(super) fn member(&mut self, key: &str) {
        self.step(|path| {
            if is_identifier(key) {
                path.push('.');
                path.push_str(key);
            } else {
                let key: String = key
                    .chars()
                    .take(LONGEST)
                    .flat_map(char::escape_default)
                    .collect();
                path.push_str("[\"");
                path.push_str(&key);
                path.push_str("\"]");
            }
        });
    }

    /// One step further, unless the path has been cut already.
    fn step(&mut self, add: impl FnOnce(&mut String)) {
        if self.0.ends_with('…') {
            return;
        }
        let before = self.0.len();
        add(&mut self.0);
        if self.0.len() > LONGEST {
            self.0.truncate(before);
            self.0.push('…');
        }
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Close enough for a reader: the tables that tell letters beyond ASCII apart would weigh more than this.
fn is_identifier(key: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$' || !c.is_ascii();
    key.starts_with(starts) && key.chars().all(|c| starts(c) || c.is_ascii_digit())
}
