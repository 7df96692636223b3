//! Poison: a message the peer closes on each time it is sent again (Q13).

/// Closes after which a message is given up.
const CLOSES: u32 = 2;

/// The first message sent again over the present transport, and how often the peer has closed one
/// without having acknowledged it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Suspect {
    message: Option<u64>,
    closes: u32,
}

impl Suspect {
    /// This message is about to be the first that is sent again. True if it had better not be.
    pub(crate) fn is_poison(&mut self, message: Option<u64>) -> bool {
        if self.message != message {
            *self = Self { message, closes: 0 };
        }
        message.is_some() && self.closes >= CLOSES
    }

    /// The peer closed the transport, this message being the first it has not acknowledged.
    pub(crate) fn closed(&mut self, message: Option<u64>) {
        if message.is_some() && message == self.message {
            self.closes += 1;
        }
    }
}

/// Whether a close code says that the peer did not like what it was sent. Upstream closes with 1000
/// then; 4007 and 4009 are what our client may say for 1007 and 1009.
pub(crate) fn accuses(code: u16) -> bool {
    matches!(code, 1000 | 1002 | 1003 | 1007..=1009 | 4007 | 4009)
}
