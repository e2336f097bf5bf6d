//! `quietctl unlock`: lets one app or site through for a while.

use jiff::SignedDuration;

use super::{
    CommandError,
    context::Context,
    length,
    render::{lasting, left, moment, plain},
    said::Said,
};
use crate::{
    api::WaitEntry,
    clock::{Clock as _, SystemClock},
    config::{Lock, STRONG_AT_MOST},
};

/// Lets one app or site through for a while, after the profile's wait
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl unlock org.telegram.desktop
  quietctl unlock reddit.com 5m
  quietctl unlock --cancel reddit.com    leaves it locked after all")]
pub struct Unlock {
    /// The app's id or the site's name, as `quietctl status` shows them
    #[arg(value_name = "APP-OR-SITE")]
    what: String,
    /// How long: 5m, 1h; 15 minutes if not said
    #[arg(value_name = "FOR")]
    lasts: Vec<String>,
    /// Leaves it locked after all, or locks it again
    #[arg(long, conflicts_with = "lasts")]
    cancel: bool,
}

/// How long where it is not said; the daemon's default.
const DEFAULT: SignedDuration = SignedDuration::from_mins(15);

impl Unlock {
    /// Asks for it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let lasts = length::of(&self.lasts, "an unlock", STRONG_AT_MOST)?;
        let what = host(&self.what);
        let control = context.control().await?;
        if self.cancel {
            control.cancel_unlock(what).await?;
            return Ok(Said::text(format!("{} stays locked.\n", plain(what))));
        }
        control.unlock(what, lasts).await?;
        let lasts = lasting(lasts.unwrap_or(DEFAULT));
        let waits = control.state().await?.waits.unwrap_or_default();
        let wait = of(what, &waits).and_then(|wait| moment(wait.opens));
        let what = plain(what);
        Ok(Said::text(match wait {
            None => format!("{what} is let through for {lasts}.\n"),
            Some(opens) => {
                let left = left(SystemClock.now(), opens);
                format!(
                    "{what} opens in {left}, for {lasts}.\nTo leave it locked: quietctl unlock --cancel {what}\n"
                )
            }
        }))
    }
}

/// The wait of what the person means, found as the daemon finds it.
fn of<'a>(meant: &str, waits: &'a [WaitEntry]) -> Option<&'a WaitEntry> {
    let all: std::collections::BTreeSet<String> = waits.iter().map(|it| it.what.clone()).collect();
    let found = Lock { apps: all.clone(), sites: all, ..Lock::default() }.find(meant)?;
    waits.iter().find(|wait| wait.what == found)
}

/// The host of an address that was pasted whole.
fn host(what: &str) -> &str {
    match what.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#', ':']).next().unwrap_or(rest),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn an_address_may_be_pasted_whole() {
        for (what, host_of_it) in [
            ("reddit.com", "reddit.com"),
            ("https://www.reddit.com/r/rust?x=1", "www.reddit.com"),
            ("http://localhost:8080/", "localhost"),
            ("org.telegram.desktop", "org.telegram.desktop"),
        ] {
            assert_eq!(host(what), host_of_it);
        }
    }
}
