#!/usr/bin/env bash
# Builds the package once more, in another place and from nothing, and says whether pkg/ has the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

# Where the Makefile puts the tools, for those who run this alone.
export PATH=$PWD/.tools/bin:$PATH
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
mkdir "$again/checkout"
# What would be committed, and what git knows.
{ git ls-files -z --cached --others --exclude-standard; printf '.git\0'; } |
  tar -c --null -T - | tar -x -C "$again/checkout"
ln -s "$PWD/pkg-tests/node_modules" "$again/checkout/pkg-tests/node_modules"
export CARGO_TARGET_DIR=$again/target
(cd "$again/checkout" && scripts/wasm.sh "$again/wasm-pack" && node scripts/package.mjs "$again/wasm-pack" "$again/pkg") \
  >"$again/log" 2>&1 || { cat "$again/log" >&2; exit 1; }
diff -rq pkg "$again/pkg" || { echo 'reproducible: two builds differ' >&2; exit 1; }
echo "reproducible: $(cat pkg/* | sha256sum | cut -c1-16), twice"
