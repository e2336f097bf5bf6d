//! Displays that keep their brightness: Plasma's two ways, and monitors over ddcutil-service.

use std::{path::Path, sync::Arc, time::Duration};

use quietd::{
    backend::{Backend, BackendError, Change, Desktop, Probe, REGISTRY, Restored, reach},
    env::Env,
    plan::{Desired, Reach},
    standin::{
        Fault, PlasmaPower, PlasmaScreens, PrivateBus, StandIn,
        ddcutil::{Ddcutil, Monitor},
    },
    store::Receipt,
};
use tokio::sync::mpsc;

const LONG: Duration = Duration::from_secs(10);

struct World {
    bus: PrivateBus,
    sysfs: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self { bus: PrivateBus::start().unwrap(), sysfs: tempfile::tempdir().unwrap() }
    }

    /// Opens a row as a process of ours does.
    async fn open(&self, id: &str) -> Arc<dyn Backend> {
        let mut env = Env::from_lookup(&|_| None);
        env.sysfs = self.sysfs.path().to_owned();
        let session = self.bus.connect().await.unwrap();
        let desktop = Desktop::new(session, None, Arc::new(env));
        let row = REGISTRY.iter().find(|row| row.id == id).unwrap();
        Arc::from((row.open)(&desktop))
    }

    async fn screens(&self, displays: &[(&str, i32, i32)]) -> PlasmaScreens {
        PlasmaScreens::start(self.bus.address(), displays).await.unwrap()
    }

    async fn power(&self, value: i32) -> PlasmaPower {
        PlasmaPower::start(self.bus.address(), self.sysfs.path(), value).await.unwrap()
    }

    async fn monitors(&self, monitors: &[(&'static str, u16)]) -> Ddcutil {
        let monitors = monitors.iter().map(|(model, value)| Monitor::of(model, *value)).collect();
        Ddcutil::start(self.bus.address(), monitors).await.unwrap()
    }
}

fn dim(dim: u8) -> Desired {
    Desired { dim, ..Desired::default() }
}

async fn put(backend: &dyn Backend, percent: u8, held: Option<&Receipt>) -> Receipt {
    let receipt = backend.capture(&dim(percent), held).await.unwrap();
    backend.apply(&dim(percent), &receipt).await.unwrap();
    receipt
}

/// What a backend tells, as the engine hears it.
struct Ear(mpsc::Receiver<Change>, tokio::task::JoinHandle<()>);

impl Ear {
    fn on(backend: &Arc<dyn Backend>) -> Self {
        let (tell, told) = mpsc::channel(8);
        let backend = Arc::clone(backend);
        Self(told, tokio::spawn(async move { backend.changes(tell).await }))
    }

    async fn hears(&mut self) -> Change {
        tokio::time::timeout(LONG, self.0.recv()).await.expect("nothing was told").unwrap()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.1.abort();
    }
}

const TWO: [(&str, i32, i32); 2] = [("Panel", 10_000, 7_000), ("Dell", 10_000, 10_000)];

#[tokio::test]
async fn each_screen_is_dimmed_by_what_it_had() {
    let world = World::new();
    let plasma = world.screens(&TWO).await;
    let backend = world.open("plasma-screens").await;
    assert_eq!(backend.probe().await, Probe::Ready("Plasma, 2 screens".to_owned()));
    let first = put(&*backend, 40, None).await;
    assert_eq!(plasma.values().await, [4_200, 6_000]);
    let second = put(&*backend, 20, Some(&first)).await;
    assert_eq!(plasma.values().await, [5_600, 8_000]);
    let later = world.open("plasma-screens").await;
    assert_eq!(later.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(plasma.values().await, [7_000, 10_000]);
}

#[tokio::test]
async fn without_screens_to_set_another_way_serves() {
    let world = World::new();
    let backend = world.open("plasma-screens").await;
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let _plasma = world.screens(&[]).await;
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn one_screen_the_person_sets_is_theirs_and_the_others_go_on() {
    let world = World::new();
    let plasma = world.screens(&TWO).await;
    let backend = world.open("plasma-screens").await;
    let mut ear = Ear::on(&backend);
    let first = put(&*backend, 40, None).await;
    // By so little that it could be rounding, if nobody had said who did it.
    plasma.set("Panel", 4_250, ":1.7").await;
    // The next thing told is told after that was.
    plasma.plug("Projector", 1_000, 500).await;
    assert_eq!(ear.hears().await, Change::Again);
    let second = put(&*backend, 20, Some(&first)).await;
    assert_eq!(plasma.values().await, [4_250, 8_000, 400]);
    plasma.set("Dell", 9_000, ":1.7").await;
    plasma.set("Projector", 450, ":1.7").await;
    assert_eq!(ear.hears().await, Change::ByThePerson);
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(plasma.values().await, [4_250, 9_000, 450]);
}

#[tokio::test]
async fn who_asks_for_quiet_anew_gets_it_from_what_they_have() {
    let world = World::new();
    let plasma = world.screens(&[("Panel", 1_000, 800)]).await;
    let backend = world.open("plasma-screens").await;
    let mut ear = Ear::on(&backend);
    let first = put(&*backend, 40, None).await;
    plasma.set("Panel", 1_000, ":1.7").await;
    assert_eq!(ear.hears().await, Change::ByThePerson);
    let second = put(&*backend, 50, Some(&first)).await;
    assert_eq!(plasma.values().await, [500]);
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(plasma.values().await, [1_000]);
}

#[tokio::test]
async fn an_unplugged_screen_is_given_back_when_it_returns() {
    let world = World::new();
    let plasma = world.screens(&TWO).await;
    let backend = world.open("plasma-screens").await;
    let mut ear = Ear::on(&backend);
    let receipt = put(&*backend, 40, None).await;
    plasma.unplug("Dell").await;
    let gone = backend.restore(&receipt).await;
    assert!(matches!(&gone, Err(BackendError::Absent(text)) if text.contains("Dell")), "{gone:?}");
    assert_eq!(plasma.values().await, [7_000]);
    // KWin remembers how bright it was.
    plasma.plug("Dell", 10_000, 6_000).await;
    assert_eq!(ear.hears().await, Change::Again);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(plasma.values().await, [7_000, 10_000]);
}

#[tokio::test]
async fn another_scale_is_another_way_to_say_the_same() {
    let world = World::new();
    let mut before = world.screens(&[("Panel", 1_000, 800)]).await;
    let receipt = put(&*world.open("plasma-screens").await, 40, None).await;
    before.stop().await;
    // As after a login to the other of X11 and Wayland.
    let after = world.screens(&[("Panel", 10_000, 4_800)]).await;
    let later = world.open("plasma-screens").await;
    assert_eq!(later.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(after.values().await, [8_000]);
}

#[tokio::test]
async fn plasma_6_2_dims_itself_and_it_is_nobodys_word() {
    let world = World::new();
    let plasma = world.screens(&[("Panel", 1_000, 800)]).await;
    let backend = world.open("plasma-screens").await;
    let mut ear = Ear::on(&backend);
    let receipt = put(&*backend, 40, None).await;
    plasma.set("Panel", 144, "").await;
    assert!(matches!(backend.restore(&receipt).await, Err(BackendError::Refused(_))));
    plasma.set("Panel", 480, "").await;
    assert_eq!(ear.hears().await, Change::Again);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(plasma.values().await, [800]);
}

#[tokio::test]
async fn it_serves_a_panel_on_plasma_before_6_2() {
    let world = World::new();
    let backend = world.open("plasma-backlight").await;
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let power = world.power(800).await;
    assert_eq!(backend.probe().await, Probe::Ready("Plasma".to_owned()));
    // It drives monitors, which have other scales.
    std::fs::remove_dir_all(world.sysfs.path().join("class")).unwrap();
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    power.lose_the_backlight();
    assert!(matches!(backend.probe().await, Probe::Elsewhere(text) if text.contains("finds no")));
    assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn a_newer_plasma_is_left_to_its_own_way() {
    let world = World::new();
    let _power = world.power(800).await;
    let _plasma = world.screens(&TWO).await;
    let backend = world.open("plasma-backlight").await;
    assert!(
        matches!(backend.probe().await, Probe::Elsewhere(text) if text.contains("each screen"))
    );
}

#[tokio::test]
async fn quiet_that_begins_while_nobody_is_there_holds_on_return() {
    for stages in 1..=3 {
        let world = World::new();
        let power = world.power(800).await;
        let backend = world.open("plasma-backlight").await;
        for _ in 0..stages {
            power.becomes_idle().await;
        }
        let mut ear = Ear::on(&backend);
        let first = put(&*backend, 40, None).await;
        power.becomes_busy().await;
        assert_eq!(ear.hears().await, Change::Again, "{stages}");
        let second = put(&*backend, 40, Some(&first)).await;
        assert_eq!(power.value().await, 480, "{stages}");
        assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
        assert_eq!(power.value().await, 800, "{stages}");
    }
}

#[tokio::test]
async fn quiet_that_ends_while_nobody_is_there_ends_on_return() {
    for stages in 1..=3 {
        let world = World::new();
        let power = world.power(800).await;
        let backend = world.open("plasma-backlight").await;
        let mut ear = Ear::on(&backend);
        let receipt = put(&*backend, 40, None).await;
        for _ in 0..stages {
            power.becomes_idle().await;
        }
        assert!(matches!(backend.restore(&receipt).await, Err(BackendError::Refused(_))));
        power.becomes_busy().await;
        assert_eq!(ear.hears().await, Change::Again, "{stages}");
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(power.value().await, 800, "{stages}");
    }
}

#[tokio::test]
async fn a_first_press_of_a_key_is_the_persons() {
    let world = World::new();
    let power = world.power(800).await;
    let backend = world.open("plasma-backlight").await;
    let mut ear = Ear::on(&backend);
    let receipt = put(&*backend, 40, None).await;
    power.press(530).await;
    assert_eq!(ear.hears().await, Change::ByThePerson);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(power.value().await, 530);
}

#[tokio::test]
async fn a_monitor_is_set_no_more_often_than_needed() {
    let world = World::new();
    let ddcutil = world.monitors(&[("Dell", 80), ("EIZO", 20)]).await;
    let backend = world.open("ddcutil").await;
    assert_eq!(backend.probe().await, Probe::Ready("ddcutil-service, 2 monitors".to_owned()));
    let receipt = put(&*backend, 50, None).await;
    backend.apply(&dim(50), &receipt).await.unwrap();
    // The other is darker already than any is made.
    assert_eq!(ddcutil.written().await, [40]);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(ddcutil.written().await, [40, 80]);
}

#[tokio::test]
async fn a_monitor_that_sleeps_is_given_back_when_it_wakes() {
    let world = World::new();
    let ddcutil = world.monitors(&[("Dell", 80), ("EIZO", 60)]).await;
    let backend = world.open("ddcutil").await;
    let mut ear = Ear::on(&backend);
    let receipt = put(&*backend, 50, None).await;
    ddcutil.buttons(|all| all[1].sleeps = true);
    let asleep = backend.restore(&receipt).await;
    assert!(matches!(&asleep, Err(BackendError::Absent(text)) if text.contains("EIZO")));
    ddcutil.cables(|all| all[1].sleeps = false).await;
    assert_eq!(ear.hears().await, Change::Again);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(ddcutil.written().await, [40, 30, 80, 60]);
}

#[tokio::test]
async fn what_a_monitors_own_buttons_set_stays() {
    let world = World::new();
    let ddcutil = world.monitors(&[("Dell", 80)]).await;
    let backend = world.open("ddcutil").await;
    let receipt = put(&*backend, 50, None).await;
    ddcutil.buttons(|all| all[0].value = 70);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(ddcutil.written().await, [40]);
}

/// Else the monitors beside a panel would stay bright.
#[test]
fn what_dims_only_a_panel_leaves_room_for_the_monitors() {
    for row in REGISTRY.iter().filter(|row| row.cannot.contains("only the panel")) {
        assert_eq!(reach(row.id), Reach::Panel, "{}", row.id);
    }
    assert_eq!(reach("ddcutil"), Reach::Monitors);
    assert_eq!(reach("plasma-screens"), Reach::All);
}

#[tokio::test]
async fn monitors_are_all_set_or_none() {
    let world = World::new();
    let ddcutil = world.monitors(&[("Dell", 80)]).await;
    let backend = world.open("ddcutil").await;
    let plug = |connector: &str, status: &str| {
        let folder = world.sysfs.path().join("class/drm").join(connector);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join("status"), format!("{status}\n")).unwrap();
    };
    plug("card0-eDP-1", "connected");
    plug("card0-DP-1", "connected");
    plug("card0-HDMI-A-1", "disconnected");
    assert!(matches!(backend.probe().await, Probe::Ready(_)));
    plug("card0-HDMI-A-1", "connected");
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    ddcutil.cables(Vec::clear).await;
    assert!(
        matches!(backend.probe().await, Probe::Unsupported(text) if text.contains("no monitor"))
    );
    ddcutil.fault(Fault::Refuses).await;
    assert!(matches!(backend.probe().await, Probe::Unsupported(text) if text.contains("i2c")));
}
