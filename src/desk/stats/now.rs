//! How much there is to do now.

use entity::conversation::Status;
use entity::{InboxId, Time, UserId, conversation};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
};

use super::super::{Desk, Result, Sees};

/// How many conversations there are to do something about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// An answer is due.
    pub open: u64,
    /// The customer's turn.
    pub pending: u64,
    /// Put aside for a while.
    pub snoozed: u64,
    /// Of all these, nobody looks after.
    pub unassigned: u64,
    /// Of all these, hold something unread.
    pub unread: u64,
}

/// Customers who wait for an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Since when the first of them waits.
    pub oldest: Option<Time>,
    /// Since when half of them have waited at least.
    pub median: Option<Time>,
}

/// Conversations of one sort.
#[derive(Debug, FromQueryResult)]
pub(super) struct Sorted {
    pub(super) inbox_id: InboxId,
    status: Status,
    is_assigned: bool,
    is_unread: bool,
    total: i64,
}

impl Now {
    /// Counts conversations of one sort.
    pub(super) fn add(&mut self, row: &Sorted) {
        let total = u64::try_from(row.total).unwrap_or_default();
        match row.status {
            Status::Open => self.open += total,
            Status::Pending => self.pending += total,
            Status::Snoozed => self.snoozed += total,
            Status::Resolved => return,
        }
        self.unassigned += if row.is_assigned { 0 } else { total };
        self.unread += if row.is_unread { total } else { 0 };
    }
}

impl<'a> FromIterator<&'a Sorted> for Now {
    fn from_iter<I: IntoIterator<Item = &'a Sorted>>(rows: I) -> Self {
        let mut now = Self::default();
        for row in rows {
            now.add(row);
        }
        now
    }
}

impl Desk {
    /// Returns how many conversations of each sort there are to do something about.
    pub(super) async fn now(&self, assignee: Option<&UserId>, sees: &Sees) -> Result<Vec<Sorted>> {
        let Some(assignee) = assignee else {
            let rows = self.tallies(sees).await?.into_iter().map(|row| Sorted {
                inbox_id: row.inbox_id,
                status: row.status,
                is_assigned: row.is_assigned,
                is_unread: row.is_unread,
                total: row.total,
            });
            return Ok(rows.collect());
        };
        let rows = self.to_do(sees).filter(conversation::Column::AssigneeId.eq(assignee.clone()));
        Ok(rows.into_model::<Sorted>().all(&self.desks.db.reader).await?)
    }

    /// Returns how many conversations of each sort each person looks after.
    pub(super) async fn now_of_agents(&self, sees: &Sees) -> Result<Vec<(UserId, Sorted)>> {
        let assignee = conversation::Column::AssigneeId;
        let rows = self
            .to_do(sees)
            .column(assignee)
            .filter(assignee.is_not_null())
            .group_by(assignee)
            .into_model::<OfAgent>()
            .all(&self.desks.db.reader)
            .await?;
        Ok(rows.into_iter().map(|row| (row.assignee_id, row.sorted)).collect())
    }

    /// Counts conversations that are not resolved.
    fn to_do(&self, sees: &Sees) -> Select<conversation::Entity> {
        use conversation::Column;
        // As they stand: a database knows by them that the index for this has all it needs.
        let is_assigned = Expr::col(Column::AssigneeId).is_not_null();
        let is_unread = Expr::cust("unread_count > 0");
        self.visible(sees)
            .filter(Expr::cust("status <> 'RESOLVED'"))
            .select_only()
            .columns([Column::InboxId, Column::Status])
            .expr_as(is_assigned.clone(), "is_assigned")
            .expr_as(is_unread.clone(), "is_unread")
            .expr_as(Expr::cust("COUNT(*)"), "total")
            .group_by(Column::InboxId)
            .group_by(Column::Status)
            .group_by(is_assigned)
            .group_by(is_unread)
    }

    /// Returns who waits for an answer.
    pub(super) async fn waiting(&self, assignee: Option<&UserId>, sees: &Sees) -> Result<Waiting> {
        let since = conversation::Column::WaitingSince;
        let waiting = self
            .visible(sees)
            .filter(since.is_not_null())
            .apply_if(assignee.cloned(), |rows, it| {
                rows.filter(conversation::Column::AssigneeId.eq(it))
            })
            .select_only();
        let reader = &self.desks.db.reader;
        let count = waiting.clone().expr(Expr::cust("COUNT(*)"));
        let count: i64 = count.into_tuple().one(reader).await?.unwrap_or_default();
        let in_order = waiting.column(since).order_by_asc(since);
        let oldest = in_order.clone().limit(1).into_tuple().one(reader).await?;
        let count = u64::try_from(count).unwrap_or_default();
        // As long as the middle one have waited half of them; of an even number, the first half.
        let middle = count.saturating_sub(1) / 2;
        let median = in_order.offset(middle).limit(1).into_tuple().one(reader).await?;
        Ok(Waiting { count, oldest, median })
    }
}

/// What somebody looks after.
#[derive(FromQueryResult)]
struct OfAgent {
    assignee_id: UserId,
    #[sea_orm(nested)]
    sorted: Sorted,
}
