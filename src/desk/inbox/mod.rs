//! Connections to channels, and what is needed to speak for them.

mod secrets;

use std::collections::HashMap;

use entity::{InboxId, TenantId, TenantScoped as _, Time, inbox};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::naming::name;
use super::tenant::is_taken;
use super::{Actor, Change, Channel, Desk, Desks, Error, Event, InboxName, Result, Sees};
use secrets::InboxSecrets;

/// The longest name, and the longest address, in characters.
const LONGEST: usize = 100;

/// An inbox, as those who look after it see it: its secrets are only told to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each tells of another secret")]
pub struct Inbox {
    /// What agents know of it.
    pub shown: InboxName,
    /// How the channel names it: WhatsApp's phone number id.
    pub address: String,
    /// Whether Recado can send by it.
    pub has_access_token: bool,
    /// Whether its webhooks are signed by an app of its own.
    pub has_app_secret: bool,
    /// Whether Meta's verification request has a word of its own.
    pub has_verify_token: bool,
    /// What else its channel has to know, in the channel's own words.
    pub settings: Map<String, Value>,
    /// Whether it neither receives nor sends.
    pub is_disabled: bool,
    /// When it was added.
    pub created_at: Time,
}

/// What is needed to speak to the channel of an inbox.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Which inbox.
    pub inbox: InboxId,
    /// Whose.
    pub tenant: TenantId,
    /// What agents call it.
    pub name: String,
    /// How the channel names it.
    pub address: String,
    /// What else its channel has to know, in the channel's own words.
    pub settings: Map<String, Value>,
    /// Up to when it is known that nothing of what the channel tells was missed.
    pub reconciled_at: Time,
    /// By which messages are sent.
    pub access_token: Option<SecretString>,
    /// By which webhooks are signed.
    pub webhook_secret: Option<SecretString>,
}

/// What is to be another about an inbox; what is absent stays. A secret that is told to be nothing
/// is forgotten.
#[derive(Clone, Debug, Default)]
pub struct InboxEdit {
    /// What agents see.
    pub name: Option<String>,
    /// By which messages are sent.
    pub access_token: Option<Option<SecretString>>,
    /// By which webhooks are signed.
    pub app_secret: Option<Option<SecretString>>,
    /// What Meta's verification request knows.
    pub verify_token: Option<Option<SecretString>>,
    /// By which the site of a chat vouches for its users.
    pub identity_secret: Option<Option<SecretString>>,
    /// Where its webhooks go from now on.
    pub address: Option<String>,
    /// What else its channel has to know, a JSON object.
    pub settings: Option<String>,
    /// Whether it neither receives nor sends.
    pub is_disabled: Option<bool>,
}

impl Desk {
    /// Adds an inbox.
    ///
    /// # Errors
    /// [`Error::Exists`] when this or another tenant has it.
    pub async fn add_inbox(
        &self,
        channel: Channel,
        address: &str,
        edit: InboxEdit,
        by: &Actor,
    ) -> Result<Inbox> {
        let change = self.change().await?;
        let row = inbox::Model {
            id: InboxId::generate(),
            tenant_id: self.tenant.clone(),
            channel,
            name: String::new(),
            address: name("the address", address, LONGEST)?,
            created_at: Time::now(),
            secrets: None,
            settings: "{}".to_owned(),
            disabled_at: None,
            held_until: None,
            hold_error: None,
            reconciled_at: None,
        };
        let (row, secrets) = self.desks.keys.apply(row, &edit)?;
        let inserted = inbox::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(&change.txn)
            .await;
        inserted.map_err(|error| {
            let taken = is_taken(&error);
            if taken { Error::Exists(format!("inbox {}", row.address)) } else { error.into() }
        })?;
        let details = json!({ "name": row.name, "address": row.address });
        change.note(by, "inbox.added", &subject(row.id), details).await?;
        change.commit(Event::InboxChanged(InboxName::from(&row)), []).await?;
        Ok(Inbox::show(&row, &secrets))
    }

    /// Changes an inbox.
    pub async fn change_inbox(
        &self,
        id: InboxId,
        edit: InboxEdit,
        by: Option<&Actor>,
    ) -> Result<Inbox> {
        let change = self.change().await?;
        let row = change.inbox(id).await?;
        let (mut row, secrets) = self.desks.keys.apply(row, &edit)?;
        if edit.access_token.is_some() {
            // What waits because the old one was not taken goes on at once.
            row.held_until = None;
        }
        let shown = Inbox::show(&row, &secrets);
        let name = InboxName::from(&row);
        inbox::Entity::update(row.into_active_model().reset_all()).exec(&change.txn).await?;
        let word = "inbox.changed";
        super::audit::note(&change.txn, &self.tenant, by, word, &subject(id), edit.told()).await?;
        change.commit(Event::InboxChanged(name), []).await?;
        self.desks.wake_courier();
        Ok(shown)
    }

    /// Returns the inboxes that a caller may see.
    pub async fn inboxes_for(&self, sees: &Sees) -> Result<Vec<Inbox>> {
        let mut inboxes = inbox::Entity::of_tenant(&self.tenant);
        if let Some(only) = &sees.inboxes {
            inboxes = inboxes.filter(inbox::Column::Id.is_in(only.iter().copied()));
        }
        let rows = inboxes.order_by_asc(inbox::Column::Id).all(&self.desks.db.reader).await?;
        let known = |row| self.desks.keys.readable(row).unwrap_or_default();
        Ok(rows.iter().map(|row| Inbox::show(row, &known(row))).collect())
    }

    /// Returns what is needed to speak to the channel of an inbox.
    ///
    /// # Errors
    /// [`Error::NoInbox`] if there is no such inbox, or it is disabled.
    pub async fn connection(&self, id: InboxId) -> Result<Connection> {
        let row = inbox::Entity::of_tenant(&self.tenant).filter(inbox::Column::Id.eq(id));
        let row = row.one(&self.desks.db.reader).await?.filter(|row| row.disabled_at.is_none());
        let row = row.ok_or_else(|| Error::NoInbox(id.to_string()))?;
        self.desks.connection(&row)
    }

    /// Returns the token by which messages of an inbox are sent.
    ///
    /// # Errors
    /// [`Error::NoInbox`] if there is no such inbox, or it is disabled; [`Error::NoAccessToken`] if
    /// it has none.
    pub async fn access_token(&self, id: InboxId) -> Result<SecretString> {
        let row = inbox::Entity::of_tenant(&self.tenant).filter(inbox::Column::Id.eq(id));
        let row = row.one(&self.desks.db.reader).await?.filter(|row| row.disabled_at.is_none());
        let row = row.ok_or_else(|| Error::NoInbox(id.to_string()))?;
        let token = self.desks.keys.secrets(&row)?.access_token;
        token.map(SecretString::from).ok_or(Error::NoAccessToken(id))
    }
}

impl Desks {
    /// Returns what is needed to speak to the channel of the inbox at an address; nothing if there is
    /// none, or it is disabled.
    pub async fn connection_at(
        &self,
        channel: Channel,
        address: &str,
    ) -> Result<Option<Connection>> {
        #[expect(clippy::disallowed_methods, reason = "the address tells the tenant")]
        let row = inbox::Entity::find()
            .filter(inbox::Column::Channel.eq(channel))
            .filter(inbox::Column::Address.eq(address))
            .filter(inbox::Column::DisabledAt.is_null())
            .one(&self.db.reader)
            .await?;
        row.map(|row| self.connection(&row)).transpose()
    }

    /// Returns what is needed to speak to a channel, for each of its inboxes whose secrets can be opened.
    pub async fn connections(&self, channel: Channel) -> Result<Vec<Connection>> {
        #[expect(clippy::disallowed_methods, reason = "of all tenants, for this node itself")]
        let rows = inbox::Entity::find()
            .filter(inbox::Column::Channel.eq(channel))
            .filter(inbox::Column::DisabledAt.is_null())
            .order_by_asc(inbox::Column::Id)
            .all(&self.db.reader)
            .await?;
        let known = rows.iter().filter_map(|row| Some((row, self.keys.readable(row)?)));
        Ok(known.map(|(row, secrets)| Connection::of(row, secrets)).collect())
    }

    fn connection(&self, row: &inbox::Model) -> Result<Connection> {
        Ok(Connection::of(row, self.keys.secrets(row)?))
    }

    /// Returns, for each of these addresses that an inbox has, the secret by which its webhooks are
    /// signed; nothing where that is the installation's.
    pub async fn app_secrets(
        &self,
        channel: Channel,
        addresses: Vec<String>,
    ) -> Result<HashMap<String, Option<SecretString>>> {
        #[expect(clippy::disallowed_methods, reason = "the address tells the tenant")]
        let inboxes = inbox::Entity::find();
        let rows = inboxes
            .filter(inbox::Column::Channel.eq(channel))
            .filter(inbox::Column::Address.is_in(addresses))
            .all(&self.db.reader)
            .await?;
        let secrets = rows.into_iter().map(|row| {
            let secret = self.keys.secrets(&row)?.app_secret.map(SecretString::from);
            Ok((row.address, secret))
        });
        secrets.collect()
    }

    /// Opens the secret by which the site of a chat vouches for its users.
    pub(super) fn identity_secret(&self, row: &inbox::Model) -> Result<Option<SecretString>> {
        Ok(self.keys.secrets(row)?.identity_secret.map(SecretString::from))
    }

    /// Returns the words that Meta's verification request may know, besides the installation's.
    pub async fn verify_tokens(&self, channel: Channel) -> Result<Vec<SecretString>> {
        let rows = self.inboxes_with_secrets().await?;
        let rows = rows.iter().filter(|row| row.channel == channel);
        let words = rows.filter_map(|row| self.keys.readable(row)?.verify_token);
        Ok(words.map(SecretString::from).collect())
    }

    /// Seals all secrets by the newest key that an older one has sealed; tells how many there were.
    pub async fn renew_secrets(&self) -> Result<usize> {
        self.renew_push_key().await?;
        let mut renewed = 0;
        for row in self.inboxes_with_secrets().await? {
            let is_current = row.secrets.as_ref().is_none_or(|it| self.keys.is_current(it));
            if is_current || self.keys.readable(&row).is_none() {
                continue;
            }
            let change = self.of(row.tenant_id.clone()).change().await?;
            let mut row = change.inbox(row.id).await?;
            row.secrets = self.keys.sealed(&row, &self.keys.secrets(&row)?);
            inbox::Entity::update(row.into_active_model().reset_all()).exec(&change.txn).await?;
            change.commit_unseen().await?;
            renewed += 1;
        }
        Ok(renewed)
    }

    async fn inboxes_with_secrets(&self) -> Result<Vec<inbox::Model>> {
        #[expect(
            clippy::disallowed_methods,
            reason = "of all tenants, for the installation itself"
        )]
        let inboxes = inbox::Entity::find().filter(inbox::Column::Secrets.is_not_null());
        Ok(inboxes.all(&self.db.reader).await?)
    }
}

impl Change {
    async fn inbox(&self, id: InboxId) -> Result<inbox::Model> {
        let row = inbox::Entity::of_tenant(&self.desk.tenant).filter(inbox::Column::Id.eq(id));
        let row = row.lock_exclusive().one(&self.txn).await?;
        row.ok_or_else(|| Error::NoInbox(id.to_string()))
    }
}

impl Connection {
    fn of(row: &inbox::Model, secrets: InboxSecrets) -> Self {
        Self {
            inbox: row.id,
            tenant: row.tenant_id.clone(),
            name: row.name.clone(),
            address: row.address.clone(),
            settings: serde_json::from_str(&row.settings).unwrap_or_default(),
            reconciled_at: row.reconciled_at.unwrap_or(row.created_at),
            access_token: secrets.access_token.map(SecretString::from),
            webhook_secret: secrets.app_secret.map(SecretString::from),
        }
    }
}

impl Inbox {
    fn show(row: &inbox::Model, secrets: &InboxSecrets) -> Self {
        Self {
            shown: row.into(),
            address: row.address.clone(),
            has_access_token: secrets.access_token.is_some(),
            has_app_secret: secrets.app_secret.is_some(),
            has_verify_token: secrets.verify_token.is_some(),
            settings: serde_json::from_str(&row.settings).unwrap_or_default(),
            is_disabled: row.disabled_at.is_some(),
            created_at: row.created_at,
        }
    }
}

fn subject(id: InboxId) -> String {
    format!("inbox:{id}")
}
