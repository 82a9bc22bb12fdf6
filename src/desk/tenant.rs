//! Tenants, and what each starts with.

use entity::inbox::Channel;
use entity::{InboxId, StageId, TenantId, TenantScoped as _, Time, inbox, stage, tenant};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, SqlErr, TryInsertResult,
};
use serde_json::json;

use super::audit::note;
use super::naming::name;
use super::user::insert;
use super::{Actor, Desk, Desks, Error, InboxName, NewUser, Result};

/// The longest name, in characters, and the longest identifier that the API gives.
const LONGEST_NAME: usize = 100;
const LONGEST_ID: usize = 64;

/// The tenant that `--demo` makes, and that takes in unknown phone numbers on a development server.
pub const DEMO: &str = "demo";

/// The columns every board starts with.
const STAGES: [(&str, &str); 4] = [
    ("Novo", "#0a72c4"),
    ("Em atendimento", "#0b7a43"),
    ("Aguardando cliente", "#b06a00"),
    ("Resolvido", "#667984"),
];

impl Desks {
    /// Adds a tenant with the first stages of its board, unless it exists; returns its desk.
    pub async fn ensure_tenant(&self, id: &TenantId, name: &str) -> Result<Desk> {
        self.insert_tenant(id, name, None, None).await?;
        Ok(self.of(id.clone()))
    }

    /// Adds a tenant with the first stages of its board and, if told, its first admin, or neither;
    /// returns its desk.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is one, or somebody signs in by that address already.
    pub async fn add_tenant(
        &self,
        id: &str,
        told: &str,
        admin: Option<NewUser>,
        by: &Actor,
    ) -> Result<Desk> {
        let told = name("the name", told, LONGEST_NAME)?;
        let admin = admin.map(NewUser::named).transpose()?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(is_plain) {
            let why = format!("an id is 1 to {LONGEST_ID} of a-z, A-Z, 0-9, - _ and .");
            return Err(Error::Invalid(why));
        }
        let id = TenantId::from(id);
        let is_new = self.insert_tenant(&id, &told, admin.as_ref(), Some(by)).await?;
        if is_new { Ok(self.of(id)) } else { Err(Error::Exists(format!("tenant {id}"))) }
    }

    /// Adds a tenant and its first admin unless it exists; answers whether it is new.
    async fn insert_tenant(
        &self,
        id: &TenantId,
        name: &str,
        admin: Option<&NewUser>,
        by: Option<&Actor>,
    ) -> Result<bool> {
        let txn = self.db.begin().await?;
        let now = Time::now();
        let row = tenant::Model {
            id: id.clone(),
            name: name.to_owned(),
            last_seq: 0,
            last_event_at: now,
            created_at: now,
        };
        let inserted = tenant::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing_on([tenant::Column::Id])
            .exec_without_returning(&txn)
            .await?;
        let is_new = matches!(inserted, TryInsertResult::Inserted(1));
        if is_new {
            let stages = STAGES.into_iter().zip(0..).map(|((name, color), position)| {
                let (name, color) = (name.to_owned(), color.to_owned());
                let (id, tenant_id) = (StageId::generate(), id.clone());
                stage::Model { id, tenant_id, name, color, position, created_at: Time::now() }
                    .into_active_model()
            });
            stage::Entity::insert_many(stages).exec_without_returning(&txn).await?;
            let subject = format!("tenant:{id}");
            note(&txn, id, by, "tenant.added", &subject, json!({ "name": name })).await?;
            if let Some(admin) = admin {
                insert(&txn, id, admin, by).await?;
            }
        }
        txn.commit().await?;
        Ok(is_new)
    }

    /// Returns all tenants, with their names.
    pub async fn tenants(&self) -> Result<Vec<(TenantId, String)>> {
        #[expect(clippy::disallowed_methods, reason = "the operator's list of all tenants")]
        let rows =
            tenant::Entity::find().order_by_asc(tenant::Column::Id).all(&self.db.reader).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }
}

impl Desk {
    /// Calls the tenant otherwise.
    pub async fn rename(&self, told: &str, by: &Actor) -> Result<()> {
        let told = name("the name", told, LONGEST_NAME)?;
        let txn = self.desks.db.begin().await?;
        let renamed = tenant::Entity::update_many()
            .col_expr(tenant::Column::Name, Expr::value(&*told))
            .filter(tenant::Column::Id.eq(self.tenant.clone()))
            .exec(&txn)
            .await?;
        if renamed.rows_affected == 0 {
            return Err(self.missing());
        }
        let (subject, details) = (format!("tenant:{}", self.tenant), json!({ "name": told }));
        note(&txn, &self.tenant, Some(by), "tenant.renamed", &subject, details).await?;
        txn.commit().await?;
        Ok(())
    }

    /// What people call the tenant.
    pub async fn name(&self) -> Result<String> {
        Ok(self.row().await?.ok_or_else(|| self.missing())?.name)
    }

    /// Adds an inbox, unless this tenant has it already.
    ///
    /// # Errors
    /// [`Error::Exists`] when the address is another tenant's.
    pub async fn ensure_inbox(
        &self,
        channel: Channel,
        address: &str,
        name: &str,
    ) -> Result<InboxName> {
        self.row().await?.ok_or_else(|| self.missing())?;
        if let Some(known) = self.inbox_at(channel, address).await? {
            return Ok(known);
        }
        let row = inbox::Model {
            id: InboxId::generate(),
            tenant_id: self.tenant.clone(),
            channel,
            name: name.to_owned(),
            address: address.to_owned(),
            created_at: Time::now(),
            secrets: None,
            settings: "{}".to_owned(),
            disabled_at: None,
            held_until: None,
            hold_error: None,
            reconciled_at: None,
        };
        let shown = InboxName::from(&row);
        let inserted = inbox::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.desks.db.writer)
            .await;
        match inserted {
            Ok(_) => Ok(shown),
            Err(error) if is_taken(&error) => match self.inbox_at(channel, address).await? {
                Some(known) => Ok(known),
                None => Err(Error::Exists(format!("inbox {address}"))),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the tenant's inboxes with their addresses.
    pub async fn inboxes(&self) -> Result<Vec<(InboxName, String)>> {
        let rows = inbox::Entity::of_tenant(&self.tenant)
            .order_by_asc(inbox::Column::Id)
            .all(&self.desks.db.reader)
            .await?;
        Ok(rows.into_iter().map(|row| (InboxName::from(&row), row.address)).collect())
    }

    pub(super) async fn row(&self) -> Result<Option<tenant::Model>> {
        Ok(row(&self.desks.db.reader, &self.tenant).await?)
    }

    async fn inbox_at(&self, channel: Channel, address: &str) -> Result<Option<InboxName>> {
        let row = inbox::Entity::of_tenant(&self.tenant)
            .filter(inbox::Column::Channel.eq(channel))
            .filter(inbox::Column::Address.eq(address))
            .one(&self.desks.db.reader)
            .await?;
        Ok(row.as_ref().map(InboxName::from))
    }
}

/// Returns the tenant's own row.
pub(super) async fn row(
    reader: &impl ConnectionTrait,
    id: &TenantId,
) -> Result<Option<tenant::Model>, DbErr> {
    #[expect(clippy::disallowed_methods, reason = "the tenant's own row")]
    let tenant = tenant::Entity::find_by_id(id.clone());
    tenant.one(reader).await
}

/// Returns the number of the newest event in each of these tenants' logs.
pub(super) async fn heads(
    reader: &impl ConnectionTrait,
    of: Vec<TenantId>,
) -> Result<Vec<(TenantId, i64)>> {
    #[expect(clippy::disallowed_methods, reason = "the heads of all logs, for this node itself")]
    let heads = tenant::Entity::find()
        .select_only()
        .columns([tenant::Column::Id, tenant::Column::LastSeq])
        .filter(tenant::Column::Id.is_in(of));
    Ok(heads.into_tuple().all(reader).await?)
}

/// Whether `error` says that something unique is taken.
pub(super) fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
