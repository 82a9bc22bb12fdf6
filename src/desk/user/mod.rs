//! People who sign in, and what they may see.

mod edit;
mod seen;

use std::collections::HashMap;

use entity::user::Role;
use entity::{InboxId, TenantId, TenantScoped as _, Time, UserId, inbox_member, user};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _,
};
use serde_json::json;

use super::audit::note;
use super::naming::name;
use super::tenant::is_taken;
use super::{Actor, Change, Desk, Desks, Error, Result, Sees};

pub use edit::UserEdit;

/// The longest name of a person, in characters.
const LONGEST_NAME: usize = 100;

/// The longest address: <https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3>
const LONGEST_EMAIL: usize = 254;

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The `sub` of the person's tokens.
    pub id: UserId,
    /// Whose they are.
    pub tenant: TenantId,
    /// Lower case, unique in the installation.
    pub email: String,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id, in the PHC string form.
    pub password_hash: String,
    /// The inboxes they are restricted to; nothing for no restriction.
    pub only: Option<Vec<InboxId>>,
    /// When they were added.
    pub created_at: Time,
    /// Since when they may not sign in any more.
    pub disabled_at: Option<Time>,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// How they sign in.
    pub email: String,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id, in the PHC string form.
    pub password_hash: String,
    /// The inboxes they are restricted to; nothing for no restriction.
    pub only: Option<Vec<InboxId>>,
}

impl NewUser {
    /// With a name that makes sense.
    pub(super) fn named(self) -> Result<Self> {
        Ok(Self { name: name("the name", &self.name, LONGEST_NAME)?, ..self })
    }
}

impl User {
    fn show(row: user::Model, inboxes: Vec<InboxId>) -> Self {
        let user::Model { id, tenant_id: tenant, email, name, role, password_hash, .. } = row;
        let only = row.restricted.then_some(inboxes);
        let user::Model { created_at, disabled_at, .. } = row;
        Self { id, tenant, email, name, role, password_hash, only, created_at, disabled_at }
    }
}

/// How much a role allows: a greater one all that a lesser one does.
pub fn rank(role: Role) -> u8 {
    match role {
        Role::Agent => 0,
        Role::Admin => 1,
        Role::Operator => 2,
    }
}

impl Desks {
    /// Finds who signs in by an email address, in whatever case it is written.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        #[expect(clippy::disallowed_methods, reason = "the address tells the tenant")]
        let users = user::Entity::find();
        let row = users
            .filter(user::Column::Email.eq(email.trim().to_lowercase()))
            .one(&self.db.reader)
            .await?;
        match row {
            Some(row) => self.of(row.tenant_id.clone()).shown(row, &self.db.reader).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Desk {
    /// Adds a person; nobody is named who does it, as on the command line.
    ///
    /// # Errors
    /// [`Error::Exists`] when somebody signs in by that address already.
    pub async fn add_user(&self, new: NewUser) -> Result<User> {
        self.insert_user(new, None).await
    }

    /// Adds a person on behalf of somebody whose role is `rank`, and who can add nobody above it.
    ///
    /// # Errors
    /// [`Error::Exists`] when somebody signs in by that address already.
    pub async fn take_on(&self, new: NewUser, by: &Actor, role: Role) -> Result<User> {
        if rank(new.role) > rank(role) {
            return Err(Error::Above);
        }
        self.insert_user(new.named()?, Some(by)).await
    }

    async fn insert_user(&self, new: NewUser, by: Option<&Actor>) -> Result<User> {
        self.row().await?.ok_or_else(|| self.missing())?;
        let change = self.change().await?;
        let row = insert(&change.txn, &self.tenant, &new, by).await?;
        let only = new.only.unwrap_or_default();
        change.admit(&row.id, &only).await?;
        change.commit_unseen().await?;
        Ok(User::show(row, only))
    }

    /// Returns the tenant's people, by address.
    pub async fn users(&self) -> Result<Vec<User>> {
        let rows = user::Entity::of_tenant(&self.tenant)
            .order_by_asc(user::Column::Email)
            .all(&self.desks.db.reader)
            .await?;
        let members =
            inbox_member::Entity::of_tenant(&self.tenant).all(&self.desks.db.reader).await?;
        let mut inboxes: HashMap<UserId, Vec<InboxId>> = HashMap::new();
        for member in members {
            inboxes.entry(member.user_id).or_default().push(member.inbox_id);
        }
        let shown = rows.into_iter().map(|row| {
            let only = inboxes.remove(&row.id).unwrap_or_default();
            User::show(row, only)
        });
        Ok(shown.collect())
    }

    /// Tells who a person is, if the tenant keeps them here rather than in a backend of its own, and
    /// what they may see: everything, unless this tenant has restricted them.
    pub async fn person(&self, id: &UserId) -> Result<(Option<User>, Sees)> {
        self.person_in(id, &self.desks.db.reader).await
    }

    /// As [`Desk::person`], within a transaction.
    pub(super) async fn person_in(
        &self,
        id: &UserId,
        reader: &impl ConnectionTrait,
    ) -> Result<(Option<User>, Sees)> {
        let everything = Sees { user: Some(id.clone()), inboxes: None };
        let user = user::Entity::of_tenant(&self.tenant).filter(user::Column::Id.eq(id.clone()));
        let Some(row) = user.one(reader).await? else {
            return Ok((None, everything));
        };
        let user = self.shown(row, reader).await?;
        let inboxes = user.only.as_ref().map(|inboxes| inboxes.iter().copied().collect());
        Ok((Some(user), Sees { inboxes, ..everything }))
    }

    async fn shown(&self, row: user::Model, reader: &impl ConnectionTrait) -> Result<User> {
        if !row.restricted {
            return Ok(User::show(row, Vec::new()));
        }
        let memberships = inbox_member::Entity::of_tenant(&self.tenant)
            .filter(inbox_member::Column::UserId.eq(row.id.clone()))
            .all(reader)
            .await?;
        Ok(User::show(row, memberships.into_iter().map(|it| it.inbox_id).collect()))
    }
}

impl Change {
    /// Makes sure that somebody works here, and sees an inbox.
    pub(super) async fn require_colleague(&self, id: &UserId, inbox: InboxId) -> Result<()> {
        match self.desk.person_in(id, &self.txn).await? {
            (Some(user), sees) if user.disabled_at.is_none() && sees.inbox(inbox) => Ok(()),
            _ => Err(Error::NoUser(id.clone())),
        }
    }
}

/// Adds a person's row, and notes that they were added.
///
/// # Errors
/// [`Error::Exists`] when somebody signs in by that address already.
pub(super) async fn insert(
    txn: &impl ConnectionTrait,
    tenant: &TenantId,
    new: &NewUser,
    by: Option<&Actor>,
) -> Result<user::Model> {
    let row = user::Model {
        id: UserId::generate(),
        tenant_id: tenant.clone(),
        email: address(&new.email)?,
        name: new.name.clone(),
        role: new.role,
        password_hash: new.password_hash.clone(),
        restricted: new.only.is_some(),
        created_at: Time::now(),
        disabled_at: None,
        last_seen_at: None,
    };
    let inserted = user::Entity::insert(row.clone().into_active_model());
    if let Err(error) = inserted.exec_without_returning(txn).await {
        let taken = is_taken(&error);
        return Err(if taken { Error::Exists(row.email) } else { error.into() });
    }
    let (subject, details) =
        (format!("user:{}", row.id), json!({ "email": row.email, "role": row.role }));
    note(txn, tenant, by, "user.added", &subject, details).await?;
    Ok(row)
}

/// Reads an email address: something, an @ and something, which is as much as can be told of one.
fn address(told: &str) -> Result<String> {
    let told = told.trim().to_lowercase();
    let halves = told.rsplit_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
    let is_plain = !told.contains(|c: char| c.is_whitespace() || c.is_control());
    if halves.is_none() || !is_plain || told.len() > LONGEST_EMAIL {
        return Err(Error::Invalid("this is no email address".to_owned()));
    }
    Ok(told)
}
