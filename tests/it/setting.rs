//! Desktops whose do-not-disturb is one boolean of dconf, beyond the contract: which of them is there, and what an
//! administrator locked.

use std::sync::Arc;

use quietd::{
    backend::{
        BackendError, Desktop, Probe, REGISTRY, Row,
        notifications::{cinnamon, mate, pantheon},
    },
    config::Notifications,
    dbus::dconf::{Dconf, Value},
    env::Env,
    plan::{Desired, Measure},
    standin::{Fault, PrivateBus, Program, SettingReader, StandIn as _},
};

use crate::contract::desktop_on;

const ANY: (&str, Value) = ("/any", Value::Bool(true));

/// A bus, a home of its own, and the way to both.
struct World {
    bus: PrivateBus,
    home: tempfile::TempDir,
    desktop: Desktop,
}

impl World {
    async fn new() -> Self {
        let bus = PrivateBus::start().unwrap();
        let home = tempfile::tempdir().unwrap();
        let mut desktop = desktop_on(&bus).await;
        let config_home = home.path().to_owned();
        desktop.env = Arc::new(Env { config_home, ..(*desktop.env).clone() });
        Self { bus, home, desktop }
    }

    async fn reader(&self, program: Program) -> SettingReader {
        SettingReader::start(self.bus.address(), self.home.path(), program, ANY).await.unwrap()
    }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    REGISTRY.iter().filter(|row| row.measures.contains(&Measure::Notifications))
}

fn row(id: &str) -> &'static Row {
    rows().find(|row| row.id == id).unwrap()
}

#[tokio::test]
async fn each_desktop_is_served_by_its_own_row_alone() {
    for (program, wanted) in [
        (Program::MATE, Some("mate")),
        (Program::CINNAMON, Some("cinnamon")),
        (Program::PANTHEON, Some("pantheon")),
        (Program::FLASHBACK, None),
        (
            Program(["Budgie Notification Server", "Budgie Desktop Developers", "10.7.1", "1.2"]),
            None,
        ),
        (Program(["cinnamon", "somebody else", "1", "1.2"]), None),
    ] {
        let world = World::new().await;
        let _reader = world.reader(program).await;
        for row in rows().filter(|row| row.id != "budgie") {
            let probe = (row.open)(&world.desktop).probe().await;
            let is_ready = matches!(probe, Probe::Ready(_));
            assert_eq!(is_ready, wanted == Some(row.id), "{program:?} {}: {probe:?}", row.id);
        }
    }
}

#[tokio::test]
async fn mate_is_served_while_its_program_rests() {
    let world = World::new().await;
    let mut reader = world.reader(Program::MATE).await;
    let mate = (row("mate").open)(&world.desktop);
    assert_eq!(mate.probe().await, Probe::Ready("MATE Notification Daemon 1.26.0".to_owned()));
    reader.leaves().await;
    assert!(matches!(mate.probe().await, Probe::Deferred(_)));
    let settings_daemon = world.bus.connect().await.unwrap();
    settings_daemon.request_name("org.mate.SettingsDaemon").await.unwrap();
    assert_eq!(mate.probe().await, Probe::Ready("MATE Notification Daemon".to_owned()));
    assert!(matches!((row("cinnamon").open)(&world.desktop).probe().await, Probe::Deferred(_)));
}

#[tokio::test]
async fn who_does_not_answer_is_asked_again() {
    let world = World::new().await;
    let reader = world.reader(Program::CINNAMON).await;
    let cinnamon = (row("cinnamon").open)(&world.desktop);
    reader.fault(Fault::Hangs).await;
    assert!(matches!(cinnamon.probe().await, Probe::Deferred(_)));
    reader.fault(Fault::OddType).await;
    assert!(matches!(cinnamon.probe().await, Probe::Unsupported(_)));
}

#[tokio::test]
async fn a_locked_key_is_said_and_left() {
    for (setting, program) in [
        (&mate::SETTING, Program::MATE),
        (&cinnamon::SETTING, Program::CINNAMON),
        (&pantheon::SETTING, Program::PANTHEON),
    ] {
        let world = World::new().await;
        let reader = world.reader(program).await;
        let etc = world.home.path().join("etc");
        std::fs::create_dir_all(etc.join("db")).unwrap();
        std::fs::create_dir_all(etc.join("profile")).unwrap();
        std::fs::write(etc.join("profile/user"), "user-db:user\nsystem-db:office\n").unwrap();
        let locked = include_bytes!("data/dconf-locked-settings");
        std::fs::write(etc.join("db/office"), locked).unwrap();

        let backend = setting.open_with(&world.desktop, Dconf::with_system(&world.desktop, &etc));
        let Probe::Unsupported(text) = backend.probe().await else { panic!() };
        assert!(text.contains("is locked by the administrator"), "{text}");
        let desired = Desired { notifications: Notifications::Urgent, ..Desired::default() };
        let receipt = backend.capture(&desired, None).await.unwrap();
        let refused = backend.apply(&desired, &receipt).await.unwrap_err();
        assert!(matches!(refused, BackendError::Refused(_)));
        assert_eq!(reader.state().await, "");
    }
}
