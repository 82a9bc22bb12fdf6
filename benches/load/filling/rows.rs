//! The rows of a desk, a statement for each table.

use std::ops::Range;

use super::{AT_A_TIME, AT_ONCE, Desk, MESSAGES, NAMES, STEP, TEXTS};

impl Desk {
    pub(super) fn statements(&self) -> Vec<String> {
        let mut statements = vec![
            self.tenant(),
            self.stages(),
            self.inboxes(),
            self.people(),
            self.members(),
            self.contacts(),
            self.addresses(),
            self.conversations(),
            self.labels(),
        ];
        let count = self.conversations * MESSAGES;
        let starts = (0..count).step_by(usize::try_from(AT_ONCE).unwrap_or(usize::MAX));
        statements.extend(starts.map(|start| self.messages(start..count.min(start + AT_ONCE))));
        statements.extend([self.milestones(), self.tallies(), self.traffic(), self.workdays()]);
        statements
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

    fn messages(&self, numbers: Range<u64>) -> String {
        let tenant = &self.tenant;
        let at = self.sent_at("k", "c");
        let conversation = self.id(&self.sent_at("0", "c"), "c");
        let (id, inbox) =
            (self.id(&at, &format!("(c * {MESSAGES} + k)")), self.id("0", "(c / 7 % 5)"));
        let unread = self.unread().replace("n ", "c ");
        let (last, block) = (MESSAGES - 1, AT_A_TIME * MESSAGES);
        // In the order in which they came.
        let numbers = self.numbers_of(numbers);
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
        // Together by the day, and not one with the other: SQLite would look for each in all others.
        format!(
            "INSERT INTO workday
                (tenant_id, day, inbox_id, user_id, sent, first_response, response, resolution)
             WITH did AS (SELECT created_at / 86400000000 AS day, inbox_id, author_id AS user_id,
                COUNT(*) AS sent, '' AS first, '' AS each, '' AS resolution FROM message
                WHERE tenant_id = '{tenant}' AND author_id IS NOT NULL AND direction = 'OUTBOUND'
                GROUP BY 1, 2, 3
             UNION ALL SELECT happened_at / 86400000000, inbox_id, user_id, 0, {first}, {each},
                {resolution} FROM milestone WHERE tenant_id = '{tenant}' GROUP BY 1, 2, 3)
             SELECT '{tenant}', day, inbox_id, user_id, SUM(sent), MAX(first), MAX(each),
                MAX(resolution) FROM did GROUP BY day, inbox_id, user_id"
        )
    }
}
