//! Lists, board, histories, search and figures on desks of different sizes: how long an answer
//! takes, and whether it takes longer on the larger desk.

use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use sea_orm::DbBackend;
use tokio::time::{Instant, sleep};

use crate::AtHand;
use crate::filling::{Desk, Filled};
use crate::http::Connection;
use crate::proc::setting;
use crate::server::{Candidate, Program, token};
use crate::statistics::{quantile, real};
use crate::table::{Table, progress, say};

/// How long an answer may take at the 99th percentile, in milliseconds.
const BAR: f64 = 50.0;

/// How long PostgreSQL keeps what it has counted to itself at most.
const COUNTED: Duration = Duration::from_secs(12);

#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    at_hand: AtHand,

    /// How many conversations the desks have, in thousands; each has 20 messages
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100])]
    thousands: Vec<u64>,

    /// How often each request is made
    #[arg(long, default_value_t = 200)]
    requests: usize,

    /// Only requests whose name holds this
    #[arg(long)]
    only: Option<String>,
}

/// What a request took each time, in milliseconds.
struct Measured {
    name: &'static str,
    took: Vec<f64>,
}

/// A kind of request, and the addresses that are asked for in turn.
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) paths: Vec<String>,
}

/// Fills desks of each size on both databases, and prints what requests take on them.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    say(&format!("{}\n", setting()?));
    let mut databases = vec![("SQLite", None)];
    if let Some(postgres) = &settings.at_hand.postgres {
        databases.push(("PostgreSQL", Some(postgres.clone())));
    }
    for (name, postgres) in databases {
        let mut sizes = Vec::new();
        for thousands in &settings.thousands {
            let candidate = Candidate {
                name: "Recado",
                program: Program::Recado,
                postgres: postgres.clone(),
                // One agent asks for everything, faster than people do.
                environment: vec![("LIMIT_USER_REQUESTS", "0"), ("LIMIT_ADDRESS_REQUESTS", "0")],
            };
            let is_largest = Some(thousands) == settings.thousands.iter().max();
            sizes.push(measure(&candidate, thousands * 1_000, is_largest, settings).await?);
        }
        print(name, settings, &sizes);
    }
    Ok(())
}

async fn measure(
    candidate: &Candidate,
    conversations: u64,
    is_largest: bool,
    settings: &Settings,
) -> anyhow::Result<Vec<Measured>> {
    let server = candidate.start().await?;
    let start = Instant::now();
    let filled = Desk::fill(&server.url, conversations).await?;
    progress(&format!(
        "{conversations} conversations filled in after {:.0} s",
        start.elapsed().as_secs_f64()
    ));
    Filled::verify(&server.url)?;
    let scanned = filled.scans().await?;
    let mut measured = Vec::new();
    for question in filled.questions() {
        if settings.only.as_ref().is_some_and(|only| !question.name.contains(only.as_str())) {
            continue;
        }
        let mut connection = Connection::open(server.address, &token(question.agent)?).await?;
        let mut took = Vec::with_capacity(settings.requests);
        // The first ones are for whoever has just been started.
        for number in 0..settings.requests + 10 {
            let path = &question.paths[number % question.paths.len()];
            let start = Instant::now();
            connection.get(path).await?;
            if number >= 10 {
                took.push(start.elapsed().as_secs_f64() * 1_000.0);
            }
        }
        progress(&format!(
            "{}: p50 {:.2} ms, p99 {:.2} ms",
            question.name,
            quantile(took.iter().copied(), 0.5),
            quantile(took.iter().copied(), 0.99)
        ));
        measured.push(Measured { name: question.name, took });
    }
    // Small tables may well be read whole.
    if is_largest {
        check_scans(&filled, &scanned).await?;
    }
    Ok(measured)
}

/// Makes sure that PostgreSQL read no large table from its beginning to its end.
async fn check_scans(filled: &Filled, before: &[(String, i64)]) -> anyhow::Result<()> {
    if filled.backend() != DbBackend::Postgres {
        return Ok(());
    }
    sleep(COUNTED).await;
    let scanned: Vec<_> =
        filled.scans().await?.into_iter().filter(|it| !before.contains(it)).collect();
    progress(&format!("tables that were read from beginning to end: {scanned:?}"));
    ensure!(scanned.is_empty(), "large tables are scanned");
    Ok(())
}

fn print(name: &str, settings: &Settings, sizes: &[Vec<Measured>]) {
    let mut columns = vec!["request".to_owned()];
    for thousands in &settings.thousands {
        columns.extend([format!("{thousands}k p50 ms"), "p99".to_owned()]);
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new(&columns);
    let mut slow = 0;
    for (row, first) in sizes.first().into_iter().flatten().enumerate() {
        let mut cells = vec![first.name.to_owned()];
        for measured in sizes {
            let took = |share| quantile(measured[row].took.iter().copied(), share);
            cells.extend([format!("{:.2}", took(0.5)), format!("{:.2}", took(0.99))]);
            slow += u64::from(took(0.99) > BAR);
        }
        table.row(cells);
    }
    table.print(&format!(
        "{name}: {} requests each, one after the other; over {BAR} ms at p99: {:.0}",
        settings.requests,
        real(slow)
    ));
}
