//! Breaks: when one is suggested, what its notice says, and what becomes of it.

use jiff::{SignedDuration, Timestamp};

use super::{
    Answer, Engine, Event,
    notice::{Notice, Text},
    publish::usec,
};
use crate::{
    api::{DoctorEntry, Error, ProblemEntry},
    breaks::{Course, Step, in_words},
    config::{Breaks, Notifications},
    dbus::Comes,
    plan::Measure,
    screen_time::Told,
    source::{self, Moment},
};

/// What its notice is known by; no app has such an id.
pub(super) const NOTICE: &str = "quietd:break";

const LATER: &str = "later";
const SKIP: &str = "skip";
const ANSWERS: &[(&str, &str)] = &[(LATER, "Later"), (SKIP, "Skip")];

/// The course of breaks, and what is up of it.
#[derive(Debug, Default)]
pub(super) struct BreakTimes {
    course: Course,
    notice: Option<Notice>,
    /// How often it was shown anew.
    anew: u32,
    left_to_gnome: bool,
}

impl Engine {
    /// Looks after breaks, once a turn.
    pub(super) fn mind_the_breaks(&mut self) {
        let (now, active) = (self.since_boot, self.attention.active);
        let idle = !active && self.attention.is_idle();
        // Whoever is said to be idle has been so for a while.
        let for_millis = if idle { i64::from(source::IDLE_AFTER) } else { 0 };
        let since = now.saturating_sub(SignedDuration::from_millis(for_millis));
        let rule = self.breaks_asked();
        if rule.is_some() && !self.breaks.course.is_followed() {
            // Who reminds of breaks here is told before the first is due.
            self.look_at_the_moment();
        }
        let course = &mut self.breaks.course;
        course.follow(rule, now);
        course.attend(active, since);
        if course.look(now) == Step::Ask {
            self.look_at_the_moment();
        }
        if !self.breaks.course.is_break() && self.breaks.notice.take().is_some() {
            self.started.one_goes();
        }
    }

    /// The breaks asked for now: those of a profile in force, else those of every day.
    pub(super) fn breaks_asked(&self) -> Option<Breaks> {
        let evaluation = &self.evaluation;
        if self.stopping.is_some() || evaluation.paused_until.is_some() {
            return None;
        }
        let daily = || self.config.breaks.map(|daily| daily.breaks);
        let measures = &evaluation.measures;
        measures.breaks.or_else(|| if measures.breaks_off { None } else { daily() })
    }

    /// Percent by which the screens are darker for a break that is now.
    pub(super) fn break_dim(&self) -> u8 {
        let daily = self.config.breaks.filter(|_| self.breaks.course.is_break());
        daily.map_or(0, |daily| daily.dim)
    }

    /// When time alone brings something to do.
    pub(super) fn break_moment(&self) -> Option<Timestamp> {
        self.breaks.course.next().map(|at| self.on_the_wall(at))
    }

    /// When the next break is about due, to the minute; 0 where nobody knows, or nobody is there.
    pub(super) fn next_break(&self) -> u64 {
        const MINUTE: u64 = 60_000_000;
        let due = self.breaks.course.due().filter(|_| !self.breaks.left_to_gnome);
        due.map_or(0, |at| (usec(self.on_the_wall(at)) + MINUTE / 2) / MINUTE * MINUTE)
    }

    /// How often breaks are suggested, where they are.
    pub(super) fn breaks_in_force(&self) -> Option<Breaks> {
        self.breaks_asked().filter(|_| self.attention.is_known() && !self.breaks.left_to_gnome)
    }

    fn on_the_wall(&self, since_boot: SignedDuration) -> Timestamp {
        let ahead = since_boot.saturating_sub(self.since_boot);
        self.now.saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// Asks whether it is a good moment; [`Event::Moment`] brings the answer, after what fills the screen where that is not
    /// told by itself.
    fn look_at_the_moment(&self) {
        let (desktop, tell) = (self.desktop.clone(), self.tell.clone());
        tokio::spawn(async move {
            let (fills, moment) =
                tokio::join!(source::fills_the_screen(&desktop), source::moment(&desktop));
            let fills = fills.map(|fills| Event::Attention(Told::FullScreen(fills)));
            for event in fills.into_iter().chain([Event::Moment(moment)]) {
                // The engine is gone only when the process ends.
                let _ = tell.send(event).await;
            }
        });
    }

    /// What kind of moment it is.
    pub(super) fn moment(&mut self, moment: Moment) {
        self.look_at_the_clocks();
        let now = self.since_boot;
        self.breaks.left_to_gnome = moment == Moment::LeftToGnome;
        let full = self.attention.full_screen == Some(true);
        match moment {
            Moment::Good if !full => {
                if let Some(lasts) = self.breaks.course.begin(now) {
                    self.say_break(lasts);
                }
            }
            Moment::Good | Moment::Bad => self.breaks.course.hold(now),
            Moment::LeftToGnome => {
                self.breaks.course.hold(now);
                self.breaks.course.skip(now);
            }
        }
    }

    fn say_break(&mut self, lasts: SignedDuration) {
        let perhaps = self.suggest_for_a_break();
        let with = |text: &str| match &perhaps {
            Some(line) => format!("{text} Perhaps: {}", plain(line)),
            None => text.to_owned(),
        };
        // What holds notifications back for the person lets this one through; what the person set themselves does not.
        let held = self.evaluation.measures.notifications != Notifications::All;
        let text = Text {
            title: format!("A good moment to look away: {}", in_words(lasts)),
            body: with("Later is fine too."),
            instead: with("Later is fine too: quietctl break later"),
            answers: ANSWERS,
            stays: None,
            comes: if held { Comes::Through } else { Comes::AsAny },
            anew: self.breaks.anew,
        };
        let notice = Notice::show(&self.desktop.session, NOTICE, text.clone(), &self.tell);
        self.breaks.notice = Some(notice);
    }

    /// The person answered the notice, or something became of it.
    pub(super) fn break_answered(&mut self, answer: &Answer) {
        self.look_at_the_clocks();
        let (now, course) = (self.since_boot, &mut self.breaks.course);
        match answer {
            Answer::Shown | Answer::Gone => {}
            Answer::Chosen(name) if name == LATER => drop(course.later(now)),
            // What nobody can show is no break that the screens get darker for.
            Answer::Chosen(_) | Answer::Dismissed | Answer::Unseen => drop(course.skip(now)),
        }
    }

    /// Everything is off: so is a break, and the next one is a whole time away.
    pub(super) fn end_break(&mut self) {
        self.breaks.course.end(self.since_boot);
    }

    /// *Later* or *Skip*, by hand.
    pub(super) fn answer_break(&mut self, answer: BreakAnswer) -> Result<(), Error> {
        let (now, course) = (self.since_boot, &mut self.breaks.course);
        let was = match answer {
            BreakAnswer::Later => course.later(now),
            BreakAnswer::Skip => course.skip(now),
        };
        let nothing = "It is no break now, so there is nothing to put off.";
        if was { Ok(()) } else { Err(Error::NothingRunning(nothing.to_owned())) }
    }

    /// Why breaks are asked for and not suggested; none where they are, or are left to somebody else.
    pub(super) fn break_problem(&self) -> Option<ProblemEntry> {
        let looking = self.first_round_until.is_some();
        (!self.attention.is_known() && !looking).then(|| ProblemEntry {
            measure: Measure::Breaks.name().to_owned(),
            text: format!("Breaks are not suggested: {UNKNOWN}"),
            ..ProblemEntry::default()
        })
    }

    /// The row of breaks in `Doctor`.
    pub(super) fn break_row(&self) -> DoctorEntry {
        let (state, serves, title, text) = if self.breaks.left_to_gnome {
            let text = "GNOME's own break reminders are on, so breaks are left to them.";
            ("ready", true, "GNOME", text.to_owned())
        } else if self.attention.is_known() {
            let text = "A notice when the time at the screen is over; time away counts as a break.";
            ("ready", true, "quietd", text.to_owned())
        } else {
            ("unsupported", false, "", format!("Breaks are not suggested: {UNKNOWN}"))
        };
        DoctorEntry {
            measure: Measure::Breaks.name().to_owned(),
            backend: if serves { "breaks".to_owned() } else { String::new() },
            title: title.to_owned(),
            state: state.to_owned(),
            serves,
            text,
            ..DoctorEntry::default()
        }
    }
}

const UNKNOWN: &str = "nothing on this desktop tells whether somebody is at the screen.";

/// What can be answered to a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakAnswer {
    /// In five minutes.
    Later,
    /// Not this one.
    Skip,
}

/// In a body nothing is to be read as markup.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
