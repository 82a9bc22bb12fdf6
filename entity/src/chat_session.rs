//! Visitors of sites, each in one browser.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{ChatSessionId, ConversationId, InboxId, TenantId, Time};

/// A visitor's chat on a site, in one browser. It is there before anything has been said.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_session")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChatSessionId,
    /// Whose site it is.
    pub tenant_id: TenantId,
    /// The chat on that site.
    pub inbox_id: InboxId,
    /// The thread: that of `address` in this inbox, or what it will be called once they have written.
    pub conversation_id: ConversationId,
    /// By what the channel knows the visitor.
    pub address: String,
    /// SHA-256 of the visitor's token, in hexadecimal.
    pub token_hash: String,
    /// Who they are by the site's own word; nothing for somebody whom it does not vouch for.
    pub identity: Option<String>,
    /// What they call themselves.
    pub name: Option<String>,
    /// Where else they are reached.
    pub email: Option<String>,
    /// What they were asked before the chat, a JSON object of texts.
    pub fields: String,
    /// The page that they looked at last, a JSON object; see the server's `desk::chat`.
    pub page: Option<String>,
    /// Their browser, as it calls itself.
    pub user_agent: Option<String>,
    /// The language in which they are spoken to.
    pub locale: Option<String>,
    /// Where they are, in two letters, if that was told.
    pub country: Option<String>,
    /// When it began.
    pub created_at: Time,
    /// When they were last there.
    pub last_seen_at: Time,
    /// Until when it can be gone on with.
    pub expires_at: Time,
    /// When the visitor ended it; nothing once they have written again.
    pub ended_at: Option<Time>,
    /// How they found it, from 1 to 5.
    pub rating: Option<i32>,
    /// What they said about it.
    pub rating_comment: Option<String>,
    /// When they said so.
    pub rated_at: Option<Time>,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
