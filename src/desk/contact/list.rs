//! Lists of contacts, and everything about one.

use std::collections::HashSet;

use entity::{
    ContactId, InboxId, TenantScoped as _, Time, contact, contact_address, conversation,
    inbox::Channel,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, QueryFilter, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
};

use super::super::{Conversation, Desk, Error, Result, Sees};
use super::Contact;

/// That a conversation is with the contact.
const SELF: &str = "conversation.contact_id = contact.id";

/// That a conversation is with somebody who turned out to be the contact.
const FAMILY: &str = "conversation.contact_id IN (WITH RECURSIVE family (id) AS (
    SELECT other.id FROM contact AS other WHERE other.merged_into = contact.id
    UNION SELECT other.id FROM family JOIN contact AS other ON other.merged_into = family.id)
    SELECT id FROM family)";

/// A page of contacts.
#[derive(Clone, Debug, PartialEq)]
pub struct Contacts {
    /// Whoever was met last is first.
    pub contacts: Vec<Contact>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Everything about a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactDetails {
    /// The person.
    pub contact: Contact,
    /// Whether an agent chose the name.
    pub is_named_by_agent: bool,
    /// What agents noted about them.
    pub notes: String,
    /// When they first wrote.
    pub created_at: Time,
    /// Where they are reached, by the names under which addresses are compared.
    pub addresses: Vec<(Channel, String)>,
    /// Those who turned out to be them.
    pub merged: Vec<MergedContact>,
    /// Conversations with them that the caller may see, the latest message first.
    pub conversations: Vec<Conversation>,
}

/// Somebody who turned out to be somebody else.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedContact {
    /// As they were known themselves.
    pub contact: Contact,
    /// Into whom they were merged: the person, or another one who was.
    pub into: ContactId,
}

/// A person, all who turned out to be them, and the conversations with any of these.
pub(super) struct Family {
    /// The person.
    pub(super) person: contact::Model,
    /// Those who turned out to be them.
    pub(super) merged: Vec<contact::Model>,
}

impl Family {
    /// How many they are.
    pub(super) fn size(&self) -> usize {
        1 + self.merged.len()
    }

    /// All of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = ContactId> {
        std::iter::once(self.person.id).chain(self.merged.iter().map(|row| row.id))
    }
}

impl Desk {
    /// Lists up to `limit` contacts with whom there is a conversation that the caller may see: those
    /// who are called by all of `words` or have that number, from after the contact `after`.
    pub async fn list_contacts(
        &self,
        words: Option<&str>,
        after: Option<ContactId>,
        limit: u64,
        sees: &Sees,
    ) -> Result<Contacts> {
        let mut people = contact::Entity::of_tenant(&self.tenant)
            .filter(contact::Column::MergedInto.is_null())
            .apply_if(after, |people, after| people.filter(contact::Column::Id.lt(after)));
        if let Some(inboxes) = &sees.inboxes {
            let seen = |with| Expr::exists(seen(with, inboxes));
            people = people.filter(seen(SELF).or(seen(FAMILY)));
        }
        let called = words.and_then(|words| self.people_called(words));
        let mut rows = people
            .apply_if(called, QueryFilter::filter)
            .order_by_desc(contact::Column::Id)
            .limit(limit + 1)
            .all(&self.desks.db.reader)
            .await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Contacts { contacts: rows.iter().map(Contact::from).collect(), has_more })
    }

    /// Returns everything about the person behind an identifier.
    pub async fn contact(&self, id: ContactId, sees: &Sees) -> Result<ContactDetails> {
        let reader = &self.desks.db.reader;
        let family = self.family(reader, id).await?.ok_or(Error::NoContact(id))?;
        let conversations = self
            .visible(sees)
            .filter(conversation::Column::ContactId.is_in(family.ids()))
            .order_by_desc(conversation::Column::LastMessageAt)
            .order_by_desc(conversation::Column::Id)
            .all(reader)
            .await?;
        if conversations.is_empty() {
            return Err(Error::NoContact(id));
        }
        let addresses = contact_address::Entity::of_tenant(&self.tenant)
            .filter(contact_address::Column::ContactId.is_in(family.ids()))
            .order_by_asc(contact_address::Column::Channel)
            .order_by_asc(contact_address::Column::Address)
            .all(reader)
            .await?;
        let Family { person, merged } = family;
        let merged = merged
            .iter()
            .filter_map(|row| Some(MergedContact { contact: row.into(), into: row.merged_into? }));
        Ok(ContactDetails {
            contact: (&person).into(),
            is_named_by_agent: person.is_named_by_agent,
            notes: person.notes,
            created_at: person.created_at,
            addresses: addresses.into_iter().map(|row| (row.channel, row.address)).collect(),
            merged: merged.collect(),
            conversations: self.show(reader, conversations).await?,
        })
    }

    /// Reads the person behind an identifier, and those who turned out to be them.
    pub(super) async fn family(
        &self,
        reader: &impl ConnectionTrait,
        of: ContactId,
    ) -> Result<Option<Family>> {
        let known = self.contacts(reader, [of]).await?;
        let Some(person) = known.row(of).cloned() else { return Ok(None) };
        let merged = self.merged_into(reader, person.id).await?;
        Ok(Some(Family { person, merged }))
    }

    /// Reads those who turned out to be a contact, on whatever way.
    pub(super) async fn merged_into(
        &self,
        reader: &impl ConnectionTrait,
        contact: ContactId,
    ) -> Result<Vec<contact::Model>> {
        let mut merged = Vec::new();
        let mut into = vec![contact];
        while !into.is_empty() {
            let rows = contact::Entity::of_tenant(&self.tenant)
                .filter(contact::Column::MergedInto.is_in(into))
                .order_by_asc(contact::Column::Id)
                .all(reader)
                .await?;
            into = rows.iter().map(|row| row.id).collect();
            merged.extend(rows);
        }
        Ok(merged)
    }
}

/// The conversations with certain contacts that take place in some of these inboxes. The contacts
/// tell whose: by them alone are the conversations to be looked up.
fn seen(with: &'static str, inboxes: &HashSet<InboxId>) -> SelectStatement {
    let mut seen = Query::select();
    seen.expr(Expr::value(1)).from(conversation::Entity).and_where(Expr::cust(with));
    seen.and_where(conversation::Column::InboxId.is_in(inboxes.iter().copied()));
    seen
}
