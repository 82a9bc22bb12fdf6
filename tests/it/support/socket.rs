//! A small Socket.IO client that reads only when it is asked to, unlike any real one.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::PATIENCE;

/// A connected client.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    acks: u64,
    pid: String,
}

/// How to connect.
#[derive(Default)]
pub(crate) struct Connecting<'a> {
    pub(crate) auth: Value,
    pub(crate) query: &'a str,
    /// The kernel's buffer for what the client has not read, in bytes.
    pub(crate) receive_buffer: Option<u32>,
}

/// An event as a handler gets it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) name: String,
    pub(crate) data: Value,
    pub(crate) offset: Option<String>,
}

impl Heard {
    pub(crate) fn seq(&self) -> i64 {
        self.data["seq"].as_i64().unwrap_or_else(|| panic!("{self:?} has no seq"))
    }
}

impl Client {
    /// Connects with a token; `Err` is the message of `connect_error`, or says that there was none.
    pub(crate) async fn connect(to: SocketAddr, token: &str) -> Result<Self, String> {
        Self::with(to, Connecting { auth: json!({ "token": token }), ..Connecting::default() })
            .await
    }

    /// Connects, to be served what followed the event `seq`.
    pub(crate) async fn after(to: SocketAddr, token: &str, seq: i64) -> Result<Self, String> {
        let auth = json!({ "token": token, "after": seq });
        Self::with(to, Connecting { auth, ..Connecting::default() }).await
    }

    pub(crate) async fn with(to: SocketAddr, how: Connecting<'_>) -> Result<Self, String> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = how.receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let stream = socket.connect(to).await.unwrap();
        let url = format!("ws://{to}/socket.io/?EIO=4&transport=websocket{}", how.query);
        let (socket, _) = client_async(url, stream).await.unwrap();
        let mut client = Self { socket, acks: 0, pid: String::new() };
        let open = client.packet().await.expect("an opening packet");
        assert!(open.starts_with("0{"), "{open}");
        client.send(format!("40{}", how.auth)).await;
        loop {
            let Some(answer) = client.packet().await else {
                return Err("the connection has ended".to_owned());
            };
            if let Some(connected) = answer.strip_prefix("40") {
                let connected: Value = serde_json::from_str(connected).unwrap();
                connected["pid"].as_str().expect("a pid").clone_into(&mut client.pid);
                return Ok(client);
            }
            if let Some(refusal) = answer.strip_prefix("44") {
                let refusal: Value = serde_json::from_str(refusal).unwrap();
                return Err(refusal["message"].as_str().unwrap().to_owned());
            }
        }
    }

    /// The connection's name, which a client hands back after a cut.
    pub(crate) fn pid(&self) -> &str {
        &self.pid
    }

    /// The next event; panics if none comes.
    pub(crate) async fn next(&mut self) -> Heard {
        self.try_next().await.expect("the connection was closed")
    }

    /// The next event, or nothing once the connection is closed.
    pub(crate) async fn try_next(&mut self) -> Option<Heard> {
        loop {
            let packet = self.packet().await?;
            if let Some(event) = packet.strip_prefix("42") {
                return Some(read(event));
            }
            if packet.starts_with("41") {
                return None;
            }
        }
    }

    /// The next stored event.
    pub(crate) async fn stored(&mut self) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.offset.is_some() {
                return heard;
            }
        }
    }

    /// The next event of that name, whatever comes before it.
    pub(crate) async fn hear(&mut self, name: &str) -> Heard {
        let hearing = async {
            loop {
                let heard = self.next().await;
                if heard.name == name {
                    return heard;
                }
            }
        };
        // Heartbeats come whatever happens.
        timeout(PATIENCE, hearing).await.unwrap_or_else(|_| panic!("no {name} comes"))
    }

    /// Emits an event, and returns what its ack says together with the events heard before it.
    pub(crate) async fn ask(&mut self, name: &str, argument: Value) -> (Value, Vec<Heard>) {
        self.acks += 1;
        let id = self.acks;
        self.send(format!("42{id}{}", json!([name, argument]))).await;
        let mut before = Vec::new();
        loop {
            let packet = self.packet().await.expect("the connection was closed");
            if let Some(event) = packet.strip_prefix("42") {
                before.push(read(event));
            } else if let Some(answer) = packet.strip_prefix(&format!("43{id}")) {
                let answer: Value = serde_json::from_str(answer).unwrap();
                return (answer[0].clone(), before);
            }
        }
    }

    /// Emits an event, reading nothing; false once the connection is closed.
    pub(crate) async fn emits(&mut self, name: &str) -> bool {
        self.socket.send(Message::text(format!("42{}", json!([name])))).await.is_ok()
    }

    /// Gives up the websocket for the stream beneath it.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.socket.into_inner()
    }

    pub(crate) async fn send(&mut self, packet: String) {
        self.socket.send(Message::text(packet)).await.unwrap();
    }

    /// The next packet that is not a ping; those are answered. Nothing once the connection is closed.
    pub(crate) async fn packet(&mut self) -> Option<String> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("nothing comes");
            match frame? {
                Ok(Message::Text(text)) if text.as_str() == "2" => {
                    let _ = self.socket.send(Message::text("3")).await;
                }
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

fn read(event: &str) -> Heard {
    let arguments: Vec<Value> = serde_json::from_str(event).unwrap();
    let name = arguments[0].as_str().unwrap().to_owned();
    let offset = arguments.get(2).and_then(Value::as_str).map(str::to_owned);
    Heard { name, data: arguments.get(1).cloned().unwrap_or_default(), offset }
}
