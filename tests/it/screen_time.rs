//! Screen time: the whole engine, on a clock that is set by hand, told what sources tell.

mod told;

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

use crate::{house::PATIENCE, windows};

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
        let mut desk = Self::empty(now, zone, config);
        desk.start().await;
        desk
    }

    /// Where no daemon runs yet.
    fn empty(now: &str, zone: &str, config: &str) -> Self {
        let bus = PrivateBus::start().unwrap();
        let home = tempfile::TempDir::new().unwrap();
        let clock = ManualClock::new(now.parse().unwrap(), TimeZone::get(zone).unwrap());
        let desk = Self { bus, home, clock: Arc::new(clock), running: None };
        desk.write(config);
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

    /// Sends something; returns when the engine has taken it, by the clock as it is.
    async fn takes(&self, event: Event) {
        self.send(event).await;
        self.hours().await.unwrap();
    }

    async fn told(&self, told: Told) {
        self.takes(Event::Attention(told)).await;
    }

    async fn focus(&self, app: &str) {
        let app = Some(app.to_owned());
        self.told(Told::Focus(Focus { app, full_screen: None })).await;
    }

    async fn idle(&self, idle: bool) {
        self.told(Told::Idle(idle)).await;
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
        self.takes(Event::Resumed).await;
    }

    /// What was counted in all hours together.
    async fn all(&self) -> ScreenTimeEntry {
        let mut all = ScreenTimeEntry::default();
        for hour in self.hours().await.unwrap() {
            all.seconds += hour.seconds;
            for (app, seconds) in hour.apps {
                *all.apps.entry(app).or_default() += seconds;
            }
        }
        all
    }

    /// Lets time pass until it shows in what was counted.
    async fn passes_until(&self, what: &str, shows: impl Fn(&ScreenTimeEntry) -> bool) {
        let wait = async {
            while !shows(&self.all().await) {
                self.passes(1);
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    async fn seconds(&self) -> u32 {
        self.all().await.seconds
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
    desk.takes(Event::Due).await;
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
    desk.takes(Event::ClockSet).await;
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
    desk.send(Event::Attention(Told::Idle(false))).await;
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
    assert_eq!(desk.lines().await, ["02 10:00+0000 60 0 []", "02 22:00+0000 60 0 []"]);
    desk.passes(24 * 3600);
    desk.idle(true).await;
    assert_eq!(desk.lines().await, [""; 0]);
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_for_a_while_erases_nothing() {
    let desk = Desk::new("2140-06-01T10:00:00Z", "UTC", CONFIG).await;
    desk.idle(false).await;
    desk.passes(60);
    desk.idle(true).await;
    let counted = ["01 10:00+0000 60 0 []"];
    assert_eq!(desk.lines().await, counted);
    let year = SignedDuration::from_hours(365 * 24);
    desk.clock.set(desk.clock.now() + year);
    desk.takes(Event::ClockSet).await;
    assert_eq!(desk.lines().await, counted);
    desk.clock.set(desk.clock.now() - year);
    desk.takes(Event::ClockSet).await;
    assert_eq!(desk.lines().await, counted);
    // Where a year has passed indeed it is erased a day later.
    desk.passes(365 * 24 * 3600);
    desk.idle(true).await;
    assert_eq!(desk.lines().await, counted);
    desk.passes(24 * 3600);
    desk.idle(true).await;
    assert_eq!(desk.lines().await, [""; 0]);
}

/// GNOME's idle monitor, as it was seen.
struct Monitor(mpsc::UnboundedSender<String>);

#[zbus::interface(name = "org.gnome.Mutter.IdleMonitor")]
impl Monitor {
    fn add_idle_watch(&self, millis: u64) -> u32 {
        self.0.send(format!("idle after {millis}")).unwrap();
        1
    }

    fn add_user_active_watch(&self) -> u32 {
        self.0.send("active".to_owned()).unwrap();
        2
    }

    #[zbus(signal)]
    async fn watch_fired(
        emitter: &zbus::object_server::SignalEmitter<'_>,
        id: u32,
    ) -> zbus::Result<()>;
}

#[tokio::test]
async fn gnome_tells_when_the_person_is_idle() {
    const NAME: &str = "org.gnome.Mutter.IdleMonitor";
    let desk = Desk::new("2140-06-01T10:00:00Z", "UTC", CONFIG).await;
    for _ in 0..2 {
        // It comes after the daemon, and comes again.
        let (tell, mut asked) = mpsc::unbounded_channel();
        let shell = desk.bus.connect().await.unwrap();
        let path = "/org/gnome/Mutter/IdleMonitor/Core";
        shell.object_server().at(path, Monitor(tell)).await.unwrap();
        shell.request_name(NAME).await.unwrap();
        let mut hears = async || timeout(PATIENCE, asked.recv()).await.unwrap().unwrap();
        assert_eq!(hears().await, "idle after 60000");
        let object = shell.object_server().interface::<_, Monitor>(path).await.unwrap();
        let fires = async |id| Monitor::watch_fired(object.signal_emitter(), id).await.unwrap();
        let before = desk.seconds().await;
        desk.passes_until("counted from the start", |all| all.seconds > before).await;
        fires(1).await;
        assert_eq!(hears().await, "active");
        let idle = desk.seconds().await;
        desk.passes(1_000);
        assert_eq!(desk.seconds().await, idle, "who is idle is not counted");
        // Another one's watch, then theirs.
        fires(7).await;
        fires(2).await;
        desk.passes_until("counted again", |all| all.seconds > idle).await;
        fires(1).await;
        assert_eq!(hears().await, "active");
        drop(object);
        shell.close().await.unwrap();
    }
}

/// sway's socket, as far as it is asked for here.
struct Sway(tokio::net::UnixStream);

impl Sway {
    async fn hears(&mut self) -> (u32, String) {
        use tokio::io::AsyncReadExt as _;
        let mut head = [0; 14];
        self.0.read_exact(&mut head).await.unwrap();
        let number = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().unwrap());
        let mut text = vec![0; number(6).try_into().unwrap()];
        self.0.read_exact(&mut text).await.unwrap();
        (number(10), String::from_utf8(text).unwrap())
    }

    async fn tells(&mut self, kind: u32, text: &str) {
        use tokio::io::AsyncWriteExt as _;
        let length = u32::try_from(text.len()).unwrap();
        let head = [b"i3-ipc", &length.to_ne_bytes()[..], &kind.to_ne_bytes()].concat();
        // In pieces, as sockets may.
        for part in [&head[..9], &head[9..], text.as_bytes()] {
            self.0.write_all(part).await.unwrap();
        }
    }
}

#[tokio::test]
async fn sway_tells_which_app_has_the_focus() {
    const TREE: &str = r#"{"id":1,"type":"root","focused":false,"nodes":[{"id":2,"focused":false,"nodes":[],
        "floating_nodes":[{"id":3,"pid":9,"app_id":"foot","name":"a secret","focused":true}]}]}"#;
    let mut desk = Desk::empty("2140-06-01T10:00:00Z", "UTC", CONFIG);
    let path = desk.home.path().join("sway-ipc.1000.77.sock");
    let socket = tokio::net::UnixListener::bind(path).unwrap();
    desk.start().await;
    let (stream, _) = timeout(PATIENCE, socket.accept()).await.unwrap().unwrap();
    let mut sway = Sway(stream);
    assert_eq!(sway.hears().await, (2, r#"["window","workspace"]"#.to_owned()));
    assert_eq!(sway.hears().await.0, 4);
    sway.tells(2, r#"{"success":true}"#).await;
    sway.tells(4, TREE).await;
    desk.idle(false).await;
    let has = |app: &'static str| move |all: &ScreenTimeEntry| all.apps.contains_key(app);
    desk.passes_until("foot", has("foot")).await;
    let window = 0x8000_0003;
    sway.tells(window, r#"{"change":"title","container":{"id":3,"pid":9,"app_id":"odd"}}"#).await;
    let old = r#"{"change":"focus","container":{"id":4,"pid":8,"app_id":null,"fullscreen_mode":1,
        "window_properties":{"class":"XTerm","title":"a secret"}}}"#;
    sway.tells(window, old).await;
    desk.passes_until("an X11 window", has("XTerm")).await;
    sway.tells(window, r#"{"change":"close","container":{"id":4,"pid":8}}"#).await;
    desk.passes_until("no app", |all| all.seconds > all.apps.values().sum::<u32>() + 5).await;
    sway.tells(window, r#"{"change":"focus","container":{"id":5,"pid":8,"app_id":"discord"}}"#)
        .await;
    desk.passes_until("another", has("discord")).await;
    sway.tells(0x8000_0000, r#"{"change":"focus","current":{"id":2,"focus":[]}}"#).await;
    let before = desk.seconds().await;
    desk.passes_until("an empty workspace", |all| all.seconds > before + 5).await;
    // What was closed, and where the focus went, it asks about; it is answered late.
    assert_eq!([sway.hears().await.0, sway.hears().await.0], [4, 4]);
    let focus = r#"{"change":"focus","container":{"id":6,"pid":8,"app_id":"zathura"}}"#;
    sway.tells(window, focus).await;
    desk.passes_until("one more", has("zathura")).await;
    sway.tells(window, r#"{"change":"move","container":{"id":6,"pid":8}}"#).await;
    assert_eq!(sway.hears().await.0, 4);
    sway.tells(4, r#"{"id":1,"nodes":[{"id":2,"focused":true},{"id":6,"pid":8}]}"#).await;
    desk.passes_until("moved away", |all| all.seconds > all.apps.values().sum::<u32>() + 25).await;
    desk.stop().await;
    let kept = std::fs::read_to_string(desk.file()).unwrap();
    assert!(kept.contains("XTerm") && !kept.contains("secret"), "{kept}");
}

/// `KWin`, as far as a script that tells the focus sees it.
struct Scripting {
    /// What the script that is loaded was given.
    given: Arc<std::sync::Mutex<Option<serde_json::Value>>>,
    tell: mpsc::UnboundedSender<&'static str>,
}

#[zbus::interface(name = "org.kde.kwin.Scripting")]
impl Scripting {
    #[zbus(name = "loadScript")]
    fn load_script(&self, path: &str, name: &str) -> i32 {
        assert_eq!(name, "quietd-focus");
        let mut loaded = self.given.lock().unwrap();
        if loaded.is_some() {
            return -1;
        }
        *loaded = Some(windows::kwin::read(path).0);
        0
    }

    #[zbus(name = "unloadScript")]
    fn unload_script(&self, name: &str) -> bool {
        assert_eq!(name, "quietd-focus");
        self.tell.send("unloaded").unwrap();
        self.given.lock().unwrap().take().is_some()
    }

    #[zbus(name = "start")]
    fn start(&self) {
        self.tell.send("started").unwrap();
    }
}

#[tokio::test]
async fn kwin_tells_which_app_has_the_focus() {
    let mut desk = Desk::new("2140-06-01T10:00:00Z", "UTC", CONFIG).await;
    desk.idle(false).await;
    let has = |app: &'static str| move |all: &ScreenTimeEntry| all.apps.contains_key(app);
    for (first, second) in [("org.kde.kate", "org.kde.dolphin"), ("firefox", "vlc")] {
        // It comes after the daemon, with a script that a crash left there; and comes again.
        let given = Arc::new(std::sync::Mutex::new(Some(serde_json::Value::Null)));
        let (tell, mut asked) = mpsc::unbounded_channel();
        let kwin = desk.bus.connect().await.unwrap();
        let scripting = Scripting { given: Arc::clone(&given), tell };
        kwin.object_server().at("/Scripting", scripting).await.unwrap();
        kwin.request_name("org.kde.KWin").await.unwrap();
        let mut hears = async || timeout(PATIENCE, asked.recv()).await.unwrap().unwrap();
        assert_eq!(hears().await, "unloaded");
        assert_eq!(hears().await, "started");
        let told = given.lock().unwrap().clone().unwrap();
        let says = async |token: &str, app: &str| {
            let call = zbus::Message::method_call("/org/quietd/Focus", "Told")
                .destination(told["to"].as_str().unwrap())
                .interface(told["interface"].as_str().unwrap())
                .build(&(token, app, false))
                .unwrap();
            kwin.send(&call).await.unwrap();
        };
        let token = told["token"].as_str().unwrap();
        says("another", "odd").await;
        says(token, first).await;
        desk.passes_until(first, has(first)).await;
        assert!(!desk.home.path().join("quietd-focus.js").exists());
        says("another", "odd").await;
        says(token, second).await;
        desk.passes_until(second, has(second)).await;
        assert!(!desk.all().await.apps.contains_key("odd"));
        kwin.close().await.unwrap();
    }
    desk.stop().await;
}
