//! What Recado promises, shown on a whole server with a real database.
//!
//! One program, because linking takes longer than running. Every test has a server and a database
//! of its own: PostgreSQL where `TEST_DATABASE_URL` names one (`tests/with-postgres` starts one),
//! else SQLite. `make test` runs all of them on both.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected is to fail")]

mod support;

mod asking;
mod authenticating;
mod backpressure;
mod chatwoot;
mod chatwoot_asked;
mod chatwoot_corpus;
mod chatwoot_told;
mod checklist;
mod commands;
mod compressing;
mod contacts;
mod corpus;
mod crashing;
mod customers;
mod edge;
mod finding;
mod following;
mod hinting;
mod histories;
mod idempotency;
mod importing;
mod inboxes;
mod isolating;
mod javascript;
mod journey;
mod layers;
mod letting_go;
mod limiting;
mod lingering;
mod livechat;
mod livechat_doors;
mod livechat_files;
mod media;
mod media_in_s3;
mod media_opening;
mod meeting;
mod metrics;
mod moving;
mod naming;
mod neighbours;
mod not_listening;
mod operating;
mod people;
mod planning;
mod planning_chores;
mod planning_on_sqlite;
mod polling;
mod pushing;
mod reacting;
mod receiving;
mod recovering;
mod refusing;
mod remembering;
mod revalidating;
mod routes;
mod sending;
mod sending_chaos;
mod sending_once;
mod sending_trouble;
mod signals;
mod signing_in;
mod simulating;
mod simulating_graph;
mod sockets;
mod stats;
mod statuses;
mod storing;
mod streaming;
mod subscribing;
mod taking_turns;
mod tokens;
mod visitors_apart;
mod working;
