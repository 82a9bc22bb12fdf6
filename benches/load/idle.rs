//! Many websockets on which nothing is said: what being connected takes.

use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};

use crate::AtHand;
use crate::proc::{Cpu, resident_kib, setting};
use crate::server::{Candidate, everybody, take_turns};
use crate::sockets::{Reads, Sockets, own_agent};
use crate::statistics::{median, real};
use crate::table::Table;
use crate::webhooks::WhatsApp;

/// How long a server is left alone before its memory is looked at.
const REST: Duration = Duration::from_secs(4);

#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    at_hand: AtHand,

    /// How many clients are connected
    #[arg(long, default_value_t = 5_000)]
    clients: usize,

    /// For how many seconds they are
    #[arg(long, default_value_t = 10)]
    seconds: u32,
}

/// What one round showed.
struct Round {
    empty_kib: f64,
    idle_kib: f64,
    connected_per_second: f64,
    cpu_per_connected: f64,
    /// Of one core, while nothing happens.
    idle_cpu_share: f64,
    cores_of_others: f64,
}

/// Lets the servers take turns, and prints what they take.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let candidates = everybody(&settings.at_hand)?;
    let rounds = take_turns(
        settings.at_hand.rounds,
        &candidates,
        async |candidate| round(candidate, settings).await,
        |round| {
            format!(
                "{:.0} KiB in all, {:.0} connections/s; others took {:.2} cores",
                round.idle_kib, round.connected_per_second, round.cores_of_others,
            )
        },
    )
    .await?;
    print(settings, &candidates, &rounds)
}

async fn round(candidate: &Candidate, settings: &Settings) -> anyhow::Result<Round> {
    let server = candidate.start().await?;
    WhatsApp::new(server.address, 1, 100, 0).introduce().await?;
    sleep(REST).await;
    let empty = resident_kib(server.pid())?;
    let (began, cpu) = (Instant::now(), Cpu::now(server.pid())?);
    let sockets =
        Sockets::connect(server.address, settings.clients, own_agent, &Reads::TextsOf(0)).await?;
    let (took, connecting) = (began.elapsed(), Cpu::now(server.pid())?.since(cpu));
    sleep(REST).await;

    let (began, cpu) = (Instant::now(), Cpu::now(server.pid())?);
    sleep(Duration::from_secs(settings.seconds.into())).await;
    let (used, elapsed) = (Cpu::now(server.pid())?.since(cpu), began.elapsed());
    let idle = resident_kib(server.pid())?;
    drop(sockets);
    let clients = real(settings.clients as u64);
    Ok(Round {
        empty_kib: real(empty),
        idle_kib: real(idle),
        connected_per_second: clients / took.as_secs_f64(),
        cpu_per_connected: connecting.server.as_secs_f64() * 1e6 / clients,
        idle_cpu_share: used.server.as_secs_f64() / elapsed.as_secs_f64(),
        cores_of_others: used.others.as_secs_f64() / elapsed.as_secs_f64(),
    })
}

fn print(
    settings: &Settings,
    candidates: &[Candidate],
    rounds: &[Vec<Round>],
) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "server",
        "RSS MB in all",
        "before anybody came",
        "KiB/connection",
        "connections/s",
        "CPU us/connection",
        "CPU % while idle",
    ]);
    let clients = real(settings.clients as u64);
    for (candidate, rounds) in candidates.iter().zip(rounds) {
        let middle = |of: fn(&Round) -> f64| median(rounds.iter().map(of));
        table.row(vec![
            candidate.name.to_owned(),
            format!("{:.0}", middle(|it| it.idle_kib * 1_024.0 / 1e6)),
            format!("{:.0}", middle(|it| it.empty_kib * 1_024.0 / 1e6)),
            format!("{:.1}", middle(|it| it.idle_kib - it.empty_kib) / clients),
            format!("{:.0}", middle(|it| it.connected_per_second)),
            format!("{:.0}", middle(|it| it.cpu_per_connected)),
            format!("{:.1}", middle(|it| it.idle_cpu_share) * 100.0),
        ]);
    }
    table.print(&format!(
        "{}\n\n{} websockets, idle for {} s, medians of {} rounds; others on the machine took {:.2} cores",
        setting()?,
        settings.clients,
        settings.seconds,
        settings.at_hand.rounds,
        median(rounds.iter().flatten().map(|round| round.cores_of_others)),
    ));
    Ok(())
}
