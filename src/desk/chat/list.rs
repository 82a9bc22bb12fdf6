//! Visitors, as agents see them.

use std::collections::HashMap;

use entity::{
    ChatSessionId, ContactId, ConversationId, InboxId, TenantScoped as _, chat_session,
    contact_address, conversation, inbox,
};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, JoinType, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::super::contact::same_number;
use super::super::{Channel, ConversationStatus, Desk, Error, InboxName, Result, Sees};
use super::{ChatSession, ChatStatus};

/// Which chats to list; what is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct ChatWanted {
    /// How far they are.
    pub status: Option<ChatStatus>,
    /// In which thread.
    pub conversation: Option<ConversationId>,
    /// One of these.
    pub ids: Option<Vec<ChatSessionId>>,
    /// Those that began before this one.
    pub before: Option<ChatSessionId>,
}

/// A page of chats.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatPage {
    /// The newest first.
    pub chats: Vec<ChatSession>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// How many chats there are of each sort, and how visitors found them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChatCounts {
    /// Whose visitors wait for an answer.
    pub waiting: u64,
    /// In which it is the visitor's turn.
    pub active: u64,
    /// That were ended.
    pub ended: u64,
    /// How many were rated.
    pub rated: u64,
    /// The mean of the ratings.
    pub rating: Option<f64>,
}

impl Desk {
    /// Returns up to `limit` chats that the caller may see, those that began last first.
    pub async fn chats(&self, wanted: &ChatWanted, limit: u64, sees: &Sees) -> Result<ChatPage> {
        use conversation::Column::{Status, WaitingSince};
        let inboxes = self.chat_inboxes(sees).await?;
        let talk = chat_session::Entity::belongs_to(conversation::Entity)
            .from(chat_session::Column::ConversationId)
            .to(conversation::Column::Id);
        let talk: sea_orm::RelationDef = talk.into();
        let mut query = chat_session::Entity::of_tenant(&self.tenant)
            .join(JoinType::LeftJoin, talk)
            .filter(chat_session::Column::InboxId.is_in(inboxes.keys().copied()));
        query = match wanted.status {
            None => query,
            Some(ChatStatus::New) => query.filter(conversation::Column::Id.is_null()),
            Some(ChatStatus::Ended) => query.filter(Status.eq(ConversationStatus::Resolved)),
            Some(status) => {
                let query = query.filter(Status.ne(ConversationStatus::Resolved));
                let is_waiting = Expr::col((conversation::Entity, WaitingSince)).is_not_null();
                let is_it = is_waiting.eq(status == ChatStatus::Waiting);
                query.filter(is_it)
            }
        };
        if let Some(id) = wanted.conversation {
            query = query.filter(chat_session::Column::ConversationId.eq(id));
        }
        if let Some(ids) = &wanted.ids {
            query = query.filter(chat_session::Column::Id.is_in(ids.iter().copied()));
        }
        if let Some(before) = wanted.before {
            query = query.filter(chat_session::Column::Id.lt(before));
        }
        let newest = query.order_by_desc(chat_session::Column::Id).limit(limit + 1);
        let mut rows = newest.all(&self.desks.db.reader).await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(ChatPage { chats: self.show_chats(rows, &inboxes).await?, has_more })
    }

    /// Returns a chat that the caller may see.
    ///
    /// # Errors
    /// [`Error::NoChat`].
    pub async fn chat(&self, id: ChatSessionId, sees: &Sees) -> Result<ChatSession> {
        let wanted = ChatWanted { ids: Some(vec![id]), ..ChatWanted::default() };
        let found = self.chats(&wanted, 1, sees).await?.chats.into_iter().next();
        found.ok_or(Error::NoChat(id))
    }

    /// Counts the chats that the caller may see.
    pub async fn chat_counts(&self, sees: &Sees) -> Result<ChatCounts> {
        let inboxes = self.chat_inboxes(sees).await?;
        let sees = Sees { inboxes: Some(inboxes.keys().copied().collect()), user: None };
        let mut counts = ChatCounts::default();
        for row in self.tallies(&sees).await? {
            let total = u64::try_from(row.total).unwrap_or_default();
            match row.status {
                ConversationStatus::Resolved => counts.ended += total,
                _ => counts.active += total,
            }
        }
        let waiting = self
            .visible(&sees)
            .filter(conversation::Column::WaitingSince.is_not_null())
            .filter(conversation::Column::Status.ne(ConversationStatus::Resolved));
        counts.waiting = waiting.count(&self.desks.db.reader).await?;
        counts.active = counts.active.saturating_sub(counts.waiting);
        let rated = chat_session::Entity::of_tenant(&self.tenant)
            .filter(chat_session::Column::InboxId.is_in(inboxes.keys().copied()))
            .filter(chat_session::Column::Rating.is_not_null())
            .select_only()
            .expr(Expr::cust("COUNT(*)"))
            .expr(Expr::cust("CAST(SUM(rating) AS BIGINT)"));
        let rated: Option<(i64, Option<i64>)> =
            rated.into_tuple().one(&self.desks.db.reader).await?;
        if let Some((count, Some(sum))) = rated {
            counts.rated = u64::try_from(count).unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "nobody rates so often")]
            let mean = sum as f64 / count as f64;
            counts.rating = Some(mean);
        }
        Ok(counts)
    }

    /// The chats of sites that the caller may see, with how sites name them.
    async fn chat_inboxes(&self, sees: &Sees) -> Result<HashMap<InboxId, (InboxName, String)>> {
        let rows = inbox::Entity::of_tenant(&self.tenant)
            .filter(inbox::Column::Channel.eq(Channel::LiveChat))
            .all(&self.desks.db.reader)
            .await?;
        let seen = rows.iter().filter(|row| sees.inbox(row.id));
        Ok(seen.map(|row| (row.id, (InboxName::from(row), row.address.clone()))).collect())
    }

    async fn show_chats(
        &self,
        rows: Vec<chat_session::Model>,
        inboxes: &HashMap<InboxId, (InboxName, String)>,
    ) -> Result<Vec<ChatSession>> {
        let reader = &self.desks.db.reader;
        let talks = conversation::Entity::of_tenant(&self.tenant)
            .filter(conversation::Column::Id.is_in(rows.iter().map(|row| row.conversation_id)));
        let talks = talks.all(reader).await?;
        let talks: HashMap<_, _> = talks.into_iter().map(|row| (row.id, row)).collect();
        let known = contact_address::Entity::of_tenant(&self.tenant)
            .filter(contact_address::Column::Channel.eq(Channel::LiveChat))
            .filter(
                contact_address::Column::Address
                    .is_in(rows.iter().map(|row| same_number(&row.address))),
            );
        let known = known.all(reader).await?;
        let known: HashMap<String, ContactId> =
            known.into_iter().map(|row| (row.address, row.contact_id)).collect();
        let contacts = self.contacts(reader, known.values().copied()).await?;
        let shown = rows.into_iter().filter_map(|row| {
            let inbox = inboxes.get(&row.inbox_id)?.clone();
            let contact = known.get(&same_number(&row.address));
            let contact = contact.and_then(|id| contacts.get(*id));
            let talk = talks.get(&row.conversation_id);
            Some(ChatSession::show(row, inbox, talk, contact))
        });
        Ok(shown.collect())
    }
}
