//! What became of webhooks: the operator's view.

use bytes::Bytes;
use entity::webhook::Outcome;
use entity::{Time, WebhookId, webhook};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde::{Deserialize, Serialize};

use super::{Channel, Desks, Error, Result};

/// How many identifiers a page of them has.
const PAGE: u64 = 100;

/// What became of one element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// The provider's word for what it is.
    pub kind: String,
    /// The provider's identifier of what it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// The inbox it is for, as the channel names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where the outcome alone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A webhook that is stored, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its identifier.
    pub id: WebhookId,
    /// Whose dialect it is in.
    pub channel: Channel,
    /// When it arrived.
    pub received_at: Time,
    /// What became of each element, in order.
    pub fates: Vec<Fate>,
}

/// Which webhooks to list.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Those of which this outcome most needs an eye.
    pub outcome: Option<Outcome>,
    /// How many at most, newest first.
    pub limit: u64,
}

impl Desks {
    /// Lists stored webhooks, newest first.
    pub async fn webhooks(&self, filter: Filter) -> Result<Vec<Receipt>> {
        #[expect(clippy::disallowed_methods, reason = "webhooks have no tenant")]
        let mut query = webhook::Entity::find();
        if let Some(outcome) = filter.outcome {
            query = query.filter(webhook::Column::Outcome.eq(outcome));
        }
        let rows = query
            .order_by_desc(webhook::Column::Id)
            .limit(filter.limit)
            .all(&self.db.reader)
            .await?;
        Ok(rows.into_iter().map(|row| receipt(&row)).collect())
    }

    /// Returns the identifiers of the stored webhooks of which this outcome most needs an eye, as they came: a
    /// page of those after `after`, the first page for the default.
    pub async fn webhooks_after(
        &self,
        after: WebhookId,
        outcome: Outcome,
    ) -> Result<Vec<WebhookId>> {
        #[expect(clippy::disallowed_methods, reason = "webhooks have no tenant")]
        let ids = webhook::Entity::find()
            .select_only()
            .column(webhook::Column::Id)
            .filter(webhook::Column::Outcome.eq(outcome))
            .filter(webhook::Column::Id.gt(after))
            .order_by_asc(webhook::Column::Id)
            .limit(PAGE);
        Ok(ids.into_tuple().all(&self.db.reader).await?)
    }

    /// Returns a stored webhook's channel and the bytes that came.
    pub async fn webhook(&self, id: WebhookId) -> Result<(Channel, Bytes)> {
        #[expect(clippy::disallowed_methods, reason = "webhooks have no tenant")]
        let row = webhook::Entity::find_by_id(id).one(&self.db.reader).await?;
        let row = row.ok_or(Error::NoWebhook(id))?;
        Ok((row.channel, row.body.into()))
    }
}

impl Receipt {
    /// The outcome that most needs an operator's eye.
    pub fn outcome(&self) -> Outcome {
        self.fates.iter().map(|fate| fate.outcome).max().unwrap_or(Outcome::Ignored)
    }
}

/// Shows a row.
pub(super) fn receipt(row: &webhook::Model) -> Receipt {
    let fates = serde_json::from_str(&row.elements).unwrap_or_default();
    Receipt { id: row.id, channel: row.channel, received_at: row.received_at, fates }
}

/// Brings together what became of an element when it first came, and when it came again.
///
/// That it was known the second time does not undo what it did the first time.
pub(super) fn latest(first: Fate, again: Fate) -> Fate {
    if again.outcome == Outcome::Duplicate { first } else { again }
}
