//! `quietctl status`: what is quiet, why, until when, what is next, and what could not be done.

use std::io::Write as _;

use futures_util::{FutureExt as _, StreamExt as _, stream::select};
use jiff::{SignedDuration, Timestamp};
use zbus::{MatchRule, MessageStream, message::Type};

use super::{
    CommandError,
    context::Context,
    control::Control,
    error::Kind,
    format::StatusFormat,
    output,
    render::{json, moment, status},
    said::Said,
    state::State,
};
use crate::{
    api::{self, PeriodEntry},
    clock::{Clock as _, SystemClock},
};

/// Says what is quiet, why, until when, and what could not be done
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl status
  quietctl status --follow                  again at each change, until Ctrl-C
  quietctl status --follow --format waybar  for a bar")]
pub struct Status {
    /// Says it again at each change, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// For people, for programs, or for a bar
    #[arg(long, value_enum, default_value_t)]
    format: StatusFormat,
    /// Shows the answer as a notification too
    #[arg(long, conflicts_with = "follow")]
    pub notify: bool,
}

/// What the daemon said at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    state: State,
    ahead: Vec<PeriodEntry>,
    horizon: Timestamp,
}

impl Status {
    /// Says it, once or again and again.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        let control = context.control().await?;
        if self.follow {
            return self.follow(context, &control).await;
        }
        let seen = self.look(&control).await?;
        let notice = status::notice(&context.page(), &seen.state);
        Ok(Said::text(self.render(context, &seen)).notice(notice))
    }

    /// Reads the properties, then the periods up to the end of what runs or the next change.
    async fn look(&self, control: &Control) -> Result<Seen, CommandError> {
        let state = control.state().await?;
        let now = SystemClock.now();
        let last = [state.until, state.next_change].into_iter().filter_map(moment).max();
        let horizon = last.unwrap_or(now) + SignedDuration::from_secs(1);
        let ahead = match (self.format, last) {
            (StatusFormat::Waybar, _) | (_, None) => Vec::new(),
            _ => control.plan(now, horizon).await?,
        };
        Ok(Seen { state, ahead, horizon })
    }

    fn render(&self, context: &Context, seen: &Seen) -> String {
        let page = if self.follow { context.page_anew() } else { context.page() };
        let line = |value: &serde_json::Value| {
            if self.follow { format!("{value}\n") } else { format!("{value:#}\n") }
        };
        match self.format {
            StatusFormat::Text => status::page(&page, &seen.state, &seen.ahead, seen.horizon),
            StatusFormat::Json => line(&json::status(&page, &seen.state, &seen.ahead)),
            StatusFormat::Waybar => format!("{}\n", json::waybar(&page, &seen.state)),
        }
    }

    fn away(&self) -> String {
        match self.format {
            StatusFormat::Text => {
                let error = CommandError::not_running();
                let hints = error.hints.join("\n");
                format!("{} Waiting for it to come back.\n{hints}\n", error.message)
            }
            StatusFormat::Json => format!("{}\n", json::away()),
            StatusFormat::Waybar => format!("{}\n", json::waybar_away()),
        }
    }

    /// Prints at each change: of a property, or of whether the daemon is there.
    async fn follow(self, context: &Context, control: &Control) -> Result<Said, CommandError> {
        let bus = control.bus();
        let changed = MatchRule::builder()
            .msg_type(Type::Signal)
            .interface("org.freedesktop.DBus.Properties")
            .member("PropertiesChanged")
            .path(api::PATH)
            .add_arg(api::INTERFACE)
            .build();
        let came_or_went = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender("org.freedesktop.DBus")
            .interface("org.freedesktop.DBus")
            .member("NameOwnerChanged")
            .add_arg(api::NAME)
            .build();
        let streams = async {
            Ok::<_, zbus::Error>(select(
                MessageStream::for_match_rule(changed?, bus, None).await?,
                MessageStream::for_match_rule(came_or_went?, bus, None).await?,
            ))
        };
        let mut news = streams.await.map_err(|error| {
            CommandError::new(Kind::Refused, format!("The session bus refused: {error}."))
        })?;
        let mut last: Option<Option<Seen>> = None;
        loop {
            let seen = match self.look(control).await {
                Ok(seen) => Some(seen),
                Err(error) if error.kind == Kind::NotRunning => None,
                Err(error) => return Err(error),
            };
            // The horizon moves with the clock where nothing is ahead; that alone is no news.
            let same = |a: &Option<Seen>, b: &Option<Seen>| match (a, b) {
                (Some(a), Some(b)) => a.state == b.state && a.ahead == b.ahead,
                (a, b) => a.is_none() == b.is_none(),
            };
            if !last.as_ref().is_some_and(|last| same(last, &seen)) {
                let text = match &seen {
                    Some(seen) => self.render(context, seen),
                    None => self.away(),
                };
                if !self.print(context, &text, last.is_some())? {
                    return Ok(Said::default());
                }
                last = Some(seen);
            }
            tokio::select! {
                message = news.next() => if message.is_none() {
                    return Err(CommandError::new(Kind::NotRunning, "The session bus has gone."));
                },
                _ = tokio::signal::ctrl_c() => return Ok(Said::default()),
            }
            // One change of the desktop is often several signals.
            while news.next().now_or_never().flatten().is_some() {}
        }
    }

    /// Prints one page; tells whether anybody still reads.
    fn print(&self, context: &Context, text: &str, again: bool) -> Result<bool, CommandError> {
        let mut out = String::new();
        if self.format == StatusFormat::Text {
            let page = context.page_anew();
            let time = page.now.strftime("%A %H:%M").to_string();
            out = format!("{}{}\n", if again { "\n" } else { "" }, page.faint(&time));
        }
        out.push_str(text);
        output::print(|stdout| stdout.write_all(out.as_bytes()))
    }
}
