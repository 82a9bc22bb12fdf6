//! Live chat: what a visitor of a site may see and do, and what agents see of visitors.
//!
//! A [`Chat`] is to a visitor what a [`Desk`] is to those who work there: the only way to rows, and
//! only to those of their own conversation. What it hands out is made for visitors ([`Line`],
//! [`Glimpse`]): it has no room for notes, for what agents know of each other, nor for anybody's
//! identifiers but the visitor's own.

mod begin;
mod feed;
mod files;
mod line;
mod list;
mod place;
mod session;
mod settings;
mod visit;

use entity::{
    ChatSessionId, ContactId, ConversationId, InboxId, TenantId, TenantScoped as _, Time,
    chat_session, contact_address, conversation, inbox,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::contact::same_number;
use super::{Channel, Contact, Desk, Desks, InboxName, Result};

pub use begin::{Arrival, NewToken};
pub use feed::{ChatFeed, Glimpse, Seen};
pub use line::{Line, Lines};
pub use list::{ChatCounts, ChatPage, ChatWanted};
pub use session::{ChatSession, ChatStatus, EndedBy, Rating};
pub use settings::{LiveChat, LiveChatSettings, PreChatField, PreChatKind};
pub use visit::Page;

/// For how many days a visitor who stays away may come back and go on.
const KEPT_DAYS: i64 = 30;

/// How often it is noted that a visitor is still there, in seconds.
const NOTED_EVERY: i64 = 60;

/// One visitor's chat: the way to its rows, and to no others.
#[derive(Clone, Debug)]
pub struct Chat {
    desk: Desk,
    row: chat_session::Model,
    inbox: InboxName,
    key: String,
    contact: Option<Contact>,
}

/// Whether a visitor may be let in.
#[derive(Clone, Debug)]
pub enum Entry {
    /// They may.
    Open(Box<Chat>),
    /// Agents do not want to hear of them.
    Blocked,
    /// There is no such chat, or no more.
    None,
}

impl Desks {
    /// Finds the chat to which a token belongs, by its digest, and notes that its visitor is there.
    pub async fn chat(&self, token_hash: &str) -> Result<Entry> {
        let now = Time::now();
        #[expect(clippy::disallowed_methods, reason = "the token tells the tenant")]
        let known = chat_session::Entity::find();
        let known = known
            .filter(chat_session::Column::TokenHash.eq(token_hash))
            .filter(chat_session::Column::ExpiresAt.gt(now))
            .one(&self.db.reader)
            .await?;
        let Some(mut row) = known else { return Ok(Entry::None) };
        if row.last_seen_at.plus_seconds(NOTED_EVERY) <= now {
            (row.last_seen_at, row.expires_at) = (now, kept_until(now));
            chat_session::Entity::update_many()
                .col_expr(chat_session::Column::LastSeenAt, Expr::value(row.last_seen_at))
                .col_expr(chat_session::Column::ExpiresAt, Expr::value(row.expires_at))
                .filter(chat_session::Column::Id.eq(row.id))
                .exec(&self.db.writer)
                .await?;
        }
        self.of(row.tenant_id.clone()).entry(&self.db.reader, row).await
    }
}

impl Desk {
    /// What a session lets its visitor do, as `reader` sees it.
    async fn entry(
        &self,
        reader: &impl ConnectionTrait,
        row: chat_session::Model,
    ) -> Result<Entry> {
        let inbox =
            inbox::Entity::of_tenant(&self.tenant).filter(inbox::Column::Id.eq(row.inbox_id));
        let inbox = inbox.one(reader).await?;
        let Some(inbox) = inbox.filter(|inbox| inbox.disabled_at.is_none()) else {
            return Ok(Entry::None);
        };
        let contact = self.visitor(reader, &row.address).await?;
        if contact.as_ref().is_some_and(|contact| contact.is_blocked) {
            return Ok(Entry::Blocked);
        }
        let (key, inbox) = (inbox.address.clone(), InboxName::from(&inbox));
        Ok(Entry::Open(Box::new(Chat { desk: self.clone(), row, inbox, key, contact })))
    }

    /// Who is known at a visitor's address, as whom they turned out to be.
    async fn visitor(
        &self,
        reader: &impl ConnectionTrait,
        address: &str,
    ) -> Result<Option<Contact>> {
        let Some(id) = self.contact_at(reader, address).await? else { return Ok(None) };
        Ok(self.contacts(reader, [id]).await?.get(id))
    }

    async fn contact_at(
        &self,
        reader: &impl ConnectionTrait,
        address: &str,
    ) -> Result<Option<ContactId>> {
        let known = contact_address::Entity::of_tenant(&self.tenant)
            .filter(contact_address::Column::Channel.eq(Channel::LiveChat))
            .filter(contact_address::Column::Address.eq(same_number(address)));
        Ok(known.one(reader).await?.map(|known| known.contact_id))
    }
}

impl Chat {
    /// Its identifier.
    pub fn id(&self) -> ChatSessionId {
        self.row.id
    }

    /// Whose site it is on.
    pub fn tenant(&self) -> &TenantId {
        self.desk.tenant()
    }

    /// The thread, which there need not be yet.
    pub fn conversation(&self) -> ConversationId {
        self.row.conversation_id
    }

    /// Where it takes place.
    pub fn inbox(&self) -> InboxId {
        self.row.inbox_id
    }

    /// What agents call that inbox.
    pub fn inbox_name(&self) -> &str {
        &self.inbox.name
    }

    /// How sites name that inbox.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// By what the channel knows the visitor.
    pub fn address(&self) -> &str {
        &self.row.address
    }

    /// What the visitor calls themselves.
    pub fn name(&self) -> Option<&str> {
        self.row.name.as_deref()
    }

    /// Where else the visitor is reached.
    pub fn email(&self) -> Option<&str> {
        self.row.email.as_deref()
    }

    /// Who the visitor is by the site's own word.
    pub fn identity(&self) -> Option<&str> {
        self.row.identity.as_deref()
    }

    /// The page that the visitor looked at last, as far as is remembered.
    pub fn page(&self) -> Option<Page> {
        self.row.page.as_deref().and_then(|page| serde_json::from_str(page).ok())
    }

    /// Who the visitor is to agents; nothing before they have written.
    pub fn contact(&self) -> Option<&Contact> {
        self.contact.as_ref()
    }

    /// Until when it can be gone on with.
    pub fn until(&self) -> Time {
        self.row.expires_at
    }

    /// How it is now.
    pub async fn session(&self) -> Result<ChatSession> {
        let row = self.stored().await?;
        let talk = self.talk(&self.desk.desks.db.reader).await?;
        Ok(self.show(row, talk.as_ref()))
    }

    /// Its row, as it is now.
    async fn stored(&self) -> Result<chat_session::Model> {
        let row = chat_session::Entity::of_tenant(self.tenant());
        let row = row.filter(chat_session::Column::Id.eq(self.id()));
        let row = row.one(&self.desk.desks.db.reader).await?;
        Ok(row.unwrap_or_else(|| self.row.clone()))
    }

    /// The conversation, once there is one.
    async fn talk(&self, reader: &impl ConnectionTrait) -> Result<Option<conversation::Model>> {
        let row = conversation::Entity::of_tenant(self.tenant());
        Ok(row.filter(conversation::Column::Id.eq(self.conversation())).one(reader).await?)
    }

    fn show(&self, row: chat_session::Model, talk: Option<&conversation::Model>) -> ChatSession {
        let (inbox, key) = (self.inbox.clone(), self.key.clone());
        ChatSession::show(row, (inbox, key), talk, self.contact.clone())
    }
}

/// Until when a visitor who is there now may stay away.
fn kept_until(now: Time) -> Time {
    now.plus_seconds(KEPT_DAYS * 86_400)
}
