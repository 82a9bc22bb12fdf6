//! Long messages to many websockets: what compressing them costs, and what it saves.

use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};

use crate::proc::{Cpu, resident_kib, setting};
use crate::server::{Candidate, Program, node, take_turns};
use crate::sockets::{Count, Reads, Sockets, one_agent};
use crate::statistics::{median, real};
use crate::table::Table;
use crate::webhooks::WhatsApp;
use crate::{AtHand, texts};

/// How many clients read what they get; the others count it.
const READERS: usize = 5;

/// How long a server is left alone before its memory is looked at.
const REST: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    at_hand: AtHand,

    /// How many clients listen
    #[arg(long, default_value_t = 1_000)]
    clients: usize,

    /// How many messages come in per second
    #[arg(long, default_value_t = 5)]
    rate: u32,

    /// For how many seconds they do
    #[arg(long, default_value_t = 20)]
    seconds: u32,

    /// How long a message's text is, in bytes
    #[arg(long, default_value_t = 1_700)]
    text: usize,
}

/// What one round showed. A delivery is a message that reached a client.
struct Round {
    cpu_per_delivery: f64,
    bytes_per_delivery: f64,
    frames_per_delivery: f64,
    kib_per_idle: f64,
    kib_per_busy: f64,
    deliveries_per_second: f64,
    found: Found,
    cores_of_load: f64,
    cores_of_others: f64,
}

/// What was wrong with what clients got.
struct Found {
    missing: u64,
    repeated: u64,
    /// Texts that overtook another, or are not what was sent; seen by those who read.
    wrong: u64,
}

/// Lets the servers take turns, and prints what they take.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let candidates = candidates(settings)?;
    let rounds = take_turns(
        settings.at_hand.rounds,
        &candidates,
        async |candidate| round(candidate, settings).await,
        |round| {
            format!(
                "{:.1} us and {:.0} bytes a delivery; others took {:.2} cores",
                round.cpu_per_delivery, round.bytes_per_delivery, round.cores_of_others,
            )
        },
    )
    .await?;
    print(settings, &candidates, &rounds)
}

fn candidates(settings: &Settings) -> anyhow::Result<Vec<Candidate>> {
    // Heartbeats would be counted as events.
    let recado = |name, level: Option<_>| Candidate {
        name,
        program: Program::Recado,
        postgres: None,
        environment: [("HEARTBEAT_S", "86400")].into_iter().chain(level).collect(),
    };
    let mut candidates = vec![
        recado("Recado, no deflate", Some(("DEFLATE_LEVEL", "0"))),
        recado("Recado, deflate", None),
        recado("Recado, deflate level 1", Some(("DEFLATE_LEVEL", "1"))),
    ];
    for (name, deflate) in [("Node, no deflate", "0"), ("Node, deflate", "1")] {
        candidates.extend(node(name, &settings.at_hand, &[("PER_MESSAGE_DEFLATE", deflate)])?);
    }
    Ok(candidates)
}

async fn round(candidate: &Candidate, settings: &Settings) -> anyhow::Result<Round> {
    let server = candidate.start().await?;
    let (measured, warming) = (settings.rate * settings.seconds, settings.rate * 2);
    let whatsapp =
        WhatsApp::new(server.address, settings.rate, settings.text, u64::from(measured + warming));
    let warm = whatsapp.introduce().await?;
    sleep(REST).await;
    let empty = resident_kib(server.pid())?;
    let sockets =
        Sockets::connect(server.address, settings.clients, one_agent, &Reads::TextsOf(READERS))
            .await?;
    sleep(REST).await;
    let idle = resident_kib(server.pid())?;
    let first = warm + u64::from(warming);
    whatsapp.deliver(warm..first).await?;
    sockets.settle().await;
    (0..READERS.min(settings.clients)).for_each(|reader| drop(sockets.take_texts(reader)));

    let (before, began, cpu) = (sockets.counts(), Instant::now(), Cpu::now(server.pid())?);
    let numbers = first..first + u64::from(measured);
    whatsapp.deliver(numbers.clone()).await?;
    let ended = sockets.settle().await;
    let (used, elapsed) = (Cpu::now(server.pid())?.since(cpu), began.elapsed());

    let got: Vec<Count> =
        sockets.counts().iter().zip(before).map(|(after, before)| after.since(before)).collect();
    let per_client = |kib: u64| real(kib.saturating_sub(empty)) / real(settings.clients as u64);
    let deliveries = real(u64::from(measured)) * real(settings.clients as u64);
    let sum = |of: fn(&Count) -> u64| real(got.iter().map(of).sum());
    Ok(Round {
        cpu_per_delivery: used.server.as_secs_f64() * 1e6 / deliveries,
        bytes_per_delivery: sum(|count| count.bytes) / deliveries,
        frames_per_delivery: sum(|count| count.frames) / deliveries,
        kib_per_idle: per_client(idle),
        kib_per_busy: per_client(resident_kib(server.pid())?),
        deliveries_per_second: deliveries / (ended - began).as_secs_f64(),
        found: check(&sockets, &got, &whatsapp, numbers),
        cores_of_load: used.load.as_secs_f64() / elapsed.as_secs_f64(),
        cores_of_others: used.others.as_secs_f64() / elapsed.as_secs_f64(),
    })
}

/// Whether everybody got everything once: those who read by the texts, the others by as many
/// frames as somebody who read got with all texts once.
fn check(
    sockets: &Sockets,
    got: &[Count],
    whatsapp: &WhatsApp,
    numbers: std::ops::Range<u64>,
) -> Found {
    let mut found = Found { missing: 0, repeated: 0, wrong: 0 };
    let mut whole = None;
    for (reader, count) in got.iter().enumerate().take(READERS) {
        let texts = sockets.take_texts(reader);
        let read: Vec<_> = texts.iter().filter_map(|text| texts::number(text)).collect();
        let mut once = read.clone();
        once.sort_unstable();
        once.dedup();
        let missing = numbers.clone().filter(|number| !once.contains(number)).count();
        let repeated = read.len() - once.len();
        found.missing += missing as u64;
        found.repeated += repeated as u64;
        found.wrong += read.windows(2).filter(|two| two[1] < two[0]).count() as u64;
        let meant = |text: &&String| texts::number(text).and_then(|at| whatsapp.text(at));
        found.wrong += texts.iter().filter(|text| meant(text) != Some(text)).count() as u64;
        if missing + repeated == 0 {
            whole = Some(count.frames);
        }
    }
    let Some(whole) = whole else { return found };
    for count in &got[READERS.min(got.len())..] {
        found.missing += whole.saturating_sub(count.frames);
        found.repeated += count.frames.saturating_sub(whole);
    }
    found
}

fn print(
    settings: &Settings,
    candidates: &[Candidate],
    rounds: &[Vec<Round>],
) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "server",
        "CPU us/delivery",
        "lowest-highest",
        "wire bytes/delivery",
        "frames/delivery",
        "RSS KiB/connection, idle",
        "after",
        "deliveries/s",
        "missing",
        "repeated",
        "wrong",
    ]);
    for (candidate, rounds) in candidates.iter().zip(rounds) {
        let middle = |of: fn(&Round) -> f64| median(rounds.iter().map(of));
        let sum = |of: fn(&Found) -> u64| rounds.iter().map(|it| of(&it.found)).sum::<u64>();
        let cpu = || rounds.iter().map(|round| round.cpu_per_delivery);
        table.row(vec![
            candidate.name.to_owned(),
            format!("{:.1}", middle(|it| it.cpu_per_delivery)),
            format!("{:.1}-{:.1}", cpu().fold(f64::INFINITY, f64::min), cpu().fold(0.0, f64::max)),
            format!("{:.0}", middle(|it| it.bytes_per_delivery)),
            format!("{:.2}", middle(|it| it.frames_per_delivery)),
            format!("{:.1}", middle(|it| it.kib_per_idle)),
            format!("{:.1}", middle(|it| it.kib_per_busy)),
            format!("{:.0}", middle(|it| it.deliveries_per_second)),
            sum(|found| found.missing).to_string(),
            sum(|found| found.repeated).to_string(),
            sum(|found| found.wrong).to_string(),
        ]);
    }
    let all = || rounds.iter().flatten();
    let Settings { clients, rate, seconds, text, .. } = settings;
    table.print(&format!(
        "{}\n\n{clients} clients, {rate} messages/s of {text} bytes for {seconds} s, medians of {} \
         rounds; clients and webhooks took {:.2} cores, others on the machine {:.2}",
        setting()?,
        settings.at_hand.rounds,
        median(all().map(|round| round.cores_of_load)),
        median(all().map(|round| round.cores_of_others)),
    ));
    Ok(())
}
