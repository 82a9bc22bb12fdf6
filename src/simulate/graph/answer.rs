//! How an answer is given, or not.

use std::io;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use rand::RngExt as _;
use serde_json::Value;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::super::World;
use super::super::listen::HangUp;
use super::error::GraphError;
use crate::config::Fault;

/// In how many pieces a trickling answer comes.
const PIECES: u32 = 8;

/// What goes wrong with the next request to somebody, the `nth`, with the code of a refusal: what a
/// rule says, else what chance says.
pub(super) fn fault(world: &World, to: &str, nth: &str) -> Option<(Fault, u32)> {
    if let Some(ruled) = ruled(world, to) {
        return Some(ruled);
    }
    let conduct = world.conduct.borrow();
    let mut chance = world.dice.about(&["answer", to, nth]);
    let shares = [
        (Fault::Unavailable, conduct.unavailable),
        (Fault::Refuse, conduct.refuse),
        (Fault::Drop, conduct.drop),
        (Fault::Broken, conduct.broken),
        (Fault::Truncate, conduct.truncate),
        (Fault::Trickle, conduct.trickle),
        (Fault::Slow, conduct.slow),
    ];
    let falls = shares.into_iter().filter(|(_, share)| chance.random_bool(share.get()));
    let fallen: Vec<_> = falls.collect();
    fallen.first().map(|(fault, _)| (*fault, conduct.refuse_code))
}

/// Takes one from the first rule that speaks of this recipient.
fn ruled(world: &World, to: &str) -> Option<(Fault, u32)> {
    let mut ruled = None;
    world.conduct.send_if_modified(|conduct| {
        let short = &world.options.short_area_codes;
        let is_meant = |told: &str| super::super::true_address(told, short).as_deref() == Some(to);
        let speaks =
            |told: &Option<String>| told.as_deref().is_none_or(|it| it == to || is_meant(it));
        let Some(at) = conduct.rule.iter().position(|rule| rule.times > 0 && speaks(&rule.to))
        else {
            return false;
        };
        let rule = &mut conduct.rule[at];
        rule.times -= 1;
        ruled = Some((rule.fault, rule.code.unwrap_or(conduct.refuse_code)));
        conduct.rule.retain(|rule| rule.times > 0);
        true
    });
    ruled
}

/// Gives an answer in the way that the fault wants it; says so when it has been given as a whole.
pub(super) async fn give(
    world: &World,
    fault: Option<Fault>,
    answer: &Value,
    given: impl FnOnce() + Send + 'static,
) -> Response {
    let takes = Duration::from_millis(world.conduct.borrow().slow_by_ms);
    let bytes = Bytes::from(answer.to_string());
    match fault {
        Some(Fault::Drop) => HangUp.into_response(),
        Some(Fault::Broken) => {
            GraphError::new(131_000, "Message failed to send due to an unknown error.")
                .into_response()
        }
        Some(Fault::Truncate) => {
            let half = bytes.slice(..bytes.len() / 2);
            let cut = stream::once(async {
                // The half is on its way when the connection has nothing else to write.
                yield_now().await;
                Err(io::Error::from(io::ErrorKind::ConnectionAborted))
            });
            let pieces = stream::iter([Ok(half)]).chain(cut);
            json(bytes.len(), Body::from_stream(pieces))
        }
        Some(Fault::Trickle) => {
            let length = bytes.len().div_ceil(PIECES as usize);
            let mut pieces: Vec<_> = bytes.chunks(length).map(Bytes::copy_from_slice).collect();
            let last = pieces.pop().unwrap_or_default();
            let pieces = stream::iter(pieces).then(move |piece| async move {
                sleep(takes / PIECES).await;
                Ok::<_, io::Error>(piece)
            });
            let last = stream::once(async move {
                sleep(takes / PIECES).await;
                given();
                Ok(last)
            });
            json(bytes.len(), Body::from_stream(pieces.chain(last)))
        }
        slow => {
            if slow == Some(Fault::Slow) {
                // Who gives up meanwhile ends this here, and has been given nothing.
                sleep(takes).await;
            }
            given();
            Json(answer).into_response()
        }
    }
}

fn json(length: usize, body: Body) -> Response {
    let length = length.to_string();
    ([(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_LENGTH, length)], body)
        .into_response()
}
