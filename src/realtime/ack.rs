//! What clients are answered to what they emit.

use std::convert::Infallible;
use std::sync::Arc;

use serde_json::Value;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::AckSender;
use socketioxide::handler::{FromMessageParts, Value as Said};
use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};

use super::socketio::Link;

/// Answers what a client has emitted, if it asks for that.
///
/// A client that takes so little that there is no room for the answer would wait for it in vain. It is let
/// go in place of that, and comes back.
pub(super) struct Ack {
    sender: AckSender,
    socket: Arc<Socket>,
}

impl Ack {
    pub(super) fn send(self, answer: &Value) {
        let sent = self.sender.send(answer);
        if let Err(SendError::Socket(SocketError::InternalChannelFull)) = sent
            && let Some(me) = self.socket.extensions.get::<Link>()
        {
            me.let_go(self.socket.id);
        }
    }
}

impl FromMessageParts<LocalAdapter> for Ack {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket>,
        said: &mut Said,
        id: &Option<i64>,
    ) -> Result<Self, Infallible> {
        let sender = AckSender::from_message_parts(socket, said, id)?;
        Ok(Self { sender, socket: Arc::clone(socket) })
    }
}
