//! What follows from the number of a conversation or message, in SQL.

use std::ops::Range;

use anyhow::Context as _;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{AT_A_TIME, Desk, MESSAGES, STEP};

impl Desk {
    /// Whether there is something to do about conversation `n`.
    pub(super) fn to_do(&self) -> String {
        format!("(n >= {} OR n % 500 = 0)", self.conversations * 97 / 100)
    }

    /// Whether its last message is a question that nobody has read.
    pub(super) fn unread(&self) -> String {
        format!("(n >= {} AND n % 2 = 0 OR n % 500 = 0)", self.conversations * 97 / 100)
    }

    /// Its column: what is resolved is in the last.
    pub(super) fn stage(&self) -> String {
        format!("(CASE WHEN {} THEN n % 3 ELSE 3 END)", self.to_do())
    }

    /// When message `k` of conversation `n` was sent.
    pub(super) fn sent_at(&self, k: &str, n: &str) -> String {
        let begin = self.now - self.conversations * MESSAGES * STEP;
        let block = AT_A_TIME * MESSAGES;
        format!(
            "({begin} + ({n} / {AT_A_TIME} * {block} + {k} * {AT_A_TIME} + {n} % {AT_A_TIME}) * {STEP})"
        )
    }

    /// Identifier number `n` of a table, of a moment.
    pub(super) fn id(&self, at: &str, n: &str) -> String {
        let (moment, number) =
            (self.hex(&format!("{at} / 1000"), 12), self.number * 1_000_000_000_000);
        let number = self.hex(&format!("{number} + {n}"), 15);
        match self.db.get_database_backend() {
            DbBackend::Postgres => format!("({moment} || '70008' || {number})::uuid"),
            _ => format!("unhex({moment} || '70008' || {number})"),
        }
    }

    /// A number in so many hexadecimal digits.
    pub(super) fn hex(&self, number: &str, digits: usize) -> String {
        match self.db.get_database_backend() {
            DbBackend::Postgres => format!("lpad(to_hex(({number})::bigint), {digits}, '0')"),
            _ => format!("printf('%0{digits}x', {number})"),
        }
    }

    /// All numbers below `limit`, the beginning of a query.
    pub(super) fn numbers(&self, limit: u64) -> String {
        self.numbers_of(0..limit)
    }

    pub(super) fn numbers_of(&self, Range { start, end }: Range<u64>) -> String {
        match self.db.get_database_backend() {
            DbBackend::Postgres => {
                format!("WITH numbers AS (SELECT generate_series({start}::bigint, {end} - 1) AS n)")
            }
            _ => format!(
                "WITH RECURSIVE numbers (n) AS
                    (SELECT {start} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {end})"
            ),
        }
    }

    /// The value of an expression of `n`.
    pub(super) async fn number_of(&self, expression: &str, n: u64) -> anyhow::Result<i64> {
        Ok(self.value(expression, n).await?.try_get("", "value")?)
    }

    pub(super) async fn uuid(&self, expression: &str, n: u64) -> anyhow::Result<uuid::Uuid> {
        Ok(self.value(expression, n).await?.try_get("", "value")?)
    }

    async fn value(&self, expression: &str, n: u64) -> anyhow::Result<sea_orm::QueryResult> {
        let query =
            format!("SELECT {expression} AS value FROM (SELECT CAST({n} AS BIGINT) AS n) AS it");
        let query = Statement::from_string(self.db.get_database_backend(), query);
        self.db.query_one_raw(query).await?.context("no value")
    }
}
