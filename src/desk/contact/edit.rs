//! What agents do with contacts.
//!
//! Merging two contacts moves nothing: a contact points to the one who is the same person, and
//! everything shows that person. So what was merged by mistake is parted again as it was.

use entity::{ContactId, TenantScoped as _, Time, contact, conversation, inbox};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::{Value, json};

use super::super::naming::{check_text, line};
use super::super::{Actor, Change, ConversationChange, Desk, Error, Event, Result, Sees};
use super::list::Family;
use super::{Contact, ContactDetails};

/// How many contacts one person may turn out to be.
const MOST_MERGED: usize = 50;

/// The longest name, address and note, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_EMAIL: usize = 254;
const LONGEST_NOTES: usize = 10_000;

/// What is to be another about a contact; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactEdit {
    /// What they are called; `Some(None)` for what they will call themselves when they next write.
    pub name: Option<Option<String>>,
    /// Where else they are reached.
    pub email: Option<Option<String>>,
    /// What agents note about them.
    pub notes: Option<String>,
}

impl Desk {
    /// Changes what is known of the person behind an identifier. Tells nobody if it is like that
    /// already.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a value is too long or makes no sense.
    pub async fn edit_contact(
        &self,
        id: ContactId,
        edit: ContactEdit,
        by: &Actor,
        sees: &Sees,
    ) -> Result<ContactDetails> {
        let edit = edit.tidy()?;
        self.turn_contact(id, by, "contact.changed", sees, |row| {
            match edit.name {
                Some(Some(name)) => (row.name, row.is_named_by_agent) = (Some(name), true),
                Some(None) if row.is_named_by_agent => {
                    // Whatever the provider tells next is newer than that.
                    (row.name, row.named_at, row.is_named_by_agent) = (None, Time(0), false);
                }
                Some(None) | None => {}
            }
            // A form tells it also where only something else was changed. One that is taken away counts
            // again when it is next told.
            if let Some(email) = edit.email.filter(|email| *email != row.email) {
                (row.email_told_at, row.is_email_by_agent) = (Time(0), email.is_some());
                row.email = email;
            }
            row.notes = edit.notes.unwrap_or(std::mem::take(&mut row.notes));
        })
        .await
    }

    /// Lets nobody be alerted any more to what a person writes, or again.
    pub async fn block_contact(
        &self,
        id: ContactId,
        is_blocked: bool,
        by: &Actor,
        sees: &Sees,
    ) -> Result<ContactDetails> {
        let action = if is_blocked { "contact.blocked" } else { "contact.unblocked" };
        self.turn_contact(id, by, action, sees, |row| {
            let now = Time::now();
            row.blocked_at = is_blocked.then(|| row.blocked_at.unwrap_or(now));
        })
        .await
    }

    /// Notes that a contact is the same person as another one, who is shown in their place from now
    /// on. Addresses, conversations and what is said in them stay where they are.
    ///
    /// # Errors
    /// [`Error::Invalid`] when they are the same already, or the contact is merged into another.
    pub async fn merge_contact(
        &self,
        id: ContactId,
        into: ContactId,
        by: &Actor,
        sees: &Sees,
    ) -> Result<ContactDetails> {
        let change = self.change().await?;
        change.lock_inboxes().await?;
        let [(mut one, rows), (other, _)] = change.people([id, into], sees).await?;
        if one.person.id == other.person.id {
            return Err(Error::Invalid("they are the same person already".to_owned()));
        }
        if one.person.id != id {
            return Err(Error::Invalid("the contact is merged into another already".to_owned()));
        }
        if one.size() + other.size() > MOST_MERGED {
            let why = format!("a person is {MOST_MERGED} contacts at most");
            return Err(Error::Invalid(why));
        }
        one.person.merged_into = Some(into);
        change.put_contact(one.person).await?;
        change.note(by, "contact.merged", &subject(id), json!({ "into": into })).await?;
        change.commit_shown(id, rows, &(&other.person).into()).await?;
        self.contact(into, sees).await
    }

    /// Notes that a contact is not the same person as the one into whom they were merged; tells
    /// nobody if they were not.
    pub async fn unmerge_contact(
        &self,
        id: ContactId,
        by: &Actor,
        sees: &Sees,
    ) -> Result<ContactDetails> {
        let change = self.change().await?;
        change.lock_inboxes().await?;
        let [(family, mut rows)] = change.people([id], sees).await?;
        let Some(row) = family.merged.into_iter().find(|row| row.id == id) else {
            drop(change);
            return self.contact(id, sees).await;
        };
        let after = contact::Model { merged_into: None, ..row.clone() };
        let merged = self.merged_into(&change.txn, id).await?;
        let parted = Family { person: after.clone(), merged };
        let parted: Vec<_> = parted.ids().collect();
        rows.retain(|row| parted.contains(&row.contact_id));
        let shown = Contact::from(&after);
        change.put_contact(after).await?;
        let details = json!({ "from": row.merged_into });
        change.note(by, "contact.unmerged", &subject(id), details).await?;
        change.commit_shown(id, rows, &shown).await?;
        self.contact(id, sees).await
    }

    async fn turn_contact(
        &self,
        id: ContactId,
        by: &Actor,
        action: &str,
        sees: &Sees,
        turn: impl FnOnce(&mut contact::Model),
    ) -> Result<ContactDetails> {
        let change = self.change().await?;
        change.lock_inboxes().await?;
        let [(Family { person, .. }, rows)] = change.people([id], sees).await?;
        let mut after = person.clone();
        turn(&mut after);
        if after == person {
            drop(change);
        } else {
            let (subject, shown) = (subject(person.id), Contact::from(&after));
            change.note(by, action, &subject, changed(&person, &after)).await?;
            change.put_contact(after).await?;
            change.commit_shown(id, rows, &shown).await?;
        }
        self.contact(id, sees).await
    }
}

impl Change {
    /// Locks all inboxes until the commit, in the order of their ids: who has just written is then
    /// shown as they were before or as they are after, never both at once.
    async fn lock_inboxes(&self) -> Result<()> {
        let all = inbox::Entity::of_tenant(&self.desk.tenant).order_by_asc(inbox::Column::Id);
        all.lock_exclusive().all(&self.txn).await?;
        Ok(())
    }

    /// Returns the people behind identifiers and the conversations with each of them; the caller sees at
    /// least one of these.
    ///
    /// They are locked until the commit, all together in the order of their ids: whoever moves the cards of
    /// several people does it in that order too.
    async fn people<const COUNT: usize>(
        &self,
        ids: [ContactId; COUNT],
        sees: &Sees,
    ) -> Result<[(Family, Vec<conversation::Model>); COUNT]> {
        let mut families = Vec::with_capacity(COUNT);
        for id in ids {
            families.push(self.desk.family(&self.txn, id).await?);
        }
        let all = families.iter().flatten().flat_map(Family::ids);
        let rows = conversation::Entity::of_tenant(&self.desk.tenant)
            .filter(conversation::Column::ContactId.is_in(all))
            .order_by_asc(conversation::Column::Id)
            .lock_exclusive()
            .all(&self.txn)
            .await?;
        let mut people = Vec::with_capacity(COUNT);
        // Who is not there is told of as who is not seen, and in the same order.
        for (id, family) in ids.into_iter().zip(families) {
            let family = family.ok_or(Error::NoContact(id))?;
            let with: Vec<_> = family.ids().collect();
            let rows = rows.iter().filter(|row| with.contains(&row.contact_id));
            let rows: Vec<_> = rows.cloned().collect();
            if !rows.iter().any(|row| sees.inbox(row.inbox_id)) {
                return Err(Error::NoContact(id));
            }
            people.push((family, rows));
        }
        Ok(people.try_into().unwrap_or_else(|_| unreachable!("there is one for each identifier")))
    }

    async fn put_contact(&self, row: contact::Model) -> Result<()> {
        contact::Entity::update(row.into_active_model().reset_all()).exec(&self.txn).await?;
        Ok(())
    }

    /// Commits, telling in all these conversations how their contact is shown now.
    async fn commit_shown(
        self,
        id: ContactId,
        rows: Vec<conversation::Model>,
        shown: &Contact,
    ) -> Result<()> {
        let mut told = rows.iter().map(|row| {
            let change = ConversationChange::renamed(row, shown.clone());
            Event::ConversationChanged(Box::new(change))
        });
        let first = told.next().ok_or(Error::NoContact(id))?;
        self.commit(first, told).await
    }
}

impl ContactEdit {
    /// Makes sure that values make sense, and takes the space around them off.
    pub(in super::super) fn tidy(self) -> Result<Self> {
        // What is empty is nothing.
        let told = |what: &str, value: Option<Option<String>>, longest: usize| {
            let text = value.map(|text| text.map(|text| line(what, &text, longest)).transpose());
            Ok::<_, Error>(text.transpose()?.map(|text| text.filter(|text| !text.is_empty())))
        };
        let name = told("the name", self.name, LONGEST_NAME)?;
        let email = told("the email address", self.email, LONGEST_EMAIL)?;
        if let Some(Some(email)) = &email
            && !is_email(email)
        {
            return Err(Error::Invalid("the email address is none".to_owned()));
        }
        let notes = self.notes.map(|notes| notes.trim().to_owned());
        if let Some(notes) = &notes {
            check_text("the note", notes, LONGEST_NOTES)?;
        }
        Ok(Self { name, email, notes })
    }
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(who, host)| {
        !who.is_empty()
            && !host.is_empty()
            && !host.contains('@')
            && !text.contains(char::is_whitespace)
    })
}

/// What the audit log is told: what has changed, not what it says.
fn changed(before: &contact::Model, after: &contact::Model) -> Value {
    let fields = [
        (
            "name",
            (&before.name, before.is_named_by_agent) != (&after.name, after.is_named_by_agent),
        ),
        ("email", before.email != after.email),
        ("notes", before.notes != after.notes),
    ];
    let fields: Vec<_> = fields.iter().filter(|(_, is)| *is).map(|(field, _)| field).collect();
    json!({ "fields": fields })
}

fn subject(id: ContactId) -> String {
    format!("contact:{id}")
}
