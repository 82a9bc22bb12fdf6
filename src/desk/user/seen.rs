//! When people were there.

use entity::{TenantScoped as _, Time, UserId, user};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
};

use crate::desk::change::ROWS_PER_INSERT;
use crate::desk::{Desk, Result};

/// For how long it is not stored once more that somebody is there, in seconds.
const SEEN_SECONDS: i64 = 60;

impl Desk {
    /// Stores that these people were there just now, to the minute. Of those whom the tenant keeps
    /// elsewhere nothing is stored, nor of whoever is just being changed: that somebody was there is not
    /// worth waiting for what is locked together with them, in whatever order.
    pub async fn saw(&self, people: impl IntoIterator<Item = UserId>) -> Result<()> {
        let people: Vec<_> = people.into_iter().collect();
        let (now, seen) = (Time::now(), user::Column::LastSeenAt);
        for some in people.chunks(ROWS_PER_INSERT) {
            let is_old = seen.is_null().or(seen.lt(now.plus_seconds(-SEEN_SECONDS)));
            let free = user::Entity::of_tenant(&self.tenant)
                .select_only()
                .column(user::Column::Id)
                .filter(user::Column::Id.is_in(some.iter().cloned()))
                .filter(is_old)
                .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
            user::Entity::update_many()
                .col_expr(seen, Expr::value(now))
                .filter(user::Column::TenantId.eq(self.tenant.clone()))
                .filter(user::Column::Id.in_subquery(free.into_query()))
                .exec(&self.desks.db.writer)
                .await?;
        }
        Ok(())
    }

    /// Returns when those of the tenant's people were there who ever were.
    pub async fn last_seen(&self) -> Result<Vec<(UserId, Time)>> {
        let seen = user::Entity::of_tenant(&self.tenant)
            .select_only()
            .columns([user::Column::Id, user::Column::LastSeenAt])
            .filter(user::Column::LastSeenAt.is_not_null())
            .filter(user::Column::DisabledAt.is_null());
        Ok(seen.into_tuple().all(&self.desks.db.reader).await?)
    }
}
