//! Clients that poll while webhooks come in: how long an answer takes, what it costs, and how often
//! it asks the database, which PostgreSQL counts.
//!
//! Each round is followed by one without pollers; the difference is what polls take.

use std::ops::Range;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::AtHand;
use crate::database::{Statements, between};
use crate::pollers::{Polled, Poller};
use crate::proc::{Cpu, setting};
use crate::server::{Candidate, Server, everybody, take_turns};
use crate::statistics::{median, quantile, real};
use crate::table::{Table, say};
use crate::webhooks::WhatsApp;

/// How long a message's text is, in bytes.
const TEXT: usize = 120;

/// How many statements are shown of those that polls make more frequent, and how much of each.
const NAMED: usize = 3;
const SHOWN: usize = 100;

/// How long the last messages may take to be acknowledged, at least.
const AFTER: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    at_hand: AtHand,

    /// How many clients poll, each as a user of its own
    #[arg(long, default_value_t = 500)]
    pollers: u32,

    /// How long each waits between its polls, in seconds; 0 if it polls again once it is answered
    #[arg(long, default_value_t = 3)]
    every: u32,

    /// How many messages come in per second
    #[arg(long, default_value_t = 20)]
    rate: u32,

    /// For how many seconds they do
    #[arg(long, default_value_t = 30)]
    seconds: u32,
}

/// What one round showed.
struct Round {
    latencies: Vec<f64>,
    cpu: f64,
    /// How often each statement was executed, on PostgreSQL.
    statements: Option<Statements>,
    missing: u64,
    repeated: u64,
    cores_of_others: f64,
    elapsed: f64,
}

/// Lets the servers take turns, with pollers and without, and prints what polls take.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let candidates = everybody(&settings.at_hand)?;
    let rounds = take_turns(
        settings.at_hand.rounds,
        &candidates,
        async |candidate| {
            let with = round(candidate, settings, settings.pollers).await?;
            Ok((with, round(candidate, settings, 0).await?))
        },
        |(with, without)| {
            format!(
                "{} polls, {:.2} s of CPU with and {:.2} s without; others took {:.2} cores",
                with.latencies.len(),
                with.cpu,
                without.cpu,
                with.cores_of_others
            )
        },
    )
    .await?;
    print(settings, &candidates, &rounds)
}

async fn round(candidate: &Candidate, settings: &Settings, pollers: u32) -> anyhow::Result<Round> {
    let server = candidate.start().await?;
    let messages = u64::from(settings.rate * settings.seconds);
    let whatsapp = WhatsApp::new(server.address, settings.rate, TEXT, messages);
    let first = whatsapp.introduce().await?;
    // Without pollers too, somebody has asked before: the server follows the log from then on.
    let _ = Poller::start(server.address, "somebody").await?;
    let mut ready = Vec::new();
    for number in 0..pollers {
        ready.push(Poller::start(server.address, &format!("agent-{number}")).await?);
    }

    let before = executed(&server).await?;
    let (start, cpu) = (Instant::now(), Cpu::now(server.pid())?);
    let all = poll(ready, settings, &whatsapp, first..first + messages).await?;
    let (used, elapsed) = (Cpu::now(server.pid())?.since(cpu), start.elapsed().as_secs_f64());
    let after = executed(&server).await?;

    let times: Vec<u64> = all.iter().flat_map(|polled| polled.times(first, messages)).collect();
    Ok(Round {
        missing: times.iter().map(|&times| u64::from(times == 0)).sum(),
        repeated: times.iter().map(|times| times.saturating_sub(1)).sum(),
        latencies: all.iter().flat_map(|polled| polled.latencies.iter().copied()).collect(),
        cpu: used.server.as_secs_f64(),
        statements: before.zip(after).map(|(before, after)| between(&before, &after)),
        cores_of_others: used.others.as_secs_f64() / elapsed,
        elapsed,
    })
}

/// Lets everybody poll while messages come in, and once more after that.
async fn poll(
    ready: Vec<Poller>,
    settings: &Settings,
    whatsapp: &WhatsApp,
    numbers: Range<u64>,
) -> anyhow::Result<Vec<Polled>> {
    let every = Duration::from_secs(settings.every.into());
    let start = Instant::now();
    let published = start + Duration::from_secs(settings.seconds.into()) + every.max(AFTER);
    let end = published + every;
    let mut polling = JoinSet::new();
    for (number, poller) in (0..).zip(ready) {
        let begin = start + every * number / settings.pollers;
        polling.spawn(poller.poll(begin, every, end, whatsapp.clone()));
    }
    whatsapp.deliver(numbers).await?;
    ensure!(Instant::now() < published, "webhooks are acknowledged too late");
    let mut all = Vec::new();
    while let Some(polled) = polling.join_next().await {
        all.push(polled??);
    }
    sleep_until(end).await;
    Ok(all)
}

/// What the server has asked PostgreSQL so far.
async fn executed(server: &Server) -> anyhow::Result<Option<Statements>> {
    match &server.database {
        Some(database) => database.statements().await.map(Some),
        None => Ok(None),
    }
}

fn print(
    settings: &Settings,
    candidates: &[Candidate],
    rounds: &[Vec<(Round, Round)>],
) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "server",
        "polls/s",
        "p50 ms",
        "p99 ms",
        "CPU us/poll",
        "statements/poll",
        "missing",
        "repeated",
    ]);
    for (candidate, rounds) in candidates.iter().zip(rounds) {
        let middle = |of: fn(&(Round, Round)) -> f64| median(rounds.iter().map(of));
        let sum = |of: fn(&Round) -> u64| rounds.iter().map(|(with, _)| of(with)).sum::<u64>();
        let asked: Option<Vec<f64>> = rounds.iter().map(|of| Some(more(of)?.0)).collect();
        table.row(vec![
            candidate.name.to_owned(),
            format!("{:.0}", middle(|(with, _)| polls(with) / with.elapsed)),
            format!("{:.2}", middle(|(with, _)| quantile(with.latencies.iter().copied(), 0.5))),
            format!("{:.2}", middle(|(with, _)| quantile(with.latencies.iter().copied(), 0.99))),
            format!(
                "{:.0}",
                middle(|(with, without)| (with.cpu - without.cpu) * 1e6 / polls(with))
            ),
            asked.map_or("-".to_owned(), |asked| format!("{:.3}", median(asked))),
            sum(|round| round.missing).to_string(),
            sum(|round| round.repeated).to_string(),
        ]);
    }
    let Settings { pollers, every, rate, seconds, .. } = settings;
    let others = rounds.iter().flatten().map(|(with, _)| with.cores_of_others);
    let pace = if *every > 0 { format!("every {every} s") } else { "all the time".to_owned() };
    table.print(&format!(
        "{}\n\n{pollers} users poll {pace}, {rate} messages/s for {seconds} s, medians of \
         {} rounds; others on the machine took {:.2} cores",
        setting()?,
        settings.at_hand.rounds,
        median(others),
    ));
    if let Some((polls, (_, most))) =
        rounds.iter().flatten().find_map(|of| Some((polls(&of.0), more(of)?)))
    {
        say("What polls make more frequent (the first round; statements per poll):\n");
        for (statement, calls) in most.iter().take(NAMED) {
            let start: String = statement.chars().take(SHOWN).collect();
            say(&format!("    {:>6.3}  {start}", f64::from(*calls) / polls));
        }
    }
    Ok(())
}

fn polls(round: &Round) -> f64 {
    real(round.latencies.len() as u64)
}

/// How many more statements a poll led to, and which.
fn more((with, without): &(Round, Round)) -> Option<(f64, Vec<(String, i32)>)> {
    let (after, before) = (with.statements.as_ref()?, without.statements.as_ref()?);
    let mut all = after.clone();
    for (statement, calls) in before {
        *all.entry(statement.clone()).or_default() -= calls;
    }
    let mut most: Vec<_> = all.into_iter().collect();
    most.sort_by_key(|(_, calls)| -*calls);
    let sum: i32 = most.iter().map(|(_, calls)| calls).sum();
    Some((f64::from(sum) / polls(with), most))
}
