//! That visitors' clients have got what agents said. Nobody waits for it to be noted.

use std::sync::Arc;

use super::livechat::{is_news, noted};
use super::mailbox::Mailbox;
use super::reader::{Reader, Told};
use crate::api::ApiState;
use crate::auth::Visitor;
use crate::desk::{Glimpse, MessageId};

/// How many receipts wait to be noted; of more, only that they were read is.
const WAITING: usize = 10_000;

/// What visitors' clients have got.
#[derive(Clone, Debug, Default)]
pub struct Receipts(Arc<Mailbox<(Arc<Visitor>, MessageId)>>);

impl Receipts {
    /// Notes that a reader's client has been handed an event.
    pub(super) fn note(&self, reader: &Reader, told: &Told) {
        if let (Reader::Visitor(visitor), Told::Visitor(seen, _)) = (reader, told)
            && let Glimpse::Said(line) = &seen.glimpse
            && is_news(line)
            && self.0.put((visitor.clone(), line.id), WAITING).is_err()
        {
            tracing::debug!("a receipt is lost");
        }
    }

    /// Stores, for as long as it is polled, what has been noted.
    pub async fn store(self, state: ApiState) {
        loop {
            let (visitor, message) = self.0.next().await;
            if let Err(error) = noted(&state, &visitor, message).await {
                tracing::warn!(%error, "it cannot be noted what a visitor has got");
            }
        }
    }
}
