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
    ///
    /// What has happened to it meanwhile has happened to the message: an edit stays, and of one that was
    /// deleted nothing comes but what it was.
    pub(super) fn fill(
        &mut self,
        inbox: &inbox::Model,
        key: (InboxId, String),
        mut row: message::Model,
        with: &Incoming,
    ) -> Verdict {
        let mut known = metadata(&row);
        if known.remove(PLACEHOLDER).is_none() || with.metadata.contains_key(PLACEHOLDER) {
            return (Outcome::Duplicate, None);
        }
        row.kind = with.kind;
        row.status = row.status.max(with.status);
        if row.deleted_at.is_some() || row.edited_at.is_some() {
            let kind = with.metadata.get("kind").cloned();
            known.extend(kind.map(|kind| ("kind".to_owned(), kind)));
            row.metadata = json(&known);
        } else {
            row.content.clone_from(&with.content);
            row.metadata = json(&with.metadata);
        }
        if row.deleted_at.is_none() {
            self.attach(&mut row, with);
        }
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

fn metadata(row: &message::Model) -> Map<String, Value> {
    serde_json::from_str(&row.metadata).unwrap_or_default()
}
