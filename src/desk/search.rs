//! Finding messages and contacts by their words.
//!
//! Both databases compare words without accents and case, and by their beginnings. So that
//! *informações* finds *informação*, a word that is looked for is cut to its Portuguese stem first.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use entity::{ConversationId, MessageId, TenantId, TenantScoped as _, Time, conversation, message};
use rust_stemmers::{Algorithm, Stemmer};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, JoinType, Order, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, FromQueryResult as _, QueryFilter as _,
    QueryTrait as _,
};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::conversation::Finding;
use super::{Desk, Message, Result, Sees};

/// The most words that are looked for at once.
const MOST_WORDS: usize = 8;

/// A week, in microseconds.
const WEEK: i64 = 7 * 86_400_000_000;

/// How many weeks before the present one PostgreSQL looks through, before it looks through all.
const STRETCHES: [i64; 3] = [0, 4, 51];

/// The shortest word that is cut to its stem, in letters.
const SHORTEST_STEMMED: usize = 5;

/// A stretch of what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Newest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub has_more: bool,
}

impl Desk {
    /// Returns up to `limit` messages that hold all of `words`, in conversations that the caller may
    /// see, from before the message `before`, newest first.
    pub async fn search(
        &self,
        words: &str,
        within: Option<ConversationId>,
        before: Option<MessageId>,
        limit: u64,
        sees: &Sees,
    ) -> Result<Found> {
        let words = stems(words);
        if words.is_empty() || sees.inboxes.as_ref().is_some_and(HashSet::is_empty) {
            return Ok(Found { messages: Vec::new(), has_more: false });
        }
        let mut rows = match self.desks.db.reader.get_database_backend() {
            DbBackend::Postgres => self.find_postgres(&words, within, before, limit, sees).await?,
            _ => self.find_sqlite(&words, within, before, limit, sees).await?,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Found { messages: self.show_messages(rows).await?, has_more })
    }

    /// Looks in the newest weeks first, then in more: what a word costs depends on how often it occurs
    /// there, and not in all that is stored.
    async fn find_postgres(
        &self,
        words: &[String],
        within: Option<ConversationId>,
        before: Option<MessageId>,
        limit: u64,
        sees: &Sees,
    ) -> Result<Vec<message::Model>> {
        let before = match before {
            Some(id) => match self.when(id).await? {
                Some(at) => Some((at, id)),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let last = before.map_or_else(Time::now, |(at, _)| at).0.div_euclid(WEEK);
        let mut stretches: Vec<_> =
            STRETCHES.iter().map(|weeks| Some(last - weeks..=last)).collect();
        if within.is_some() {
            stretches.clear();
        }
        stretches.push(None);
        let mut rows = Vec::new();
        for stretch in stretches {
            let mut found = self.among(within, sees);
            holding_postgres(&mut found, &self.tenant, words, stretch, before);
            rows = self.found(found, limit).await?;
            if rows.len() as u64 > limit {
                break;
            }
        }
        Ok(rows)
    }

    async fn find_sqlite(
        &self,
        words: &[String],
        within: Option<ConversationId>,
        before: Option<MessageId>,
        limit: u64,
        sees: &Sees,
    ) -> Result<Vec<message::Model>> {
        let mut holds = fts5(&self.tenant.0, words);
        if let Some(conversation) = within {
            holds.push_str(&desks([conversation.0]));
        } else if let Some(inboxes) = &sees.inboxes {
            holds.push_str(&desks(inboxes.iter().map(|inbox| inbox.0)));
        }
        let mut found = self.among(within, sees);
        holding_sqlite(&mut found, &holds, before);
        self.found(found, limit).await
    }

    /// Reads one more than a page.
    async fn found(&self, mut found: SelectStatement, limit: u64) -> Result<Vec<message::Model>> {
        found.limit(limit + 1);
        let rows = self.desks.db.reader.query_all(&found).await?;
        let rows = rows.iter().map(|row| message::Model::from_query_result(row, ""));
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The condition that a conversation is with somebody who is called by all of `words`, or reached
    /// at that number; nothing if there are none.
    pub(super) fn with_somebody_called(&self, words: &str, finding: Finding) -> Option<Expr> {
        let contact = finding.column("conversation.contact_id");
        self.called(words, |called| {
            format!(
                "{contact} IN (WITH RECURSIVE people (id) AS ({called} UNION
                    SELECT contact.id FROM people JOIN contact ON contact.merged_into = people.id)
                SELECT id FROM people)"
            )
        })
    }

    /// The condition that a contact, or somebody who turned out to be them, is called by all of
    /// `words`, or reached at that number; nothing if there are none.
    pub(super) fn people_called(&self, words: &str) -> Option<Expr> {
        self.called(words, |called| {
            format!(
                "contact.id IN (WITH RECURSIVE people (id) AS ({called} UNION
                    SELECT other.merged_into FROM people JOIN contact AS other
                        ON other.id = people.id AND other.merged_into IS NOT NULL)
                SELECT id FROM people)"
            )
        })
    }

    /// A condition on the contacts whose own name or number holds all of `words`.
    fn called(&self, words: &str, condition: impl Fn(&str) -> String) -> Option<Expr> {
        let words = names(words);
        if words.is_empty() {
            return None;
        }
        let tenant = &self.tenant.0;
        Some(match self.desks.db.reader.get_database_backend() {
            DbBackend::Postgres => Expr::cust_with_values(
                condition(
                    "SELECT called.id FROM contact AS called WHERE called.tenant_id = $1
                        AND recado_contact_words(called.name, called.phone_number)
                            @@ to_tsquery('simple', $2)",
                ),
                [tenant.clone(), tsquery(&words)],
            ),
            _ => Expr::cust_with_values(
                condition(
                    "SELECT unhex(contact_text.row) FROM contact_text
                        WHERE contact_text MATCH ?",
                ),
                [fts5(tenant, &words)],
            ),
        })
    }

    /// The messages that the caller may see, of one conversation or of all.
    fn among(&self, within: Option<ConversationId>, sees: &Sees) -> SelectStatement {
        let mut all = message::Entity::of_tenant(&self.tenant);
        if let Some(inboxes) = &sees.inboxes {
            all = all.filter(message::Column::InboxId.is_in(inboxes.iter().copied()));
        }
        if let Some(conversation) = within {
            all = all.filter(message::Column::ConversationId.eq(conversation));
        }
        all.into_query()
    }

    /// When a message was stored.
    async fn when(&self, id: MessageId) -> Result<Option<Time>> {
        let row = message::Entity::of_tenant(&self.tenant).filter(message::Column::Id.eq(id));
        Ok(row.one(&self.desks.db.reader).await?.map(|row| row.created_at))
    }

    /// Shows messages of several conversations in their order.
    async fn show_messages(&self, rows: Vec<message::Model>) -> Result<Vec<Message>> {
        let reader = &self.desks.db.reader;
        let conversations = conversation::Entity::of_tenant(&self.tenant)
            .filter(conversation::Column::Id.is_in(rows.iter().map(|row| row.conversation_id)))
            .all(reader)
            .await?;
        let people: HashMap<_, _> =
            conversations.iter().map(|row| (row.id, row.contact_id)).collect();
        let contacts = self.contacts(reader, people.values().copied()).await?;
        let shown = rows.iter().filter_map(|row| {
            let contact = contacts.get(*people.get(&row.conversation_id)?)?;
            Some(Message::show(row, contact))
        });
        Ok(shown.collect())
    }
}

fn holding_postgres(
    found: &mut SelectStatement,
    tenant: &TenantId,
    words: &[String],
    weeks: Option<RangeInclusive<i64>>,
    before: Option<(Time, MessageId)>,
) {
    // A quoted word as it is, with whatever somebody's tenant is called.
    let name = tenant.0.replace('\\', "\\\\").replace('\'', "''");
    let place = match weeks {
        Some(weeks) => {
            weeks.map(|week| format!("'week {week} {name}'")).collect::<Vec<_>>().join(" | ")
        }
        None => format!("'desk {name}'"),
    };
    let holds = "recado_message_words(message.tenant_id, message.created_at, message.content) @@
        (to_tsquery('simple', $1) && CAST($2 AS tsquery))";
    found.and_where(Expr::cust_with_values(holds, [tsquery(words), place]));
    if let Some((at, id)) = before {
        let place = [message::Column::CreatedAt, message::Column::Id];
        let place = place.map(|column| Expr::col((message::Entity, column)));
        found.and_where(Expr::tuple(place).lt(Expr::tuple([Expr::value(at), Expr::value(id)])));
    }
    // PostgreSQL takes no word for rare: in the order of an index it would read a whole desk, hoping
    // to have found enough early on.
    found.order_by_expr(Expr::cust("message.created_at + 0"), Order::Desc);
    found.order_by((message::Entity, message::Column::Id), Order::Desc);
}

fn holding_sqlite(found: &mut SelectStatement, holds: &str, before: Option<MessageId>) {
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

/// What PostgreSQL looks for: words that begin like all of these.
fn tsquery(words: &[String]) -> String {
    words.iter().map(|word| format!("{word}:*")).collect::<Vec<_>>().join(" & ")
}

/// What `SQLite` looks for: a tenant's rows with words that begin like all of these.
fn fts5(tenant: &str, words: &[String]) -> String {
    let words = words.iter().map(|word| format!(" AND content : \"{word}\" *"));
    format!("desk : \"{}\"{}", hex::encode(tenant), words.collect::<String>())
}

/// What `SQLite` looks for besides: rows of any of these inboxes or conversations.
fn desks(any: impl IntoIterator<Item = uuid::Uuid>) -> String {
    let any = any.into_iter().map(|id| format!("\"{}\"", id.simple())).collect::<Vec<_>>();
    format!(" AND desk : ({})", any.join(" OR "))
}

/// Returns how the words of a text begin, whatever their endings.
fn stems(text: &str) -> Vec<String> {
    let portuguese = Stemmer::create(Algorithm::Portuguese);
    let stem = |word: String| match word.chars().count() {
        // Too short to lose an ending: `não` would become all that begins with `na`.
        0..SHORTEST_STEMMED => fold(&word),
        _ => fold(&portuguese.stem(&accented(word))),
    };
    words(text).map(stem).filter(|it| !it.is_empty()).collect()
}

/// Returns a word that was typed without accents as the stemmer knows it: *informacoes*, *ligacao*.
fn accented(word: String) -> String {
    for (typed, written) in [("cao", "ção"), ("coes", "ções")] {
        if let Some(stem) = word.strip_suffix(typed) {
            return format!("{stem}{written}");
        }
    }
    word
}

/// Returns the words of a name; a phone number, however it is written, is one.
fn names(text: &str) -> Vec<String> {
    let is_number = |text: &str| {
        text.chars().all(|it| it.is_ascii_digit() || " +-()./".contains(it))
            && text.chars().any(|it| it.is_ascii_digit())
    };
    if is_number(text) {
        return vec![text.chars().filter(char::is_ascii_digit).collect()];
    }
    words(text).map(|word| fold(&word)).filter(|it| !it.is_empty()).collect()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).take(MOST_WORDS)
}

/// Returns a word without accents, in letters that mean nothing to a query.
fn fold(word: &str) -> String {
    let plain = word.nfd().filter(|it| !is_combining_mark(*it));
    plain.filter(|it| it.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::{names, stems};

    #[test]
    fn the_forms_of_a_word_begin_alike() {
        for (one, other) in [
            ("informações", "INFORMAÇÃO"),
            ("informacao", "informações"),
            ("pedidos", "pedido"),
            ("não", "nao"),
        ] {
            assert_eq!(stems(one), stems(other));
        }
        assert_eq!(stems("entregar, amanhã?"), ["entreg", "amanha"]);
    }

    #[test]
    fn a_number_is_one_word_however_it_is_written() {
        assert_eq!(names("+55 (11) 98888-8888"), ["5511988888888"]);
        assert_eq!(names("Zé da Silva"), ["ze", "da", "silva"]);
    }

    #[test]
    fn nothing_in_a_text_is_an_operator() {
        assert_eq!(stems("\"a\" OR * b:* & !c -- '"), ["a", "or", "b", "c"]);
    }
}
