//! HTTP in: routes, extractors, and what clients are told when something is refused.

mod address;
mod audit;
mod board;
mod budget;
mod caller;
mod canned_responses;
mod contacts;
mod conversations;
mod error;
mod etag;
mod extract;
mod idempotency;
mod inboxes;
mod media;
mod messages;
mod page;
mod search;
mod sending;
mod sessions;
mod signatures;
mod stages;
mod stats;
mod tenants;
mod tokens;
mod users;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, openapi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

pub use address::{ClientAddress, Proxies, locate};
pub use budget::{Budget, Budgets, limit, limiter};
pub(crate) use caller::admit;
pub use error::ApiError;
pub use media::Links;
pub use messages::{Post, say};
pub use page::page;

use sessions::Guesses;
use signatures::Signatures;

use crate::auth::Auth;
use crate::config::{Clients, WhatsApp};
use crate::desk::Desks;
use crate::media::Shelf;

/// The largest webhook that is taken: WhatsApp sends up to 3 MB.
const LARGEST_WEBHOOK: usize = 4 * 1024 * 1024;

/// The largest body of any other request.
const LARGEST_REQUEST: usize = 256 * 1024;

/// What handlers need.
#[derive(Clone, FromRef)]
pub struct ApiState {
    /// Every tenant's desk.
    pub desks: Desks,
    /// Checks and issues credentials.
    pub auth: Auth,
    /// What clients are told about how to connect.
    pub clients: Arc<Clients>,
    /// Files.
    pub shelf: Shelf,
    /// Signs the addresses of files.
    pub links: Links,
    /// Who is believed to ask for others.
    proxies: Proxies,
    /// How often somebody tries passwords.
    guesses: Arc<Guesses>,
    /// By what webhooks are signed.
    signatures: Signatures,
}

impl ApiState {
    /// What handlers need, with nothing counted yet.
    pub fn new(
        desks: Desks,
        auth: Auth,
        (whatsapp, clients): (Arc<WhatsApp>, Arc<Clients>),
        proxies: Proxies,
        (shelf, links): (Shelf, Links),
    ) -> Self {
        let signatures = Signatures::new(whatsapp, desks.clone());
        Self { desks, auth, clients, shelf, links, proxies, guesses: Arc::default(), signatures }
    }
}

/// The description of the API: everything under `/api/`.
#[derive(OpenApi)]
#[openapi(
    info(title = "Recado", description = "A self-hosted, multi-tenant, real-time inbox."),
    components(schemas(error::Problem)),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Description;

/// How callers show who they are.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut openapi::OpenApi) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    }
}

/// Returns the API's description, as `/api/openapi.json` shows it.
pub fn description() -> openapi::OpenApi {
    let routes = OpenApiRouter::with_openapi(Description::openapi())
        .merge(open())
        .merge(media::uploads())
        .merge(polled())
        .merge(once());
    let mut description = routes.into_openapi();
    for (path, item) in &mut description.paths.paths {
        name(path, item);
    }
    description
}

/// Returns the routes of the API and of webhooks, and the API's description.
pub fn routes(state: &ApiState, budgets: &Budgets) -> Router<ApiState> {
    let webhooks = Router::new()
        .route("/webhooks/whatsapp", get(webhooks::subscribe).post(webhooks::receive))
        .layer(DefaultBodyLimit::max(LARGEST_WEBHOOK))
        .route_layer(from_fn_with_state(budgets.webhooks.clone(), limit));
    let polled = polled().route_layer(from_fn_with_state(state.clone(), etag::revalidate));
    let once =
        once().merge(polled).route_layer(from_fn_with_state(state.clone(), idempotency::once));
    let (api, _) = open().merge(once).split_for_parts();
    api.route_layer(from_fn_with_state(budgets.requests.clone(), limit))
        .route("/health", get(|| async { "ok" }))
        .merge(SwaggerUi::new("/api/docs").url("/api/openapi.json", description()))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .merge(webhooks)
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
}

/// Routes that clients poll, whose every answer is made from what the log tells of.
fn polled() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().merge(board::routes()).merge(conversations::routes())
}

/// The other routes that take a POST of somebody who is let in: with a key, it is done once.
fn once() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .merge(contacts::routes())
        .merge(stats::routes())
        .merge(messages::routes())
        .merge(sending::routes())
        .merge(search::routes())
        .merge(stages::routes())
        .merge(sessions::own_routes())
        .merge(tokens::routes())
        .merge(users::routes())
        .merge(inboxes::routes())
        .merge(tenants::routes())
        .merge(canned_responses::routes())
        .merge(audit::routes())
}

/// Routes on which no key counts.
fn open() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().merge(sessions::routes()).merge(media::routes())
}

/// Gives each operation a name of its own: handlers' names are told apart by their subject alone.
fn name(path: &str, item: &mut openapi::PathItem) {
    let subject = path.trim_start_matches("/api").split('/').nth(1).unwrap_or_default();
    let operations =
        [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    for operation in operations.into_iter().flatten() {
        if let Some(name) = &operation.operation_id {
            operation.operation_id = Some(format!("{subject}.{name}"));
        }
    }
}

/// Returns the routes of requests that bring a large body, and may take longer than others.
pub fn uploads(budgets: &Budgets) -> Router<ApiState> {
    let (uploads, _) = media::uploads().split_for_parts();
    let uploads = uploads.route_layer(from_fn_with_state(budgets.requests.clone(), limit));
    uploads.method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
}
