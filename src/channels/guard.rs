//! Where this server goes when others say where: what a provider answers, or somebody who is signed in
//! gives as an address, must not lead it to places that only it can reach.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};
use tokio::net::lookup_host;

/// Which addresses are permitted.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// Nothing for all.
    hosts: Option<Vec<String>>,
    /// Origins without their scheme, or hosts.
    own: Vec<String>,
}

/// How to get to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// As to the Graph API.
    Own,
    /// By https, and if it is a public place only.
    Guarded,
    /// Not at all.
    None,
}

impl Guard {
    /// Permits `hosts`, and whatever is at the same host and port as `own`.
    pub(super) fn new(hosts: &[String], own: Option<&Url>) -> Self {
        let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase());
        let hosts = hosts.filter(|host| !host.is_empty()).collect();
        Self {
            hosts: Some(hosts),
            own: own.into_iter().map(|own| own.origin().ascii_serialization()).collect(),
        }
    }

    /// Permits all public places by https, and `listed` (`host` or `host:port`) however they are
    /// reached.
    pub(crate) fn public(listed: &[String]) -> Self {
        let own = listed.iter().map(|origin| origin.trim().to_ascii_lowercase());
        Self { hosts: None, own: own.filter(|origin| !origin.is_empty()).collect() }
    }

    fn permits(&self, url: &Url) -> Way {
        let is_plain = url.username().is_empty() && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        let place = origin.split_once("://").map_or("", |(_, place)| place);
        let is_own =
            |own: &String| *own == origin || *own == place || Some(own.as_str()) == url.host_str();
        if is_plain && matches!(url.scheme(), "http" | "https") && self.own.iter().any(is_own) {
            return Way::Own;
        }
        let host = url.domain().unwrap_or_default();
        let is_listed = self.hosts.as_ref().map_or(!host.is_empty(), |hosts| {
            hosts.iter().any(|listed| match listed.strip_prefix('.') {
                Some(_) => host.ends_with(listed.as_str()),
                None => host == listed,
            })
        });
        // Only where all are permitted may it be at another port than the usual.
        let port = url.port_or_known_default();
        let is_usual = url.scheme() == "https" && (port == Some(443) || self.hosts.is_none());
        if is_listed && is_usual && is_plain { Way::Guarded } else { Way::None }
    }
}

/// Goes where a guard permits, and in the way it says.
#[derive(Clone, Debug)]
pub(crate) struct GuardedClient {
    guard: Guard,
    own: Client,
    guarded: Client,
}

impl GuardedClient {
    /// Connects as `client` is built; each answer that leads elsewhere has to be asked for anew, so that
    /// builder must not follow redirects.
    ///
    /// # Errors
    /// When the system has no certificates that could be trusted.
    pub(crate) fn new(guard: Guard, client: impl Fn() -> ClientBuilder) -> reqwest::Result<Self> {
        let guarded = client().https_only(true).no_proxy().dns_resolver(PublicOnly).build()?;
        Ok(Self { guard, own: client().build()?, guarded })
    }

    /// Whether that address is permitted.
    pub(crate) fn permits(&self, url: &Url) -> bool {
        self.to(url).is_some()
    }

    /// What asks at that address, if it is permitted.
    pub(crate) fn to(&self, url: &Url) -> Option<&Client> {
        match self.guard.permits(url) {
            Way::Own => Some(&self.own),
            Way::Guarded => Some(&self.guarded),
            Way::None => None,
        }
    }

    /// What asks at addresses that nobody but the operator says.
    pub(crate) fn own(&self) -> &Client {
        &self.own
    }
}

/// Finds public addresses only, at the moment of connecting, so that no name leads elsewhere.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> =
                found.into_iter().filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::other("it has no public address").into());
            }
            let public: Addrs = Box::new(public.into_iter());
            Ok(public)
        })
    }
}

/// Whether an address is one of the public internet's.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a, b & 0xc0) == (100, 64)
        || (a, b & 0xfe) == (198, 18)
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99);
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only 2000::/3 is given out; of it 6to4, Teredo and documentation lead elsewhere or nowhere.
    let is_given_out = first & 0xe000 == 0x2000;
    let is_special = first == 0x2002
        || (first, second & 0xfe00) == (0x2001, 0)
        || (first, second) == (0x2001, 0xdb8);
    is_given_out && !is_special
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::{Guard, Way, is_public};

    #[test]
    fn only_listed_hosts_are_permitted_and_only_by_https() {
        let hosts = ["lookaside.fbsbx.com".to_owned(), ".whatsapp.net".to_owned()];
        let own = Url::parse("http://127.0.0.1:3334/v25.0/").unwrap();
        let guard = Guard::new(&hosts, Some(&own));
        for (url, way) in [
            ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", Way::Guarded),
            ("https://LOOKASIDE.fbsbx.com:443/", Way::Guarded),
            ("https://mmg.whatsapp.net/x", Way::Guarded),
            ("http://127.0.0.1:3334/whatsapp_business/attachments/", Way::Own),
            ("http://lookaside.fbsbx.com/", Way::None),
            ("https://lookaside.fbsbx.com:8443/", Way::None),
            ("https://lookaside.fbsbx.com.evil.example/", Way::None),
            ("https://lookaside.fbsbx.com@evil.example/", Way::None),
            ("https://evil.example/?lookaside.fbsbx.com", Way::None),
            ("https://evilwhatsapp.net/", Way::None),
            ("https://user:word@lookaside.fbsbx.com/", Way::None),
            ("http://127.0.0.1:3335/", Way::None),
            ("https://127.0.0.1:3334/", Way::None),
            ("https://169.254.169.254/latest/meta-data/", Way::None),
            ("file:///etc/passwd", Way::None),
        ] {
            assert_eq!(guard.permits(&Url::parse(url).unwrap()), way, "{url}");
        }
        let guard = Guard::new(&hosts, None);
        let own = Url::parse("http://127.0.0.1:3334/x").unwrap();
        assert_eq!(guard.permits(&own), Way::None);
    }

    #[test]
    fn addresses_that_only_this_server_reaches_are_not_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["157.240.12.53", "1.1.1.1", "2a03:2880:f12f:83::1", "::ffff:1.1.1.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
