//! Messages whose content comes after them.

use entity::{InboxId, inbox, message};
use serde_json::{Map, Value};

use super::super::media::{carried, tell_of};
use super::super::message::json;
use super::super::{Incoming, Outcome, PLACEHOLDER};
use super::{Batch, Verdict};

impl Batch<'_> {
    /// Puts a message in the place of the one that stands for it. Any other that is known already is a
    /// repeat.
    pub(super) fn fill(
        &mut self,
        inbox: &inbox::Model,
        key: (InboxId, String),
        mut row: message::Model,
        with: &Incoming,
    ) -> Verdict {
        let is_awaited = is_placeholder(&row) && row.deleted_at.is_none();
        if !is_awaited || with.metadata.contains_key(PLACEHOLDER) {
            return (Outcome::Duplicate, None);
        }
        (row.kind, row.content) = (with.kind, with.content.clone());
        row.metadata = json(&with.metadata);
        row.status = row.status.max(with.status);
        self.attach(&mut row, with);
        self.rewrite(inbox, key, row);
        (Outcome::Applied, None)
    }

    /// Gives a message the file that it carries, which may have to be fetched.
    pub(super) fn attach(&mut self, row: &mut message::Model, incoming: &Incoming) {
        if let Some(attachment) = &incoming.attachment {
            let file = carried(attachment, row, self.now);
            tell_of(row, &file);
            self.media.push(file);
        }
    }
}

fn is_placeholder(row: &message::Model) -> bool {
    let metadata: Map<String, Value> = serde_json::from_str(&row.metadata).unwrap_or_default();
    metadata.contains_key(PLACEHOLDER)
}
