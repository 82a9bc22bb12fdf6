//! Asking Chatwoot what it keeps, in the form of webhooks: what one of those would have told.

use std::collections::HashSet;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::envelope::{Source, write};
use super::fields::{number, text};
use super::send::Api;
use super::{super::Answer, Account};
use crate::desk::{Connection, Time};

/// The most pages of conversations, and of messages of one, that are asked for.
const MOST_PAGES: u32 = 1_000;

/// A conversation about which something may have been missed.
#[derive(Clone, Debug, PartialEq)]
pub struct Stirred {
    /// Its number.
    pub thread: String,
    told: Value,
}

/// Where an inbox's webhooks come from.
///
/// # Errors
/// Why its settings make no sense.
pub fn source_of(connection: &Connection, at: Option<i64>) -> Result<Source, String> {
    let account = Account::read(&connection.settings)?;
    let (inbox, name, site) = (connection.address.clone(), connection.name.clone(), account.site());
    Ok(Source { inbox, name, site, only: account.inbox_ids, at })
}

impl Api {
    /// Asks for the conversations in which something has happened within `seconds`.
    pub async fn stirred(
        &self,
        connection: &Connection,
        seconds: i64,
    ) -> Result<Vec<Stirred>, Answer> {
        let only = Account::read(&connection.settings).map(|it| it.inbox_ids).unwrap_or_default();
        let (mut found, mut threads) = (Vec::new(), HashSet::new());
        // Some versions answer with all at once, whatever the page; others page by page.
        for page in 1..=MOST_PAGES {
            let query = [
                ("status", "all".to_owned()),
                ("assignee_type", "all".to_owned()),
                ("updated_within", seconds.to_string()),
                ("page", page.to_string()),
            ];
            let parts = ["conversations"];
            let answer = self.ask(connection, Method::GET, &parts, &query, None).await?;
            let payload = answer.pointer("/data/payload").or_else(|| answer.get("payload"));
            let payload = payload.and_then(Value::as_array).cloned().unwrap_or_default();
            // What is not taken counts too: a page of nothing else is not the last.
            let known = threads.len();
            for told in payload {
                let Some(fields) = told.as_object() else { continue };
                let (Some(thread), inbox) = (text(fields, "id"), number(fields, "inbox_id")) else {
                    continue;
                };
                let is_taken = only.is_empty() || inbox.is_some_and(|it| only.contains(&it));
                if threads.insert(thread.clone()) && is_taken {
                    found.push(Stirred { thread, told });
                }
            }
            if threads.len() == known {
                break;
            }
        }
        Ok(found)
    }

    /// Asks for the messages of a conversation from the one numbered `after` on, and writes them down
    /// as webhooks that come with the conversation as it stands, each of a size that is taken.
    pub async fn missed(
        &self,
        connection: &Connection,
        stirred: &Stirred,
        after: u64,
    ) -> Result<Vec<Bytes>, Answer> {
        let at = Some(Time::now().seconds());
        let Ok(source) = source_of(connection, at) else { return Ok(Vec::new()) };
        let (mut after, mut webhooks) = (after, Vec::new());
        for _ in 0..MOST_PAGES {
            let parts = ["conversations", &stirred.thread, "messages"];
            let query = [("after", after.to_string())];
            let answer = self.ask(connection, Method::GET, &parts, &query, None).await?;
            let messages = answer.get("payload").and_then(Value::as_array);
            let messages = messages.cloned().unwrap_or_default();
            let numbers = messages.iter().filter_map(|told| number(told.as_object()?, "id"));
            let last = numbers.max();
            let body = json!({
                "event": "reconciled", "conversation": stirred.told, "messages": messages,
            });
            webhooks.push(write(&source, body.to_string().as_bytes()));
            match last {
                Some(last) if last > after => after = last,
                _ => break,
            }
        }
        Ok(webhooks)
    }
}
