//! What channels are to be told, in order, by whichever courier has time.
//!
//! A delivery is a row that is written with what it tells of. A courier claims it for a while,
//! notes that it begins, tells the channel, and settles it; then the row goes. Whoever finds a claim
//! that has run out knows by that note whether the channel may have been told.

mod claim;
mod hint;
mod settle;
mod state;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use entity::delivery::{Kind, State};
use entity::{
    ConversationId, DeliveryId, InboxId, MessageId, TenantId, TenantScoped as _, Time,
    conversation, delivery,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
};
use serde_json::Value;
use uuid::Uuid;

use super::{Change, Channel, Colleague, ConversationStatus, Message, Result};

pub use hint::Hint;
pub use settle::Settlement;
pub use state::{Backlog, Flow};

/// A delivery that a courier has claimed, and all that is needed to make it.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Which.
    pub id: DeliveryId,
    /// Whose.
    pub tenant: TenantId,
    /// The inbox through which it goes.
    pub inbox: InboxId,
    /// How the channel is spoken to.
    pub channel: Channel,
    /// How the channel names the inbox.
    pub from: String,
    /// How the channel names the person on the far side.
    pub to: String,
    /// How the channel names the conversation, where it knows several with one person.
    pub thread: Option<String>,
    /// The message that is to be sent, was reacted to, or has been read.
    pub message: Message,
    /// What is to be told of it.
    pub task: Task,
    /// How often it has been tried, this time included, but for the tries that did not count.
    pub attempts: u32,
    /// When it was made.
    pub since: Time,
    fence: i64,
}

/// What a channel is to be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// To send the message.
    Send {
        /// The channel's own identifier of the file in it, once it has been given to the channel.
        media: Option<String>,
    },
    /// How the business has reacted to it; nothing takes the reaction back.
    React(Option<String>),
    /// That it was read.
    MarkRead,
    /// Whether somebody has to do something about the conversation, and when that is asked again.
    SetStatus(ConversationStatus, Option<Time>),
    /// Who looks after the conversation.
    Assign(Option<Colleague>),
    /// What the conversation is labelled with.
    Label(Vec<String>),
}

/// What a channel calls a message that it was handed: statuses bear it, also when its answer was
/// lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The message.
    pub message: MessageId,
    /// By which delivery.
    pub delivery: DeliveryId,
}

impl fmt::Display for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.message, self.delivery)
    }
}

impl FromStr for Handover {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (message, delivery) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self { message: message.parse()?, delivery: delivery.parse()? })
    }
}

/// An inbox through which nothing is sent for now.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    /// For how long.
    pub lasts: Duration,
    /// Why, in the channel's words.
    pub error: Value,
}

impl Errand {
    /// What the channel is to call the message.
    pub fn handover(&self) -> Handover {
        Handover { message: self.message.id, delivery: self.id }
    }

    /// How often it has been claimed, this time included, whatever came of it.
    pub fn claims(&self) -> u32 {
        u32::try_from(self.fence).unwrap_or(u32::MAX)
    }
}

impl Change {
    /// Makes a delivery due, after all others of its conversation, whose row is locked.
    pub(super) async fn make_due(
        &self,
        row: &conversation::Model,
        message_id: MessageId,
        kind: Kind,
    ) -> Result<DeliveryId> {
        let now = Time::now();
        let id = self.next_delivery(row.id).await?;
        let due = delivery::Model {
            id,
            tenant_id: self.desk.tenant.clone(),
            inbox_id: row.inbox_id,
            conversation_id: row.id,
            message_id,
            kind,
            state: State::Due,
            due_at: now,
            attempts: 0,
            leased_until: None,
            begun_at: None,
            fence: 0,
            error: None,
            created_at: now,
        };
        delivery::Entity::insert(due.into_active_model()).exec_without_returning(&self.txn).await?;
        Ok(id)
    }

    /// Lets the channel know how something about a conversation is now, up to a message: once, if it
    /// has not been told of an earlier change yet.
    pub(super) async fn make_due_once(
        &self,
        row: &conversation::Model,
        message_id: MessageId,
        kind: Kind,
    ) -> Result<()> {
        let moved = delivery::Entity::update_many()
            .col_expr(delivery::Column::MessageId, Expr::value(message_id))
            .filter(delivery::Column::TenantId.eq(self.desk.tenant.clone()))
            .filter(delivery::Column::ConversationId.eq(row.id))
            .filter(delivery::Column::Kind.eq(kind))
            .filter(delivery::Column::State.eq(State::Due))
            .exec(&self.txn)
            .await?;
        if moved.rows_affected == 0 {
            self.make_due(row, message_id, kind).await?;
        }
        Ok(())
    }

    /// An identifier above those of the conversation's other deliveries, whatever the clocks of
    /// other nodes say.
    async fn next_delivery(&self, of: ConversationId) -> Result<DeliveryId> {
        let last = delivery::Entity::of_tenant(&self.desk.tenant)
            .filter(delivery::Column::ConversationId.eq(of))
            .order_by_desc(delivery::Column::Id)
            .one(&self.txn)
            .await?;
        let after = last.map(|last| DeliveryId(Uuid::from_u128(last.id.0.as_u128() + 1)));
        Ok(DeliveryId::generate().max(after.unwrap_or_default()))
    }
}
