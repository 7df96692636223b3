#!/usr/bin/env bash
# Brings in what the Makefile's targets need and the machine lacks:
#   scripts/setup.sh rust tools npm browser engines
# Each part looks first and does nothing when all is there. Tools land in .tools, never system-wide;
# only a browser and Redis come from apt, on Debian, as root.
set -euo pipefail
cd "$(dirname "$0")/.."

WASM_PACK_VERSION=0.15.1

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

say() {
  printf 'setup: %s\n' "$*"
}

rust() {
  command -v cargo >/dev/null || fail 'Rust is missing: install rustup, then run make again.'
  if ! rustc --version >/dev/null 2>&1; then
    say 'installing the toolchain that rust-toolchain.toml names'
    rustup toolchain install || fail 'rustup could not install the toolchain that rust-toolchain.toml names.'
  fi
  if [ ! -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
    say 'adding the wasm32 standard library'
    # A damaged or absent rustup must not end the script: there is another way.
    rustup target add wasm32-unknown-unknown || scripts/wasm-std.sh
  fi
}

lint() {
  local component
  for component in clippy fmt; do
    cargo "$component" --version >/dev/null 2>&1 && continue
    say 'adding clippy and rustfmt'
    rustup component add clippy rustfmt || fail 'clippy or rustfmt is missing, and rustup could not add them.'
  done
}

# The version of a crate that Cargo.lock names.
locked() {
  awk -v name="name = \"$1\"" '$0 == name { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock
}

has_version() {
  [ "$("$1" --version 2>/dev/null | awk 'NR == 1 { print $2 }')" = "$2" ]
}

install_crate() {
  say "compiling $1 $2, which takes a few minutes"
  # Less optimized they are as fast for what we have, and compile in half the time. One folder lets
  # the second use what the first has compiled.
  local -x CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off
  local -x CARGO_TARGET_DIR=$PWD/.tools/build
  cargo install --root .tools --locked --force "$1" --version "=$2" && return
  # A registry whose index lags behind cannot satisfy the lock file the crate came with.
  say "once more, with the dependencies this registry has"
  cargo install --root .tools --force "$1" --version "=$2" || fail "$1 $2 could not be installed."
}

# The source of the standard library, which scripts/wasm.sh compiles.
std_source() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] && return
  say "adding the standard library's source"
  rustup component add rust-src ||
    fail "the standard library's source is missing (rustup calls it rust-src), and rustup could not add it."
}

tools() {
  rust
  std_source
  # wasm-bindgen refuses a module made by any version of the crate but its own.
  local bindgen
  bindgen=$(locked wasm-bindgen)
  if ! has_version wasm-bindgen "$bindgen" || ! has_version wasm-bindgen-test-runner "$bindgen"; then
    install_crate wasm-bindgen-cli "$bindgen"
  fi
  has_version wasm-pack "$WASM_PACK_VERSION" || install_crate wasm-pack "$WASM_PACK_VERSION"
  rm -rf .tools/build
  npm
  # Only wasm-opt goes on PATH: beside it in node_modules/.bin are names that hide system commands.
  mkdir -p .tools/bin
  ln -sfn ../../pkg-tests/node_modules/.bin/wasm-opt .tools/bin/wasm-opt
}

npm() {
  command -v node >/dev/null || fail 'Node.js is missing: install version 20 or newer with its npm, then run make again.'
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fail "Node.js is version $major: install version 20 or newer, then run make again."
  command -v npm >/dev/null || fail 'npm is missing: install the one that belongs to your Node.js, then run make again.'
  local stamp=pkg-tests/node_modules/.lock-installed
  cmp -s pkg-tests/package-lock.json "$stamp" && return
  say 'installing npm packages'
  (cd pkg-tests && command npm ci)
  cp pkg-tests/package-lock.json "$stamp"
}

# Debian's packages, for root. A machine that has just started may be updating itself: that is waited for.
from_apt() {
  export DEBIAN_FRONTEND=noninteractive
  local install=(apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@")
  "${install[@]}" >/dev/null 2>&1 && return
  apt-get update
  "${install[@]}"
}

browser() {
  . scripts/browser.sh
  local name
  for name in CHROME CHROMEDRIVER; do
    [ -z "${!name}" ] || command -v "${!name}" >/dev/null ||
      fail "$name is '${!name}', and there is no such program."
  done
  [ -n "$CHROME" ] && [ -n "$CHROMEDRIVER" ] && return
  if [ -e /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    say 'installing Chromium and its driver'
    from_apt chromium chromium-driver
    . scripts/browser.sh
  fi
  [ -n "$CHROME" ] && [ -n "$CHROMEDRIVER" ] ||
    fail 'Chromium or ChromeDriver is missing: install both, or set CHROME and CHROMEDRIVER to where they are.'
}

# Without it a test is left out, and says so; nothing else needs it.
redis() {
  command -v redis-server >/dev/null && return
  if [ -e /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    say 'installing Redis'
    from_apt redis-server || true
  fi
  command -v redis-server >/dev/null ||
    say 'redis-server is missing: install Redis to have the tests of shared sessions run too.'
}

# The other engines, which are for `make test-all`.
engines() {
  [ -e /etc/debian_version ] && [ "$(id -u)" = 0 ] || return 0
  local program packages=()
  for program in firefox-esr:firefox-esr WebKitWebDriver:webkit2gtk-driver xvfb-run:xvfb xauth:xauth; do
    command -v "${program%%:*}" >/dev/null || packages+=("${program##*:}")
  done
  [ ${#packages[@]} = 0 ] && return
  say "installing ${packages[*]}"
  from_apt "${packages[@]}"
}

for part in "$@"; do
  case $part in
    rust | lint | tools | npm | browser | engines | redis) "$part" ;;
    *) fail "no part is called '$part': there are rust, lint, tools, npm, browser, engines and redis." ;;
  esac
done
