//! The chat of a site: how it looks, who may open it, and what visitors are asked first.

use entity::{InboxId, TenantId, TenantScoped as _, inbox};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::super::message::json;
use super::super::naming::{check_text, line, name};
use super::super::{Actor, Channel, Desk, Desks, Error, InboxEdit, InboxName, Result, Sees};

/// The longest text that visitors are shown, the most questions, origins and options.
const LONGEST_TEXT: usize = 500;
const MOST_FIELDS: usize = 20;
const MOST_ORIGINS: usize = 100;
const MOST_OPTIONS: usize = 50;

/// The chat of a site.
#[derive(Clone, Debug)]
pub struct LiveChat {
    pub(super) desk: Desk,
    pub(super) inbox: InboxName,
    pub(super) key: String,
    is_disabled: bool,
    settings: LiveChatSettings,
    identity_secret: Option<SecretString>,
}

/// How the chat of a site looks, and who may open it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LiveChatSettings {
    /// What stands above it.
    pub title: Option<String>,
    /// What visitors read before anything is said.
    pub greeting: Option<String>,
    /// What they read while no agent is there.
    pub offline_text: Option<String>,
    /// Its colour, such as `#0b6b8a`.
    pub color: Option<String>,
    /// Its language, such as `pt-BR`.
    pub locale: Option<String>,
    /// Where it may be opened, such as `https://shop.example`; `*` for anywhere. The server's own
    /// origin always may.
    pub allowed_origins: Vec<String>,
    /// What visitors are asked first.
    pub pre_chat: Vec<PreChatField>,
    /// Whether only those may open it for whom the site vouches.
    pub requires_identity: bool,
}

/// Something that visitors are asked first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreChatField {
    /// What the answer is called; `name` and `email` become the contact's.
    pub key: String,
    /// How visitors are asked.
    pub label: String,
    /// What an answer looks like.
    pub kind: PreChatKind,
    /// Whether it has to be answered.
    #[serde(default)]
    pub is_required: bool,
    /// The possible answers, where they are given.
    #[serde(default)]
    pub options: Vec<String>,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreChatKind {
    /// Words.
    Text,
    /// An email address.
    Email,
    /// A phone number.
    Phone,
    /// One of the options.
    Select,
}

impl Desks {
    /// Finds the chat of a site by its public key.
    ///
    /// # Errors
    /// [`Error::NoInbox`] also where it is switched off.
    pub async fn live_chat(&self, key: &str) -> Result<LiveChat> {
        #[expect(clippy::disallowed_methods, reason = "the key tells the tenant")]
        let inboxes = inbox::Entity::find();
        let row = inboxes
            .filter(inbox::Column::Channel.eq(Channel::LiveChat))
            .filter(inbox::Column::Address.eq(key))
            .filter(inbox::Column::DisabledAt.is_null())
            .one(&self.db.reader)
            .await?;
        let row = row.ok_or_else(|| Error::NoInbox(key.to_owned()))?;
        self.of(row.tenant_id.clone()).live_chat_of(&row)
    }

    /// Returns every origin at which some site's chat may be opened.
    pub async fn chat_origins(&self) -> Result<Vec<String>> {
        #[expect(clippy::disallowed_methods, reason = "of all tenants, for browsers' questions")]
        let inboxes = inbox::Entity::find();
        let rows = inboxes
            .filter(inbox::Column::Channel.eq(Channel::LiveChat))
            .filter(inbox::Column::DisabledAt.is_null())
            .all(&self.db.reader)
            .await?;
        Ok(rows.iter().flat_map(|row| settings(row).allowed_origins).collect())
    }
}

impl Desk {
    /// Adds the chat of a site. `key` is how sites name it, `secret` by what they vouch for their
    /// users.
    pub async fn add_live_chat(
        &self,
        key: &str,
        name: String,
        settings: LiveChatSettings,
        secret: SecretString,
        by: &Actor,
    ) -> Result<LiveChat> {
        let edit = InboxEdit {
            name: Some(name),
            identity_secret: Some(Some(secret)),
            settings: Some(json(&settings.tidy()?)),
            ..InboxEdit::default()
        };
        self.add_inbox(Channel::LiveChat, key, edit, by).await?;
        self.desks.live_chat(key).await
    }

    /// Changes the chat of a site.
    pub async fn change_live_chat(
        &self,
        key: &str,
        edit: InboxEdit,
        settings: Option<LiveChatSettings>,
        by: &Actor,
    ) -> Result<LiveChat> {
        let id = self.live_chat_row(key).await?.id;
        let settings = settings.map(LiveChatSettings::tidy).transpose()?;
        let edit = InboxEdit { settings: settings.as_ref().map(json), ..edit };
        self.change_inbox(id, edit, Some(by)).await?;
        self.live_chat_of(&self.live_chat_row(key).await?)
    }

    /// Finds the chat of one of the tenant's sites.
    pub async fn live_chat(&self, key: &str) -> Result<LiveChat> {
        self.live_chat_of(&self.live_chat_row(key).await?)
    }

    /// Returns the chats of the tenant's sites that the caller may see.
    pub async fn live_chats(&self, sees: &Sees) -> Result<Vec<LiveChat>> {
        let rows = inbox::Entity::of_tenant(&self.tenant)
            .filter(inbox::Column::Channel.eq(Channel::LiveChat))
            .order_by_asc(inbox::Column::Id)
            .all(&self.desks.db.reader)
            .await?;
        rows.iter().filter(|row| sees.inbox(row.id)).map(|row| self.live_chat_of(row)).collect()
    }

    async fn live_chat_row(&self, key: &str) -> Result<inbox::Model> {
        let row = inbox::Entity::of_tenant(&self.tenant)
            .filter(inbox::Column::Channel.eq(Channel::LiveChat))
            .filter(inbox::Column::Address.eq(key))
            .one(&self.desks.db.reader)
            .await?;
        row.ok_or_else(|| Error::NoInbox(key.to_owned()))
    }

    fn live_chat_of(&self, row: &inbox::Model) -> Result<LiveChat> {
        Ok(LiveChat {
            desk: self.clone(),
            inbox: row.into(),
            key: row.address.clone(),
            is_disabled: row.disabled_at.is_some(),
            settings: settings(row),
            identity_secret: self.desks.identity_secret(row)?,
        })
    }
}

impl LiveChat {
    /// How sites name it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its inbox.
    pub fn inbox(&self) -> InboxId {
        self.inbox.id
    }

    /// What agents call it.
    pub fn name(&self) -> &str {
        &self.inbox.name
    }

    /// Whose it is.
    pub fn tenant(&self) -> &TenantId {
        self.desk.tenant()
    }

    /// Whether nobody can open it.
    pub fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// How it looks, and who may open it.
    pub fn settings(&self) -> &LiveChatSettings {
        &self.settings
    }

    /// By what its site vouches for users.
    pub fn identity_secret(&self) -> Option<&SecretString> {
        self.identity_secret.as_ref()
    }
}

impl LiveChatSettings {
    /// Whether a page of that origin may open it.
    pub fn allows(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed == "*" || allowed == origin)
    }

    /// # Errors
    /// [`Error::Invalid`] when a value makes no sense.
    fn tidy(mut self) -> Result<Self> {
        for text in [&mut self.title, &mut self.locale].into_iter().flatten() {
            *text = line("a text", text, LONGEST_TEXT)?;
        }
        for text in [&self.greeting, &self.offline_text].into_iter().flatten() {
            check_text("a text", text, LONGEST_TEXT)?;
        }
        if self.color.as_deref().is_some_and(|color| !is_color(color)) {
            return invalid("color is written as #0b6b8a");
        }
        if self.allowed_origins.len() > MOST_ORIGINS || self.pre_chat.len() > MOST_FIELDS {
            return invalid("there are too many origins or questions");
        }
        for origin in &mut self.allowed_origins {
            *origin = tidy_origin(origin)?;
        }
        let mut keys: Vec<_> = self.pre_chat.iter().map(|field| field.key.as_str()).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return invalid("two questions have the same key");
        }
        self.pre_chat.iter_mut().try_for_each(PreChatField::tidy)?;
        Ok(self)
    }
}

impl PreChatField {
    fn tidy(&mut self) -> Result<()> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if self.key.is_empty() || self.key.len() > 40 || !self.key.bytes().all(is_word) {
            return invalid("a key has 1 to 40 of a-z, A-Z, 0-9 and _");
        }
        for text in self.options.iter_mut().chain([&mut self.label]) {
            *text = name("a label or an option", text, LONGEST_TEXT)?;
        }
        let is_select = self.kind == PreChatKind::Select;
        if is_select == self.options.is_empty() || self.options.len() > MOST_OPTIONS {
            return invalid("a question of the kind select has options, and no other has");
        }
        Ok(())
    }
}

fn settings(row: &inbox::Model) -> LiveChatSettings {
    serde_json::from_str(&row.settings).unwrap_or_default()
}

fn is_color(color: &str) -> bool {
    let digits = color.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// An origin as browsers write it: <https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin>
fn tidy_origin(origin: &str) -> Result<String> {
    let tidy = origin.trim().trim_end_matches('/').to_ascii_lowercase();
    let host = ["https://", "http://"].iter().find_map(|scheme| tidy.strip_prefix(scheme));
    let is_host = host.is_some_and(|host| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        !host.is_empty() && host.len() <= 255 && host.bytes().all(is_plain)
    });
    if tidy == "*" || is_host {
        return Ok(tidy);
    }
    invalid("an origin is written as https://shop.example, or * for anywhere")
}

fn invalid<T>(why: &str) -> Result<T> {
    Err(Error::Invalid(why.to_owned()))
}
