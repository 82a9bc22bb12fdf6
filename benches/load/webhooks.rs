//! WhatsApp, which delivers texts at a steady pace whatever happens.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use recado::desk::Time;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep_until, timeout};

use crate::http::Connection;
use crate::server::PHONE;
use crate::texts;
use crate::tracker::Tracker;

/// How many webhooks may wait for their acknowledgement at once.
const CONNECTIONS: u64 = 32;

/// How long a text may take to everybody.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many people write. Each has written once before anything is measured, since the first text
/// of somebody is one event more.
const CONTACTS: u64 = 50;

/// The texts of one run.
#[derive(Clone)]
pub(crate) struct WhatsApp {
    to: SocketAddr,
    per_second: u32,
    texts: Arc<Vec<String>>,
    /// Tells these texts from those of another run on the same database.
    run: i64,
}

impl WhatsApp {
    /// Texts to a server: the first open all conversations, `most` may follow.
    pub(crate) fn new(to: SocketAddr, per_second: u32, length: usize, most: u64) -> Self {
        let texts = (0..CONTACTS + most).map(|number| texts::text(number, length)).collect();
        Self { to, per_second, texts: Arc::new(texts), run: Time::now().0 }
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: u64) -> Option<&str> {
        self.texts.get(usize::try_from(number).ok()?).map(String::as_str)
    }

    /// Lets everybody write for the first time; returns the number of the next text.
    pub(crate) async fn introduce(&self) -> anyhow::Result<u64> {
        let quickly = Self { per_second: 50, ..self.clone() };
        quickly.deliver(0..CONTACTS).await?;
        Ok(CONTACTS)
    }

    /// Delivers texts, each when it is due; returns once all have been acknowledged.
    pub(crate) async fn deliver(&self, numbers: Range<u64>) -> anyhow::Result<()> {
        self.deliver_from(Instant::now(), numbers).await
    }

    /// As [`Self::deliver`], and tells `tracker` when each is due.
    pub(crate) async fn deliver_to(
        &self,
        numbers: Range<u64>,
        tracker: &Tracker,
    ) -> anyhow::Result<()> {
        let start = Instant::now();
        for (index, number) in (0..).zip(numbers.clone()) {
            tracker.due(number, start + self.due(index));
        }
        self.deliver_from(start, numbers).await
    }

    /// Keeps so many texts on their way to everybody, until the time is over.
    pub(crate) async fn keep(
        &self,
        in_flight: usize,
        numbers: Range<u64>,
        until: Instant,
        tracker: &Arc<Tracker>,
    ) -> anyhow::Result<()> {
        let left = Arc::new(Mutex::new(numbers));
        let mut senders = JoinSet::new();
        for _ in 0..in_flight {
            let (whatsapp, left, tracker) = (self.clone(), Arc::clone(&left), Arc::clone(tracker));
            senders.spawn(async move {
                let mut connection = Connection::open(whatsapp.to, "").await?;
                while Instant::now() < until {
                    let next = left.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let number = next.context("a server is faster than texts were made for")?;
                    tracker.due(number, Instant::now());
                    connection.post("/webhooks/whatsapp", whatsapp.webhook(number)).await?;
                    if timeout(PATIENCE, tracker.reaches_all(number)).await.is_err() {
                        break;
                    }
                }
                anyhow::Ok(())
            });
        }
        while let Some(sent) = senders.join_next().await {
            sent??;
        }
        Ok(())
    }

    async fn deliver_from(&self, start: Instant, numbers: Range<u64>) -> anyhow::Result<()> {
        let mut senders = JoinSet::new();
        for first in 0..CONNECTIONS {
            let (whatsapp, numbers) = (self.clone(), numbers.clone());
            senders.spawn(async move {
                let mut connection = Connection::open(whatsapp.to, "").await?;
                for (index, number) in (0..).zip(numbers) {
                    if u64::from(index) % CONNECTIONS == first {
                        sleep_until(start + whatsapp.due(index)).await;
                        connection.post("/webhooks/whatsapp", whatsapp.webhook(number)).await?;
                    }
                }
                anyhow::Ok(())
            });
        }
        while let Some(sent) = senders.join_next().await {
            sent??;
        }
        Ok(())
    }

    fn due(&self, index: u32) -> Duration {
        Duration::from_secs(1) * index / self.per_second
    }

    fn webhook(&self, number: u64) -> Bytes {
        let from = format!("55119{:08}", number % CONTACTS);
        let (run, at) = (self.run, Time::now().seconds().to_string());
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "5511999999999", "phone_number_id": PHONE },
            "contacts": [{ "profile": { "name": format!("Cliente {from}") }, "wa_id": from }],
            "messages": [{
                "from": from, "id": format!("wamid.bench.{run}.{number}"), "timestamp": at,
                "type": "text", "text": { "body": self.text(number) },
            }],
        });
        let changes = json!([{ "field": "messages", "value": value }]);
        let entry = json!([{ "id": "waba", "changes": changes }]);
        json!({ "object": "whatsapp_business_account", "entry": entry }).to_string().into()
    }
}
