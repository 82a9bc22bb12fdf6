//! Writing a file down while it comes.

use std::io::{self, SeekFrom};

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::sniff::{HEAD, dimensions, type_of};
use super::{Error, Files, Result};
use crate::desk::File;

/// A file that is still coming. It has no name, so that nothing is left of it whatever happens.
pub struct Draft {
    to: tokio::fs::File,
    most: u64,
    size: u64,
    hash: Sha256,
    /// The first of its bytes, which tell what it is.
    head: Vec<u8>,
}

/// A file that has come as a whole.
pub struct Written {
    /// What there is to know of it.
    pub file: File,
    pub(super) bytes: tokio::fs::File,
}

impl Draft {
    /// Begins a file of up to `most` bytes.
    pub(super) async fn begin(files: &Files, most: u64) -> Result<Self> {
        let folder = files.drafts.clone();
        let to = on_a_thread(move || tempfile::tempfile_in(&*folder)).await?;
        let (head, hash) = (Vec::with_capacity(HEAD), Sha256::new());
        Ok(Self { to: tokio::fs::File::from_std(to), most, size: 0, hash, head })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Error::TooLarge`] as soon as it is.
    pub async fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.size += piece.len() as u64;
        if self.size > self.most {
            return Err(Error::TooLarge(self.most / 1_000));
        }
        let missing = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..missing]);
        self.hash.update(piece);
        self.to.write_all(piece).await.map_err(Error::Store)
    }

    /// Ends the file, which its sender says is of the type `told`.
    pub async fn finish(mut self, told: &str) -> Result<Written> {
        self.to.flush().await.map_err(Error::Store)?;
        self.to.rewind().await.map_err(Error::Store)?;
        let mime_type = type_of(&self.head, told);
        let dimensions = if mime_type.starts_with("image/") {
            let file = self.to.into_std().await;
            let (file, sides) =
                on_a_thread(move || Ok((file.try_clone()?, dimensions(file)))).await?;
            self.to = tokio::fs::File::from_std(file);
            self.to.seek(SeekFrom::Start(0)).await.map_err(Error::Store)?;
            sides
        } else {
            None
        };
        let sha256 = hex::encode(self.hash.finalize());
        let file = File { sha256, size: self.size, mime_type, dimensions };
        Ok(Written { file, bytes: self.to })
    }
}

/// Does what waits for the disk where nothing else waits for it.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(Error::Store)
}
