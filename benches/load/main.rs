//! What a server takes for its work: the release build as a process of its own, and its clients
//! and webhooks from here, on one thread that does as little as it can.
//!
//! A scenario is a module with its settings and a `run`, which starts servers (`server`), sends
//! webhooks (`webhooks`) to clients (`sockets`, `pollers`), looks at processes (`proc`) and prints a
//! `table`. `make help` lists the ways in: `make bench-deflate` and its like.

mod database;
mod deflate;
mod filling;
mod frames;
mod growth;
mod http;
mod idle;
mod inflate;
mod lists;
mod live;
mod pollers;
mod polling;
mod proc;
mod server;
mod soak;
mod sockets;
mod statistics;
mod table;
mod texts;
mod tracker;
mod webhooks;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Measures the release build; every figure is good for this machine and this hour only.
#[derive(Parser)]
#[command(name = "load")]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,

    /// What `cargo bench` tells every benchmark
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Scenario {
    /// Long messages to many websockets, with and without compression
    Deflate(deflate::Settings),
    /// Websockets on which nothing is said
    Idle(idle::Settings),
    /// Messages on their way from webhooks to websockets
    Live(live::Settings),
    /// Clients that poll while webhooks come in, and what they cost the database
    Polling(polling::Settings),
    /// Lists, board, histories, search and figures on desks of different sizes
    Lists(lists::Settings),
    /// Messages to a server that stores many already, and how long it takes to start
    Growth(growth::Settings),
    /// The same load for an hour: what a server takes at the end of it
    Soak(soak::Settings),
}

/// What is at hand beside Recado.
#[derive(Args)]
struct AtHand {
    /// How often each server has its turn; the table shows medians
    #[arg(long, env = "BENCH_ROUNDS", default_value_t = 3)]
    rounds: u32,

    /// A PostgreSQL server that may be filled, as `tests/with-postgres` starts one
    #[arg(long, env = "TEST_DATABASE_URL", hide_env_values = true)]
    postgres: Option<String>,

    /// The folder of a Node server to compare with, its packages installed
    #[arg(long)]
    peer: Option<PathBuf>,

    /// A program that passes webhooks on and stores nothing: what no server can surpass
    #[arg(long)]
    limit: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().scenario {
        Scenario::Deflate(settings) => deflate::run(&settings).await,
        Scenario::Idle(settings) => idle::run(&settings).await,
        Scenario::Live(settings) => live::run(&settings).await,
        Scenario::Polling(settings) => polling::run(&settings).await,
        Scenario::Lists(settings) => lists::run(&settings).await,
        Scenario::Growth(settings) => growth::run(&settings).await,
        Scenario::Soak(settings) => soak::run(&settings).await,
    }
}
