//! Who wrote, and the conversation with them.

use entity::{ContactId, ConversationId, Time, contact, contact_address, conversation, inbox};

use super::super::contact::same_number;
use super::super::conversation::top;
use super::super::{Contact, ConversationChange, Event, Incoming, Outcome};
use super::{AddressKey, Batch, Verdict};

impl Batch<'_> {
    /// Finds or adds the person on the far side; tells whether they are called otherwise now.
    pub(super) fn meet(
        &mut self,
        inbox: &inbox::Model,
        incoming: &Incoming,
        at: Time,
    ) -> Option<(contact::Model, bool)> {
        let best = incoming.addresses.first()?;
        let keys = keys(inbox, &incoming.addresses);
        let known = self.known(&keys);
        let is_new = known.is_none();
        let mut contact = known.unwrap_or_else(|| contact::Model {
            id: ContactId::generate(),
            tenant_id: inbox.tenant_id.clone(),
            name: None,
            named_at: Time(0),
            phone_number: best.clone(),
            numbered_at: at,
            created_at: self.now,
            email: None,
            notes: String::new(),
            is_named_by_agent: false,
            blocked_at: None,
            merged_into: None,
        });
        // The newest name and number count; of two within a second the greater, whichever is first.
        if let Some(name) = &incoming.name
            && !contact.is_named_by_agent
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
    pub(super) fn identify(&mut self, inbox: &inbox::Model, addresses: &[String]) -> Verdict {
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
        self.person(address.contact_id).cloned()
    }

    /// Returns a contact, or whom they turned out to be.
    pub(super) fn person(&self, id: ContactId) -> Option<&contact::Model> {
        let mut row = self.contacts.get(&id)?;
        while let Some(into) = row.merged_into {
            row = self.contacts.get(&into)?;
        }
        Some(row)
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
    pub(super) fn conversation_with(
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
            position: top(),
            snoozed_until: None,
            window_until: None,
            waiting_since: None,
            opened_at: self.now,
            responded_at: None,
            received_at: None,
            answered_at: None,
        };
        self.places.insert(row.id, (contact.id, inbox.id));
        self.conversations.add((contact.id, inbox.id), row.clone());
        Some((row, true))
    }
}

fn keys(inbox: &inbox::Model, addresses: &[String]) -> Vec<AddressKey> {
    let keys = addresses.iter().map(|it| (inbox.tenant_id.clone(), inbox.channel, same_number(it)));
    keys.collect()
}
