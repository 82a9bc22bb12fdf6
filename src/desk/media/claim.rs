//! Who fetches which file, and for how long.

use std::collections::HashMap;
use std::time::Duration;

use entity::media::State;
use entity::{InboxId, MediaId, MessageId, TenantId, Time, inbox, media, message};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::super::{Channel, Desks, Result, Type};

/// How far files are that may be due; those that were left behind come first.
const UNFETCHED: [State; 2] = [State::Claimed, State::Wanted];

/// A file that is to be fetched, and all that is needed to fetch it.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Which.
    pub id: MediaId,
    /// Whose.
    pub tenant: TenantId,
    /// The message that carries it.
    pub message: MessageId,
    /// Where it is.
    pub channel: Channel,
    /// The inbox through which it came.
    pub inbox: InboxId,
    /// What the channel calls it.
    pub provider_id: String,
    /// Until when the channel has it.
    pub until: Option<Time>,
    /// What the message is drawn as.
    pub kind: Type,
    /// What kind of file it is said to be.
    pub mime_type: String,
    /// The hash it must have, in hexadecimal, if that was told.
    pub sha256: Option<String>,
    /// How often it has been claimed, this time included.
    pub attempts: u32,
    pub(super) fence: i64,
}

impl Desks {
    /// Claims up to `limit` files for the time of a lease, those that were left behind and then those
    /// that are wanted, the longest due first.
    pub async fn claim_files(&self, limit: usize, lease: Duration) -> Result<Vec<Fetch>> {
        let now = Time::now();
        // Mostly there is nothing, and no writer has to wait for that.
        if !self.is_any_file_due(now).await? {
            return Ok(Vec::new());
        }
        let txn = self.db.begin().await?;
        let mut rows = Vec::new();
        for state in UNFETCHED {
            let left = limit.saturating_sub(rows.len());
            let some = due(state, now).limit(u64::try_from(left).unwrap_or(u64::MAX));
            let some = some.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            rows.extend(some.all(&txn).await?);
        }
        media::Entity::update_many()
            .col_expr(media::Column::State, Expr::value(State::Claimed))
            .col_expr(media::Column::DueAt, Expr::value(later(now, lease)))
            .col_expr(media::Column::Attempts, Expr::col(media::Column::Attempts).add(1))
            .col_expr(media::Column::Fence, Expr::col(media::Column::Fence).add(1))
            .filter(media::Column::Id.is_in(rows.iter().map(|row| row.id)))
            .exec(&txn)
            .await?;
        txn.commit().await?;
        self.fetches(rows).await
    }

    async fn is_any_file_due(&self, now: Time) -> Result<bool> {
        for state in UNFETCHED {
            if due(state, now).one(&self.db.reader).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads what is needed to fetch files that have just been claimed.
    async fn fetches(&self, rows: Vec<media::Model>) -> Result<Vec<Fetch>> {
        let messages = rows.iter().filter_map(|row| row.message_id);
        #[expect(clippy::disallowed_methods, reason = "those of claimed files")]
        let messages = message::Entity::find().filter(message::Column::Id.is_in(messages));
        let messages = messages.all(&self.db.reader).await?;
        let kinds: HashMap<MessageId, Type> =
            messages.into_iter().map(|row| (row.id, row.kind)).collect();
        let inboxes = rows.iter().filter_map(|row| row.inbox_id);
        #[expect(clippy::disallowed_methods, reason = "those of claimed files")]
        let inboxes = inbox::Entity::find().filter(inbox::Column::Id.is_in(inboxes));
        let inboxes = inboxes.all(&self.db.reader).await?;
        let inboxes: HashMap<InboxId, inbox::Model> =
            inboxes.into_iter().map(|row| (row.id, row)).collect();
        let fetches = rows.into_iter().filter_map(|row| {
            let message = row.message_id?;
            let inbox = inboxes.get(&row.inbox_id?)?;
            Some(Fetch {
                id: row.id,
                tenant: row.tenant_id,
                message,
                channel: inbox.channel,
                inbox: inbox.id,
                provider_id: row.provider_id?,
                until: row.provider_until,
                kind: *kinds.get(&message)?,
                mime_type: row.mime_type,
                sha256: row.sha256,
                attempts: u32::try_from(row.attempts + 1).unwrap_or(u32::MAX),
                fence: row.fence + 1,
            })
        });
        Ok(fetches.collect())
    }
}

/// Files in a state that are due, the longest first. For two states at once, all that are due would be read
/// and put in order for each that is claimed.
fn due(state: State, now: Time) -> Select<media::Entity> {
    #[expect(clippy::disallowed_methods, reason = "those of all tenants, for this node itself")]
    media::Entity::find()
        .filter(media::Column::State.eq(state))
        .filter(media::Column::DueAt.lte(now))
        .filter(media::Column::MessageId.is_not_null())
        .order_by_asc(media::Column::DueAt)
}

/// The moment a while after another.
pub(super) fn later(time: Time, wait: Duration) -> Time {
    let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Time(time.0.saturating_add(micros))
}
