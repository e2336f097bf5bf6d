//! One interval a rule or a hand makes, before anybody asks for it as a [`Period`].

use jiff::{SignedDuration, Timestamp, civil};

use super::{Facts, Hold, Period, Reason, Session, Start};
use crate::config::{AfterRule, Measures, PlaceRule, Profile, WeeklyRule};

/// An interval, half-open, on the wall clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; none where that is not known.
    pub until: Option<Timestamp>,
    /// What makes it.
    pub cause: Cause<'a>,
}

/// What makes a slot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause<'a> {
    After { session: &'a Session, rule: &'a AfterRule, phase: usize },
    Weekly { rule: &'a WeeklyRule, date: civil::Date },
    Place { rule: &'a PlaceRule, measures: &'a Measures },
    Start { start: &'a Start, profile: &'a Profile },
    Hold { hold: &'a Hold, profile: &'a Profile },
}

/// Has a closure take slots of one lifetime, so that it may keep them.
pub(super) fn keeping<'a, F: FnMut(Slot<'a>)>(see: F) -> F {
    see
}

impl<'a> Slot<'a> {
    /// What it asks for.
    pub fn measures(&self) -> &'a Measures {
        match self.cause {
            Cause::After { rule, phase, .. } => &rule.phases[phase].measures,
            Cause::Weekly { rule, .. } => &rule.measures,
            Cause::Place { measures, .. } => measures,
            Cause::Start { profile, .. } | Cause::Hold { profile, .. } => &profile.measures,
        }
    }

    /// The name of the profile.
    pub fn profile(&self) -> &'a str {
        match self.cause {
            Cause::After { rule, phase, .. } => &rule.phases[phase].profile,
            Cause::Weekly { rule, .. } => &rule.profile,
            Cause::Place { rule, .. } => &rule.profile,
            Cause::Start { start, .. } => &start.profile,
            Cause::Hold { hold, .. } => &hold.profile,
        }
    }

    /// What keeps its identity over the phases.
    pub fn run(&self) -> String {
        match self.cause {
            Cause::After { session, .. } => session_run(&session.id),
            Cause::Weekly { rule, date } => weekly_run(&rule.name, date),
            Cause::Place { rule, .. } => place_run(&rule.name),
            Cause::Start { start, .. } => start_run(&start.id),
            Cause::Hold { hold, .. } => hold_run(hold.cookie),
        }
    }

    /// Tells whether the person, or a program, began it at that moment; a session that was logged before it ended begins
    /// by itself.
    pub fn is_by_hand(&self) -> bool {
        match self.cause {
            Cause::After { session, .. } => session.logged >= session.ended,
            Cause::Weekly { .. } | Cause::Place { .. } => false,
            Cause::Start { .. } | Cause::Hold { .. } => true,
        }
    }

    /// Makes the period.
    pub fn period(&self) -> Period {
        let reason = match self.cause {
            Cause::After { session, rule, phase } => {
                let Session { id, ended, .. } = session;
                Reason::After {
                    session: id.clone(),
                    ended: *ended,
                    phase: phase + 1,
                    of: rule.phases.len(),
                }
            }
            Cause::Weekly { rule, .. } => Reason::Weekly { name: rule.name.clone() },
            Cause::Place { rule, .. } => Reason::Place { name: rule.name.clone() },
            Cause::Start { .. } => Reason::Start,
            Cause::Hold { hold, .. } => Reason::Hold { reason: hold.reason.clone() },
        };
        Period {
            run: self.run(),
            reason,
            profile: self.profile().to_owned(),
            measures: self.measures().clone(),
            from: self.from,
            until: self.until,
        }
    }
}

/// Names a session's run.
pub(super) fn session_run(id: &str) -> String {
    format!("session:{id}")
}

/// What the names of all weekly runs begin with.
pub(super) const WEEKLY: &str = "weekly:";

/// Names the run of a weekly rule that begins on a date.
pub(super) fn weekly_run(name: &str, date: civil::Date) -> String {
    format!("{WEEKLY}{name}@{date}")
}

/// Names a place's run.
pub(super) fn place_run(name: &str) -> String {
    format!("place:{name}")
}

/// Names the run of a start by hand.
pub(super) fn start_run(id: &str) -> String {
    format!("start:{id}")
}

/// Names a hold's run.
pub(super) fn hold_run(cookie: u32) -> String {
    format!("hold:{cookie}")
}

/// Tells how far a run is ahead of the wall clock.
pub(super) fn ahead(facts: &Facts<'_>, run: &str) -> SignedDuration {
    facts.ahead.get(run).copied().unwrap_or_default().max(SignedDuration::ZERO)
}
