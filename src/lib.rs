//! JSTP client for the browser.
