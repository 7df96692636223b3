#!/usr/bin/env bash
# Makes a wasm32 standard library where rustup cannot fetch one: Debian's compiler for browsers comes
# with the library's source. That compiler then goes into .tools/bin, so that the Makefile uses it.
set -euo pipefail
cd "$(dirname "$0")/.."

TARGET=wasm32-unknown-unknown

if [ ! -e /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
  echo "setup: the standard library for $TARGET is missing: add that target to your Rust toolchain." >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
PACKAGES=(rustc-web cargo-web rust-web-src lld-22)
apt-get install -y --no-install-recommends "${PACKAGES[@]}" >/dev/null 2>&1 || {
  apt-get update
  apt-get install -y --no-install-recommends "${PACKAGES[@]}"
}

# Whatever rustup has put before it on PATH, cargo has to find the compiler it belongs to, and that
# compiler the linker, which Debian calls by another name.
mkdir -p .tools/bin
ln -sf /usr/bin/cargo /usr/bin/rustc /usr/bin/rustdoc .tools/bin/
ln -sf /usr/bin/lld-22 .tools/bin/rust-lld
export PATH=$PWD/.tools/bin:$PATH

libdir=$(rustc --print target-libdir --target "$TARGET")
[ -d "$libdir" ] && exit

empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
mkdir "$empty/src"
touch "$empty/src/lib.rs"
printf '[package]\nname = "nothing"\nedition = "2024"\n' >"$empty/Cargo.toml"
# Without the bitcode a build with LTO has nothing to link.
(cd "$empty" && RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=target \
  cargo build -Zbuild-std=std,panic_abort,test --target "$TARGET" --release)
rm "$empty/target/$TARGET/release/deps/"libnothing-*.rlib
mkdir -p "$libdir"
cp "$empty/target/$TARGET/release/deps/"*.rlib "$libdir/"
