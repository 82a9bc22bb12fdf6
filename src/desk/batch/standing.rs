//! How threads stand, as their channels tell.
//!
//! The newest counts, and of that only what the channel has changed since it last told: what agents
//! have changed here meanwhile stays. What was last told is kept in a form that grows with time, so
//! that comparing two as texts tells which is the newer.

use entity::{ConversationId, UserId, conversation, conversation_label, inbox, user};
use sea_orm::{
    ColumnTrait as _, Condition, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _,
};

use super::super::conversation::set_status;
use super::super::inbound::{Colleague, Standing, Told};
use super::super::message::json;
use super::super::stats::milestones;
use super::super::{Contact, Conversation, ConversationChange, Event, NotificationKind, Outcome};
use super::apply::quarantined;
use super::ask::of_tenants;
use super::load::Wanted;
use super::people::Met;
use super::{Batch, Place, Verdict};

/// How many digits a moment has in the form that grows with time.
const DIGITS: usize = 20;

impl Batch<'_> {
    /// Takes over how a thread stands, opening a conversation for one that is new.
    pub(super) fn stand(&mut self, inbox: &inbox::Model, standing: &Standing) -> Verdict {
        let at = standing.at.min(self.now.plus_seconds(86_400));
        let Some(Met { own, person, is_renamed }) = self.meet(inbox, &(&standing.with).into(), at)
        else {
            return quarantined("it does not say with whom the conversation is");
        };
        let thread = Some(standing.thread.as_str());
        let Some((before, opened)) = self.conversation_with(inbox, own, thread, None) else {
            return quarantined("the tenant's board has no stage");
        };
        if is_renamed {
            self.tell_elsewhere(inbox, Some(before.id), &person);
        }
        let last = before.standing.as_deref().and_then(read).unwrap_or_default();
        let told = filled(&standing.told, &last);
        let written = format!("{:0DIGITS$} {}", at.0.max(0), json(&told));
        let (mut after, mut labels) = (before.clone(), None);
        let is_newer = before.standing.as_ref().is_none_or(|known| written > *known);
        if is_newer {
            after.standing = Some(written);
            after.contact_id = own;
            labels = self.follow(&mut after, &last, &told);
        }
        let contact = self.person(after.contact_id).map(Contact::from);
        let contact = contact.unwrap_or_else(|| (&person).into());
        if opened {
            let shown = Conversation::show(&after, inbox.into(), contact, None);
            let labels = labels.unwrap_or_default();
            let shown = Conversation { labels, ..shown };
            self.tell(inbox, Event::ConversationOpened(Box::new(shown)));
        } else {
            let change = ConversationChange {
                labels,
                is_renamed: is_renamed || after.contact_id != before.contact_id,
                ..ConversationChange::between(&before, &after, contact.clone())
            };
            let assigned = change.assignee_id.clone().flatten();
            if !change.is_nothing() {
                self.tell(inbox, Event::ConversationChanged(Box::new(change)));
            }
            if let Some(assignee) = assigned {
                let (kind, place) = (NotificationKind::Assigned, (after.id, after.inbox_id));
                self.tell(inbox, Event::notice(assignee, kind, place, &contact, &inbox.name));
            }
        }
        let is_same = before == after && !opened;
        self.conversations.put(Place::of(&after), after);
        match (is_same, is_newer) {
            (false, _) => (Outcome::Applied, None),
            (true, true) => (Outcome::Duplicate, None),
            (true, false) if last == told => (Outcome::Duplicate, None),
            (true, false) => {
                (Outcome::Ignored, Some("the channel has told newer since".to_owned()))
            }
        }
    }

    /// Makes what a channel has changed so here; returns labels that are others now.
    fn follow(
        &mut self,
        row: &mut conversation::Model,
        last: &Told,
        told: &Told,
    ) -> Option<Vec<String>> {
        if let Some(status) = told
            .status
            .filter(|_| (told.status, told.snoozed_until) != (last.status, last.snoozed_until))
        {
            let reached = set_status(row, status, told.snoozed_until, self.now).reached;
            self.milestones.extend(milestones(row, None, reached, self.now));
        }
        if let Some(assignee) = &told.assignee
            && told.assignee != last.assignee
        {
            row.assignee_id = assignee.as_ref().and_then(|it| self.colleague(row, it));
        }
        let labels = told.labels.as_ref().filter(|_| told.labels != last.labels)?;
        let known = self.labels.entry(row.id).or_default();
        if known == labels {
            return None;
        }
        known.clone_from(labels);
        self.relabelled.insert(row.id, row.tenant_id.clone());
        Some(labels.clone())
    }

    /// The agent whom a channel means: by their e-mail, else by a name that only one has.
    fn colleague(&self, row: &conversation::Model, told: &Colleague) -> Option<UserId> {
        let ours = || self.colleagues.iter().filter(|it| it.tenant_id == row.tenant_id);
        let email = told.email.as_ref().map(|it| it.to_lowercase());
        if let Some(known) = ours().find(|it| email.as_ref() == Some(&it.email)) {
            return Some(known.id.clone());
        }
        let mut named = ours().filter(|it| it.name == told.name);
        let first = named.next()?;
        named.next().is_none().then(|| first.id.clone())
    }

    /// Reads what is needed to follow how threads stand.
    pub(super) async fn load_standing(&mut self, wanted: &Wanted) -> Result<(), DbErr> {
        if wanted.standing.is_empty() {
            return Ok(());
        }
        let rows = self.conversations.0.values().map(|(row, _)| row);
        let rows = rows.filter(|row| row.thread.is_some()).map(|row| row.id);
        let of: Vec<ConversationId> = rows.collect();
        if !of.is_empty() {
            let labels = of_tenants::<conversation_label::Entity>(wanted)
                .filter(conversation_label::Column::ConversationId.is_in(of))
                .order_by_asc(conversation_label::Column::Label);
            for row in labels.all(&self.txn).await? {
                self.labels.entry(row.conversation_id).or_default().push(row.label);
            }
        }
        if wanted.colleagues.is_empty() {
            return Ok(());
        }
        let meant = Condition::any()
            .add(user::Column::Name.is_in(&wanted.colleagues))
            .add(user::Column::Email.is_in(&wanted.emails));
        let users = of_tenants::<user::Entity>(wanted).filter(meant);
        self.colleagues = users.filter(user::Column::DisabledAt.is_null()).all(&self.txn).await?;
        Ok(())
    }

    /// Writes labels that are others now.
    pub(super) async fn store_labels(&mut self) -> Result<(), DbErr> {
        let changed = std::mem::take(&mut self.relabelled);
        if changed.is_empty() {
            return Ok(());
        }
        conversation_label::Entity::delete_many()
            .filter(conversation_label::Column::ConversationId.is_in(changed.keys().copied()))
            .exec(&self.txn)
            .await?;
        let mut rows = Vec::new();
        for (id, tenant_id) in changed {
            for label in self.labels.remove(&id).unwrap_or_default() {
                let tenant_id = tenant_id.clone();
                let row = conversation_label::Model { conversation_id: id, label, tenant_id };
                rows.push(row.into_active_model());
            }
        }
        if !rows.is_empty() {
            conversation_label::Entity::insert_many(rows).exec_without_returning(&self.txn).await?;
        }
        Ok(())
    }
}

/// What is known of how a thread stands once that is told: what is left out is as it was last told.
fn filled(told: &Told, last: &Told) -> Told {
    // Until when it is put aside belongs to that it is.
    let status = if told.status.is_some() { told } else { last };
    Told {
        status: status.status,
        snoozed_until: status.snoozed_until,
        assignee: told.assignee.clone().or_else(|| last.assignee.clone()),
        labels: told.labels.clone().or_else(|| last.labels.clone()),
    }
}

/// Reads what a channel last told.
fn read(standing: &str) -> Option<Told> {
    serde_json::from_str(standing.get(DIGITS + 1..)?).ok()
}
