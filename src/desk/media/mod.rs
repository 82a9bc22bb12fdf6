//! Files that messages carry, or will: rows here, bytes in the store for files.
//!
//! A file that a channel holds is a row from the moment that its message is stored. A fetcher claims
//! it for a while, fetches it, and settles it; whoever finds a claim that has run out begins anew.
//! What somebody uploads is a row before its bytes are stored, and goes after a day if no message
//! carries it by then.

mod claim;
mod settle;
mod unused;
mod upload;

use entity::media::State;
use entity::{MediaId, MessageId, TenantScoped as _, Time, media, message};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use serde_json::{Map, Value, json};

use super::change::ROWS_PER_INSERT;
use super::inbound::Attachment;
use super::message::json;
use super::patience::Txn;
use super::{Desk, Desks, Error, Result, Sees};
use settle::fill;

pub use claim::Fetch;
pub use settle::{Fetched, Why};
pub use unused::Unused;
pub use upload::{Loan, Upload, Uploader};

/// For how long an upload may wait for its message, in seconds: a day.
pub(super) const KEPT_UNUSED: i64 = 24 * 60 * 60;

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its identifier.
    pub id: MediaId,
    /// What its sender called it.
    pub filename: Option<String>,
    /// Its bytes.
    pub file: File,
}

/// What there is to know of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The hash in hexadecimal, under which they are stored.
    pub sha256: String,
    /// How many there are.
    pub size: u64,
    /// What kind of file they make.
    pub mime_type: String,
    /// How wide and high a picture is, in pixels.
    pub dimensions: Option<(u32, u32)>,
}

impl Desk {
    /// Returns a file that the caller may see: of a message in one of their inboxes, or uploaded by
    /// themselves.
    ///
    /// # Errors
    /// [`Error::NoMedia`], [`Error::MediaPending`] or [`Error::MediaGone`].
    pub async fn media(&self, id: MediaId, sees: &Sees) -> Result<Media> {
        let row = media::Entity::of_tenant(&self.tenant).filter(media::Column::Id.eq(id));
        let row = row.one(&self.desks.db.reader).await?.ok_or(Error::NoMedia(id))?;
        let is_seen = match (row.inbox_id, row.message_id) {
            (Some(inbox), Some(_)) => sees.inbox(inbox),
            _ => row.author_id.is_some() && row.author_id == sees.user,
        };
        if is_seen { show(row) } else { Err(Error::NoMedia(id)) }
    }
}

impl Desks {
    /// Returns a file of whatever tenant: for who has shown that it was shown to them.
    ///
    /// # Errors
    /// As [`Desk::media`].
    pub async fn media(&self, id: MediaId) -> Result<Media> {
        #[expect(clippy::disallowed_methods, reason = "a signed address names the file alone")]
        let row = media::Entity::find_by_id(id).one(&self.db.reader).await?;
        show(row.ok_or(Error::NoMedia(id))?)
    }

    /// Waits until there may be a file to be fetched.
    pub async fn files_wanted(&self) {
        self.files.notified().await;
    }
}

pub(super) fn show(row: media::Model) -> Result<Media> {
    let id = row.id;
    match (row.state, row.sha256, row.size) {
        (State::Wanted | State::Claimed, ..) => Err(Error::MediaPending(id)),
        (State::Stored, Some(sha256), Some(size)) => {
            let side = |side: Option<i32>| side.and_then(|side| u32::try_from(side).ok());
            let dimensions = side(row.width).zip(side(row.height));
            let size = u64::try_from(size).unwrap_or_default();
            let file = File { sha256, size, mime_type: row.mime_type, dimensions };
            Ok(Media { id, filename: row.filename, file })
        }
        _ => Err(Error::MediaGone(id)),
    }
}

/// The row of a file that a message carries: to be fetched, unless its bytes are here.
pub(super) fn carried(attachment: &Attachment, of: &message::Model, now: Time) -> media::Model {
    let mut row = media::Model {
        id: MediaId::generate(),
        tenant_id: of.tenant_id.clone(),
        inbox_id: Some(of.inbox_id),
        message_id: Some(of.id),
        author_id: None,
        provider_id: Some(attachment.provider_id.clone()),
        provider_until: Some(now.plus_seconds(attachment.kept_for)),
        mime_type: attachment.mime_type.clone(),
        filename: attachment.filename.clone(),
        size: None,
        width: None,
        height: None,
        sha256: attachment.sha256.clone(),
        state: State::Wanted,
        due_at: now,
        attempts: 0,
        fence: 0,
        error: None,
        created_at: now,
    };
    if let Some(file) = &attachment.stored {
        fill(&mut row, file);
    }
    row
}

/// Says in a message how far the file is that it carries: `media` in its metadata, from which
/// clients draw a placeholder, the file, or why there is none.
pub(super) fn tell_of(row: &mut message::Model, file: &media::Model) {
    let mut metadata: Map<String, Value> = serde_json::from_str(&row.metadata).unwrap_or_default();
    let state = match file.state {
        State::Wanted | State::Claimed => "wanted",
        State::Stored => "stored",
        State::Failed => "failed",
    };
    let mut told = json!({ "id": file.id, "state": state, "mimeType": file.mime_type });
    let more = [
        ("filename", file.filename.as_ref().map(|it| json!(it))),
        ("size", file.size.map(|it| json!(it))),
        ("width", file.width.map(|it| json!(it))),
        ("height", file.height.map(|it| json!(it))),
        ("error", file.error.as_ref().map(|it| json!(it))),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            told[key] = value;
        }
    }
    metadata.insert("media".to_owned(), told);
    row.metadata = json(&metadata);
}

/// Parts files from messages that were deleted for everyone: nobody sees them any more.
pub(super) async fn detach(txn: &Txn, from: &[MessageId]) -> Result<(), DbErr> {
    for some in from.chunks(ROWS_PER_INSERT) {
        media::Entity::update_many()
            .col_expr(media::Column::MessageId, Expr::value(None::<MessageId>))
            .col_expr(media::Column::State, Expr::value(State::Failed))
            .filter(media::Column::MessageId.is_in(some.iter().copied()))
            .exec(txn)
            .await?;
    }
    Ok(())
}
