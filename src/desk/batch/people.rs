//! Who wrote, and the conversation with them.

use entity::{ContactId, ConversationId, Time, contact, contact_address, conversation, inbox};

use super::super::contact::same_number;
use super::super::conversation::top;
use super::super::{Contact, ConversationChange, Event, Incoming, Outcome, Profile};
use super::{AddressKey, Batch, Place, Verdict};

/// Whom an element speaks of.
pub(super) struct Who<'a> {
    addresses: &'a [String],
    name: Option<&'a String>,
    number: Option<&'a String>,
    email: Option<&'a String>,
}

impl<'a> Who<'a> {
    pub(super) fn of(incoming: &'a Incoming) -> Self {
        let Incoming { addresses, name, number, email, .. } = incoming;
        let (name, number, email) = (name.as_ref(), number.as_ref(), email.as_ref());
        Self { addresses, name, number, email }
    }
}

impl<'a> From<&'a Profile> for Who<'a> {
    fn from(who: &'a Profile) -> Self {
        let Profile { addresses, name, number, email } = who;
        let (name, number, email) = (name.as_ref(), number.as_ref(), email.as_ref());
        Self { addresses, name, number, email }
    }
}

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
    pub(super) fn meet(&mut self, inbox: &inbox::Model, who: &Who<'_>, at: Time) -> Option<Met> {
        let best = who.addresses.first()?;
        let keys = keys(inbox, who.addresses);
        let known = self.known(&keys);
        let before = known.as_ref().and_then(|known| self.person(known.id)).map(Contact::from);
        let mut contact = known.unwrap_or_else(|| stranger(inbox, best, self.now));
        // The newest name, number and e-mail count; of two within a second the greater, whichever is
        // first.
        if let Some(name) = who.name
            && !contact.is_named_by_agent
            && (at, Some(name)) > (contact.named_at, contact.name.as_ref())
        {
            contact.name = Some(name.clone());
            contact.named_at = at;
        }
        if let Some(number) = who.number
            && (at, number) > (contact.numbered_at, &contact.phone_number)
        {
            contact.phone_number.clone_from(number);
            contact.numbered_at = at;
        }
        if let Some(email) = who.email
            && !contact.is_email_by_agent
            && (at, Some(email)) > (contact.email_told_at, contact.email.as_ref())
        {
            contact.email = Some(email.clone());
            contact.email_told_at = at;
        }
        for key in keys {
            self.reach(key, contact.id);
        }
        let own = contact.id;
        self.contacts.put(own, contact);
        let person = self.person(own)?.clone();
        let is_renamed = before.is_some_and(|before| before != Contact::from(&person));
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

    /// Notes who somebody is, whether they have written or not.
    pub(super) fn introduce(
        &mut self,
        inbox: &inbox::Model,
        who: &Profile,
        at: Option<Time>,
    ) -> Verdict {
        let tomorrow = self.now.plus_seconds(86_400);
        let at = at.filter(|at| *at < tomorrow).unwrap_or(self.now);
        let keys = keys(inbox, &who.addresses);
        let before = self.known(&keys);
        let Some(Met { own, person, is_renamed }) = self.meet(inbox, &who.into(), at) else {
            return (Outcome::Ignored, Some("it does not say who they are".to_owned()));
        };
        if is_renamed {
            self.tell_elsewhere(inbox, None, &person);
        }
        let is_news = before.as_ref() != self.contacts.get(&own);
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
    /// anyway.
    pub(super) fn tell_elsewhere(
        &mut self,
        inbox: &inbox::Model,
        here: Option<ConversationId>,
        person: &contact::Model,
    ) {
        let others = self.conversations.0.values().map(|(row, _)| row).filter(|row| {
            Some(row.id) != here && self.person(row.contact_id).is_some_and(|it| it.id == person.id)
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
        thread: Option<&str>,
        called: Option<ConversationId>,
    ) -> Option<(conversation::Model, bool)> {
        let place = Place::at(inbox.id, contact, thread);
        if let Some(known) = self.conversations.get(&place) {
            return Some((known.clone(), false));
        }
        let number = self.numbers.entry(inbox.tenant_id.clone()).or_default();
        *number += 1;
        let number = *number;
        let row = conversation::Model {
            id: called.unwrap_or_else(ConversationId::generate),
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
            thread: thread.map(str::to_owned),
            standing: None,
            display_id: number,
        };
        self.places.insert(row.id, place.clone());
        self.conversations.add(place, row.clone());
        Some((row, true))
    }
}

/// Somebody whom nobody knows yet.
fn stranger(inbox: &inbox::Model, address: &str, now: Time) -> contact::Model {
    contact::Model {
        id: ContactId::generate(),
        tenant_id: inbox.tenant_id.clone(),
        name: None,
        named_at: Time(0),
        phone_number: address.to_owned(),
        numbered_at: Time(0),
        created_at: now,
        email: None,
        email_told_at: Time(0),
        is_email_by_agent: false,
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
