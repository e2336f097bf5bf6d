//! mako: one mode among its person's, and only where its config says that the mode holds anything back.

use std::{fs, path::Path, sync::Arc};

use quietd::{
    backend::{Backend, BackendError, Change, Desktop, Probe, Restored, notifications::mako},
    env::Env,
    plan::Desired,
    standin::{Mako, MakoVersion, PrivateBus, StandIn},
};
use tokio::sync::mpsc;

use crate::{
    contract::{becomes, in_time, soon},
    quiet_stand_in::Desk,
};

const OURS: &str = "[mode=quietd]\ninvisible=1\n[mode=quietd urgency=critical]\ninvisible=0\n";
const THEIRS: &str = "[mode=do-not-disturb]\ninvisible=1\n";

/// mako with a config, and the backend.
struct World {
    mako: Mako,
    backend: Arc<dyn Backend>,
    home: tempfile::TempDir,
    _bus: PrivateBus,
}

impl World {
    async fn of(version: MakoVersion, on: &[&str], config: &str) -> Self {
        let bus = PrivateBus::start().unwrap();
        let home = tempfile::tempdir().unwrap();
        let mako = Mako::start(bus.address(), version, on).await.unwrap();
        let session = bus.connect().await.unwrap();
        let path = home.path().to_owned();
        let env = Env::from_lookup(&|name| (name == "HOME").then(|| path.clone().into()));
        let desktop = Desktop::new(session, None, Arc::new(env));
        let world = Self { mako, backend: Arc::from((mako::ROW.open)(&desktop)), home, _bus: bus };
        world.write(".config/mako/config", config);
        world
    }

    fn write(&self, below: &str, text: &str) {
        write(&self.home.path().join(below), text);
    }

    async fn quiet(&self) -> quietd::store::Receipt {
        let receipt = self.backend.capture(&Desired::default(), None).await.unwrap();
        self.backend.apply(&Desired::default(), &receipt).await.unwrap();
        receipt
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn ready(text: &str) -> Probe {
    Probe::Ready(text.to_owned())
}

#[tokio::test]
async fn claims_nothing_where_the_config_hides_nothing() {
    let world = World::of(MakoVersion::Tells, &[], "font=mono\n").await;
    let Probe::Unsupported(said) = world.backend.probe().await else { panic!("it would serve") };
    for says in ["~/.config/mako/config", "quietctl setup", "«[mode=quietd]»", "makoctl reload"] {
        assert!(said.contains(says), "{says}: {said}");
    }
    let captured = world.backend.capture(&Desired::default(), None).await;
    assert!(matches!(captured, Err(BackendError::Refused(_))), "{captured:?}");
    // With the lines it serves, and without a restart of anything.
    world.write(".config/mako/config", OURS);
    assert_eq!(
        world.backend.probe().await,
        ready("mako, by the mode quietd; urgent ones come through")
    );
}

#[tokio::test]
async fn reads_the_file_that_mako_reads() {
    let world = World::of(MakoVersion::Tells, &[], OURS).await;
    // mako looks here first, and then nowhere else.
    world.write(".mako/config", "include=~/more\n");
    assert!(matches!(world.backend.probe().await, Probe::Unsupported(_)));
    world.write("more", OURS);
    assert!(matches!(world.backend.probe().await, Probe::Ready(_)));
}

#[tokio::test]
async fn an_old_mako_is_left_alone() {
    let world = World::of(MakoVersion::WithoutList, &[], OURS).await;
    let said = "This mako has no list of modes; mako 1.7 and newer have one.";
    assert_eq!(world.backend.probe().await, Probe::Unsupported(said.to_owned()));
}

#[tokio::test]
async fn keeps_the_persons_modes_and_their_order() {
    let world = World::of(MakoVersion::Tells, &["away", "game"], OURS).await;
    let receipt = world.quiet().await;
    assert_eq!(world.mako.state().await, "modes default away game quietd");
    world.mako.person_sets(&["game", "quietd", "default", "talk"]).await;
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.mako.state().await, "modes game default talk");
}

#[tokio::test]
async fn the_persons_own_mode_serves_where_ours_has_no_section() {
    let world = World::of(MakoVersion::Tells, &[], THEIRS).await;
    let said = "mako, by your own mode do-not-disturb; urgent ones wait too, as its config says";
    assert_eq!(world.backend.probe().await, ready(said));
    let first = world.quiet().await;
    assert_eq!(world.mako.state().await, "modes default do-not-disturb");
    // While it is quiet, ours gets its section: it takes over, and theirs goes as it came.
    world.write(".config/mako/config", &format!("{THEIRS}{OURS}"));
    let second = world.backend.capture(&Desired::default(), Some(&first)).await.unwrap();
    world.backend.apply(&Desired::default(), &second).await.unwrap();
    assert_eq!(world.mako.state().await, "modes default do-not-disturb");
    assert_eq!(world.backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(world.mako.state().await, "modes default");
}

#[tokio::test]
async fn a_mode_of_the_persons_own_stays_on() {
    let world = World::of(MakoVersion::Tells, &["do-not-disturb"], THEIRS).await;
    let receipt = world.quiet().await;
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.mako.state().await, "modes default do-not-disturb");
}

#[tokio::test]
async fn what_the_person_took_out_is_told_where_mako_tells_it() {
    let world = World::of(MakoVersion::Tells, &[], OURS).await;
    world.quiet().await;
    let (tell, mut told) = mpsc::channel(8);
    let backend = world.backend.clone();
    let listening = tokio::spawn(async move { backend.changes(tell).await });
    // Another mode beside ours is not about us.
    world.mako.person_sets(&["default", "quietd", "away"]).await;
    assert_eq!(soon(told.recv()).await, None);
    world.mako.person_sets(&["default", "away"]).await;
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
    listening.abort();
}

#[tokio::test]
async fn what_the_person_took_out_is_not_put_in_again_where_mako_tells_nothing() {
    let world = World::of(MakoVersion::Silent, &[], OURS).await;
    let first = world.quiet().await;
    let (tell, mut told) = mpsc::channel(8);
    let backend = world.backend.clone();
    let listening = tokio::spawn(async move { backend.changes(tell).await });
    assert_eq!(soon(told.recv()).await, None);
    world.mako.person_sets(&["default"]).await;
    assert_eq!(soon(told.recv()).await, None, "nobody says so");
    // The next phase would put it in force anew.
    let second = world.backend.capture(&Desired::default(), Some(&first)).await.unwrap();
    world.backend.apply(&Desired::default(), &second).await.unwrap();
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
    assert_eq!(world.mako.state().await, "modes default");
    listening.abort();
}

#[tokio::test]
async fn a_restart_is_not_taken_for_the_persons_word() {
    let mut world = World::of(MakoVersion::Silent, &[], OURS).await;
    let receipt = world.quiet().await;
    world.mako.stop().await;
    StandIn::start(&mut world.mako).await;
    assert_eq!(world.mako.state().await, "modes default");
    world.backend.apply(&Desired::default(), &receipt).await.unwrap();
    becomes(&world.mako, "modes default quietd").await;
}

#[tokio::test]
async fn setup_changes_makos_config_only_after_a_yes() {
    let desk = Desk::without_daemon();
    let mako = Mako::start(desk.bus.address(), MakoVersion::Tells, &[]).await.unwrap();
    let config = desk.home.path().join(".config/mako/config");
    let text = "font=mono 10\n\n[urgency=low]\ndefault-timeout=3000\n";
    desk.write(".config/mako/config", text);

    let said = desk.run(&["setup"]).await.out.replace("\n                ", "");
    assert!(said.contains("not written") && said.contains("setup --yes"), "{said}");
    assert_eq!((fs::read_to_string(&config).unwrap().as_str(), mako.reloads().await), (text, 0));

    let said = desk.run(&["setup", "--yes"]).await.out;
    assert!(said.contains("~/.config/mako/config"), "{said}");
    let after = fs::read_to_string(&config).unwrap();
    assert!(after.starts_with(text) && after.ends_with(OURS), "{after}");
    assert_eq!(mako.reloads().await, 1);
    assert!(desk.run(&["setup", "--yes"]).await.out.contains("there already"));
    assert_eq!((fs::read_to_string(&config).unwrap(), mako.reloads().await), (after, 1));

    desk.run(&["setup", "--remove"]).await;
    assert_eq!((fs::read_to_string(&config).unwrap().as_str(), mako.reloads().await), (text, 2));
}

#[tokio::test]
async fn setup_offers_nothing_where_a_mode_of_the_persons_own_serves() {
    let desk = Desk::without_daemon();
    let mako = Mako::start(desk.bus.address(), MakoVersion::Tells, &[]).await.unwrap();
    desk.write(".config/mako/config", THEIRS);
    let said = desk.run(&["setup", "--yes"]).await.out;
    assert!(!said.contains("mako"), "{said}");
    assert_eq!(mako.reloads().await, 0);
}
