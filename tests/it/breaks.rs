//! Breaks and suggestions: the whole daemon in this process, with a clock that is set by hand, and stand-ins for dunst, a
//! panel, and whoever says that the screen is kept on.

mod x11;

use std::{
    collections::HashMap,
    ffi::OsString,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use quietd::{
    api::{DoctorEntry, Error},
    backend::REGISTRY,
    clock::ManualClock,
    dbus::dconf::{Settings, Value},
    engine::{BreakAnswer, Daemon, Event, Reply, Request, Saying, Snapshot},
    env::Env,
    screen_time::{Focus, Told},
    standin::{
        Dconf, Dunst, DunstVersion, PercentOf, PercentPanel, Popup, PrivateBus, StandIn as _,
    },
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    house::PATIENCE,
    quiet_stand_in::{self, hours_from_now},
};

const BREAKS: &str = r#"
[breaks]
every = "30m"
for = "5m"
dim = 20
[suggestions]
a-day = 0
[profiles.short]
notifications = "urgent"
breaks = { every = "20m", for = "90s" }
[profiles.none]
dim = 10
breaks = "off"
"#;

const SUGGESTIONS: &str = r#"
[suggestions]
a-day = 2
hours = "11:00-13:00"
[profiles.soft]
dim = 10
[profiles.held]
notifications = "urgent"
breaks = { every = "20m", for = "5m" }
"#;

const TITLE: &str = "A good moment to look away: 5 minutes";

/// The real timer never comes to these times.
const NOON: &str = "2140-06-01T12:00:00Z";

struct Desk {
    bus: PrivateBus,
    dunst: Dunst,
    panel: PercentPanel,
    clock: Arc<ManualClock>,
    tell: mpsc::Sender<Event>,
    snapshot: watch::Receiver<Snapshot>,
    engine: JoinHandle<()>,
    env: Env,
    home: tempfile::TempDir,
}

type Running = (mpsc::Sender<Event>, watch::Receiver<Snapshot>, JoinHandle<()>);

async fn begin(bus: &PrivateBus, env: &Env, clock: &Arc<ManualClock>) -> Running {
    let session = bus.connect().await.unwrap();
    let mut daemon = Daemon::new(env.clone(), clock.clone(), session, None);
    daemon.rows = REGISTRY.iter().filter(|row| row.id == "mate-backlight").collect();
    assert_eq!(daemon.rows.len(), 1);
    let ready = daemon.prepare().await.unwrap();
    let (tell, snapshot) = (ready.tell.clone(), ready.snapshot.clone());
    (tell, snapshot, tokio::spawn(ready.run()))
}

impl Desk {
    async fn new(config: &str) -> Self {
        Self::on(config, None).await
    }

    async fn on(config: &str, display: Option<String>) -> Self {
        let bus = PrivateBus::start().unwrap();
        let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
        let panel =
            PercentPanel::start(bus.address(), PercentOf::Mate, Some(80), 100).await.unwrap();
        let home = tempfile::TempDir::new().unwrap();
        for (file, text) in [
            (".config/quietd/config.toml", config),
            ("sys/class/backlight/panel/max_brightness", "100"),
            ("sys/class/backlight/panel/brightness", "80"),
        ] {
            let file = home.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let mut variables: HashMap<&str, OsString> = HashMap::from([
            ("HOME", home.path().into()),
            ("XDG_RUNTIME_DIR", home.path().into()),
            ("QUIETD_SYSFS", home.path().join("sys").into()),
            ("DBUS_SESSION_BUS_ADDRESS", bus.address().into()),
        ]);
        variables.extend(display.map(|display| ("DISPLAY", display.into())));
        let env = Env::from_lookup(&|name| variables.get(name).cloned());
        let clock = Arc::new(ManualClock::new(NOON.parse().unwrap(), TimeZone::UTC));
        let (tell, snapshot, engine) = begin(&bus, &env, &clock).await;
        let mut desk = Self { bus, dunst, panel, clock, tell, snapshot, engine, env, home };
        desk.until("settled", |it| it.settled).await;
        desk
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.tell.send(Event::Call(request(reply))).await.unwrap();
        timeout(PATIENCE, answer).await.unwrap().unwrap()
    }

    async fn tells(&self, told: Told) {
        self.tell.send(Event::Attention(told)).await.unwrap();
        self.turn().await;
    }

    async fn comes(&self) {
        self.tells(Told::Idle(false)).await;
    }

    async fn leaves(&self) {
        self.tells(Told::Idle(true)).await;
    }

    async fn start(&self, profile: &str) {
        let (profile, lasts) = (profile.to_owned(), SignedDuration::from_hours(6));
        self.ask(|reply| Request::Start { profile, lasts, reply }).await.unwrap();
    }

    async fn off(&self) {
        self.ask(|reply| Request::Off { reply }).await.unwrap();
        self.clock.advance(SignedDuration::from_micros(1));
    }

    async fn word(&self, word: BreakAnswer) -> Result<(), Error> {
        self.ask(|reply| Request::Break { word, reply }).await
    }

    async fn doctor(&self) -> DoctorEntry {
        let rows = self.ask(|reply| Request::Doctor { reply }).await.unwrap();
        let mut rows: Vec<DoctorEntry> =
            rows.into_iter().filter(|row| row.measure == "breaks").collect();
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    /// Waits until what was sent has been taken.
    async fn turn(&self) {
        self.ask(|reply| Request::Sessions { since: Timestamp::MAX, reply }).await.unwrap();
    }

    async fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
        self.tell.send(Event::Due).await.unwrap();
        self.turn().await;
    }

    async fn until(&mut self, what: &str, is: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let found = timeout(PATIENCE, self.snapshot.wait_for(is)).await;
        found.unwrap_or_else(|_| panic!("never: {what}")).unwrap().clone()
    }

    /// Waits until the next break is so many minutes past noon; 0 is that nobody knows.
    async fn until_next(&mut self, minutes: i64) {
        let noon: Timestamp = NOON.parse().unwrap();
        let at = (noon + SignedDuration::from_mins(minutes)).as_microsecond().unsigned_abs();
        let at = if minutes == 0 { 0 } else { at };
        self.until(&format!("next break at {minutes}"), |it| it.next_break == at).await;
    }

    async fn until_dim(&mut self, dim: Option<u32>) {
        self.until("dim", |it| it.measures.dim == dim).await;
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
        let one = |popups: &[Popup]| popups.len() == 1 && popups[0].summary == title;
        self.until_shown(title, one).await.remove(0)
    }

    async fn no_notice(&self) {
        self.until_shown("no notice", <[Popup]>::is_empty).await;
    }
}

/// Says whether something keeps the screen on.
struct SessionManager(Arc<AtomicBool>);

#[zbus::interface(name = "org.gnome.SessionManager")]
impl SessionManager {
    fn is_inhibited(&self, flags: u32) -> bool {
        assert_eq!(flags, 8);
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_break_is_suggested_after_half_an_hour_and_the_light_comes_back() {
    let mut desk = Desk::new(BREAKS).await;
    desk.until_next(0).await;
    desk.comes().await;
    desk.until_next(30).await;
    assert_eq!(desk.snapshot.borrow().measures.breaks, Some(30 * 60 * 1_000_000));
    assert!(!desk.snapshot.borrow().quiet, "a break of every day is no quiet");
    desk.pass(29).await;
    desk.no_notice().await;
    desk.pass(1).await;
    let notice = desk.the_notice(TITLE).await;
    assert_eq!((&*notice.body, notice.urgency), ("Later is fine too.", 1));
    assert_eq!(notice.actions, ["later", "Later", "skip", "Skip"]);
    desk.until_dim(Some(20)).await;
    assert!(desk.panel.percent() < 80, "{}", desk.panel.percent());
    desk.pass(5).await;
    desk.no_notice().await;
    desk.until_dim(None).await;
    assert_eq!(desk.panel.percent(), 80);
    desk.until_next(65).await;
}

#[tokio::test]
async fn later_and_skip_are_always_there() {
    let mut desk = Desk::new(BREAKS).await;
    desk.comes().await;
    desk.pass(30).await;
    let notice = desk.the_notice(TITLE).await;
    desk.dunst.person_chooses(notice.id, "later").await;
    desk.no_notice().await;
    desk.until_next(35).await;
    desk.until_dim(None).await;
    desk.pass(5).await;
    let notice = desk.the_notice(TITLE).await;
    desk.dunst.person_chooses(notice.id, "skip").await;
    desk.until_next(65).await;
    // To close the notice is to have seen it.
    desk.pass(30).await;
    let notice = desk.the_notice(TITLE).await;
    desk.dunst.closes(notice.id, 2).await;
    desk.until_next(95).await;
    desk.until_dim(None).await;
    // By hand, where there are no buttons.
    desk.dunst.has_no_buttons();
    desk.pass(30).await;
    let notice = desk.the_notice(TITLE).await;
    assert_eq!((notice.actions.len(), notice.body.contains("quietctl break later")), (0, true));
    desk.word(BreakAnswer::Later).await.unwrap();
    desk.no_notice().await;
    desk.until_next(100).await;
    desk.word(BreakAnswer::Skip).await.unwrap();
    desk.until_next(125).await;
    for word in [BreakAnswer::Later, BreakAnswer::Skip] {
        assert!(matches!(desk.word(word).await, Err(Error::NothingRunning(_))));
    }
}

#[tokio::test]
async fn to_be_away_is_a_break_and_nobody_is_waited_for() {
    let mut desk = Desk::new(BREAKS).await;
    desk.comes().await;
    desk.pass(20).await;
    desk.leaves().await;
    desk.until_next(0).await;
    // Whoever is said to be idle has been so for a minute.
    desk.pass(3).await;
    desk.comes().await;
    desk.until_next(34).await;
    desk.tells(Told::Locked(true)).await;
    desk.pass(60).await;
    desk.no_notice().await;
    desk.tells(Told::Locked(false)).await;
    desk.until_next(83 + 30).await;
    desk.tells(Told::Sleeps(true)).await;
    desk.clock.advance(SignedDuration::from_hours(9));
    desk.tell.send(Event::Resumed).await.unwrap();
    desk.tells(Told::Sleeps(false)).await;
    desk.until_next(83 + 9 * 60 + 30).await;
    desk.no_notice().await;
}

#[tokio::test]
async fn a_bad_moment_is_left_alone() {
    let mut desk = Desk::new(BREAKS).await;
    let inhibited = Arc::new(AtomicBool::new(true));
    let bus = desk.bus.connect().await.unwrap();
    let manager = SessionManager(Arc::clone(&inhibited));
    bus.object_server().at("/org/gnome/SessionManager", manager).await.unwrap();
    bus.request_name("org.gnome.SessionManager").await.unwrap();
    desk.comes().await;
    desk.pass(30).await;
    desk.until_next(35).await;
    inhibited.store(false, Ordering::Relaxed);
    // What fills the screen is a film, or a presentation.
    desk.tells(Told::Focus(Focus { app: None, full_screen: Some(true) })).await;
    desk.pass(5).await;
    desk.until_next(40).await;
    desk.no_notice().await;
    desk.tells(Told::Focus(Focus { app: None, full_screen: Some(false) })).await;
    desk.pass(5).await;
    desk.the_notice(TITLE).await;
}

#[tokio::test]
async fn breaks_are_left_to_gnomes_own() {
    let mut desk = Desk::new(BREAKS).await;
    desk.comes().await;
    desk.until_next(30).await;
    assert_eq!(desk.doctor().await.title, "quietd");
    let chosen = |breaks: &[&str]| {
        let breaks = breaks.iter().map(|name| (*name).to_owned()).collect();
        let key = "/org/gnome/desktop/break-reminders/selected-breaks".to_owned();
        Settings::from([(key, Some(Value::List(breaks)))])
    };
    let config = desk.home.path().join(".config");
    let theirs = ("/org/example/x", Value::Bool(true));
    let dconf = Dconf::start(desk.bus.address(), &config, theirs).await.unwrap();
    dconf.change(&chosen(&["eyesight"])).await;
    let shell = desk.bus.connect().await.unwrap();
    shell.request_name("org.gnome.Shell").await.unwrap();
    desk.pass(30).await;
    desk.until("left", |it| it.measures.breaks.is_none() && it.next_break == 0).await;
    let row = desk.doctor().await;
    assert!(row.serves && row.text.contains("GNOME's own break reminders are on"), "{row:?}");
    desk.no_notice().await;
    // Switched off there, they are quietd's again.
    dconf.change(&chosen(&[])).await;
    desk.pass(30).await;
    desk.the_notice(TITLE).await;
}

#[tokio::test]
async fn those_of_a_profile_win_while_it_is_quiet() {
    let mut desk = Desk::new(BREAKS).await;
    desk.comes().await;
    desk.until_next(30).await;
    desk.start("short").await;
    desk.until_next(20).await;
    desk.pass(20).await;
    let notice = desk.the_notice("A good moment to look away: 1 minute 30 seconds").await;
    assert_eq!(notice.urgency, 2, "it comes through what is held back");
    desk.off().await;
    desk.no_notice().await;
    desk.until_dim(None).await;
    desk.start("none").await;
    desk.until_next(0).await;
    desk.pass(90).await;
    desk.no_notice().await;
    let lasts = SignedDuration::ZERO;
    desk.off().await;
    desk.until_next(110 + 30).await;
    desk.start("short").await;
    desk.ask(|reply| Request::Pause { lasts, reply }).await.unwrap();
    desk.until_next(0).await;
    desk.ask(|reply| Request::Resume { reply }).await.unwrap();
    desk.until_next(110 + 20).await;
}

#[tokio::test]
async fn a_stop_takes_the_notice_away_and_gives_the_light_back() {
    let mut desk = Desk::new(BREAKS).await;
    desk.comes().await;
    desk.pass(30).await;
    desk.the_notice(TITLE).await;
    desk.until_dim(Some(20)).await;
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    desk.no_notice().await;
    assert_eq!(desk.panel.percent(), 80);
}

#[tokio::test]
async fn where_nobody_tells_who_is_there_it_is_said() {
    let mut desk = Desk::new(BREAKS).await;
    desk.start("short").await;
    let said = "Breaks are not suggested: nothing on this desktop tells whether somebody is at the screen.";
    let is = |it: &Snapshot| it.problems.iter().any(|it| it.text == said);
    desk.until("said", is).await;
    assert_eq!((desk.doctor().await.text, desk.doctor().await.serves), (said.to_owned(), false));
    desk.pass(60).await;
    desk.no_notice().await;
    desk.comes().await;
    let is = |it: &Snapshot| !it.problems.iter().any(|it| it.measure == "breaks");
    desk.until("suggested", is).await;
}

#[tokio::test]
async fn a_few_things_a_day_are_suggested_where_a_phase_begins() {
    let mut desk = Desk::new(SUGGESTIONS).await;
    let own = desk.home.path().join(".config/quietd/suggestions");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("write.txt"), "Three <words>.\n").unwrap();
    desk.start("soft").await;
    let first = "Walk a little way, if you feel steady.";
    desk.the_notice(first).await;
    assert_eq!(desk.until("said", |it| !it.suggestion.is_empty()).await.suggestion, first);
    desk.pass(30).await;
    assert_eq!(desk.dunst.popups().await.len(), 1, "nothing more while nothing begins");

    // Over a restart it stays, and is not said again.
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    (desk.tell, desk.snapshot, desk.engine) = begin(&desk.bus, &desk.env, &desk.clock).await;
    desk.until("said", |it| it.suggestion == first && it.settled).await;
    desk.turn().await;
    assert_eq!(desk.dunst.popups().await.len(), 1);

    // Off is the end of it.
    desk.off().await;
    desk.until("nothing", |it| it.suggestion.is_empty()).await;
    desk.start("soft").await;
    let both = |popups: &[Popup]| popups.len() == 2 && popups[1].summary == "Three <words>.";
    desk.until_shown("the person's own line", both).await;

    // With what it was for, it goes.
    desk.off().await;
    desk.until_shown("that line no longer", |popups| popups.len() == 1).await;
    desk.start("soft").await;
    desk.turn().await;
    assert_eq!((desk.dunst.popups().await.len(), &*desk.snapshot.borrow().suggestion), (1, ""));
}

#[tokio::test]
async fn a_suggestion_is_in_nobodys_way() {
    let desk = Desk::new(SUGGESTIONS).await;
    desk.start("soft").await;
    let one = |popups: &[Popup]| popups.len() == 1;
    desk.until_shown("a suggestion", one).await;
    let long_enough = |turn| Event::SaidLongEnough { saying: Saying::Suggestion, turn };
    desk.tell.send(long_enough(0)).await.unwrap();
    desk.turn().await;
    assert_eq!(desk.dunst.popups().await.len(), 1, "that was another one");
    desk.tell.send(long_enough(1)).await.unwrap();
    desk.no_notice().await;

    // Nor where what comes is held back from then on.
    desk.off().await;
    desk.start("soft").await;
    desk.until_shown("another one", one).await;
    desk.start("held").await;
    desk.no_notice().await;
}

#[tokio::test]
async fn where_notifications_are_held_a_suggestion_comes_with_a_break() {
    let mut desk = Desk::new(SUGGESTIONS).await;
    std::fs::create_dir_all(desk.home.path().join(".config/quietd/suggestions")).unwrap();
    let own = desk.home.path().join(".config/quietd/suggestions/write.txt");
    std::fs::write(own, "Three <words>.\n").unwrap();
    desk.comes().await;
    desk.start("held").await;
    let said = "Walk a little way, if you feel steady.";
    desk.until("said", |it| it.suggestion == said).await;
    desk.no_notice().await;
    desk.pass(20).await;
    let notice = desk.the_notice(TITLE).await;
    assert_eq!(notice.body, "Later is fine too. Perhaps: Three &lt;words>.");
    desk.until("the other", |it| it.suggestion == "Three <words>.").await;
    desk.pass(5).await;
    desk.no_notice().await;
    desk.pass(20).await;
    assert_eq!(desk.the_notice(TITLE).await.body, "Later is fine too.", "that was enough");
}

#[tokio::test]
async fn quietctl_says_when_and_suggests() {
    let desk = quiet_stand_in::Desk::new().await;
    let none = desk.run(&["break"]).await;
    assert_eq!((none.code, &*none.out), (1, "No breaks are suggested now.\n"));
    desk.scene().next_break = hours_from_now(1);
    desk.scene().suggestion = "Drink a glass of water.".into();
    let next = desk.run(&["break"]).await;
    assert!(next.code == 0 && next.out.starts_with("The next break is about "), "{next:?}");
    assert_eq!(desk.run(&["break", "later"]).await.out, "Again in 5 minutes.\n");
    assert_eq!(desk.run(&["break", "skip"]).await.code, 0);
    assert_eq!(desk.scene().asked, ["BreakLater", "BreakSkip"]);
    let status = desk.run(&["status"]).await;
    assert!(status.out.contains("\nPerhaps\n  Drink a glass of water.\n"), "{}", status.out);
    assert_eq!(
        desk.run(&["status", "--format", "json"]).await.json()["suggestion"],
        "Drink a glass of water."
    );
    let nobody =
        Error::NothingRunning("It is no break now, so there is nothing to put off.".into());
    desk.scene().refuses = Some(nobody);
    assert_eq!(desk.run(&["break", "later"]).await.code, 1);

    let desk = quiet_stand_in::Desk::without_daemon();
    let one = desk.run(&["suggest"]).await;
    assert!(one.code == 0 && one.out.lines().count() == 1, "{one:?}");
    desk.write(".config/quietd/suggestions/rest.txt", "# mine\nTea.\n");
    assert_eq!(desk.run(&["suggest", "rest"]).await.out, "Tea.\n");
    assert_eq!(desk.run(&["suggest", "rest", "--list"]).await.out, "# mine\nTea.\n");
    assert!(
        desk.run(&["suggest", "walk", "--list"])
            .await
            .out
            .contains("\nLook at something far away.\n")
    );
    assert_eq!(desk.run(&["suggest", "money"]).await.code, 2);
}
