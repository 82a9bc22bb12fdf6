//! Changing who may do what.

use entity::user::Role;
use entity::{InboxId, SessionId, TenantScoped as _, Time, UserId, inbox, inbox_member, user};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::{Map, Value, json};

use super::super::naming::name;
use super::super::{Actor, Change, Desk, Error, Event, Result, User};
use super::{LONGEST_NAME, rank};

/// What is to be another about a person; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct UserEdit {
    /// What colleagues see.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// The inboxes they are restricted to; nothing in it for no restriction.
    pub only: Option<Option<Vec<InboxId>>>,
    /// Whether they may not sign in any more.
    pub is_disabled: Option<bool>,
}

impl Desk {
    /// Changes a person on behalf of somebody whose role is `role`, and whoever is connected as that
    /// person is served accordingly.
    ///
    /// # Errors
    /// [`Error::Above`] if the person's role, now or then, is above `role`; [`Error::LastAdmin`] if
    /// nobody would be left who can undo it.
    pub async fn change_user(
        &self,
        id: &UserId,
        edit: UserEdit,
        by: &Actor,
        role: Role,
    ) -> Result<User> {
        let change = self.change().await?;
        let (before, admins) = change.among_admins(id).await?;
        let mut after = before.clone();
        after.role = edit.role.unwrap_or(before.role);
        if rank(before.role).max(rank(after.role)) > rank(role) {
            return Err(Error::Above);
        }
        if let Some(told) = &edit.name {
            after.name = name("the name", told, LONGEST_NAME)?;
        }
        if let Some(is_disabled) = edit.is_disabled {
            after.disabled_at = is_disabled.then(|| before.disabled_at.unwrap_or_else(Time::now));
        }
        if let Some(only) = &edit.only {
            after.restricted = only.is_some();
            change.dismiss(id).await?;
            change.admit(id, only.as_deref().unwrap_or_default()).await?;
        }
        let can_govern = after.disabled_at.is_none() && rank(after.role) >= rank(Role::Admin);
        if !can_govern && admins.as_slice() == [id.clone()] {
            return Err(Error::LastAdmin);
        }
        if after.disabled_at.is_some() {
            change.end_sessions(id, None).await?;
            change.end_all_subscriptions(id).await?;
        }
        user::Entity::update(after.into_active_model().reset_all()).exec(&change.txn).await?;
        let (user, _) = self.person_in(id, &change.txn).await?;
        change.note(by, "user.changed", &subject(id), told(&edit)).await?;
        change.commit(Event::AccessChanged { user_id: id.clone() }, []).await?;
        user.ok_or_else(|| Error::NoUser(id.clone()))
    }

    /// Gives a person another password, which ends all sessions of theirs but the one in which they
    /// did it themselves.
    pub async fn set_password(
        &self,
        id: &UserId,
        password_hash: String,
        by: Option<&Actor>,
        role: Role,
        session: Option<SessionId>,
    ) -> Result<()> {
        let change = self.change().await?;
        let row = change.user(id).await?;
        if rank(row.role) > rank(role) {
            return Err(Error::Above);
        }
        let row = user::Model { password_hash, ..row };
        user::Entity::update(row.into_active_model().reset_all()).exec(&change.txn).await?;
        change.end_sessions(id, session).await?;
        let word = "user.password_changed";
        super::note(&change.txn, &self.tenant, by, word, &subject(id), json!({})).await?;
        change.commit(Event::AccessChanged { user_id: id.clone() }, []).await
    }
}

impl Change {
    /// Returns a person's row, locked until the commit.
    pub(in super::super) async fn user(&self, id: &UserId) -> Result<user::Model> {
        let row =
            user::Entity::of_tenant(&self.desk.tenant).filter(user::Column::Id.eq(id.clone()));
        let row = row.lock_exclusive().one(&self.txn).await?;
        row.ok_or_else(|| Error::NoUser(id.clone()))
    }

    /// Returns a person's row and who can govern the tenant, all locked until the commit: of two
    /// admins who demote each other, the second finds that they are the last.
    async fn among_admins(&self, id: &UserId) -> Result<(user::Model, Vec<UserId>)> {
        let governs = user::Column::Role.is_in([Role::Admin, Role::Operator]);
        let rows = user::Entity::of_tenant(&self.desk.tenant)
            .filter(Condition::any().add(user::Column::Id.eq(id.clone())).add(governs))
            .order_by_asc(user::Column::Id)
            .lock_exclusive()
            .all(&self.txn)
            .await?;
        let admins = rows.iter().filter(|row| row.disabled_at.is_none() && row.role != Role::Agent);
        let admins = admins.map(|row| row.id.clone()).collect();
        let row = rows.into_iter().find(|row| row.id == *id);
        Ok((row.ok_or_else(|| Error::NoUser(id.clone()))?, admins))
    }

    /// Makes a person a member of inboxes of the tenant's.
    pub(super) async fn admit(&self, user: &UserId, inboxes: &[InboxId]) -> Result<()> {
        let tenant_id = self.desk.tenant.clone();
        for inbox_id in inboxes {
            let known = inbox::Entity::of_tenant(&tenant_id)
                .filter(inbox::Column::Id.eq(*inbox_id))
                .count(&self.txn)
                .await?;
            if known == 0 {
                return Err(Error::NoInbox(inbox_id.to_string()));
            }
            let (inbox_id, user_id) = (*inbox_id, user.clone());
            let row = inbox_member::Model { inbox_id, user_id, tenant_id: tenant_id.clone() };
            let key = [inbox_member::Column::InboxId, inbox_member::Column::UserId];
            inbox_member::Entity::insert(row.into_active_model())
                .on_conflict_do_nothing_on(key)
                .exec_without_returning(&self.txn)
                .await?;
        }
        Ok(())
    }

    async fn dismiss(&self, user: &UserId) -> Result<()> {
        inbox_member::Entity::delete_many()
            .filter(inbox_member::Column::TenantId.eq(self.desk.tenant.clone()))
            .filter(inbox_member::Column::UserId.eq(user.clone()))
            .exec(&self.txn)
            .await?;
        Ok(())
    }
}

/// What of an edit the audit log tells.
fn told(edit: &UserEdit) -> Value {
    let mut told = Map::new();
    let mut tell = |key: &str, value: Option<Value>| {
        told.extend(value.map(|value| (key.to_owned(), value)));
    };
    tell("name", edit.name.as_ref().map(|name| json!(name)));
    tell("role", edit.role.map(|role| json!(role)));
    tell("inboxes", edit.only.as_ref().map(|only| json!(only)));
    tell("disabled", edit.is_disabled.map(|is_disabled| json!(is_disabled)));
    Value::Object(told)
}

fn subject(id: &UserId) -> String {
    format!("user:{id}")
}
