//! JSTP as a state machine.

pub mod mdsf;
