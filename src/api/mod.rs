//! HTTP in: routes, extractors, and what clients are told when something is refused.

mod address;
mod audit;
mod board;
mod budget;
mod caller;
mod canned_responses;
mod chatwoot;
mod compress;
mod contacts;
mod conversations;
mod error;
mod etag;
mod extract;
mod health;
mod idempotency;
mod inboxes;
mod live_chats;
mod media;
mod messages;
mod origins;
mod page;
mod push;
mod search;
mod sending;
mod sessions;
mod signatures;
mod stages;
mod stats;
mod tenants;
mod tokens;
mod users;
mod visitor;
mod webhooks;

use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, openapi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

pub use address::{ClientAddress, Proxies, locate};
pub use budget::{Budget, Budgets, ChatBudgets, limit, limiter};
pub(crate) use caller::admit;
pub use compress::compress;
pub use error::ApiError;
pub(crate) use extract::{Json, Limit as PageLimit, Path, Query, object};
pub use health::health;
pub(crate) use live_chats::PreChatField;
pub use media::Links;
pub use messages::{Post, say};
pub use origins::Origins;
pub use page::page;
pub(crate) use visitor::{Own, admit_visitor, bearer};

use sessions::Guesses;
use signatures::Signatures;

use crate::auth::Auth;
use crate::channels::chatwoot::send::Api;
use crate::config::{Clients, WhatsApp};
use crate::desk::Desks;
use crate::media::Shelf;
use crate::push::Pusher;
use crate::reconcile::Reconciler;

/// The largest webhook that is taken: WhatsApp sends up to 3 MB.
const LARGEST_WEBHOOK: usize = 4 * 1024 * 1024;

/// The largest body of any other request.
const LARGEST_REQUEST: usize = 256 * 1024;

/// What handlers need: each gets the part that it asks for. All requests share it.
#[derive(Clone)]
pub struct ApiState(Arc<Parts>);

/// All that handlers need.
pub struct Parts {
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
    /// The way to Chatwoots.
    pub chatwoot: Api,
    /// Finds what webhooks have lost.
    pub reconciler: Reconciler,
    /// Reaches people who have no tab open.
    pub pusher: Pusher,
    /// How often visitors of sites may do something.
    pub chats: ChatBudgets,
    /// Who is believed to ask for others.
    proxies: Proxies,
    /// How often somebody tries passwords.
    guesses: Arc<Guesses>,
    /// By what webhooks are signed.
    signatures: Signatures,
}

/// Lets handlers ask for these parts alone.
macro_rules! handed_out {
    ($($name:ident: $part:ty,)*) => {$(
        impl FromRef<ApiState> for $part {
            fn from_ref(state: &ApiState) -> Self {
                state.$name.clone()
            }
        }
    )*};
}

handed_out! {
    desks: Desks,
    auth: Auth,
    clients: Arc<Clients>,
    shelf: Shelf,
    links: Links,
    chatwoot: Api,
    reconciler: Reconciler,
    pusher: Pusher,
    chats: ChatBudgets,
    proxies: Proxies,
    guesses: Arc<Guesses>,
    signatures: Signatures,
}

impl ApiState {
    /// What handlers need, with nothing counted yet.
    pub fn new(
        desks: Desks,
        auth: Auth,
        (whatsapp, clients): (Arc<WhatsApp>, Arc<Clients>),
        (proxies, chats, tries): (Proxies, ChatBudgets, NonZeroU32),
        (shelf, links): (Shelf, Links),
        (chatwoot, reconciler): (Api, Reconciler),
        pusher: Pusher,
    ) -> Self {
        let signatures = Signatures::new(whatsapp, desks.clone());
        let guesses = Arc::new(Guesses::new(tries));
        Self(Arc::new(Parts {
            desks,
            auth,
            clients,
            shelf,
            links,
            chatwoot,
            reconciler,
            pusher,
            chats,
            proxies,
            guesses,
            signatures,
        }))
    }
}

impl Deref for ApiState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
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
        let token = || HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let components = description.components.get_or_insert_default();
        let agents = token().bearer_format("JWT").build();
        components.add_security_scheme("token", SecurityScheme::Http(agents));
        let visitors = token().description(Some("The token of a visitor's chat.")).build();
        components.add_security_scheme("visitor", SecurityScheme::Http(visitors));
    }
}

/// Returns the API's description, as `/api/openapi.json` shows it; `more` are described with the rest.
pub fn description(more: OpenApiRouter<ApiState>) -> openapi::OpenApi {
    let routes = OpenApiRouter::with_openapi(Description::openapi())
        .merge(open())
        .merge(more)
        .merge(media::uploads())
        .merge(polled())
        .merge(once());
    let mut description = routes.into_openapi();
    for (path, item) in &mut description.paths.paths {
        name(path, item);
    }
    description
}

/// Returns the routes of the API and of webhooks, `more` of them, and the API's description. That takes
/// megabytes, and is made for those who ask for it.
pub fn routes(
    state: &ApiState,
    budgets: &Budgets,
    more: OpenApiRouter<ApiState>,
    description: fn() -> openapi::OpenApi,
) -> Router<ApiState> {
    let webhooks = Router::new()
        .route("/webhooks/whatsapp", get(webhooks::subscribe).post(webhooks::receive))
        .route("/webhooks/chatwoot/{token}", post(chatwoot::receive))
        .layer(DefaultBodyLimit::max(LARGEST_WEBHOOK))
        .route_layer(from_fn_with_state(budgets.webhooks.clone(), limit));
    let polled = polled().route_layer(from_fn_with_state(state.clone(), etag::revalidate));
    let once =
        once().merge(polled).route_layer(from_fn_with_state(state.clone(), idempotency::once));
    let (api, _) = open().merge(more).merge(once).split_for_parts();
    api.route("/api/openapi.json", get(async move || Json(description())))
        .route_layer(from_fn_with_state(budgets.requests.clone(), limit))
        .route("/widget/{key}", get(page::widget))
        .merge(SwaggerUi::new("/api/docs").config(SwaggerConfig::new(["/api/openapi.json"])))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .merge(webhooks)
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
        .merge(push::routes())
        .merge(users::routes())
        .merge(inboxes::routes())
        .merge(chatwoot::routes())
        .merge(live_chats::routes())
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
