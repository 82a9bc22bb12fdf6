//! What agents do with conversations.

use entity::delivery::Kind;
use entity::{
    ConversationId, MessageId, TenantScoped as _, Time, UserId, conversation, conversation_label,
    inbox, message,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::super::change::ROWS_PER_INSERT;
use super::super::channel::has_agents;
use super::super::naming::line;
use super::super::{
    Actor, Change, Channel, Contact, ConversationChange, Desk, Error, Event, NotificationKind,
    Result, Sees,
};
use super::Conversation;
use super::place::Place;
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
        let mut reached = Vec::new();
        if edit.status.is_some() || edit.snoozed_until.is_some() {
            let status = edit.status.unwrap_or(conversation::Status::Snoozed);
            check_snooze(status, edit.snoozed_until, now)?;
            reached = set_status(&mut after, status, edit.snoozed_until, now).reached;
        }
        let relabelled = match labels {
            Some(labels) => change.relabel(&after, labels).await?,
            None => None,
        };
        let contact = change.contact_of(&before).await?;
        let mut told = change.turn(&before, &after, contact.clone()).await?;
        told.labels = relabelled;
        change.reach(&after, Some(&by.user), reached, now).await?;
        if told.is_nothing() {
            drop(change);
        } else {
            let notice = notice_of_assignment(&told, &contact, by);
            change.note_edit(&told, by).await?;
            change.tell_channel(&after, &told).await?;
            change.commit(Event::ConversationChanged(Box::new(told)), notice).await?;
        }
        self.desks.wake_courier();
        self.conversation(id, sees).await
    }

    /// Notes that an agent has read a conversation, and lets the customer see it; returns the newest
    /// message that was unread. Tells nobody if nothing was.
    pub async fn mark_read(&self, id: ConversationId, sees: &Sees) -> Result<Option<MessageId>> {
        let change = self.change().await?;
        // Before the conversation, as whoever changes a message does.
        let unread: Vec<(MessageId, Time)> = message::Entity::of_tenant(&self.tenant)
            .select_only()
            .columns([message::Column::Id, message::Column::SentAt])
            .filter(message::Column::ConversationId.eq(id))
            .filter(message::Column::IsUnread.eq(true))
            .order_by_asc(message::Column::Id)
            .lock_exclusive()
            .into_tuple()
            .all(&change.txn)
            .await?;
        let before = change.conversation(id, sees).await?;
        let newest = unread.iter().max_by_key(|(id, sent_at)| (*sent_at, *id));
        let Some((newest, _)) = newest.copied() else { return Ok(None) };
        for some in unread.chunks(ROWS_PER_INSERT) {
            message::Entity::update_many()
                .col_expr(message::Column::IsUnread, Expr::value(false))
                .filter(message::Column::TenantId.eq(self.tenant.clone()))
                .filter(message::Column::Id.is_in(some.iter().map(|(id, _)| *id)))
                .exec(&change.txn)
                .await?;
        }
        // What has come in between is unread still.
        let read = i32::try_from(unread.len()).unwrap_or(i32::MAX);
        let unread_count = (before.unread_count - read).max(0);
        let after = conversation::Model { unread_count, ..before.clone() };
        change.make_due_once(&before, newest, Kind::Read).await?;
        let contact = change.contact_of(&before).await?;
        let told = change.turn(&before, &after, contact).await?;
        change.commit(Event::ConversationChanged(Box::new(told)), []).await?;
        self.desks.wake_courier();
        Ok(Some(newest))
    }

    /// Marks the newest message of a contact as unread, for somebody to come back to.
    pub async fn mark_unread(&self, id: ConversationId, sees: &Sees) -> Result<()> {
        let change = self.change().await?;
        let newest = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::ConversationId.eq(id))
            .filter(message::Column::Direction.eq(message::Direction::Inbound))
            .order_by_desc(message::Column::SentAt)
            .order_by_desc(message::Column::Id)
            .lock_exclusive()
            .one(&change.txn)
            .await?;
        let before = change.conversation(id, sees).await?;
        let Some(newest) = newest.filter(|_| before.unread_count == 0) else { return Ok(()) };
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

    /// Makes sure that somebody can look after a conversation, unless they do so already.
    async fn check_assignee(
        &self,
        assignee: Option<&UserId>,
        row: &conversation::Model,
        by: &Actor,
    ) -> Result<()> {
        match assignee {
            Some(new) if *new != by.user && row.assignee_id.as_ref() != Some(new) => {
                self.require_colleague(new, row.inbox_id).await
            }
            _ => Ok(()),
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

    /// Lets a channel know on which agents work too what an agent here has changed.
    async fn tell_channel(
        &self,
        row: &conversation::Model,
        told: &ConversationChange,
    ) -> Result<()> {
        let kinds = [
            (Kind::Status, told.status.is_some() || told.snoozed_until.is_some()),
            (Kind::Assignee, told.assignee_id.is_some()),
            (Kind::Labels, told.labels.is_some()),
        ];
        let Some(about) = row.last_message_id else { return Ok(()) };
        for (kind, is_news) in kinds {
            if is_news && has_agents(self.channel_of(row).await?) {
                self.make_due_once(row, about, kind).await?;
            }
        }
        Ok(())
    }

    async fn channel_of(&self, row: &conversation::Model) -> Result<Channel> {
        let inbox = inbox::Entity::of_tenant(&self.desk.tenant)
            .filter(inbox::Column::Id.eq(row.inbox_id))
            .one(&self.txn)
            .await?;
        Ok(inbox.ok_or_else(|| Error::NoInbox(row.inbox_id.to_string()))?.channel)
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

/// Returns labels as they are stored: each once, in order, without space around them.
fn tidy(labels: &[String]) -> Result<Vec<String>> {
    let labels = labels.iter().map(|label| line("a label", label, LONGEST_LABEL));
    let mut labels = labels.collect::<Result<Vec<_>>>()?;
    labels.retain(|label| !label.is_empty());
    labels.sort();
    labels.dedup();
    if labels.len() > MOST_LABELS {
        return Err(Error::Invalid(format!("more than {MOST_LABELS} labels")));
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
