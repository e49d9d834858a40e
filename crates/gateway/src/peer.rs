//! Where a request comes from: the client's address, which only a trusted proxy may tell us, and what the
//! client calls itself.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use fireside_kernel::ctx::Peer;
use fireside_protocol::sessions::DEVICE_COOKIE;
use http::HeaderMap;
use http::header::{COOKIE, USER_AGENT};

/// Longest user agent that is kept, in characters.
const USER_AGENT_MAX_CHARS: usize = 256;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text that is no address and no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidNetwork(String);

impl std::fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not an address or a range like 10.0.0.0/8", self.0)
    }
}

impl std::error::Error for InvalidNetwork {}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || InvalidNetwork(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| wrong())?;
        if prefix > bits { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    /// Whether `address` lies in the range. An IPv4 address is the same written as IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = u32::from(network) ^ u32::from(address);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = u128::from(network) ^ u128::from(address);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// The peer of a request that came over TCP from `tcp`.
pub fn peer(tcp: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Peer {
    Peer {
        address: Some(client_address(tcp, headers, trusted)),
        user_agent: user_agent(headers),
        device: device(headers),
    }
}

/// The device's cookie (RFC 6265 §4.2).
fn device(headers: &HeaderMap) -> Option<Arc<str>> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    cookies.find(|(name, _)| *name == DEVICE_COOKIE).map(|(_, value)| value.into())
}

/// The address to hold a client to. Proxies append to `X-Forwarded-For`, so it is read from the right, and
/// only as long as whoever wrote the entry is trusted: everything left of that is the client's own word.
pub fn client_address(tcp: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = tcp.to_canonical();
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let mut entries = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while is_trusted(address) {
        match entries.next().and_then(forwarded_address) {
            Some(before) => address = before,
            None => break,
        }
    }
    address
}

/// Whether a request has gone through a proxy, as far as it says so itself.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    [FORWARDED_FOR, "forwarded", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name))
}

/// One entry of `X-Forwarded-For`: an address, which some proxies write with its port.
fn forwarded_address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let address = entry.parse::<IpAddr>().ok().or_else(|| {
        entry.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()).or_else(|| {
            let inner = entry.strip_prefix('[')?.strip_suffix(']')?;
            inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        })
    })?;
    Some(address.to_canonical())
}

/// What the client calls itself: 256 visible characters of it, since it is shown to people and stored.
fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let raw = String::from_utf8_lossy(headers.get(USER_AGENT)?.as_bytes());
    let visible = raw.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX_CHARS);
    let text = visible.collect::<String>();
    (!text.trim().is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn seen(tcp: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        client_address(address(tcp), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_reached() {
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "1.2.3.4, 10.0.0.2"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, nonsense"]), "10.0.0.1");
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        assert_eq!(seen("10.0.0.1", &["1.2.3.4:567"]), "1.2.3.4");
        assert_eq!(seen("::1", &["[2001:db8::1]:567"]), "2001:db8::1");
        assert_eq!(seen("::1", &["[2001:db8::1]"]), "2001:db8::1");
    }

    #[test]
    fn ranges_are_checked() {
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "a/8", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains(address("255.1.2.3")) && !all.contains(address("::2")));
    }

    #[test]
    fn the_device_is_found_among_other_cookies() {
        let read = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_static(line));
            }
            device(&headers).map(|found| found.to_string())
        };
        assert_eq!(read(&["a=1; fireside-device=n.p; b=2"]).as_deref(), Some("n.p"));
        assert_eq!(read(&["a=1", "fireside-device=n.p"]).as_deref(), Some("n.p"), "HTTP/2 splits them");
        for lines in [&[][..], &["fireside-device"], &["x-fireside-device=n.p"], &["a=fireside-device=n.p"]] {
            assert_eq!(read(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn a_user_agent_is_cut_and_has_no_controls() {
        let mut headers = HeaderMap::new();
        let long = format!("a\tb{}", "x".repeat(300));
        headers.insert(USER_AGENT, HeaderValue::from_str(&long).unwrap());
        let kept = user_agent(&headers).unwrap();
        assert_eq!(kept.chars().count(), 256);
        assert!(kept.starts_with("abx"));
        headers.insert(USER_AGENT, HeaderValue::from_static(" "));
        assert!(user_agent(&headers).is_none());
    }
}
