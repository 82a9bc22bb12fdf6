//! Files on their way between channels, agents and the store.
//!
//! Bytes are stored under their hash, once, whoever sent them; rows of the desk say which message
//! carries them. A file is written down while it comes, hashed and looked at, and never whole in
//! memory. What comes is not believed: its type is what its bytes say.

mod draft;
mod fetcher;
mod files;
mod sniff;
mod unused;

use std::sync::Arc;

use anyhow::Context as _;
use reqwest::Body;
use secrecy::SecretString;

use crate::channels::whatsapp::media::{KNOWN_FOR, Kind, Library, kind_of};
use crate::channels::whatsapp::send::Graph;
use crate::channels::{Answer, Parcel, Trouble, chatwoot};
use crate::config::{self, MediaSizes, WhatsApp};
use crate::desk::{
    self, Chat, Desk, Desks, File, InboxId, Loan, MessageId, TenantId, Time, Type, Upload,
    Uploader, UserId,
};

pub use draft::{Draft, Written};
pub use files::Files;

/// All that is needed to fetch, keep and hand out files.
#[derive(Clone)]
pub struct Shelf {
    desks: Desks,
    library: Library,
    chatwoot: chatwoot::send::Api,
    /// The bytes.
    pub files: Files,
    token: Option<SecretString>,
    settings: Arc<config::Media>,
}

/// Why a file is not taken, or not given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is larger than such files may be.
    #[error("such a file may have {0} kB at most")]
    TooLarge(u64),
    /// The channel does not take such files.
    #[error("files of the type {0} cannot be sent")]
    Unsendable(String),
    /// It is not what its sender sent.
    #[error("the file is not what its sender sent")]
    Checksum,
    /// There is no token to speak to the channel with.
    #[error("there is no access token for this inbox")]
    NoToken,
    /// The channel does not give it, or cannot be reached.
    #[error(transparent)]
    Channel(#[from] Trouble),
    /// The channel has not got it: why.
    #[error("the channel has not got the file")]
    NotTaken(Answer),
    /// The desk refused or failed.
    #[error(transparent)]
    Desk(#[from] desk::Error),
    /// The store does not have these bytes.
    #[error("the store does not have the file {0}")]
    Missing(String),
    /// The store failed, or the disk did.
    #[error("the store for files failed")]
    Store(#[source] std::io::Error),
}

/// The outcome of anything that is done with a file.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Shelf {
    /// Opens the store.
    ///
    /// # Errors
    /// When the store cannot be opened, or an address makes no sense.
    pub fn open(
        desks: Desks,
        settings: &config::Media,
        whatsapp: &WhatsApp,
        trusts_graph: bool,
        chatwoot: chatwoot::send::Api,
    ) -> anyhow::Result<Self> {
        let files = Files::open(&settings.media_url, settings.store_options());
        let graph = &whatsapp.whatsapp_graph_url;
        let library = Library::new(graph, &settings.media_hosts, trusts_graph);
        Ok(Self {
            desks,
            chatwoot,
            library: library.context("cannot speak to WHATSAPP_GRAPH_URL")?,
            files: files.context("cannot open MEDIA_URL")?,
            token: whatsapp.access_token().cloned(),
            settings: Arc::new(settings.clone()),
        })
    }

    /// Begins to write down a file that an agent uploads, as large as any may be.
    pub async fn draft(&self) -> Result<Draft> {
        Draft::begin(&self.files, self.settings.sizes.media_document_kb * 1_000).await
    }

    /// Begins to write down a file that a visitor uploads.
    pub async fn visitors_draft(&self) -> Result<Draft> {
        Draft::begin(&self.files, self.largest_of_visitors() * 1_000).await
    }

    /// How large any file may be that a visitor uploads, in kB; 0 if they may upload none.
    pub fn largest_of_visitors(&self) -> u64 {
        let sizes = &self.settings.sizes;
        sizes.media_visitor_kb.min(sizes.media_document_kb)
    }

    /// Keeps what an agent has uploaded, until a message carries it.
    pub async fn keep(
        &self,
        desk: &Desk,
        author: UserId,
        filename: Option<String>,
        written: Written,
    ) -> Result<desk::Media> {
        let (by, file) = (Uploader::Agent(author), self.checked(&written)?);
        let id = desk.announce(Upload { by, filename, file }).await?;
        self.files.put(written).await?;
        Ok(desk.finish(id).await?)
    }

    /// Keeps what a visitor has uploaded, for a message of their chat.
    pub async fn keep_for(
        &self,
        chat: &Chat,
        filename: Option<String>,
        written: Written,
    ) -> Result<desk::Media> {
        let id = chat.announce(filename, self.checked(&written)?).await?;
        self.files.put(written).await?;
        Ok(chat.finish(id).await?)
    }

    /// What there is to know of an upload, if it is of a kind that channels take, and not too large.
    fn checked(&self, written: &Written) -> Result<File> {
        let file = written.file.clone();
        let unsendable = || Error::Unsendable(file.mime_type.clone());
        let most = largest(&self.settings.sizes, kind_of(&file.mime_type).ok_or_else(unsendable)?);
        if file.size > most * 1_000 { Err(Error::TooLarge(most)) } else { Ok(file) }
    }

    /// Returns what WhatsApp calls the file that a message carries, having uploaded it if it does not
    /// know it yet; nothing if the message carries none. `from` is the number that is to send it.
    pub async fn provider_id(
        &self,
        tenant: &TenantId,
        of: MessageId,
        from: &str,
        (graph, token): (&Graph, &SecretString),
    ) -> Result<Option<String>> {
        let Some(Loan { media, provider_id }) = self.desks.loan(tenant, of).await? else {
            return Ok(None);
        };
        if provider_id.is_some() {
            return Ok(provider_id);
        }
        let (id, parcel) = (media.id, self.packed(media).await?);
        let name = graph.upload(from, parcel, token).await.map_err(Error::NotTaken)?;
        self.desks.lent(id, &name, Time::now().plus_seconds(KNOWN_FOR)).await?;
        Ok(Some(name))
    }

    /// Returns the file that a message carries, for a channel that takes it with the message; nothing
    /// if it carries none.
    pub async fn parcel(&self, tenant: &TenantId, of: MessageId) -> Result<Option<Parcel>> {
        let Some(Loan { media, .. }) = self.desks.loan(tenant, of).await? else { return Ok(None) };
        Ok(Some(self.packed(media).await?))
    }

    async fn packed(&self, media: desk::Media) -> Result<Parcel> {
        let File { sha256, size, mime_type, .. } = media.file;
        let bytes = Body::wrap_stream(self.files.read(&sha256, 0..size).await?);
        let name = media.filename.unwrap_or_else(|| "file".to_owned());
        Ok(Parcel { name, mime_type, size, bytes })
    }

    /// What the channel asks for from whoever speaks for an inbox: its own token, or that of the
    /// whole installation.
    async fn token_of(&self, tenant: &TenantId, inbox: InboxId) -> Result<SecretString> {
        match self.desks.of(tenant.clone()).access_token(inbox).await {
            Err(desk::Error::NoAccessToken(_)) => self.token.clone().ok_or(Error::NoToken),
            token => Ok(token?),
        }
    }
}

/// How large a file may be, in kB.
fn largest(sizes: &MediaSizes, kind: Kind) -> u64 {
    match kind {
        Kind::Image => sizes.media_image_kb,
        Kind::Sticker => sizes.media_sticker_kb,
        Kind::Audio => sizes.media_audio_kb,
        Kind::Video => sizes.media_video_kb,
        Kind::Document => sizes.media_document_kb,
    }
}

/// What a file is that a message is drawn as.
fn kind_of_drawn(kind: Type) -> Kind {
    match kind {
        Type::Image => Kind::Image,
        Type::Audio => Kind::Audio,
        Type::Video => Kind::Video,
        Type::Text | Type::Document | Type::Location => Kind::Document,
    }
}
