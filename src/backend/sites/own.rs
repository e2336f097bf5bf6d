//! The person's own proxies, as they have set them by hand: what a rule answers for all that is not locked.
//!
//! Pure. What cannot be said in a rule (a password, a pattern of a kind nobody documents) is told, and then nothing is
//! replaced.

use std::{fmt::Write as _, net::Ipv4Addr};

/// The proxies. The default is none: everything is direct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// For `http:`, as `host:port`.
    pub http: Option<String>,
    /// For `https:`.
    pub https: Option<String>,
    /// For `ftp:`.
    pub ftp: Option<String>,
    /// SOCKS, for what has no other.
    pub socks: Option<String>,
    /// What needs none.
    pub direct: Vec<Direct>,
}

/// Hosts that are reached without a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Direct {
    /// A host, and those below it.
    Host(String),
    /// A pattern with `*` in it.
    Pattern(String),
    /// IPv4 addresses: the first, and how many bits count.
    Net(Ipv4Addr, u8),
}

/// What a person's setting says that a rule cannot; completes "Your own proxy settings have …".
pub type Odd = String;

/// Takes a proxy's host and port; none where no host is set.
pub fn proxy(host: &str, port: u32) -> Result<Option<String>, Odd> {
    let host = host.trim();
    if host.is_empty() {
        return Ok(None);
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if !host.bytes().all(is_plain) || !(1..=65535).contains(&port) {
        return Err(format!("\"{}\" and port {port} for a proxy", shown(host)));
    }
    // Only an address of IPv6 has colons.
    let is_bare = host.contains(':') && !host.starts_with('[');
    Ok(Some(if is_bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") }))
}

/// Takes one entry of the hosts that need no proxy: a host, `.host`, `*.host`, a pattern, an address, a net.
pub fn direct(entry: &str) -> Result<Direct, Odd> {
    let lower = entry.trim().to_lowercase();
    let odd = || format!("\"{}\" among the hosts that need no proxy", shown(entry));
    let host = lower.trim_start_matches("*.").trim_start_matches('.');
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:*?/".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_plain) {
        return Err(odd());
    }
    if let Some((base, bits)) = host.split_once('/') {
        let bits: u8 = bits.parse().ok().filter(|bits| *bits <= 32).ok_or_else(odd)?;
        return Ok(Direct::Net(base.parse().map_err(|_| odd())?, bits));
    }
    // One colon is a port, which a rule does not know of; more are an address.
    if host.matches(':').count() == 1 {
        return Err(odd());
    }
    let host = host.to_owned();
    Ok(if host.contains(['*', '?']) { Direct::Pattern(host) } else { Direct::Host(host) })
}

fn shown(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(48).collect()
}

impl Own {
    /// The script's function `own(url, host)`. Everything in it has been checked to need no escapes.
    pub fn function(&self) -> String {
        let mut out = String::from("function own(url,host){\n");
        let other = match &self.socks {
            Some(socks) => format!("\"SOCKS5 {socks}\""),
            None => "\"DIRECT\"".to_owned(),
        };
        if self.http.is_some() || self.https.is_some() || self.ftp.is_some() || self.socks.is_some()
        {
            for direct in &self.direct {
                let _ = writeln!(out, "if({})return \"DIRECT\";", direct.condition());
            }
        }
        let schemes = [("http", &self.http), ("https", &self.https), ("ftp", &self.ftp)];
        for (scheme, proxy) in schemes {
            if let Some(proxy) = proxy {
                let pattern = scheme.replacen("http", "(http|ws)", 1);
                let _ = writeln!(out, "if(/^{pattern}:/i.test(url))return \"PROXY {proxy}\";");
            }
        }
        let _ = writeln!(out, "return {other};\n}}");
        out
    }
}

impl Direct {
    /// Whether `host` is meant, in the script.
    fn condition(&self) -> String {
        match self {
            Self::Host(host) => {
                let length = host.len() + 1;
                format!("(\".\"+host.replace(/[\\[\\]]/g,\"\")).slice(-{length})==\".{host}\"")
            }
            Self::Pattern(pattern) => format!("shExpMatch(host,\"{pattern}\")"),
            Self::Net(base, bits) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(*bits)).unwrap_or(0);
                // Names are not looked up for it: only an address is in a net.
                format!(
                    "/^\\d+\\.\\d+\\.\\d+\\.\\d+$/.test(host)&&isInNet(host,\"{base}\",\"{}\")",
                    Ipv4Addr::from(mask)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_taken_and_odd_ones_told() {
        assert_eq!(proxy("", 8080), Ok(None));
        assert_eq!(proxy(" proxy.lan ", 3128).unwrap().as_deref(), Some("proxy.lan:3128"));
        assert_eq!(proxy("::1", 3128).unwrap().as_deref(), Some("[::1]:3128"));
        for (host, port) in [
            ("proxy", 0),
            ("proxy", 70_000),
            ("http://proxy", 1),
            ("a\";alert(1)", 1),
            ("me@proxy", 1),
        ] {
            assert!(proxy(host, port).is_err(), "{host}:{port}");
        }
    }

    #[test]
    fn hosts_that_need_none_are_taken() {
        let host = |host: &str| Ok(Direct::Host(host.to_owned()));
        assert_eq!(direct("localhost"), host("localhost"));
        assert_eq!(direct("*.Example.com"), host("example.com"));
        assert_eq!(direct(".example.com "), host("example.com"));
        assert_eq!(direct("[::1]"), host("::1"));
        assert_eq!(direct("10.*"), Ok(Direct::Pattern("10.*".to_owned())));
        assert_eq!(direct("127.0.0.0/8"), Ok(Direct::Net(Ipv4Addr::new(127, 0, 0, 0), 8)));
        for odd in ["", "*.", "host:80", "10.0.0.0/33", "fe80::/10", "<local>", "a\"b", "http://a"]
        {
            assert!(direct(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn without_proxies_everything_is_direct() {
        assert_eq!(Own::default().function(), "function own(url,host){\nreturn \"DIRECT\";\n}\n");
    }
}
