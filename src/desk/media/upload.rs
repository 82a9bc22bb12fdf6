//! Files that are uploaded, and what channels call them.

use entity::media::State;
use entity::{
    ChatSessionId, InboxId, MediaId, MessageId, TenantId, TenantScoped as _, Time, UserId, media,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};

use super::super::{Desk, Desks, Error, Result};
use super::settle::fill;
use super::{File, Media, show};

/// For how long an upload may take until it is taken for dead, in seconds.
const STORING: i64 = 60 * 60;

/// A file that somebody brings.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Who.
    pub by: Uploader,
    /// What they call it.
    pub filename: Option<String>,
    /// What is known of its bytes.
    pub file: File,
}

/// Who brings a file.
#[derive(Clone, Debug)]
pub enum Uploader {
    /// An agent, who may let a message of any conversation carry it.
    Agent(UserId),
    /// A visitor, for the chat in this inbox.
    Visitor(InboxId, ChatSessionId),
}

/// A file that a channel is to be given.
#[derive(Clone, Debug)]
pub struct Loan {
    /// Which.
    pub media: Media,
    /// What the channel calls it, if it has it already.
    pub provider_id: Option<String>,
}

impl Desk {
    /// Notes that a file is about to be stored: its bytes are never without a row that tells of them.
    pub async fn announce(&self, upload: Upload) -> Result<MediaId> {
        let now = Time::now();
        let (author_id, inbox_id, provider_id) = match upload.by {
            Uploader::Agent(author) => (Some(author), None, None),
            Uploader::Visitor(inbox, session) => (None, Some(inbox), Some(session.to_string())),
        };
        let mut row = media::Model {
            id: MediaId::generate(),
            tenant_id: self.tenant.clone(),
            inbox_id,
            message_id: None,
            author_id,
            provider_id,
            provider_until: None,
            mime_type: String::new(),
            filename: upload.filename,
            size: None,
            width: None,
            height: None,
            sha256: None,
            state: State::Claimed,
            due_at: now.plus_seconds(STORING),
            attempts: 0,
            fence: 0,
            error: None,
            created_at: now,
        };
        fill(&mut row, &upload.file);
        row.state = State::Claimed;
        let id = row.id;
        let row = row.into_active_model();
        media::Entity::insert(row).exec_without_returning(&self.desks.db.writer).await?;
        Ok(id)
    }

    /// Notes that the bytes of an announced file are stored: from now on a message may carry it.
    pub async fn finish(&self, id: MediaId) -> Result<Media> {
        media::Entity::update_many()
            .col_expr(media::Column::State, Expr::value(State::Stored))
            .filter(media::Column::TenantId.eq(self.tenant.clone()))
            .filter(media::Column::Id.eq(id))
            .filter(media::Column::State.eq(State::Claimed))
            .exec(&self.desks.db.writer)
            .await?;
        let row = media::Entity::of_tenant(&self.tenant).filter(media::Column::Id.eq(id));
        show(row.one(&self.desks.db.writer).await?.ok_or(Error::NoMedia(id))?)
    }
}

impl Desks {
    /// Returns the file that a message carries, to be given to its channel.
    pub async fn loan(&self, tenant: &TenantId, of: MessageId) -> Result<Option<Loan>> {
        let row = media::Entity::of_tenant(tenant).filter(media::Column::MessageId.eq(of));
        let Some(row) = row.one(&self.db.reader).await? else { return Ok(None) };
        let is_known = row.provider_until.is_some_and(|until| until > Time::now());
        let provider_id = row.provider_id.clone().filter(|_| is_known);
        Ok(Some(Loan { media: show(row)?, provider_id }))
    }

    /// Notes what a channel calls a file, and until when.
    pub async fn lent(&self, id: MediaId, provider_id: &str, until: Time) -> Result<()> {
        media::Entity::update_many()
            .col_expr(media::Column::ProviderId, Expr::value(provider_id))
            .col_expr(media::Column::ProviderUntil, Expr::value(until))
            .filter(media::Column::Id.eq(id))
            .exec(&self.db.writer)
            .await?;
        Ok(())
    }
}
