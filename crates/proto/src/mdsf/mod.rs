//! MDSF, the value syntax of JSTP messages.
