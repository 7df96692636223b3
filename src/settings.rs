//! Settings: what `options.js` has read and checked, as the core has it.

use std::time::Duration;

use jstp_proto::Config;

/// Changes what the page has changed: numbers in the order in which `options.js` has them, NaN for what is
/// as it was.
pub(crate) fn apply(limits: &[f64], config: &mut Config) {
    let given = |index: usize| limits.get(index).copied().filter(|limit| !limit.is_nan());
    for (index, slot) in [
        &mut config.handshake_timeout,
        &mut config.resume_check,
        &mut config.in_doubt_timeout,
        &mut config.connect_timeout,
        &mut config.close_timeout,
    ]
    .into_iter()
    .enumerate()
    {
        if let Some(millis) = given(index) {
            *slot = duration(millis);
        }
    }
    for (index, slot) in [
        &mut config.buffer_messages,
        &mut config.buffer_bytes,
        &mut config.max_received,
    ]
    .into_iter()
    .enumerate()
    {
        if let Some(limit) = given(5 + index) {
            *slot = limit as usize;
        }
    }
    config.heartbeat_interval = given(8).map(duration);
    config.heartbeat_timeout = given(9).map(duration);
}

/// Milliseconds as a duration.
pub(crate) fn duration(millis: f64) -> Duration {
    Duration::from_millis(millis as u64)
}
