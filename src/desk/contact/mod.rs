//! People on the far side, and by what they are known.

mod edit;
mod list;

use std::collections::HashMap;

use entity::{ContactId, TenantScoped as _, contact};
use sea_orm::{ColumnTrait as _, ConnectionTrait, QueryFilter as _};
use serde::{Deserialize, Serialize};

use super::{Desk, Result};

pub use edit::ContactEdit;
pub use list::{ContactDetails, Contacts, MergedContact};

/// A contact, as events and lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its identifier.
    pub id: ContactId,
    /// What they are called: by an agent, or by themselves.
    pub name: Option<String>,
    /// The number in the form the provider last used; another identifier where there is none.
    pub phone_number: String,
    /// Where else they are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether what they write alerts nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_blocked: bool,
}

impl From<&contact::Model> for Contact {
    fn from(row: &contact::Model) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            phone_number: row.phone_number.clone(),
            email: row.email.clone(),
            is_blocked: row.blocked_at.is_some(),
        }
    }
}

/// Contacts by their identifiers, each as the person that they turned out to be.
pub(super) struct Merged(HashMap<ContactId, contact::Model>);

impl Merged {
    /// The person behind an identifier.
    pub(super) fn get(&self, id: ContactId) -> Option<Contact> {
        self.row(id).map(Contact::from)
    }

    /// The number of a contact as they were first known: their thread goes on there, whoever they
    /// turned out to be.
    pub(super) fn number(&self, id: ContactId) -> Option<&str> {
        self.0.get(&id).map(|row| row.phone_number.as_str())
    }

    /// As `get`, the whole row.
    pub(super) fn row(&self, id: ContactId) -> Option<&contact::Model> {
        let mut row = self.0.get(&id)?;
        // A contact is never merged into one that is merged into it.
        while let Some(into) = row.merged_into {
            row = self.0.get(&into)?;
        }
        Some(row)
    }
}

impl Desk {
    /// Reads contacts, and those whom they turned out to be.
    pub(super) async fn contacts(
        &self,
        reader: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = ContactId>,
    ) -> Result<Merged> {
        let mut known = HashMap::new();
        let mut wanted: Vec<_> = ids.into_iter().collect();
        while !wanted.is_empty() {
            let rows = contact::Entity::of_tenant(&self.tenant)
                .filter(contact::Column::Id.is_in(wanted))
                .all(reader)
                .await?;
            known.extend(rows.into_iter().map(|row| (row.id, row)));
            let into = known.values().filter_map(|row: &contact::Model| row.merged_into);
            wanted = into.filter(|id| !known.contains_key(id)).collect();
        }
        Ok(Merged(known))
    }
}

/// Returns the one form under which a phone number or user id is compared.
///
/// Brazil put a ninth digit before its mobile numbers, and WhatsApp still names many people by the
/// number of before: `5569 99267344` and `5569 9 99267344` are the same person. Numbers that began
/// with 6 to 9 became mobile numbers; 2 to 5 are landlines and stay as they are.
/// <https://www.anatel.gov.br/legislacao/resolucoes/2010/15-resolucao-553>
pub fn same_number(address: &str) -> String {
    let address = address.trim().trim_start_matches('+');
    let digits = address.as_bytes();
    let is_brazilian_mobile = digits.len() == 13
        && digits.iter().all(u8::is_ascii_digit)
        && address.starts_with("55")
        && digits[4] == b'9'
        && (b'6'..=b'9').contains(&digits[5]);
    if is_brazilian_mobile {
        format!("{}{}", &address[..4], &address[5..])
    } else {
        address.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::same_number;

    #[test]
    fn brazils_ninth_digit_does_not_make_another_person() {
        assert_eq!(same_number("5569999267344"), same_number("556999267344"));
        assert_eq!(same_number("+5511988888888"), "551188888888");
    }

    #[test]
    fn landlines_and_other_countries_stay_as_they_are() {
        for number in
            ["551133334444", "5511933334444", "491510000000", "PHONE_NUMBER", "55119é888888"]
        {
            assert_eq!(same_number(number), number);
        }
    }
}
