//! Tokens by which programs act for people.

use entity::{ApiTokenId, TenantId, TenantScoped as _, Time, UserId, api_token};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _,
};
use serde_json::json;

use super::message::json as text;
use super::naming::name;
use super::{Actor, Desk, Desks, Error, Event, Result};

/// The most tokens that a person has at a time.
const MOST_TOKENS: usize = 50;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// A program's token, without the token itself, which nobody knows but the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its identifier.
    pub id: ApiTokenId,
    /// Whose it is.
    pub tenant: TenantId,
    /// For whom it acts.
    pub user: UserId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Time,
    /// Until when it can be used.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
}

/// A token to be.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: String,
    /// Until when it can be used.
    pub expires_at: Option<Time>,
}

impl From<api_token::Model> for ApiToken {
    fn from(row: api_token::Model) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id,
            user: row.user_id,
            name: row.name,
            scopes: serde_json::from_str(&row.scopes).unwrap_or_default(),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

impl Desk {
    /// Adds a token that acts for the person who asks.
    pub async fn add_token(&self, new: NewApiToken, by: &Actor) -> Result<ApiToken> {
        let name = name("the name", &new.name, LONGEST_NAME)?;
        let change = self.change().await?;
        change.user(&by.user).await?;
        if self.tokens_in(&by.user, &change.txn).await?.len() >= MOST_TOKENS {
            return Err(Error::Invalid(format!("a person has {MOST_TOKENS} tokens at most")));
        }
        let row = api_token::Model {
            id: ApiTokenId::generate(),
            tenant_id: self.tenant.clone(),
            user_id: by.user.clone(),
            name,
            token_hash: new.token_hash,
            scopes: text(&new.scopes),
            created_at: Time::now(),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let added = ApiToken::from(row.clone());
        api_token::Entity::insert(row.into_active_model())
            .exec_without_returning(&change.txn)
            .await?;
        let details = json!({ "name": added.name, "scopes": added.scopes });
        change.note(by, "token.added", &subject(added.id), details).await?;
        change.commit_unseen().await?;
        Ok(added)
    }

    /// Returns the tokens of a person that have not been taken back, the oldest first.
    pub async fn tokens_of(&self, user: &UserId) -> Result<Vec<ApiToken>> {
        self.tokens_in(user, &self.desks.db.reader).await
    }

    async fn tokens_in(
        &self,
        user: &UserId,
        reader: &impl ConnectionTrait,
    ) -> Result<Vec<ApiToken>> {
        let rows = api_token::Entity::of_tenant(&self.tenant)
            .filter(api_token::Column::UserId.eq(user.clone()))
            .filter(api_token::Column::RevokedAt.is_null())
            .order_by_asc(api_token::Column::Id)
            .all(reader)
            .await?;
        Ok(rows.into_iter().map(ApiToken::from).collect())
    }

    /// Takes a token of one's own back.
    pub async fn revoke_token(&self, id: ApiTokenId, by: &Actor) -> Result<()> {
        let change = self.change().await?;
        let revoked = api_token::Entity::update_many()
            .col_expr(api_token::Column::RevokedAt, Expr::value(Time::now()))
            .filter(api_token::Column::TenantId.eq(self.tenant.clone()))
            .filter(api_token::Column::UserId.eq(by.user.clone()))
            .filter(api_token::Column::RevokedAt.is_null())
            .filter(api_token::Column::Id.eq(id))
            .exec(&change.txn)
            .await?;
        if revoked.rows_affected == 0 {
            return Err(Error::NoToken(id));
        }
        change.note(by, "token.revoked", &subject(id), json!({})).await?;
        change.commit(Event::AccessChanged { user_id: by.user.clone() }, []).await
    }
}

impl Desks {
    /// Finds the token with this hash, if it can be used, and notes that it is.
    pub async fn use_token(&self, token_hash: &str) -> Result<Option<ApiToken>> {
        #[expect(clippy::disallowed_methods, reason = "the token tells the tenant")]
        let tokens = api_token::Entity::find();
        let now = Time::now();
        let row = tokens
            .filter(api_token::Column::TokenHash.eq(token_hash))
            .filter(api_token::Column::RevokedAt.is_null())
            .filter(
                Condition::any()
                    .add(api_token::Column::ExpiresAt.is_null())
                    .add(api_token::Column::ExpiresAt.gt(now)),
            )
            .one(&self.db.reader)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let minute = Time(now.0 - now.0.rem_euclid(60_000_000));
        if row.last_used_at < Some(minute) {
            let used = api_token::Entity::update_many()
                .col_expr(api_token::Column::LastUsedAt, Expr::value(minute))
                .filter(api_token::Column::Id.eq(row.id));
            // Nobody is kept out because this cannot be written.
            if let Err(error) = used.exec(&self.db.writer).await {
                tracing::warn!(%error, "the use of a token cannot be noted");
            }
        }
        Ok(Some(row.into()))
    }
}

fn subject(id: ApiTokenId) -> String {
    format!("token:{id}")
}
