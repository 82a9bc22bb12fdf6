//! Who wrote, and the conversation with them.

use entity::{ContactId, ConversationId, Time, contact, contact_address, conversation, inbox};

use super::super::contact::same_number;
use super::super::conversation::top;
use super::super::{Contact, ConversationChange, Event, Incoming, Outcome};
use super::{AddressKey, Batch, Verdict};

/// Who has written, or was written to.
pub(super) struct Met {
    /// Whom the address names: the conversation is with them.
    pub(super) own: ContactId,
    /// Whom they turned out to be: everything shows that person.
    pub(super) person: contact::Model,
    /// Whether that person is shown otherwise now.
    pub(super) is_renamed: bool,
}

impl Batch<'_> {
    /// Finds or adds the person on the far side.
    ///
    /// Names and numbers go to whom the address names, and so does what is said: when it turns out
    /// that they are somebody else after all, everything is as if nobody had thought otherwise.
    pub(super) fn meet(
        &mut self,
        inbox: &inbox::Model,
        incoming: &Incoming,
        at: Time,
    ) -> Option<Met> {
        let best = incoming.addresses.first()?;
        let keys = keys(inbox, &incoming.addresses);
        let known = self.known(&keys);
        let before = known.as_ref().and_then(|known| self.person(known.id)).map(Contact::from);
        let mut contact = known.unwrap_or_else(|| stranger(inbox, best, at, self.now));
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
        let own = contact.id;
        self.contacts.put(own, contact);
        let person = self.person(own)?.clone();
        let is_renamed = before.is_some_and(|before| before != Contact::from(&person));
        if is_renamed {
            self.tell_elsewhere(inbox, own, &person);
        }
        Some(Met { own, person, is_renamed })
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
        self.contacts.get(&address.contact_id).cloned()
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

    /// Tells how a person is shown now in all conversations with them but the one where that is told
    /// anyway: that of `own` in this inbox.
    fn tell_elsewhere(&mut self, inbox: &inbox::Model, own: ContactId, person: &contact::Model) {
        let others = self.conversations.0.values().map(|(row, _)| row).filter(|row| {
            (row.contact_id, row.inbox_id) != (own, inbox.id)
                && self.person(row.contact_id).is_some_and(|it| it.id == person.id)
        });
        let mut changes: Vec<_> =
            others.map(|row| ConversationChange::renamed(row, person.into())).collect();
        changes.sort_by_key(|change| change.conversation_id);
        for change in changes {
            self.tell(inbox, Event::ConversationChanged(Box::new(change)));
        }
    }

    /// Finds or opens the conversation with a contact; tells whether it is new.
    pub(super) fn conversation_with(
        &mut self,
        inbox: &inbox::Model,
        contact: ContactId,
    ) -> Option<(conversation::Model, bool)> {
        if let Some(known) = self.conversations.get(&(contact, inbox.id)) {
            return Some((known.clone(), false));
        }
        let row = conversation::Model {
            id: ConversationId::generate(),
            tenant_id: inbox.tenant_id.clone(),
            inbox_id: inbox.id,
            contact_id: contact,
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
        self.places.insert(row.id, (contact, inbox.id));
        self.conversations.add((contact, inbox.id), row.clone());
        Some((row, true))
    }
}

/// Somebody whom nobody knows yet.
fn stranger(inbox: &inbox::Model, address: &str, at: Time, now: Time) -> contact::Model {
    contact::Model {
        id: ContactId::generate(),
        tenant_id: inbox.tenant_id.clone(),
        name: None,
        named_at: Time(0),
        phone_number: address.to_owned(),
        numbered_at: at,
        created_at: now,
        email: None,
        notes: String::new(),
        is_named_by_agent: false,
        blocked_at: None,
        merged_into: None,
    }
}

fn keys(inbox: &inbox::Model, addresses: &[String]) -> Vec<AddressKey> {
    let keys = addresses.iter().map(|it| (inbox.tenant_id.clone(), inbox.channel, same_number(it)));
    keys.collect()
}
