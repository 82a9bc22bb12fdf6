//! How clients move from polling to websockets.

use clap::Args;
use clap::builder::RangedU64ValueParser;

/// How clients move from polling to websockets, as `GET /api/realtime/config` tells each.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rollout {
    /// How many clients of a hundred are told to use a websocket; the others, to poll. Who is moved
    /// stays so while this grows
    #[arg(long, env = "ROLLOUT_PERCENT", default_value_t = 100, value_parser = RangedU64ValueParser::<u32>::new().range(0..=100))]
    pub rollout_percent: u32,

    /// When more of a hundred people than this report that they cannot have a websocket, all clients are
    /// told to poll for 15 minutes; 100 for never
    #[arg(long, env = "ROLLOUT_FAILURES_PERCENT", default_value_t = 30, value_parser = RangedU64ValueParser::<u32>::new().range(0..=100))]
    pub rollout_failures_percent: u32,
}
