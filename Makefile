# The commands of every day. Each brings in what it needs first; `make help` lists them.

# What scripts/setup.sh puts in place comes before what the machine has; rustup's own folder comes
# last, for shells that do not know it.
export PATH := $(CURDIR)/.tools/bin:$(PATH):$(HOME)/.cargo/bin

NATIVE := --workspace --exclude jstp-wasm --features jstp-server/redis
WASM := --target wasm32-unknown-unknown
WASM_PACK_OUT := target/wasm-pack
TYPEDOC := node pkg-tests/node_modules/typedoc/bin/typedoc --options docs/api/typedoc.json

.PHONY: help setup check test test-all test-core test-web test-pkg package size docs demo bench clean \
	need-rust need-lint need-tools need-npm need-browser need-engines need-redis

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## install all that the other targets need (they do it themselves)
	@scripts/setup.sh rust lint tools npm browser redis

# The root crate has no API in Rust: its documentation is for those who work on it.
check: need-rust need-lint need-npm ## format, lints and documentation, warnings denied
	cargo metadata --locked --format-version 1 >/dev/null
	cargo fmt --all --check
	cargo clippy $(NATIVE) --all-targets -- -D warnings
	cargo clippy $(WASM) --package jstp-wasm --all-targets -- -D warnings
	cargo clippy $(WASM) --package jstp-proto -- -D warnings
	cargo build --package jstp-proto
	cargo build --package jstp-proto $(WASM)
	RUSTDOCFLAGS=-Dwarnings cargo doc $(NATIVE) --no-deps
	RUSTDOCFLAGS='-Dwarnings -Arustdoc::private-intra-doc-links' cargo doc $(WASM) --package jstp-wasm --no-deps --document-private-items
	$(TYPEDOC) --out target/api

test: test-core test-web test-pkg ## all tests

test-all: need-engines test ## all tests, with every bundler, every browser and a second build
	scripts/reproducible.sh
	cargo build --package jstp-server
	. scripts/browser.sh && JSTP_MATRIX=all node --test --test-reporter=spec pkg-tests/bundlers/matrix.test.mjs

# The root crate is made for a browser and has its tests there, in test-web.
test-core: need-rust need-redis ## native tests of core and server
	cargo test $(NATIVE)

test-web: need-tools need-browser ## the client in headless Chromium, against our server and upstream's; in other engines that are there
	cargo build --package jstp-server
	. scripts/browser.sh && node scripts/test-web.mjs cargo run --quiet --package jstp-server --bin jstp-server -- --fixture
	. scripts/browser.sh && node scripts/test-web.mjs node pkg-tests/upstream/server.mjs
	node scripts/test-engine.mjs firefox cargo run --quiet --package jstp-server --bin jstp-server -- --fixture
	node scripts/test-engine.mjs webkitgtk cargo run --quiet --package jstp-server --bin jstp-server -- --fixture

test-pkg: package need-browser ## the package as its users have it
	cargo build --package jstp-server
	. scripts/browser.sh && node --test --test-reporter=spec $$(find pkg-tests -name node_modules -prune -o -name '*.test.mjs' -print)

package: need-tools ## build the npm package in pkg/
	scripts/wasm.sh $(WASM_PACK_OUT)
	node scripts/package.mjs $(WASM_PACK_OUT)

size: package ## what the package weighs
	@node scripts/size.mjs

docs: need-npm ## the API reference, from src/types.ts into www/api
	$(TYPEDOC)

demo: package docs ## serve the demo page and the server behind it
	cargo build --release --package jstp-server
	@node scripts/demo.mjs

bench: package need-browser ## speed and memory in a browser, of the core, and of the server
	cargo build --release --package jstp-server
	. scripts/browser.sh && node pkg-tests/bench/run.mjs
	. scripts/browser.sh && node pkg-tests/bench/soak.mjs
	cargo bench --package jstp-proto
	ulimit -n $$(ulimit -H -n) && cargo bench --package jstp-server --bench calls

clean: ## remove what was built (.tools and npm packages stay)
	cargo clean
	rm -rf pkg www/api

need-rust:
	@scripts/setup.sh rust

need-lint:
	@scripts/setup.sh lint

need-tools:
	@scripts/setup.sh tools

need-npm:
	@scripts/setup.sh npm

need-browser:
	@scripts/setup.sh browser

need-redis:
	@scripts/setup.sh redis

need-engines:
	@scripts/setup.sh engines
