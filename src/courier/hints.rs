//! Letting customers see that somebody is about to answer them.
//!
//! A hint is a signal: it is given at once or not at all, nobody waits for it, and what goes wrong is
//! no agent's business. <https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators>

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::token_of;
use crate::channels::whatsapp::send::Graph;
use crate::channels::{Answer, chatwoot::send::Api};
use crate::desk::{self, Channel, ConversationId, Desk, Hint};

/// How long a hint is not given once more: WhatsApp shows one for 25 s.
const LASTS: Duration = Duration::from_secs(20);

/// How many hints are being given at once; more are lost.
const AT_ONCE: usize = 16;

/// Of how many conversations it is remembered that a hint was given.
const MOST_REMEMBERED: u64 = 100_000;

/// What gives hints.
#[derive(Clone, Debug)]
pub struct Hints(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    graph: Graph,
    chatwoot: Api,
    token: Option<SecretString>,
    given: Cache<ConversationId, ()>,
    hands: Arc<Semaphore>,
}

impl Hints {
    pub(super) fn new(graph: Graph, chatwoot: Api, token: Option<SecretString>) -> Self {
        let given = Cache::builder().time_to_live(LASTS).max_capacity(MOST_REMEMBERED).build();
        let hands = Arc::new(Semaphore::new(AT_ONCE));
        Self(Arc::new(Inner { graph, chatwoot, token, given, hands }))
    }

    /// Lets the customer of a conversation see that an agent is typing, and has read what they wrote;
    /// not if they see it still.
    pub fn give(&self, desk: &Desk, to: ConversationId) {
        if self.0.given.contains_key(&to) {
            return;
        }
        let Ok(hand) = Arc::clone(&self.0.hands).try_acquire_owned() else { return };
        if !self.0.given.entry(to).or_insert(()).is_fresh() {
            return;
        }
        let (hints, desk) = (self.clone(), desk.clone());
        tokio::spawn(async move {
            if let Err(error) = hints.tell(&desk, to).await {
                tracing::warn!(%error, conversation.id = %to, "no hint can be given that somebody types");
            }
            drop(hand);
        });
    }

    /// An answer has come, with which the hint has vanished.
    pub(super) fn ends(&self, at: ConversationId) {
        self.0.given.invalidate(&at);
    }

    async fn tell(&self, desk: &Desk, to: ConversationId) -> desk::Result<()> {
        let Some(Hint { inbox, channel, from, message_id, thread }) = desk.hint(to).await? else {
            return Ok(());
        };
        let answer = match channel {
            Channel::WhatsApp => {
                let Some(token) = token_of(desk, inbox, self.0.token.as_ref()).await? else {
                    return Ok(());
                };
                self.0.graph.typing(&from, &message_id, &token).await
            }
            Channel::Chatwoot => {
                let Some(thread) = thread else { return Ok(()) };
                let connection = desk.connection(inbox).await?;
                self.0.chatwoot.typing(&connection, &thread, true).await
            }
            // Visitors hear signals themselves.
            Channel::LiveChat => return Ok(()),
        };
        if let Answer::Refused(_, error) | Answer::Unreached(error) | Answer::Lost(error) = answer {
            let code = error.get("code").map(ToString::to_string).unwrap_or_default();
            tracing::debug!(conversation.id = %to, channel.code = code, "a hint was not taken");
        }
        Ok(())
    }
}
