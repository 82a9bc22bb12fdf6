//! The commands beside `serve`, and what they take.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Storage, Tokens};

/// Adding and listing tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Add a tenant, with the first stages of its board
    Add {
        /// Any text; tokens carry it as tenantId
        id: String,
        /// What people call it; its id if not given
        #[arg(long)]
        name: Option<String>,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
    /// List all tenants
    List {
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
}

/// Adding and listing people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add somebody who signs in; the password is read from standard input
    Add {
        /// Whose person it is
        #[arg(long)]
        tenant: String,
        /// How they sign in
        #[arg(long)]
        email: String,
        /// What colleagues see; the address if not given
        #[arg(long)]
        name: Option<String>,
        /// What they may do
        #[arg(long, value_enum, default_value_t = RoleName::Agent)]
        role: RoleName,
        /// The phone number id of an inbox to restrict them to; may be repeated
        #[arg(long)]
        only_inbox: Vec<String>,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
    /// Give somebody another password, read from standard input, and end what they are signed in with
    Password {
        /// How they sign in
        #[arg(long)]
        email: String,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
    /// List a tenant's people
    List {
        /// Whose people
        #[arg(long)]
        tenant: String,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
}

/// Adding and listing inboxes.
#[derive(Debug, Subcommand)]
pub enum InboxCommand {
    /// Add a WhatsApp inbox
    Add {
        /// Whose inbox it is
        #[arg(long)]
        tenant: String,
        /// WhatsApp's phone number id
        #[arg(long)]
        phone_number_id: String,
        /// What agents see; the phone number id if not given
        #[arg(long)]
        name: Option<String>,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
    /// Set an inbox's secrets, read from standard input as lines such as access-token=…,
    /// app-secret=… or verify-token=…; what is empty is forgotten, what is not named stays
    Secrets {
        /// Whose inbox it is
        #[arg(long)]
        tenant: String,
        /// WhatsApp's phone number id
        #[arg(long)]
        phone_number_id: String,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
    /// List a tenant's inboxes
    List {
        /// Whose inboxes
        #[arg(long)]
        tenant: String,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
}

/// Whose token to print.
#[derive(Args, Debug)]
pub struct Token {
    /// How the user signs in
    #[arg(long)]
    pub email: String,
    /// How tokens are signed.
    #[command(flatten)]
    pub tokens: Tokens,
    /// Where the data is.
    #[command(flatten)]
    pub storage: Storage,
}

/// Copying the database.
#[derive(Args, Debug)]
pub struct Backup {
    /// The file to make; it holds what the database holds, and only its owner may read it. Files that
    /// messages carry are in the folder or bucket of `MEDIA_URL`: copy that afterwards
    pub to: PathBuf,
    /// Where the data is.
    #[command(flatten)]
    pub storage: Storage,
}

/// Going back to a copy.
#[derive(Args, Debug)]
pub struct Restore {
    /// What `recado backup` has made
    pub from: PathBuf,
    /// Move aside the database that is there
    #[arg(long)]
    pub replace: bool,
    /// Where the data is to be.
    #[command(flatten)]
    pub storage: Storage,
}

/// Asking a server.
#[derive(Args, Debug)]
pub struct Health {
    /// The address to ask
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// The port to ask
    #[arg(long, env = "PORT", default_value_t = 3333)]
    pub port: u16,
}

/// Looking at webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// List stored webhooks with what became of each element, newest first
    List {
        /// Only those of which this needs an eye most
        #[arg(long, value_enum)]
        outcome: Option<OutcomeName>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u64,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
    /// Read stored webhooks once more; what was applied already stays as it is
    Replay {
        /// Their ids, as `list` prints them
        #[arg(required_unless_present = "quarantined")]
        ids: Vec<String>,
        /// All that hold a quarantined element
        #[arg(long)]
        quarantined: bool,
        /// Where the data is.
        #[command(flatten)]
        storage: Storage,
    },
}

/// What somebody may do, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleName {
    /// Runs the installation.
    Operator,
    /// Runs one tenant.
    Admin,
    /// Answers customers.
    Agent,
}

/// What became of an element, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OutcomeName {
    /// It changed the desk.
    Applied,
    /// It said what was known.
    Duplicate,
    /// It changes nothing here.
    Ignored,
    /// It waits for its message.
    Parked,
    /// Nobody could make sense of it.
    Quarantined,
}
