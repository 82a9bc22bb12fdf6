//! Files that messages carry.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scope::tenant_scoped;
use crate::{InboxId, MediaId, MessageId, TenantId, Time, UserId};

/// A file that a message carries, or will.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MediaId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Through which inbox it came; nothing for an agent's upload that no message carries yet.
    pub inbox_id: Option<InboxId>,
    /// Which message carries it.
    pub message_id: Option<MessageId>,
    /// Who uploaded it, if an agent did.
    pub author_id: Option<UserId>,
    /// The provider's own identifier; of a visitor's upload, that of their chat.
    pub provider_id: Option<String>,
    /// Until when the provider knows it by that.
    pub provider_until: Option<Time>,
    /// What kind of file it is: as its sender said, and once it is there, as its bytes say.
    pub mime_type: String,
    /// What its sender called it.
    pub filename: Option<String>,
    /// How large it is, in bytes.
    pub size: Option<i64>,
    /// How wide a picture is, in pixels.
    pub width: Option<i32>,
    /// How high a picture is, in pixels.
    pub height: Option<i32>,
    /// The hash of its bytes in hexadecimal, under which they are stored: as the provider said, until
    /// it is there.
    pub sha256: Option<String>,
    /// How far it is.
    pub state: State,
    /// Not to be fetched before; while it is claimed, when that claim ends.
    pub due_at: Time,
    /// How often it was tried.
    pub attempts: i32,
    /// Grows with every claim: who holds an older number may not settle.
    pub fence: i64,
    /// Why it is not there: a word that clients are told.
    pub error: Option<String>,
    /// When it was first told of.
    pub created_at: Time,
}

/// How far a file is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is to be fetched.
    Wanted,
    /// It is being fetched, or stored.
    Claimed,
    /// It is there.
    Stored,
    /// It cannot be had.
    Failed,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
