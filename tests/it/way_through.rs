//! Locked apps that are started: the notice, its answers, the wait, and the clean end. The whole daemon in this process,
//! with a clock that is set by hand, and stand-ins for systemd and dunst; the apps are real processes.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use quietd::{
    api::Error,
    backend::{
        Row,
        lock::{self, SystemdFreeze},
        notifications::dunst,
    },
    clock::{Clock as _, ManualClock},
    engine::{Answer, Daemon, Event, Reply, Request, Snapshot},
    env::Env,
    standin::{Dunst, DunstVersion, Fault, Popup, PrivateBus, StandIn as _, Systemd},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::house::PATIENCE;

const CONFIG: &str = r#"
[profiles.locked]
lock = ["app:org.example.Chat", "x.com"]
wait = "20s"
[profiles.at-once]
lock = ["app:org.example.Chat"]
[profiles.both]
lock = ["app:org.example.Chat", "app:org.example.Mail"]
[profiles.other]
lock = ["app:org.example.Mail"]
[suggestions]
a-day = 0
"#;

const ENTRY: &str = "[Desktop Entry]\nType=Application\nName=<b>Chat\u{7}</b>\nExec=chat\n";

pub const CHAT: &str = "app-gnome-org.example.Chat-20.scope";

/// The real timer never comes to these times.
const NOON: &str = "2140-06-01T12:00:00Z";

const CAUGHT_IN_TIME: Row = Row {
    open: |desktop| Box::new(SystemdFreeze::new(desktop).fresh_within(PATIENCE)),
    ..lock::ROW
};

const CAUGHT_LATE: Row = Row {
    open: |desktop| Box::new(SystemdFreeze::new(desktop).fresh_within(Duration::ZERO)),
    ..lock::ROW
};

/// The daemon in this process, and a desktop around it.
pub struct Desk {
    pub bus: PrivateBus,
    pub dunst: Option<Dunst>,
    pub systemd: Systemd,
    pub clock: Arc<ManualClock>,
    pub tell: mpsc::Sender<Event>,
    pub snapshot: watch::Receiver<Snapshot>,
    pub engine: JoinHandle<()>,
    pub env: Env,
    _home: tempfile::TempDir,
}

/// A process of an app; killed with the test, whatever became of it.
pub struct App(pub Child);

impl App {
    pub fn start() -> Self {
        Self(Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Waits for its end; tells the signal that it was.
    pub async fn ends(mut self) -> Option<i32> {
        // Without it the program would end by itself as soon as it goes on.
        let _stdin = self.0.stdin.take();
        let ended = tokio::task::spawn_blocking(move || self.0.wait().unwrap());
        timeout(PATIENCE, ended).await.unwrap().unwrap().signal()
    }

    /// Waits until the kernel says that it stands still.
    pub async fn stands_still(&self) {
        use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
        let pid = nix::unistd::Pid::from_raw(self.0.id().try_into().unwrap());
        let wait = tokio::task::spawn_blocking(move || waitpid(pid, Some(WaitPidFlag::WUNTRACED)));
        let status = timeout(PATIENCE, wait).await.unwrap().unwrap().unwrap();
        assert!(matches!(status, WaitStatus::Stopped(..)), "{status:?}");
    }

    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Desk {
    /// However busy this machine is, an app that is started here is caught before it has done anything.
    pub async fn new() -> Self {
        Self::with(vec![&CAUGHT_IN_TIME]).await
    }

    async fn with(rows: Vec<&'static Row>) -> Self {
        Self::of(CONFIG, rows).await
    }

    /// With another config, and other backends.
    pub async fn of(config: &str, rows: Vec<&'static Row>) -> Self {
        let bus = PrivateBus::start().unwrap();
        let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
        let home = tempfile::TempDir::new().unwrap();
        let systemd = Systemd::start(bus.address(), &home.path().join("sys")).await.unwrap();
        for (folder, file, text) in [
            (".config/quietd", "config.toml", config),
            (".local/share/applications", "org.example.Chat.desktop", ENTRY),
        ] {
            let folder = home.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(file), text).unwrap();
        }
        let variables: HashMap<&str, OsString> = HashMap::from([
            ("HOME", home.path().into()),
            ("XDG_RUNTIME_DIR", home.path().into()),
            ("QUIETD_SYSFS", home.path().join("sys").into()),
            ("DBUS_SESSION_BUS_ADDRESS", bus.address().into()),
        ]);
        let env = Env::from_lookup(&|name| variables.get(name).cloned());
        let clock = Arc::new(ManualClock::new(NOON.parse().unwrap(), TimeZone::UTC));
        let (tell, snapshot, engine) = begin(&bus, &env, &clock, rows).await;
        let dunst = Some(dunst);
        Self { bus, dunst, systemd, clock, tell, snapshot, engine, env, _home: home }
    }

    pub fn dunst(&self) -> &Dunst {
        self.dunst.as_ref().unwrap()
    }

    pub async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.tell.send(Event::Call(request(reply))).await.unwrap();
        timeout(PATIENCE, answer).await.unwrap().unwrap()
    }

    pub async fn start(&mut self, profile: &str) {
        let (profile, lasts) = (profile.to_owned(), SignedDuration::from_hours(6));
        self.ask(|reply| Request::Start { profile, lasts, reply }).await.unwrap();
        self.until("locked", |it| it.locked.contains("org.example.Chat")).await;
    }

    pub async fn unlock(&self, what: &str) -> Result<(), Error> {
        let (what, lasts) = (what.to_owned(), SignedDuration::ZERO);
        self.ask(|reply| Request::Unlock { what, lasts, reply }).await
    }

    pub async fn cancel(&self, what: &str) -> Result<(), Error> {
        let what = what.to_owned();
        self.ask(|reply| Request::CancelUnlock { what, reply }).await
    }

    pub async fn off(&self) {
        self.ask(|reply| Request::Off { reply }).await.unwrap();
        // What is started in the same moment is meant by it too.
        self.clock.advance(SignedDuration::from_micros(1));
    }

    /// Waits until the engine has taken all it was sent so far.
    pub async fn has_taken_all(&self) {
        self.ask(|reply| Request::Sessions { since: Timestamp::MIN, reply }).await.unwrap();
    }

    pub async fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.tell.send(Event::Due).await.unwrap();
    }

    pub async fn until(&mut self, what: &str, is: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let found = timeout(PATIENCE, self.snapshot.wait_for(is)).await;
        found.unwrap_or_else(|_| panic!("never: {what}")).unwrap().clone()
    }

    /// Waits until what dunst shows is so.
    pub async fn until_shown(&self, what: &str, is: impl Fn(&[Popup]) -> bool) -> Vec<Popup> {
        let wait = async {
            loop {
                let changed = self.dunst().changed();
                let mut changed = std::pin::pin!(changed);
                // Listening begins before looking.
                let _ = futures_util::poll!(changed.as_mut());
                let popups = self.dunst().popups().await;
                if is(&popups) {
                    return popups;
                }
                changed.await;
            }
        };
        let Ok(popups) = timeout(PATIENCE, wait).await else {
            panic!("never: {what}; {:?}", self.dunst().popups().await)
        };
        popups
    }

    pub async fn the_notice(&self, title: &str) -> Popup {
        let one = |popups: &[Popup]| popups.len() == 1 && popups[0].summary == title;
        self.until_shown(title, one).await.remove(0)
    }

    pub async fn no_notice(&self) {
        self.until_shown("no notice", <[Popup]>::is_empty).await;
    }

    /// Starts the locked app, and waits for the notice.
    pub async fn starts_chat(&self) -> (App, Popup) {
        let app = App::start();
        self.systemd.start_unit(CHAT, &[app.0.id()]).await.unwrap();
        let locked = |popups: &[Popup]| {
            popups.len() == 1 && popups[0].summary.starts_with("<b>Chat</b> is locked until ")
        };
        let notice = self.until_shown("the notice", locked).await.remove(0);
        // The time to answer begins when the engine knows that it is shown, and it may hear of that after the test has
        // moved the clock.
        let shown = Event::Answered { app: "org.example.chat".to_owned(), answer: Answer::Shown };
        self.tell.send(shown).await.unwrap();
        self.has_taken_all().await;
        (app, notice)
    }

    /// Waits until a unit is frozen.
    async fn frozen(&self, unit: &str) {
        let frozen = async {
            while !self.systemd.is_frozen(unit) {
                self.has_taken_all().await;
            }
        };
        timeout(PATIENCE, frozen).await.unwrap();
    }

    pub fn stops(&self) -> usize {
        self.systemd.calls().iter().filter(|call| call.starts_with("StopUnit")).count()
    }
}

const LOCKED: &str = "<b>Chat</b> is locked until 18:00";

pub type Running = (mpsc::Sender<Event>, watch::Receiver<Snapshot>, JoinHandle<()>);

pub async fn begin(
    bus: &PrivateBus,
    env: &Env,
    clock: &Arc<ManualClock>,
    rows: Vec<&'static Row>,
) -> Running {
    let session = bus.connect().await.unwrap();
    let mut daemon = Daemon::new(env.clone(), clock.clone(), session, None);
    daemon.rows = rows;
    let ready = daemon.prepare().await.unwrap();
    let (tell, snapshot) = (ready.tell.clone(), ready.snapshot.clone());
    (tell, snapshot, tokio::spawn(ready.run()))
}

#[tokio::test]
async fn unlock_anyway_opens_after_the_wait_and_for_a_while() {
    let mut desk = Desk::new().await;
    desk.start("locked").await;
    let (mut app, notice) = desk.starts_chat().await;
    assert_eq!(notice.body, "Unlock anyway opens it in 20 s, for 15 minutes.");
    assert_eq!(notice.actions, ["close", "Close", "unlock", "Unlock anyway"]);

    desk.dunst().person_chooses(notice.id, "unlock").await;
    let waiting = desk.until("it waits", |it| it.waits.len() == 1).await;
    let opens = desk.clock.now() + SignedDuration::from_secs(20);
    assert_eq!(waiting.waits[0].what, "org.example.Chat");
    assert_eq!(waiting.waits[0].opens, opens.as_microsecond().unsigned_abs());
    assert_eq!(waiting.next_change, waiting.waits[0].opens);
    let notice = desk.the_notice("<b>Chat</b> opens in 20 s").await;
    assert_eq!(notice.actions, ["cancel", "Cancel"]);
    assert!(desk.systemd.is_frozen(CHAT));

    // To ask again is not to wait again.
    desk.pass(15).await;
    desk.unlock("chat").await.unwrap();
    desk.pass(5).await;
    desk.until("open", |it| !it.locked.contains("org.example.Chat")).await;
    desk.no_notice().await;
    assert!(!desk.systemd.is_frozen(CHAT) && app.runs());
    let again = desk.snapshot.borrow().next_change;
    assert_eq!(again, (opens + SignedDuration::from_mins(15)).as_microsecond().unsigned_abs());
    desk.pass(15 * 60).await;
    desk.until("locked again", |it| it.locked.contains("org.example.Chat")).await;
    assert!(desk.systemd.is_frozen(CHAT));
    // It has run since: it is nothing that was only just started.
    desk.no_notice().await;
    assert_eq!(desk.stops(), 0);
}

#[tokio::test]
async fn a_systemd_that_stops_none_that_stands_still_is_asked_to_let_it_go_on_first() {
    let mut desk = Desk::new().await;
    desk.systemd.set_version("257.9-1");
    desk.start("locked").await;
    let (app, notice) = desk.starts_chat().await;
    desk.dunst().person_chooses(notice.id, "close").await;
    assert_eq!(app.ends().await, Some(15));
    desk.no_notice().await;
}

#[tokio::test]
async fn without_an_answer_it_is_asked_to_end() {
    let mut desk = Desk::new().await;
    desk.start("locked").await;
    let (mut app, _) = desk.starts_chat().await;
    desk.pass(119).await;
    desk.has_taken_all().await;
    assert!(app.runs());
    desk.pass(1).await;
    assert_eq!(app.ends().await, Some(15), "SIGTERM, and nothing stronger");
    desk.no_notice().await;
    assert_eq!(desk.stops(), 1);

    // Each way to say no is one; time that is over for the notice alone is not.
    for (by, reason) in [("close", 0), ("", 2)] {
        let (app, notice) = desk.starts_chat().await;
        match reason {
            0 => desk.dunst().person_chooses(notice.id, by).await,
            reason => desk.dunst().closes(notice.id, reason).await,
        }
        assert_eq!(app.ends().await, Some(15));
        desk.no_notice().await;
    }
    let (mut app, notice) = desk.starts_chat().await;
    desk.dunst().closes(notice.id, 1).await;
    desk.has_taken_all().await;
    assert!(app.runs() && desk.systemd.is_frozen(CHAT));
    desk.off().await;
    assert!(app.runs() && !desk.systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn what_was_caught_late_is_left_as_it_is() {
    let mut desk = Desk::with(vec![&CAUGHT_LATE]).await;
    desk.start("locked").await;
    let (mut app, notice) = desk.starts_chat().await;
    desk.dunst().person_chooses(notice.id, "close").await;
    desk.no_notice().await;
    desk.off().await;
    assert!(app.runs() && !desk.systemd.is_frozen(CHAT));
    assert_eq!(desk.stops(), 0);
}

#[tokio::test]
async fn what_may_have_done_something_is_never_ended() {
    let mut desk = Desk::new().await;
    desk.start("locked").await;
    // Nobody knows for how long it ran: there is no process to be seen.
    desk.systemd.start_unit(CHAT, &[]).await.unwrap();
    let notice = desk.the_notice(LOCKED).await;
    desk.dunst().person_chooses(notice.id, "close").await;
    desk.no_notice().await;
    desk.systemd.end_unit(CHAT);
    let (_app, notice) = {
        let app = App::start();
        let unit = "app-gnome-org.example.Chat-21.scope";
        desk.systemd.start_unit(unit, &[app.0.id()]).await.unwrap();
        let notice = desk.the_notice(LOCKED).await;
        // The person let it go on by other means.
        desk.systemd.person_changes().await;
        (app, notice)
    };
    desk.dunst().person_chooses(notice.id, "close").await;
    desk.no_notice().await;
    desk.off().await;
    assert_eq!(desk.stops(), 0);
    // What begins with the session is not asked about.
    desk.start("locked").await;
    let unit = "app-org.example.Chat@autostart.service";
    desk.systemd.start_unit(unit, &[App::start().0.id()]).await.unwrap();
    let (app, _) = desk.starts_chat().await;
    assert!(desk.systemd.is_frozen(unit));
    drop(app);
}

#[tokio::test]
async fn a_wait_is_cancelled_on_the_notice_and_by_hand() {
    let mut desk = Desk::new().await;
    desk.start("locked").await;
    let (app, notice) = desk.starts_chat().await;
    desk.dunst().person_chooses(notice.id, "unlock").await;
    let notice = desk.the_notice("<b>Chat</b> opens in 20 s").await;
    desk.dunst().person_chooses(notice.id, "cancel").await;
    assert_eq!(app.ends().await, Some(15));
    desk.until("no wait", |it| it.waits.is_empty()).await;
    desk.no_notice().await;

    let (mut app, _) = desk.starts_chat().await;
    desk.unlock("chat").await.unwrap();
    desk.the_notice("<b>Chat</b> opens in 20 s").await;
    desk.cancel("chat").await.unwrap();
    desk.the_notice(LOCKED).await;
    assert!(matches!(desk.cancel("chat").await, Err(Error::NothingRunning(_))));
    desk.pass(60).await;
    desk.has_taken_all().await;
    assert!(app.runs() && desk.systemd.is_frozen(CHAT));

    // Sites wait as well; what is let through can be locked again.
    desk.unlock("x.com").await.unwrap();
    desk.until("it waits", |it| it.waits.len() == 1).await;
    desk.unlock("chat").await.unwrap();
    desk.pass(20).await;
    desk.until("open", |it| it.waits.is_empty() && it.locked.is_empty()).await;
    desk.cancel("chat").await.unwrap();
    desk.until("locked", |it| it.locked.contains("org.example.Chat")).await;
}

#[tokio::test]
async fn off_a_pause_and_the_end_take_waits_and_notices_away() {
    let mut desk = Desk::new().await;
    for way in 0..4 {
        desk.start("locked").await;
        let (mut app, notice) = desk.starts_chat().await;
        desk.dunst().person_chooses(notice.id, "unlock").await;
        desk.until("it waits", |it| it.waits.len() == 1).await;
        let lasts = SignedDuration::ZERO;
        match way {
            0 => desk.off().await,
            1 => desk.ask(|reply| Request::Pause { lasts, reply }).await.unwrap(),
            2 => desk.pass(6 * 3_600).await,
            _ => desk.tell.send(Event::Stop).await.unwrap(),
        }
        desk.no_notice().await;
        desk.until("no wait", |it| it.waits.is_empty() && it.locked.is_empty()).await;
        assert!(app.runs() && !desk.systemd.is_frozen(CHAT), "way {way}");
        if way == 1 {
            desk.ask(|reply| Request::Resume { reply }).await.unwrap();
            desk.pass(30).await;
            desk.until("locked", |it| it.locked.contains("org.example.Chat")).await;
            assert!(desk.systemd.is_frozen(CHAT), "the wait ended with the pause");
            desk.off().await;
        }
        desk.systemd.end_unit(CHAT);
    }
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    assert_eq!(desk.stops(), 0);
}

#[tokio::test]
async fn without_a_wait_it_opens_at_once() {
    let mut desk = Desk::new().await;
    desk.start("at-once").await;
    let (mut app, notice) = desk.starts_chat().await;
    assert_eq!(notice.body, "Unlock anyway opens it for 15 minutes.");
    desk.dunst().person_chooses(notice.id, "unlock").await;
    desk.until("open", |it| it.locked.is_empty()).await;
    desk.no_notice().await;
    assert!(app.runs() && !desk.systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn one_notice_for_an_app_however_often_it_is_started() {
    let mut desk = Desk::new().await;
    desk.start("locked").await;
    let (first, _) = desk.starts_chat().await;
    let mut apps = vec![first];
    for number in 30..40 {
        let app = App::start();
        let unit = format!("app-gnome-org.example.Chat-{number}.scope");
        desk.systemd.start_unit(&unit, &[app.0.id()]).await.unwrap();
        apps.push(app);
    }
    for app in &apps {
        app.stands_still().await;
    }
    desk.the_notice(LOCKED).await;
}

#[tokio::test]
async fn where_nothing_can_be_pressed_it_says_what_to_type() {
    let mut desk = Desk::new().await;
    desk.dunst().has_no_buttons();
    desk.start("locked").await;
    let (_app, notice) = desk.starts_chat().await;
    assert_eq!(notice.body, "To open it for 15 minutes: quietctl unlock org.example.Chat");
    assert!(notice.actions.is_empty());
}

#[tokio::test]
async fn where_nobody_shows_notices_status_says_it_and_nothing_ends() {
    let mut desk = Desk::with(vec![&lock::ROW, &dunst::ROW]).await;
    desk.dunst.as_mut().unwrap().stop().await;
    desk.start("locked").await;
    let mut app = App::start();
    desk.systemd.start_unit(CHAT, &[app.0.id()]).await.unwrap();
    let is_said = |it: &Snapshot| {
        it.problems.iter().any(|it| it.text.ends_with("quietctl unlock org.example.Chat"))
    };
    desk.until("it is said", is_said).await;
    desk.pass(600).await;
    desk.has_taken_all().await;
    assert!(app.runs() && desk.systemd.is_frozen(CHAT));
    // Whoever comes shows it.
    desk.dunst.as_mut().unwrap().start().await;
    desk.the_notice(LOCKED).await;
    desk.until("no problem", |it| !is_said(it)).await;
}

#[tokio::test]
async fn a_wait_goes_on_over_a_restart_of_the_daemon() {
    let mut desk = Desk::new().await;
    desk.start("locked").await;
    desk.unlock("chat").await.unwrap();
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    let again = begin(&desk.bus, &desk.env, &desk.clock, vec![&lock::ROW]).await;
    (desk.tell, desk.snapshot, desk.engine) = again;
    desk.until("it waits", |it| it.waits.len() == 1 && !it.locked.is_empty()).await;
    // A clock that is set back makes nobody wait longer.
    desk.clock.set(desk.clock.now() - SignedDuration::from_hours(1));
    desk.tell.send(Event::ClockSet).await.unwrap();
    desk.pass(20).await;
    desk.until("open", |it| it.waits.is_empty() && it.locked.is_empty()).await;
}

#[tokio::test]
async fn one_app_that_cannot_be_frozen_opens_no_other() {
    let mut desk = Desk::new().await;
    let mail = "app-org.example.Mail@1.service";
    desk.systemd.start_unit(CHAT, &[]).await.unwrap();
    desk.systemd.start_unit(mail, &[]).await.unwrap();
    desk.systemd.will_not_freeze(mail, Fault::Refuses);
    desk.start("both").await;
    let left = desk.until("said", |it| !it.problems.is_empty()).await;
    assert!(desk.systemd.is_frozen(CHAT) && !desk.systemd.is_frozen(mail));
    assert_eq!(left.locked, BTreeSet::from(["org.example.Chat".to_owned()]));
    assert_eq!(left.measures.apps, Some(vec!["org.example.Chat".to_owned()]));
    assert_eq!(left.problems.len(), 1);
    assert_eq!(left.problems[0].measure, "apps");
    assert!(left.problems[0].text.starts_with("org.example.Mail was left running: systemd could"));
    desk.off().await;
    desk.until("nothing is said", |it| it.problems.is_empty()).await;
    assert!(!desk.systemd.is_frozen(CHAT));
}

#[tokio::test]
async fn after_a_suspend_what_is_locked_is_looked_at_again() {
    let mut desk = Desk::new().await;
    let [thawed, gone, asleep] = [1, 2, 3].map(|it| format!("app-org.example.Mail@{it}.service"));
    for unit in [&thawed, &gone] {
        desk.systemd.start_unit(unit, &[]).await.unwrap();
    }
    desk.start("both").await;
    // It is caught, so what was there before has been looked at by then.
    desk.systemd.start_unit(CHAT, &[]).await.unwrap();
    desk.frozen(CHAT).await;
    assert!(desk.systemd.is_frozen(&thawed) && desk.systemd.is_frozen(&gone));

    desk.systemd.thaw(&thawed);
    desk.systemd.end_unit(&gone);
    // It began while nobody was told of anything.
    desk.systemd.start_unit_unheard(&asleep, &[]).unwrap();
    desk.systemd.calls();
    desk.tell.send(Event::Resumed).await.unwrap();
    desk.frozen(&asleep).await;
    assert!(desk.systemd.is_frozen(CHAT));
    assert!(!desk.systemd.is_frozen(&thawed), "what the person thawed is theirs");
    assert_eq!(
        desk.systemd.calls(),
        [format!("FreezeUnit {asleep}")],
        "the one that is gone is forgotten"
    );
    desk.off().await;
    assert!(!desk.systemd.is_frozen(CHAT) && !desk.systemd.is_frozen(&asleep));
    assert!(!desk.systemd.calls().iter().any(|call| call.contains(&gone)));
}
