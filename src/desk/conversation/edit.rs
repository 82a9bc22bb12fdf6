//! What agents do with conversations.

use entity::{
    ConversationId, MessageId, StageId, TenantScoped as _, Time, UserId, conversation,
    conversation_label, message,
};
use fractional_index::FractionalIndex;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::super::{
    Actor, Change, Contact, ConversationChange, Desk, Error, Event, NotificationKind, Result, Sees,
};
use super::Conversation;
use super::rules::set_status;

/// The most labels that a conversation bears, and the longest, in characters.
const MOST_LABELS: usize = 20;
const LONGEST_LABEL: usize = 50;

/// What is to be another about a conversation; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// Whether somebody has to do something. Snoozing needs `snoozed_until`.
    pub status: Option<conversation::Status>,
    /// When a snoozed conversation is opened again.
    pub snoozed_until: Option<Time>,
    /// Who looks after it; `Some(None)` for nobody.
    pub assignee: Option<Option<UserId>>,
    /// What it is labelled with, in whatever order.
    pub labels: Option<Vec<String>>,
    /// Where on the board it is.
    pub place: Option<Place>,
}

/// A place on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The column.
    pub stage: StageId,
    /// Where in it.
    pub spot: Spot,
}

/// A place within a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Above all others.
    Top,
    /// Below all others.
    Bottom,
    /// Just above another card; at the top, should that be somewhere else by now.
    Before(ConversationId),
    /// Just below another card; at the top, should that be somewhere else by now.
    After(ConversationId),
}

impl Desk {
    /// Changes a conversation as an agent asks. Tells nobody if it is like that already.
    ///
    /// # Errors
    /// [`Error::Invalid`] when what is asked makes no sense, [`Error::NoStage`] and [`Error::NoUser`]
    /// when there is none.
    pub async fn edit(
        &self,
        id: ConversationId,
        edit: Edit,
        by: &Actor,
        sees: &Sees,
    ) -> Result<Conversation> {
        let labels = edit.labels.as_deref().map(tidy).transpose()?;
        let change = self.change().await?;
        if let Some(place) = &edit.place {
            change.lock_stage(place.stage).await?;
        }
        let before = change.conversation(id, sees).await?;
        let mut after = before.clone();
        let now = Time::now();
        if let Some(place) = &edit.place {
            after.position = change.place(&before, place).await?;
            after.stage_id = place.stage;
        }
        if let Some(assignee) = edit.assignee {
            change.check_assignee(assignee.as_ref(), &before, by).await?;
            after.assignee_id = assignee;
        }
        if edit.status.is_some() || edit.snoozed_until.is_some() {
            let status = edit.status.unwrap_or(conversation::Status::Snoozed);
            check_snooze(status, edit.snoozed_until, now)?;
            let reached = set_status(&mut after, status, edit.snoozed_until, now).reached;
            change.reach(&after, Some(&by.user), reached, now).await?;
        }
        let relabelled = match labels {
            Some(labels) => change.relabel(&after, labels).await?,
            None => None,
        };
        let contact = change.contact_of(&before).await?;
        let mut told = change.turn(&before, &after, contact.clone()).await?;
        told.labels = relabelled;
        if !told.is_nothing() {
            let notice = notice_of_assignment(&told, &contact, by);
            change.note_edit(&told, by).await?;
            change.commit(Event::ConversationChanged(Box::new(told)), notice).await?;
        }
        self.conversation(id, sees).await
    }

    /// Notes that an agent has read a conversation, and lets the customer see it; returns the newest
    /// message that was unread. Tells nobody if nothing was.
    pub async fn mark_read(&self, id: ConversationId, sees: &Sees) -> Result<Option<MessageId>> {
        let change = self.change().await?;
        let before = change.conversation(id, sees).await?;
        if before.unread_count == 0 {
            return Ok(None);
        }
        let unread = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::ConversationId.eq(id))
            .filter(message::Column::IsUnread.eq(true));
        let newest = unread
            .order_by_desc(message::Column::SentAt)
            .order_by_desc(message::Column::Id)
            .one(&change.txn)
            .await?;
        message::Entity::update_many()
            .col_expr(message::Column::IsUnread, Expr::value(false))
            .filter(message::Column::ConversationId.eq(id))
            .filter(message::Column::IsUnread.eq(true))
            .exec(&change.txn)
            .await?;
        let after = conversation::Model { unread_count: 0, ..before.clone() };
        if let Some(newest) = &newest {
            change.make_read_due(&before, newest.id).await?;
        }
        let contact = change.contact_of(&before).await?;
        let told = change.turn(&before, &after, contact).await?;
        change.commit(Event::ConversationChanged(Box::new(told)), []).await?;
        self.desks.wake_courier();
        Ok(newest.map(|message| message.id))
    }

    /// Marks the newest message of a contact as unread, for somebody to come back to.
    pub async fn mark_unread(&self, id: ConversationId, sees: &Sees) -> Result<()> {
        let change = self.change().await?;
        let before = change.conversation(id, sees).await?;
        if before.unread_count > 0 {
            return Ok(());
        }
        let newest = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::ConversationId.eq(id))
            .filter(message::Column::Direction.eq(message::Direction::Inbound))
            .order_by_desc(message::Column::SentAt)
            .order_by_desc(message::Column::Id)
            .one(&change.txn)
            .await?;
        let Some(newest) = newest else { return Ok(()) };
        message::Entity::update_many()
            .col_expr(message::Column::IsUnread, Expr::value(true))
            .filter(message::Column::Id.eq(newest.id))
            .exec(&change.txn)
            .await?;
        let after = conversation::Model { unread_count: 1, ..before.clone() };
        let contact = change.contact_of(&before).await?;
        let told = change.turn(&before, &after, contact).await?;
        change.commit(Event::ConversationChanged(Box::new(told)), []).await
    }
}

impl Change {
    /// Writes a conversation that has become another; returns what to tell of it.
    pub(in crate::desk) async fn turn(
        &self,
        before: &conversation::Model,
        after: &conversation::Model,
        contact: Contact,
    ) -> Result<ConversationChange> {
        if before != after {
            self.count(Some(before), Some(after)).await?;
            let row = after.clone().into_active_model().reset_all();
            conversation::Entity::update(row).exec(&self.txn).await?;
        }
        Ok(ConversationChange::between(before, after, contact))
    }

    /// Finds the key of a place in a column, whose row is locked: between its neighbours of now, so
    /// that two agents who drag at once both end up with the same board.
    async fn place(&self, card: &conversation::Model, place: &Place) -> Result<String> {
        let above = match place.spot {
            Spot::Top => return Ok(top()),
            Spot::Bottom => self.neighbour(card, place.stage, None, Side::Above).await?,
            Spot::After(id) => self.key_of(id, place.stage).await?,
            Spot::Before(id) => match self.key_of(id, place.stage).await? {
                Some(below) => {
                    let above =
                        self.neighbour(card, place.stage, Some(&below), Side::Above).await?;
                    return Ok(between(above.as_deref(), Some(&below)));
                }
                None => return Ok(top()),
            },
        };
        let Some(above) = above else { return Ok(top()) };
        let below = self.neighbour(card, place.stage, Some(&above), Side::Below).await?;
        Ok(between(Some(&above), below.as_deref()))
    }

    async fn key_of(&self, id: ConversationId, stage: StageId) -> Result<Option<String>> {
        let row = conversation::Entity::of_tenant(&self.desk.tenant)
            .filter(conversation::Column::Id.eq(id))
            .filter(conversation::Column::StageId.eq(stage))
            .one(&self.txn)
            .await?;
        Ok(row.map(|row| row.position))
    }

    /// Returns the key of the card next to a place, other than the card that is to go there.
    async fn neighbour(
        &self,
        card: &conversation::Model,
        stage: StageId,
        key: Option<&str>,
        side: Side,
    ) -> Result<Option<String>> {
        let position = conversation::Column::Position;
        let cards = conversation::Entity::of_tenant(&self.desk.tenant)
            .filter(conversation::Column::StageId.eq(stage))
            .filter(conversation::Column::Id.ne(card.id));
        let cards = match (side, key) {
            (Side::Above, Some(key)) => cards.filter(position.lt(key)),
            (Side::Below, Some(key)) => cards.filter(position.gt(key)),
            (_, None) => cards,
        };
        let cards = match side {
            Side::Above => cards.order_by_desc(position),
            Side::Below => cards.order_by_asc(position),
        };
        Ok(cards.limit(1).one(&self.txn).await?.map(|row| row.position))
    }

    /// Makes sure that somebody can look after a conversation: that they are known here and see it.
    async fn check_assignee(
        &self,
        assignee: Option<&UserId>,
        row: &conversation::Model,
        by: &Actor,
    ) -> Result<()> {
        let Some(assignee) = assignee.filter(|assignee| **assignee != by.user) else {
            return Ok(());
        };
        match self.desk.person(assignee).await? {
            (Some(_), sees) if sees.inbox(row.inbox_id) => Ok(()),
            _ => Err(Error::NoUser(assignee.clone())),
        }
    }

    /// Replaces a conversation's labels; returns them if they are others.
    async fn relabel(
        &self,
        row: &conversation::Model,
        labels: Vec<String>,
    ) -> Result<Option<Vec<String>>> {
        let known = self.desk.labels(&self.txn, [row.id]).await?.remove(&row.id);
        if known.unwrap_or_default() == labels {
            return Ok(None);
        }
        conversation_label::Entity::delete_many()
            .filter(conversation_label::Column::TenantId.eq(self.desk.tenant.clone()))
            .filter(conversation_label::Column::ConversationId.eq(row.id))
            .exec(&self.txn)
            .await?;
        let rows = labels.iter().map(|label| {
            let (tenant_id, label) = (self.desk.tenant.clone(), label.clone());
            let row = conversation_label::Model { conversation_id: row.id, label, tenant_id };
            row.into_active_model()
        });
        if !labels.is_empty() {
            conversation_label::Entity::insert_many(rows).exec_without_returning(&self.txn).await?;
        }
        Ok(Some(labels))
    }

    /// Notes in the audit log what of an edit answers for somebody's work.
    async fn note_edit(&self, told: &ConversationChange, by: &Actor) -> Result<()> {
        let subject = format!("conversation:{}", told.conversation_id);
        if let Some(assignee) = &told.assignee_id {
            let details = serde_json::json!({ "assigneeId": assignee });
            self.note(by, "conversation.assigned", &subject, details).await?;
        }
        if let Some(status) = &told.status {
            let details = serde_json::json!({ "status": status });
            self.note(by, "conversation.status", &subject, details).await?;
        }
        if let Some(stage) = &told.stage_id {
            let details = serde_json::json!({ "stageId": stage });
            self.note(by, "conversation.moved", &subject, details).await?;
        }
        Ok(())
    }
}

/// Tells whoever looks after a conversation from now on, unless they chose to themselves.
fn notice_of_assignment(told: &ConversationChange, contact: &Contact, by: &Actor) -> Option<Event> {
    let assignee = told.assignee_id.clone()??;
    (assignee != by.user).then(|| {
        let place = (told.conversation_id, told.inbox_id);
        Event::notice(assignee, NotificationKind::Assigned, place, contact, &by.name)
    })
}

/// On which side of a place to look.
#[derive(Clone, Copy)]
enum Side {
    Above,
    Below,
}

/// A key above all those made before it.
pub(in crate::desk) fn top() -> String {
    // Identifiers grow with time; so their complements, which are keys of a card's place, shrink.
    format!("{:032x}80", !ConversationId::generate().0.as_u128())
}

/// A key between two others; keys that leave no room between them are not made.
fn between(above: Option<&str>, below: Option<&str>) -> String {
    // The library takes bytes that both begin with for room, if they are 0.
    let common = match (above, below) {
        (Some(above), Some(below)) => {
            let same = above.bytes().zip(below.bytes()).take_while(|(a, b)| a == b).count();
            same - same % 2
        }
        _ => 0,
    };
    let begin = above.map_or("", |above| &above[..common]);
    let read = |key: Option<&str>| FractionalIndex::from_string(&key?[common..]).ok();
    let (above, below) = (read(above), read(below));
    FractionalIndex::new(above.as_ref(), below.as_ref())
        .map_or_else(top, |key| format!("{begin}{}", key.to_string()))
}

/// A key below another one, and all above it.
pub(in crate::desk) fn below(key: Option<&str>) -> String {
    key.map_or_else(top, |key| between(Some(key), None))
}

/// Returns labels as they are stored: each once, in order, without space around them.
fn tidy(labels: &[String]) -> Result<Vec<String>> {
    let labels = labels.iter().map(|label| label.trim()).filter(|label| !label.is_empty());
    let mut labels: Vec<_> = labels.map(str::to_owned).collect();
    labels.sort();
    labels.dedup();
    if labels.len() > MOST_LABELS {
        return Err(Error::Invalid(format!("more than {MOST_LABELS} labels")));
    }
    if labels.iter().any(|label| label.chars().count() > LONGEST_LABEL) {
        return Err(Error::Invalid(format!("a label is longer than {LONGEST_LABEL} characters")));
    }
    Ok(labels)
}

fn check_snooze(status: conversation::Status, until: Option<Time>, now: Time) -> Result<()> {
    match (status, until) {
        (conversation::Status::Snoozed, Some(until)) if until > now => Ok(()),
        (conversation::Status::Snoozed, _) => {
            Err(Error::Invalid("snoozing needs snoozedUntil, a moment to come".to_owned()))
        }
        (_, None) => Ok(()),
        (_, Some(_)) => Err(Error::Invalid("only what is snoozed has snoozedUntil".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{between, top};

    proptest! {
        #[test]
        fn there_is_always_a_place_between_two_cards(drops in proptest::collection::vec(any::<proptest::sample::Index>(), 1..200)) {
            let mut column = vec![top()];
            for drop in drops {
                let at = drop.index(column.len() + 1);
                let above = at.checked_sub(1).map(|above| column[above].clone());
                let key = between(above.as_deref(), column.get(at).map(String::as_str));
                column.insert(at, key);
                prop_assert!(column.is_sorted_by(|a, b| a < b), "{column:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn keys_that_begin_alike_have_room_between_them(begin in proptest::collection::vec(0..3_u8, 0..6), above in any::<[u8; 4]>(), below in any::<[u8; 4]>(), drops in 1..20_usize) {
            let key = |end: [u8; 4]| hex::encode([&begin[..], &end, &[0x80]].concat());
            let (above, mut below) = (key(above.min(below)), key(above.max(below)));
            for _ in 0..drops {
                if above == below {
                    break;
                }
                let middle = between(Some(&above), Some(&below));
                prop_assert!(above < middle && middle < below, "{above} {middle} {below}");
                below = middle;
            }
        }
    }

    #[test]
    fn a_new_card_is_above_the_older_ones() {
        let older = top();
        assert!(top() < older);
    }
}
