//! What a desk that was filled is asked.

use recado::desk::Time;

use super::{Desk, MESSAGES};
use crate::lists::Question;

impl Desk {
    #[expect(clippy::too_many_lines, reason = "a table of requests")]
    pub(super) async fn questions(&self) -> anyhow::Result<Vec<Question>> {
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
}
