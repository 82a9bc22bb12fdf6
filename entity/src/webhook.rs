//! What providers sent, as they sent it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::inbox::Channel;
use crate::{Time, WebhookId};

/// One webhook request, byte for byte, and what became of it.
///
/// The only table without a tenant: one request may speak of several, or of one that nobody knows.
/// Only the operator's command line reads it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    /// Whose dialect it is in.
    pub channel: Channel,
    /// The request's body.
    pub body: Vec<u8>,
    /// What became of each element, a JSON list; see the server's `desk::webhook`.
    pub elements: String,
    /// The outcome that most needs an operator's eye.
    pub outcome: Outcome,
    /// When it arrived.
    pub received_at: Time,
}

/// What became of a webhook's element, from what needs no one to what needs an operator.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It changed the desk.
    Applied,
    /// It said what was known.
    Duplicate,
    /// It is of a kind that changes nothing here, and is kept raw.
    Ignored,
    /// It waits for the message it speaks of.
    Parked,
    /// It could not be understood, or nobody knows whose it is; kept raw, replayable.
    Quarantined,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
