//! Breaks: when one is due, and how long it is. Pure.
//!
//! Counted is the time at the screen since the last break; to be away for as long as a break is one. Times are since boot,
//! suspend included. Not here: who tells whether somebody is there, whether it is a bad moment, and how it is said; that is
//! the engine's.

use jiff::SignedDuration;

use crate::config::Breaks;

/// How much later *Later* is, and how long a bad moment is left alone before it is looked at again.
pub const LATER: SignedDuration = SignedDuration::from_mins(5);

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// A break is due: look whether it is a good moment, then [`Course::begin`] or `Course::postpone`.
    Ask,
    /// The break is over.
    Over,
}

/// Where the course of breaks is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Somebody is at the screen, or not yet back.
    #[default]
    Working,
    /// It is being looked at whether it is a good moment.
    Asking,
    /// It is a break until then.
    Break(SignedDuration),
}

/// The course of breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    rule: Option<Breaks>,
    state: State,
    /// Time at the screen since the last break, without what goes on now.
    worked: SignedDuration,
    /// Since when somebody is there.
    here: Option<SignedDuration>,
    /// Since when nobody is.
    away: Option<SignedDuration>,
    not_before: Option<SignedDuration>,
    /// Whether that is because of a bad moment, and not by the person.
    held: bool,
}

impl Course {
    /// Takes what is asked for now; with other breaks the time at the screen stays, with none it is forgotten.
    pub fn follow(&mut self, rule: Option<Breaks>, now: SignedDuration) {
        if rule == self.rule {
            return;
        }
        if rule.is_none() || self.rule.is_none() {
            self.rest(now);
        }
        self.rule = rule;
    }

    /// Tells whether any breaks are asked for.
    pub fn is_followed(&self) -> bool {
        self.rule.is_some()
    }

    /// Takes whether somebody is at the screen, and since when; to have left may be noticed late.
    pub fn attend(&mut self, is_there: bool, now: SignedDuration) {
        match (is_there, self.here) {
            (true, None) => {
                let away = self.away.take().map(|since| now.saturating_sub(since));
                let is_break = |away: SignedDuration| self.rule.is_none_or(|it| away >= it.lasts);
                if away.is_none_or(is_break) {
                    self.rest(now);
                } else if self.held {
                    (self.held, self.not_before) = (false, None);
                }
                self.here = Some(now);
            }
            (false, Some(since)) => {
                let now = now.max(since);
                self.worked = self.worked.saturating_add(now.saturating_sub(since));
                (self.here, self.away) = (None, Some(now));
            }
            _ => {}
        }
    }

    /// What is to be done now.
    pub fn look(&mut self, now: SignedDuration) -> Step {
        match self.state {
            State::Break(until) if until <= now => {
                self.rest(now);
                Step::Over
            }
            State::Working if self.due().is_some_and(|due| due <= now) => {
                self.state = State::Asking;
                Step::Ask
            }
            _ => Step::Nothing,
        }
    }

    /// When time alone brings something to do.
    pub fn next(&self) -> Option<SignedDuration> {
        match self.state {
            State::Working => self.due(),
            State::Asking => None,
            State::Break(until) => Some(until),
        }
    }

    /// When the next break is due, if the person stays; none during one and while nobody is there.
    pub fn due(&self) -> Option<SignedDuration> {
        if matches!(self.state, State::Break(_)) {
            return None;
        }
        let left = self.rule?.every.saturating_sub(self.worked);
        let due = self.here?.saturating_add(left);
        Some(self.not_before.map_or(due, |not_before| due.max(not_before)))
    }

    /// Tells whether it is a break now.
    pub fn is_break(&self) -> bool {
        matches!(self.state, State::Break(_))
    }

    /// It is a good moment. Tells how long the break is; none where it is no longer due.
    pub fn begin(&mut self, now: SignedDuration) -> Option<SignedDuration> {
        let lasts = self.rule.filter(|_| self.state == State::Asking)?.lasts;
        self.state = State::Working;
        // The person has left meanwhile.
        self.here?;
        self.state = State::Break(now.saturating_add(lasts));
        Some(lasts)
    }

    /// It is a bad moment: it is looked at again when the person comes back, or [`LATER`].
    pub fn hold(&mut self, now: SignedDuration) {
        if self.state == State::Asking {
            self.postpone(now);
            self.held = true;
        }
    }

    /// *Later*. Tells whether there was anything to put off.
    pub fn later(&mut self, now: SignedDuration) -> bool {
        let is_break = self.is_break();
        if is_break {
            self.postpone(now);
        }
        is_break
    }

    /// *Skip*, or it could not be said: the next break is a whole time away. Tells whether there was one to skip.
    pub fn skip(&mut self, now: SignedDuration) -> bool {
        let was = self.is_break() || self.not_before.is_some();
        if was {
            self.rest(now);
        }
        was
    }

    /// Ends a break, and counts anew.
    pub fn end(&mut self, now: SignedDuration) {
        self.rest(now);
    }

    fn postpone(&mut self, now: SignedDuration) {
        self.state = State::Working;
        self.not_before = Some(now.saturating_add(LATER));
        self.held = false;
    }

    /// There was a break, up to now.
    fn rest(&mut self, now: SignedDuration) {
        self.state = State::Working;
        (self.not_before, self.held) = (None, false);
        self.worked = SignedDuration::ZERO;
        self.here = self.here.map(|_| now);
    }
}

/// `5 minutes`, `20 seconds`, `1 minute 30 seconds`.
pub fn in_words(lasts: SignedDuration) -> String {
    let seconds = lasts.as_secs().max(0);
    let parts =
        [(seconds / 3_600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let words = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| {
        if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
