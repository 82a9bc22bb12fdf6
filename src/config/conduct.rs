//! How the simulator behaves, and misbehaves.

use clap::Args;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Rule, Share, Window};

/// The most messages in a second that can be asked for.
const FASTEST: f64 = 100_000.0;

/// What may be changed while it runs, by `PUT /control` with some of these fields as JSON.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conduct {
    /// The server that webhooks go to, without the path
    #[arg(long, default_value = "http://localhost:3333", help_heading = "People")]
    pub server: String,

    /// How many messages people write in a second, all together; 0 for none
    #[arg(long, default_value = "2", value_parser = rate, help_heading = "People")]
    #[serde(deserialize_with = "rate_of")]
    pub rate: f64,

    /// The share of the business's messages that people answer; all if given without a number
    #[arg(long, default_value = "0", num_args = 0..=1, default_missing_value = "1", help_heading = "People")]
    pub replies: Share,

    /// How long an answer takes, on average, in milliseconds
    #[arg(long, default_value_t = 3_000, help_heading = "People")]
    pub reply_after_ms: u64,

    /// The most messages and statuses in one webhook
    #[arg(long, default_value_t = 5, help_heading = "Webhooks")]
    pub batch: usize,

    /// The share of messages and statuses that come once more, in other company
    #[arg(long, default_value = "0", help_heading = "Webhooks")]
    pub repeat: Share,

    /// The share of webhooks whose parts are in another order
    #[arg(long, default_value = "0", help_heading = "Webhooks")]
    pub shuffle: Share,

    /// The share of messages and statuses that come late, after newer ones
    #[arg(long, default_value = "0", help_heading = "Webhooks")]
    pub late: Share,

    /// How late at most, in milliseconds; repeats too come within this time
    #[arg(long, default_value_t = 5_000, help_heading = "Webhooks")]
    pub late_by_ms: u64,

    /// How often a webhook that is not answered 2xx is tried again
    #[arg(long, default_value_t = 10, help_heading = "Webhooks")]
    pub retries: u32,

    /// How long it waits before the first new try, in milliseconds; twice as long before each other
    #[arg(long, default_value_t = 1_000, help_heading = "Webhooks")]
    pub retry_after_ms: u64,

    /// How long after a message was accepted it is sent, in milliseconds
    #[arg(long, default_value_t = 100, help_heading = "Statuses")]
    pub sent_after_ms: u64,

    /// How long after that it is delivered
    #[arg(long, default_value_t = 400, help_heading = "Statuses")]
    pub delivered_after_ms: u64,

    /// How long after that it is read
    #[arg(long, default_value_t = 2_500, help_heading = "Statuses")]
    pub read_after_ms: u64,

    /// By what share these times may be longer or shorter
    #[arg(long, default_value = "0.3", help_heading = "Statuses")]
    pub jitter: Share,

    /// The share of messages that are read without having been delivered: the chat was open
    #[arg(long, default_value = "0", help_heading = "Statuses")]
    pub undelivered: Share,

    /// The share of messages that are never read
    #[arg(long, default_value = "0", help_heading = "Statuses")]
    pub unread: Share,

    /// The share of accepted messages that fail
    #[arg(long, default_value = "0", help_heading = "Statuses")]
    pub fail: Share,

    /// With which code they fail
    #[arg(long, default_value_t = 131_026, help_heading = "Statuses")]
    pub fail_code: u32,

    /// The share of sends that are answered late
    #[arg(long, default_value = "0", help_heading = "Answers")]
    pub slow: Share,

    /// How long slow and trickling answers take, in milliseconds
    #[arg(long, default_value_t = 2_000, help_heading = "Answers")]
    pub slow_by_ms: u64,

    /// The share of sends that are accepted, and the connection is cut without an answer
    #[arg(long, default_value = "0", help_heading = "Answers")]
    pub drop: Share,

    /// The share of sends that are answered 503, and not accepted
    #[arg(long, default_value = "0", help_heading = "Answers")]
    pub unavailable: Share,

    /// The share of sends that are accepted, and answered 500
    #[arg(long, default_value = "0", help_heading = "Answers")]
    pub broken: Share,

    /// The share of sends that are refused
    #[arg(long, default_value = "0", help_heading = "Answers")]
    pub refuse: Share,

    /// With which code they are refused
    #[arg(long, default_value_t = 131_000, help_heading = "Answers")]
    pub refuse_code: u32,

    /// The share of sends that are accepted, and the connection is cut in the middle of the answer
    #[arg(long, default_value = "0", help_heading = "Answers")]
    pub truncate: Share,

    /// The share of sends whose answers come in small pieces
    #[arg(long, default_value = "0", help_heading = "Answers")]
    pub trickle: Share,

    /// What is to happen to certain sends before any chance, as JSON:
    /// '{"fault":"drop","times":2,"to":"5511988887777"}', each of them optional but the fault
    #[arg(long, value_name = "RULE", help_heading = "Answers")]
    pub rule: Vec<Rule>,

    /// How long after a customer's last message only templates are taken, in seconds, in the way
    /// that `window` says
    #[arg(long, default_value_t = 86_400, help_heading = "Limits")]
    pub window_s: u64,

    /// What becomes of other messages after that
    #[arg(long, value_enum, default_value_t = Window::Off, num_args = 0..=1, default_missing_value = "refuse", help_heading = "Limits")]
    pub window: Window,

    /// How often one person may be sent a message, in milliseconds (131056); 0 for no limit
    #[arg(long, default_value_t = 6_000, help_heading = "Limits")]
    pub pair_every_ms: u64,

    /// How many of them may come at once
    #[arg(long, default_value_t = 45, help_heading = "Limits")]
    pub pair_burst: u32,

    /// How many messages a number may send in a second (130429); 0 for no limit
    #[arg(long, default_value_t = 80, help_heading = "Limits")]
    pub throughput: u32,

    /// How long the address of a medium is valid, in seconds
    #[arg(long, default_value_t = 300, help_heading = "Media")]
    pub media_url_s: u64,

    /// The share of people's media with a checksum that is not theirs
    #[arg(long, default_value = "0", help_heading = "Media")]
    pub wrong_checksums: Share,

    /// The share of people's media that are not there
    #[arg(long, default_value = "0", help_heading = "Media")]
    pub missing_media: Share,

    /// The share of media's addresses that have expired when they are given out
    #[arg(long, default_value = "0", help_heading = "Media")]
    pub expired_media: Share,
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse().ok().filter(|rate| (0.0..=FASTEST).contains(rate));
    rate.ok_or("not a number of messages a second")
}

fn rate_of<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    rate(&f64::deserialize(from)?.to_string()).map_err(D::Error::custom)
}
