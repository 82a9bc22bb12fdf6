//! Messages on their way from webhooks to websockets: how many, how fast, and what they take.
//!
//! In an open loop (`--rate`) webhooks come at a steady pace whatever happens, and a message's time
//! counts from when it was due. In a closed loop (`--in-flight`) the next one comes when one has
//! reached everybody.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hdrhistogram::Histogram;
use tokio::time::{Instant, sleep, timeout};

use crate::AtHand;
use crate::proc::{Cpu, resident_kib, setting};
use crate::server::{Candidate, Server, everybody, take_turns};
use crate::sockets::{Reads, Sockets, one_agent};
use crate::statistics::{median, milliseconds, real};
use crate::table::Table;
use crate::tracker::Tracker;
use crate::webhooks::WhatsApp;

/// More than any server takes in a second.
const MOST_PER_SECOND: u32 = 20_000;

/// For how long a server is used before it counts.
const WARMING: Duration = Duration::from_secs(4);

/// How long what was sent may take to arrive after the end.
pub(crate) const DRAIN: Duration = Duration::from_secs(20);

#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    at_hand: AtHand,

    #[command(flatten)]
    load: Load,
}

/// What a server is given to do.
#[derive(Args)]
pub(crate) struct Load {
    /// How many clients listen, all of one tenant
    #[arg(long, default_value_t = 100)]
    clients: usize,

    /// How many messages come in per second
    #[arg(long, conflicts_with = "in_flight", required_unless_present = "in_flight")]
    rate: Option<u32>,

    /// How many messages are on their way at once
    #[arg(long)]
    in_flight: Option<usize>,

    /// For how many seconds
    #[arg(long, default_value_t = 8)]
    seconds: u32,

    /// How long a message's text is, in bytes
    #[arg(long, default_value_t = 80)]
    text: usize,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, rate, in_flight, seconds, text } = self;
        write!(f, "{clients} clients, ")?;
        match (rate, in_flight) {
            (Some(rate), _) => write!(f, "{rate} messages/s"),
            (None, in_flight) => {
                write!(f, "{} messages on their way at once", in_flight.unwrap_or(1))
            }
        }?;
        write!(f, " of {text} bytes for {seconds} s")
    }
}

/// What one round showed.
pub(crate) struct Round {
    pub(crate) messages_per_second: f64,
    pub(crate) latencies: Histogram<u64>,
    pub(crate) cpu_per_message: f64,
    /// Of one core.
    cpu_share: f64,
    others_share: f64,
    resident_kib: f64,
    pub(crate) missing: u64,
    pub(crate) repeated: u64,
}

/// Lets the servers take turns, and prints what they do.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let candidates = everybody(&settings.at_hand)?;
    let rounds = take_turns(
        settings.at_hand.rounds,
        &candidates,
        async |candidate| round(&candidate.start().await?, &settings.load).await,
        |round| {
            format!(
                "{:.0} messages/s, p99 {:.2} ms, {:.0} us a message",
                round.messages_per_second,
                milliseconds(&round.latencies, 0.99),
                round.cpu_per_message,
            )
        },
    )
    .await?;
    print(settings, &candidates, &rounds)
}

/// Has a server work for a while.
pub(crate) async fn round(server: &Server, load: &Load) -> anyhow::Result<Round> {
    let measured = Duration::from_secs(load.seconds.into());
    let rate = load.rate.unwrap_or(MOST_PER_SECOND);
    let most = u64::from(rate) * (WARMING + measured).as_secs();
    let whatsapp = WhatsApp::new(server.address, rate, load.text, most);
    let first = whatsapp.introduce().await?;
    let tracker = Arc::new(Tracker::new(load.clients, first + most));
    let reads = Reads::Numbers(Arc::clone(&tracker));
    let sockets = Sockets::connect(server.address, load.clients, one_agent, &reads).await?;

    let until = Instant::now() + WARMING + measured;
    let numbers = first..first + most;
    let sending = async {
        match load.in_flight {
            Some(in_flight) => whatsapp.keep(in_flight, numbers, until, &tracker).await,
            None => whatsapp.deliver_to(numbers, &tracker).await,
        }
    };
    let measuring = async {
        sleep(WARMING).await;
        tracker.heard();
        let cpu = Cpu::now(server.pid())?;
        sleep(measured).await;
        anyhow::Ok((Cpu::now(server.pid())?.since(cpu), tracker.heard()))
    };
    let (sent, shown) = tokio::join!(sending, measuring);
    sent?;
    let (used, mut heard) = shown?;
    let _ = timeout(DRAIN, sockets.settle()).await;
    // What was on its way is not faster for that.
    heard.latencies.add(tracker.heard().latencies)?;

    let messages = real(heard.messages);
    let seconds = measured.as_secs_f64();
    Ok(Round {
        messages_per_second: messages / seconds,
        latencies: heard.latencies,
        cpu_per_message: used.server.as_secs_f64() * 1e6 / messages.max(1.0),
        cpu_share: used.server.as_secs_f64() / seconds,
        others_share: used.others.as_secs_f64() / seconds,
        resident_kib: real(resident_kib(server.pid())?),
        missing: tracker.missing(),
        repeated: tracker.repeated(),
    })
}

fn print(
    settings: &Settings,
    candidates: &[Candidate],
    rounds: &[Vec<Round>],
) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "server",
        "messages/s",
        "deliveries/s",
        "p50 ms",
        "p99 ms",
        "CPU us/message",
        "CPU %",
        "of others %",
        "RSS MB",
        "missing",
        "repeated",
    ]);
    let clients = real(settings.load.clients as u64);
    for (candidate, rounds) in candidates.iter().zip(rounds) {
        let middle = |of: fn(&Round) -> f64| median(rounds.iter().map(of));
        let late = |share| median(rounds.iter().map(|it| milliseconds(&it.latencies, share)));
        let sum = |of: fn(&Round) -> u64| rounds.iter().map(of).sum::<u64>();
        table.row(vec![
            candidate.name.to_owned(),
            format!("{:.0}", middle(|it| it.messages_per_second)),
            format!("{:.0}", middle(|it| it.messages_per_second) * clients),
            format!("{:.2}", late(0.5)),
            format!("{:.2}", late(0.99)),
            format!("{:.0}", middle(|it| it.cpu_per_message)),
            format!("{:.1}", middle(|it| it.cpu_share) * 100.0),
            format!("{:.1}", middle(|it| it.others_share) * 100.0),
            format!("{:.0}", middle(|it| it.resident_kib * 1_024.0 / 1e6)),
            sum(|it| it.missing).to_string(),
            sum(|it| it.repeated).to_string(),
        ]);
    }
    table.print(&format!(
        "{}\n\n{}, medians of {} rounds",
        setting()?,
        settings.load,
        settings.at_hand.rounds,
    ));
    Ok(())
}
