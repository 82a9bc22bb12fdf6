//! Clients that poll `check-updates`, and compare what they get with what was sent.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use crate::http::Connection;
use crate::server::token;
use crate::texts;
use crate::webhooks::WhatsApp;

/// What a poller got.
#[derive(Default)]
pub(crate) struct Polled {
    /// In milliseconds, each from when its poll was due.
    pub(crate) latencies: Vec<f64>,
    /// How often each text came.
    texts: HashMap<u64, u64>,
}

#[derive(Deserialize)]
struct Answer {
    /// Where to go on from; other servers call it by the name of the parameter.
    #[serde(alias = "last_check")]
    timestamp: String,
    updates: Vec<Update>,
}

#[derive(Deserialize)]
struct Update {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    content: Option<String>,
}

impl Polled {
    /// How often each of these texts came.
    pub(crate) fn times(&self, first: u64, messages: u64) -> impl Iterator<Item = u64> {
        (first..first + messages).map(|number| self.texts.get(&number).copied().unwrap_or_default())
    }
}

/// A client that polls by the clock.
pub(crate) struct Poller {
    connection: Connection,
    cursor: String,
}

impl Poller {
    /// Asks for the first time, which tells where to go on from.
    pub(crate) async fn start(to: SocketAddr, user: &str) -> anyhow::Result<Self> {
        let connection = Connection::open(to, &token(user)?).await?;
        let mut poller = Self { connection, cursor: String::new() };
        poller.ask().await?;
        Ok(poller)
    }

    /// Polls at steady times until `end`, or again and again where no time lies between.
    pub(crate) async fn poll(
        mut self,
        begin: Instant,
        every: Duration,
        end: Instant,
        whatsapp: WhatsApp,
    ) -> anyhow::Result<Polled> {
        let (mut polled, mut due) = (Polled::default(), begin);
        while due < end {
            sleep_until(due).await;
            let updates = self.ask().await?;
            polled.latencies.push(due.elapsed().as_secs_f64() * 1e3);
            for update in updates.iter().filter(|update| update.kind == "new_message") {
                let text = update.data.content.as_deref().unwrap_or_default();
                let number = texts::number(text).context("not a text that was sent")?;
                ensure!(whatsapp.text(number) == Some(text), "a text was changed");
                *polled.texts.entry(number).or_default() += 1;
            }
            due = if every.is_zero() { Instant::now() } else { due + every };
        }
        Ok(polled)
    }

    async fn ask(&mut self) -> anyhow::Result<Vec<Update>> {
        let cursor = self.cursor.replace('+', "%2B");
        let path = match &*cursor {
            "" => "/api/chats/check-updates/".to_owned(),
            cursor => format!("/api/chats/check-updates/?last_check={cursor}"),
        };
        let answer: Answer = serde_json::from_slice(&self.connection.get(&path).await?)?;
        self.cursor = answer.timestamp;
        Ok(answer.updates)
    }
}
