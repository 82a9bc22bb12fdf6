//! Every setting, its meaning and its default; the only reader of the environment.
//!
//! `recado --help` is the manual: the doc comments below are what it prints.

mod chatwoot;
mod clients;
mod commands;
mod conduct;
mod connections;
mod limits;
mod media;
mod metrics;
mod push;
mod rollout;
mod safety;
mod secrets;
mod signals;
mod simulate;
mod storage;
mod units;
mod whatsapp;

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

pub use chatwoot::Chatwoot;
pub use clients::{Backoff, Clients, Deflate};
pub use commands::{
    Backup, Health, InboxCommand, OutcomeName, Restore, RoleName, TenantCommand, Token,
    UserCommand, WebhooksCommand,
};
pub use conduct::Conduct;
pub use connections::Connections;
pub use limits::{Limit, RateLimits};
pub use media::{Media, MediaSizes};
pub use metrics::{Metrics, Readers};
pub use push::Push;
pub use rollout::Rollout;
pub use safety::{Environment, Tokens};
pub use secrets::Sealing;
pub use signals::Signals;
pub use simulate::{AreaCodes, Fault, Rule, Share, Simulate, Window};
pub use storage::{RetentionSettings, Storage};
pub use whatsapp::{Sending, WhatsApp};

use units::{milliseconds_above_0, network, seconds};

/// Recado: WhatsApp webhooks in, every open browser up to date.
///
/// Settings come from flags, else from the environment, else from a file `.env` in the working
/// directory or in one above it. Without a command it serves.
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
    /// Print the description of the API (`OpenAPI` 3.1), as a server shows it at /api/openapi.json
    Openapi,
    /// Copy the SQLite database to a file, while a server uses it
    Backup(Backup),
    /// Put a backup in the place of the SQLite database, while no server uses it
    Restore(Restore),
    /// Have every client load afresh, after a database was taken back to an earlier moment
    RestartLogs(Storage),
    /// Ask the server on this machine whether it is ready; fails if it is not
    Health(Health),
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

    /// Chatwoot.
    #[command(flatten)]
    pub chatwoot: Chatwoot,

    /// How messages are handed to their channels.
    #[command(flatten)]
    pub sending: Sending,

    /// How people are reached who have no tab open.
    #[command(flatten)]
    pub push: Push,

    /// Where files are kept that messages carry, and how they are fetched.
    #[command(flatten)]
    pub media: Media,

    /// How long the log and raw webhooks are kept.
    #[command(flatten)]
    pub retention: RetentionSettings,

    /// What clients are told about how to connect.
    #[command(flatten)]
    pub clients: Clients,

    /// How clients move from polling to websockets.
    #[command(flatten)]
    pub rollout: Rollout,

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

    /// How often a node looks for what other nodes and commands have written, in milliseconds; on
    /// PostgreSQL nodes tell each other, and this finds what was not heard
    #[arg(long, env = "LOOK_AROUND_MS", default_value = "1000", value_parser = milliseconds_above_0)]
    pub look_around: Duration,

    /// How long the newest events are kept in memory for those who poll and stream, in seconds; older ones
    /// come out of the database, and of more than 4096 a tenant the oldest do
    #[arg(long, env = "REALTIME_CACHE_TIMEOUT", default_value = "300", value_parser = seconds)]
    pub realtime_cache_timeout: Duration,

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

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use secrecy::ExposeSecret as _;

    use super::{Bootstrap, Cli, Simulate};

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn the_manual_holds_together() {
        Cli::command().debug_assert();
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
