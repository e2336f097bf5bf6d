//! Screen time: the whole engine, on a clock that is set by hand, told what sources tell.

use std::{collections::HashMap, ffi::OsString, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use quietd::{
    api::{Error, ScreenTimeEntry},
    clock::{Clock as _, ManualClock},
    engine::{Daemon, Event, Reply, Request},
    env::Env,
    screen_time::{Focus, Told},
    standin::PrivateBus,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

use crate::house::PATIENCE;

const CONFIG: &str = "[profiles.dark]\nnotifications = \"urgent\"\n";

/// A home and a clock; the real timer never comes to its times.
struct Desk {
    bus: PrivateBus,
    home: tempfile::TempDir,
    clock: Arc<ManualClock>,
    running: Option<(mpsc::Sender<Event>, JoinHandle<()>)>,
}

impl Desk {
    async fn new(now: &str, zone: &str, config: &str) -> Self {
        let bus = PrivateBus::start().unwrap();
        let home = tempfile::TempDir::new().unwrap();
        let clock = ManualClock::new(now.parse().unwrap(), TimeZone::get(zone).unwrap());
        let mut desk = Self { bus, home, clock: Arc::new(clock), running: None };
        desk.write(config);
        desk.start().await;
        desk
    }

    fn write(&self, config: &str) {
        let folder = self.home.path().join(".config/quietd");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), config).unwrap();
    }

    async fn start(&mut self) {
        let variables: HashMap<&str, OsString> = HashMap::from([
            ("HOME", self.home.path().into()),
            ("XDG_RUNTIME_DIR", self.home.path().into()),
            ("DBUS_SESSION_BUS_ADDRESS", self.bus.address().into()),
        ]);
        let env = Env::from_lookup(&|name| variables.get(name).cloned());
        let session = self.bus.connect().await.unwrap();
        let mut daemon = Daemon::new(env, self.clock.clone(), session, None);
        daemon.rows = Vec::new();
        let ready = daemon.prepare().await.unwrap();
        let (tell, mut snapshot) = (ready.tell.clone(), ready.snapshot.clone());
        self.running = Some((tell, tokio::spawn(ready.run())));
        timeout(PATIENCE, snapshot.wait_for(|it| it.settled)).await.unwrap().unwrap();
    }

    async fn stop(&mut self) {
        let (tell, task) = self.running.take().unwrap();
        tell.send(Event::Stop).await.unwrap();
        timeout(PATIENCE, task).await.unwrap().unwrap();
    }

    async fn send(&self, event: Event) {
        self.running.as_ref().unwrap().0.send(event).await.unwrap();
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Event::Call(request(reply))).await;
        timeout(PATIENCE, answer).await.unwrap().unwrap()
    }

    async fn hours(&self) -> Result<Vec<ScreenTimeEntry>, Error> {
        let (from, until) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        self.ask(|reply| Request::ScreenTime { from, until, reply }).await
    }

    /// Local hour, seconds, quiet, and each app's.
    async fn lines(&self) -> Vec<String> {
        let line = |hour: ScreenTimeEntry| {
            let start = Timestamp::from_microsecond(hour.start.try_into().unwrap()).unwrap();
            let start = start.to_zoned(self.clock.zone()).strftime("%d %H:%M%z");
            let apps: Vec<String> =
                hour.apps.iter().map(|(app, seconds)| format!("{app} {seconds}")).collect();
            format!("{start} {} {} [{}]", hour.seconds, hour.quiet, apps.join(", "))
        };
        self.hours().await.unwrap().into_iter().map(line).collect()
    }

    /// Tells something now; returns when the engine has taken it.
    async fn told(&self, told: Told) {
        self.send(Event::Attention(told)).await;
        self.hours().await.unwrap();
    }

    async fn focus(&self, app: &str) {
        let app = Some(app.to_owned());
        self.told(Told::Focus(Some(Focus { app, full_screen: None }))).await;
    }

    async fn idle(&self, idle: bool) {
        self.told(Told::Idle(Some(idle))).await;
    }

    async fn start_quiet(&self, minutes: i64) {
        let (profile, lasts) = ("dark".to_owned(), SignedDuration::from_mins(minutes));
        self.ask(|reply| Request::Start { profile, lasts, reply }).await.unwrap();
    }

    fn passes(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    async fn sleeps(&self, hours: i64) {
        self.told(Told::Sleeps(true)).await;
        self.clock.sleep(SignedDuration::from_hours(hours));
        self.told(Told::Sleeps(false)).await;
        self.send(Event::Resumed).await;
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.path().join(".local/state/quietd/screen-time.jsonl")
    }
}

#[tokio::test]
async fn a_night_over_midnight_and_the_end_of_summer_time() {
    let mut desk = Desk::new("2140-10-29T21:50:00Z", "Europe/Berlin", CONFIG).await;
    desk.focus("foot").await;
    assert_eq!(desk.lines().await, [""; 0], "nobody says that somebody is there");
    desk.idle(false).await;
    desk.passes(600);
    desk.focus("firefox").await;
    desk.passes(3_000);
    // 00:50; quiet for two hours and a half, over the hour that comes twice.
    desk.start_quiet(150).await;
    desk.passes(60);
    desk.idle(true).await;
    desk.passes(8_940);
    desk.send(Event::Due).await;
    desk.idle(false).await;
    desk.passes(5);
    desk.told(Told::Locked(true)).await;
    desk.passes(1_000);
    desk.told(Told::Locked(false)).await;
    desk.passes(7);
    desk.sleeps(8).await;
    desk.passes(9);
    let before = [
        "29 23:00+0200 600 0 [foot 600]",
        "30 00:00+0200 3060 600 [firefox 3060]",
        "30 01:00+0200 0 3600 []",
        "30 02:00+0200 0 3600 []",
        "30 02:00+0100 12 1200 [firefox 12]",
        "30 10:00+0100 9 0 [firefox 9]",
    ];
    assert_eq!(desk.lines().await, before);
    // What was counted outlives the daemon.
    desk.stop().await;
    desk.start().await;
    assert_eq!(desk.lines().await, before);
    desk.passes(100);
    desk.idle(false).await;
    desk.passes(1);
    desk.stop().await;
    desk.start().await;
    assert_eq!(desk.lines().await[5], "30 10:00+0100 10 0 [firefox 9]");
}

#[tokio::test]
async fn a_clock_that_is_set_back_over_midnight_adds_nothing() {
    let desk = Desk::new("2140-06-01T23:50:00Z", "UTC", CONFIG).await;
    desk.idle(false).await;
    desk.passes(1_200);
    let back = desk.clock.now() - SignedDuration::from_hours(1);
    desk.clock.set(back);
    desk.send(Event::ClockSet).await;
    desk.passes(600);
    desk.idle(true).await;
    assert_eq!(desk.lines().await, ["01 23:00+0000 1200 0 []", "02 00:00+0000 600 0 []"]);
}

#[tokio::test]
async fn a_crash_loses_a_quarter_of_an_hour_at_most_while_events_come() {
    let mut desk = Desk::new("2140-06-01T10:00:00Z", "UTC", CONFIG).await;
    desk.idle(false).await;
    for minute in 0..40 {
        desk.passes(60);
        desk.focus(if minute % 2 == 0 { "foot" } else { "firefox" }).await;
    }
    desk.running.take().unwrap().1.abort();
    desk.start().await;
    assert_eq!(desk.lines().await, ["01 10:00+0000 1800 0 [firefox 840, foot 900]"]);
}

#[tokio::test]
async fn off_counts_nothing_and_keeps_nothing() {
    let mut desk = Desk::new("2140-06-01T10:00:00Z", "UTC", CONFIG).await;
    desk.idle(false).await;
    desk.passes(60);
    desk.idle(true).await;
    assert!(desk.file().exists());
    desk.stop().await;
    desk.write("[screen-time]\nkeep = \"off\"");
    desk.start().await;
    let error = desk.hours().await.unwrap_err();
    assert!(matches!(&error, Error::NothingRunning(text) if text.contains("14 weeks")), "{error}");
    desk.send(Event::Attention(Told::Idle(Some(false)))).await;
    desk.passes(60);
    desk.hours().await.unwrap_err();
    desk.stop().await;
    assert!(!desk.file().exists());
}

/// Who has switched it off and then makes a mistake is not counted either.
#[tokio::test]
async fn a_config_with_mistakes_neither_counts_nor_erases() {
    let mut desk = Desk::new("2140-06-01T10:00:00Z", "UTC", CONFIG).await;
    desk.idle(false).await;
    desk.passes(60);
    desk.stop().await;
    desk.write("[screen-time]\nkeep = 14");
    desk.start().await;
    let error = desk.hours().await.unwrap_err();
    assert!(matches!(&error, Error::NothingRunning(text) if text.contains("check")), "{error}");
    desk.stop().await;
    desk.write(CONFIG);
    desk.start().await;
    assert_eq!(desk.lines().await, ["01 10:00+0000 60 0 []"]);
}

#[tokio::test]
async fn what_is_older_than_it_is_kept_is_erased_each_day() {
    let keep = "[screen-time]\nkeep = \"1 day\"";
    let desk = Desk::new("2140-06-01T10:00:00Z", "UTC", keep).await;
    for _ in 0..4 {
        desk.idle(false).await;
        desk.passes(60);
        desk.idle(true).await;
        desk.passes(12 * 3600 - 60);
    }
    desk.idle(true).await;
    let kept = ["02 22:00+0000 60 0 []"];
    assert_eq!(desk.lines().await[2..], kept);
    desk.passes(12 * 3600);
    desk.idle(true).await;
    desk.send(Event::Due).await;
    desk.idle(true).await;
    assert_eq!(desk.lines().await, [""; 0]);
}
