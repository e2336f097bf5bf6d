//! Notifications in batches: the whole daemon in this process, with a clock that is set by hand.

use std::{collections::HashMap, ffi::OsString, sync::Arc};

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use quietd::{
    backend::notifications::dunst,
    clock::{Clock as _, ManualClock},
    dbus::Peer,
    engine::{Daemon, Event, Request, Snapshot},
    env::Env,
    source::Notices,
    standin::{Dunst, DunstVersion, PrivateBus, StandIn as _},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use zbus::{Connection, MatchRule, Message, MessageStream, Variant};

use crate::house::{House, PATIENCE};

const CONFIG: &str = r#"
batches = ["13:00", "18:00"]
[profiles.held]
notifications = "batched"
[profiles.dark]
notifications = "urgent"
[suggestions]
a-day = 0
"#;

/// The real timer never comes to these times.
const HALF_PAST_TWELVE: &str = "2140-06-01T12:30:00Z";

struct Desk {
    _bus: PrivateBus,
    mail: Connection,
    dunst: Dunst,
    clock: Arc<ManualClock>,
    tell: mpsc::Sender<Event>,
    snapshot: watch::Receiver<Snapshot>,
    /// Connections that leave the bus; one that becomes a monitor is among them.
    leaving: MessageStream,
    _home: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let bus = PrivateBus::start().unwrap();
        let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
        let home = tempfile::TempDir::new().unwrap();
        let config = home.path().join(".config/quietd");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(config.join("config.toml"), CONFIG).unwrap();
        let variables: HashMap<&str, OsString> = HashMap::from([
            ("HOME", home.path().into()),
            ("XDG_RUNTIME_DIR", home.path().into()),
            ("DBUS_SESSION_BUS_ADDRESS", bus.address().into()),
        ]);
        let env = Env::from_lookup(&|name| variables.get(name).cloned());
        let now = HALF_PAST_TWELVE.parse().unwrap();
        let clock = Arc::new(ManualClock::new(now, TimeZone::UTC));
        let session = bus.connect().await.unwrap();
        let mut daemon = Daemon::new(env, clock.clone(), session, None);
        daemon.rows = vec![&dunst::ROW];
        let ready = daemon.prepare().await.unwrap();
        let (tell, snapshot) = (ready.tell.clone(), ready.snapshot.clone());
        tokio::spawn(ready.run());
        let mail = bus.connect().await.unwrap();
        let leaving = leaving(&mail).await;
        Self { _bus: bus, mail, dunst, clock, tell, snapshot, leaving, _home: home }
    }

    async fn ask<T>(&self, request: impl FnOnce(quietd::engine::Reply<T>) -> Request) -> T {
        let (reply, answer) = oneshot::channel();
        self.tell.send(Event::Call(request(reply))).await.unwrap();
        timeout(PATIENCE, answer).await.unwrap().unwrap().unwrap()
    }

    async fn start(&self, profile: &str, hours: i64) {
        let (profile, lasts) = (profile.to_owned(), SignedDuration::from_hours(hours));
        self.ask(|reply| Request::Start { profile, lasts, reply }).await;
    }

    async fn off(&self) {
        self.ask(|reply| Request::Off { reply }).await;
    }

    /// Waits until the daemon counts.
    async fn until_it_counts(&mut self) {
        until_one_leaves(&mut self.leaving).await;
    }

    /// Lets it be a later time, and the timer that was armed for it, or the end of suspend, come.
    async fn let_it_be(&self, time: &str, event: Event) {
        let then: Timestamp = format!("2140-06-01T{time}:00Z").parse().unwrap();
        self.clock.advance(then.duration_since(self.clock.now()));
        self.tell.send(event).await.unwrap();
    }

    async fn until(&mut self, what: &str, is: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let found = timeout(PATIENCE, self.snapshot.wait_for(is)).await;
        found.unwrap_or_else(|_| panic!("never: {what}")).unwrap().clone()
    }

    async fn until_held(&mut self) {
        self.until("held", |it| it.measures.notifications.is_some()).await;
    }

    async fn until_open(&mut self) {
        self.until("open", |it| it.measures.notifications.is_none()).await;
    }

    /// Another program shows a notification.
    async fn notify(&self, summary: &str, replaces: u32, hints: &[(&str, Variant<'_>)]) -> u32 {
        let hints: HashMap<&str, &Variant<'_>> =
            hints.iter().map(|(key, value)| (*key, value)).collect();
        let name = "org.freedesktop.Notifications";
        let body = ("mail", replaces, "", summary, "", &[][..] as &[&str], hints, -1_i32);
        Peer::new(&self.mail, name, "/org/freedesktop/Notifications", name)
            .call("Notify", &body)
            .await
            .unwrap()
    }

    async fn until_shown(&self, summary: &str) {
        self.until_dunst(|shown| shown.iter().any(|shown| shown == summary)).await;
    }

    async fn until_dunst(&self, shows: impl Fn(&[String]) -> bool) {
        let look = async || {
            if !shows(&self.dunst.shown().await) {
                std::future::pending::<()>().await;
            }
        };
        let wait = async {
            loop {
                tokio::select! {
                    biased;
                    () = self.dunst.changed() => {}
                    () = look() => return,
                }
            }
        };
        let found = timeout(PATIENCE, wait).await.is_ok();
        assert!(found, "dunst shows {:?}", self.dunst.shown().await);
    }
}

pub async fn leaving(bus: &Connection) -> MessageStream {
    let rule = MatchRule::builder()
        .sender("org.freedesktop.DBus")
        .member("NameOwnerChanged")
        .build()
        .unwrap();
    MessageStream::for_match_rule(rule, bus, None).await.unwrap()
}

/// A connection that becomes a monitor loses its name, as one that closes does.
pub async fn until_one_leaves(leaving: &mut MessageStream) {
    let lost = async {
        loop {
            let message = leaving.next().await.unwrap().unwrap();
            let (name, _, owner): (String, String, String) = message.body().deserialize().unwrap();
            if name.starts_with(':') && owner.is_empty() {
                return;
            }
        }
    };
    timeout(PATIENCE, lost).await.expect("a monitor");
}

fn usec(time: &str) -> u64 {
    let at: Timestamp = format!("2140-06-01T{time}:00Z").parse().unwrap();
    at.as_microsecond().unsigned_abs()
}

#[tokio::test]
async fn what_waits_comes_through_at_the_set_times() {
    let mut desk = Desk::new().await;
    let before = desk.dunst.state().await;
    desk.start("held", 4).await;
    desk.until_held().await;
    let during = desk.dunst.state().await;
    assert_ne!(during, before);
    let said = desk.snapshot.borrow().clone();
    assert_eq!((said.next_batch, said.batch_until), (usec("13:00"), 0));
    assert_eq!(said.next_change, said.next_batch);
    assert_eq!(said.measures.batches, Some(vec!["13:00".into(), "18:00".into()]));
    desk.until_it_counts().await;
    for summary in ["one", "two"] {
        desk.notify(summary, 0, &[]).await;
    }
    let three = desk.notify("three", 0, &[("urgency", Variant::from(1_u8))]).await;
    desk.notify("three again", three, &[]).await;
    desk.notify("fire", 0, &[("urgency", Variant::from(2_u8))]).await;
    desk.notify("volume", 0, &[("transient", Variant::from(true))]).await;
    assert_eq!(desk.dunst.shown().await, ["fire"]);

    desk.let_it_be("13:00", Event::Due).await;
    let said = desk.until("a batch", |it| it.batch_until > 0).await;
    assert_eq!((said.batch_until, said.next_change), (usec("13:05"), usec("13:05")));
    assert!(said.quiet);
    desk.until_shown("While it was quiet: 3 notifications").await;
    assert_eq!(desk.dunst.state().await, before);
    assert_eq!(desk.dunst.shown().await.len(), 6, "and nothing is lost");

    desk.let_it_be("13:05", Event::Due).await;
    desk.until_held().await;
    assert_eq!(desk.dunst.state().await, during);
    assert_eq!(desk.snapshot.borrow().next_batch, 0, "it is over before the next one");
    desk.until_it_counts().await;
    desk.until_dunst(|shown| !shown.iter().any(|shown| shown.starts_with("While"))).await;
    desk.notify("four", 0, &[]).await;
    desk.off().await;
    desk.until_shown("While it was quiet: 1 notification").await;
    assert_eq!(desk.dunst.state().await, before);
}

#[tokio::test]
async fn where_nothing_waits_nothing_is_said() {
    let mut desk = Desk::new().await;
    desk.start("held", 4).await;
    desk.until_held().await;
    desk.until_it_counts().await;
    desk.let_it_be("13:00", Event::Due).await;
    desk.until("a batch", |it| it.batch_until > 0).await;
    desk.until_open().await;
    desk.notify("seen at once", 0, &[]).await;
    desk.let_it_be("13:05", Event::Due).await;
    desk.until_held().await;
    desk.off().await;
    assert_eq!(desk.dunst.shown().await, ["seen at once"]);
}

#[tokio::test]
async fn a_batch_that_was_slept_through_comes_on_waking() {
    let mut desk = Desk::new().await;
    let before = desk.dunst.state().await;
    desk.start("held", 4).await;
    desk.until_held().await;
    desk.let_it_be("13:20", Event::Resumed).await;
    let said = desk.until("a batch", |it| it.batch_until > 0).await;
    assert_eq!(said.batch_until, usec("13:25"));
    desk.until_open().await;
    assert_eq!(desk.dunst.state().await, before);
    desk.let_it_be("13:25", Event::Due).await;
    desk.until_held().await;
    desk.let_it_be("13:40", Event::Resumed).await;
    assert_eq!(desk.snapshot.borrow().batch_until, 0);
}

#[tokio::test]
async fn something_stricter_lets_none_through() {
    let mut desk = Desk::new().await;
    desk.start("held", 4).await;
    desk.until_held().await;
    desk.until_it_counts().await;
    desk.notify("one", 0, &[]).await;
    desk.start("dark", 1).await;
    desk.let_it_be("13:00", Event::Due).await;
    desk.let_it_be("13:10", Event::Due).await;
    assert_eq!(desk.snapshot.borrow().batch_until, 0);
    assert_eq!(desk.snapshot.borrow().measures.notifications.as_deref(), Some("urgent"));
    assert!(desk.dunst.shown().await.is_empty());
    desk.off().await;
    desk.until_shown("While it was quiet: 1 notification").await;
}

#[tokio::test]
async fn what_the_person_changes_is_theirs_beyond_a_batch() {
    let mut desk = Desk::new().await;
    desk.start("held", 4).await;
    desk.until_held().await;
    desk.until_it_counts().await;
    desk.notify("one", 0, &[]).await;
    desk.dunst.person_changes().await;
    let theirs = desk.dunst.state().await;
    desk.until("it is noticed", |it| !it.problems.is_empty()).await;
    desk.let_it_be("13:00", Event::Due).await;
    desk.until("a batch", |it| it.batch_until > 0).await;
    assert_eq!(desk.dunst.state().await, theirs);
    desk.let_it_be("13:05", Event::Due).await;
    desk.until("held again", |it| it.batch_until == 0 && !it.problems.is_empty()).await;
    assert_eq!(desk.dunst.state().await, theirs);
    desk.off().await;
    assert_eq!(desk.dunst.state().await, theirs);
}

/// What a program that has gone mad sends; one of the notifications has a picture of 10 MB.
pub fn storm(many: u32) -> Vec<Message> {
    let call = |pixels: Vec<u8>| {
        let picture = Variant::from((1_i32, 1_i32, 4_i32, true, 8_i32, 4_i32, pixels));
        let hints = HashMap::from([("image-data", picture)]);
        let body = ("storm", 0_u32, "", "again", "", &[][..] as &[&str], hints, -1_i32);
        Message::method_call("/org/freedesktop/Notifications", "Notify")
            .with_flags(zbus::message::Flags::NO_REPLY_EXPECTED)
            .destination("org.freedesktop.Notifications")
            .interface("org.freedesktop.Notifications")
            .build(&body)
            .unwrap()
    };
    (0..many).map(|number| call(vec![0; if number == 7 { 10 << 20 } else { 4 }])).collect()
}

pub async fn send(storm: Vec<Message>, from: Connection) -> Connection {
    for call in storm {
        from.send(&call).await.unwrap();
    }
    from
}

#[tokio::test]
async fn a_storm_holds_nobody_up() {
    let house = House::new().await;
    house.write_config("[profiles.held]\nnotifications = 'batched'");
    let _dunst = Dunst::start(house.bus.address(), DunstVersion::New, 0).await.unwrap();
    let quietd = house.start().await;
    let mut leaving = leaving(&house.connection).await;
    let hours = 4 * 3_600_000_000_u64;
    house.quiet().call::<_, String>("Start", &("held", hours)).await.unwrap();
    until_one_leaves(&mut leaving).await;
    let storm = tokio::spawn(send(storm(3_000), house.bus.connect().await.unwrap()));
    let answers = async {
        let rows: Vec<HashMap<String, zbus::OwnedVariant>> =
            house.quiet().call("Doctor", &()).await.unwrap();
        assert!(!rows.is_empty());
        house.quiet().call::<_, ()>("Off", &()).await.unwrap();
    };
    timeout(std::time::Duration::from_secs(4), answers).await.expect("answers in the storm");
    let _storm = timeout(PATIENCE, storm).await.unwrap().unwrap();
    quietd.stop().await;
}

#[tokio::test]
async fn every_one_of_a_storm_is_counted_once() {
    const MANY: u32 = 3_000;
    let bus = PrivateBus::start().unwrap();
    let _dunst = Dunst::start(bus.address(), DunstVersion::New, 100).await.unwrap();
    let address: OsString = bus.address().into();
    let session_bus = |name: &str| (name == "DBUS_SESSION_BUS_ADDRESS").then(|| address.clone());
    let env = Arc::new(Env::from_lookup(&session_bus));
    let watcher = bus.connect().await.unwrap();
    let mut leaving = leaving(&watcher).await;
    let mut notices = Notices::count(&env);
    until_one_leaves(&mut leaving).await;
    let storm = tokio::spawn(send(storm(MANY), bus.connect().await.unwrap()));
    timeout(PATIENCE, notices.until(MANY)).await.expect("all are counted");
    let _storm = storm.await.unwrap();
    assert_eq!(notices.so_far(), MANY);
}
