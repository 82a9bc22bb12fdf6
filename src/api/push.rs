//! Notices for people who have no tab open.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{Error, PushSubscriptionId, Reach};
use crate::push::Pusher;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(key)).routes(routes!(subscribe)).routes(routes!(end))
}

/// By what browsers know this installation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    /// The `applicationServerKey`: an uncompressed point of P-256, base64url.
    public_key: String,
}

/// A browser, as its `PushSubscription` writes itself down.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewSubscription {
    /// Where its push service takes messages: by https, at a public address.
    #[schema(min_length = 1, max_length = 2_000)]
    endpoint: String,
    /// When it ends by itself, which no push service says.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    #[expect(dead_code, reason = "browsers write it")]
    expiration_time: Option<serde::de::IgnoredAny>,
    keys: SubscriptionKeys,
}

/// How what is for a browser is sealed.
#[derive(Deserialize, ToSchema)]
pub(super) struct SubscriptionKeys {
    /// Its public key: an uncompressed point of P-256, base64url.
    p256dh: String,
    /// The secret that it shares with whoever writes to it: 16 bytes, base64url.
    auth: String,
}

/// A browser that is known.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscription {
    #[schema(value_type = uuid::Uuid)]
    id: PushSubscriptionId,
}

/// By what a browser subscribes to notices.
#[utoipa::path(get, path = "/api/push/key", tag = "push",
    responses((status = 200, body = Key), ApiError))]
pub(super) async fn key(
    State(pusher): State<Pusher>,
    caller: Caller,
) -> Result<Json<Key>, ApiError> {
    caller.require_person()?;
    Ok(Json(Key { public_key: pusher.public_key()?.to_owned() }))
}

/// Has a browser show what oneself is told, until one's session ends. A browser that is known already
/// keeps its id; who used it before is told nothing there any more.
#[utoipa::path(post, path = "/api/push/subscriptions", tag = "push",
    request_body = NewSubscription, responses((status = 201, body = Subscription), ApiError))]
pub(super) async fn subscribe(
    State(pusher): State<Pusher>,
    caller: Caller,
    Json(NewSubscription { endpoint, keys, .. }): Json<NewSubscription>,
) -> Result<(StatusCode, Json<Subscription>), ApiError> {
    caller.require_person()?;
    let SubscriptionKeys { p256dh, auth } = keys;
    let reach = Reach { endpoint, p256dh, auth };
    pusher.check(&reach).map_err(|why| Error::Invalid(why.to_string()))?;
    let (session, until) = (caller.session(), caller.until);
    let id = caller.desk.subscribe(&caller.user, session, until, reach).await?;
    Ok((StatusCode::CREATED, Json(Subscription { id })))
}

/// Lets a browser of one's own show nothing any more.
#[utoipa::path(delete, path = "/api/push/subscriptions/{id}", tag = "push",
    params(("id" = uuid::Uuid, Path)), responses((status = 204), ApiError))]
pub(super) async fn end(
    caller: Caller,
    Path(id): Path<PushSubscriptionId>,
) -> Result<StatusCode, ApiError> {
    caller.require_person()?;
    caller.desk.unsubscribe(id, &caller.user).await?;
    Ok(StatusCode::NO_CONTENT)
}
