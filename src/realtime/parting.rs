//! How connections end, also those of a server that is dropped.

use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::FutureExt as _;
use socketioxide::SocketIo;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::SocketRef;
use socketioxide::handler::DisconnectHandler;
use socketioxide::operators::BroadcastOperators;
use socketioxide::socket::{DisconnectReason, Socket};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::arrivals::Expected;

/// Lets everybody go when it is dropped.
///
/// The engine and its connections hold each other, its namespace and the sockets in it too, and they
/// all the desks: were they not parted, a server that is dropped in the middle of its work would keep
/// its database open.
#[derive(Debug)]
pub struct Parting {
    io: SocketIo,
    /// Those of whom the engine knows nothing any more, once it has begun to close.
    leaving: Vec<SocketRef>,
}

impl Parting {
    /// Parts from the clients of `io`.
    pub fn of(io: SocketIo) -> Self {
        Self { io, leaving: Vec::new() }
    }

    /// Closes all connections, and returns once they are.
    pub async fn close(&mut self) {
        self.leaving = self.everybody();
        self.io.close().await;
    }

    fn everybody(&self) -> Vec<SocketRef> {
        self.io.of("/").map(BroadcastOperators::sockets).unwrap_or_default()
    }
}

impl Drop for Parting {
    fn drop(&mut self) {
        let mut everybody = self.everybody();
        everybody.append(&mut self.leaving);
        // Its first step closes all connections; the rest would wait until they are.
        let _ = self.io.close().now_or_never();
        for socket in everybody {
            // One whose buffer is full takes no farewell.
            let _ = socket.disconnect();
        }
    }
}

/// Ends what is done for a client when it is dropped: once the engine has called it, since the connection has
/// ended, or with the socket, where the engine calls nobody, since the client has gone while it was let in.
/// So nothing that it ends may hold the socket.
///
/// Here and now: the engine would do so in a task, which a runtime that ends does not run.
pub(super) struct End {
    _expected: Expected,
    _gone: DropGuard,
}

impl End {
    /// Forgets a client that was expected, and cancels what is done for it.
    pub(super) fn of(expected: Expected, gone: CancellationToken) -> Self {
        Self { _expected: expected, _gone: gone.drop_guard() }
    }
}

impl DisconnectHandler<LocalAdapter, ()> for End {
    fn call_with_defer(
        &self,
        socket: Arc<Socket>,
        reason: DisconnectReason,
        forget: fn(Arc<Socket>),
    ) {
        tracing::info!(socket.id = %socket.id, ?reason, "Client disconnected");
        forget(socket);
    }

    fn phantom(&self) -> PhantomData<()> {
        PhantomData
    }
}
