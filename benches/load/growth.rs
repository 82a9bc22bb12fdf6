//! Messages to a server that stores many already: does it take one as it did on its first day, and how
//! long does it take to start?

use clap::Args;
use tokio::time::Instant;

use crate::AtHand;
use crate::filling::{Desk, MESSAGES};
use crate::live::{self, Load, Round};
use crate::proc::setting;
use crate::server::{Candidate, Program};
use crate::statistics::{median, milliseconds, quantile, real};
use crate::table::{Table, progress};

/// How often a server is started to see how long that takes.
const STARTS: u32 = 5;

#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    at_hand: AtHand,

    /// How many messages are stored before anything is measured, in thousands
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1_000, 10_000])]
    thousands: Vec<u64>,

    #[command(flatten)]
    load: Load,
}

/// What a server showed that stores so much.
struct Shown {
    name: &'static str,
    thousands: u64,
    megabytes: f64,
    /// In milliseconds.
    starts: Vec<f64>,
    rounds: Vec<Round>,
}

/// Fills each database to each size, starts Recado on it, and has messages come in.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut databases = vec![("SQLite", None)];
    if let Some(postgres) = &settings.at_hand.postgres {
        databases.push(("PostgreSQL", Some(postgres.clone())));
    }
    let mut all = Vec::new();
    for (name, postgres) in databases {
        let environment = Vec::new();
        let candidate = Candidate { name, program: Program::Recado, postgres, environment };
        for &thousands in &settings.thousands {
            all.push(measure(&candidate, thousands, settings).await?);
        }
    }
    print(settings, &all)
}

async fn measure(
    candidate: &Candidate,
    thousands: u64,
    settings: &Settings,
) -> anyhow::Result<Shown> {
    let mut server = candidate.start().await?;
    server.stop().await?;
    if thousands > 0 {
        let start = Instant::now();
        Desk::fill(&server.url, thousands * 1_000 / MESSAGES).await?;
        progress(&format!(
            "{}: {thousands} thousand messages after {:.0} s",
            candidate.name,
            start.elapsed().as_secs_f64()
        ));
    }
    let megabytes = real(server.stored().await?) / 1e6;
    let mut starts = Vec::new();
    for number in 1..=STARTS {
        starts.push(server.resume(candidate).await?.as_secs_f64() * 1e3);
        if number < STARTS {
            server.stop().await?;
        }
    }
    let mut rounds = Vec::new();
    for _ in 0..settings.at_hand.rounds {
        let round = live::round(&server, &settings.load).await?;
        progress(&format!(
            "{}, {thousands} thousand: started in {:.0} ms, {:.0} messages/s",
            candidate.name,
            median(starts.iter().copied()),
            round.messages_per_second
        ));
        rounds.push(round);
    }
    Ok(Shown { name: candidate.name, thousands, megabytes, starts, rounds })
}

fn print(settings: &Settings, all: &[Shown]) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "database",
        "stored messages",
        "MB",
        "start to ready ms",
        "slowest",
        "messages/s",
        "p50 ms",
        "p99 ms",
        "CPU us/message",
        "missing",
        "repeated",
    ]);
    for shown in all {
        let middle = |of: fn(&Round) -> f64| median(shown.rounds.iter().map(of));
        let late = |share| median(shown.rounds.iter().map(|it| milliseconds(&it.latencies, share)));
        let sum = |of: fn(&Round) -> u64| shown.rounds.iter().map(of).sum::<u64>();
        table.row(vec![
            shown.name.to_owned(),
            (shown.thousands * 1_000).to_string(),
            format!("{:.0}", shown.megabytes),
            format!("{:.0}", median(shown.starts.iter().copied())),
            format!("{:.0}", quantile(shown.starts.iter().copied(), 1.0)),
            format!("{:.0}", middle(|it| it.messages_per_second)),
            format!("{:.2}", late(0.5)),
            format!("{:.2}", late(0.99)),
            format!("{:.0}", middle(|it| it.cpu_per_message)),
            sum(|it| it.missing).to_string(),
            sum(|it| it.repeated).to_string(),
        ]);
    }
    table.print(&format!(
        "{}\n\n{}, medians of {} rounds and of {STARTS} starts",
        setting()?,
        settings.load,
        settings.at_hand.rounds,
    ));
    Ok(())
}
