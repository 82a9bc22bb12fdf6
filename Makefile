# The two commands that a newcomer needs: `make run` and `make test`.

# A Node server to measure beside Recado, where there is one; `docs/performance.md` says what it must offer.
RECADO_PEER ?= $(wildcard ../shared/bench/peer-node)

# A program that stores nothing, which no server can surpass; started with the same environment.
RECADO_LIMIT ?=

BENCH := tests/with-postgres cargo bench --workspace --bench load --
PEER_INSTALLED := tools $(if $(RECADO_PEER),target/peer-node/.installed)
BESIDE := $(if $(RECADO_PEER),--peer target/peer-node) $(if $(RECADO_LIMIT),--limit $(RECADO_LIMIT))

FAULTS ?= postgres-restart postgres-crash postgres-pause postgres-failover network-reset network-silence disk-full clock-back

CLIENT := js-client-demo
CLIENT_SOURCES := $(shell find $(CLIENT)/src $(CLIENT)/public $(CLIENT)/vite -type f) $(addprefix $(CLIENT)/,index.html package.json package-lock.json vite.config.ts)

.PHONY: help run api-types test test-api test-s3 test-proxy test-caddy test-client test-browser screenshots test-sqlite test-postgres chaos chaos-sending faults storm fuzz bench bench-live bench-idle bench-deflate bench-polling bench-lists bench-growth soak lint deny build clean tools

help: ## Say what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: tools $(CLIENT)/dist/index.html ## Build client and server, and serve the demo tenant on port 3333, to which made-up people write
	cargo run -- --demo --simulate

test: test-client test-sqlite test-postgres ## Run the tests of client and server, on SQLite and on a private PostgreSQL

test-client: tools $(CLIENT)/node_modules/.installed ## The client's own tests, also against the server
	cargo build --workspace
	target/debug/recado openapi | npm --prefix $(CLIENT) run --silent check-api-types
	cd $(CLIENT) && npm test

test-browser: tools $(CLIENT)/dist/index.html ## People at browsers, on a whole server (installs Chromium when root and missing)
	cargo build --workspace
	cd $(CLIENT) && ../tests/with-chromium npm run test-browser

screenshots: tools $(CLIENT)/dist/index.html ## Pictures of every screen in both themes and widths, in target/screenshots
	cargo build --workspace
	cd $(CLIENT) && ../tests/with-chromium npm run screenshots

api-types: tools $(CLIENT)/node_modules/.installed ## Write the client's types of the API anew, from what the server says
	cargo build --workspace
	target/debug/recado openapi | npm --prefix $(CLIENT) run --silent api-types

test-sqlite: tools tests/clients/node_modules/.installed ## All tests of the server, on SQLite
	cargo test --workspace

test-postgres: tools tests/clients/node_modules/.installed ## The tests of the whole server, on PostgreSQL
	POSTGRES_FSYNC=off tests/with-postgres cargo test --workspace --test it

test-s3: tools ## Files in a bucket, in a private S3 store (needs Python with venv)
	tests/with-s3 cargo test --workspace --test it media_in_s3 -- --ignored

test-proxy: tools tests/clients/node_modules/.installed ## Three nodes behind nginx, restarted in turn (installs nginx when root and missing)
	cargo build --workspace
	cd tests/clients && ../with-proxy nginx ../with-postgres node chaos.mjs --server ../../target/debug/recado \
		--nginx ../../docs/deploy/nginx-three-nodes.conf --clients 24 --events 1500 --rate 60

test-caddy: tools tests/clients/node_modules/.installed ## The same behind Caddy (installs it when root and missing)
	cargo build --workspace
	cd tests/clients && ../with-proxy caddy ../with-postgres node chaos.mjs --server ../../target/debug/recado \
		--caddy ../../docs/deploy/Caddyfile-three-nodes --clients 24 --events 1500 --rate 60

test-api: tools ## Any requests for the API, by its own description (needs Python with venv)
	tests/api-conformance

chaos: tools tests/clients/node_modules/.installed ## 30 clients of every kind, cut 200 times, the server killed twice
	cargo build --workspace
	cd tests/clients && node chaos.mjs --server ../../target/debug/recado

chaos-sending: tools ## 2,000 replies through a WhatsApp that loses answers, the server killed three times
	cargo test --workspace --test it sending_chaos -- --ignored

faults: tools tests/clients/node_modules/.installed ## What is beneath a server fails under load: PostgreSQL, the network, the disk, the clock (as root; installs libfaketime)
	cargo build --workspace
	cd tests/clients && POSTGRES_FSYNC=off ../with-faketime ../with-postgres sh -e -c 'for fault in $(FAULTS); do \
		echo "# $$fault"; node chaos.mjs --server ../../target/debug/recado --fault $$fault; done'

storm: tools tests/clients/node_modules/.installed ## 10,000 websockets cut at once, slow, stuck and hostile ones among them: how long until all are back
	cargo build --release --workspace
	cd tests/clients && ulimit -n "$$(ulimit -Hn)" && node storm.mjs --server ../../target/release/recado

fuzz: tools ## Any bytes for the parsers, a minute each; needs a nightly compiler and cargo-fuzz
	for target in frames webhook chatwoot; do \
		(cd fuzz && cargo +nightly fuzz run --sanitizer none $$target -- -max_total_time=60) || exit; done

bench: bench-live bench-idle bench-polling bench-deflate bench-lists bench-growth ## All benchmarks, one after the other: some hours on an idle machine

bench-live: $(PEER_INSTALLED) ## Messages from webhooks to 100 and 1,000 websockets: how many, how late, what they take
	$(BENCH) live --clients 100 --in-flight 32 $(BESIDE)
	$(BENCH) live --clients 100 --rate 200 $(BESIDE)
	$(BENCH) live --clients 1000 --in-flight 8 $(BESIDE)
	$(BENCH) live --clients 100 --rate 10 --seconds 15 $(BESIDE)

bench-idle: $(PEER_INSTALLED) ## What 5,000 websockets take that say nothing
	$(BENCH) idle $(BESIDE)

bench-deflate: $(PEER_INSTALLED) ## What compressing websockets costs and saves
	$(BENCH) deflate $(BESIDE)

bench-polling: $(PEER_INSTALLED) ## What clients that poll take, and how often they make Recado ask the database
	POSTGRES_PRELOAD=pg_stat_statements $(BENCH) polling
	POSTGRES_PRELOAD=pg_stat_statements $(BENCH) polling --pollers 20 --every 0 --seconds 10 $(BESIDE)

bench-lists: tools ## What lists, search and figures take on desks of 10,000 and 100,000 conversations
	$(BENCH) lists

bench-growth: tools ## Whether a message costs more once 10,000,000 are stored, and how long a start takes then
	$(BENCH) growth --in-flight 32

soak: tools ## An hour at half of what the server can take: does it take at the end what it took at the beginning?
	cargo bench --workspace --bench load -- soak

lint: tools $(CLIENT)/node_modules/.installed ## Formatting and lints, as CI wants them
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cd $(CLIENT) && npm run lint && npm run typecheck

deny: tools ## Licences, sources and known vulnerabilities of what it is built from (needs Python with venv)
	tests/supply-chain

build: tools $(CLIENT)/dist/index.html ## The program for a server: target/release/recado, client included
	cargo build --release --workspace

clean: ## Remove what was built; data stays
	cargo clean
	rm -rf $(CLIENT)/node_modules $(CLIENT)/dist tests/clients/node_modules

tools:
	@for tool in cargo node npm cc; do command -v $$tool >/dev/null || { \
		echo "$$tool is missing: Recado is built with Rust (rustup.rs), Node 20.19 or 22.12 or newer, and a C compiler" >&2; exit 1; }; done

$(CLIENT)/dist/index.html: $(CLIENT)/node_modules/.installed $(CLIENT_SOURCES)
	cd $(CLIENT) && npm run build

# A copy, so that nothing is installed in a folder that is not ours.
target/peer-node/.installed: $(RECADO_PEER)/package.json
	rm -rf $(@D) && mkdir -p $(@D) && cp -R $(RECADO_PEER)/. $(@D) && chmod -R u+w $(@D)
	cd $(@D) && npm install --omit=dev
	touch $@

%/node_modules/.installed: %/package.json %/package-lock.json
	cd $* && npm ci
	touch $@
