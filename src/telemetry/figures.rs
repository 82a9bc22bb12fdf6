//! Every figure that an operator can read, with its name and its meaning.
//!
//! They are the process's, not a server's: a test that starts several servers in one process gets
//! the sum of all. `docs/metrics.md` lists them, and `tests/it/metrics.rs` compares the two.

use std::sync::LazyLock;

use metrics::{
    Counter, Gauge, Histogram, Label, SharedString, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The figures, which count from when one of them is first touched.
pub static FIGURES: LazyLock<Figures> = LazyLock::new(Figures::install);

/// The upper bounds, in seconds, of what takes about as long as a commit or a delivery.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// The upper bounds of how many share a commit.
const SHARING: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

const TENANT_SOCKETS: &str = "recado_tenant_sockets";

/// Handles that are kept, so that recording looks nothing up and allocates nothing.
#[expect(missing_docs, reason = "each is described in words for operators, in `install`")]
pub struct Figures {
    recorder: PrometheusHandle,
    process: metrics_process::Collector,
    pub websockets: Gauge,
    pub pollings: Gauge,
    pub streams: Gauge,
    pub long_polls: Gauge,
    pub sockets_waiting: Gauge,
    pub largest_lag: Gauge,
    pub all_lags: Gauge,
    /// By at least how many events, and how many sockets are that far behind.
    pub behind: [(u32, Gauge); 4],
    pub recovered: Counter,
    pub not_recovered: Counter,
    pub replayed: Counter,
    pub slow_at_buffer: Counter,
    pub slow_at_wire: Counter,
    pub plain_bytes: Counter,
    pub wire_bytes: Counter,
    pub webhook_to_socket: Histogram,
    pub commit_seconds: Histogram,
    pub commit_webhooks: Histogram,
    pub intake_waiting: Gauge,
    pub intake_full: Counter,
    pub intake_failed: Counter,
    pub deliveries_waiting: Gauge,
    pub deliveries_oldest: Gauge,
    pub deliveries_done: Counter,
    pub deliveries_later: Counter,
    pub deliveries_failed: Counter,
    pub deliveries_lost: Counter,
    pub pushes_done: Counter,
    pub pushes_later: Counter,
    pub pushes_gone: Counter,
    pub pushes_failed: Counter,
    pub clients_websocket_connected: Counter,
    pub clients_websocket_failed: Counter,
    pub clients_polling_connected: Counter,
    pub clients_polling_failed: Counter,
    pub clients_websocket_seconds: Histogram,
    pub clients_polling_seconds: Histogram,
    pub reconcile_missed: Counter,
    pub reconcile_failed: Counter,
    pub delivery_seconds: Histogram,
    pub polls_from_memory: Counter,
    pub polls_from_database: Counter,
    pub feeds_from_memory: Counter,
    pub feeds_from_database: Counter,
    pub tail_events: Gauge,
    pub tail_bytes: Gauge,
    pub typing_signals: Counter,
    pub presence_signals: Counter,
    pub refused_events: Counter,
    pub refused_connections: Counter,
    pub refused_requests: Counter,
    pub refused_polls: Counter,
    pub refused_webhooks: Counter,
    pub refused_visitors: Counter,
    pub floods: Counter,
}

impl Figures {
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn install() -> Self {
        let recorder = recorder();
        let process = metrics_process::Collector::default();
        process.describe();
        describe_gauge!(TENANT_SOCKETS, "Socket.IO clients that are connected, by tenant.");

        let connections = Family("recado_connections", "Clients that hold a connection.");
        let behind = Family(
            "recado_sockets_behind",
            "Socket.IO clients that have yet to be sent at least so many events.",
        );
        let resumes = Family(
            "recado_resumes_total",
            "Socket.IO clients that came back with a cursor, and whether the log still kept what followed.",
        );
        let slow = Family(
            "recado_slow_clients_total",
            "Clients that ended while their buffer was full, and those let go because a write took too long.",
        );
        let refused =
            Family("recado_intake_refused_total", "Webhooks answered 503, and nothing stored.");
        let reports =
            Family("recado_client_reports_total", "How connecting went, as clients report.");
        let deliveries = Family(
            "recado_deliveries_total",
            "Attempts to tell a channel something, and what came of them.",
        );
        let pushes = Family(
            "recado_pushes_total",
            "Attempts to reach a browser by its push service, and what came of them.",
        );
        let polls = Family(
            "recado_polls_total",
            "Polls by the clock (check-updates), and what answered them.",
        );
        let feeds = Family(
            "recado_feed_reads_total",
            "Pages of the log read for clients that follow it, and where from.",
        );
        let signals = Family(
            "recado_signals_total",
            "Signals told to a room, whoever is in it: who types, who is there.",
        );
        let limited = Family(
            "recado_rate_limited_total",
            "What was refused because somebody did too much at once.",
        );
        Self {
            typing_signals: signals.counter("kind", "typing"),
            presence_signals: signals.counter("kind", "presence"),
            refused_events: limited.counter("what", "event"),
            refused_connections: limited.counter("what", "connection"),
            refused_requests: limited.counter("what", "request"),
            refused_polls: limited.counter("what", "poll"),
            refused_webhooks: limited.counter("what", "webhook"),
            refused_visitors: limited.counter("what", "visitor"),
            floods: Family(
                "recado_rate_limited_disconnects_total",
                "Socket.IO clients that were disconnected because they went on after events were refused.",
            )
            .only_counter(),
            websockets: connections.gauge("transport", "websocket"),
            pollings: connections.gauge("transport", "polling"),
            streams: connections.gauge("transport", "sse"),
            long_polls: connections.gauge("transport", "longpoll"),
            sockets_waiting: Family(
                "recado_sockets_waiting",
                "Socket.IO clients whose buffer is full: their sessions wait for room.",
            )
            .only_gauge(),
            largest_lag: Family(
                "recado_socket_lag_max_events",
                "Events that the Socket.IO client furthest behind has yet to be sent.",
            )
            .only_gauge(),
            all_lags: Family(
                "recado_socket_lag_sum_events",
                "Events that all Socket.IO clients together have yet to be sent.",
            )
            .only_gauge(),
            behind: [(1, "1"), (10, "10"), (100, "100"), (1_000, "1000")]
                .map(|(least, shown)| (least, behind.gauge("events", shown))),
            recovered: resumes.counter("outcome", "recovered"),
            not_recovered: resumes.counter("outcome", "not_recovered"),
            replayed: Family(
                "recado_replayed_events_total",
                "Events sent to Socket.IO clients that had missed them, or asked for them again.",
            )
            .only_counter(),
            slow_at_buffer: slow.counter("at", "buffer"),
            slow_at_wire: slow.counter("at", "wire"),
            plain_bytes: Family(
                "recado_websocket_plain_bytes_total",
                "Bytes of messages to websockets before compression.",
            )
            .only_counter(),
            wire_bytes: Family(
                "recado_websocket_wire_bytes_total",
                "Bytes written to websockets, compressed where they are, with their frames.",
            )
            .only_counter(),
            webhook_to_socket: Family(
                "recado_webhook_to_socket_seconds",
                "From a webhook's arrival, through its commit, to each handing of one of its events to a Socket.IO client's buffer.",
            )
            .histogram(),
            commit_seconds: Family(
                "recado_intake_commit_seconds",
                "How long the intake's transactions take.",
            )
            .histogram(),
            commit_webhooks: Family(
                "recado_intake_commit_webhooks",
                "How many webhooks share a transaction.",
            )
            .histogram(),
            intake_waiting: Family(
                "recado_intake_waiting_webhooks",
                "Webhooks that wait for the next transaction.",
            )
            .only_gauge(),
            intake_full: refused.counter("reason", "full"),
            intake_failed: refused.counter("reason", "storage"),
            deliveries_waiting: Family(
                "recado_deliveries_waiting_messages",
                "Messages that wait to be sent, of all nodes; NaN while the database does not answer.",
            )
            .only_gauge(),
            deliveries_oldest: Family(
                "recado_deliveries_oldest_seconds",
                "How long the first of them has waited; 0 if none does.",
            )
            .only_gauge(),
            deliveries_done: deliveries.counter("outcome", "done"),
            deliveries_later: deliveries.counter("outcome", "later"),
            deliveries_failed: deliveries.counter("outcome", "failed"),
            deliveries_lost: deliveries.counter("outcome", "lost"),
            pushes_done: pushes.counter("outcome", "done"),
            pushes_later: pushes.counter("outcome", "later"),
            pushes_gone: pushes.counter("outcome", "gone"),
            pushes_failed: pushes.counter("outcome", "failed"),
            clients_websocket_connected: reports.counter("outcome", "websocket_connected"),
            clients_websocket_failed: reports.counter("outcome", "websocket_failed"),
            clients_polling_connected: reports.counter("outcome", "polling_connected"),
            clients_polling_failed: reports.counter("outcome", "polling_failed"),
            clients_websocket_seconds: Family(
                "recado_client_websocket_seconds",
                "How long messages took to be shown, as clients with a websocket report.",
            )
            .histogram(),
            clients_polling_seconds: Family(
                "recado_client_polling_seconds",
                "How long messages took to be shown, as clients that poll report.",
            )
            .histogram(),
            reconcile_missed: Family(
                "recado_reconcile_missed_total",
                "Things that a channel's webhooks had lost and asking it has found.",
            )
            .counter("channel", "chatwoot"),
            reconcile_failed: Family(
                "recado_reconcile_failed_total",
                "Inboxes that could not be asked what their webhooks may have lost.",
            )
            .counter("channel", "chatwoot"),
            delivery_seconds: Family(
                "recado_delivery_seconds",
                "From when a channel was to be told something to when it had taken it.",
            )
            .histogram(),
            polls_from_memory: polls.counter("source", "memory"),
            polls_from_database: polls.counter("source", "database"),
            feeds_from_memory: feeds.counter("source", "memory"),
            feeds_from_database: feeds.counter("source", "database"),
            tail_events: Family(
                "recado_tail_events",
                "Events that are held in memory, of all tenants.",
            )
            .only_gauge(),
            tail_bytes: Family(
                "recado_tail_bytes",
                "What they take in the forms in which clients have been told of them.",
            )
            .only_gauge(),
            recorder,
            process,
        }
    }

    /// How many clients of a tenant are connected. This one is looked up, and allocates.
    pub fn tenant_sockets(&self, tenant: impl Into<SharedString>) -> Gauge {
        gauge!(TENANT_SOCKETS, "tenant" => tenant.into())
    }

    /// Returns all figures in Prometheus's text format, the process's own looked up just now.
    pub fn render(&self) -> String {
        self.process.collect();
        self.recorder.render()
    }

    /// Sorts what has been measured into its histograms; until then, each measurement takes memory.
    pub fn upkeep(&self) {
        self.recorder.run_upkeep();
    }
}

/// A count as a figure.
pub fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Installs the process's recorder.
fn recorder() -> PrometheusHandle {
    let full = |name: &str| Matcher::Full(name.to_owned());
    let builder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|it| it.set_buckets_for_metric(full("recado_intake_commit_webhooks"), &SHARING))
        .expect("there are buckets");
    builder.install_recorder().expect("nobody else installs one, and this happens once")
}

/// A name and what it means; one figure, or one for each value of a label.
#[derive(Clone, Copy)]
struct Family(&'static str, &'static str);

impl Family {
    fn counter(self, label: &'static str, value: &'static str) -> Counter {
        describe_counter!(self.0, self.1);
        counter!(self.0, [Label::from_static_parts(label, value)].iter())
    }

    fn gauge(self, label: &'static str, value: &'static str) -> Gauge {
        describe_gauge!(self.0, self.1);
        gauge!(self.0, [Label::from_static_parts(label, value)].iter())
    }

    fn only_counter(self) -> Counter {
        describe_counter!(self.0, self.1);
        counter!(self.0)
    }

    fn only_gauge(self) -> Gauge {
        describe_gauge!(self.0, self.1);
        gauge!(self.0)
    }

    fn histogram(self) -> Histogram {
        describe_histogram!(self.0, self.1);
        histogram!(self.0)
    }
}
