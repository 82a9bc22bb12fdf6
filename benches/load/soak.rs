//! The same load for an hour: does a server take at the end what it took at the beginning?
//!
//! Webhooks come in an open loop to listening clients, as in `live`. Meanwhile others come and go all
//! the time, so that what a connection leaves behind would add up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::time::{Instant, sleep_until, timeout};

use crate::proc::{Cpu, open_files, resident_kib, setting};
use crate::server::{Candidate, Program, Server, everybody};
use crate::sockets::{Reads, Sockets, one_agent, own_agent};
use crate::statistics::{milliseconds, real};
use crate::table::{Table, progress};
use crate::tracker::Tracker;
use crate::webhooks::WhatsApp;
use crate::{AtHand, live};

/// For how long somebody stays who comes and goes without a word; then the next one comes.
const VISIT: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    at_hand: AtHand,

    /// How many clients listen all the time, all of one tenant
    #[arg(long, default_value_t = 100)]
    clients: usize,

    /// How many messages come in per second: half of what `live` shows in a closed loop
    #[arg(long, default_value_t = 1_000)]
    rate: u32,

    /// For how many minutes
    #[arg(long, default_value_t = 60)]
    minutes: u32,

    /// How many minutes a row of the table stands for
    #[arg(long, default_value_t = 5)]
    each: u32,

    /// How long a message's text is, in bytes
    #[arg(long, default_value_t = 80)]
    text: usize,
}

/// What a stretch of the hour showed.
struct Stretch {
    messages_per_second: f64,
    p50: f64,
    p99: f64,
    cpu_per_message: f64,
    resident_kib: f64,
    open_files: usize,
    visits: u64,
}

/// Has Recado work for so long: on PostgreSQL if one is at hand, else on SQLite.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let candidates = everybody(&settings.at_hand)?;
    let mut ours = candidates.iter().filter(|it| matches!(it.program, Program::Recado));
    let candidate = ours.next_back().context("no Recado")?;
    let server = candidate.start().await?;
    let most = u64::from(settings.rate) * 60 * u64::from(settings.minutes);
    let whatsapp = WhatsApp::new(server.address, settings.rate, settings.text, most);
    let first = whatsapp.introduce().await?;
    let tracker = Arc::new(Tracker::new(settings.clients, first + most));
    let reads = Reads::Numbers(Arc::clone(&tracker));
    let sockets = Sockets::connect(server.address, settings.clients, one_agent, &reads).await?;

    let (sent, stretches) = tokio::join!(
        whatsapp.deliver_to(first..first + most, &tracker),
        watch(settings, &server, &tracker),
    );
    sent?;
    let _ = timeout(live::DRAIN, sockets.settle()).await;
    print(settings, candidate, &tracker, &stretches?)
}

/// Looks at the server after each stretch, while visitors come and go.
async fn watch(
    settings: &Settings,
    server: &Server,
    tracker: &Tracker,
) -> anyhow::Result<Vec<Stretch>> {
    let length = Duration::from_mins(1) * settings.each;
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut from = Instant::now();
    for number in 1..=settings.minutes / settings.each {
        let cpu = Cpu::now(server.pid())?;
        let visits = visits(server.address, from + length).await?;
        let until = Instant::now();
        let used = Cpu::now(server.pid())?.since(cpu);
        let heard = tracker.heard();
        let messages = real(heard.messages);
        let stretch = Stretch {
            messages_per_second: messages / (until - from).as_secs_f64(),
            p50: milliseconds(&heard.latencies, 0.5),
            p99: milliseconds(&heard.latencies, 0.99),
            cpu_per_message: used.server.as_secs_f64() * 1e6 / messages.max(1.0),
            resident_kib: real(resident_kib(server.pid())?),
            open_files: open_files(server.pid())?,
            visits,
        };
        progress(&format!(
            "minute {}: p99 {:.2} ms, {:.0} MB, {} files",
            number * settings.each,
            stretch.p99,
            stretch.resident_kib * 1_024.0 / 1e6,
            stretch.open_files
        ));
        stretches.push(stretch);
        from = until;
    }
    Ok(stretches)
}

/// Has one after the other come and go; returns how many have been there.
async fn visits(to: SocketAddr, until: Instant) -> anyhow::Result<u64> {
    let mut visits = 0;
    while Instant::now() < until {
        let visitor = Sockets::connect(to, 1, own_agent, &Reads::TextsOf(0)).await?;
        sleep_until(until.min(Instant::now() + VISIT)).await;
        drop(visitor);
        visits += 1;
    }
    Ok(visits)
}

fn print(
    settings: &Settings,
    candidate: &Candidate,
    tracker: &Tracker,
    stretches: &[Stretch],
) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "until minute",
        "messages/s",
        "p50 ms",
        "p99 ms",
        "CPU us/message",
        "RSS MB",
        "open files",
        "came and went",
    ]);
    for (number, stretch) in (1..).zip(stretches) {
        table.row(vec![
            (number * settings.each).to_string(),
            format!("{:.0}", stretch.messages_per_second),
            format!("{:.2}", stretch.p50),
            format!("{:.2}", stretch.p99),
            format!("{:.0}", stretch.cpu_per_message),
            format!("{:.0}", stretch.resident_kib * 1_024.0 / 1e6),
            stretch.open_files.to_string(),
            stretch.visits.to_string(),
        ]);
    }
    let Settings { clients, rate, minutes, text, .. } = settings;
    table.print(&format!(
        "{}\n\n{}: {clients} clients, {rate} messages/s of {text} bytes for {minutes} minutes; missing {}, repeated {}",
        setting()?,
        candidate.name,
        tracker.missing(),
        tracker.repeated(),
    ));
    Ok(())
}
