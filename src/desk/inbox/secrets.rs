//! What is needed to speak for an inbox, and to believe who speaks to it.

use std::fmt;

use entity::{Time, inbox};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::message::json as text;
use super::super::naming::name;
use super::super::secrets::Keys;
use super::super::{Error, Result};
use super::{InboxEdit, LONGEST};

/// What is needed to speak for an inbox, and to believe who speaks to it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InboxSecrets {
    /// By which messages are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) access_token: Option<String>,
    /// By which webhooks are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) app_secret: Option<String>,
    /// What Meta's verification request knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verify_token: Option<String>,
    /// By which the site of a chat vouches for its users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) identity_secret: Option<String>,
}

impl fmt::Debug for InboxSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InboxSecrets")
    }
}

impl Keys {
    /// Opens the secrets of an inbox.
    pub(super) fn secrets(&self, row: &inbox::Model) -> Result<InboxSecrets> {
        let Some(sealed) = &row.secrets else { return Ok(InboxSecrets::default()) };
        let opened = self.open(sealed, &owner(row));
        let secrets = opened.and_then(|opened| serde_json::from_str(&opened).ok());
        secrets.ok_or(Error::Sealed(row.id))
    }

    /// Opens the secrets of an inbox for something that goes on without them.
    pub(super) fn readable(&self, row: &inbox::Model) -> Option<InboxSecrets> {
        let secrets = self.secrets(row);
        if let Err(error) = &secrets {
            tracing::error!(tenant.id = %row.tenant_id, %error, "an inbox cannot be spoken for");
        }
        secrets.ok()
    }

    pub(super) fn sealed(&self, row: &inbox::Model, secrets: &InboxSecrets) -> Option<String> {
        let holds_any = *secrets != InboxSecrets::default();
        holds_any.then(|| self.seal(&text(secrets), &owner(row)))
    }

    /// Makes an edit; returns the row and the secrets in it.
    pub(super) fn apply(
        &self,
        row: inbox::Model,
        edit: &InboxEdit,
    ) -> Result<(inbox::Model, InboxSecrets)> {
        let mut row = row;
        // Whoever has lost the key sets all secrets anew.
        let mut secrets =
            if edit.is_complete() { Ok(InboxSecrets::default()) } else { self.secrets(&row) }?;
        for (secret, told) in [
            (&mut secrets.access_token, &edit.access_token),
            (&mut secrets.app_secret, &edit.app_secret),
            (&mut secrets.verify_token, &edit.verify_token),
            (&mut secrets.identity_secret, &edit.identity_secret),
        ] {
            if let Some(told) = told {
                let told = told.as_ref().map(|told| told.expose_secret().trim().to_owned());
                *secret = told.filter(|told| !told.is_empty());
            }
        }
        if edit.touches_secrets() {
            row.secrets = self.sealed(&row, &secrets);
        }
        if let Some(settings) = &edit.settings {
            row.settings.clone_from(settings);
        }
        if let Some(address) = &edit.address {
            row.address.clone_from(address);
        }
        // One that stays is not judged again: an inbox can be mended whatever it is called.
        if edit.name.is_some() || row.name.is_empty() {
            row.name = name("the name", edit.name.as_deref().unwrap_or_default(), LONGEST)?;
        }
        if let Some(is_disabled) = edit.is_disabled {
            row.disabled_at = is_disabled.then(|| row.disabled_at.unwrap_or_else(Time::now));
        }
        Ok((row, secrets))
    }
}

impl InboxEdit {
    fn secrets(&self) -> [(&'static str, &Option<Option<SecretString>>); 4] {
        [
            ("accessToken", &self.access_token),
            ("appSecret", &self.app_secret),
            ("verifyToken", &self.verify_token),
            ("identitySecret", &self.identity_secret),
        ]
    }

    fn touches_secrets(&self) -> bool {
        self.secrets().iter().any(|(_, secret)| secret.is_some())
    }

    fn is_complete(&self) -> bool {
        let [whatsapp @ .., (_, of_chat)] = self.secrets();
        of_chat.is_some() || whatsapp.iter().all(|(_, secret)| secret.is_some())
    }

    /// What of an edit the audit log tells: of secrets, only which.
    pub(super) fn told(&self) -> serde_json::Value {
        let told = self.secrets().into_iter().filter(|(_, secret)| secret.is_some());
        let secrets: Vec<_> = told.map(|(name, _)| name).collect();
        json!({ "name": self.name, "disabled": self.is_disabled, "secrets": secrets })
    }
}

/// Whose secrets they are: what is copied to another row cannot be opened there.
fn owner(row: &inbox::Model) -> String {
    format!("inbox:{}:{}", row.tenant_id, row.id)
}
