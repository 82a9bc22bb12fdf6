//! What each element does to the rows of its batch. Nothing here waits or fails.

use entity::{
    ConversationId, InboxId, MessageId, Time, WebhookId, conversation, inbox, message, parked,
};

use super::super::conversation::{shut, take_in};
use super::super::message::{Amended, amend, changes, json};
use super::super::stats::milestones;
use super::super::webhook::Fate;
use super::super::{
    Amendment, Channel, Contact, Content, Conversation, ConversationChange, Direction, Element,
    Event, Handover, Incoming, Message, NotificationKind, Outcome, Receipt, Status, Webhook,
};
use super::people::{Met, Who};
use super::{Batch, Place, Settled, Verdict, Waiting};

impl Batch<'_> {
    /// Applies a webhook's elements in order; one that cannot be applied leaves the others alone.
    pub(super) fn apply(&mut self, webhook: &Webhook) -> Receipt {
        let id = webhook.replay_of.unwrap_or_else(WebhookId::generate);
        let fates = webhook.elements.iter().zip(0..).map(|(element, position)| {
            let (outcome, reason) = self.apply_element(webhook.channel, element, (id, position));
            Fate {
                kind: element.kind.clone(),
                provider_id: element.provider_id.clone(),
                inbox: element.inbox.as_ref().map(|inbox| inbox.id.clone()),
                outcome,
                reason,
            }
        });
        let fates = fates.collect();
        Receipt { id, channel: webhook.channel, received_at: self.now, fates }
    }

    /// The inbox that an element is for.
    pub(super) fn inbox_of(&self, channel: Channel, element: &Element) -> Option<&inbox::Model> {
        self.inboxes.get(&(channel, element.inbox.as_ref()?.id.clone()))
    }

    fn apply_element(
        &mut self,
        channel: Channel,
        element: &Element,
        place: (WebhookId, i32),
    ) -> Verdict {
        match &element.content {
            Content::Aside(why) => return (Outcome::Ignored, Some(why.clone())),
            Content::Broken(why) => return quarantined(why),
            Content::Message(_)
            | Content::Amendment { .. }
            | Content::Identity(_)
            | Content::Person { .. }
            | Content::Standing(_) => {}
        }
        let Some(inbox) = self.inbox_of(channel, element).cloned() else {
            return match &element.inbox {
                Some(address) => quarantined(&format!("no inbox has the address {}", address.id)),
                None => quarantined("it does not say for which inbox it is"),
            };
        };
        if inbox.disabled_at.is_some() {
            return quarantined("its inbox is disabled");
        }
        match &element.content {
            Content::Message(incoming) => {
                let (target, status) = (&incoming.provider_id, incoming.status);
                if let Some(handover) = incoming.handover {
                    let sent = Amendment::Status { status, error: None, closes_window: false };
                    self.recognise(&inbox, target, handover, &sent);
                }
                self.receive(&inbox, incoming, place)
            }
            Content::Amendment { target, handover, amendment } => {
                if let Some(handover) = handover {
                    self.recognise(&inbox, target, *handover, amendment);
                }
                self.amend_or_park(&inbox, target, amendment, place)
            }
            Content::Identity(addresses) => self.identify(&inbox, addresses),
            Content::Person { who, at } => self.introduce(&inbox, who, *at),
            Content::Standing(standing) => self.stand(&inbox, standing),
            Content::Aside(_) | Content::Broken(_) => unreachable!("returned above"),
        }
    }

    /// Stores a message, opening a conversation with somebody new.
    #[expect(clippy::too_many_lines, reason = "a message is read from top to bottom")]
    fn receive(
        &mut self,
        inbox: &inbox::Model,
        incoming: &Incoming,
        place: (WebhookId, i32),
    ) -> Verdict {
        let key = (inbox.id, incoming.provider_id.clone());
        if let Some(row) = self.messages.get(&key) {
            if incoming.told_at.is_some() {
                return self.hear_again(inbox, incoming, place);
            }
            let row = row.clone();
            return self.fill(inbox, key, row, incoming);
        }
        // A time from the future would stay the last for ever.
        let tomorrow = self.now.plus_seconds(86_400);
        let at = incoming.sent_at.filter(|at| *at < tomorrow).unwrap_or(self.now);
        let Some(Met { own, person: contact, is_renamed }) =
            self.meet(inbox, &Who::of(incoming), at)
        else {
            return quarantined("it does not say who wrote it");
        };
        let (thread, called) = (incoming.thread.as_deref(), incoming.conversation);
        let Some((mut conversation, opened)) = self.conversation_with(inbox, own, thread, called)
        else {
            return quarantined("the tenant's board has no stage");
        };
        if is_renamed {
            self.tell_elsewhere(inbox, Some(conversation.id), &contact);
        }
        let quiet = incoming.quiet || contact.blocked_at.is_some();
        let mut row = new_message(inbox, conversation.id, incoming, at, self.now);
        row.is_unread = incoming.direction == Direction::Inbound && !quiet && !row.is_private;
        self.attach(&mut row, incoming);
        self.settle_parked(&mut row);
        self.revoke_late(inbox.channel, &mut row);
        let message = Message::show(&row, Contact::from(&contact));
        self.work.message(&row);
        self.messages.add(key, row);

        let before = conversation.clone();
        let window = incoming.window;
        if !incoming.is_private {
            let taken = take_in(&mut conversation, &message, quiet, window, self.now);
            self.milestones.extend(milestones(&conversation, None, taken.reached, self.now));
        }
        let told = match message.direction {
            Direction::Inbound => Event::MessageReceived(Box::new(message.clone())),
            Direction::Outbound => Event::MessageSent(Box::new(message.clone())),
        };
        if opened {
            let last = message.clone();
            let last = Some(last).filter(|it| conversation.last_message_id == Some(it.id));
            let shown = Conversation::show(&conversation, inbox.into(), (&contact).into(), last);
            self.tell(inbox, Event::ConversationOpened(Box::new(shown)));
            self.tell(inbox, told);
        } else {
            self.tell(inbox, told);
            let contact = message.contact.clone();
            let last = message.clone();
            let last = Some(last).filter(|it| conversation.last_message_id == Some(it.id));
            let change = ConversationChange {
                last_message: last,
                is_renamed,
                ..ConversationChange::between(&before, &conversation, contact)
            };
            if !change.is_nothing() {
                self.tell(inbox, Event::ConversationChanged(Box::new(change)));
            }
        }
        if !quiet && incoming.direction == Direction::Inbound {
            self.alert(inbox, &conversation, &message);
        }
        self.conversations.put(Place::of(&conversation), conversation);
        (Outcome::Applied, None)
    }

    /// Takes over what is told anew of a message that is known: of our own, that it has arrived.
    fn hear_again(
        &mut self,
        inbox: &inbox::Model,
        incoming: &Incoming,
        place: (WebhookId, i32),
    ) -> Verdict {
        let Some(at) = incoming.told_at else { return (Outcome::Duplicate, None) };
        let target = &incoming.provider_id;
        let mut verdict = (Outcome::Duplicate, None);
        if incoming.direction == Direction::Outbound {
            let (status, error) = (incoming.status, None);
            let moved = Amendment::Status { status, error, closes_window: false };
            verdict = self.amend_or_park(inbox, target, &moved, place);
        }
        let (content, metadata) = (incoming.content.clone(), incoming.metadata.clone());
        let told = Amendment::Told { content, metadata, at };
        let told = self.amend_or_park(inbox, target, &told, place);
        if told.0 == Outcome::Applied || verdict.0 != Outcome::Applied { told } else { verdict }
    }

    /// Tells whoever looks after a conversation that there is a new message.
    fn alert(&mut self, inbox: &inbox::Model, row: &conversation::Model, message: &Message) {
        if let Some(assignee) = row.assignee_id.clone() {
            let (kind, place) = (NotificationKind::Message, (row.id, row.inbox_id));
            self.tell(
                inbox,
                Event::notice(assignee, kind, place, &message.contact, &message.content),
            );
        }
    }

    /// Applies to a new message what came before it.
    fn settle_parked(&mut self, row: &mut message::Model) {
        let Some(target) = row.provider_id.clone() else { return };
        for waiting in self.parked.remove(&(row.inbox_id, target)).into_iter().flatten() {
            let verdict = verdict(&amend(row, &waiting.amendment));
            if matches!(waiting.amendment, Amendment::Revoke { .. }) {
                self.revoked.push(row.id);
            }
            self.settled.push(Settled { waiting, verdict });
        }
    }

    fn amend_or_park(
        &mut self,
        inbox: &inbox::Model,
        target: &str,
        amendment: &Amendment,
        place: (WebhookId, i32),
    ) -> Verdict {
        let key = (inbox.id, target.to_owned());
        let Some(row) = self.messages.get(&key) else {
            return self.park(inbox, target, amendment, place);
        };
        let mut row = row.clone();
        if row.provider_id.is_none() {
            row.provider_id = Some(target.to_owned());
            self.settle_parked(&mut row);
        }
        let amended = amend(&mut row, amendment);
        if matches!(amendment, Amendment::Revoke { .. }) {
            self.revoked.push(row.id);
        }
        let closes = matches!(amendment, Amendment::Status { closes_window: true, .. });
        if closes && amended == Amended::Moved {
            self.close_window(inbox, &row);
        }
        self.rewrite(inbox, key, row);
        if matches!(amendment, Amendment::Revoke { .. }) {
            self.revoke_parts(inbox, target, amendment);
        }
        verdict(&amended)
    }

    /// Notes that the channel takes nothing but templates from now on.
    fn close_window(&mut self, inbox: &inbox::Model, failed: &message::Model) {
        let Some(place) = self.places.get(&failed.conversation_id).cloned() else { return };
        let Some(before) = self.conversations.get(&place).cloned() else { return };
        let Some(contact) = self.person(before.contact_id).map(Contact::from) else { return };
        let mut after = before.clone();
        shut(&mut after, failed.sent_at, self.now);
        let change = ConversationChange::between(&before, &after, contact);
        if !change.is_nothing() {
            self.tell(inbox, Event::ConversationChanged(Box::new(change)));
            self.conversations.put(place, after);
        }
    }

    /// Puts a message in the place of what it was, and tells of it.
    pub(super) fn rewrite(
        &mut self,
        inbox: &inbox::Model,
        key: (InboxId, String),
        row: message::Model,
    ) {
        let Some(before) = self.messages.get(&key) else { return };
        let place = self.places.get(&row.conversation_id);
        let conversation = place.and_then(|place| self.conversations.get(place));
        let contact = conversation.and_then(|row| self.person(row.contact_id));
        let told = contact.map(|contact| changes(before, &row, contact.into()));
        for event in told.unwrap_or_default() {
            self.tell(inbox, event);
        }
        self.messages.put(key, row);
    }

    /// Finds, by what it was called when it was handed over, the message that the provider now has a
    /// name of its own for: the answer that told it is lost, or still on its way.
    ///
    /// Of an earlier attempt to send the message only the proof that it has arrived counts.
    fn recognise(
        &mut self,
        inbox: &inbox::Model,
        target: &str,
        handover: Handover,
        amendment: &Amendment,
    ) {
        let key = (inbox.id, target.to_owned());
        if self.messages.get(&key).is_some() {
            return;
        }
        let is_meant = |row: &message::Model| {
            let has_arrived =
                matches!(amendment, Amendment::Status { status, .. } if *status > Status::Failed);
            row.inbox_id == inbox.id && (row.delivery_id == Some(handover.delivery) || has_arrived)
        };
        if self.handed.get(&handover.message).is_some_and(is_meant)
            && let Some(row) = self.handed.remove(&handover.message)
        {
            self.messages.add(key, row);
        }
    }

    /// Puts an amendment aside until its message comes.
    fn park(
        &mut self,
        inbox: &inbox::Model,
        target: &str,
        amendment: &Amendment,
        (webhook_id, position): (WebhookId, i32),
    ) -> Verdict {
        let waiting = self.parked.entry((inbox.id, target.to_owned())).or_default();
        if waiting.iter().any(|it| it.amendment == *amendment) {
            return (Outcome::Duplicate, Some("the same waits for its message already".to_owned()));
        }
        let row = parked::Model {
            webhook_id,
            position,
            tenant_id: inbox.tenant_id.clone(),
            inbox_id: inbox.id,
            target: target.to_owned(),
            amendment: json(amendment),
            parked_at: self.now,
        };
        waiting.push(Waiting { row, amendment: amendment.clone(), stored: false });
        (Outcome::Parked, Some(format!("it waits for the message {target}")))
    }

    pub(super) fn tell(&mut self, inbox: &inbox::Model, event: Event) {
        self.events.entry(inbox.tenant_id.clone()).or_default().push((event, self.arrived));
    }
}

fn new_message(
    inbox: &inbox::Model,
    conversation_id: ConversationId,
    incoming: &Incoming,
    sent_at: Time,
    created_at: Time,
) -> message::Model {
    message::Model {
        id: MessageId::generate(),
        tenant_id: inbox.tenant_id.clone(),
        conversation_id,
        inbox_id: inbox.id,
        provider_id: Some(incoming.provider_id.clone()),
        direction: incoming.direction,
        kind: incoming.kind,
        content: incoming.content.clone(),
        metadata: json(&incoming.metadata),
        reactions: "[]".to_owned(),
        status: incoming.status,
        error: None,
        sent_at,
        edited_at: None,
        deleted_at: None,
        created_at,
        author_id: None,
        client_id: None,
        delivery_id: None,
        is_private: incoming.is_private,
        is_unread: false,
        told_at: incoming.told_at,
    }
}

pub(in crate::desk) fn verdict(amended: &Amended) -> Verdict {
    match amended {
        Amended::Moved | Amended::Changed => (Outcome::Applied, None),
        Amended::Same => (Outcome::Duplicate, None),
        Amended::Refused(why) => (Outcome::Ignored, Some((*why).to_owned())),
    }
}

pub(super) fn quarantined(why: &str) -> Verdict {
    (Outcome::Quarantined, Some(why.to_owned()))
}
