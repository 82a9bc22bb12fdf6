//! What became of fetching a file.

use std::time::Duration;

use entity::media::State;
use entity::{TenantScoped as _, Time, conversation, media, message};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QuerySelect as _,
};

use super::super::{Change, Desks, Error, Event, Message, Result};
use super::claim::{Fetch, later};
use super::{File, tell_of};

/// What became of fetching a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// Its bytes are in the store.
    Stored(File),
    /// It is to be tried again.
    Later {
        /// When.
        after: Duration,
        /// Whether this counts as one of the tries it has.
        counts: bool,
    },
    /// It cannot be had.
    Failed(Why),
}

/// Why a file cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The channel does not have it.
    Gone,
    /// The channel has had it for as long as it keeps such.
    Expired,
    /// It is larger than is taken.
    TooLarge,
    /// It is not what its sender sent.
    Checksum,
    /// The channel says that it is where this server does not go.
    Forbidden,
    /// The channel has not given it, however often it was asked.
    Unreachable,
}

impl Why {
    /// The word that clients are told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Expired => "expired",
            Self::TooLarge => "too_large",
            Self::Checksum => "checksum",
            Self::Forbidden => "forbidden",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Desks {
    /// Notes what became of a file that was claimed, and tells whoever looks at its message.
    ///
    /// Changes nothing if another has claimed it since, or its message was deleted.
    pub async fn settle_file(&self, fetch: &Fetch, fetched: &Fetched) -> Result<()> {
        match fetched {
            Fetched::Later { after, counts } => self.put_off_file(fetch, *after, *counts).await,
            Fetched::Stored(file) => {
                let change = self.of(fetch.tenant.clone()).change().await?;
                change.settle_file(fetch, Ok(file)).await
            }
            Fetched::Failed(why) => {
                let change = self.of(fetch.tenant.clone()).change().await?;
                change.settle_file(fetch, Err(*why)).await
            }
        }
    }

    async fn put_off_file(&self, fetch: &Fetch, after: Duration, counts: bool) -> Result<()> {
        let back = i32::from(!counts);
        media::Entity::update_many()
            .col_expr(media::Column::State, Expr::value(State::Wanted))
            .col_expr(media::Column::DueAt, Expr::value(later(Time::now(), after)))
            .col_expr(media::Column::Attempts, Expr::col(media::Column::Attempts).sub(back))
            .filter(media::Column::Id.eq(fetch.id))
            .filter(media::Column::Fence.eq(fetch.fence))
            .filter(media::Column::State.eq(State::Claimed))
            .exec(&self.db.writer)
            .await?;
        Ok(())
    }
}

impl Change {
    async fn settle_file(self, fetch: &Fetch, file: Result<&File, Why>) -> Result<()> {
        let tenant = &self.desk.tenant;
        let message = message::Entity::of_tenant(tenant)
            .filter(message::Column::Id.eq(fetch.message))
            .lock_exclusive();
        let row = media::Entity::of_tenant(tenant)
            .filter(media::Column::Id.eq(fetch.id))
            .filter(media::Column::Fence.eq(fetch.fence))
            .filter(media::Column::State.eq(State::Claimed))
            .lock_exclusive();
        let message = message.one(&self.txn).await?;
        let (Some(mut message), Some(mut row)) = (message, row.one(&self.txn).await?) else {
            return Ok(());
        };
        match file {
            Ok(file) => fill(&mut row, file),
            Err(why) => {
                row.state = State::Failed;
                row.error = Some(why.word().to_owned());
            }
        }
        tell_of(&mut message, &row);
        media::Entity::update(row.into_active_model().reset_all()).exec(&self.txn).await?;
        message::Entity::update_many()
            .col_expr(message::Column::Metadata, Expr::value(message.metadata.clone()))
            .filter(message::Column::TenantId.eq(tenant.clone()))
            .filter(message::Column::Id.eq(message.id))
            .exec(&self.txn)
            .await?;
        let talk = conversation::Entity::of_tenant(tenant)
            .filter(conversation::Column::Id.eq(message.conversation_id))
            .one(&self.txn)
            .await?
            .ok_or(Error::NoConversation(message.conversation_id))?;
        let contact = self.contact_of(&talk).await?;
        let shown = Message::show(&message, contact);
        self.commit(Event::MessageChanged(Box::new(shown)), []).await
    }
}

/// Notes in a row that its bytes are there.
pub(super) fn fill(row: &mut media::Model, file: &File) {
    let side = |side: u32| i32::try_from(side).ok();
    row.state = State::Stored;
    row.sha256 = Some(file.sha256.clone());
    row.size = i64::try_from(file.size).ok();
    row.mime_type.clone_from(&file.mime_type);
    row.width = file.dimensions.and_then(|(width, _)| side(width));
    row.height = file.dimensions.and_then(|(_, height)| side(height));
    row.error = None;
}
