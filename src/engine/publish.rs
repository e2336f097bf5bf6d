//! What the engine says of itself: the snapshot behind the bus's properties, and the rows of its answers.
//!
//! Nothing here names a session's kind or note but [`session`], which answers `Sessions`.

use std::collections::BTreeSet;

use jiff::{Timestamp, tz::TimeZone};

use super::{Engine, seat::Seat};
use crate::{
    api::{
        AppEntry, DoctorEntry, MeasuresEntry, PeriodEntry, ProblemEntry, SessionEntry, ToLockEntry,
        WaitEntry,
    },
    backend::{
        BackendError, Probe,
        lock::{RunningApp, plain},
    },
    config::{Breaks, Config, Measures, Notifications},
    plan::{self, Desired, Measure},
    schedule::{Period, Reason, Session},
};

/// What the properties of the control bus tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether any measure is asked for now.
    pub quiet: bool,
    /// The profile of the period that ends last; empty if none.
    pub profile: String,
    /// When quiet ends; 0 if it does not run or that is not known.
    pub until: u64,
    /// When something changes next; 0 if never.
    pub next_change: u64,
    /// Whether it is paused.
    pub paused: bool,
    /// When the pause ends; 0 if not paused.
    pub paused_until: u64,
    /// Until when notifications held in batches come through; 0 if they do not now.
    pub batch_until: u64,
    /// When they come through next; 0 where they are over before.
    pub next_batch: u64,
    /// When the next break is due if the person stays, to the minute; 0 where that is not known.
    pub next_break: u64,
    /// What is suggested now; empty if nothing.
    pub suggestion: String,
    /// What is in force.
    pub measures: MeasuresEntry,
    /// Why: the periods running.
    pub reasons: Vec<PeriodEntry>,
    /// What waits to be let through.
    pub waits: Vec<WaitEntry>,
    /// What of the apps that run is about to be locked.
    pub to_lock: Vec<ToLockEntry>,
    /// What could not be done.
    pub problems: Vec<ProblemEntry>,
    /// What is wrong with the config; empty if nothing.
    pub config_error: String,
    /// The apps locked now.
    pub locked: BTreeSet<String>,
    /// Whether the first round of probes and acts is over.
    pub settled: bool,
}

/// Why it will be quiet after an appointment.
const PLANNED: &str = "planned, from your calendar: after a session that ends";

impl Engine {
    /// Makes the snapshot and sends it if it is another one.
    pub(super) fn publish(&mut self) {
        let in_force = self.in_force();
        let evaluation = &self.evaluation;
        let settled = self.is_settled();
        self.ready_told |= settled;
        let snapshot = Snapshot {
            quiet: evaluation.is_quiet(),
            profile: evaluation.periods.first().map(|it| it.profile.clone()).unwrap_or_default(),
            until: evaluation.until.map_or(0, usec),
            next_change: evaluation.next_change.map_or(0, usec),
            paused: evaluation.paused_until.is_some(),
            paused_until: evaluation.paused_until.map_or(0, usec),
            batch_until: evaluation.let_through.map_or(0, usec),
            next_batch: evaluation.next_batch.map_or(0, usec),
            next_break: self.next_break(),
            suggestion: self.suggestion(),
            measures: MeasuresEntry {
                breaks: self.breaks_in_force().map(|it| every(&it)),
                ..measures_in_force(&in_force, &self.config)
            },
            reasons: self.period_rows(&evaluation.periods),
            waits: self.waits(),
            to_lock: self.soon.rows(),
            problems: self.problems(),
            config_error: self.config_error.clone(),
            locked: in_force.apps,
            settled: self.ready_told,
        };
        self.out.send_if_modified(|current| {
            let changed = *current != snapshot;
            *current = snapshot;
            changed
        });
    }

    /// The rows of some periods.
    pub(super) fn period_rows(&self, periods: &[Period]) -> Vec<PeriodEntry> {
        let row = |it: &Period| {
            let mut row = period(it, &self.zone, &self.config);
            if let Reason::After { session, .. } = &it.reason
                && self.planned.shows(session)
            {
                row.reason = row.reason.replacen("after a session that ended", PLANNED, 1);
            }
            row
        };
        periods.iter().map(row).collect()
    }

    /// What waits to be let through.
    fn waits(&self) -> Vec<WaitEntry> {
        let unlocks = self.by_hand.unlocks.iter();
        let waits = unlocks.filter(|it| self.evaluation.waits.get(&it.what) == Some(&it.from));
        waits
            .map(|unlock| WaitEntry {
                what: unlock.what.clone(),
                opens: usec(unlock.from),
                until: usec(unlock.until),
            })
            .collect()
    }

    /// What the backends have in force together.
    fn in_force(&self) -> Desired {
        let mut all = Desired::default();
        for seat in self.seats.iter().filter(|it| !it.theirs) {
            let Some(part) = &seat.applied else { continue };
            let going: BTreeSet<String> =
                seat.left_out().into_iter().filter_map(|it| it.app).collect();
            let locked = part.apps.iter().filter(|id| !going.contains(&plain(id)));
            all.apps.extend(locked.cloned());
            all.notifications = all.notifications.max(part.notifications);
            all.dim = all.dim.max(part.dim);
            all.warmth = all.warmth.or(part.warmth);
            all.greyscale |= part.greyscale;
            all.sites.extend(part.sites.iter().cloned());
            all.breaks |= part.breaks;
        }
        all
    }

    /// What could not be done: for each measure asked for and not in force the best reason there is, then what could not
    /// be given back, then what is wrong on disk.
    fn problems(&self) -> Vec<ProblemEntry> {
        let asked = self.desired().measures();
        let looking = self.seats.iter().any(Seat::is_probing);
        let mut problems: Vec<ProblemEntry> =
            asked.iter().filter_map(|measure| self.problem(*measure, looking)).collect();
        for seat in &self.seats {
            let left = seat.receipt.is_some()
                && !seat.row.measures.iter().any(|measure| asked.contains(measure));
            match &seat.trouble {
                // What is not there has nothing of ours in force; its receipt waits for its return.
                None | Some(BackendError::Absent(_)) => {}
                Some(error) if left => problems.push(ProblemEntry {
                    backend: seat.row.id.to_owned(),
                    text: format!(
                        "{} could not be put back yet: {error}. `quietctl restore` tries again.",
                        seat.row.title
                    ),
                    ..ProblemEntry::default()
                }),
                Some(_) => {}
            }
            problems.extend(seat.left_out().into_iter().map(|it| ProblemEntry {
                measure: seat.row.measures.first().map_or("", |it| it.name()).to_owned(),
                backend: seat.row.id.to_owned(),
                text: it.text,
            }));
        }
        let on_disk = self.damage.values().cloned();
        let texts = on_disk.chain(self.started.unseen());
        problems.extend(texts.map(|text| ProblemEntry { text, ..ProblemEntry::default() }));
        problems
    }

    fn problem(&self, measure: Measure, looking: bool) -> Option<ProblemEntry> {
        if measure == Measure::Breaks {
            return self.break_problem();
        }
        let could = || self.seats.iter().filter(|seat| seat.row.measures.contains(&measure));
        let serves =
            |seat: &&Seat| seat.applied.as_ref().is_some_and(|it| it.measures().contains(&measure));
        let told = |seat: &Seat, text: String| ProblemEntry {
            measure: measure.name().to_owned(),
            backend: seat.row.id.to_owned(),
            text,
        };
        if let Some(seat) = could().find(serves) {
            if seat.theirs {
                return Some(told(seat, by_hand(seat)));
            }
            // It is in force, but not in the best way.
            let mut better = could().take_while(|it| it.row.id != seat.row.id);
            return better.find_map(|it| {
                let error = it.trouble.as_ref();
                let error = error.filter(|it| matches!(it, BackendError::Refused(_)))?;
                let (title, instead) = (it.row.title, seat.row.title);
                Some(told(it, format!("{title}: {error}; {instead} is used instead.")))
            });
        }
        // It was in force in an earlier process, and is not put there again.
        if let Some(seat) = could().find(|seat| seat.theirs && seat.applied.is_none()) {
            return Some(told(seat, by_hand(seat)));
        }
        if let Some((seat, error)) =
            could().find_map(|seat| seat.trouble.as_ref().map(|error| (seat, error)))
        {
            return Some(told(seat, format!("{}: {error}.", seat.row.title)));
        }
        if let Some(seat) = could().find(|seat| seat.is_slow()) {
            let text = format!("{} has not answered yet; quietd goes on trying.", seat.row.title);
            return Some(told(seat, text));
        }
        if looking || could().any(|seat| !seat.is_idle()) {
            return None;
        }
        Some(ProblemEntry {
            measure: measure.name().to_owned(),
            backend: String::new(),
            text: self.why_unserved(measure),
        })
    }

    /// Says why nothing serves a measure: the first backend's own words, or that there is none.
    fn why_unserved(&self, measure: Measure) -> String {
        let what = match measure {
            Measure::Notifications => "Notifications are not held back",
            Measure::Dim => "The screen is not dimmed",
            Measure::Warmth => "The screen is not warmed",
            Measure::Greyscale => "Colours stay",
            Measure::Apps => "Apps are not locked",
            Measure::Sites => "Sites are not locked",
            Measure::Breaks => "Breaks are not suggested",
        };
        let could = || self.seats.iter().filter(|seat| seat.row.measures.contains(&measure));
        // Of sites there is one setting, or two that are alike: why it stays as it is says all there is to say.
        let why = could().find_map(|seat| match &seat.probe {
            Some(Probe::Unsupported(why)) if measure == Measure::Sites => Some(why),
            _ => None,
        });
        if let Some(why) = why {
            format!("{what}. {why}")
        } else if could().next().is_some() {
            format!(
                "{what}: nothing on this desktop can do it. `quietctl doctor` says what is missing."
            )
        } else {
            format!("{what}: this version of quietd cannot do that yet.")
        }
    }

    /// A row for each measure and each backend that could serve it, the one that does first.
    pub(super) fn doctor(&self) -> Vec<DoctorEntry> {
        let mut rows = Vec::new();
        for measure in Measure::ALL {
            if measure == Measure::Breaks {
                rows.push(self.break_row());
                continue;
            }
            let could: Vec<&Seat> =
                self.seats.iter().filter(|seat| seat.row.measures.contains(&measure)).collect();
            // What has it in force now serves it; else the first that could.
            let has = |seat: &Seat| {
                seat.applied.as_ref().is_some_and(|it| it.measures().contains(&measure))
            };
            let mut serving: Vec<&str> =
                could.iter().filter(|seat| has(seat)).map(|seat| seat.row.id).collect();
            if serving.is_empty() {
                let open = |seat: &&Seat| plan::Candidate {
                    holds: std::collections::BTreeSet::new(),
                    ..seat.candidate()
                };
                let candidates: Vec<_> = could.iter().map(open).collect();
                serving = plan::serving(measure, &candidates).map(|one| one.id).collect();
            }
            if could.is_empty() {
                rows.push(DoctorEntry {
                    measure: measure.name().to_owned(),
                    state: "unsupported".to_owned(),
                    text: self.why_unserved(measure),
                    ..DoctorEntry::default()
                });
            }
            for seat in could {
                let (state, text) = match &seat.probe {
                    Some(Probe::Ready(text)) => ("ready", text.clone()),
                    Some(Probe::Deferred(text)) => ("deferred", text.clone()),
                    Some(Probe::Unsupported(text)) => ("unsupported", text.clone()),
                    Some(Probe::Elsewhere(text)) => ("elsewhere", text.clone()),
                    None => ("deferred", format!("{} has not answered yet.", seat.row.title)),
                };
                rows.push(DoctorEntry {
                    measure: measure.name().to_owned(),
                    backend: seat.row.id.to_owned(),
                    title: seat.row.title.to_owned(),
                    state: state.to_owned(),
                    serves: serving.contains(&seat.row.id),
                    since: said(seat.row.since),
                    cannot: said(seat.row.cannot),
                    text: match &seat.trouble {
                        Some(error) => format!("{text} Lately: {error}."),
                        None => seat.left_out().iter().fold(text, |all, it| all + " " + &it.text),
                    },
                });
            }
        }
        rows.extend(self.screen_time_doctor());
        rows
    }
}

fn by_hand(seat: &Seat) -> String {
    format!("{}: it was changed by hand and stays that way.", seat.row.title)
}

fn said(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Microseconds since the epoch, as the bus has them; what is before it is 0.
pub(super) fn usec(at: Timestamp) -> u64 {
    u64::try_from(at.as_microsecond()).unwrap_or(0)
}

/// A moment as people read it.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%A %-d %B, %H:%M").to_string()
}

/// A session's row.
pub(super) fn session(session: Session) -> SessionEntry {
    SessionEntry {
        id: session.id,
        kind: session.kind,
        ended: usec(session.ended),
        logged: usec(session.logged),
        note: session.note,
        notes: None,
    }
}

/// An app's row.
pub(super) fn app(app: RunningApp, config: &Config, asked: &BTreeSet<String>) -> AppEntry {
    let own = || config.is_never_app(&app.id).then_some("under [never] in your config");
    let why = app.never.or_else(own);
    let profiles = config.profiles_that_lock(&app.id).filter(|_| why.is_none()).cloned();
    AppEntry {
        asked: Some(asked.contains(&plain(&app.id))),
        profiles: Some(profiles.collect()),
        never: why.is_some(),
        never_why: why.map(str::to_owned),
        sign: Some(app.sign.name().to_owned()),
        id: app.id,
        name: app.name,
        units: app.units.into_iter().collect(),
        known_by: app.known_by.name().to_owned(),
        locked: app.locked,
    }
}

/// A period's row.
fn period(period: &Period, zone: &TimeZone, config: &Config) -> PeriodEntry {
    PeriodEntry {
        run: period.run.clone(),
        reason: reason(&period.reason, zone),
        profile: period.profile.clone(),
        from: usec(period.from),
        until: period.until.map_or(0, usec),
        measures: measures_asked(&period.measures, config),
    }
}

fn reason(reason: &Reason, zone: &TimeZone) -> String {
    match reason {
        Reason::After { ended, phase, of, .. } => format!(
            "after a session that ended {}, phase {phase} of {of}",
            ended.to_zoned(zone.clone()).strftime("%A %H:%M")
        ),
        Reason::Weekly { name } => format!("every week: {name}"),
        Reason::Place { name } => format!("at a place: {name}"),
        Reason::Start => "started by hand".to_owned(),
        Reason::Hold { reason } => format!("a program asks for it: {reason}"),
    }
}

fn measures_asked(measures: &Measures, config: &Config) -> MeasuresEntry {
    MeasuresEntry {
        batches: batches(measures.notifications, config),
        notifications: notifications(measures.notifications),
        dim: Some(u32::from(measures.dim)).filter(|dim| *dim > 0),
        warmth: measures.warmth.map(u32::from),
        greyscale: Some(true).filter(|_| measures.greyscale),
        apps: list(&measures.lock.apps),
        sites: list(&measures.lock.sites),
        breaks: measures.breaks.as_ref().map(every),
    }
}

fn measures_in_force(in_force: &Desired, config: &Config) -> MeasuresEntry {
    MeasuresEntry {
        batches: batches(in_force.notifications, config),
        notifications: notifications(in_force.notifications),
        dim: Some(u32::from(in_force.dim)).filter(|dim| *dim > 0),
        warmth: in_force.warmth.map(u32::from),
        greyscale: Some(true).filter(|_| in_force.greyscale),
        apps: list(&in_force.apps),
        sites: list(&in_force.sites),
        breaks: None,
    }
}

fn every(breaks: &Breaks) -> u64 {
    u64::try_from(breaks.every.as_micros()).unwrap_or(0)
}

fn notifications(level: Notifications) -> Option<String> {
    match level {
        Notifications::All => None,
        Notifications::Batched => Some("batched".to_owned()),
        Notifications::Urgent => Some("urgent".to_owned()),
    }
}

/// The times at which notifications come through, where they are held in batches.
fn batches(level: Notifications, config: &Config) -> Option<Vec<String>> {
    let times = config.batches.iter().map(|time| time.strftime("%H:%M").to_string());
    (level == Notifications::Batched).then(|| times.collect())
}

fn list(names: &BTreeSet<String>) -> Option<Vec<String>> {
    Some(names.iter().cloned().collect()).filter(|list: &Vec<String>| !list.is_empty())
}
