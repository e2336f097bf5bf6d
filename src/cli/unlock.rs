//! `quietctl unlock`: lets one app or site through for a while.

use super::{CommandError, context::Context, length, said::Said};
use crate::config::STRONG_AT_MOST;

/// Lets one app or site through for a while
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl unlock org.telegram.desktop
  quietctl unlock reddit.com 5m")]
pub struct Unlock {
    /// The app's id or the site's name, as `quietctl status` shows them
    #[arg(value_name = "APP-OR-SITE")]
    what: String,
    /// How long: 5m, 1h; 15 minutes if not said
    #[arg(value_name = "FOR")]
    lasts: Vec<String>,
}

/// How long where it is not said; the daemon's default.
const DEFAULT: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

impl Unlock {
    /// Asks for it.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let lasts = length::of(&self.lasts, "an unlock", STRONG_AT_MOST)?;
        let what = host(&self.what);
        context.control().await?.unlock(what, lasts).await?;
        let lasts = super::render::lasting(lasts.unwrap_or(DEFAULT));
        let what = super::render::plain(what);
        Ok(Said::text(format!("{what} is let through for {lasts}.\n")))
    }
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
