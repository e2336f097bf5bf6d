//! The rule: a proxy auto-configuration script inside a `data:` URL, which every browser that reads the setting takes.
//!
//! Pure. Nothing has to serve the script, a new rule is a new URL, and it holds its own end: when that has passed, it
//! answers as if it were not there, whether anybody takes it away or not. It also says nothing before the longest time a
//! lock may last ahead of its end, so that a clock that is set back does not lengthen it.
//!
//! A locked host is answered with a proxy that nobody runs, so that it is refused at once. The language is that of 1999
//! but for `Date.now` and `forEach`: KDE and libproxy have small engines.

use std::fmt::Write as _;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

use super::own::Own;
use crate::{
    config::{STRONG_AT_MOST, never},
    plan::Desired,
};

/// How long a rule lasts where nobody knows when quiet ends; it is made anew in time.
pub const LEASE: SignedDuration = SignedDuration::from_hours(12);

/// Chromium takes scripts of up to 1 MiB.
const URL_AT_MOST: usize = 512 * 1024;

const BEFORE: &str = "data:application/x-ns-proxy-autoconfig;base64,";
/// How each rule begins: three bytes become four letters, so a rule is known by its first ones.
const MARK: &str = "/* quietd: sites locked for a while */\n";

/// The end of a rule: that of quiet where it is known, and at most as late as a lock may last. What depends on now is a
/// whole hour, so that the same is the same a minute later.
pub fn end(desired: &Desired, now: Timestamp) -> Timestamp {
    let whole = TimestampRound::new().smallest(Unit::Hour).mode(RoundMode::Ceil);
    let at_most = |lasts: SignedDuration| (now + lasts).round(whole).unwrap_or(now);
    match desired.until {
        Some(until) => until.min(at_most(STRONG_AT_MOST)),
        None => at_most(LEASE),
    }
}

/// The rule as an address. Fails with a sentence where it would be longer than browsers take.
pub fn url(desired: &Desired, own: &Own, now: Timestamp) -> Result<String, String> {
    let script = script(desired.sites.iter().map(String::as_str), end(desired, now), own);
    let url = format!("{BEFORE}{}", base64(script.as_bytes()));
    if url.len() > URL_AT_MOST {
        return Err(format!(
            "{} sites are more than browsers take in one rule; lock fewer of them",
            desired.sites.len()
        ));
    }
    Ok(url)
}

/// Tells whether an address is a rule of ours, of whatever time.
pub fn is_ours(url: &str) -> bool {
    url.strip_prefix(BEFORE).is_some_and(|rest| rest.starts_with(&base64(MARK.as_bytes())))
}

/// The script. What can never be locked, or is no host name, is left out, whatever is desired.
pub fn script<'a>(sites: impl Iterator<Item = &'a str>, end: Timestamp, own: &Own) -> String {
    let longest = STRONG_AT_MOST + SignedDuration::from_hours(1);
    let from = (end - longest).as_millisecond();
    let sites: Vec<&str> = sites.filter(|site| may_be_locked(site)).collect();
    let mut out = MARK.to_owned();
    let _ = write!(
        out,
        "var from={from},end={},locked={{}};\n\"{}\".split(\" \").forEach(function(s){{locked[s]=1;}});\n",
        end.as_millisecond(),
        sites.join(" "),
    );
    // A name without a dot is of this machine or its network, and never locked.
    out.push_str(concat!(
        "function FindProxyForURL(url,host){\n",
        "var now=Date.now(),rest=host=host.toLowerCase().replace(/\\.+$/,\"\");\n",
        "if(now>=from&&now<end)for(;rest.indexOf(\".\")>0;rest=rest.slice(rest.indexOf(\".\")+1))\n",
        "if(locked[rest]===1)return \"PROXY 127.0.0.1:9\";\n",
        "return own(url,host);\n}\n",
    ));
    out.push_str(&own.function());
    out
}

fn may_be_locked(site: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    site.bytes().all(is_plain)
        && site.contains('.')
        && never::site(site).is_none()
        && never::site_below(site).is_none()
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for letter in 0..4 {
            let six = (bits >> (18 - 6 * letter)) as usize & 63;
            out.push(if letter <= three.len() { char::from(LETTERS[six]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(sites: &[&str], until: Option<&str>) -> Desired {
        Desired {
            sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            until: until.map(|until| until.parse().unwrap()),
            ..Desired::default()
        }
    }

    fn ends(until: Option<&str>) -> String {
        end(&desired(&[], until), "2025-06-01T12:10:00Z".parse().unwrap()).to_string()
    }

    #[test]
    fn it_ends_with_quiet_or_earlier() {
        assert_eq!(ends(Some("2025-06-01T13:07:05Z")), "2025-06-01T13:07:05Z");
        assert_eq!(ends(Some("2025-06-09T13:00:00Z")), "2025-06-04T13:00:00Z");
        assert_eq!(ends(None), "2025-06-02T01:00:00Z");
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(MARK.len() % 3, 0);
    }

    #[test]
    fn a_rule_is_known_as_ours() {
        let now = "2025-06-01T12:00:00Z".parse().unwrap();
        let url = url(&desired(&["reddit.com"], None), &Own::default(), now).unwrap();
        assert!(is_ours(&url), "{url}");
        for other in [
            "",
            "http://proxy/wpad.dat",
            BEFORE,
            "data:application/x-ns-proxy-autoconfig;base64,AAAA",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn what_can_never_be_locked_and_what_is_no_host_is_left_out() {
        let sites =
            ["a.com", "findahelpline.com", "google.com", "local", "b\".com", "c d.com", "É.com"];
        let script = script(sites.into_iter(), Timestamp::UNIX_EPOCH, &Own::default());
        assert!(script.contains("\n\"a.com\".split"), "{script}");
    }

    #[test]
    fn thousands_of_sites_fit_and_too_many_are_refused_with_a_sentence() {
        let now = Timestamp::UNIX_EPOCH;
        let of = |count: usize| {
            let sites = (0..count).map(|number| format!("site-number-{number}.example")).collect();
            url(&Desired { sites, ..Desired::default() }, &Own::default(), now)
        };
        assert!(of(10_000).is_ok());
        assert!(of(20_000).unwrap_err().starts_with("20000 sites are more than"));
    }
}
