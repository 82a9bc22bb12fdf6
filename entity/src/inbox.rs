//! Connections to channels.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scope::tenant_scoped;
use crate::{InboxId, TenantId, Time};

/// One connection of a tenant to a channel.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InboxId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What it connects to.
    pub channel: Channel,
    /// What agents see.
    pub name: String,
    /// How the channel names it, unique within the channel: WhatsApp's phone number id, the hash of
    /// the token to which Chatwoot's webhooks go, the public key of a chat on a site.
    pub address: String,
    /// When it was added.
    pub created_at: Time,
    /// What is needed to speak for it, encrypted.
    pub secrets: Option<String>,
    /// How it behaves, a JSON object.
    pub settings: String,
    /// Since when it neither receives nor sends.
    pub disabled_at: Option<Time>,
    /// Until when nothing is sent through it, because the channel wants it so.
    pub held_until: Option<Time>,
    /// Why, a JSON object; nothing once something was sent again.
    pub hold_error: Option<String>,
    /// Up to when it is known that nothing of what its channel tells was missed.
    pub reconciled_at: Option<Time>,
}

/// A kind of provider.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// WhatsApp Cloud API.
    #[sea_orm(string_value = "whatsapp")]
    #[serde(rename = "whatsapp")]
    WhatsApp,
    /// An account of a Chatwoot.
    #[sea_orm(string_value = "chatwoot")]
    #[serde(rename = "chatwoot")]
    Chatwoot,
    /// The chat on a tenant's own site.
    #[sea_orm(string_value = "live_chat")]
    #[serde(rename = "live_chat")]
    LiveChat,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
