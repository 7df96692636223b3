//! The stored form of a session, upstream's own (protocol.md 4.7).

use jstp_proto::SessionParts;
use jstp_proto::mdsf::{self, Limits, Value};
use serde::{Deserialize, Serialize};

use crate::storage::StorageError;

/// A session as a storage provider keeps it. Ids are absolute.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSession {
    /// The id made by the server: whoever knows it can resume the session.
    pub id: String,
    /// The application it belongs to. Upstream's form has no place for it, so that it has to be kept
    /// beside (Q16, Q18).
    pub application: String,
    /// Who the client is, if it said so.
    pub username: Option<String>,
    /// Every message to the client up to this id is known to be delivered.
    pub delivered: u64,
    /// The id of the client's last message.
    pub received: u64,
    /// The highest id given out.
    pub last_id: u64,
    /// Messages to the client that are not known to be delivered, by id, ascending.
    pub messages: Vec<(u64, String)>,
    /// The session's own storage.
    pub storage: Vec<(String, Value)>,
}

/// As upstream orders and names it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    id: String,
    username: Option<String>,
    guaranteed_delivered_count: u64,
    buffer: Vec<(u64, String)>,
    received_count: u64,
    /// With the sign of the side that wrote it.
    latest_buffered_message_id: i64,
    storage: Vec<(String, Value)>,
}

impl StoredSession {
    /// Writes upstream's form, the application left out. What JSON cannot say becomes `null`.
    pub fn to_json(&self) -> String {
        let form = Form {
            id: self.id.clone(),
            username: self.username.clone(),
            guaranteed_delivered_count: self.delivered,
            buffer: self.messages.clone(),
            received_count: self.received,
            latest_buffered_message_id: -i64::try_from(self.last_id).unwrap_or(i64::MAX),
            storage: self.storage.clone(),
        };
        // Nothing in it can fail: keys are text, and numbers that JSON lacks become null.
        serde_json::to_string(&form).unwrap_or_default()
    }

    /// Reads upstream's form, of a session of this application.
    ///
    /// # Errors
    /// [`Damaged`](StorageError::Damaged) says what is wrong.
    pub fn from_json(text: &str, application: impl Into<String>) -> Result<Self, StorageError> {
        let form: Form = read_json(text)?;
        Ok(Self {
            id: form.id,
            application: application.into(),
            username: form.username,
            delivered: form.guaranteed_delivered_count,
            received: form.received_count,
            last_id: form.latest_buffered_message_id.unsigned_abs(),
            messages: form.buffer,
            storage: form.storage,
        })
    }

    pub(crate) fn parts(&mut self) -> SessionParts<String> {
        SessionParts {
            id: self.id.clone(),
            delivered: self.delivered,
            received: self.received,
            last_id: self.last_id,
            buffer: std::mem::take(&mut self.messages),
        }
    }
}

/// Reads JSON that was written here, or by upstream. JSON is MDSF, whose reader bears deeper nesting
/// than serde's.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StorageError> {
    let limits = Limits {
        // What a client may send, and what stands around it here.
        depth: Limits::default().depth + 8,
        values: u32::MAX,
    };
    let damaged = |why: &dyn std::fmt::Display| StorageError::Damaged(why.to_string());
    let value = mdsf::read_value(text, limits).map_err(|error| damaged(&error))?;
    mdsf::from_value(value).map_err(|error| damaged(&error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The example of protocol.md 4.7, with an id.
    const EXAMPLE: &str = r#"{"id":"6e5c","username":null,"guaranteedDeliveredCount":0,"buffer":[[1,"{event:[-1,'i'],x:[]}"]],"receivedCount":1,"latestBufferedMessageId":-1,"storage":[]}"#;

    #[test]
    fn the_form_is_upstreams() {
        let session = StoredSession::from_json(EXAMPLE, "app").unwrap();
        assert_eq!(session.application, "app");
        assert_eq!(session.last_id, 1);
        assert_eq!(session.messages, [(1, "{event:[-1,'i'],x:[]}".to_owned())]);
        assert_eq!(session.to_json(), EXAMPLE);
    }

    #[test]
    fn user_data_survives_with_its_names_and_its_depth() {
        let mut deep = Value::Null;
        for _ in 0..900 {
            deep = Value::Array(vec![deep]);
        }
        let mut session = StoredSession::from_json(EXAMPLE, "app").unwrap();
        // Keys that are special at the top level only (Q18).
        session.storage = vec![
            ("buffer".to_owned(), Value::from(1.5)),
            ("__proto__".to_owned(), Value::from("\u{2028}'\"")),
            ("deep".to_owned(), deep),
        ];
        session.username = Some("marcus".to_owned());
        let again = StoredSession::from_json(&session.to_json(), "app").unwrap();
        assert_eq!(again, session);
    }

    #[test]
    fn what_is_no_session_is_an_error() {
        for text in ["", "null", "{}", "[1]", r#"{"id":5}"#, &EXAMPLE[..40]] {
            let read = StoredSession::from_json(text, "app");
            assert!(matches!(read, Err(StorageError::Damaged(_))), "{text}");
        }
    }
}
