//! Visitors who come, or come back.

use std::sync::atomic::Ordering;

use entity::{
    ChatSessionId, ConversationId, TenantScoped as _, Time, chat_session, conversation, inbox,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::message::json;
use super::super::{Change, Desks, Error, Result};
use super::{Entry, LiveChat, Page, kept_until};

/// The longest name of a browser that is kept, in characters.
const LONGEST_AGENT: usize = 300;

/// A visitor who opens the chat of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Who they are by the site's own word, which has been verified.
    pub identity: Option<String>,
    /// What they call themselves.
    pub name: Option<String>,
    /// Where else they are reached.
    pub email: Option<String>,
    /// What they were asked before.
    pub fields: Map<String, Value>,
    /// The page that they look at.
    pub page: Option<Page>,
    /// Their browser, as it calls itself.
    pub user_agent: Option<String>,
    /// The language in which they are spoken to.
    pub locale: Option<String>,
    /// Where they are, in two letters.
    pub country: Option<String>,
}

/// A token that was made for somebody.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its digest, SHA-256 in hexadecimal.
    pub hash: String,
}

impl LiveChat {
    /// Begins the chat of a visitor. Nobody is told before they write.
    ///
    /// # Errors
    /// [`Error::Invalid`] when they say of themselves what makes no sense, or too much.
    pub async fn begin(&self, arrival: Arrival, token: NewToken) -> Result<Entry> {
        if let Some(page) = &arrival.page {
            page.check()?;
        }
        let desk = &self.desk;
        let change = desk.change().await?;
        let (address, conversation_id) = match &arrival.identity {
            None => (stranger(), ConversationId::generate()),
            Some(identity) => {
                let address = format!("user:{identity}");
                let talk = change.talk_at(self, &address).await?;
                (address, talk)
            }
        };
        let Arrival { identity, name, email, fields, page, user_agent, locale, country } = arrival;
        let now = Time::now();
        let row = chat_session::Model {
            id: ChatSessionId::generate(),
            tenant_id: desk.tenant.clone(),
            inbox_id: self.inbox.id,
            conversation_id,
            address,
            token_hash: token.hash,
            identity,
            name,
            email,
            fields: json(&fields),
            page: page.as_ref().map(json),
            user_agent: user_agent.map(|agent| agent.chars().take(LONGEST_AGENT).collect()),
            locale,
            country,
            created_at: now,
            last_seen_at: now,
            expires_at: kept_until(now),
            ended_at: None,
            rating: None,
            rating_comment: None,
            rated_at: None,
        };
        let entry = desk.entry(&change.txn, row.clone()).await?;
        if let Entry::Open(_) = entry {
            chat_session::Entity::insert(row.into_active_model())
                .exec_without_returning(&change.txn)
                .await?;
            change.commit_unseen().await?;
        }
        Ok(entry)
    }
}

impl Change {
    /// The conversation with somebody whom the site vouches for: the one there is, else the one that
    /// another browser of theirs has been promised. They take turns.
    async fn talk_at(&self, at: &LiveChat, address: &str) -> Result<ConversationId> {
        let tenant = &self.desk.tenant;
        inbox::Entity::of_tenant(tenant)
            .filter(inbox::Column::Id.eq(at.inbox.id))
            .lock_exclusive()
            .one(&self.txn)
            .await?
            .ok_or_else(|| Error::NoInbox(at.key.clone()))?;
        if let Some(contact) = self.desk.contact_at(&self.txn, address).await? {
            let known = conversation::Entity::of_tenant(tenant)
                .filter(conversation::Column::ContactId.eq(contact))
                .filter(conversation::Column::InboxId.eq(at.inbox.id))
                .one(&self.txn)
                .await?;
            if let Some(known) = known {
                return Ok(known.id);
            }
        }
        let promised = chat_session::Entity::of_tenant(tenant)
            .filter(chat_session::Column::InboxId.eq(at.inbox.id))
            .filter(chat_session::Column::Address.eq(address))
            .order_by_desc(chat_session::Column::Id)
            .limit(1)
            .one(&self.txn)
            .await?;
        Ok(promised.map_or_else(ConversationId::generate, |row| row.conversation_id))
    }
}

impl Desks {
    /// Forgets visitors who have never said anything and cannot come back; returns how many.
    ///
    /// Each is looked at once while this process runs: who has said something stays.
    pub(in crate::desk) async fn forget_visitors(&self) -> Result<u64, DbErr> {
        let (since, now) = (Time(self.looked_at.load(Ordering::Relaxed)), Time::now());
        // Looked for one by one: of more conversations than fit into its memory, PostgreSQL would read all for
        // each visitor who is none of these.
        let talk = Expr::col((conversation::Entity, conversation::Column::Id));
        let theirs = (chat_session::Entity, chat_session::Column::ConversationId);
        let talk = Query::select()
            .column(conversation::Column::Id)
            .from(conversation::Entity)
            .and_where(talk.equals(theirs))
            .take();
        let gone = chat_session::Entity::delete_many()
            .filter(chat_session::Column::ExpiresAt.gte(since))
            .filter(chat_session::Column::ExpiresAt.lt(now))
            .filter(Expr::not_exists(talk))
            .exec(&self.db.writer)
            .await?;
        self.looked_at.store(now.0, Ordering::Relaxed);
        Ok(gone.rows_affected)
    }
}

/// An address for somebody of whom nothing is known; agents see it where there is no name.
fn stranger() -> String {
    let digits = Uuid::new_v4().simple().to_string();
    format!("visitor-{}", &digits[..16])
}
