//! What `recado simulate` is told at start, and the words of it.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::{Args, Parser as _, ValueEnum};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Cli, Command, Conduct, Serve};

/// What stays as it was at start.
#[derive(Args, Clone, Debug)]
pub struct Simulate {
    /// Where the Graph API and the controls listen
    #[arg(long, default_value = "127.0.0.1:3334")]
    pub listen: SocketAddr,

    /// The ids of the business's numbers, to which people write in turn
    #[arg(long, value_delimiter = ',', default_value = "test-phone-id")]
    pub phone_number_id: Vec<String>,

    /// The business's number as people see it
    #[arg(long, default_value = "5511999999999")]
    pub display_phone_number: String,

    /// The app's secret: with it, webhooks are signed
    #[arg(long, env = "WHATSAPP_APP_SECRET", hide_env_values = true)]
    pub app_secret: Option<SecretString>,

    /// The token that the Graph API asks for; without it, any token will do
    #[arg(long, env = "WHATSAPP_ACCESS_TOKEN", hide_env_values = true)]
    pub access_token: Option<SecretString>,

    /// What all chance depends on: the same seed makes the same people write the same messages,
    /// with the same ids, and the same things go wrong. Another each time if not given
    #[arg(long)]
    pub seed: Option<u64>,

    /// How many people there are
    #[arg(long, default_value_t = 20)]
    pub phones: usize,

    /// How many messages they write at once when it starts
    #[arg(long, default_value_t = 5)]
    pub at_once: u64,

    /// Stop when so many messages have been written, and all webhooks answered
    #[arg(long)]
    pub messages: Option<u64>,

    /// How many webhooks may be under way at once
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub connections: u32,

    /// The area codes in which WhatsApp knows Brazil's mobiles without their ninth digit
    #[arg(long, value_delimiter = ',', default_value = "31-99")]
    pub short_area_codes: Vec<AreaCodes>,

    /// How many entries the ledger keeps of each sort; the oldest go first
    #[arg(long, default_value_t = 100_000)]
    pub ledger_size: usize,

    /// What to log: error, warn, info, debug or trace, also by module
    #[arg(long, env = "RECADO_LOG", default_value = "info")]
    pub log: String,

    /// What may be changed while it runs.
    #[command(flatten)]
    pub conduct: Conduct,
}

impl Simulate {
    /// Lets a server that is to have people made up send to them, unless it has a token to send to
    /// real ones.
    pub fn stand_in(server: &mut Serve) {
        if server.simulate && server.whatsapp.access_token().is_none() {
            let port = server.port.wrapping_add(1);
            server.whatsapp.whatsapp_graph_url = format!("http://127.0.0.1:{port}/v25.0");
            server.whatsapp.whatsapp_access_token = Some("simulated".into());
        }
    }

    /// Who writes to a server on `port`, if it is to have people made up: one message every few
    /// seconds, from the port after its own.
    pub fn beside(server: &Serve, port: u16) -> Option<Self> {
        let url = format!("http://127.0.0.1:{port}");
        let listen = format!("127.0.0.1:{}", port.wrapping_add(1));
        let flags = ["recado", "simulate", "--rate", "0.4", "--replies", "1"];
        let flags = flags.into_iter().chain(["--server", &url, "--listen", &listen]);
        let Some(Command::Simulate(mut simulate)) = Cli::parse_from(flags).command else {
            unreachable!("it is that command");
        };
        simulate.app_secret = server.whatsapp.app_secret().cloned();
        server.simulate.then_some(*simulate)
    }
}

/// A share: from 0, never, to 1, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

/// What can go wrong with a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It is answered late.
    Slow,
    /// It is accepted, and the connection cut without an answer.
    Drop,
    /// It is answered 503, and not accepted.
    Unavailable,
    /// It is accepted, and answered 500.
    Broken,
    /// It is refused with a code.
    Refuse,
    /// It is accepted, and the connection cut in the middle of the answer.
    Truncate,
    /// Its answer comes in small pieces.
    Trickle,
}

/// What is to happen to the next sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// With which code it is refused; `refuse_code` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// To whom; all if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How often, before the rule is gone.
    #[serde(default = "once")]
    pub times: u32,
}

/// What becomes of messages outside the 24-hour window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// They are taken.
    Off,
    /// They are refused with 131047.
    Refuse,
    /// They are accepted, and fail with 131047.
    Fail,
}

/// Area codes: one, or a range such as 31-38.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaCodes(pub RangeInclusive<u8>);

impl Share {
    /// Its number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("{number} is not a share from 0 to 1"))
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
        Self::try_from(number)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

impl FromStr for AreaCodes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) if (11..=last).contains(&first) && last <= 99 => {
                Ok(Self(first..=last))
            }
            _ => Err(format!("`{text}` is neither an area code nor a range such as 31-38")),
        }
    }
}

fn once() -> u32 {
    1
}
