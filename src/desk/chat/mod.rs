//! Live chat: what a visitor of a site may see and do, and what agents see of visitors.
//!
//! A [`Chat`] is to a visitor what a [`Desk`] is to those who work there: the only way to rows, and
//! only to those of their own conversation. What it hands out is made for visitors ([`Line`],
//! [`Glimpse`]): it has no room for notes, for what agents know of each other, nor for anybody's
//! identifiers but the visitor's own.

mod begin;
mod feed;
mod line;
mod list;
mod settings;

use entity::{
    ChatSessionId, ContactId, ConversationId, InboxId, TenantId, TenantScoped as _, Time,
    chat_session, contact_address, conversation, inbox,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};

use super::contact::same_number;
use super::conversation::set_status;
use super::{
    Channel, Contact, ConversationStatus, Desk, Desks, Error, Event, InboxName, Result, Sees,
};

pub use begin::{Arrival, NewToken};
pub use feed::{ChatFeed, Glimpse, Seen};
pub use line::{Line, Lines};
pub use list::{ChatCounts, ChatPage, ChatWanted};
pub use settings::{LiveChat, LiveChatSettings, PreChatField, PreChatKind};

/// For how many days a visitor who stays away may come back and go on.
const KEPT_DAYS: i64 = 30;

/// How often it is noted that a visitor is still there, in seconds.
const NOTED_EVERY: i64 = 60;

/// The best rating, and the longest comment, in characters.
const BEST: i32 = 5;
const LONGEST_COMMENT: usize = 2_000;

/// The longest address and title of a page, in characters.
const LONGEST_URL: usize = 2_000;
const LONGEST_TITLE: usize = 300;

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

/// A chat's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatStatus {
    /// Nothing has been said.
    New,
    /// The visitor waits for an answer.
    Waiting,
    /// It is the visitor's turn.
    Active,
    /// One side has ended it; it goes on when either writes.
    Ended,
}

/// Who ended a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EndedBy {
    /// The visitor.
    Visitor,
    /// An agent.
    Agent,
}

/// The page of a site that a visitor looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The page that led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

/// How a visitor found a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// From 1 to 5.
    pub score: i32,
    /// What they said about it.
    pub comment: Option<String>,
    /// When.
    pub at: Time,
}

/// A chat, as its visitor and agents see it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatSession {
    /// Its identifier.
    pub id: ChatSessionId,
    /// Where it takes place.
    pub inbox: InboxName,
    /// How sites name that inbox.
    pub key: String,
    /// The thread.
    pub conversation_id: ConversationId,
    /// Who the visitor is to agents; nothing before they have written.
    pub contact: Option<Contact>,
    /// How far it is.
    pub status: ChatStatus,
    /// Who ended it, if somebody has.
    pub ended_by: Option<EndedBy>,
    /// Who they are by the site's own word.
    pub identity: Option<String>,
    /// What they call themselves.
    pub name: Option<String>,
    /// Where else they are reached.
    pub email: Option<String>,
    /// What they were asked before.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// The page that they looked at last.
    pub page: Option<Page>,
    /// Their browser, as it calls itself.
    pub user_agent: Option<String>,
    /// The language in which they are spoken to.
    pub locale: Option<String>,
    /// Where they are, in two letters.
    pub country: Option<String>,
    /// How they found it.
    pub rating: Option<Rating>,
    /// When it began.
    pub created_at: Time,
    /// When they were last there, to the minute.
    pub last_seen_at: Time,
    /// Until when it can be gone on with.
    pub expires_at: Time,
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
        self.of(row.tenant_id.clone()).entry(row).await
    }
}

impl Desk {
    async fn entry(&self, row: chat_session::Model) -> Result<Entry> {
        let inbox =
            inbox::Entity::of_tenant(&self.tenant).filter(inbox::Column::Id.eq(row.inbox_id));
        let inbox = inbox.one(&self.desks.db.reader).await?;
        let Some(inbox) = inbox.filter(|inbox| inbox.disabled_at.is_none()) else {
            return Ok(Entry::None);
        };
        let contact = self.visitor(&self.desks.db.reader, &row.address).await?;
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

    /// Ends it: the conversation is resolved. Tells nobody if it is, or if nothing was said.
    pub async fn end(&self) -> Result<ChatSession> {
        let change = self.desk.change().await?;
        let now = Time::now();
        if self.talk(&change.txn).await?.is_some() {
            let before = change.conversation(self.conversation(), &Sees::everything()).await?;
            if before.status != ConversationStatus::Resolved {
                chat_session::Entity::update_many()
                    .col_expr(chat_session::Column::EndedAt, Expr::value(now))
                    .filter(chat_session::Column::Id.eq(self.id()))
                    .exec(&change.txn)
                    .await?;
                let mut after = before.clone();
                let reached =
                    set_status(&mut after, ConversationStatus::Resolved, None, now).reached;
                change.reach(&after, None, reached, now).await?;
                let contact = change.contact_of(&before).await?;
                let told = change.turn(&before, &after, contact).await?;
                change.commit(Event::ConversationChanged(Box::new(told)), []).await?;
            }
        }
        self.session().await
    }

    /// Notes how the visitor found it; answers with the moment if they have said so before.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the score is none, the comment too long, or nothing was said.
    pub async fn rate(&self, score: i32, comment: Option<&str>) -> Result<Option<Time>> {
        if !(1..=BEST).contains(&score) {
            return Err(Error::Invalid(format!("the score is from 1 to {BEST}")));
        }
        if comment.is_some_and(|comment| comment.chars().count() > LONGEST_COMMENT) {
            let why = format!("the comment is longer than {LONGEST_COMMENT} characters");
            return Err(Error::Invalid(why));
        }
        if self.talk(&self.desk.desks.db.reader).await?.is_none() {
            return Err(Error::Invalid("nothing was said that could be rated".to_owned()));
        }
        let (now, before) = (Time::now(), self.stored().await?.rated_at);
        chat_session::Entity::update_many()
            .col_expr(chat_session::Column::Rating, Expr::value(score))
            .col_expr(chat_session::Column::RatingComment, Expr::value(comment))
            .col_expr(chat_session::Column::RatedAt, Expr::value(now))
            .filter(chat_session::Column::Id.eq(self.id()))
            .exec(&self.desk.desks.db.writer)
            .await?;
        Ok(before.map(|_| now))
    }

    /// Notes the page that the visitor looks at.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is none.
    pub async fn looks_at(&self, page: &Page) -> Result<()> {
        page.check()?;
        chat_session::Entity::update_many()
            .col_expr(chat_session::Column::Page, Expr::value(super::message::json(page)))
            .filter(chat_session::Column::Id.eq(self.id()))
            .exec(&self.desk.desks.db.writer)
            .await?;
        Ok(())
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

impl ChatSession {
    fn show(
        row: chat_session::Model,
        (inbox, key): (InboxName, String),
        talk: Option<&conversation::Model>,
        contact: Option<Contact>,
    ) -> Self {
        let status = ChatStatus::of(talk);
        let is_by_visitor = talk.is_some_and(|talk| row.ended_at >= Some(talk.opened_at));
        let ended_by = if is_by_visitor { EndedBy::Visitor } else { EndedBy::Agent };
        let rating = row.rating.zip(row.rated_at);
        let comment = row.rating_comment;
        Self {
            id: row.id,
            inbox,
            key,
            conversation_id: row.conversation_id,
            contact: contact.filter(|_| talk.is_some()),
            status,
            ended_by: (status == ChatStatus::Ended).then_some(ended_by),
            identity: row.identity,
            name: row.name,
            email: row.email,
            fields: serde_json::from_str(&row.fields).unwrap_or_default(),
            page: row.page.as_deref().and_then(|page| serde_json::from_str(page).ok()),
            user_agent: row.user_agent,
            locale: row.locale,
            country: row.country,
            rating: rating.map(|(score, at)| Rating { score, comment, at }),
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

impl ChatStatus {
    fn of(talk: Option<&conversation::Model>) -> Self {
        match talk {
            None => Self::New,
            Some(talk) if talk.status == ConversationStatus::Resolved => Self::Ended,
            Some(talk) if talk.waiting_since.is_some() => Self::Waiting,
            Some(_) => Self::Active,
        }
    }
}

impl Page {
    /// # Errors
    /// [`Error::Invalid`] when it is no page of a site.
    pub fn check(&self) -> Result<()> {
        let is_short = |text: &Option<String>, longest| {
            text.as_ref().is_none_or(|text| text.chars().count() <= longest)
        };
        let is_web = ["https://", "http://"].iter().any(|scheme| self.url.starts_with(scheme));
        if !is_web || self.url.chars().count() > LONGEST_URL {
            let why = format!("url is an address of the web, of at most {LONGEST_URL} characters");
            return Err(Error::Invalid(why));
        }
        if is_short(&self.title, LONGEST_TITLE) && is_short(&self.referrer, LONGEST_URL) {
            Ok(())
        } else {
            Err(Error::Invalid("the title or the referrer is too long".to_owned()))
        }
    }
}

/// Until when a visitor who is there now may stay away.
fn kept_until(now: Time) -> Time {
    now.plus_seconds(KEPT_DAYS * 86_400)
}
