#!/usr/bin/env bash
# Compiles the client and lets wasm-pack make module and glue of it, in the folder given:
#   scripts/wasm.sh FOLDER [ARGUMENTS FOR CARGO...]
# wasm-opt takes longest, so an unchanged result of the compiler is not gone through again.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$1
shift

# The standard library as it comes panics with texts and places that no page shows and all pages load, a
# tenth of the module. So it is compiled here, without them. That is for its source and unstable options;
# RUSTC_BOOTSTRAP has the compiler of every day take these, where a nightly would be a second one to have.
export RUSTC_BOOTSTRAP=1
small=(-Zbuild-std=std -Zbuild-std-features=optimize_for_size
  -Zpanic-immediate-abort --config 'profile.npm.panic="immediate-abort"'
  --config 'target.wasm32-unknown-unknown.rustflags=["-Zlocation-detail=none"]')
cargo build --lib --target wasm32-unknown-unknown --profile npm "${small[@]}" "$@"
target=$(cargo metadata --no-deps --format-version 1 |
  node -p 'JSON.parse(require("fs").readFileSync(0)).target_directory')

# The compiled module holds the JavaScript it imports; the other files decide what is done with it.
inputs=("$target/wasm32-unknown-unknown/npm/jstp_wasm.wasm" Cargo.toml pkg-tests/package-lock.json "$0")
print=$(cat "${inputs[@]}" | cksum)
[ "$(cat "$out/.inputs" 2>/dev/null)" = "$print" ] && exit

rm -rf "$out"
wasm-pack build . --mode no-install --target web --no-pack --no-gitignore --profile npm \
  --out-name jstp_wasm --out-dir "$out" -- "${small[@]}" "$@"
echo "$print" >"$out/.inputs"
