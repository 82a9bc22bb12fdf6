//! How often somebody may do something.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

/// How often somebody may do something. Each is a number a second, and after a colon how many may
/// come at once after a quiet time; 0 for no limit. Behind a proxy that is not trusted, all clients
/// have one address.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Limits (a second:at once, or 0 for none)")]
pub struct RateLimits {
    /// Events from one Socket.IO connection; one that goes on beyond three times as many as may come
    /// at once, within 10 s, is disconnected
    #[arg(long, env = "LIMIT_SOCKET_EVENTS", default_value = "50:500", value_name = "LIMIT")]
    pub limit_socket_events: Limit,

    /// Events from all Socket.IO connections of one user
    #[arg(long, env = "LIMIT_USER_EVENTS", default_value = "100:1000", value_name = "LIMIT")]
    pub limit_user_events: Limit,

    /// Events from all Socket.IO connections of one address
    #[arg(long, env = "LIMIT_ADDRESS_EVENTS", default_value = "5000:50000", value_name = "LIMIT")]
    pub limit_address_events: Limit,

    /// Socket.IO connections that one address may begin
    #[arg(
        long,
        env = "LIMIT_ADDRESS_CONNECTIONS",
        default_value = "500:20000",
        value_name = "LIMIT"
    )]
    pub limit_address_connections: Limit,

    /// Requests to the API from one user, those that poll or stream left out
    #[arg(long, env = "LIMIT_USER_REQUESTS", default_value = "100:2000", value_name = "LIMIT")]
    pub limit_user_requests: Limit,

    /// Requests to the API from one address, those that poll or stream left out
    #[arg(
        long,
        env = "LIMIT_ADDRESS_REQUESTS",
        default_value = "5000:50000",
        value_name = "LIMIT"
    )]
    pub limit_address_requests: Limit,

    /// Requests that poll or stream, from one user
    #[arg(long, env = "LIMIT_USER_POLLS", default_value = "0", value_name = "LIMIT")]
    pub limit_user_polls: Limit,

    /// Requests that poll or stream, from one address
    #[arg(long, env = "LIMIT_ADDRESS_POLLS", default_value = "0", value_name = "LIMIT")]
    pub limit_address_polls: Limit,

    /// Webhooks from one address: providers send in bursts, and what is refused they send again
    #[arg(long, env = "LIMIT_ADDRESS_WEBHOOKS", default_value = "0", value_name = "LIMIT")]
    pub limit_address_webhooks: Limit,

    /// Chats that visitors of sites may begin from one address
    #[arg(long, env = "LIMIT_ADDRESS_CHATS", default_value = "1:30", value_name = "LIMIT")]
    pub limit_address_chats: Limit,

    /// Chats that visitors may begin on one site
    #[arg(long, env = "LIMIT_INBOX_CHATS", default_value = "50:500", value_name = "LIMIT")]
    pub limit_inbox_chats: Limit,

    /// Requests and Socket.IO events of one visitor
    #[arg(long, env = "LIMIT_VISITOR_REQUESTS", default_value = "10:100", value_name = "LIMIT")]
    pub limit_visitor_requests: Limit,

    /// Messages of one visitor
    #[arg(long, env = "LIMIT_VISITOR_MESSAGES", default_value = "1:30", value_name = "LIMIT")]
    pub limit_visitor_messages: Limit,
}

/// How often something may be done, if there is a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(Option<(NonZeroU32, NonZeroU32)>);

impl Limit {
    /// As often as one likes.
    pub const NONE: Self = Self(None);

    /// How often it may be done after a quiet time, and how long it then takes until it may be done
    /// once more; nothing if it may be done as often as one likes.
    pub fn at_once_and_every(self) -> Option<(NonZeroU32, Duration)> {
        self.0.map(|(a_second, at_once)| (at_once, Duration::from_secs(1) / a_second.get()))
    }
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "neither 0 nor two numbers as in 50:500";
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| WRONG);
        let Some((a_second, at_once)) = text.split_once(':') else {
            return if number(text)? == 0 { Ok(Self::NONE) } else { Err(WRONG) };
        };
        let some = |text| NonZeroU32::new(number(text)?).ok_or(WRONG);
        Ok(Self(Some((some(a_second)?, some(at_once)?))))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Limit};

    #[test]
    fn a_limit_is_two_numbers_or_none() {
        let read = |text: &str| text.parse::<Limit>().map(Limit::at_once_and_every);
        let some = read("50:500").unwrap().unwrap();
        assert_eq!((some.0.get(), some.1), (500, Duration::from_millis(20)));
        assert_eq!(read("0"), Ok(None));
        for wrong in ["", "5", "x", "0:5", "5:0", "5:", ":5", "-1:5", "1:2:3"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
