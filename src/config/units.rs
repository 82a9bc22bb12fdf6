//! How values are written.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "neither an address nor a network".to_owned())
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

pub(super) fn seconds_or_never(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Ok(Duration::from_secs(seconds))
}

pub(super) fn milliseconds(text: &str) -> Result<Duration, String> {
    let milliseconds = text.parse().map_err(|_| "not a number of milliseconds".to_owned())?;
    Ok(Duration::from_millis(milliseconds))
}

pub(super) fn milliseconds_above_0(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(milliseconds) if milliseconds > 0 => Ok(Duration::from_millis(milliseconds)),
        _ => Err("not a number of milliseconds above 0".to_owned()),
    }
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("not a number above 0".to_owned()),
    }
}
