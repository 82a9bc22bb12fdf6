//! Desks that have been in use for a while, written by the database itself.
//!
//! Everything about a conversation or message follows from its number, so that two runs fill in the
//! same. A larger desk is an older one: about 5,500 messages come in a day, whatever its size. Few
//! conversations are not resolved, most of them young ones.

use std::process::Command;

use anyhow::{Context as _, ensure};
use recado::desk::Time;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, Statement, TransactionTrait as _,
};

use crate::lists::Question;
use crate::server::TENANT;
use crate::texts;

/// How many messages a conversation has.
const MESSAGES: u64 = 20;

/// How many conversations are under way at a time.
const AT_A_TIME: u64 = 1_000;

/// The time between two messages, in microseconds.
const STEP: u64 = 15_700_000;

/// How many different texts and names there are.
const TEXTS: u64 = 20_000;
const NAMES: u64 = 4_000;

/// The other tenants, and how many conversations each has.
const OTHERS: u64 = 5;
const OF_OTHERS: u64 = 1_000;

/// The tables that grow with use.
const LARGE: [&str; 6] =
    ["message", "conversation", "contact", "event", "milestone", "conversation_label"];

const FIRST_NAMES: [&str; 20] = [
    "Ana", "Bia", "Caio", "Davi", "Elisa", "Fábio", "Gabi", "Hugo", "Íris", "João", "Karen",
    "Lucas", "Márcia", "Nina", "Otávio", "Paula", "Rafael", "Sofia", "Tiago", "Vera",
];

const LAST_NAMES: [&str; 20] = [
    "Almeida",
    "Barbosa",
    "Cardoso",
    "Dias",
    "Esteves",
    "Ferreira",
    "Gomes",
    "Henriques",
    "Ibrahim",
    "Justino",
    "Klein",
    "Lima",
    "Moura",
    "Nunes",
    "Oliveira",
    "Pereira",
    "Queiroz",
    "Ramos",
    "Souza",
    "Teixeira",
];

/// What SQLite is told about indexes goes with them.
const KEEP_FIGURES: &str = "CREATE TEMP TABLE kept AS SELECT * FROM sqlite_stat1";
const RESTORE_FIGURES: &str =
    "DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 SELECT * FROM kept;
    PRAGMA wal_checkpoint(TRUNCATE)";

/// A desk that is to be filled.
pub(crate) struct Desk {
    db: DatabaseConnection,
    tenant: String,
    /// Keeps the rows of tenants apart.
    number: u64,
    conversations: u64,
    now: u64,
}

/// A database with desks that have been in use.
pub(crate) struct Filled {
    db: DatabaseConnection,
    questions: Vec<Question>,
}

impl Desk {
    /// Fills the bench's desk, and some others around it.
    pub(crate) async fn fill(url: &str, conversations: u64) -> anyhow::Result<Filled> {
        ensure!(conversations.is_multiple_of(AT_A_TIME), "conversations come by the thousand");
        let mut options = sea_orm::ConnectOptions::new(url);
        options.sqlx_logging(false).max_connections(1);
        let db = sea_orm::Database::connect(options).await?;
        let now = u64::try_from(Time::now().0)?;
        if db.get_database_backend() != DbBackend::Postgres {
            // In one go, and with all pages at hand.
            db.execute_unprepared("PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000").await?;
        }
        write_texts(&db).await?;
        if db.get_database_backend() != DbBackend::Postgres {
            db.execute_unprepared(KEEP_FIGURES).await?;
        }
        let indexes = drop_indexes(&db).await?;
        for number in 1..=OTHERS {
            let tenant = format!("other-{number}");
            let other = Self { db: db.clone(), tenant, number, conversations: OF_OTHERS, now };
            other.write().await?;
        }
        let bench = Self { db, tenant: TENANT.to_owned(), number: 0, conversations, now };
        bench.write().await?;
        for index in indexes {
            bench.db.execute_unprepared(&index).await?;
        }
        let settle = match bench.db.get_database_backend() {
            DbBackend::Postgres => "VACUUM ANALYZE",
            _ => RESTORE_FIGURES,
        };
        bench.db.execute_unprepared(settle).await?;
        let questions = bench.questions().await?;
        Ok(Filled { db: bench.db, questions })
    }

    async fn write(&self) -> anyhow::Result<()> {
        let txn = self.db.begin().await?;
        for statement in self.statements() {
            txn.execute_unprepared(&statement)
                .await
                .with_context(|| statement.chars().take(200).collect::<String>())?;
        }
        txn.commit().await?;
        Ok(())
    }

    fn statements(&self) -> Vec<String> {
        vec![
            self.tenant(),
            self.stages(),
            self.inboxes(),
            self.people(),
            self.members(),
            self.contacts(),
            self.addresses(),
            self.conversations(),
            self.labels(),
            self.messages(),
            self.milestones(),
            self.tallies(),
            self.traffic(),
            self.workdays(),
        ]
    }

    fn tenant(&self) -> String {
        let Self { tenant, now, .. } = self;
        format!(
            "INSERT INTO tenant (id, name, last_seq, last_event_at, created_at)
             SELECT '{tenant}', '{tenant}', 0, 0, {now}
             WHERE NOT EXISTS (SELECT 1 FROM tenant WHERE id = '{tenant}')"
        )
    }

    fn stages(&self) -> String {
        let Self { tenant, now, .. } = self;
        let (numbers, id) = (self.numbers(4), self.id("0", "n"));
        format!(
            "DELETE FROM stage WHERE tenant_id = '{tenant}';
             INSERT INTO stage (id, tenant_id, name, color, position, created_at)
             {numbers} SELECT {id}, '{tenant}', 'Etapa', '#0a72c4', n, {now} FROM numbers"
        )
    }

    fn inboxes(&self) -> String {
        let Self { tenant, now, .. } = self;
        let (numbers, id) = (self.numbers(5), self.id("0", "n"));
        format!(
            "INSERT INTO inbox (id, tenant_id, channel, name, address, created_at)
             {numbers} SELECT {id}, '{tenant}', 'whatsapp', 'Inbox ' || n, '{tenant}-' || n, {now}
             FROM numbers"
        )
    }

    /// The one person who is restricted, to a single inbox.
    fn people(&self) -> String {
        let Self { tenant, now, .. } = self;
        format!(
            r#"INSERT INTO "user" (id, tenant_id, email, name, role, password_hash, restricted, created_at)
             VALUES ('restricted-{tenant}', '{tenant}', 'restricted@{tenant}.test', 'Bia', 'agent', '', TRUE, {now})"#
        )
    }

    fn members(&self) -> String {
        let (tenant, id) = (&self.tenant, self.id("0", "2"));
        format!(
            "INSERT INTO inbox_member (inbox_id, user_id, tenant_id)
             VALUES ({id}, 'restricted-{tenant}', '{tenant}')"
        )
    }

    fn contacts(&self) -> String {
        let (tenant, created_at) = (&self.tenant, self.sent_at("0", "n"));
        let (numbers, id) = (self.numbers(self.conversations), self.id(&created_at, "n"));
        format!(
            "INSERT INTO contact (id, tenant_id, name, named_at, phone_number, numbered_at, created_at)
             {numbers} SELECT {id}, '{tenant}', bench_name.name, {created_at},
                '55119' || (80000000 + n), {created_at}, {created_at}
             FROM numbers JOIN bench_name ON bench_name.key = numbers.n % {NAMES}"
        )
    }

    fn addresses(&self) -> String {
        let (tenant, created_at) = (&self.tenant, self.sent_at("0", "n"));
        let (numbers, id) = (self.numbers(self.conversations), self.id(&created_at, "n"));
        format!(
            "INSERT INTO contact_address (tenant_id, channel, address, contact_id)
             {numbers} SELECT '{tenant}', 'whatsapp', '5511' || (80000000 + n), {id} FROM numbers"
        )
    }

    fn conversations(&self) -> String {
        let (tenant, last) = (&self.tenant, MESSAGES - 1);
        let (first_at, last_at) = (self.sent_at("0", "n"), self.sent_at(&last.to_string(), "n"));
        let before = self.sent_at(&(last - 1).to_string(), "n");
        let (id, contact) = (self.id(&first_at, "n"), self.id(&first_at, "n"));
        let message = self.id(&last_at, &format!("(n * {MESSAGES} + {last})"));
        let (inbox, stage) = (self.id("0", "(n / 7 % 5)"), self.id("0", &self.stage()));
        let (to_do, unread) = (self.to_do(), self.unread());
        let numbers = self.numbers(self.conversations);
        let position = self.hex(&format!("{} - n", self.conversations), 32);
        format!(
            "INSERT INTO conversation (id, display_id, tenant_id, inbox_id, contact_id, stage_id, status,
                assignee_id, unread_count, last_message_id, last_message_at, created_at, position,
                snoozed_until, waiting_since, opened_at, responded_at, received_at, answered_at)
             {numbers} SELECT {id}, n + 1, '{tenant}', {inbox}, {contact}, {stage},
                CASE WHEN NOT ({to_do}) THEN 'RESOLVED' WHEN {unread} THEN 'OPEN'
                    WHEN n % 10 < 7 THEN 'OPEN' WHEN n % 10 < 9 THEN 'PENDING' ELSE 'SNOOZED' END,
                CASE WHEN n % 4 > 0 THEN 'agent-' || (n % 20) END,
                CASE WHEN {unread} THEN 1 ELSE 0 END, {message}, {last_at}, {first_at},
                {position} || '80',
                CASE WHEN {to_do} AND NOT ({unread}) AND n % 10 = 9 THEN 9000000000000000 END,
                CASE WHEN {unread} THEN {last_at} END, {first_at}, {first_at},
                CASE WHEN {unread} THEN {last_at} ELSE {before} END,
                CASE WHEN {unread} THEN {before} - {STEP} ELSE {last_at} END
             FROM numbers"
        )
    }

    fn labels(&self) -> String {
        let (tenant, id) = (&self.tenant, self.id(&self.sent_at("0", "n"), "n"));
        let numbers = self.numbers(self.conversations);
        format!(
            "INSERT INTO conversation_label (conversation_id, label, tenant_id)
             {numbers} SELECT {id}, label, '{tenant}' FROM numbers
             JOIN (SELECT 'comum' AS label, 3 AS every UNION SELECT 'raro', 500) AS labels
                ON n % every = 0"
        )
    }

    fn messages(&self) -> String {
        let (tenant, count) = (&self.tenant, self.conversations * MESSAGES);
        let at = self.sent_at("k", "c");
        let conversation = self.id(&self.sent_at("0", "c"), "c");
        let (id, inbox) =
            (self.id(&at, &format!("(c * {MESSAGES} + k)")), self.id("0", "(c / 7 % 5)"));
        let unread = self.unread().replace("n ", "c ");
        let (last, block) = (MESSAGES - 1, AT_A_TIME * MESSAGES);
        // In the order in which they came.
        let numbers = self.numbers(count);
        format!(
            "INSERT INTO message (id, tenant_id, conversation_id, inbox_id, provider_id, direction,
                type, content, metadata, reactions, status, error, sent_at, created_at, author_id,
                is_private, is_unread)
             {numbers}, placed AS (SELECT n, n / {block} * {AT_A_TIME} + n % {AT_A_TIME} AS c,
                n % {block} / {AT_A_TIME} AS k FROM numbers),
             kinds AS (SELECT n, c, k, k = {last} AND ({unread}) AS is_unread FROM placed)
             SELECT {id}, '{tenant}', {conversation}, {inbox}, 'wamid.{tenant}.' || kinds.n,
                CASE WHEN is_unread OR k % 2 = 0 THEN 'INBOUND' ELSE 'OUTBOUND' END, 'TEXT',
                bench_text.content || ' p' || kinds.n, '{{}}', '[]',
                CASE WHEN is_unread OR k % 2 = 0 THEN 'DELIVERED' WHEN kinds.n % 200 = 1 THEN 'FAILED'
                    ELSE 'READ' END,
                CASE WHEN NOT is_unread AND k % 2 > 0 AND kinds.n % 200 = 1
                    THEN '{{\"code\":' || (131000 + kinds.n % 7) || '}}' END,
                {at}, {at},
                CASE WHEN NOT is_unread AND k % 2 > 0 THEN 'agent-' || (c % 20) END,
                FALSE, is_unread
             FROM kinds JOIN bench_text ON bench_text.key = (kinds.n * 7919) % {TEXTS} ORDER BY kinds.n"
        )
    }

    fn milestones(&self) -> String {
        let tenant = &self.tenant;
        let at = self.sent_at("k", "c");
        let (conversation, inbox) =
            (self.id(&self.sent_at("0", "c"), "c"), self.id("0", "(c / 7 % 5)"));
        let numbers = self.numbers(self.conversations * 7);
        format!(
            "INSERT INTO milestone (id, tenant_id, conversation_id, inbox_id, user_id, kind, seconds, happened_at)
             {numbers}, placed AS (SELECT n, n / 7 AS c, CASE n % 7 WHEN 0 THEN 1 WHEN 6 THEN 19
                ELSE n % 7 * 3 - 2 END AS k FROM numbers)
             SELECT {}, '{tenant}', {conversation}, {inbox}, 'agent-' || (c % 20),
                CASE n % 7 WHEN 0 THEN 'first_response' WHEN 6 THEN 'resolution' ELSE 'response' END,
                (n * 7919) % 3600, {at} FROM placed",
            self.id(&at, "n")
        )
    }

    fn tallies(&self) -> String {
        let tenant = &self.tenant;
        format!(
            "INSERT INTO tally (tenant_id, stage_id, inbox_id, status, is_assigned, is_unread, total)
             SELECT tenant_id, stage_id, inbox_id, status, assignee_id IS NOT NULL, unread_count > 0,
             COUNT(*) FROM conversation WHERE tenant_id = '{tenant}' GROUP BY 1, 2, 3, 4, 5, 6"
        )
    }

    fn traffic(&self) -> String {
        let tenant = &self.tenant;
        format!(
            "INSERT INTO traffic (tenant_id, hour, inbox_id, received, sent)
             SELECT tenant_id, created_at / 3600000000, inbox_id,
             SUM(CASE direction WHEN 'INBOUND' THEN 1 ELSE 0 END),
             SUM(CASE direction WHEN 'INBOUND' THEN 0 ELSE 1 END)
             FROM message WHERE tenant_id = '{tenant}' GROUP BY 1, 2, 3"
        )
    }

    fn workdays(&self) -> String {
        let tenant = &self.tenant;
        let list = |kind: &str| {
            format!("COALESCE(STRING_AGG(CASE kind WHEN '{kind}' THEN ' ' || seconds END, ''), '')")
        };
        let (first, each) = (list("first_response"), list("response"));
        let resolution = list("resolution");
        format!(
            "INSERT INTO workday
                (tenant_id, day, inbox_id, user_id, sent, first_response, response, resolution)
             WITH wrote AS (SELECT created_at / 86400000000 AS day, inbox_id, author_id AS user_id,
                COUNT(*) AS sent FROM message
                WHERE tenant_id = '{tenant}' AND author_id IS NOT NULL AND direction = 'OUTBOUND'
                GROUP BY 1, 2, 3),
             did AS (SELECT happened_at / 86400000000 AS day, inbox_id, user_id, {first} AS first,
                {each} AS each, {resolution} AS resolution FROM milestone
                WHERE tenant_id = '{tenant}' GROUP BY 1, 2, 3)
             SELECT '{tenant}', day, inbox_id, user_id, COALESCE(sent, 0), COALESCE(first, ''),
                COALESCE(each, ''), COALESCE(resolution, '')
             FROM wrote FULL JOIN did USING (day, inbox_id, user_id)"
        )
    }

    /// Whether there is something to do about conversation `n`.
    fn to_do(&self) -> String {
        format!("(n >= {} OR n % 500 = 0)", self.conversations * 97 / 100)
    }

    /// Whether its last message is a question that nobody has read.
    fn unread(&self) -> String {
        format!("(n >= {} AND n % 2 = 0 OR n % 500 = 0)", self.conversations * 97 / 100)
    }

    /// Its column: what is resolved is in the last.
    fn stage(&self) -> String {
        format!("(CASE WHEN {} THEN n % 3 ELSE 3 END)", self.to_do())
    }

    /// When message `k` of conversation `n` was sent.
    fn sent_at(&self, k: &str, n: &str) -> String {
        let begin = self.now - self.conversations * MESSAGES * STEP;
        let block = AT_A_TIME * MESSAGES;
        format!(
            "({begin} + ({n} / {AT_A_TIME} * {block} + {k} * {AT_A_TIME} + {n} % {AT_A_TIME}) * {STEP})"
        )
    }

    /// Identifier number `n` of a table, of a moment.
    fn id(&self, at: &str, n: &str) -> String {
        let (moment, number) =
            (self.hex(&format!("{at} / 1000"), 12), self.number * 1_000_000_000_000);
        let number = self.hex(&format!("{number} + {n}"), 15);
        match self.db.get_database_backend() {
            DbBackend::Postgres => format!("({moment} || '70008' || {number})::uuid"),
            _ => format!("unhex({moment} || '70008' || {number})"),
        }
    }

    /// A number in so many hexadecimal digits.
    fn hex(&self, number: &str, digits: usize) -> String {
        match self.db.get_database_backend() {
            DbBackend::Postgres => format!("lpad(to_hex(({number})::bigint), {digits}, '0')"),
            _ => format!("printf('%0{digits}x', {number})"),
        }
    }

    /// All numbers below `limit`, the beginning of a query.
    fn numbers(&self, limit: u64) -> String {
        match self.db.get_database_backend() {
            DbBackend::Postgres => {
                format!("WITH numbers AS (SELECT generate_series(0::bigint, {limit} - 1) AS n)")
            }
            _ => format!(
                "WITH RECURSIVE numbers (n) AS
                    (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {limit})"
            ),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table of requests")]
    async fn questions(&self) -> anyhow::Result<Vec<Question>> {
        let (count, all) = (self.conversations, "agent-1");
        let uuid =
            |row: u64| async move { self.uuid(&self.id(&self.sent_at("0", "n"), "n"), row).await };
        let mut threads = Vec::new();
        for number in 0..50 {
            threads.push(uuid(number * 7919 % count).await?);
        }
        let middle = (count / 2).next_multiple_of(2);
        let at = self.number_of(&self.sent_at("19", "n"), middle).await?;
        let cursor = format!("{at}_{}", uuid(middle).await?);
        // A message of the middle: everything that was said before is older.
        let k = format!("(n * {MESSAGES} + 10)");
        let before = self.uuid(&self.id(&self.sent_at("10", "n"), &k), middle).await?;
        let deep = self.uuid(&self.id(&self.sent_at("18", "n"), "18"), 0).await?;
        let inbox = self.uuid(&self.id("0", "n"), 2).await?;
        let stage = self.uuid(&self.id("0", "n"), 3).await?;
        let day = |days: i64| {
            let now = Time::now();
            format!("from={}&to={now}", now.plus_seconds(-86_400 * days))
        };
        let list = "/api/conversations";
        let search = "/api/messages/search";
        let ask = |name, agent, paths| Question { name, agent, paths };
        let one = |name, path: String| ask(name, all, vec![path]);
        let each = |what: &str| threads.iter().map(|id| format!("{list}/{id}{what}")).collect();
        let rare = |n: u64| format!("{search}?q=p{}", n * 7919 % (count * MESSAGES));
        Ok(vec![
            one("list", list.to_owned()),
            one("list, deep", format!("{list}?cursor={cursor}")),
            one("list, open", format!("{list}?status=OPEN")),
            one("list, resolved", format!("{list}?status=RESOLVED")),
            one("list, mine", format!("{list}?assignee=me")),
            one("list, nobody's", format!("{list}?assignee=none")),
            one("list, mine and open", format!("{list}?assignee=me&status=OPEN")),
            one("list, inbox", format!("{list}?inboxId={inbox}")),
            one("list, inbox and open", format!("{list}?inboxId={inbox}&status=OPEN")),
            one("list, unread", format!("{list}?unread=true")),
            one("list, mine and unread", format!("{list}?assignee=me&unread=true")),
            one("list, common label", format!("{list}?label=comum")),
            one("list, rare label", format!("{list}?label=raro")),
            one("list, stage", format!("{list}?stageId={stage}")),
            one("list, stage and open", format!("{list}?stageId={stage}&status=OPEN")),
            one("list, waiting", format!("{list}?sort=waiting")),
            one("list, waiting in inbox", format!("{list}?sort=waiting&inboxId={inbox}")),
            one("list, common name", format!("{list}?q=ana")),
            one("list, both names", format!("{list}?q=ana+souza")),
            one("list, number", format!("{list}?q=5511980000007")),
            ask("list, restricted", "restricted-bench", vec![list.to_owned()]),
            one("board", "/api/board".to_owned()),
            ask("board, restricted", "restricted-bench", vec!["/api/board".to_owned()]),
            ask("conversation", all, each("")),
            ask("history", all, each("/messages")),
            one("history, deep", format!("{list}/{}/messages?limit=5&before={deep}", threads[0])),
            ask("search, rare", all, (1..50).map(rare).collect()),
            one("search, common", format!("{search}?q=pedido")),
            one("search, very common", format!("{search}?q=para")),
            one("search, two words", format!("{search}?q=pedido+garantia")),
            one("search, common and rare", format!("{search}?q=pedido+p7919")),
            one("search, nothing", format!("{search}?q=xyzxyz")),
            one("search, deep", format!("{search}?q=pedido&before={before}")),
            one("search, in a thread", format!("{search}?q=pedido&conversationId={}", threads[1])),
            ask("search, restricted", "restricted-bench", vec![format!("{search}?q=pedido")]),
            one("contacts", "/api/contacts".to_owned()),
            one("contacts, common name", "/api/contacts?q=ana".to_owned()),
            one("contacts, number", "/api/contacts?q=5511980000007".to_owned()),
            ask("contacts, restricted", "restricted-bench", vec!["/api/contacts".to_owned()]),
            ask("contact", all, threads.iter().map(|id| format!("/api/contacts/{id}")).collect()),
            one("stats, 1 day", format!("/api/stats?{}", day(1))),
            one("stats, 31 days", format!("/api/stats?{}", day(31))),
            one("stats, agent, 1 day", format!("/api/stats?{}&assigneeId=agent-1", day(1))),
            one("stats, agents, 1 day", format!("/api/stats/agents?{}", day(1))),
            one("stats, agents, 31 days", format!("/api/stats/agents?{}", day(31))),
        ])
    }

    /// The value of an expression of `n`.
    async fn number_of(&self, expression: &str, n: u64) -> anyhow::Result<i64> {
        Ok(self.value(expression, n).await?.try_get("", "value")?)
    }

    async fn uuid(&self, expression: &str, n: u64) -> anyhow::Result<uuid::Uuid> {
        Ok(self.value(expression, n).await?.try_get("", "value")?)
    }

    async fn value(&self, expression: &str, n: u64) -> anyhow::Result<sea_orm::QueryResult> {
        let query =
            format!("SELECT {expression} AS value FROM (SELECT CAST({n} AS BIGINT) AS n) AS it");
        let query = Statement::from_string(self.db.get_database_backend(), query);
        self.db.query_one_raw(query).await?.context("no value")
    }
}

impl Filled {
    pub(crate) fn backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    pub(crate) fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Makes sure that all counters are what they should be.
    pub(crate) fn verify(url: &str) -> anyhow::Result<()> {
        let mut verify = Command::new(env!("CARGO_BIN_EXE_recado"));
        let verified = verify.arg("verify").env("DATABASE_URL", url).output()?;
        let told = String::from_utf8_lossy(&verified.stdout);
        ensure!(verified.status.success(), "{told}{}", String::from_utf8_lossy(&verified.stderr));
        Ok(())
    }

    /// How often each large table was read from its beginning to its end, by PostgreSQL's own count.
    pub(crate) async fn scans(&self) -> anyhow::Result<Vec<(String, i64)>> {
        if self.backend() != DbBackend::Postgres {
            return Ok(Vec::new());
        }
        let names = LARGE.map(|name| format!("'{name}'")).join(", ");
        let count = format!(
            "SELECT relname::text AS name, seq_scan FROM pg_stat_user_tables WHERE relname IN ({names})
             ORDER BY 1"
        );
        let count = Statement::from_string(DbBackend::Postgres, count);
        let rows = self.db.query_all_raw(count).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("", "name")?, row.try_get("", "seq_scan")?)))
            .collect()
    }
}

/// Writes what messages say and what contacts are called, for statements to choose from.
async fn write_texts(db: &DatabaseConnection) -> anyhow::Result<()> {
    db.execute_unprepared(
        "CREATE TEMPORARY TABLE bench_text (key BIGINT PRIMARY KEY, content TEXT)",
    )
    .await?;
    db.execute_unprepared("CREATE TEMPORARY TABLE bench_name (key BIGINT PRIMARY KEY, name TEXT)")
        .await?;
    let texts: Vec<_> = (0..TEXTS).map(|n| (n, texts::text(n, 80))).collect();
    let names: Vec<_> = (0..NAMES)
        .map(|n| {
            let at = |n: u64| usize::try_from(n).map_or(0, |n| n % 20);
            (n, format!("{} {} {n}", FIRST_NAMES[at(n)], LAST_NAMES[at(n / 20)]))
        })
        .collect();
    for (table, column, rows) in [("bench_text", "content", texts), ("bench_name", "name", names)] {
        for some in rows.chunks(500) {
            let values: Vec<_> = some
                .iter()
                .map(|(n, text)| format!("({n}, '{}')", text.replace('\'', "''")))
                .collect();
            let values = values.join(", ");
            db.execute_unprepared(&format!("INSERT INTO {table} (key, {column}) VALUES {values}"))
                .await?;
        }
    }
    Ok(())
}

/// Takes the indexes of large tables away, which are made faster once the rows are there; returns
/// how to make them.
async fn drop_indexes(db: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    let names = LARGE.map(|name| format!("'{name}'")).join(", ");
    let all = match db.get_database_backend() {
        DbBackend::Postgres => format!(
            "SELECT indexname::text AS name, indexdef AS made FROM pg_indexes
             WHERE tablename IN ({names}) AND indexname NOT LIKE '%pkey'"
        ),
        _ => format!(
            "SELECT name, sql AS made FROM sqlite_master
             WHERE type = 'index' AND tbl_name IN ({names}) AND sql IS NOT NULL"
        ),
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), all)).await?;
    let mut made = Vec::new();
    for row in rows {
        let name: String = row.try_get("", "name")?;
        db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        made.push(row.try_get("", "made")?);
    }
    Ok(made)
}
