//! `quietctl suggest`: a small thing to do away from the screen. Works without the daemon.

use jiff::SignedDuration;

use super::{CommandError, context::Context, said::Said};
use crate::{
    clock::{Clock as _, SystemClock},
    config::{ANY_AT_MOST, SUGGESTIONS},
    store::{suggestion_text, suggestions},
    suggestions::Stage,
};

/// Suggests a small thing to do away from the screen
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  quietctl suggest
  quietctl suggest walk
  quietctl suggest walk --list    all of them; save it as
                                  ~/.config/quietd/suggestions/walk.txt and edit it there

While it is quiet, a few come by themselves. For none: a-day = 0 under [suggestions] in the
config.")]
pub struct Suggest {
    /// What kind: rest, breathe, walk, write or people; what fits now if not said
    #[arg(value_name = "KIND", value_parser = SUGGESTIONS.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())]
    kind: Option<String>,
    /// Prints the whole list of this kind
    #[arg(long, requires = "kind")]
    list: bool,
}

impl Suggest {
    /// Prints one, or a list.
    pub async fn run(self, context: &Context) -> Result<Said, CommandError> {
        if let (Some(kind), true) = (&self.kind, self.list) {
            let built_in = SUGGESTIONS.iter().find(|(name, _)| name == kind);
            let built_in = || built_in.map(|(_, text)| (*text).to_owned()).unwrap_or_default();
            return Ok(Said::text(suggestion_text(&context.env, kind).unwrap_or_else(built_in)));
        }
        let lists = suggestions(&context.env);
        // Another one each second, and nothing to be kept for it.
        let turn = u32::try_from(SystemClock.now().as_second().rem_euclid(1 << 30)).unwrap_or(0);
        let line = match &self.kind {
            Some(kind) => lists.next_of(&[kind], turn, ""),
            None => lists.next(stage(context).await, turn, ""),
        };
        let text = line.unwrap_or("There is nothing in your lists to suggest.");
        Ok(Said::text(context.page().advice(0, text)))
    }
}

/// What fits now: it goes by the session that ended last, where the daemon tells.
async fn stage(context: &Context) -> Stage {
    let now = SystemClock.now();
    let since = now.saturating_sub(ANY_AT_MOST).unwrap_or(now);
    let sessions = match context.control().await {
        Ok(control) => control.sessions(Some(since)).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let ended = sessions.iter().filter_map(|session| super::render::moment(session.ended)).max();
    Stage::after(
        ended.map(|ended| now.duration_since(ended)).filter(|it| *it >= SignedDuration::ZERO),
    )
}
