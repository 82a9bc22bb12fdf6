//! Messages by their words on `SQLite`, which reads them newest first.

use entity::{MessageId, message};
use sea_orm::sea_query::{Alias, Expr, JoinType, Order, SelectStatement};

use super::super::{Desk, Result};
use super::{Sought, fts5};

impl Desk {
    pub(super) async fn find_sqlite(&self, sought: &Sought<'_>) -> Result<Vec<message::Model>> {
        let mut holds = fts5(&self.tenant.0, &sought.words);
        if let Some(conversation) = sought.within {
            holds.push_str(&desks([conversation.0]));
        } else if let Some(inboxes) = &sought.sees.inboxes {
            holds.push_str(&desks(inboxes.iter().map(|inbox| inbox.0)));
        }
        let mut found = self.among(sought);
        holding(&mut found, &holds, sought.before);
        self.found(found, sought.limit).await
    }
}

fn holding(found: &mut SelectStatement, holds: &str, before: Option<MessageId>) {
    let (text, same) = (Alias::new("message_text"), "message.id = unhex(message_text.row)");
    found.join(JoinType::InnerJoin, text.clone(), Expr::cust(same));
    found.and_where(Expr::cust_with_values("message_text MATCH ?", [holds]));
    if let Some(before) = before {
        let older = "message_text.rowid <
            (SELECT rowid FROM message_text WHERE message_text MATCH ?)";
        let row = format!("row:{}", hex::encode(before.0.as_bytes()));
        found.and_where(Expr::cust_with_values(older, [row]));
    }
    found.order_by((text, Alias::new("rowid")), Order::Desc);
}

/// What `SQLite` looks for besides: rows of any of these inboxes or conversations.
fn desks(any: impl IntoIterator<Item = uuid::Uuid>) -> String {
    let any = any.into_iter().map(|id| format!("\"{}\"", id.simple())).collect::<Vec<_>>();
    format!(" AND desk : ({})", any.join(" OR "))
}
