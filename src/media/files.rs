//! The store for files: bytes under their hash.

use std::io;
use std::ops::Range;
use std::path::Path as Folder;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, ObjectStoreScheme, RetryConfig,
};
use tokio::io::AsyncWriteExt as _;

use super::{Error, Result, Written};

/// How many bytes are sent to the store at a time: S3's least, but for the last.
const PIECE: usize = 5 * 1024 * 1024;

/// How often, and for how long, a store is asked that does not answer: people wait for it.
const TRIES: usize = 4;
const PATIENCE: Duration = Duration::from_secs(15);

/// A folder or a bucket.
#[derive(Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// Where files are written down while they come.
    pub(super) drafts: Arc<Folder>,
}

impl Files {
    /// Opens `file:FOLDER`, which is made if missing, or `s3://BUCKET/PATH`.
    pub(super) fn open(url: &str, options: Vec<(&str, String)>) -> anyhow::Result<Self> {
        if let Some(folder) = url.strip_prefix("file:") {
            let folder = Folder::new(folder.strip_prefix("//").unwrap_or(folder));
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            // Stored means durable here too.
            let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
            return Ok(Self { store: Arc::new(store), drafts: folder.into() });
        }
        let (scheme, prefix) = ObjectStoreScheme::parse(&url.parse()?)?;
        let is_bucket = matches!(scheme, ObjectStoreScheme::AmazonS3);
        anyhow::ensure!(is_bucket, "it is neither file:FOLDER nor s3://BUCKET/PATH");
        let retry =
            RetryConfig { retry_timeout: PATIENCE, max_retries: TRIES, ..RetryConfig::default() };
        let mut bucket = AmazonS3Builder::new().with_url(url).with_retry(retry);
        for (key, value) in options {
            bucket = bucket.with_config(key.parse()?, value);
        }
        let store = Arc::new(PrefixStore::new(bucket.build()?, prefix));
        Ok(Self { store, drafts: std::env::temp_dir().into() })
    }

    /// Stores a file under its hash. One that is there already is the same.
    pub async fn put(&self, mut written: Written) -> Result<()> {
        let path = path(&written.file.sha256);
        let mut to = BufWriter::with_capacity(Arc::clone(&self.store), path, PIECE);
        if let Err(error) = tokio::io::copy(&mut written.bytes, &mut to).await {
            if let Err(error) = to.abort().await {
                tracing::warn!(%error, "half a file is left in the store");
            }
            return Err(Error::Store(error));
        }
        to.shutdown().await.map_err(Error::Store)
    }

    /// Reads a part of a file, piece by piece.
    pub async fn read(
        &self,
        sha256: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>> {
        let range = (!range.is_empty()).then_some(GetRange::Bounded(range));
        let options = GetOptions { range, ..GetOptions::default() };
        match self.store.get_opts(&path(sha256), options).await {
            Ok(found) => Ok(found.into_stream().map_err(io::Error::from).boxed()),
            Err(object_store::Error::NotFound { .. }) => Err(Error::Missing(sha256.to_owned())),
            Err(error) => Err(Error::Store(error.into())),
        }
    }

    /// Lets go of a file; one that is not there is gone already.
    pub async fn remove(&self, sha256: &str) -> Result<()> {
        match self.store.delete(&path(sha256)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::Store(error.into())),
        }
    }
}

/// Where a file is: in one of 256 folders.
fn path(sha256: &str) -> Path {
    Path::from_iter([&sha256[..2], sha256])
}
