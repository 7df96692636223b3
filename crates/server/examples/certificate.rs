//! A certificate to try `wss` with on one's own machine, for `localhost` and 127.0.0.1.
//!
//! ```sh
//! cargo run -p jstp-server --example certificate -- FOLDER
//! jstp-server --tls-cert FOLDER/cert.pem --tls-key FOLDER/key.pem
//! ```
//!
//! It vouches for itself, so clients have to be told to believe it: `--ignore-certificate-errors` of
//! Chromium, `NODE_EXTRA_CA_CERTS=FOLDER/cert.pem` for Node.js. It is nothing for the internet.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1);
    let folder = folder.ok_or("usage: certificate FOLDER")?;
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    for (name, text) in [
        ("cert.pem", made.cert.pem()),
        ("key.pem", made.signing_key.serialize_pem()),
    ] {
        let path = Path::new(&folder).join(name);
        std::fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}
