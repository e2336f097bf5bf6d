//! Panels whose light is told and taken in percent, beyond the contract: their steps, and what MATE and Cinnamon do with
//! the light by themselves.

use std::{sync::Arc, time::Duration};

use quietd::{
    backend::{Backend, BackendError, Change, Desktop, Probe, REGISTRY, Restored},
    env::Env,
    plan::Desired,
    standin::{PercentOf, PercentPanel, PrivateBus},
    store::Receipt,
};
use tokio::sync::mpsc;

use crate::contract::{desktop_on, in_time, soon};

const BOTH: [(PercentOf, &str); 2] =
    [(PercentOf::Mate, "mate-backlight"), (PercentOf::Cinnamon, "cinnamon-backlight")];
const CINNAMON: &str = "cinnamon-backlight";
const MATE: &str = "mate-backlight";

/// A machine whose kernel knows of a panel with so many steps.
struct World {
    bus: PrivateBus,
    home: tempfile::TempDir,
    panel: PercentPanel,
}

impl World {
    async fn new(of: PercentOf, percent: Option<u32>, steps: u32) -> Self {
        let bus = PrivateBus::start().unwrap();
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("class/backlight/panel");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("max_brightness"), steps.to_string()).unwrap();
        std::fs::write(folder.join("brightness"), "0").unwrap();
        let panel = PercentPanel::start(bus.address(), of, percent, steps).await.unwrap();
        Self { bus, home, panel }
    }

    /// The backend, as each process of ours opens it.
    async fn open(&self, id: &str) -> Arc<dyn Backend> {
        let desktop = desktop_on(&self.bus).await;
        let at = self.home.path().to_owned();
        let env = Env { config_home: at.clone(), sysfs: at, ..(*desktop.env).clone() };
        let desktop = Desktop { env: Arc::new(env), ..desktop };
        Arc::from((REGISTRY.iter().find(|row| row.id == id).unwrap().open)(&desktop))
    }
}

fn darker() -> Desired {
    Desired { dim: 40, ..Desired::default() }
}

async fn put_in_force(backend: &dyn Backend) -> Receipt {
    let receipt = backend.capture(&darker(), None).await.unwrap();
    backend.apply(&darker(), &receipt).await.unwrap();
    receipt
}

fn listen(backend: &Arc<dyn Backend>) -> mpsc::Receiver<Change> {
    let (tell, told) = mpsc::channel(8);
    let backend = Arc::clone(backend);
    tokio::spawn(async move { backend.changes(tell).await });
    told
}

#[tokio::test]
async fn a_panel_with_few_steps_is_given_back() {
    for (of, id) in BOTH {
        let world = World::new(of, Some(60), 15).await;
        let backend = world.open(id).await;
        let mut told = listen(&backend);
        let receipt = put_in_force(&*backend).await;
        assert_eq!(world.panel.percent(), 33, "the step below 36");
        backend.apply(&darker(), &receipt).await.unwrap();
        assert_eq!(world.panel.percent(), 33);
        assert_eq!(soon(told.recv()).await, None);

        // One step up is the person's, though it is as near to what was to be set.
        world.panel.press(40).await;
        assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
        assert_eq!(world.panel.percent(), 40);

        world.panel.press(60).await;
        let receipt = put_in_force(&*backend).await;
        let later = world.open(id).await;
        assert_eq!(later.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(world.panel.percent(), 60);
    }
}

#[tokio::test]
async fn without_a_panel_it_is_for_elsewhere() {
    for (of, id) in BOTH {
        let world = World::new(of, None, 100).await;
        let backend = world.open(id).await;
        assert!(matches!(backend.probe().await, Probe::Elsewhere(_)));
        let captured = backend.capture(&darker(), None).await;
        assert!(matches!(captured, Err(BackendError::Absent(_))), "{captured:?}");
    }
}

#[tokio::test]
async fn what_mate_makes_of_ours_is_ours() {
    // On battery; when nobody is there; both.
    for part in [18, 11, 5] {
        let world = World::new(PercentOf::Mate, Some(60), 100).await;
        let backend = world.open(MATE).await;
        let mut told = listen(&backend);
        let receipt = put_in_force(&*backend).await;
        world.panel.press(part).await;
        assert_eq!(soon(told.recv()).await, None);
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(world.panel.percent(), 60);
    }
}

#[tokio::test]
async fn what_was_there_is_not_known_where_nobody_may_be() {
    let world = World::new(PercentOf::Mate, Some(30), 100).await;
    let captured = world.open(MATE).await.capture(&darker(), None).await;
    assert!(matches!(captured, Err(BackendError::Absent(_))), "{captured:?}");

    let world = World::new(PercentOf::Cinnamon, Some(60), 100).await;
    let backend = world.open(CINNAMON).await;
    world.panel.become_idle(120_000, 30);
    let captured = backend.capture(&darker(), None).await;
    assert!(matches!(captured, Err(BackendError::Absent(_))), "{captured:?}");
    world.panel.become_idle(0, 30);
    assert!(backend.capture(&darker(), None).await.is_ok());
}

#[tokio::test]
async fn what_cinnamon_dims_itself_is_given_back_when_somebody_is_there() {
    let world = World::new(PercentOf::Cinnamon, Some(60), 100).await;
    let backend = world.open(CINNAMON).await;
    let receipt = put_in_force(&*backend).await;
    let mut told = listen(&backend);
    world.panel.become_idle(120_000, 30);
    let restored = backend.restore(&receipt).await;
    assert!(matches!(restored, Err(BackendError::TimedOut(_))), "{restored:?}");
    tokio::time::timeout(Duration::from_secs(5), world.panel.is_watched()).await.unwrap();
    world.panel.somebody_is_back(36).await;
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::Again));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.panel.percent(), 60);
}
