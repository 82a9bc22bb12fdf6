//! Where requests come from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts, Request, State};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::auth::Origin;

/// The proxies that are believed when they tell for whom they ask.
#[derive(Clone, Debug)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Believes these.
    pub fn new(trusted: &[IpNet]) -> Self {
        Self(trusted.into())
    }

    /// The client's address, as far as the connection tells.
    fn address(&self, request: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = request.get::<ConnectInfo<SocketAddr>>()?;
        Some(self.client(peer.0.ip(), headers))
    }

    /// The client's address: of those through whom the request came, the last whom nobody vouches
    /// for. What stands before it in the header, anybody may have written.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_trusted = |address| self.0.iter().any(|network| network.contains(&address));
        let told = headers.get_all("x-forwarded-for").iter().filter_map(|it| it.to_str().ok());
        let hops: Vec<_> = told.flat_map(|hops| hops.split(',')).map(str::trim).collect();
        let mut client = peer.to_canonical();
        for hop in hops.into_iter().rev() {
            let Some(hop) = address(hop).filter(|_| is_trusted(client)) else { break };
            client = hop;
        }
        client
    }
}

/// Where a request comes from, for what does not know the proxies, or outlives the request.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// What has been found out of a request.
    pub fn of(request: &Extensions) -> Option<IpAddr> {
        request.get::<Self>().map(|Self(address)| *address)
    }
}

/// Finds out where a request comes from.
pub async fn locate(State(proxies): State<Proxies>, mut request: Request) -> Request {
    if let Some(address) = proxies.address(request.extensions(), request.headers()) {
        request.extensions_mut().insert(ClientAddress(address));
    }
    request
}

impl<S: Send + Sync> FromRequestParts<S> for Origin
where
    Proxies: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(origin(parts, state))
    }
}

/// Where a request comes from, as far as its connection tells.
pub(super) fn origin<S>(parts: &Parts, state: &S) -> Origin
where
    Proxies: FromRef<S>,
{
    let address = Proxies::from_ref(state).address(&parts.extensions, &parts.headers);
    let user_agent = parts.headers.get(USER_AGENT).and_then(|it| it.to_str().ok());
    Origin { address, user_agent: user_agent.map(str::to_owned) }
}

/// Whom an address is counted as: a network of IPv6's usual size is one customer's.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(it) => IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() & !u128::from(u64::MAX))),
    }
}

fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{Proxies, household};

    fn client(trusted: &[&str], peer: &str, told: &[&'static str]) -> String {
        let trusted: Vec<_> = trusted.iter().map(|it| it.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for told in told {
            headers.append("x-forwarded-for", HeaderValue::from_static(told));
        }
        Proxies::new(&trusted).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_tell_for_whom_they_ask() {
        let proxies = ["10.0.0.0/8", "::1/128"];
        for (peer, told, meant) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1:4711"], "198.51.100.1"),
            ("::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(client(&proxies, peer, told), meant, "{peer} {told:?}");
        }
        assert_eq!(client(&[], "10.0.0.1", &["198.51.100.1"]), "10.0.0.1");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let household = |it: &str| household(it.parse().unwrap()).to_string();
        assert_eq!(household("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(household("203.0.113.9"), "203.0.113.9");
    }
}
