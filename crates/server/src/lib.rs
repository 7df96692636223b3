//! JSTP server.
