//! Live chat by HTTP: what visitors ask, and what agents ask about visitors.

mod agents;
mod opening;
mod told;
mod transcript;
mod visiting;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::ApiState;

pub(super) use opening::Page;
pub(super) use told::{Post, is_news, noted, read, say};

/// Returns the routes of live chat, with their description. They need the node's `Signals` around them.
pub fn livechat() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(agents::visitors, opening::open))
        .routes(routes!(agents::stats))
        .routes(routes!(agents::configure))
        .routes(routes!(visiting::show))
        .routes(routes!(visiting::messages, visiting::write))
        .routes(routes!(visiting::read))
        .routes(routes!(visiting::typing))
        .routes(routes!(visiting::page))
        .routes(routes!(visiting::end))
        .routes(routes!(visiting::rate))
        .routes(routes!(transcript::transcript))
}
