//! `KWin`: its Night Color, and the effect that takes colours away.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc, time::Duration};

use quietd::{
    backend::{
        Backend, BackendError, Change, Desktop, Probe, REGISTRY, Restored,
        dim::{kwin_grey, night_color},
    },
    env::Env,
    plan::{Candidate, Desired, Measure, assign},
    standin::{ByThePerson, Kwin, KwinIs, PrivateBus, StandIn},
    store::Receipt,
};
use tokio::sync::mpsc;

use crate::contract::{desktop_on, in_time, soon};

struct Stage {
    kwin: Kwin,
    desktop: Desktop,
    folder: tempfile::TempDir,
    _bus: PrivateBus,
}

impl Stage {
    async fn new(is: KwinIs, files: &[(&str, &str)]) -> Self {
        let bus = PrivateBus::start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let desktop = desktop_on(&bus).await;
        let env = Env {
            config_home: folder.path().join("config"),
            data_home: folder.path().join("data"),
            config_dirs: vec![folder.path().join("xdg"), folder.path().join("defaults")],
            ..(*desktop.env).clone()
        };
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(&env.config_home).unwrap();
        let person = ByThePerson::SetsTheNight;
        let kwin = Kwin::start(bus.address(), &env, is, person).await.unwrap();
        Self { kwin, desktop: Desktop { env: Arc::new(env), ..desktop }, folder, _bus: bus }
    }

    async fn five(kwinrc: &str) -> Self {
        Self::new(KwinIs::FIVE, &[("config/kwinrc", kwinrc)]).await
    }

    fn night_color(&self) -> Arc<dyn Backend> {
        Arc::from((night_color::ROW.open)(&self.desktop))
    }

    fn grey(&self) -> Arc<dyn Backend> {
        Arc::from((kwin_grey::ROW.open)(&self.desktop))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn kwinrc(&self) -> String {
        fs::read_to_string(self.path("config/kwinrc")).unwrap_or_default()
    }
}

fn warm(kelvin: u16) -> Desired {
    Desired { warmth: Some(kelvin), ..Desired::default() }
}

fn without_colour() -> Desired {
    Desired { greyscale: true, ..Desired::default() }
}

async fn put(backend: &dyn Backend, desired: &Desired) -> Receipt {
    let receipt = backend.capture(desired, None).await.unwrap();
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

fn is_unsupported(probe: &Probe, word: &str) -> bool {
    matches!(probe, Probe::Unsupported(why) if why.contains(word))
}

#[tokio::test]
async fn night_color_is_switched_on_and_constant() {
    let stage = Stage::five("[Windows]\nk=1\n").await;
    let backend = stage.night_color();
    let receipt = put(&*backend, &warm(3400)).await;
    assert_eq!(
        stage.kwinrc(),
        "[Windows]\nk=1\n\n[NightColor]\nActive=true\nMode=Constant\nNightTemperature=3400\n"
    );
    assert_eq!(stage.kwin.temperature().await, 3400);
    // KWin writes its own keys meanwhile, sorted and without comments.
    let sorted =
        "[NightColor]\nActive=true\nMode=Constant\nNightTemperature=3400\n\n[Windows]\nk=2\n";
    fs::write(stage.path("config/kwinrc"), sorted).unwrap();
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.kwinrc().trim_start(), "[Windows]\nk=2\n");
    assert_eq!(stage.kwin.temperature().await, 6500);
}

#[tokio::test]
async fn the_persons_own_hours_stay_and_nothing_gets_colder() {
    let own = "[NightColor]\nActive=true\nMode=Times\nNightTemperature=2700\n";
    let stage = Stage::five(own).await;
    let backend = stage.night_color();
    let first = put(&*backend, &warm(3400)).await;
    assert_eq!(stage.kwinrc(), format!("{own}DayTemperature=3400\n"));
    let second = backend.capture(&warm(2000), Some(&first)).await.unwrap();
    backend.apply(&warm(2000), &second).await.unwrap();
    assert!(stage.kwinrc().contains("NightTemperature=2000\nDayTemperature=2000\n"));
    // What was found is what counts, not what is there.
    let third = backend.capture(&warm(5000), Some(&second)).await.unwrap();
    backend.apply(&warm(5000), &third).await.unwrap();
    assert!(stage.kwinrc().contains("NightTemperature=2700\nDayTemperature=5000\n"));
    assert_eq!(backend.restore(&third).await, Ok(Restored::AsFound));
    assert_eq!(stage.kwinrc(), own);
}

#[tokio::test]
async fn defaults_of_the_machine_and_of_a_theme_count_as_the_persons() {
    let defaults = [
        ("xdg/kwinrc", "[NightColor]\nActive=true\n"),
        ("defaults/kwinrc", "[NightColor]\nActive=false\nNightTemperature=2500\n"),
    ];
    let stage = Stage::new(KwinIs::SIX, &defaults).await;
    let backend = stage.night_color();
    let receipt = backend.capture(&warm(3400), None).await.unwrap();
    let set =
        serde_json::json!({"DayTemperature": "DayTemperature=3400", "NightTemperature": null});
    assert_eq!(receipt.set, set);
}

#[tokio::test]
async fn what_an_administrator_locked_is_not_touched() {
    for (file, text) in [
        ("xdg/kwinrc", "[NightColor][$i]\nActive=false\n"),
        ("xdg/kwinrc", "[$i]\n"),
        ("defaults/kwinrc", "[NightColor]\nMode[$i]=Times\n"),
        ("defaults/kdeglobals", "[NightColor][$i]\n"),
    ] {
        let stage = Stage::new(KwinIs::FIVE, &[(file, text)]).await;
        let probe = stage.night_color().probe().await;
        assert!(is_unsupported(&probe, "locked by the administrator"), "{text}: {probe:?}");
        assert!(is_unsupported(&probe, file), "{probe:?}");
    }
    let stage = Stage::new(KwinIs::FIVE, &[("xdg/kwinrc", "[Windows][$i]\nk=1\n")]).await;
    assert!(matches!(stage.night_color().probe().await, Probe::Ready(_)));
}

#[tokio::test]
async fn is_not_for_x11_nor_for_screens_without_colour() {
    let x11 = Stage::new(KwinIs { on_wayland: false, ..KwinIs::FIVE }, &[]).await;
    assert!(matches!(x11.night_color().probe().await, Probe::Elsewhere(_)));
    let blind = Stage::new(KwinIs { available: false, ..KwinIs::SIX }, &[]).await;
    assert!(is_unsupported(&blind.night_color().probe().await, "these screens"));
    let captured = blind.night_color().capture(&warm(3400), None).await;
    assert!(matches!(captured, Err(BackendError::Absent(_))), "{captured:?}");
}

#[tokio::test]
async fn suspended_by_the_person_is_the_persons_word() {
    let stage = Stage::five("").await;
    stage.kwin.inhibit(true).await;
    let backend = stage.night_color();
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    assert_eq!(soon(told.recv()).await, None);
    let receipt = put(&*backend, &warm(3400)).await;
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
    assert_eq!(stage.kwinrc(), "", "nothing that would begin when the person ends that");
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));

    // Suspended while it is warm.
    stage.kwin.inhibit(false).await;
    let receipt = put(&*backend, &warm(3400)).await;
    assert_eq!(soon(told.recv()).await, None);
    stage.kwin.inhibit(true).await;
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
    stage.kwin.inhibit(false).await;
    assert_eq!(soon(told.recv()).await, None, "it is said once");
    backend.restore(&receipt).await.unwrap();
    listening.abort();
}

#[tokio::test]
async fn each_setting_is_judged_by_itself() {
    let stage = Stage::five("").await;
    let backend = stage.night_color();
    let receipt = put(&*backend, &warm(3400)).await;
    stage.kwin.person_sets("Active", Some("Active=false")).await;
    stage.kwin.person_sets("Mode", None).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(stage.kwinrc(), "[NightColor]\nActive=false\n");
}

#[tokio::test]
async fn a_file_that_nobody_can_read_is_refused() {
    let stage = Stage::new(KwinIs::FIVE, &[]).await;
    fs::create_dir_all(stage.path("config/kwinrc")).unwrap();
    let captured = stage.night_color().capture(&warm(3400), None).await;
    assert!(matches!(&captured, Err(BackendError::Refused(why)) if why.contains("kwinrc")));
}

#[tokio::test]
async fn the_effect_is_on_the_disk_only_while_it_is_in_force() {
    let stage = Stage::new(KwinIs::FIVE, &[]).await;
    let backend = stage.grey();
    let receipt = put(&*backend, &without_colour()).await;
    assert_eq!(stage.kwin.loaded().await, [kwin_grey::EFFECT]);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.kwin.loaded().await, [""; 0]);
    assert!(!stage.path("data").exists(), "not even the folders are left");

    fs::create_dir_all(stage.path("data/kwin/effects")).unwrap();
    let receipt = put(&*backend, &without_colour()).await;
    backend.restore(&receipt).await.unwrap();
    assert_eq!(fs::read_dir(stage.path("data/kwin/effects")).unwrap().count(), 0);
}

#[tokio::test]
async fn while_kwin_starts_again_nobody_takes_over() {
    let mut stage = Stage::new(KwinIs::FIVE, &[]).await;
    let backends = [(stage.night_color(), warm(3400)), (stage.grey(), without_colour())];
    let mut receipts = Vec::new();
    for (backend, desired) in &backends {
        receipts.push(put(&**backend, desired).await);
    }
    stage.kwin.stop().await;
    for ((backend, desired), receipt) in backends.iter().zip(&receipts) {
        assert!(matches!(backend.probe().await, Probe::Ready(_)));
        let captured = backend.capture(desired, Some(receipt)).await;
        assert!(matches!(captured, Err(BackendError::NotYet(_))), "{captured:?}");
    }
    stage.kwin.start().await;
    assert_eq!(stage.kwin.temperature().await, 3400);
    for ((backend, desired), receipt) in backends.iter().zip(&receipts) {
        assert_eq!(backend.capture(desired, Some(receipt)).await.as_ref(), Ok(receipt));
        backend.apply(desired, receipt).await.unwrap();
    }
    assert_eq!(stage.kwin.loaded().await, [kwin_grey::EFFECT]);
}

#[tokio::test]
async fn what_a_crash_left_on_the_disk_goes_even_without_kwin() {
    let mut stage = Stage::new(KwinIs::FIVE, &[]).await;
    let receipt = stage.grey().capture(&without_colour(), None).await.unwrap();
    let script = stage.path("data/kwin/effects/quietd-grey/contents/code/main.js");
    fs::create_dir_all(script.parent().unwrap()).unwrap();
    fs::write(script, "half of").unwrap();
    stage.kwin.stop().await;
    assert_eq!(stage.grey().restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!stage.path("data").exists());
}

#[tokio::test]
async fn the_effect_says_where_it_cannot_be() {
    let plain = Stage::new(KwinIs { animates: false, ..KwinIs::SIX }, &[]).await;
    assert!(is_unsupported(&plain.grey().probe().await, "graphics card"));
}

/// A `KWin` that has just started knows of no new effect; one that looks in other folders never will.
#[tokio::test]
async fn a_kwin_that_does_not_find_the_effect_is_asked_once_more() {
    let stage = Stage::new(KwinIs::FIVE, &[]).await;
    let env = Env { data_home: stage.path("elsewhere"), ..(*stage.desktop.env).clone() };
    let desktop = Desktop { env: Arc::new(env), ..stage.desktop.clone() };
    let backend = Arc::new(kwin_grey::Grey::new(&desktop).asking_again_after(Duration::ZERO));
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    let receipt = backend.capture(&without_colour(), None).await.unwrap();
    let applied = backend.apply(&without_colour(), &receipt).await;
    assert!(matches!(&applied, Err(BackendError::NotYet(_))), "{applied:?}");
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::Again));
    let applied = backend.apply(&without_colour(), &receipt).await;
    assert!(matches!(&applied, Err(BackendError::Refused(why)) if why.contains("elsewhere")));
    backend.restore(&receipt).await.unwrap();
    assert!(!stage.path("elsewhere").exists());
    listening.abort();
}

#[test]
fn on_plasma_the_overlay_dims_and_night_color_warms() {
    let candidates: Vec<Candidate> = REGISTRY
        .iter()
        .filter(|row| ["night-color", "kwin-grey", "wl-overlay"].contains(&row.id))
        .map(|row| Candidate {
            id: row.id,
            measures: row.measures.to_vec(),
            reach: quietd::backend::reach(row.id),
            ready: true,
            holds: BTreeSet::new(),
            but_panel: false,
        })
        .collect();
    let desired = Desired { dim: 40, greyscale: true, ..warm(3400) };
    let assigned = assign(&desired, &candidates);
    assert_eq!(assigned["wl-overlay"], BTreeSet::from([Measure::Dim]));
    assert_eq!(assigned["night-color"], BTreeSet::from([Measure::Warmth]));
    assert_eq!(assigned["kwin-grey"], BTreeSet::from([Measure::Greyscale]));
}
