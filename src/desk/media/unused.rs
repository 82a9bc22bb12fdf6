//! Files that nobody needs.

use entity::media::State;
use entity::{MediaId, Time, media};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::super::{Desks, Result};
use super::KEPT_UNUSED;

/// How many rows are looked at in one go.
const AT_ONCE: u64 = 100;

/// A file that no message carries any more, or ever did.
#[derive(Clone, Debug)]
pub struct Unused {
    /// Which.
    pub id: MediaId,
    /// The hash under which its bytes are stored.
    pub sha256: Option<String>,
}

impl Desks {
    /// Returns files that no message will carry any more; none of them can be had from now on.
    pub async fn unused_files(&self) -> Result<Vec<Unused>> {
        let before = Time::now().plus_seconds(-KEPT_UNUSED);
        #[expect(clippy::disallowed_methods, reason = "those of all tenants, for this node itself")]
        let rows = media::Entity::find()
            .filter(media::Column::MessageId.is_null())
            .filter(media::Column::CreatedAt.lt(before))
            .order_by_asc(media::Column::CreatedAt)
            .limit(AT_ONCE)
            .all(&self.db.reader)
            .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        media::Entity::update_many()
            .col_expr(media::Column::State, Expr::value(State::Failed))
            .filter(media::Column::Id.is_in(rows.iter().map(|row| row.id)))
            .filter(media::Column::MessageId.is_null())
            .exec(&self.db.writer)
            .await?;
        Ok(rows.into_iter().map(|row| Unused { id: row.id, sha256: row.sha256 }).collect())
    }

    /// Whether any file that can be had, or will be, has these bytes.
    pub async fn holds_bytes(&self, sha256: &str) -> Result<bool> {
        #[expect(clippy::disallowed_methods, reason = "tenants share the bytes that are the same")]
        let rows = media::Entity::find()
            .filter(media::Column::Sha256.eq(sha256))
            .filter(media::Column::State.ne(State::Failed));
        Ok(rows.count(&self.db.writer).await? > 0)
    }

    /// Lets go of a file that no message carries.
    pub async fn forget_file(&self, id: MediaId) -> Result<()> {
        media::Entity::delete_many()
            .filter(media::Column::Id.eq(id))
            .filter(media::Column::MessageId.is_null())
            .filter(media::Column::State.eq(State::Failed))
            .exec(&self.db.writer)
            .await?;
        Ok(())
    }
}
