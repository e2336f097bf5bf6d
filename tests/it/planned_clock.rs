//! Planned sessions with a clock that is set by hand: the question before one, its answers, and one that comes late. The
//! daemon in this process, and a stand-in for dunst; what the reader of calendars would answer is said by the test.

use std::{collections::HashMap, ffi::OsString, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use quietd::{
    api::{Error, PlannedEntry, SessionEntry},
    calendar::{Answer, Planned, session_id},
    clock::{Clock as _, ManualClock},
    engine::{Daemon, Event, PlannedCall, Reply, Request, Snapshot},
    env::Env,
    standin::{Dunst, DunstVersion, Popup, PrivateBus, StandIn as _},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use crate::house::PATIENCE;

const CONFIG: &str = r#"
[[after]]
session = "any"
phases = [{ for = "4h", profile = "held" }, { for = "20h", profile = "gentle" }]
[profiles.held]
notifications = "urgent"
[profiles.gentle]
notifications = "batched"
[calendar]
path = "~/Calendars"
category = "Quiet"
session = "a talk"
"#;

/// The real timer never comes to these times.
const NOON: &str = "2140-06-01T12:00:00Z";

struct Desk {
    _bus: PrivateBus,
    dunst: Dunst,
    clock: Arc<ManualClock>,
    tell: mpsc::Sender<Event>,
    snapshot: watch::Receiver<Snapshot>,
    _home: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let bus = PrivateBus::start().unwrap();
        let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
        let home = tempfile::TempDir::new().unwrap();
        let folder = home.path().join(".config/quietd");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), CONFIG).unwrap();
        let variables: HashMap<&str, OsString> = HashMap::from([
            ("HOME", home.path().into()),
            ("XDG_RUNTIME_DIR", home.path().into()),
            ("DBUS_SESSION_BUS_ADDRESS", bus.address().into()),
        ]);
        let env = Env::from_lookup(&|name| variables.get(name).cloned());
        let clock = Arc::new(ManualClock::new(NOON.parse().unwrap(), TimeZone::UTC));
        let session = bus.connect().await.unwrap();
        let mut daemon = Daemon::new(env, clock.clone(), session, None);
        daemon.rows = Vec::new();
        let ready = daemon.prepare().await.unwrap();
        let (tell, snapshot) = (ready.tell.clone(), ready.snapshot.clone());
        tokio::spawn(ready.run());
        let mut desk = Self { _bus: bus, dunst, clock, tell, snapshot, _home: home };
        // Beside a test there is no reader: that is the first answer, and the last of its own.
        desk.until("nothing is read", |it| {
            it.problems.iter().any(|problem| problem.text.contains("calendar could not be read"))
        })
        .await;
        desk
    }

    /// What the reader says: each with hours from noon.
    async fn calendar(&self, planned: &[(&str, i64)]) {
        let noon: Timestamp = NOON.parse().unwrap();
        let planned = planned.iter().map(|(id, hours)| Planned {
            id: format!("cal-{id}"),
            ends: noon + SignedDuration::from_hours(*hours),
        });
        let answer = Answer { planned: planned.collect(), problems: Vec::new() };
        self.tell.send(Event::Calendar(Some(answer))).await.unwrap();
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.tell.send(Event::Call(request(reply))).await.unwrap();
        timeout(PATIENCE, answer).await.unwrap().unwrap()
    }

    async fn planned(&self) -> Vec<PlannedEntry> {
        self.ask(|reply| Request::Planned(PlannedCall::List { reply })).await.unwrap()
    }

    async fn sessions(&self) -> Vec<SessionEntry> {
        self.ask(|reply| Request::Sessions { since: Timestamp::MIN, reply }).await.unwrap()
    }

    async fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
        self.tell.send(Event::Due).await.unwrap();
    }

    async fn until(&mut self, what: &str, is: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let found = timeout(PATIENCE, self.snapshot.wait_for(is)).await;
        found.unwrap_or_else(|_| panic!("never: {what}")).unwrap().clone()
    }

    /// Waits until the next change is so many hours from noon: what was answered has arrived.
    async fn until_it_begins_at(&mut self, hours: i64) {
        let at = NOON.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours);
        let usec = at.as_microsecond().unsigned_abs();
        self.until("it is at another time", |it| it.next_change == usec).await;
    }

    async fn until_shown(&self, what: &str, is: impl Fn(&[Popup]) -> bool) -> Vec<Popup> {
        let wait = async {
            loop {
                let changed = self.dunst.changed();
                let mut changed = std::pin::pin!(changed);
                // Listening begins before looking.
                let _ = futures_util::poll!(changed.as_mut());
                let popups = self.dunst.popups().await;
                if is(&popups) {
                    return popups;
                }
                changed.await;
            }
        };
        let Ok(popups) = timeout(PATIENCE, wait).await else {
            panic!("never: {what}; {:?}", self.dunst.popups().await)
        };
        popups
    }

    async fn the_notice(&self, title: &str) -> Popup {
        let one = |popups: &[Popup]| popups.iter().any(|popup| popup.summary == title);
        let popups = self.until_shown(title, one).await;
        popups.into_iter().find(|popup| popup.summary == title).unwrap()
    }

    async fn no_notice(&self) {
        self.until_shown("no notice", <[Popup]>::is_empty).await;
    }
}

#[tokio::test]
async fn ten_minutes_before_one_the_person_is_asked() {
    let mut desk = Desk::new().await;
    desk.calendar(&[("a", 1)]).await;
    desk.pass(49).await;
    assert_eq!(desk.planned().await[0].state, "planned");
    assert!(desk.dunst.popups().await.is_empty());
    desk.pass(1).await;
    let notice = desk.the_notice("Quiet begins at 13:00").await;
    assert_eq!(notice.body, "Your calendar plans it.");
    assert_eq!(notice.actions, ["drop", "Not today", "later", "In an hour"]);

    desk.dunst.person_chooses(notice.id, "later").await;
    desk.until_it_begins_at(2).await;
    desk.no_notice().await;
    assert_eq!(desk.planned().await[0].state, "moved");
    // The calendar moves it; the person's word stays.
    desk.calendar(&[("a", 3)]).await;
    desk.pass(60).await;
    assert!(!desk.snapshot.borrow().quiet);
    desk.the_notice("Quiet begins at 14:00").await;
    desk.pass(10).await;
    desk.until("it begins", |it| it.quiet && it.profile == "held").await;
    desk.no_notice().await;
    let logged = desk.sessions().await;
    assert_eq!((logged.len(), &*logged[0].kind), (1, "a talk"));
    let ends: Timestamp = "2140-06-01T15:00:00Z".parse().unwrap();
    assert_eq!(logged[0].id, session_id("cal-a", ends));
    assert!(!logged[0].id.contains("2140"), "it tells no day");
    assert_eq!(desk.planned().await, []);

    // Read again, moved a little or not: it began already.
    desk.calendar(&[("a", 3)]).await;
    desk.pass(600).await;
    assert_eq!(desk.sessions().await.len(), 1);
    // On another day it is another one.
    desk.calendar(&[("a", 27)]).await;
    assert_eq!(desk.planned().await.len(), 1);
}

#[tokio::test]
async fn not_today_is_not_today() {
    let mut desk = Desk::new().await;
    desk.calendar(&[("a", 1), ("b", 2)]).await;
    desk.pass(55).await;
    let notice = desk.the_notice("Quiet begins at 13:00").await;
    desk.dunst.person_chooses(notice.id, "drop").await;
    desk.until_it_begins_at(2).await;
    desk.no_notice().await;
    desk.pass(10).await;
    assert_eq!(desk.sessions().await.len(), 0);
    assert!(!desk.snapshot.borrow().quiet);
    // What is confirmed begins without a question, and what runs can be lifted as ever.
    let confirm = |reply| {
        let decided = quietd::calendar::Decided::Confirmed;
        Request::Planned(PlannedCall::Decide { id: "cal-b".into(), decided, reply })
    };
    desk.ask(confirm).await.unwrap();
    desk.pass(54).await;
    assert!(desk.sessions().await.is_empty() && desk.dunst.popups().await.is_empty());
    desk.pass(1).await;
    desk.until("it begins", |it| it.quiet).await;
    assert!(desk.dunst.popups().await.is_empty());
    desk.pass(1).await;
    desk.ask(|reply| Request::Off { reply }).await.unwrap();
    desk.calendar(&[("b", 2)]).await;
    desk.pass(1).await;
    assert_eq!(desk.sessions().await.len(), 1);
    assert!(!desk.snapshot.borrow().quiet, "off is off");
    assert!(desk.ask(confirm).await.is_err(), "it began");
}

#[tokio::test]
async fn off_is_off_whatever_the_calendar_and_the_clock_do() {
    let mut desk = Desk::new().await;
    desk.calendar(&[("a", 0), ("b", 24 * 7)]).await;
    desk.until("it begins", |it| it.quiet).await;
    desk.pass(1).await;
    desk.ask(|reply| Request::Off { reply }).await.unwrap();
    let drop = |reply| {
        let decided = quietd::calendar::Decided::Dropped;
        Request::Planned(PlannedCall::Decide { id: "cal-b".into(), decided, reply })
    };
    desk.ask(drop).await.unwrap();
    // Written anew: by another id, an hour later, and one that nobody knew of.
    desk.pass(60).await;
    desk.calendar(&[("a2", 1), ("b2", 24 * 7 + 1), ("c", -3)]).await;
    desk.pass(1).await;
    let planned = desk.planned().await;
    assert_eq!((planned.len(), &*planned[0].state), (1, "dropped"), "{planned:?}");
    assert_eq!(desk.sessions().await.len(), 1);
    assert!(!desk.snapshot.borrow().quiet);
    // A clock that is set back, and right again.
    for hours in [-3, 3] {
        desk.clock.set(desk.clock.now() + SignedDuration::from_hours(hours));
        desk.tell.send(Event::ClockSet).await.unwrap();
        assert_eq!(desk.sessions().await.len(), 1);
        assert!(!desk.snapshot.borrow().quiet, "{hours}");
    }
}

#[tokio::test]
async fn one_that_was_slept_through_begins_in_the_phase_it_has_reached() {
    let mut desk = Desk::new().await;
    desk.calendar(&[("old", -13), ("late", -5)]).await;
    desk.until("it begins", |it| it.profile == "gentle").await;
    desk.the_notice("quietd").await;
    let logged = desk.sessions().await;
    assert_eq!(logged.len(), 1);
    let ended = NOON.parse::<Timestamp>().unwrap() - SignedDuration::from_hours(5);
    assert_eq!(logged[0].ended, ended.as_microsecond().unsigned_abs());
    let now = desk.clock.now();
    assert_eq!(logged[0].logged, now.as_microsecond().unsigned_abs());
}

#[tokio::test]
async fn one_that_is_dropped_and_then_cancelled_takes_no_other_with_it() {
    let mut desk = Desk::new().await;
    desk.calendar(&[("a", 2), ("b", 3)]).await;
    desk.until_it_begins_at(2).await;
    let drop = |reply| {
        let decided = quietd::calendar::Decided::Dropped;
        Request::Planned(PlannedCall::Decide { id: "cal-a".into(), decided, reply })
    };
    desk.ask(drop).await.unwrap();
    desk.pass(30).await;
    desk.calendar(&[("b", 3)]).await;
    desk.pass(1).await;
    let planned = desk.planned().await;
    assert_eq!((planned.len(), &*planned[0].state), (1, "planned"), "{planned:?}");
}
