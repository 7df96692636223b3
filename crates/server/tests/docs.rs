//! What is written about the server elsewhere is what it is.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;

const README: &str = include_str!("../../../README.md");
const UNIT: &str = include_str!("../../../docs/jstp-server.service");

fn help() -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jstp-server"));
    let output = command.arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The flags a text names.
fn flags(text: &str) -> Vec<&str> {
    text.split(|char: char| char.is_whitespace() || "`(),;".contains(char))
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .collect()
}

#[test]
fn the_readme_shows_the_example_that_compiles() {
    let example = include_str!("../examples/server.rs");
    assert!(README.contains(&format!("```rust,no_run\n{example}```\n")));
}

#[test]
fn flags_in_the_readme_and_in_the_unit_are_known() {
    let help = help();
    let section = README
        .split("\n## ")
        .find(|section| section.starts_with("A server"));
    let known = |flag: &str| {
        // Cargo's, of which the section speaks too.
        ["--features", "--open", "--release"].contains(&flag) || flags(&help).contains(&flag)
    };
    for text in [section.unwrap(), UNIT] {
        let named = flags(text);
        assert!(named.contains(&"--tls-cert"), "{named:?}");
        for flag in named {
            // `useradd --system` is said in a comment.
            assert!(
                known(flag) || flag == "--system" || flag == "--now",
                "{flag}"
            );
        }
    }
}

#[test]
fn the_unit_reloads_with_the_signal_that_reads_certificates() {
    assert!(help().contains("SIGHUP reads both files anew"));
    assert!(UNIT.contains("ExecReload=/bin/kill -HUP $MAINPID"));
}

#[test]
fn every_option_is_in_the_protocols_table() {
    let options = include_str!("../src/options.rs");
    let protocol = include_str!("../../../docs/protocol.md");
    let names: Vec<&str> = options
        .split("pub fn ")
        .skip(1)
        .filter_map(|function| function.split('(').next())
        .filter(|name| *name != "new")
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(protocol.contains(&format!("`{name}`")), "{name}");
    }
}
