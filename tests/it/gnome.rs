//! GNOME's backends against stand-ins: the contract, and what each must do beyond it.

mod backlight;
mod banners;
mod magnifier;
mod night_light;
mod panels;

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use quietd::{
    backend::{Backend, BackendError, Change, Desktop, Probe, REGISTRY, Restored, reach},
    config::Notifications,
    dbus::dconf::{Dconf as Settings, JOURNAL, Value, journalled},
    env::Env,
    plan::{Candidate, Desired, Measure, assign},
    standin::{
        A11ySettings, Dconf, Fault, GnomeColor, GnomePower, GnomeShell, PrivateBus, StandIn,
        mutter::{Mutter, Screen},
    },
    store::Receipt,
};
use tokio::sync::mpsc;

const SHOW_BANNERS: &str = "/org/gnome/desktop/notifications/show-banners";
const MAGNIFIER: &str = "/org/gnome/desktop/a11y/magnifier/";
const ENABLED: &str = "/org/gnome/desktop/a11y/applications/screen-magnifier-enabled";
const TOOLKIT: &str = "/org/gnome/desktop/interface/toolkit-accessibility";
const LONG: Duration = Duration::from_secs(10);

/// A person's desktop with nothing on it yet.
struct World {
    bus: PrivateBus,
    home: tempfile::TempDir,
    desktop: Desktop,
}

impl World {
    async fn new() -> Self {
        let bus = PrivateBus::start().unwrap();
        let home = tempfile::tempdir().unwrap();
        let desktop = desktop(&bus, home.path()).await;
        Self { bus, home, desktop }
    }

    fn config_home(&self) -> std::path::PathBuf {
        self.home.path().join(".config")
    }

    async fn shell(&self) -> GnomeShell {
        self.shell_of(SHOW_BANNERS, Value::Bool(true)).await
    }

    async fn shell_of(&self, key: &str, value: Value) -> GnomeShell {
        GnomeShell::start(self.bus.address(), &self.config_home(), (key, value)).await.unwrap()
    }

    /// The same desktop, as another process of ours meets it.
    async fn later(&self) -> Desktop {
        desktop(&self.bus, self.home.path()).await
    }
}

async fn desktop(bus: &PrivateBus, home: &Path) -> Desktop {
    let home = home.as_os_str().to_owned();
    let env =
        Env::from_lookup(&|name| (name == "HOME" || name == "XDG_DATA_DIRS").then(|| home.clone()));
    Desktop::new(bus.connect().await.unwrap(), None, Arc::new(env))
}

fn open(id: &str, desktop: &Desktop) -> Box<dyn Backend> {
    (REGISTRY.iter().find(|row| row.id == id).unwrap().open)(desktop)
}

/// What is written to disk between a capture and an apply, read again.
fn through_disk(receipt: &Receipt) -> Receipt {
    serde_json::from_str(&serde_json::to_string(receipt).unwrap()).unwrap()
}

fn quiet() -> Desired {
    Desired { notifications: Notifications::Urgent, ..Desired::default() }
}

fn dim(dim: u8) -> Desired {
    Desired { dim, ..Desired::default() }
}

async fn put_in_force(backend: &dyn Backend, desired: &Desired) -> Receipt {
    let receipt = through_disk(&backend.capture(desired, None).await.unwrap());
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

/// Has the person change something, again and again, until it is told; then what was told.
async fn told<F: Future<Output = ()>>(backend: &dyn Backend, mut act: impl FnMut() -> F) -> Change {
    let (tell, mut heard) = mpsc::channel(64);
    let acting = async {
        loop {
            act().await;
            if let Ok(change) = heard.try_recv() {
                return change;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it stopped listening"),
        change = tokio::time::timeout(LONG, acting) => change.expect("nothing was told"),
    }
}

/// Everything told while something is done, up to the first change by the person, which is then made.
async fn told_meanwhile(
    backend: &dyn Backend,
    meanwhile: impl Future<Output = ()>,
    at_last: impl Future<Output = ()>,
) -> Vec<Change> {
    let (tell, mut heard) = mpsc::channel(64);
    let acting = async {
        meanwhile.await;
        at_last.await;
        let mut all = vec![heard.recv().await.unwrap()];
        while *all.last().unwrap() != Change::ByThePerson {
            all.push(heard.recv().await.unwrap());
        }
        all
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it stopped listening"),
        all = tokio::time::timeout(LONG, acting) => all.expect("nothing was told"),
    }
}

/// Who serves what on a desktop where only these rows are ready.
fn assigned(desired: &Desired, ready: &[&str]) -> Vec<(&'static str, Vec<Measure>)> {
    let candidates: Vec<_> = REGISTRY
        .iter()
        .map(|row| Candidate {
            id: row.id,
            measures: row.measures.to_vec(),
            reach: reach(row.id),
            ready: ready.contains(&row.id),
            holds: std::collections::BTreeSet::new(),
            but_panel: false,
        })
        .collect();
    let assigned = assign(desired, &candidates).into_iter();
    assigned.map(|(id, measures)| (id, measures.into_iter().collect())).collect()
}

#[test]
fn the_magnifier_stays_off_where_it_is_not_needed() {
    let laptop = ["mutter-backlight", "logind-backlight", "gnome-night-light", "gnome-magnifier"];
    let mut desired = Desired { dim: 40, warmth: Some(3400), ..Desired::default() };
    let real =
        |dims| vec![("gnome-night-light", vec![Measure::Warmth]), (dims, vec![Measure::Dim])];
    assert_eq!(assigned(&desired, &laptop), real("mutter-backlight"));
    let mut on_43 = vec![("gnome-backlight", vec![Measure::Dim])];
    on_43.push(("gnome-night-light", vec![Measure::Warmth]));
    assert_eq!(assigned(&desired, &[&laptop[..], &["gnome-backlight"]].concat()), on_43);

    desired.greyscale = true;
    let mut all = vec![("gnome-magnifier", vec![Measure::Greyscale])];
    all.extend(real("mutter-backlight"));
    assert_eq!(assigned(&desired, &laptop), all);
    // A monitor without a backlight: the magnifier dims, and Night Light warms beside it.
    desired.greyscale = false;
    let beside =
        vec![("gnome-magnifier", vec![Measure::Dim]), ("gnome-night-light", vec![Measure::Warmth])];
    assert_eq!(assigned(&desired, &laptop[2..]), beside);

    let ids: BTreeSet<_> = REGISTRY.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), REGISTRY.len());
}

#[tokio::test]
async fn a_change_of_several_keys_is_one() {
    let world = World::new().await;
    let standin = Dconf::start(world.bus.address(), &world.config_home(), ("/a/b", Value::Uint(1)))
        .await
        .unwrap();
    let dconf = Settings::new(&world.desktop);
    let all = [
        ("/a/b".to_owned(), Some(Value::Int(-7))),
        ("/a/c".to_owned(), Some(Value::Uint(7))),
        ("/d".to_owned(), Some(Value::Str("ü".repeat(300)))),
    ];
    dconf.change(&all.clone().into()).await.unwrap();
    let now = dconf.read().unwrap();
    for (key, value) in &all {
        assert_eq!(now.get(key), Ok(value.clone()));
    }
    standin.person_changes().await;
    assert_eq!(dconf.read().unwrap().get("/a/b"), Ok(Some(Value::Uint(1))));
    dconf.change(&all.map(|(key, _)| (key, None)).into()).await.unwrap();
    assert_eq!(standin.state().await, "");
}
