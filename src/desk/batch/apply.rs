//! What each element does to the rows of its batch. Nothing here waits or fails.

use entity::{
    ContactId, ConversationId, MessageId, Time, WebhookId, contact, contact_address, conversation,
    inbox, message, parked,
};

use super::super::contact::same_number;
use super::super::message::{Amended, amend, json};
use super::super::webhook::Fate;
use super::super::{
    Amendment, Channel, Contact, Content, Conversation, ConversationChange, Direction, Element,
    Event, Incoming, Message, Outcome, Receipt, Webhook,
};
use super::{AddressKey, Batch, Settled, Verdict, Waiting};

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
            Content::Message(_) | Content::Amendment { .. } | Content::Identity(_) => {}
        }
        let Some(inbox) = self.inbox_of(channel, element).cloned() else {
            return match &element.inbox {
                Some(address) => quarantined(&format!("no inbox has the address {}", address.id)),
                None => quarantined("it does not say for which inbox it is"),
            };
        };
        match &element.content {
            Content::Message(incoming) => self.receive(&inbox, incoming),
            Content::Amendment { target, amendment } => {
                self.amend_or_park(&inbox, target, amendment, place)
            }
            Content::Identity(addresses) => self.identify(&inbox, addresses),
            Content::Aside(_) | Content::Broken(_) => unreachable!("returned above"),
        }
    }

    /// Stores a message, opening a conversation with somebody new.
    fn receive(&mut self, inbox: &inbox::Model, incoming: &Incoming) -> Verdict {
        let key = (inbox.id, incoming.provider_id.clone());
        if self.messages.get(&key).is_some() {
            return (Outcome::Duplicate, None);
        }
        // A time from the future would stay the last for ever.
        let tomorrow = self.now.plus_seconds(86_400);
        let at = incoming.sent_at.filter(|at| *at < tomorrow).unwrap_or(self.now);
        let Some((contact, renamed)) = self.meet(inbox, incoming, at) else {
            return quarantined("it does not say who wrote it");
        };
        let Some((mut conversation, opened)) = self.conversation_with(inbox, &contact) else {
            return quarantined("the tenant's board has no stage");
        };
        let mut row = new_message(inbox, conversation.id, incoming, at, self.now);
        self.settle_parked(&mut row);
        let message = Message::show(&row, Contact::from(&contact));
        self.messages.add(key, row);

        let before = conversation.clone();
        take_in(&mut conversation, &message, incoming.quiet);
        let told = match message.direction {
            Direction::Inbound => Event::MessageReceived(Box::new(message.clone())),
            Direction::Outbound => Event::MessageSent(Box::new(message.clone())),
        };
        if opened {
            let last = Some(message).filter(|it| conversation.last_message_id == Some(it.id));
            let shown = Conversation::show(&conversation, inbox.into(), (&contact).into(), last);
            self.tell(inbox, Event::ConversationOpened(Box::new(shown)));
            self.tell(inbox, told);
        } else {
            self.tell(inbox, told);
            let mut change = difference(&before, &conversation, message);
            change.is_renamed = renamed;
            if !change.is_nothing() {
                self.tell(inbox, Event::ConversationChanged(Box::new(change)));
            }
        }
        self.conversations.put((contact.id, inbox.id), conversation);
        (Outcome::Applied, None)
    }

    /// Finds or adds the person on the far side; tells whether they are called otherwise now.
    fn meet(
        &mut self,
        inbox: &inbox::Model,
        incoming: &Incoming,
        at: Time,
    ) -> Option<(contact::Model, bool)> {
        let best = incoming.addresses.first()?;
        let keys = incoming
            .addresses
            .iter()
            .map(|address| (inbox.tenant_id.clone(), inbox.channel, same_number(address)));
        let keys: Vec<_> = keys.collect();
        let known = keys.iter().find_map(|key| self.addresses.get(key));
        let known = known.and_then(|address| self.contacts.get(&address.contact_id)).cloned();
        let is_new = known.is_none();
        let mut contact = known.unwrap_or_else(|| contact::Model {
            id: ContactId::generate(),
            tenant_id: inbox.tenant_id.clone(),
            name: None,
            named_at: Time(0),
            phone_number: best.clone(),
            numbered_at: at,
            created_at: self.now,
        });
        // The newest name and number count; of two within a second the greater, whichever is first.
        if let Some(name) = &incoming.name
            && (at, Some(name)) > (contact.named_at, contact.name.as_ref())
        {
            contact.name = Some(name.clone());
            contact.named_at = at;
        }
        if (at, best) > (contact.numbered_at, &contact.phone_number) {
            contact.phone_number.clone_from(best);
            contact.numbered_at = at;
        }
        for key in keys {
            self.reach(key, contact.id);
        }
        let before = self.contacts.get(&contact.id).map(Contact::from);
        let renamed = !is_new && before != Some(Contact::from(&contact));
        self.contacts.put(contact.id, contact.clone());
        if renamed {
            self.tell_elsewhere(inbox, &contact);
        }
        Some((contact, renamed))
    }

    /// Notes that several addresses are one person's, if that person is known.
    fn identify(&mut self, inbox: &inbox::Model, addresses: &[String]) -> Verdict {
        let keys = keys(inbox, addresses);
        let Some(contact) = self.known(&keys) else {
            return (Outcome::Ignored, Some("nobody here has these addresses".to_owned()));
        };
        let is_news = keys.iter().any(|key| self.addresses.get(key).is_none());
        for key in keys {
            self.reach(key, contact.id);
        }
        (if is_news { Outcome::Applied } else { Outcome::Duplicate }, None)
    }

    fn known(&self, keys: &[AddressKey]) -> Option<contact::Model> {
        let address = keys.iter().find_map(|key| self.addresses.get(key))?;
        self.contacts.get(&address.contact_id).cloned()
    }

    /// Notes where a contact is reached, unless it is somebody else who is reached there.
    fn reach(&mut self, key: AddressKey, contact_id: ContactId) {
        if self.addresses.get(&key).is_none() {
            let (tenant_id, channel, address) = key.clone();
            let row = contact_address::Model { tenant_id, channel, address, contact_id };
            self.addresses.add(key, row);
        }
    }

    /// Tells a contact's new name in their conversations in other inboxes.
    fn tell_elsewhere(&mut self, inbox: &inbox::Model, contact: &contact::Model) {
        let elsewhere = self.conversations.0.values().map(|(row, _)| row);
        let elsewhere = elsewhere
            .filter(|row| row.contact_id == contact.id && row.inbox_id != inbox.id)
            .map(|row| ConversationChange {
                is_renamed: true,
                ..ConversationChange::of(row, contact.into())
            });
        for change in elsewhere.collect::<Vec<_>>() {
            self.tell(inbox, Event::ConversationChanged(Box::new(change)));
        }
    }

    /// Finds or opens the conversation with a contact; tells whether it is new.
    fn conversation_with(
        &mut self,
        inbox: &inbox::Model,
        contact: &contact::Model,
    ) -> Option<(conversation::Model, bool)> {
        if let Some(known) = self.conversations.get(&(contact.id, inbox.id)) {
            return Some((known.clone(), false));
        }
        let row = conversation::Model {
            id: ConversationId::generate(),
            tenant_id: inbox.tenant_id.clone(),
            inbox_id: inbox.id,
            contact_id: contact.id,
            stage_id: *self.first_stages.get(&inbox.tenant_id)?,
            status: conversation::Status::Open,
            assignee_id: None,
            unread_count: 0,
            last_message_id: None,
            last_message_at: None,
            created_at: self.now,
        };
        self.places.insert(row.id, (contact.id, inbox.id));
        self.conversations.add((contact.id, inbox.id), row.clone());
        Some((row, true))
    }

    /// Applies to a new message what came before it.
    fn settle_parked(&mut self, row: &mut message::Model) {
        let Some(target) = row.provider_id.clone() else { return };
        for waiting in self.parked.remove(&(row.inbox_id, target)).into_iter().flatten() {
            let verdict = verdict(&amend(row, &waiting.amendment));
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
        let amended = amend(&mut row, amendment);
        let place = self.places.get(&row.conversation_id);
        let contact = place.and_then(|(contact, _)| self.contacts.get(contact));
        let message = contact.map(|contact| Box::new(Message::show(&row, contact.into())));
        let event = match amended {
            Amended::Moved => message.map(Event::StatusMoved),
            Amended::Changed => message.map(Event::MessageChanged),
            Amended::Same | Amended::Refused(_) => None,
        };
        if let Some(event) = event {
            self.tell(inbox, event);
        }
        self.messages.put(key, row);
        verdict(&amended)
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

    fn tell(&mut self, inbox: &inbox::Model, event: Event) {
        self.events.entry(inbox.tenant_id.clone()).or_default().push(event);
    }
}

fn keys(inbox: &inbox::Model, addresses: &[String]) -> Vec<AddressKey> {
    let keys = addresses.iter().map(|it| (inbox.tenant_id.clone(), inbox.channel, same_number(it)));
    keys.collect()
}

/// Counts a message in: the last one, what is unread, and that an answer is due again.
fn take_in(conversation: &mut conversation::Model, message: &Message, quiet: bool) {
    if conversation.last_message_at.is_none_or(|last| message.sent_at >= last) {
        conversation.last_message_id = Some(message.id);
        conversation.last_message_at = Some(message.sent_at);
    }
    if message.direction == Direction::Inbound && !quiet {
        conversation.unread_count = conversation.unread_count.saturating_add(1);
        conversation.status = conversation::Status::Open;
    }
}

fn difference(
    before: &conversation::Model,
    after: &conversation::Model,
    message: Message,
) -> ConversationChange {
    let contact = message.contact.clone();
    ConversationChange {
        last_message: Some(message).filter(|it| after.last_message_id == Some(it.id)),
        unread_count: Some(after.unread_count).filter(|it| *it != before.unread_count),
        status: Some(after.status).filter(|it| *it != before.status),
        ..ConversationChange::of(after, contact)
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
    }
}

fn verdict(amended: &Amended) -> Verdict {
    match amended {
        Amended::Moved | Amended::Changed => (Outcome::Applied, None),
        Amended::Same => (Outcome::Duplicate, None),
        Amended::Refused(why) => (Outcome::Ignored, Some((*why).to_owned())),
    }
}

fn quarantined(why: &str) -> Verdict {
    (Outcome::Quarantined, Some(why.to_owned()))
}
