//! Who did what.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Limit, Query};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, AuditId, Role, UserId};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A stretch of the audit log.
#[derive(Deserialize, IntoParams)]
pub(super) struct Stretch {
    /// The line before which to read; the newest ones if not given.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<AuditId>,
    /// How many at most; 200 are the most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
}

/// A line of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLine)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    #[schema(value_type = uuid::Uuid)]
    id: AuditId,
    /// Who did it; null for the operator's command line, and for whom nobody knows.
    #[schema(value_type = Option<String>)]
    actor_id: Option<UserId>,
    /// What was done, a word such as `user.added`.
    action: String,
    /// To what, as `kind:id`.
    subject: String,
    details: Map<String, Value>,
    /// From where.
    address: Option<String>,
    happened_at: String,
}

/// Some lines, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLines)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lines {
    lines: Vec<Line>,
    has_more: bool,
}

/// The audit log, newest first. For admins.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Stretch),
    responses((status = 200, body = Lines), ApiError))]
pub(super) async fn list(
    caller: Caller,
    Query(Stretch { before, limit }): Query<Stretch>,
) -> Result<Json<Lines>, ApiError> {
    caller.require(Role::Admin)?;
    let Limit(limit) = limit;
    let mut lines = caller.desk.audit(before, limit + 1).await?;
    let has_more = lines.len() as u64 > limit;
    lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Json(Lines { lines: lines.into_iter().map(Line::from).collect(), has_more }))
}

impl From<desk::Audit> for Line {
    fn from(line: desk::Audit) -> Self {
        Self {
            id: line.id,
            actor_id: line.actor,
            action: line.action,
            subject: line.subject,
            details: line.details,
            address: line.address,
            happened_at: line.happened_at.to_string(),
        }
    }
}
