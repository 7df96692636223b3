//! Settings: what `options.js` has read and checked, as the core has it.

use std::time::Duration;

use jstp_proto::Config;

/// Changes one thing that a page has chosen, by the number that `options.js` has for it.
pub(crate) fn apply(which: u8, limit: f64, config: &mut Config) {
    let time = match which {
        0 => &mut config.handshake_timeout,
        1 => &mut config.resume_check,
        2 => &mut config.in_doubt_timeout,
        3 => config.heartbeat_timeout.insert(Duration::ZERO),
        4 => config.heartbeat_interval.insert(Duration::ZERO),
        5 => return config.buffer_messages = limit as usize,
        6 => return config.buffer_bytes = limit as usize,
        7 => &mut config.connect_timeout,
        8 => &mut config.close_timeout,
        _ => return config.max_received = limit as usize,
    };
    *time = duration(limit);
}

/// Milliseconds as a duration.
#[inline(never)]
pub(crate) fn duration(millis: f64) -> Duration {
    Duration::from_millis(millis as u64)
}
