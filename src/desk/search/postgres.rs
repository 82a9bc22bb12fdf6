//! Messages by their words on PostgreSQL, whose index knows each word of each week.

use std::cmp::max;
use std::ops::RangeInclusive;

use entity::{ConversationId, MessageId, TenantId, TenantScoped as _, Time, conversation, message};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, SelectStatement};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use super::super::{Desk, Result};
use super::Sought;

/// A week, in microseconds.
const WEEK: i64 = 7 * 86_400_000_000;

/// How many weeks are looked through at a time, from the newest on; the last number again and again.
const STRETCHES: [i64; 4] = [2, 8, 42, 104];

impl Desk {
    /// Looks in the newest weeks first, then in older ones: what common words cost depends on how often
    /// they occur there, and not in all that is stored.
    pub(super) async fn find_postgres(&self, sought: &Sought<'_>) -> Result<Vec<message::Model>> {
        let Sought { within, limit, .. } = *sought;
        let before = match sought.before {
            Some(id) => match self.when(id).await? {
                Some(at) => Some((at, id)),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let Some(oldest) = self.oldest(within).await? else { return Ok(Vec::new()) };
        let first = week(oldest);
        let mut last = week(before.map_or_else(Time::now, |(at, _)| at));
        let mut stretches = STRETCHES.into_iter();
        let mut rows = Vec::new();
        while last >= first && (rows.len() as u64) <= limit {
            let length = match within {
                // A thread is found by itself, however old it is.
                Some(_) => last - first + 1,
                None => stretches.next().unwrap_or(STRETCHES[STRETCHES.len() - 1]),
            };
            let weeks = max(last - length + 1, first)..=last;
            last -= length;
            let mut found = self.among(sought);
            holding(&mut found, &self.tenant, &sought.words, weeks, before);
            rows.extend(self.found(found, limit - rows.len() as u64).await?);
        }
        Ok(rows)
    }

    /// When the oldest message was stored, or a time before that.
    async fn oldest(&self, within: Option<ConversationId>) -> Result<Option<Time>> {
        let reader = &self.desks.db.reader;
        if let Some(id) = within {
            let row = conversation::Entity::of_tenant(&self.tenant)
                .filter(conversation::Column::Id.eq(id));
            return Ok(row.one(reader).await?.map(|row| row.created_at));
        }
        let oldest = message::Entity::of_tenant(&self.tenant)
            .order_by_asc(message::Column::CreatedAt)
            .one(reader);
        Ok(oldest.await?.map(|row| row.created_at))
    }

    /// When a message was stored.
    async fn when(&self, id: MessageId) -> Result<Option<Time>> {
        let row = message::Entity::of_tenant(&self.tenant).filter(message::Column::Id.eq(id));
        Ok(row.one(&self.desks.db.reader).await?.map(|row| row.created_at))
    }
}

fn week(time: Time) -> i64 {
    time.0.div_euclid(WEEK)
}

fn holding(
    found: &mut SelectStatement,
    tenant: &TenantId,
    words: &[String],
    weeks: RangeInclusive<i64>,
    before: Option<(Time, MessageId)>,
) {
    let holds = "recado_message_words(message.tenant_id, message.created_at, message.content) @@
        recado_message_query($1, $2, $3, $4)";
    let (first, last) = weeks.into_inner();
    let values: [sea_orm::Value; 4] =
        [tenant.0.clone().into(), first.into(), last.into(), words.join(" ").into()];
    found.and_where(Expr::cust_with_values(holds, values));
    if let Some((at, id)) = before {
        let place = [message::Column::CreatedAt, message::Column::Id];
        let place = place.map(|column| Expr::col((message::Entity, column)));
        found.and_where(Expr::tuple(place).lt(Expr::tuple([Expr::value(at), Expr::value(id)])));
    }
    // PostgreSQL takes no word for rare: in the order of an index it would read a whole desk, hoping
    // to have found enough early on.
    found.order_by_expr(Expr::cust("message.created_at + 0"), Order::Desc);
    found.order_by((message::Entity, message::Column::Id), Order::Desc);
}
