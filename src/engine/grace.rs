//! The minute before apps are locked by themselves: the notice that says so, and what becomes of *Later*.
//!
//! When that is, the schedule says. Only apps that run are named, so what runs is looked up once for each moment; where
//! nothing of it runs, nothing is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    Answer, Engine, Event,
    clocks::PLACE,
    notice::{Notice, Text},
    publish::usec,
    started::{short, time},
};
use crate::{
    api::{Error, ToLockEntry, listed},
    backend::{
        Probe,
        lock::{self, plain},
    },
    dbus::Comes,
    plan::Measure,
    schedule::{self, LATER, ToLock},
};

/// What the notice is known by where those of apps are known by the app.
pub(super) const NOTICE: &str = "later:";

const LATER_ANSWER: &str = "later";
const ANSWERS: &[(&str, &str)] = &[(LATER_ANSWER, "Later")];

/// What is about to be locked.
#[derive(Debug, Default)]
pub(super) struct Soon {
    /// By the id as the configuration has it.
    to_lock: BTreeMap<String, ToLock>,
    /// How often what runs was looked up.
    looks: u32,
    /// The names of those that run.
    running: BTreeMap<String, String>,
    notice: Option<(Notice, Says)>,
    /// How often it was shown anew, and not in its own place.
    anew: u32,
}

/// Which of the apps that are about to be locked run.
#[derive(Clone, Debug)]
pub struct Running {
    /// Which look it was.
    look: u32,
    /// Names by id.
    names: BTreeMap<String, String>,
}

/// What the notice says, before it is put in words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Says {
    names: Vec<String>,
    at: Timestamp,
}

impl Soon {
    /// What runs is known now; a look that was overtaken says nothing.
    pub fn know(&mut self, running: Running) {
        if running.look == self.looks {
            self.running = running.names;
        }
    }

    /// With whoever showed it the notice went; somebody else shows it again.
    pub fn say_anew(&mut self, is_there: bool) {
        if is_there {
            self.anew += 1;
        }
    }

    /// For the bus.
    pub fn rows(&self) -> Vec<ToLockEntry> {
        let row = |(app, to_lock): (&String, &ToLock)| {
            let name = self.running.get(app)?.clone();
            Some(ToLockEntry { app: app.clone(), name, at: usec(to_lock.at) })
        };
        self.to_lock.iter().filter_map(row).collect()
    }

    fn says(&self) -> Option<Says> {
        let said = self.to_lock.iter().filter(|(_, to_lock)| to_lock.said);
        let said: Vec<(&String, Timestamp)> =
            said.filter_map(|(app, it)| Some((self.running.get(app)?, it.at))).collect();
        let at = said.iter().map(|(_, at)| *at).min()?;
        let names: BTreeSet<&String> = said.iter().map(|(name, _)| *name).collect();
        Some(Says { names: names.into_iter().cloned().collect(), at })
    }
}

impl Engine {
    /// Writes down from when on apps are locked, before anything is said of it.
    pub(super) fn note_graces(&mut self) {
        let known = |run: &str| !run.starts_with(PLACE) && self.clocks.seen.contains_key(run);
        let mut graces = self.with_facts(|facts| schedule::graces(facts, self.now, known));
        // After a restart a place is known a little later, and was never left.
        let stays = self.around.stays.stays();
        for name in self.around.stays.begun().into_keys().filter(|name| !stays.contains_key(name)) {
            let run = format!("{PLACE}{name}");
            let kept = self.by_hand.graces.get(&run).copied();
            graces.extend(kept.map(|grace| (run, grace)));
        }
        if graces != self.by_hand.graces {
            self.by_hand.graces = graces;
            self.keep_by_hand_soon();
        }
    }

    /// When a grace is over, though nothing else may change then.
    pub(super) fn next_grace(&self) -> Option<Timestamp> {
        let to_come = self.by_hand.graces.values().filter(|it| !it.begun).map(|it| it.from);
        to_come.filter(|from| self.now < *from && *from < Timestamp::MAX).min()
    }

    /// Says what is about to be locked, once a turn.
    pub(super) fn mind_the_grace(&mut self) {
        let mut to_lock = if self.stopping.is_none() && self.can_lock_apps() {
            self.evaluation.to_lock.clone()
        } else {
            BTreeMap::new()
        };
        to_lock.retain(|app, _| !self.config.never.apps.contains(app));
        if to_lock != self.soon.to_lock {
            self.soon.looks += 1;
            self.soon.running.retain(|app, _| to_lock.contains_key(app));
            if !to_lock.is_empty() {
                self.look_what_runs(to_lock.keys().cloned().collect());
            }
            self.soon.to_lock = to_lock;
        }
        let Some(says) = self.soon.says() else {
            if self.soon.notice.take().is_some() {
                self.started.one_goes();
            }
            return;
        };
        let text = Text { anew: self.soon.anew, ..words(&says, self.now, &self.zone) };
        if let Some((notice, said)) = &mut self.soon.notice {
            // The same words a moment later are not news.
            if *said != says || notice.is_older(&text) {
                notice.say(text);
                *said = says;
            }
        } else {
            let notice = Notice::show(&self.desktop.session, NOTICE, text, &self.tell);
            self.soon.notice = Some((notice, says));
        }
    }

    fn can_lock_apps(&self) -> bool {
        let mut seats = self.seats.iter().filter(|it| it.row.measures.contains(&Measure::Apps));
        let cannot = |probe: &Probe| matches!(probe, Probe::Unsupported(_) | Probe::Elsewhere(_));
        seats.any(|seat| !seat.theirs && !seat.probe.as_ref().is_some_and(cannot))
    }

    fn look_what_runs(&self, apps: BTreeSet<String>) {
        let (desktop, tell, look) = (self.desktop.clone(), self.tell.clone(), self.soon.looks);
        tokio::spawn(async move {
            let running = match lock::running_apps(&desktop, &BTreeSet::new()).await {
                Ok(running) => running,
                Err(error) => {
                    tracing::debug!(%error, "what runs cannot be seen before it is locked");
                    return;
                }
            };
            let running = running.into_iter().filter(|app| app.never.is_none());
            let by_id: BTreeMap<String, String> =
                running.map(|app| (plain(&app.id), short(&app.name))).collect();
            let name = |id: String| by_id.get(&plain(&id)).cloned().map(|name| (id, name));
            let names = apps.into_iter().filter_map(name).collect();
            let _ = tell.send(Event::Running(Running { look, names })).await;
        });
    }

    /// Leaves open for a while what is about to be locked.
    pub(super) fn later(&mut self) -> Result<Timestamp, Error> {
        let nothing = || {
            let text = "No app is about to be locked. `quietctl plan` shows what is ahead.";
            Error::NothingRunning(text.into())
        };
        if self.evaluation.to_lock.is_empty() {
            return Err(nothing());
        }
        let until = schedule::put_off(&mut self.by_hand.graces, self.now).ok_or_else(nothing)?;
        // What stays open does so even if that cannot be kept.
        self.keep_by_hand_soon();
        Ok(until)
    }

    /// The person answered the notice, or something became of it.
    pub(super) fn answered_later(&mut self, answer: &Answer) {
        if matches!(answer, Answer::Chosen(name) if name == LATER_ANSWER)
            && let Err(error) = self.later()
        {
            tracing::debug!(%error, "an answer came too late");
        }
    }
}

/// Puts it in words. A name may be anybody's, so none stands in the body, which may be read as markup.
fn words(says: &Says, now: Timestamp, zone: &TimeZone) -> Text {
    let names: Vec<&str> = says.names.iter().map(String::as_str).collect();
    let left = says.at.duration_since(now);
    let what = if names.len() == 1 { "it" } else { "them" };
    let at = time(says.at, now, zone);
    let minutes = LATER.as_mins();
    Text {
        title: format!("{} will be locked {}", listed(&names), in_about(left)),
        body: format!("At {at}. Later keeps {what} open for {minutes} more minutes."),
        instead: format!("At {at}. To keep {what} open for {minutes} more minutes: quietctl later"),
        answers: ANSWERS,
        comes: Comes::Through,
        stays: Duration::try_from(left).ok(),
        anew: 0,
    }
}

/// `in a minute`, `in 10 minutes`, `in 20 seconds`.
fn in_about(left: SignedDuration) -> String {
    match (left.as_millis() + 999) / 1_000 {
        seconds @ ..=1 => format!("in {} second", seconds.max(1)),
        seconds @ 2..=5 => format!("in {seconds} seconds"),
        // What runs was looked up first, which takes a moment.
        seconds @ 6..=45 => format!("in {} seconds", (seconds + 4) / 5 * 5),
        46..=90 => "in a minute".to_owned(),
        seconds => format!("in {} minutes", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(names: &[&str], seconds: i64) -> Text {
        let now: Timestamp = "2140-06-01T17:59:00Z".parse().unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let at = now + SignedDuration::from_secs(seconds);
        words(&Says { names, at }, now, &TimeZone::UTC)
    }

    #[test]
    fn it_is_said_plainly() {
        let one = says(&["Firefox"], 60);
        assert_eq!(one.title, "Firefox will be locked in a minute");
        assert_eq!(one.body, "At 18:00. Later keeps it open for 10 more minutes.");
        assert_eq!(one.instead, "At 18:00. To keep it open for 10 more minutes: quietctl later");
        assert_eq!(one.stays, Some(Duration::from_mins(1)));
        let three = says(&["Chat", "Firefox", "Steam"], 600);
        assert_eq!(three.title, "Chat, Firefox and Steam will be locked in 10 minutes");
        assert_eq!(three.body, "At 18:09. Later keeps them open for 10 more minutes.");
        let five = says(&["Chat", "Firefox", "Mail", "Slack", "Steam"], 18);
        assert_eq!(five.title, "Chat, Firefox, Mail and 2 more will be locked in 20 seconds");
    }
}
