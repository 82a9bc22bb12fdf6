//! Files in a chat: those that its visitor brings, and those that they may open.
//!
//! What a visitor has uploaded is copied into each message that carries it, and its own row goes after
//! a day: so that neither a message that is repeated nor two that carry the same file are in each
//! other's way.

use entity::media::State;
use entity::{MediaId, TenantScoped as _, Time, media};
use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::super::media::{KEPT_UNUSED, show};
use super::super::{Error, File, Media, Result, Upload, Uploader};
use super::Chat;

/// How long before an upload goes it is not taken any more, in seconds: sweeping takes a while too.
const MARGIN: i64 = 60 * 60;

impl Chat {
    /// Notes that a file of the visitor's is about to be stored: its bytes are never without a row that
    /// tells of them.
    pub async fn announce(&self, filename: Option<String>, file: File) -> Result<MediaId> {
        let by = Uploader::Visitor(self.inbox(), self.id());
        self.desk.announce(Upload { by, filename, file }).await
    }

    /// Notes that the bytes of an announced file are stored: from now on a message may carry it.
    pub async fn finish(&self, id: MediaId) -> Result<Media> {
        self.desk.finish(id).await
    }

    /// A file that the visitor has uploaded, and that a message may carry still.
    ///
    /// # Errors
    /// [`Error::NoMedia`].
    pub async fn uploaded(&self, id: MediaId) -> Result<Media> {
        let since = Time::now().plus_seconds(MARGIN - KEPT_UNUSED);
        let row = media::Entity::of_tenant(self.tenant())
            .filter(media::Column::Id.eq(id))
            .filter(media::Column::InboxId.eq(self.inbox()))
            .filter(media::Column::ProviderId.eq(self.id().to_string()))
            .filter(media::Column::MessageId.is_null())
            .filter(media::Column::State.eq(State::Stored))
            .filter(media::Column::CreatedAt.gt(since));
        show(row.one(&self.desk.desks.db.reader).await?.ok_or(Error::NoMedia(id))?)
    }

    /// A file that a message carries which the visitor may read.
    ///
    /// # Errors
    /// As [`Desk::media`](super::Desk::media).
    pub async fn media(&self, id: MediaId) -> Result<Media> {
        let row = media::Entity::of_tenant(self.tenant()).filter(media::Column::Id.eq(id));
        let row = row.one(&self.desk.desks.db.reader).await?.ok_or(Error::NoMedia(id))?;
        let of = row.message_id.ok_or(Error::NoMedia(id))?;
        if self.message(of).await?.is_none() {
            return Err(Error::NoMedia(id));
        }
        show(row)
    }
}
