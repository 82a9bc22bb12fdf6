//! The commands beside `serve`: each opens the desks, does one thing, and prints what came of it.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use recado::api::description;
use recado::app::{lifetimes, open};
use recado::auth::{Auth, choose, role_name};
use recado::channels;
use recado::config::{
    Command, Health, InboxCommand, OutcomeName, RoleName, Storage, TenantCommand, Token,
    UserCommand, WebhooksCommand,
};
use recado::desk::{
    Channel, Desk, Desks, Drift, Filter, InboxEdit, NewUser, Outcome, Receipt, Role, TenantId,
    Webhook, WebhookId,
};
use recado::realtime::livechat;
use secrecy::SecretString;

use crate::backup;

/// How long a server may take to say whether it is ready.
const HEALTH_PATIENCE: Duration = Duration::from_secs(3);

/// Runs any command that does one thing and ends.
pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(_) | Command::Simulate(_) => unreachable!("main runs what stays"),
        Command::Migrate(storage) => {
            desks(&storage).await?;
            say("the schema is up to date");
            Ok(())
        }
        Command::Tenant(command) => tenant(command).await,
        Command::User(command) => user(command).await,
        Command::Inbox(command) => inbox(command).await,
        Command::Token(asked) => token(asked).await,
        Command::Webhooks(command) => webhooks(command).await,
        Command::Verify(storage) => verify(&storage).await,
        Command::Openapi => {
            say(&description(livechat()).to_pretty_json()?);
            Ok(())
        }
        Command::Backup(asked) => backup::back_up(&asked).await,
        Command::Restore(asked) => backup::restore(&asked).await,
        Command::RestartLogs(storage) => {
            desks(&storage).await?.restart_logs().await?;
            say("clients will load afresh");
            Ok(())
        }
        Command::Health(asked) => health(&asked).await,
    }
}

/// Asks the server of this machine whether it is ready.
async fn health(asked: &Health) -> anyhow::Result<()> {
    let url = format!("http://{}/health/ready", SocketAddr::new(asked.host, asked.port));
    let client = reqwest::Client::builder().no_proxy().timeout(HEALTH_PATIENCE).build()?;
    let answer = client.get(&url).send().await.context("the server does not answer")?;
    let (status, told) = (answer.status(), answer.text().await?);
    say(&told);
    if status.is_success() { Ok(()) } else { bail!("the server is not ready") }
}

/// Counts everything anew, and fails if any counter has drifted.
async fn verify(storage: &Storage) -> anyhow::Result<()> {
    let drift = desks(storage).await?.verify().await?;
    for Drift { tenant, what, kept, counted } in &drift {
        say(&format!("{tenant}\t{what}: {kept} kept, {counted} counted"));
    }
    say(&format!("drift {}", drift.len()));
    if drift.is_empty() { Ok(()) } else { bail!("counters have drifted") }
}

/// Prints a line; a reader that has gone away is no error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn tenant(command: TenantCommand) -> anyhow::Result<()> {
    match command {
        TenantCommand::Add { id, name, storage } => {
            let name = name.unwrap_or_else(|| id.clone());
            desks(&storage).await?.ensure_tenant(&TenantId(id), &name).await?;
        }
        TenantCommand::List { storage } => {
            for (id, name) in desks(&storage).await?.tenants().await? {
                say(&format!("{id}\t{name}"));
            }
        }
    }
    Ok(())
}

async fn user(command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { tenant, email, name, role, only_inbox, storage } => {
            let desk = desk(&storage, tenant).await?;
            let name = name.unwrap_or_else(|| email.clone());
            let only = restriction(&desk, &only_inbox).await?;
            let password_hash = choose(password()?).await?;
            let role = role_of(role);
            let user = desk.add_user(NewUser { email, name, role, password_hash, only }).await?;
            say(&user.id.0);
        }
        UserCommand::Password { email, storage } => {
            let desks = desks(&storage).await?;
            let user = desks.user_by_email(&email).await?;
            let user = user.with_context(|| format!("nobody signs in as {email}"))?;
            let hash = choose(password()?).await?;
            let desk = desks.of(user.tenant);
            desk.set_password(&user.id, hash, None, Role::Operator, None).await?;
        }
        UserCommand::List { tenant, storage } => {
            for user in desk(&storage, tenant).await?.users().await? {
                say(&format!(
                    "{}\t{}\t{}\t{}",
                    user.id,
                    user.email,
                    role_name(user.role),
                    user.name
                ));
            }
        }
    }
    Ok(())
}

async fn inbox(command: InboxCommand) -> anyhow::Result<()> {
    match command {
        InboxCommand::Add { tenant, phone_number_id, name, storage } => {
            let name = name.as_deref().unwrap_or(&phone_number_id);
            let desk = desk(&storage, tenant).await?;
            let inbox = desk.ensure_inbox(Channel::WhatsApp, &phone_number_id, name).await?;
            say(&inbox.id.to_string());
        }
        InboxCommand::Secrets { tenant, phone_number_id, storage } => {
            let desk = desk(&storage, tenant).await?;
            let ids = restriction(&desk, std::slice::from_ref(&phone_number_id)).await?;
            let id = ids.and_then(|ids| ids.first().copied()).context("there is no such inbox")?;
            desk.change_inbox(id, secrets(&input()?)?, None).await?;
        }
        InboxCommand::List { tenant, storage } => {
            for (inbox, address) in desk(&storage, tenant).await?.inboxes().await? {
                say(&format!("{}\t{address}\t{}", inbox.id, inbox.name));
            }
        }
    }
    Ok(())
}

async fn token(asked: Token) -> anyhow::Result<()> {
    let desks = desks(&asked.storage).await?;
    let user = desks.user_by_email(&asked.email).await?;
    let user = user.with_context(|| format!("nobody signs in as {}", asked.email))?;
    let auth = Auth::new(desks, &asked.tokens.jwt_secret, lifetimes(&asked.tokens));
    say(&auth.issue(&user).0);
    Ok(())
}

async fn webhooks(command: WebhooksCommand) -> anyhow::Result<()> {
    match command {
        WebhooksCommand::List { outcome, limit, storage } => {
            let outcome = outcome.map(outcome_of);
            for receipt in desks(&storage).await?.webhooks(Filter { outcome, limit }).await? {
                describe(&receipt);
            }
        }
        WebhooksCommand::Replay { ids, quarantined, storage } => {
            let desks = desks(&storage).await?;
            let named = ids.iter().map(|id| id.parse().with_context(|| format!("{id} is no id")));
            let named: Vec<WebhookId> = named.collect::<anyhow::Result<_>>()?;
            for id in named {
                replay(&desks, id).await?;
            }
            if quarantined {
                replay_quarantined(&desks).await?;
            }
        }
    }
    Ok(())
}

/// Reads each quarantined webhook once more, the oldest first.
async fn replay_quarantined(desks: &Desks) -> anyhow::Result<()> {
    let mut last = WebhookId::default();
    loop {
        let page = desks.webhooks_after(last, Outcome::Quarantined).await?;
        let Some(newest) = page.last() else { return Ok(()) };
        last = *newest;
        for id in page {
            replay(desks, id).await?;
        }
    }
}

async fn replay(desks: &Desks, id: WebhookId) -> anyhow::Result<()> {
    let (channel, body) = desks.webhook(id).await?;
    let elements = channels::parse(channel, &body)?;
    let webhook = Webhook { channel, body, elements, replay_of: Some(id) };
    describe(&desks.receive(webhook).await?);
    Ok(())
}

fn describe(receipt: &Receipt) {
    say(&format!("{}\t{}\t{}", receipt.id, receipt.received_at, outcome_name(receipt.outcome())));
    for fate in &receipt.fates {
        let told = [
            outcome_name(fate.outcome),
            &fate.kind,
            fate.provider_id.as_deref().unwrap_or("-"),
            fate.inbox.as_deref().unwrap_or("-"),
            fate.reason.as_deref().unwrap_or(""),
        ];
        say(format!("  {}", told.join("\t")).trim_end());
    }
}

async fn desks(storage: &Storage) -> anyhow::Result<Desks> {
    open(storage, None).await
}

async fn desk(storage: &Storage, tenant: String) -> anyhow::Result<Desk> {
    let desk = desks(storage).await?.find(TenantId(tenant.clone())).await?;
    desk.with_context(|| format!("there is no tenant {tenant}"))
}

async fn restriction(
    desk: &Desk,
    phones: &[String],
) -> anyhow::Result<Option<Vec<recado::desk::InboxId>>> {
    if phones.is_empty() {
        return Ok(None);
    }
    let inboxes = desk.inboxes().await?;
    let ids = phones.iter().map(|phone| {
        let inbox = inboxes.iter().find(|(_, address)| address == phone);
        inbox.map(|(inbox, _)| inbox.id).with_context(|| format!("there is no inbox {phone}"))
    });
    ids.collect::<anyhow::Result<_>>().map(Some)
}

/// Reads secrets, a line each.
fn secrets(lines: &str) -> anyhow::Result<InboxEdit> {
    let mut edit = InboxEdit::default();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let named = line.split_once('=').map(|(name, told)| (name.trim(), told.trim()));
        let Some((name, told)) = named else { bail!("a line is not NAME=SECRET") };
        let told = Some(SecretString::from(told));
        match name {
            "access-token" => edit.access_token = Some(told),
            "app-secret" => edit.app_secret = Some(told),
            "verify-token" => edit.verify_token = Some(told),
            _ => bail!("{name} is neither access-token, app-secret nor verify-token"),
        }
    }
    Ok(edit)
}

/// Reads standard input, where no list of processes shows what it holds.
fn input() -> anyhow::Result<String> {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).context("cannot read standard input")?;
    Ok(input)
}

fn password() -> anyhow::Result<SecretString> {
    let password = input()?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("the password, on standard input, is empty");
    }
    Ok(SecretString::from(password))
}

fn role_of(name: RoleName) -> Role {
    match name {
        RoleName::Operator => Role::Operator,
        RoleName::Admin => Role::Admin,
        RoleName::Agent => Role::Agent,
    }
}

fn outcome_of(name: OutcomeName) -> Outcome {
    match name {
        OutcomeName::Applied => Outcome::Applied,
        OutcomeName::Duplicate => Outcome::Duplicate,
        OutcomeName::Ignored => Outcome::Ignored,
        OutcomeName::Parked => Outcome::Parked,
        OutcomeName::Quarantined => Outcome::Quarantined,
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::Duplicate => "duplicate",
        Outcome::Ignored => "ignored",
        Outcome::Parked => "parked",
        Outcome::Quarantined => "quarantined",
    }
}
