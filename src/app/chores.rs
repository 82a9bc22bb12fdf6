//! What a node does by itself, again and again, for as long as it is polled.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use crate::desk::{Desks, Retention};
use crate::media::Shelf;
use crate::telemetry::FIGURES;

/// How long a node that cannot hear the others waits before it tries again.
const DEAF: Duration = Duration::from_secs(1);

/// How often measurements are summed up.
const SUM_UP: Duration = Duration::from_secs(1);

/// How often old events and webhooks are let go.
const PRUNE: Duration = Duration::from_mins(1);

/// How often new tables are looked at.
const LEARN: Duration = Duration::from_secs(5);

/// How often snoozed conversations are looked at.
const WAKE: Duration = Duration::from_secs(1);

/// Finds the events that other processes append, and keeps the newest in memory for so long.
pub(super) async fn look_around(desks: Desks, (often, kept): (Duration, Duration)) {
    let mut rounds = every(often);
    // At the start nobody here follows a log.
    rounds.reset();
    loop {
        rounds.tick().await;
        if let Err(error) = desks.look_around(kept).await {
            tracing::warn!(%error, "cannot look for other processes' events");
        }
    }
}

/// Tells other nodes what is appended here, and what happens.
pub(super) async fn call_out(desks: Desks, lease: Duration) {
    tokio::join!(desks.call_out(), desks.talk(lease));
}

/// Hears what other nodes append, and what they tell.
pub(super) async fn listen(desks: Desks, lease: Duration) {
    loop {
        if let Err(error) = desks.listen(lease).await {
            tracing::warn!(%error, "other nodes cannot be heard");
        }
        sleep(DEAF).await;
    }
}

/// Lets PostgreSQL know of tables that have begun to fill.
pub(super) async fn learn_sizes(desks: Desks) {
    let mut rounds = every(LEARN);
    loop {
        rounds.tick().await;
        if let Err(error) = desks.learn_sizes().await {
            tracing::warn!(%error, "the database cannot be told how much there is");
        }
    }
}

/// Sums up what has been measured.
pub(super) async fn sum_up() {
    let mut rounds = every(SUM_UP);
    loop {
        rounds.tick().await;
        FIGURES.upkeep();
    }
}

/// Lets go of what has been kept for long enough.
pub(super) async fn prune(desks: Desks, retention: Retention, shelf: Shelf) {
    let mut rounds = every(PRUNE);
    loop {
        rounds.tick().await;
        match desks.prune(retention).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old events and webhooks have been let go"),
            Err(error) => tracing::warn!(%error, "cannot let go of old events and webhooks"),
        }
        match shelf.prune().await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "files that nobody needs have been let go"),
            Err(error) => tracing::warn!(%error, "cannot let go of files that nobody needs"),
        }
    }
}

/// Opens the snoozed conversations whose time has come.
pub(super) async fn wake(desks: Desks) {
    let mut rounds = every(WAKE);
    loop {
        rounds.tick().await;
        if let Err(error) = desks.wake_snoozed().await {
            tracing::warn!(%error, "snoozed conversations cannot be opened");
        }
    }
}

/// Ticks at once, and then so often; one that comes late puts the next ones off.
fn every(time: Duration) -> Interval {
    let mut rounds = interval(time);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rounds
}
