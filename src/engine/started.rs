//! Locked apps that are started: the notice that says so, with the way through, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    Answer, Engine, grace,
    notice::{Notice, Text},
};
use crate::{
    backend::{
        Caught,
        lock::{self, plain},
        notifications::NAME,
    },
    config::STRONG_AT_MOST,
};

/// Without an answer for so long, what has only just begun is ended.
const ANSWER_AT_MOST: SignedDuration = SignedDuration::from_mins(2);

/// The longest name of an app that is shown, in characters.
const NAME_AT_MOST: usize = 60;

const CLOSE: &str = "close";
const UNLOCK: &str = "unlock";
const CANCEL: &str = "cancel";
const LOCKED: &[(&str, &str)] = &[(CLOSE, "Close"), (UNLOCK, "Unlock anyway")];
const OPENS: &[(&str, &str)] = &[(CANCEL, "Cancel")];

/// The locked apps that were started and about which the person was asked.
#[derive(Debug, Default)]
pub(super) struct StartedApps {
    /// By [`plain`] id.
    apps: BTreeMap<String, StartedApp>,
    /// Notices that are being taken away.
    going: usize,
}

#[derive(Debug)]
struct StartedApp {
    /// The id as the configuration has it.
    id: String,
    name: String,
    /// The backend that caught it.
    seat: usize,
    /// Units that cannot have done anything yet.
    fresh: BTreeSet<String>,
    notice: Notice,
    says: Says,
    /// How often it was shown anew, and not in its own place.
    anew: u32,
    /// Somebody has said what became of the notice; before, it is on its way.
    asked: bool,
    on_screen: bool,
    /// Nobody shows notices.
    unseen: bool,
    /// When it is ended without an answer.
    answer_by: Option<Timestamp>,
}

/// What a notice says, before it is put in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Locked { until: Option<Timestamp>, wait: SignedDuration },
    Opens { at: Timestamp },
}

impl StartedApps {
    /// When time alone brings something to do.
    pub fn next(&self) -> Option<Timestamp> {
        self.apps.values().filter_map(|app| app.answer_by).min()
    }

    /// What could not be said on the screen, in sentences.
    pub fn unseen(&self) -> impl Iterator<Item = String> {
        self.apps.values().filter(|app| app.unseen).map(|app| {
            format!(
                "{} was started and is locked, and nothing here shows notifications to say so. To let it through: \
                 quietctl unlock {}",
                app.name, app.id
            )
        })
    }

    /// Tells whether no notice is up, and none is being taken away.
    pub fn is_quiet(&self) -> bool {
        self.apps.is_empty() && self.going == 0
    }

    /// A notice of the engine's is being taken away.
    pub fn one_goes(&mut self) {
        self.going += 1;
    }

    /// A notice is gone.
    pub fn one_ended(&mut self) {
        self.going = self.going.saturating_sub(1);
    }

    fn remove(&mut self, app: &str) -> Option<StartedApp> {
        let removed = self.apps.remove(app)?;
        self.one_goes();
        Some(removed)
    }
}

impl StartedApp {
    fn show_anew(&mut self, now: Timestamp, zone: &TimeZone) {
        self.anew += 1;
        self.on_screen = false;
        self.unseen = false;
        self.answer_by = None;
        self.say(now, zone);
    }

    fn say(&self, now: Timestamp, zone: &TimeZone) {
        let text = words(self.says, &self.name, &self.id, now, zone);
        self.notice.say(Text { anew: self.anew, ..text });
    }
}

impl Engine {
    /// A locked app was started, and stands still.
    pub(super) fn caught(&mut self, seat: usize, caught: Caught) {
        // What begins with the session was not asked for by anybody just now, and is to be there afterwards.
        if self.stopping.is_some() || caught.unit.contains("@autostart.") {
            return;
        }
        let Caught { app, unit, fresh, .. } = caught;
        let fresh: BTreeSet<String> = fresh.then_some(unit).into_iter().collect();
        if let Some(known) = self.started.apps.get_mut(&app) {
            known.fresh.extend(fresh);
            // Started again, there is as long to answer as the first time.
            known.answer_by = None;
            if known.asked && !known.on_screen {
                known.show_anew(self.now, &self.zone);
            }
            return;
        }
        let Some(id) = self.desired().apps.into_iter().find(|id| plain(id) == app) else { return };
        let name = lock::name_of(&self.desktop.env.data_dirs, &app).unwrap_or_else(|| id.clone());
        let name = short(&name);
        let says = self.what_to_say(&id);
        let text = words(says, &name, &id, self.now, &self.zone);
        let notice = Notice::show(&self.desktop.session, &app, text, &self.tell);
        let started = StartedApp {
            id,
            name,
            seat,
            fresh,
            notice,
            says,
            anew: 0,
            asked: false,
            on_screen: false,
            unseen: false,
            answer_by: None,
        };
        self.started.apps.insert(app, started);
    }

    /// Looks after what was started, once a turn.
    pub(super) fn mind_what_started(&mut self) {
        self.forget_idle_waits();
        if self.started.apps.is_empty() {
            return;
        }
        let mut locked = self.desired().apps;
        if self.stopping.is_some() {
            locked.clear();
        }
        let apps: Vec<(String, String)> =
            self.started.apps.iter().map(|(app, it)| (app.clone(), it.id.clone())).collect();
        for (app, id) in apps {
            let says = self.what_to_say(&id);
            let Some(it) = self.started.apps.get_mut(&app) else { continue };
            if !locked.contains(&id) {
                self.started.remove(&app);
                continue;
            }
            if it.says != says {
                it.says = says;
                it.answer_by = None;
                it.say(self.now, &self.zone);
            }
            match (it.says, it.answer_by) {
                (Says::Opens { .. }, _) => it.answer_by = None,
                (Says::Locked { .. }, None) if it.on_screen => {
                    it.answer_by = self.now.checked_add(ANSWER_AT_MOST).ok();
                }
                (Says::Locked { .. }, Some(by)) if by <= self.now => self.end_started(&app),
                (Says::Locked { .. }, _) => {}
            }
        }
    }

    /// The person answered a notice, or something became of it.
    pub(super) fn answered(&mut self, app: &str, answer: Answer) {
        if self.planned_answered(app, &answer) {
            return;
        }
        // What is answered counts from now.
        self.look_at_the_clocks();
        if app == grace::NOTICE {
            return self.answered_later(&answer);
        }
        let Some(it) = self.started.apps.get_mut(app) else { return };
        it.asked = true;
        it.on_screen = answer == Answer::Shown;
        it.unseen = answer == Answer::Unseen;
        let waits = matches!(it.says, Says::Opens { .. });
        let id = it.id.clone();
        match answer {
            Answer::Shown | Answer::Gone => {}
            Answer::Unseen => it.answer_by = None,
            Answer::Dismissed if waits => {}
            Answer::Dismissed => self.end_started(app),
            Answer::Chosen(name) => {
                let done = match name.as_str() {
                    UNLOCK => self.unlock(&id, SignedDuration::ZERO),
                    CANCEL => self.cancel_unlock(&id),
                    _ => Ok(()),
                };
                if let Err(error) = done {
                    tracing::debug!(%error, "an answer came too late");
                }
                if name == CANCEL || name == CLOSE {
                    self.end_started(app);
                }
            }
        }
    }

    /// Whoever was asleep has as long to answer as anybody.
    pub(super) fn ask_anew(&mut self) {
        for it in self.started.apps.values_mut().filter(|it| it.answer_by.is_some()) {
            it.answer_by = None;
            if !it.on_screen {
                it.show_anew(self.now, &self.zone);
            }
        }
    }

    /// With whoever showed them the notices went; somebody else shows them again.
    pub(super) fn say_anew(&mut self, name: &str, is_there: bool) {
        if name != NAME {
            return;
        }
        self.soon.say_anew(is_there);
        for it in self.started.apps.values_mut() {
            it.on_screen = false;
            it.answer_by = None;
            if is_there {
                it.show_anew(self.now, &self.zone);
            }
        }
    }

    /// Takes the notice away, and has what has only just begun ended.
    fn end_started(&mut self, app: &str) {
        let Some(it) = self.started.remove(app) else { return };
        if !it.fresh.is_empty() {
            self.seats[it.seat].end_started(it.fresh);
        }
    }

    fn what_to_say(&self, app: &str) -> Says {
        match self.evaluation.waits.get(app) {
            Some(at) => Says::Opens { at: *at },
            None => Says::Locked {
                until: self.locked_until(app),
                wait: self.evaluation.measures.lock.wait,
            },
        }
    }

    /// When an app is no longer locked; none where that is not known.
    fn locked_until(&self, app: &str) -> Option<Timestamp> {
        let horizon = self.now.saturating_add(STRONG_AT_MOST).unwrap_or(Timestamp::MAX);
        let mut periods =
            self.with_facts(|facts| crate::schedule::periods(facts, self.now, horizon));
        periods.retain(|period| period.measures.lock.apps.contains(app));
        periods.sort_by_key(|period| period.from);
        let mut until = self.now;
        for period in periods.iter().filter(|period| period.until.is_none_or(|it| it > self.now)) {
            if period.from > until {
                break;
            }
            until = until.max(period.until?);
        }
        (until > self.now).then_some(until)
    }

    /// What is no longer locked is waited for no longer: quiet is over, paused, or another one.
    fn forget_idle_waits(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        let (now, waits) = (self.now, &self.evaluation.waits);
        let before = self.by_hand.unlocks.len();
        self.by_hand.unlocks.retain(|it| it.from <= now || waits.contains_key(&it.what));
        if self.by_hand.unlocks.len() < before {
            self.keep_by_hand_soon();
        }
    }
}

/// Puts it in words; in the body nothing is read as markup.
fn words(says: Says, name: &str, id: &str, now: Timestamp, zone: &TimeZone) -> Text {
    let id = id.replace('&', "&amp;").replace('<', "&lt;");
    match says {
        Says::Locked { until, wait } => {
            let title = match until {
                Some(until) => format!("{name} is locked until {}", time(until, now, zone)),
                None => format!("{name} is locked for now"),
            };
            let body = match wait.as_secs() {
                0 => "Unlock anyway opens it for 15 minutes.".to_owned(),
                wait => format!("Unlock anyway opens it in {wait} s, for 15 minutes."),
            };
            Text {
                title,
                body,
                instead: format!("To open it for 15 minutes: quietctl unlock {id}"),
                answers: LOCKED,
                ..Text::default()
            }
        }
        Says::Opens { at } => {
            let seconds = (at.duration_since(now).as_millis() + 999) / 1_000;
            Text {
                title: format!("{name} opens in {seconds} s"),
                body: String::new(),
                instead: format!("To leave it locked: quietctl unlock --cancel {id}"),
                answers: OPENS,
                ..Text::default()
            }
        }
    }
}

/// `18:00`, with the day where it is another one.
pub(super) fn time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if at.date() == now.date() { "%H:%M" } else { "%A %H:%M" };
    at.strftime(format).to_string()
}

/// One line that is not too long.
pub(super) fn short(name: &str) -> String {
    name.chars()
        .filter(|it| !it.is_control())
        .take(NAME_AT_MOST)
        .collect::<String>()
        .trim()
        .to_owned()
}
