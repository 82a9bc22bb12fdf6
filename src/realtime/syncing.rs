//! `sync`: what a client has missed, once more.

use std::convert::Infallible;
use std::sync::Arc;

use serde::Deserialize;
use socketioxide::adapter::Adapter;
use socketioxide::extract::{Extension, TryData};
use socketioxide::handler::{FromMessageParts, Value};
use socketioxide::socket::Socket;

use super::ack::Ack;
use super::session::Order;
use super::socketio::{Link, problem};

/// How many orders of one client wait for its session.
const WAITING_ORDERS: usize = 16;

/// From where on a client asks to be told.
#[derive(Deserialize)]
pub(super) struct Asked {
    after: i64,
}

/// The number under which a client wants to be answered, if it does.
pub(super) struct AckId(Option<i64>);

/// Has its session tell a client once more what followed an event, and answer after that.
pub(super) async fn sync(
    Extension(me): Extension<Link>,
    TryData(asked): TryData<Asked>,
    AckId(id): AckId,
    ack: Ack,
) {
    match asked {
        // A client may ask faster than it is served.
        Ok(Asked { after }) => {
            if me.orders.put(Order::Sync { after, ack: id }, WAITING_ORDERS).is_err() {
                ack.send(&problem("rate_limited", "one sync at a time"));
            }
        }
        Err(_) => {
            ack.send(&problem("bad_request", "sync takes { after: seq }"));
        }
    }
}

impl<A: Adapter> FromMessageParts<A> for AckId {
    type Error = Infallible;

    fn from_message_parts(
        _: &Arc<Socket<A>>,
        _: &mut Value,
        id: &Option<i64>,
    ) -> Result<Self, Infallible> {
        Ok(Self(*id))
    }
}
