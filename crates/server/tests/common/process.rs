//! The ready-made server as a process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server, ended with the test.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) scheme: String,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_with(flags, Stdio::null())
    }

    /// Its standard error goes to a file of this name; returns where that is.
    pub(crate) fn start_logging(flags: &[&str], name: &str) -> (Self, PathBuf) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let file = std::fs::File::create(&path).expect("the folder is cargo's");
        (Self::start_with(flags, file.into()), path)
    }

    fn start_with(flags: &[&str], errors: Stdio) -> Self {
        Self::start_by(
            Command::new(env!("CARGO_BIN_EXE_jstp-server")),
            flags,
            errors,
        )
    }

    /// The command starts the server with the arguments it is given.
    pub(crate) fn start_by(mut command: Command, flags: &[&str], errors: Stdio) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("the binary is built");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.trim().strip_prefix("listening ").unwrap();
        let (scheme, address) = url.split_once("://").unwrap();
        Self {
            child,
            scheme: scheme.to_owned(),
            address: address.parse().unwrap(),
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let mut kill = Command::new("kill");
        assert!(kill.args([name, &pid]).status().unwrap().success());
    }

    /// How many bytes of memory it has now, and the most it ever had; zeros where the system does
    /// not say.
    pub(crate) fn memory(&self) -> (usize, usize) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
            kib.unwrap_or(0) * 1024
        };
        (figure("VmRSS:"), figure("VmHWM:"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
