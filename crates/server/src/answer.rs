//! Answers: what a method returns, written while it is at hand.

use std::any::Any;

use jstp_proto::mdsf::{self, PutError, Value, WriteError, WriteErrorKind, WriteOptions};
use jstp_proto::results_head;
use serde::Serialize;

use crate::error::MethodError;

/// The message that answers a call with results.
#[derive(Debug)]
pub struct Answer {
    text: String,
    /// Why not every client can read it, if that is so.
    refusal: Option<WriteError>,
}

/// How a call ends.
pub(crate) type Ended = Result<Answer, MethodError>;

impl Answer {
    /// The answer to a call, as yet without results.
    pub(crate) fn to(id: i64) -> Self {
        Self {
            text: results_head(id),
            refusal: None,
        }
    }

    /// Writes the results: a tuple or a list, or `()` or null for none.
    pub(crate) fn results<T: Serialize + ?Sized>(mut self, results: &T) -> Ended {
        let start = self.text.len();
        self.write(|out, options| mdsf::put(results, out, options).map(drop))?;
        match &self.text[start..] {
            text if text.starts_with('[') || self.refusal.is_some() => Ok(self),
            "null" | "undefined" => Ok(self.without_results(start)),
            _ => {
                let why = "Results hold neither a tuple nor a list";
                Err(MethodError::internal(why))
            }
        }
    }

    /// Writes the one result there is.
    pub(crate) fn result<T: Serialize + 'static>(self, result: T) -> Ended {
        let start = self.text.len();
        let any: &dyn Any = &result;
        let answer = match any.downcast_ref::<Value>() {
            Some(value) => self.values(std::slice::from_ref(value))?,
            None if any.is::<()>() => self.results(&())?,
            None => self.results(&(result,))?,
        };
        Ok(match &answer.text[start..] {
            "[undefined]" => answer.without_results(start),
            _ => answer,
        })
    }

    /// Writes results that are values already.
    pub(crate) fn values(mut self, results: &[Value]) -> Ended {
        self.write(|out, options| {
            mdsf::write_array(results, out, options).map_err(PutError::Write)
        })?;
        Ok(self)
    }

    fn without_results(mut self, start: usize) -> Self {
        self.text.truncate(start);
        self.text.push_str("[]");
        self
    }

    fn write(
        &mut self,
        write: impl Fn(&mut String, WriteOptions) -> Result<(), PutError>,
    ) -> Result<(), MethodError> {
        let all = |non_finite| WriteOptions {
            non_finite,
            ..WriteOptions::default()
        };
        match write(&mut self.text, all(false)) {
            Ok(()) => Ok(()),
            Err(PutError::Value(error)) => Err(error.into()),
            // Some clients can read it all the same.
            Err(PutError::Write(refusal)) => {
                self.refusal = Some(match write(&mut self.text, all(true)) {
                    Err(PutError::Write(refusal)) => refusal,
                    _ => refusal,
                });
                Ok(())
            }
        }
    }

    /// The whole message, for a client that reads infinities and NaN or does not.
    pub(crate) fn into_text(mut self, non_finite: bool) -> Result<String, WriteError> {
        match self.refusal {
            Some(refusal)
                if !non_finite || matches!(refusal.kind(), WriteErrorKind::TooDeep { .. }) =>
            {
                Err(refusal)
            }
            _ => {
                self.text.push('}');
                Ok(self.text)
            }
        }
    }
}
