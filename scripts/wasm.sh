#!/usr/bin/env bash
# Compiles the client and lets wasm-pack make module and glue of it, in the folder given:
#   scripts/wasm.sh FOLDER
# wasm-opt takes longest, so an unchanged result of the compiler is not gone through again.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$1
cargo build --lib --target wasm32-unknown-unknown --profile npm
target=$(cargo metadata --no-deps --format-version 1 |
  node -p 'JSON.parse(require("fs").readFileSync(0)).target_directory')

# The compiled module holds the JavaScript it imports; the other files decide what is done with it.
inputs=("$target/wasm32-unknown-unknown/npm/jstp_wasm.wasm" Cargo.toml pkg-tests/package-lock.json "$0")
print=$(cat "${inputs[@]}" | cksum)
[ "$(cat "$out/.inputs" 2>/dev/null)" = "$print" ] && exit

rm -rf "$out"
wasm-pack build --mode no-install --target web --no-pack --no-gitignore --profile npm \
  --out-name jstp_wasm --out-dir "$out"
echo "$print" >"$out/.inputs"
