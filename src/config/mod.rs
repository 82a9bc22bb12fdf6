//! Every setting, its meaning and its default; the only reader of the environment.
//!
//! `recado --help` is the manual: the doc comments below are what it prints.

mod commands;
mod conduct;
mod connections;
mod limits;
mod media;
mod metrics;
mod secrets;
mod signals;
mod simulate;

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};

pub use commands::{
    InboxCommand, OutcomeName, RoleName, TenantCommand, Token, UserCommand, WebhooksCommand,
};
pub use conduct::Conduct;
pub use connections::Connections;
pub use limits::{Limit, RateLimits};
pub use media::{Media, MediaSizes};
pub use metrics::{Metrics, Readers};
pub use secrets::Sealing;
pub use signals::Signals;
pub use simulate::{AreaCodes, Fault, Rule, Share, Simulate, Window};

/// What a development server signs tokens with. A production server refuses it.
const DEVELOPMENT_SECRET: &str = "recado-development-secret";

/// The shortest secret that a production server accepts: what HS256 asks for.
/// <https://www.rfc-editor.org/rfc/rfc7518#section-3.2>
const SHORTEST_SECRET: usize = 32;

/// Recado: WhatsApp webhooks in, every open browser up to date.
///
/// Settings come from flags, else from the environment, else from a file `.env` in the working
/// directory. Without a command it serves.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The settings of `serve`, the command that is meant when none is given.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve clients and take webhooks (the default)
    Serve(Box<Serve>),
    /// Bring the database's schema up to date, and stop
    Migrate(Storage),
    /// Add and list tenants
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Add and list the people who sign in
    #[command(subcommand)]
    User(UserCommand),
    /// Add and list inboxes
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// Print a token for a user, and nothing else
    Token(Token),
    /// Look at what providers have sent, and read it once more
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Count everything anew and compare: prints what has drifted
    Verify(Storage),
    /// Stand in for WhatsApp: people who write, and a Graph API that takes what is sent to them
    Simulate(Box<Simulate>),
}

/// The settings of a server.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// The address to listen on
    #[arg(long, env = "HOST", default_value = "0.0.0.0")]
    pub host: IpAddr,

    /// The port to listen on
    #[arg(long, env = "PORT", default_value_t = 3333)]
    pub port: u16,

    /// Where this server runs: a development server takes unsigned webhooks, and the tenant "demo"
    /// takes in what comes for unknown phone numbers; a production server refuses to start with a default or short secret, or
    /// without WHATSAPP_APP_SECRET or SECRETS_KEY
    #[arg(long = "env", env = "RECADO_ENV", value_enum, default_value_t = Environment::Development)]
    pub environment: Environment,

    /// Make the tenant "demo", with the logins admin@demo.test and agent@demo.test (password
    /// "demo"), an inbox for the phone number id "test-phone-id", and print them
    #[arg(long, env = "RECADO_DEMO")]
    pub demo: bool,

    /// Let made-up people write to the demo's inbox, one every few seconds: `recado simulate` within
    /// this program, on the port after its own
    #[arg(long, env = "RECADO_SIMULATE")]
    pub simulate: bool,

    /// Tenants and WhatsApp inboxes that exist after start, as
    /// tenant-1=phone-number-id-a,tenant-2=phone-number-id-b
    #[arg(long, env = "RECADO_BOOTSTRAP", value_delimiter = ',', value_name = "TENANT=PHONE_ID")]
    pub bootstrap: Vec<Bootstrap>,

    /// Where the data is.
    #[command(flatten)]
    pub storage: Storage,

    /// How tokens are signed.
    #[command(flatten)]
    pub tokens: Tokens,

    /// WhatsApp.
    #[command(flatten)]
    pub whatsapp: WhatsApp,

    /// How messages are handed to their channels.
    #[command(flatten)]
    pub sending: Sending,

    /// Where files are kept that messages carry, and how they are fetched.
    #[command(flatten)]
    pub media: Media,

    /// How long the log and raw webhooks are kept.
    #[command(flatten)]
    pub retention: RetentionSettings,

    /// What clients are told about how to connect.
    #[command(flatten)]
    pub clients: Clients,

    /// How websockets are compressed.
    #[command(flatten)]
    pub deflate: Deflate,

    /// The origins whose pages may call this server, or * for all: tokens are not cookies, so no
    /// page gains anything by calling without one
    #[arg(long, env = "CORS_ORIGINS", value_delimiter = ',', default_value = "*")]
    pub cors_origins: Vec<String>,

    /// The proxies whose X-Forwarded-For is believed, as addresses or networks, such as
    /// 127.0.0.1,10.0.0.0/8; without them, a client's address is that of its connection
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// How long clients may take.
    #[command(flatten)]
    pub connections: Connections,

    /// How often clients are told how far the log has got, in seconds
    #[arg(long, env = "HEARTBEAT_S", default_value = "30", value_parser = seconds)]
    pub heartbeat: Duration,

    /// What is merely happening.
    #[command(flatten)]
    pub signals: Signals,

    /// How often somebody may do something.
    #[command(flatten)]
    pub limits: RateLimits,

    /// Who may read the metrics.
    #[command(flatten)]
    pub metrics: Metrics,

    /// What to log: error, warn, info, debug or trace, also by module
    #[arg(long, env = "RECADO_LOG", default_value = "info")]
    pub log: String,

    /// How to write logs
    #[arg(long, env = "RECADO_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// `sqlite:FILE` (made if missing) or `postgres://USER:PASSWORD@HOST/DATABASE`
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:data/recado.db",
        hide_env_values = true
    )]
    pub database_url: String,

    /// How many connections read the database at once (on PostgreSQL: read and write)
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 8)]
    pub database_connections: u32,

    /// By what secrets are kept.
    #[command(flatten)]
    pub secrets: Sealing,
}

/// How tokens are signed.
#[derive(Args, Clone, Debug)]
pub struct Tokens {
    /// The secret of HS256 tokens, at least 32 bytes in production; share it with a backend that
    /// issues tokens of its own
    #[arg(long, env = "JWT_SECRET", default_value = DEVELOPMENT_SECRET, hide_env_values = true)]
    pub jwt_secret: SecretString,

    /// How long a token that Recado issues is valid, in seconds
    #[arg(long, env = "JWT_LIFETIME_S", default_value = "43200", value_parser = seconds)]
    pub jwt_lifetime: Duration,

    /// How long somebody who does nothing stays signed in, in seconds
    #[arg(long, env = "REFRESH_LIFETIME_S", default_value = "2592000", value_parser = seconds)]
    pub refresh_lifetime: Duration,
}

/// WhatsApp.
#[derive(Args, Clone, Debug)]
pub struct WhatsApp {
    /// The word that Meta's verification request must know
    #[arg(long, env = "WHATSAPP_VERIFY_TOKEN", hide_env_values = true)]
    pub whatsapp_verify_token: Option<SecretString>,

    /// The app's secret: with it, webhooks must be signed
    #[arg(long, env = "WHATSAPP_APP_SECRET", hide_env_values = true)]
    pub whatsapp_app_secret: Option<SecretString>,

    /// Where messages are sent to, and files asked for
    #[arg(long, env = "WHATSAPP_GRAPH_URL", default_value = "https://graph.facebook.com/v25.0")]
    pub whatsapp_graph_url: String,

    /// The token that WhatsApp asks for from whoever sends or fetches
    #[arg(long, env = "WHATSAPP_ACCESS_TOKEN", hide_env_values = true)]
    pub whatsapp_access_token: Option<SecretString>,
}

/// How messages are handed to their channels.
#[derive(Args, Clone, Debug)]
pub struct Sending {
    /// How many messages this node sends at once
    #[arg(long, env = "SENDING_CONCURRENCY", default_value = "16", value_parser = at_least_one)]
    pub sending_concurrency: usize,

    /// How long a channel may take to answer, in seconds; whether it has taken the message is unknown
    /// after that
    #[arg(long, env = "SENDING_TIMEOUT_S", default_value = "30", value_parser = seconds)]
    pub sending_timeout: Duration,

    /// How long to wait at most before trying again, in milliseconds; it doubles with each try
    #[arg(long, env = "SENDING_BACKOFF_MS", default_value = "1000", value_parser = milliseconds)]
    pub sending_backoff: Duration,
}

/// How websockets are compressed, for clients that offer permessage-deflate.
#[derive(Args, Clone, Copy, Debug)]
pub struct Deflate {
    /// Compress messages to websockets from this size on, in bytes
    #[arg(long, env = "DEFLATE_THRESHOLD", default_value_t = 1_024)]
    pub deflate_threshold: usize,

    /// How hard to compress: 1 (fast) to 9 (small), 0 for not at all
    #[arg(long, env = "DEFLATE_LEVEL", default_value_t = 6, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub deflate_level: u32,
}

/// How long the log and raw webhooks are kept.
#[derive(Args, Clone, Debug)]
pub struct RetentionSettings {
    /// How long events are kept, in days; clients that were away for longer load afresh
    #[arg(long, env = "LOG_RETENTION_DAYS", default_value_t = 7)]
    pub log_retention_days: u32,

    /// How many events are kept per tenant, whatever their age
    #[arg(long, env = "LOG_RETENTION_EVENTS", default_value_t = 1_000_000)]
    pub log_retention_events: u32,

    /// How long raw webhooks are kept, and what waits for its message, in days
    #[arg(long, env = "WEBHOOK_RETENTION_DAYS", default_value_t = 30)]
    pub webhook_retention_days: u32,
}

/// What clients are told, by `GET /api/realtime/config`, about how to connect. Times are
/// milliseconds.
#[derive(Args, Clone, Debug)]
pub struct Clients {
    /// How often to poll for the open conversation, in milliseconds
    #[arg(long, env = "POLLING_ACTIVE_MS", default_value_t = 3_000)]
    pub polling_active_ms: u32,

    /// How often to poll for the others, in milliseconds
    #[arg(long, env = "POLLING_INACTIVE_MS", default_value_t = 30_000)]
    pub polling_inactive_ms: u32,

    /// How often to poll in a hidden tab, in milliseconds; 0 for not at all
    #[arg(long, env = "POLLING_BACKGROUND_MS", default_value_t = 0)]
    pub polling_background_ms: u32,

    /// How often widgets and dashboards poll without a websocket, in milliseconds
    #[arg(long, env = "POLLING_FALLBACK_MS", default_value_t = 30_000)]
    pub polling_fallback_ms: u32,

    /// How long to try a websocket before polling, in milliseconds
    #[arg(long, env = "WS_FALLBACK_TIMEOUT_MS", default_value_t = 10_000)]
    pub ws_fallback_timeout_ms: u32,

    /// How to try again: exponential (1, 2, 4 … 30 s, for ever) or in steps (1, 2, 5, 10 s)
    #[arg(long, env = "BACKOFF", value_enum, default_value_t = Backoff::Exponential)]
    pub backoff: Backoff,

    /// After how many tries in steps to give up
    #[arg(long, env = "MAX_RETRIES", default_value_t = 5)]
    pub max_retries: u32,

    /// How many messages of a conversation to keep in the browser
    #[arg(long, env = "CHAT_CACHE_MAX_MESSAGES", default_value_t = 100)]
    pub chat_cache_max_messages: u32,
}

/// How clients try again.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Backoff {
    /// 1, 2, 4, 8, 16, 30, 30 … seconds, for ever.
    Exponential,
    /// 1, 2, 5, 10 seconds, a few times.
    Steps,
}

/// Where a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// On somebody's desk.
    Development,
    /// In front of customers.
    Production,
}

/// How to write logs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object per line.
    Json,
}

/// A tenant and a phone number id that exist after start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// The tenant's id.
    pub tenant: String,
    /// The inbox's phone number id.
    pub phone_number_id: String,
}

impl FromStr for Bootstrap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((tenant, phone)) if !tenant.trim().is_empty() && !phone.trim().is_empty() => {
                let (tenant, phone_number_id) = (tenant.trim().into(), phone.trim().into());
                Ok(Self { tenant, phone_number_id })
            }
            _ => Err(format!("`{text}` is not TENANT=PHONE_NUMBER_ID")),
        }
    }
}

impl Cli {
    /// Reads flags and environment, and `.env` where there is one.
    ///
    /// # Errors
    /// When `.env` is there but cannot be read. Wrong flags end the program, as is the custom.
    pub fn read() -> anyhow::Result<Self> {
        match dotenvy::dotenv() {
            Err(error) if !error.not_found() => anyhow::bail!("cannot read .env: {error}"),
            _ => Ok(Self::parse()),
        }
    }
}

impl Serve {
    /// Says why these settings are not safe where the server runs, if they are not.
    pub fn check(&self) -> Result<(), String> {
        if self.environment == Environment::Development {
            return Ok(());
        }
        let secret = self.tokens.jwt_secret.expose_secret();
        if secret == DEVELOPMENT_SECRET {
            return Err("a production server needs a JWT_SECRET of its own".to_owned());
        }
        if secret.len() < SHORTEST_SECRET {
            return Err(format!("JWT_SECRET is shorter than {SHORTEST_SECRET} bytes"));
        }
        if self.storage.secrets.is_known_to_all() {
            return Err("a production server needs a SECRETS_KEY of its own".to_owned());
        }
        if self.demo {
            return Err("a production server has no demo logins: leave out --demo".to_owned());
        }
        if self.simulate {
            return Err("a production server has real customers: leave out --simulate".to_owned());
        }
        if self.whatsapp.app_secret().is_none() {
            let why = "a production server takes signed webhooks only: set WHATSAPP_APP_SECRET";
            return Err(why.to_owned());
        }
        Ok(())
    }
}

impl Serve {
    /// What is convenient on somebody's desk and would be dangerous elsewhere.
    pub fn dangers(&self) -> Vec<&'static str> {
        let mut dangers = Vec::new();
        if self.whatsapp.app_secret().is_none() {
            dangers.push("WHATSAPP_APP_SECRET is not set: webhooks are taken unsigned");
        }
        if self.tokens.jwt_secret.expose_secret() == DEVELOPMENT_SECRET {
            dangers.push("JWT_SECRET is the one that everybody knows: anybody can sign in");
        }
        if self.storage.secrets.is_known_to_all() {
            dangers.push("SECRETS_KEY is not set: whoever has the database reads inboxes' secrets");
        }
        dangers
    }
}

impl WhatsApp {
    /// The app's secret, unless it is set to nothing.
    pub fn app_secret(&self) -> Option<&SecretString> {
        self.whatsapp_app_secret.as_ref().filter(|secret| !secret.expose_secret().is_empty())
    }

    /// The token to speak to WhatsApp with, unless it is set to nothing.
    pub fn access_token(&self) -> Option<&SecretString> {
        self.whatsapp_access_token.as_ref().filter(|token| !token.expose_secret().is_empty())
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "neither an address nor a network".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let milliseconds = text.parse().map_err(|_| "not a number of milliseconds".to_owned())?;
    Ok(Duration::from_millis(milliseconds))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("not a number above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use secrecy::ExposeSecret as _;

    use super::{Bootstrap, Cli, Simulate};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn the_manual_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_production_server_refuses_what_is_not_safe() {
        let refused = |flags: &[&str]| {
            let flags = ["recado", "--env", "production"].iter().chain(flags);
            Cli::try_parse_from(flags).unwrap().serve.check().unwrap_err()
        };
        assert!(refused(&[]).contains("JWT_SECRET"));
        assert!(refused(&["--jwt-secret", "short"]).contains("32 bytes"));
        assert!(refused(&["--jwt-secret", SECRET]).contains("SECRETS_KEY"));
        assert!(refused(&["--jwt-secret", SECRET, "--secrets-key", ""]).contains("SECRETS_KEY"));
        let keys = ["--jwt-secret", SECRET, "--secrets-key", KEY];
        assert!(refused(&keys).contains("WHATSAPP_APP_SECRET"));
        let unsigned = [keys.as_slice(), &["--whatsapp-app-secret", ""]].concat();
        assert!(refused(&unsigned).contains("WHATSAPP_APP_SECRET"));
        let demo = [keys.as_slice(), &["--whatsapp-app-secret", "s", "--demo"]].concat();
        assert!(refused(&demo).contains("--demo"));
        let simulate = [keys.as_slice(), &["--whatsapp-app-secret", "s", "--simulate"]].concat();
        assert!(refused(&simulate).contains("--simulate"));
    }

    #[test]
    fn a_production_server_with_secrets_starts() {
        let flags = ["recado", "--env", "production", "--jwt-secret", SECRET, "--secrets-key", KEY];
        let flags = flags.iter().chain(&["--whatsapp-app-secret", "s"]);
        assert_eq!(Cli::try_parse_from(flags).unwrap().serve.check(), Ok(()));
    }

    #[test]
    fn made_up_people_write_to_the_server_that_is_asked_for_them() {
        let serve = |flags: &[&str]| {
            let flags = ["recado", "--whatsapp-app-secret", "s"].iter().chain(flags);
            Cli::try_parse_from(flags).unwrap().serve
        };
        assert!(Simulate::beside(&serve(&[]), 3333).is_none());
        let simulate = Simulate::beside(&serve(&["--simulate"]), 3333).unwrap();
        assert_eq!(simulate.conduct.server, "http://127.0.0.1:3333");
        assert_eq!(simulate.listen, "127.0.0.1:3334".parse().unwrap());
        assert_eq!(simulate.app_secret.unwrap().expose_secret(), "s");
    }

    #[test]
    fn keys_are_32_bytes_and_an_error_does_not_show_them() {
        let keys = |flags: &[&str]| {
            let serve = Cli::try_parse_from(["recado"].iter().chain(flags)).unwrap().serve;
            serve.storage.secrets.keys()
        };
        let both = keys(&["--secrets-key", KEY, "--secrets-old-keys", &format!("{KEY},{KEY}")]);
        assert_eq!(both.unwrap().1.len(), 2);
        let error = keys(&["--secrets-key", "c2hvcnQ="]).unwrap_err();
        assert!(error.contains("SECRETS_KEY") && !error.contains("c2hvcnQ"), "{error}");
    }

    #[test]
    fn bootstrap_names_tenants_and_their_numbers() {
        let flags = ["recado", "--bootstrap", "tenant-1=phone-a,tenant-1=phone-b"];
        let serve = Cli::try_parse_from(flags).unwrap().serve;
        let named =
            |phone: &str| Bootstrap { tenant: "tenant-1".into(), phone_number_id: phone.into() };
        assert_eq!(serve.bootstrap, [named("phone-a"), named("phone-b")]);
        assert!(Cli::try_parse_from(["recado", "--bootstrap", "nonsense"]).is_err());
    }
}
