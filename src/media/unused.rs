//! Letting go of files that nobody needs.

use super::{Result, Shelf};
use crate::desk::Unused;

impl Shelf {
    /// Lets go of uploads that no message carried within a day, and of files of deleted messages;
    /// returns how many there were.
    ///
    /// The bytes go before the row that tells of them, so that none are forgotten.
    pub async fn prune(&self) -> Result<usize> {
        let unused = self.desks.unused_files().await?;
        let count = unused.len();
        for Unused { id, sha256 } in unused {
            if let Some(sha256) = sha256
                && !self.desks.holds_bytes(&sha256).await?
            {
                self.files.remove(&sha256).await?;
            }
            self.desks.forget_file(id).await?;
        }
        Ok(count)
    }
}
