//! Locks that begin by themselves: the notice a minute before, *Later*, and what takes both away. As in `way_through`.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use quietd::{
    api::Error,
    backend::{lock, notifications::dunst},
    clock::Clock as _,
    engine::{Event, Request, Snapshot},
    standin::StandIn as _,
};
use tokio::time::timeout;

use crate::{
    house::PATIENCE,
    way_through::{App, CHAT, Desk, begin},
};

const CONFIG: &str = r#"
[[weekly]]
name = "evenings"
days = "daily"
from = "18:00"
until = "22:00"
profile = "evening"
[[place]]
name = "desk"
network = "Desk"
profile = "evening"
[profiles.evening]
notifications = "urgent"
lock = ["app:org.example.Chat", "app:org.example.Mail"]
[profiles.by-hand]
lock = ["app:org.example.Chat"]
[profiles.abrupt]
lock = ["app:org.example.Chat"]
grace = "0s"
[suggestions]
a-day = 0
"#;

const IN_A_MINUTE: &str = "<b>Chat</b> will be locked in a minute";

fn at(time: &str) -> Timestamp {
    format!("2140-06-01T{time}Z").parse().unwrap()
}

fn usec(time: &str) -> u64 {
    at(time).as_microsecond().unsigned_abs()
}

/// A desktop at noon, on which one of the two apps runs.
async fn with_chat(config: &str) -> (Desk, App) {
    let mut desk = Desk::of(config, vec![&lock::ROW]).await;
    let app = App::start();
    desk.systemd.start_unit(CHAT, &[app.0.id()]).await.unwrap();
    desk.until("it is there", |it| it.settled).await;
    (desk, app)
}

impl Desk {
    /// Waits, asleep or awake, until a time of this day.
    async fn comes(&self, time: &str) {
        self.clock.advance(at(time).duration_since(self.clock.now()));
        self.tell.send(Event::Due).await.unwrap();
    }

    /// Has everything sent before taken, and the backends come to rest.
    async fn settles(&self) {
        self.ask(|reply| Request::Doctor { reply }).await.unwrap();
    }

    async fn later(&self) -> Result<Timestamp, Error> {
        self.ask(|reply| Request::Later { reply }).await
    }

    async fn until_locked(&mut self) {
        self.until("locked", |it| it.locked.len() == 2 && it.to_lock.is_empty()).await;
        assert!(self.systemd.is_frozen(CHAT));
        self.no_notice().await;
    }

    /// Waits until the apps, while a period runs, are to be locked at a time.
    async fn until_open(&mut self, until: &str) -> Snapshot {
        let usec = usec(until);
        let waits =
            |it: &Snapshot| it.to_lock.iter().any(|app| app.at == usec) && it.locked.is_empty();
        let snapshot = self.until("it is put off", waits).await;
        assert!(!self.systemd.is_frozen(CHAT));
        snapshot
    }

    async fn comes_again(&mut self) {
        let again = begin(&self.bus, &self.env, &self.clock, vec![&lock::ROW]).await;
        (self.tell, self.snapshot, self.engine) = again;
    }

    async fn is_at(&self, networks: &[&str]) {
        let networks: BTreeSet<String> = networks.iter().map(|it| (*it).to_owned()).collect();
        self.tell.send(Event::Networks(networks)).await.unwrap();
    }
}

#[tokio::test]
async fn a_minute_before_it_is_said_and_then_it_is_locked() {
    let (mut desk, _app) = with_chat(CONFIG).await;
    assert_eq!(desk.snapshot.borrow().next_change, usec("17:59:00"));
    desk.comes("17:59:00").await;
    let notice = desk.the_notice(IN_A_MINUTE).await;
    assert_eq!(notice.body, "At 18:00. Later keeps it open for 10 more minutes.");
    assert_eq!(notice.actions, ["later", "Later"]);
    let soon = desk.until("it is told", |it| !it.to_lock.is_empty()).await;
    let [app] = soon.to_lock.as_slice() else { panic!("{soon:?}") };
    assert_eq!((&*app.app, &*app.name), ("org.example.Chat", "<b>Chat</b>"));
    assert_eq!((app.at, soon.next_change, soon.quiet), (usec("18:00:00"), app.at, false));
    desk.comes("18:00:00").await;
    desk.until_locked().await;
    // It was locked: whoever goes to sleep and wakes, or starts the daemon again, is told nothing.
    desk.comes("20:00:00").await;
    desk.tell.send(Event::Resumed).await.unwrap();
    desk.settles().await;
    assert!(desk.systemd.is_frozen(CHAT));
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    assert!(!desk.systemd.is_frozen(CHAT));
    desk.comes_again().await;
    desk.until_locked().await;
    desk.comes("22:00:00").await;
    desk.until("over", |it| it.locked.is_empty()).await;
    assert!(matches!(desk.later().await, Err(Error::NothingRunning(_))));
}

#[tokio::test]
async fn later_is_ten_minutes_of_the_apps_alone_and_again() {
    let (mut desk, mut app) = with_chat(CONFIG).await;
    assert!(matches!(desk.later().await, Err(Error::NothingRunning(_))));
    desk.comes("17:59:00").await;
    let notice = desk.the_notice(IN_A_MINUTE).await;
    desk.comes("17:59:30").await;
    desk.dunst().person_chooses(notice.id, "later").await;
    desk.until_open("18:09:30").await;
    desk.no_notice().await;
    desk.comes("18:00:00").await;
    let during = desk.until("the rest began on time", |it| it.quiet).await;
    assert_eq!((during.locked.len(), during.next_change), (0, usec("18:08:30")));
    // It outlives the daemon.
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    desk.comes_again().await;
    desk.until_open("18:09:30").await;
    desk.comes("18:08:30").await;
    let notice = desk.the_notice(IN_A_MINUTE).await;
    assert_eq!(notice.body, "At 18:09. Later keeps it open for 10 more minutes.");
    // By hand as well; to ask twice is to ask once.
    assert_eq!(desk.later().await.unwrap(), at("18:18:30"));
    assert_eq!(desk.later().await.unwrap(), at("18:18:30"));
    desk.until_open("18:18:30").await;
    desk.no_notice().await;
    assert!(app.runs());
    desk.comes("18:17:30").await;
    desk.the_notice(IN_A_MINUTE).await;
    desk.comes("18:18:30").await;
    desk.until_locked().await;
}

#[tokio::test]
async fn whoever_slept_over_it_has_a_whole_minute() {
    for told in [false, true] {
        let (mut desk, _app) = with_chat(CONFIG).await;
        if told {
            desk.comes("17:59:00").await;
            desk.the_notice(IN_A_MINUTE).await;
        }
        desk.comes("19:00:00").await;
        desk.tell.send(Event::Resumed).await.unwrap();
        desk.until_open("19:01:00").await;
        let says = |it: &[quietd::standin::Popup]| {
            it.len() == 1 && it[0].body.starts_with("At 19:01.") && it[0].summary == IN_A_MINUTE
        };
        desk.until_shown("the whole minute", says).await;
        desk.comes("19:01:00").await;
        desk.until_locked().await;
    }
    // The daemon comes too late for it.
    let (mut desk, _app) = with_chat(CONFIG).await;
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    desk.clock.set(at("17:59:30"));
    desk.comes_again().await;
    desk.until_open("18:00:30").await;
    desk.the_notice(IN_A_MINUTE).await;
    // What was said goes on where it is started again.
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    desk.no_notice().await;
    desk.comes_again().await;
    desk.the_notice(IN_A_MINUTE).await;
    desk.comes("18:00:30").await;
    desk.until_locked().await;
}

#[tokio::test]
async fn at_a_place_it_is_said_when_it_is_recognised() {
    let (mut desk, _app) = with_chat(CONFIG).await;
    desk.is_at(&["Desk"]).await;
    desk.the_notice(IN_A_MINUTE).await;
    let soon = desk.until_open("12:01:00").await;
    assert!(soon.quiet, "the rest is in force");
    desk.comes("12:01:00").await;
    desk.until_locked().await;
    // A restart there says nothing anew.
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    desk.comes_again().await;
    desk.is_at(&["Desk"]).await;
    desk.until_locked().await;
    // The next stay is another one.
    desk.is_at(&[]).await;
    desk.settles().await;
    desk.comes("12:01:30").await;
    desk.until("left", |it| it.locked.is_empty()).await;
    desk.is_at(&["Desk"]).await;
    desk.the_notice(IN_A_MINUTE).await;
    desk.until_open("12:02:30").await;
}

#[tokio::test]
async fn off_a_pause_and_the_end_take_it_away() {
    let (mut desk, mut app) = with_chat(CONFIG).await;
    desk.is_at(&["Desk"]).await;
    desk.the_notice(IN_A_MINUTE).await;
    let lasts = SignedDuration::ZERO;
    desk.ask(|reply| Request::Pause { lasts, reply }).await.unwrap();
    desk.no_notice().await;
    desk.ask(|reply| Request::Resume { reply }).await.unwrap();
    desk.the_notice(IN_A_MINUTE).await;
    desk.off().await;
    desk.no_notice().await;
    desk.comes("12:30:00").await;
    desk.settles().await;
    assert!(app.runs() && desk.snapshot.borrow().locked.is_empty());
    // Said off in the minute before, what was announced stays open; the rest comes.
    desk.is_at(&[]).await;
    desk.comes("17:59:00").await;
    desk.the_notice(IN_A_MINUTE).await;
    desk.off().await;
    desk.no_notice().await;
    desk.comes("18:00:00").await;
    desk.until("the evening", |it| it.quiet).await;
    desk.settles().await;
    assert!(desk.snapshot.borrow().locked.is_empty());
    // By hand it acts at once.
    desk.start("by-hand").await;
    assert!(desk.systemd.is_frozen(CHAT));
    desk.no_notice().await;
    // A stop waits until the notice is gone.
    desk.off().await;
    desk.is_at(&["Desk"]).await;
    desk.the_notice(IN_A_MINUTE).await;
    desk.tell.send(Event::Stop).await.unwrap();
    timeout(PATIENCE, &mut desk.engine).await.unwrap().unwrap();
    desk.no_notice().await;
}

#[tokio::test]
async fn nothing_is_said_of_what_does_not_run_and_without_grace() {
    let (mut desk, _app) = with_chat(CONFIG).await;
    desk.systemd.end_unit(CHAT);
    desk.comes("17:59:00").await;
    desk.until("the minute", |it| it.next_change == usec("18:00:00")).await;
    desk.settles().await;
    desk.no_notice().await;
    assert!(desk.snapshot.borrow().to_lock.is_empty());
    // What is started meanwhile can be left open too.
    assert_eq!(desk.later().await.unwrap(), at("18:09:00"));

    let (mut desk, _app) = with_chat(&CONFIG.replace("\"evening\"", "\"abrupt\"")).await;
    desk.comes("18:00:00").await;
    desk.until("locked", |it| it.locked.len() == 1).await;
    assert!(desk.systemd.is_frozen(CHAT));
    desk.no_notice().await;
}

#[tokio::test]
async fn where_nothing_can_be_pressed_it_says_what_to_type_and_whoever_comes_shows_it() {
    let mut desk = Desk::of(CONFIG, vec![&lock::ROW, &dunst::ROW]).await;
    let app = App::start();
    desk.systemd.start_unit(CHAT, &[app.0.id()]).await.unwrap();
    desk.dunst().has_no_buttons();
    desk.comes("17:59:00").await;
    let notice = desk.the_notice(IN_A_MINUTE).await;
    assert_eq!(notice.body, "At 18:00. To keep it open for 10 more minutes: quietctl later");
    assert!(notice.actions.is_empty());
    let mut dunst = desk.dunst.take().unwrap();
    dunst.stop().await;
    dunst.start().await;
    desk.dunst = Some(dunst);
    desk.the_notice(IN_A_MINUTE).await;
    // A clock that is set back makes nobody wait longer.
    desk.clock.set(at("17:00:30"));
    desk.tell.send(Event::ClockSet).await.unwrap();
    let earlier = |it: &Snapshot| it.to_lock.iter().all(|app| app.at <= usec("18:00:00"));
    desk.until("no later", earlier).await;
}
