//! Suggestions: a few a day while it is quiet, with a break or where a phase begins. Nothing wakes for one.

use std::path::Path;

use super::{Engine, said::Saying};
use crate::{
    config::Notifications,
    schedule::Evaluation,
    store::{SuggestedStore, suggestions},
    suggestions::{Given, Stage, period},
};

/// What stands below a suggestion.
const HOW_TO_HAVE_NONE: &str = "To have none: a-day = 0 under [suggestions] in your config";

/// What was suggested, and what is to be shown of it.
#[derive(Debug)]
pub(super) struct Suggesting {
    store: SuggestedStore,
    given: Given,
    /// The period that ran at the last turn.
    period: String,
    /// Whether the last one waits to be shown, until notifications are not held back.
    waits: bool,
}

impl Suggesting {
    /// Reads what was suggested before.
    pub fn open(state_dir: &Path) -> Self {
        let store = SuggestedStore::open(state_dir);
        let given = store.read();
        Self { period: given.period.clone(), store, given, waits: false }
    }
}

impl Engine {
    /// Suggests something where a phase begins, and shows it once that is no disturbance; once a turn.
    pub(super) fn mind_suggestions(&mut self) {
        let period = period(&self.evaluation);
        let begins = !period.is_empty() && period != self.suggesting.period;
        if self.stopping.is_some() {
            return;
        }
        if period != self.suggesting.period {
            self.suggesting.period = period;
            self.unsay(Saying::Suggestion);
            self.suggesting.waits = begins && self.give_suggestion();
        }
        let Evaluation { measures, let_through, .. } = &self.evaluation;
        if measures.notifications != Notifications::All && let_through.is_none() {
            self.unsay(Saying::Suggestion);
        } else if self.attention.full_screen != Some(true)
            && std::mem::take(&mut self.suggesting.waits)
        {
            let line = self.suggesting.given.last.clone();
            self.say(Saying::Suggestion, line, HOW_TO_HAVE_NONE.to_owned());
        }
    }

    /// One for the notice of a break; none where it is not quiet, or there were enough.
    pub(super) fn suggest_for_a_break(&mut self) -> Option<String> {
        let is_new = !self.suggesting.period.is_empty() && self.give_suggestion();
        self.suggesting.waits &= !is_new;
        is_new.then(|| self.suggesting.given.last.clone())
    }

    /// What is suggested now; empty if nothing.
    pub(super) fn suggestion(&self) -> String {
        let Suggesting { given, period, .. } = &self.suggesting;
        let is_now =
            !period.is_empty() && given.period == *period && self.config.suggestions.a_day > 0;
        if is_now { given.last.clone() } else { String::new() }
    }

    /// Forgets what was suggested.
    pub(super) fn forget_suggestions(&mut self) {
        self.suggesting.given = Given::default();
        self.suggesting.waits = false;
        if let Err(error) = self.suggesting.store.write(&self.suggesting.given) {
            tracing::warn!(%error, "what was suggested is still on the disk");
        }
    }

    fn give_suggestion(&mut self) -> bool {
        let now = self.now.to_zoned(self.zone.clone());
        let stage = Stage::of(&self.evaluation, self.now);
        let Suggesting { given, period, .. } = &mut self.suggesting;
        if !given.may(&self.config.suggestions, &now) {
            return false;
        }
        let lists = suggestions(&self.desktop.env);
        let is_given = given.give(&lists, stage, period, &now);
        if let Err(error) = self.suggesting.store.write(&self.suggesting.given) {
            tracing::warn!(%error, "what was suggested may come again");
        }
        is_given
    }
}
