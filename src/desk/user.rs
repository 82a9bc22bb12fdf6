//! People who sign in, and what they may see.

use entity::user::Role;
use entity::{InboxId, TenantId, TenantScoped as _, Time, UserId, inbox_member, user};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
};

use super::tenant::is_taken;
use super::{Desk, Desks, Error, Result, Sees};

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

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        let user::Model { id, tenant_id: tenant, email, name, role, password_hash, .. } = row;
        Self { id, tenant, email, name, role, password_hash }
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
        Ok(row.map(User::from))
    }
}

impl Desk {
    /// Adds a person.
    ///
    /// # Errors
    /// [`Error::Exists`] when somebody signs in by that address already.
    pub async fn add_user(&self, new: NewUser) -> Result<User> {
        self.row().await?.ok_or_else(|| self.missing())?;
        let row = user::Model {
            id: UserId::generate(),
            tenant_id: self.tenant.clone(),
            email: new.email.trim().to_lowercase(),
            name: new.name,
            role: new.role,
            password_hash: new.password_hash,
            restricted: new.only.is_some(),
            created_at: Time::now(),
            disabled_at: None,
            last_seen_at: None,
        };
        let txn = self.desks.db.begin().await?;
        let inserted = user::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(&txn)
            .await;
        if let Err(error) = inserted {
            let taken = is_taken(&error);
            return Err(if taken { Error::Exists(row.email) } else { error.into() });
        }
        for inbox_id in new.only.into_iter().flatten() {
            let (user_id, tenant_id) = (row.id.clone(), self.tenant.clone());
            let member = inbox_member::Model { inbox_id, user_id, tenant_id };
            inbox_member::Entity::insert(member.into_active_model())
                .exec_without_returning(&txn)
                .await?;
        }
        txn.commit().await?;
        Ok(row.into())
    }

    /// Returns the tenant's people, by address.
    pub async fn users(&self) -> Result<Vec<User>> {
        let rows = user::Entity::of_tenant(&self.tenant)
            .order_by_asc(user::Column::Email)
            .all(&self.desks.db.reader)
            .await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// Tells who a person is, if the tenant keeps them here rather than in a backend of its own, and
    /// what they may see: everything, unless this tenant has restricted them.
    pub async fn person(&self, id: &UserId) -> Result<(Option<User>, Sees)> {
        let everything = Sees { user: Some(id.clone()), inboxes: None };
        let user = user::Entity::of_tenant(&self.tenant).filter(user::Column::Id.eq(id.clone()));
        let Some(row) = user.one(&self.desks.db.reader).await? else {
            return Ok((None, everything));
        };
        if !row.restricted {
            return Ok((Some(row.into()), everything));
        }
        let memberships = inbox_member::Entity::of_tenant(&self.tenant)
            .filter(inbox_member::Column::UserId.eq(id.clone()))
            .all(&self.desks.db.reader)
            .await?;
        let inboxes = memberships.into_iter().map(|it| it.inbox_id).collect();
        Ok((Some(row.into()), Sees { inboxes: Some(inboxes), ..everything }))
    }
}
