//! A server under test, freshly started in a folder of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use jsonwebtoken::{EncodingKey, Header};
use recado::desk::Time;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::AtHand;
use crate::database::Database;
use crate::http::Connection;
use crate::table::progress;

/// The secret that tokens are signed with.
const SECRET: &str = "a secret that only benchmarks know, quite long";

/// The one tenant, and the id of its phone number.
pub(crate) const TENANT: &str = "bench";
pub(crate) const PHONE: &str = "bench-phone";

/// The file of an SQLite database, in the server's folder.
const FILE: &str = "recado.db";

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that may be started again and again.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// The PostgreSQL server it gets an empty database on; none for SQLite.
    pub(crate) postgres: Option<String>,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
}

pub(crate) enum Program {
    /// The release build.
    Recado,
    /// A Node server in that folder.
    Node(PathBuf),
    /// Another program, which takes its settings from the environment as Node's does.
    Other(PathBuf),
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Where its database is.
    pub(crate) url: String,
    /// Its database on PostgreSQL.
    pub(crate) database: Option<Database>,
    folder: TempDir,
}

/// Recado on each database that is at hand, and all that it is compared with.
///
/// # Errors
/// When one of them is not where it is said to be.
pub(crate) fn everybody(at_hand: &AtHand) -> anyhow::Result<Vec<Candidate>> {
    let recado = |name, postgres| Candidate {
        name,
        program: Program::Recado,
        postgres,
        environment: Vec::new(),
    };
    let mut all = vec![recado("Recado, SQLite", None)];
    if let Some(postgres) = &at_hand.postgres {
        all.push(recado("Recado, PostgreSQL", Some(postgres.clone())));
    }
    all.extend(node("Node", at_hand, &[])?);
    if let Some(limit) = &at_hand.limit {
        all.push(Candidate {
            name: "nothing stored",
            program: Program::Other(limit.canonicalize().context("the limit's program")?),
            postgres: None,
            environment: Vec::new(),
        });
    }
    Ok(all)
}

/// The Node server that is at hand, if one is, in its leanest form: without a queue, the updates for
/// those who poll in memory.
///
/// # Errors
/// When there is no such folder, or no PostgreSQL for it.
pub(crate) fn node(
    name: &'static str,
    at_hand: &AtHand,
    more: &[(&'static str, &'static str)],
) -> anyhow::Result<Option<Candidate>> {
    let Some(folder) = &at_hand.peer else { return Ok(None) };
    let postgres = at_hand.postgres.clone().context("the peer needs --postgres")?;
    Ok(Some(Candidate {
        name,
        program: Program::Node(folder.canonicalize().context("the peer's folder")?),
        postgres: Some(postgres),
        environment: [("QUEUE", "0"), ("UPDATES", "memory")].iter().chain(more).copied().collect(),
    }))
}

/// Lets servers take turns, so often each; returns what each showed.
pub(crate) async fn take_turns<R>(
    rounds: u32,
    candidates: &[Candidate],
    mut round: impl AsyncFnMut(&Candidate) -> anyhow::Result<R>,
    tell: impl Fn(&R) -> String,
) -> anyhow::Result<Vec<Vec<R>>> {
    let mut shown: Vec<Vec<R>> = candidates.iter().map(|_| Vec::new()).collect();
    for number in 1..=rounds {
        for (candidate, shown) in candidates.iter().zip(&mut shown) {
            let round = round(candidate).await.with_context(|| candidate.name.to_owned())?;
            progress(&format!("round {number}: {}: {}", candidate.name, tell(&round)));
            shown.push(round);
        }
    }
    Ok(shown)
}

impl Candidate {
    /// Starts it on an empty database, and waits until it listens.
    pub(crate) async fn start(&self) -> anyhow::Result<Server> {
        let folder = TempDir::new()?;
        let database = match &self.postgres {
            Some(postgres) => Some(Database::create(postgres).await?),
            None => None,
        };
        let url = match &database {
            Some(database) => database.url.clone(),
            None => format!("sqlite:{}", folder.path().join(FILE).display()),
        };
        let address = free_address()?;
        let child = self.spawn(address, &url, folder.path())?;
        let mut server = Server { child, address, url, database, folder };
        server.listens().await.with_context(|| format!("{} does not start", self.name))?;
        Ok(server)
    }

    fn spawn(&self, address: SocketAddr, url: &str, folder: &Path) -> anyhow::Result<Child> {
        let mut command = self.program.command();
        command.env("DATABASE_URL", url).env("JWT_SECRET", SECRET);
        command.env("HOST", address.ip().to_string()).env("PORT", address.port().to_string());
        let tenants = format!("{TENANT}={PHONE}");
        command.env("RECADO_BOOTSTRAP", &tenants).env("TENANTS", &tenants);
        command.env("RECADO_LOG", "error").envs(self.environment.iter().copied());
        command.current_dir(folder).stdout(Stdio::null());
        command.spawn().with_context(|| format!("cannot start {}", self.name))
    }
}

impl Program {
    /// Nothing of the developer's own environment but where programs are.
    fn command(&self) -> Command {
        let mut command = match self {
            Self::Recado => Command::new(env!("CARGO_BIN_EXE_recado")),
            Self::Node(folder) => {
                let mut node = Command::new("node");
                node.arg(folder.join("src/server.js"));
                node
            }
            Self::Other(program) => Command::new(program),
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("NODE_ENV", "production");
        command
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    async fn listens(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended: {status}");
            }
            if started.elapsed() > PATIENCE {
                bail!("it does not listen after {PATIENCE:?}");
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Ends it as operators do, and returns once it has.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        Command::new("kill").arg(self.pid().to_string()).status()?;
        while self.child.try_wait()?.is_none() {
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Starts it again on the same database after [`Self::stop`]; returns how long it took until it said
    /// that it is ready.
    pub(crate) async fn resume(&mut self, candidate: &Candidate) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.child = candidate.spawn(self.address, &self.url, self.folder.path())?;
        while !self.is_ready().await {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended: {status}");
            }
            if began.elapsed() > PATIENCE {
                bail!("it is not ready after {PATIENCE:?}");
            }
            sleep(Duration::from_millis(1)).await;
        }
        Ok(began.elapsed())
    }

    /// How many bytes its database takes.
    pub(crate) async fn stored(&self) -> anyhow::Result<u64> {
        match &self.database {
            Some(database) => database.bytes().await,
            None => Ok(std::fs::metadata(self.folder.path().join(FILE))?.len()),
        }
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut connection) = Connection::open(self.address, "").await else { return false };
        connection.get("/health/ready").await.is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A token of one of the tenant's agents, valid for longer than a soak takes.
pub(crate) fn token(user: &str) -> anyhow::Result<String> {
    let exp = Time::now().seconds() + 4 * 3_600;
    let claims = json!({ "sub": user, "tenantId": TENANT, "role": "agent", "exp": exp });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    Ok(jsonwebtoken::encode(&Header::default(), &claims, &key)?)
}

/// An address that nobody listens on.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
