//! Finding messages and contacts by their words.
//!
//! Both databases compare words without accents and case, and by their beginnings. So that
//! *informações* finds *informação*, a word that is looked for is cut to its Portuguese stem first.

use std::collections::{HashMap, HashSet};

use entity::{ConversationId, MessageId, TenantScoped as _, conversation, message};
use rust_stemmers::{Algorithm, Stemmer};
use sea_orm::sea_query::{Expr, ExprTrait as _, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, FromQueryResult as _, QueryFilter as _,
    QueryTrait as _,
};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{Desk, Message, Result, Sees};

mod postgres;
mod sqlite;

/// The most words that are looked for at once.
const MOST_WORDS: usize = 8;

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

/// What messages are looked for, and among which.
struct Sought<'a> {
    /// The beginnings of words, all of which they hold.
    words: Vec<String>,
    within: Option<ConversationId>,
    before: Option<MessageId>,
    limit: u64,
    sees: &'a Sees,
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
        let sought = Sought { words: stems(words), within, before, limit, sees };
        if sought.words.is_empty() || sees.inboxes.as_ref().is_some_and(HashSet::is_empty) {
            return Ok(Found { messages: Vec::new(), has_more: false });
        }
        let mut rows = match self.desks.db.reader.get_database_backend() {
            DbBackend::Postgres => self.find_postgres(&sought).await?,
            _ => self.find_sqlite(&sought).await?,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Found { messages: self.show_messages(rows).await?, has_more })
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
    pub(super) fn with_somebody_called(&self, words: &str) -> Option<Expr> {
        self.called(words, |called| {
            format!(
                "conversation.contact_id IN (WITH RECURSIVE people (id) AS ({called} UNION
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
    fn among(&self, sought: &Sought<'_>) -> SelectStatement {
        let mut all = message::Entity::of_tenant(&self.tenant);
        if let Some(inboxes) = &sought.sees.inboxes {
            // Not what to begin with, which as a part of something else it is not.
            let is_there = message::Column::InboxId.is_in(inboxes.iter().copied());
            all = all.filter(is_there.is(Expr::Constant(true.into())));
        }
        if let Some(conversation) = sought.within {
            all = all.filter(message::Column::ConversationId.eq(conversation));
        }
        all.into_query()
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

/// What PostgreSQL looks for: words that begin like all of these.
fn tsquery(words: &[String]) -> String {
    words.iter().map(|word| format!("{word}:*")).collect::<Vec<_>>().join(" & ")
}

/// What `SQLite` looks for: a tenant's rows with words that begin like all of these.
fn fts5(tenant: &str, words: &[String]) -> String {
    let words = words.iter().map(|word| format!(" AND content : \"{word}\" *"));
    format!("desk : \"{}\"{}", hex::encode(tenant), words.collect::<String>())
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
