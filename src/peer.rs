//! Who is at the other end of a connection, as far as addresses tell.
//!
//! Behind a balancer everybody comes from its address. Only proxies that the operator has named are believed when they say
//! whom they speak for. What an address may do is not known here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Once};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// The header in which proxies note for whom they speak, each behind what it was told itself.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

const UNTRUSTED: &str = "a proxy on this machine forwards requests and is not named in --trusted-proxies: nobody who comes by it \
                         is counted, and guessing is not slowed by address";

/// Who is at the other end, as an extension of each request: `warp::ext::get::<Peer>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Whose connections are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    V4(Ipv4Addr),
    /// The first 64 bits: one customer has all addresses behind them.
    V6([u16; 4]),
}

/// The networks whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl Origin {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                Self::V6([first, second, third, fourth])
            }
        }
    }
}

impl TrustedProxies {
    /// Whom a request comes from. `None`: from nobody who is to be counted: this machine itself, or a trusted proxy on its
    /// own behalf.
    pub fn origin(&self, peer: Peer, headers: &HeaderMap) -> Option<Origin> {
        let peer = peer.0.ip().to_canonical();
        if !self.trusts(peer) {
            if peer.is_loopback() && headers.contains_key(FORWARDED_FOR) {
                static TOLD: Once = Once::new();
                TOLD.call_once(|| tracing::warn!("{UNTRUSTED}"));
            }
            return (!peer.is_loopback()).then(|| Origin::of(peer));
        }
        // From right to left: what stands left of the first stranger is only what that stranger says.
        for list in headers.get_all(FORWARDED_FOR).iter().rev() {
            for entry in list.to_str().ok()?.rsplit(',') {
                let address = address(entry.trim())?;
                if !self.trusts(address) {
                    return Some(Origin::of(address));
                }
            }
        }
        None
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: some add the port, some put brackets around IPv6.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

impl FromStr for TrustedProxies {
    type Err = String;

    /// Networks and single addresses, with commas between them; nothing for none.
    fn from_str(text: &str) -> Result<Self, String> {
        let network = |part: &str| {
            let network = part.parse().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
            network.ok_or_else(|| format!("{part} is no network, such as 10.0.0.0/8, and no address"))
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(Self(parts.map(network).collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn origin(trusted: &str, peer: &str, forwarded: &[&'static str]) -> Option<Origin> {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let trusted: TrustedProxies = trusted.parse().unwrap();
        trusted.origin(Peer(SocketAddr::new(peer.parse().unwrap(), 1)), &headers)
    }

    fn of(address: &str) -> Option<Origin> {
        Some(Origin::of(address.parse().unwrap()))
    }

    #[test]
    fn a_stranger_is_counted_by_its_own_address_whatever_it_forwards() {
        assert_eq!(origin("", "192.0.2.1", &["198.51.100.7"]), of("192.0.2.1"));
        assert_eq!(origin("10.0.0.0/8", "192.0.2.1", &["198.51.100.7"]), of("192.0.2.1"));
        assert_eq!(origin("", "::ffff:192.0.2.1", &[]), of("192.0.2.1"));
        assert_eq!(origin("", "127.0.0.1", &["198.51.100.7"]), None);
        assert_eq!(origin("", "::1", &[]), None);
    }

    #[test]
    fn of_what_a_trusted_proxy_forwards_the_rightmost_stranger_counts() {
        let trusted = "10.0.0.0/8, 127.0.0.1, fd00::/8";
        for (forwarded, expected) in [
            (&["198.51.100.7"][..], of("198.51.100.7")),
            (&["6.6.6.6, 198.51.100.7"], of("198.51.100.7")),
            (&["6.6.6.6", "198.51.100.7"], of("198.51.100.7")),
            (&["6.6.6.6, 198.51.100.7, 10.1.2.3"], of("198.51.100.7")),
            (&["198.51.100.7", "10.1.2.3,127.0.0.1"], of("198.51.100.7")),
            (&["198.51.100.7:4711"], of("198.51.100.7")),
            (&["[2001:db8::1]:4711"], of("2001:db8::1")),
            (&["[2001:db8::1]"], of("2001:db8::1")),
            (&["::ffff:198.51.100.7"], of("198.51.100.7")),
            // The proxy speaks for itself, or says nothing that can be understood.
            (&[], None),
            (&["10.1.2.3"], None),
            (&["198.51.100.7, unknown"], None),
        ] {
            for peer in ["10.9.9.9", "127.0.0.1", "fd00::1"] {
                assert_eq!(origin(trusted, peer, forwarded), expected, "{peer} {forwarded:?}");
            }
        }
    }

    #[test]
    fn one_customer_has_64_bits_of_ipv6() {
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in ["nonsense", "10.0.0.0/33", "10.0.0.0/8;10.0.0.1", "example.org"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
        assert_eq!(" ".parse::<TrustedProxies>().unwrap(), TrustedProxies::default());
    }
}
