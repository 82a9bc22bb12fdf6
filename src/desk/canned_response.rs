//! Answers that are given often.

use entity::{CannedResponseId, TenantScoped as _, Time, canned_response};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::json;

use super::naming::check_text;
use super::tenant::is_taken;
use super::{Actor, Change, Desk, Error, Result};

/// The most answers that a tenant keeps.
const MOST: usize = 1_000;

/// The longest shortcut, in bytes, and the longest answer, in characters: as much as WhatsApp takes.
const LONGEST_SHORTCUT: usize = 40;
const LONGEST_CONTENT: usize = 4_096;

/// An answer that agents call up by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannedResponse {
    /// Its identifier.
    pub id: CannedResponseId,
    /// What agents type after `/`; unique to the tenant.
    pub shortcut: String,
    /// What it says.
    pub content: String,
}

impl From<canned_response::Model> for CannedResponse {
    fn from(row: canned_response::Model) -> Self {
        Self { id: row.id, shortcut: row.shortcut, content: row.content }
    }
}

impl Desk {
    /// Returns all of them, by shortcut.
    pub async fn canned_responses(&self) -> Result<Vec<CannedResponse>> {
        let rows = canned_response::Entity::of_tenant(&self.tenant)
            .order_by_asc(canned_response::Column::Shortcut)
            .all(&self.desks.db.reader)
            .await?;
        Ok(rows.into_iter().map(CannedResponse::from).collect())
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`Error::Exists`] when the shortcut is taken.
    pub async fn add_canned_response(
        &self,
        shortcut: &str,
        content: &str,
        by: &Actor,
    ) -> Result<CannedResponse> {
        let (shortcut, content) = (word(shortcut)?, said(content)?);
        if self.canned_responses().await?.len() >= MOST {
            return Err(Error::Invalid(format!("there are {MOST} canned responses at most")));
        }
        let change = self.change().await?;
        let row = canned_response::Model {
            id: CannedResponseId::generate(),
            tenant_id: self.tenant.clone(),
            shortcut,
            content,
            created_at: Time::now(),
        };
        let added = CannedResponse::from(row.clone());
        canned_response::Entity::insert(row.into_active_model())
            .exec_without_returning(&change.txn)
            .await
            .map_err(|error| taken(error, &added.shortcut))?;
        let details = json!({ "shortcut": added.shortcut });
        change.note(by, "canned_response.added", &subject(added.id), details).await?;
        change.commit_unseen().await?;
        Ok(added)
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`Error::Exists`] when the shortcut is taken.
    pub async fn change_canned_response(
        &self,
        id: CannedResponseId,
        shortcut: Option<&str>,
        content: Option<&str>,
        by: &Actor,
    ) -> Result<CannedResponse> {
        let (shortcut, content) = (shortcut.map(word).transpose()?, content.map(said).transpose()?);
        let change = self.change().await?;
        let mut row = change.canned_response(id).await?;
        row.shortcut = shortcut.unwrap_or(row.shortcut);
        row.content = content.unwrap_or(row.content);
        let changed = CannedResponse::from(row.clone());
        canned_response::Entity::update(row.into_active_model().reset_all())
            .exec(&change.txn)
            .await
            .map_err(|error| taken(error, &changed.shortcut))?;
        let details = json!({ "shortcut": changed.shortcut });
        change.note(by, "canned_response.changed", &subject(id), details).await?;
        change.commit_unseen().await?;
        Ok(changed)
    }

    /// Removes one.
    pub async fn remove_canned_response(&self, id: CannedResponseId, by: &Actor) -> Result<()> {
        let change = self.change().await?;
        let row = change.canned_response(id).await?;
        let details = json!({ "shortcut": row.shortcut });
        canned_response::Entity::delete_many()
            .filter(canned_response::Column::TenantId.eq(self.tenant.clone()))
            .filter(canned_response::Column::Id.eq(id))
            .exec(&change.txn)
            .await?;
        change.note(by, "canned_response.removed", &subject(id), details).await?;
        change.commit_unseen().await?;
        Ok(())
    }
}

impl Change {
    async fn canned_response(&self, id: CannedResponseId) -> Result<canned_response::Model> {
        canned_response::Entity::of_tenant(&self.desk.tenant)
            .filter(canned_response::Column::Id.eq(id))
            .lock_exclusive()
            .one(&self.txn)
            .await?
            .ok_or(Error::NoCannedResponse(id))
    }
}

fn taken(error: sea_orm::DbErr, shortcut: &str) -> Error {
    if is_taken(&error) { Error::Exists(format!("/{shortcut}")) } else { error.into() }
}

fn word(told: &str) -> Result<String> {
    let told = told.trim().trim_start_matches('/').to_lowercase();
    let is_word = !told.is_empty() && !told.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_word && told.len() <= LONGEST_SHORTCUT {
        return Ok(told);
    }
    let why = format!("a shortcut is one word of at most {LONGEST_SHORTCUT} bytes");
    Err(Error::Invalid(why))
}

fn said(told: &str) -> Result<String> {
    let length = told.chars().count();
    if told.trim().is_empty() || length > LONGEST_CONTENT {
        let why =
            format!("a canned response says something, in at most {LONGEST_CONTENT} characters");
        return Err(Error::Invalid(why));
    }
    check_text("a canned response", told, LONGEST_CONTENT)?;
    Ok(told.to_owned())
}

fn subject(id: CannedResponseId) -> String {
    format!("canned_response:{id}")
}
