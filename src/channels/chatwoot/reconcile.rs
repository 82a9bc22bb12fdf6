//! Asking Chatwoot what it keeps, in the form of webhooks: what one of those would have told.

use std::collections::HashSet;

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::super::{Answer, Refusal};
use super::Account;
use super::envelope::{Source, write};
use super::fields::{Fields, number, text};
use super::request::{LARGEST_ANSWER, refused};
use super::send::Api;
use crate::desk::{Connection, Time};

/// The most pages of conversations that are asked for.
const MOST_PAGES: u32 = 1_000;

/// What it costs to know of a conversation, besides what is told of it, in bytes.
const EACH: usize = 256;

/// A conversation about which something may have been missed.
#[derive(Clone, Debug, PartialEq)]
pub struct Stirred {
    /// Its number.
    pub thread: String,
    /// How it stands, as JSON.
    told: String,
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
    ///
    /// # Errors
    /// Also when that is more than is to be kept in memory: all pages may be as large as one.
    pub async fn stirred(
        &self,
        connection: &Connection,
        seconds: i64,
    ) -> Result<Vec<Stirred>, Answer> {
        let only = Account::read(&connection.settings).map(|it| it.inbox_ids).unwrap_or_default();
        let (mut found, mut threads, mut kept) = (Vec::new(), HashSet::new(), 0);
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
            // What is not taken counts too: a page of nothing else is not the last.
            let known = threads.len();
            for told in listed(answer) {
                let Value::Object(told) = told else { continue };
                let (Some(thread), inbox) = (text(&told, "id"), number(&told, "inbox_id")) else {
                    continue;
                };
                if !threads.insert(thread.clone()) {
                    continue;
                }
                kept += EACH;
                if only.is_empty() || inbox.is_some_and(|it| only.contains(&it)) {
                    let told = as_webhooks_tell(told);
                    kept += told.len();
                    found.push(Stirred { thread, told });
                }
                if kept > LARGEST_ANSWER {
                    let why =
                        "Chatwoot tells of more conversations than are looked through at once";
                    return Err(refused(Refusal::Final, "too_much", why));
                }
            }
            if threads.len() == known {
                break;
            }
        }
        Ok(found)
    }

    /// Asks for messages of a conversation from the one numbered `after` on, and writes them down as a
    /// webhook that comes with the conversation as it stands, of a size that is taken. Returns it, and
    /// the number from which on there may be more.
    pub async fn missed(
        &self,
        connection: &Connection,
        stirred: &Stirred,
        after: u64,
    ) -> Result<(Bytes, Option<u64>), Answer> {
        let source = source_of(connection, Some(Time::now().seconds()));
        let source = source.map_err(|why| refused(Refusal::Final, "no_account", &why))?;
        let parts = ["conversations", &stirred.thread, "messages"];
        let query = [("after", after.to_string())];
        let answer = self.ask(connection, Method::GET, &parts, &query, None).await?;
        let messages = listed(answer);
        let last = messages.iter().filter_map(|told| number(told.as_object()?, "id")).max();
        let (told, messages) = (&stirred.told, Value::Array(messages));
        let body =
            format!(r#"{{"event":"reconciled","conversation":{told},"messages":{messages}}}"#);
        Ok((write(&source, body.as_bytes()), last.filter(|last| *last > after)))
    }
}

/// What a page lists.
fn listed(mut answer: Value) -> Vec<Value> {
    let is_within = answer.pointer("/data/payload").is_some();
    let place = if is_within { "/data/payload" } else { "/payload" };
    match answer.pointer_mut(place).map(Value::take) {
        Some(Value::Array(listed)) => listed,
        _ => Vec::new(),
    }
}

/// A conversation as a webhook would have told of it: of one that nobody looks after, that too. Its
/// messages are asked for.
fn as_webhooks_tell(mut told: Fields) -> String {
    told.remove("messages");
    if let Some(meta) = told.get_mut("meta").and_then(Value::as_object_mut) {
        meta.entry("assignee").or_insert(Value::Null);
    }
    Value::Object(told).to_string()
}
