//! dunst: levels where it has them, all or nothing where not.

use std::{fs, path::Path};

use quietd::{
    backend::{BackendError, Change, Probe, Restored, notifications::dunst},
    plan::Desired,
    standin::{Dunst, DunstVersion, Plasma, PrivateBus, StandIn},
};
use tokio::sync::mpsc;

use crate::{
    contract::{desktop_on, in_time},
    quiet_stand_in::Desk,
};

/// Where `setup` puts the rule for calls.
const RULE: &str = ".config/dunst/dunstrc.d/50-quietd.conf";
const RULE_NAME: &str = "quietd_incoming_call";

#[tokio::test]
async fn lets_the_persons_rules_through_where_it_can() {
    let bus = PrivateBus::start().unwrap();
    let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
    let backend = (dunst::ROW.open)(&desktop_on(&bus).await);
    let said = "dunst 1.13.2; urgent ones come through where dunstrc gives them override_pause_level 60 or more; \
                for incoming calls `quietctl setup` offers a rule, so that they can be answered";
    assert_eq!(backend.probe().await, Probe::Ready(said.to_owned()));
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(dunst.state().await, "pause level 60");
}

#[tokio::test]
async fn says_what_an_old_one_cannot() {
    let bus = PrivateBus::start().unwrap();
    let dunst = Dunst::start(bus.address(), DunstVersion::Old, 0).await.unwrap();
    let backend = (dunst::ROW.open)(&desktop_on(&bus).await);
    let said = "dunst 1.9.0; urgent ones wait too: this version holds everything while paused";
    assert_eq!(backend.probe().await, Probe::Ready(said.to_owned()));
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(dunst.state().await, "pause level 100");
}

#[tokio::test]
async fn restores_nothing_of_a_pause_of_the_persons_own() {
    let bus = PrivateBus::start().unwrap();
    let dunst = Dunst::start(bus.address(), DunstVersion::New, 80).await.unwrap();
    let backend = (dunst::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(dunst.state().await, "pause level 80");
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(dunst.state().await, "pause level 80");
}

#[tokio::test]
async fn tells_of_a_reload_that_let_everything_through_before_it_listened() {
    let bus = PrivateBus::start().unwrap();
    let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
    let backend = (dunst::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    dunst.person_sets(0).await;
    let (tell, mut told) = mpsc::channel(8);
    tokio::select! {
        () = backend.changes(tell) => panic!("it listens for as long as it is polled"),
        change = in_time("changes", told.recv()) => assert_eq!(change, Some(Change::ByThePerson)),
    }
}

#[tokio::test]
async fn leaves_another_server_alone() {
    let bus = PrivateBus::start().unwrap();
    let backend = (dunst::ROW.open)(&desktop_on(&bus).await);
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    drop(dunst);

    let bus = PrivateBus::start().unwrap();
    let plasmashell = Plasma::start(bus.address(), false).await.unwrap();
    let before = plasmashell.state().await;
    let backend = (dunst::ROW.open)(&desktop_on(&bus).await);
    let said = "Notifications are shown by Plasma 5.27.5, not by dunst.";
    assert_eq!(backend.probe().await, Probe::Elsewhere(said.to_owned()));
    let captured = backend.capture(&Desired::default(), None).await;
    assert!(matches!(captured, Err(BackendError::Absent(_))), "{captured:?}");
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(plasmashell.state().await, before);
}

/// Runs `quietctl setup`; `shared` stands for the folder of configs that are everybody's.
async fn setup(desk: &Desk, shared: &Path, options: &[&str]) -> String {
    let mut command = desk.quietctl(&[&["setup"], options].concat());
    let said = command.env("XDG_CONFIG_DIRS", shared).output().await.unwrap();
    String::from_utf8(said.stdout).unwrap()
}

#[tokio::test]
async fn its_rule_for_calls_is_on_while_quiet_lets_them_through() {
    let desk = Desk::without_daemon();
    let mut dunst = Dunst::start(desk.bus.address(), DunstVersion::New, 0).await.unwrap();
    desk.write(".config/dunst/dunstrc", "[global]\n");
    desk.write(RULE, &dunst::rule::lines());
    dunst.has_a_config_in(desk.home.path().join(".config/dunst"));
    let backend = (dunst::ROW.open)(&desktop_on(&desk.bus).await);
    let is = |on| vec![(RULE_NAME.to_owned(), on)];
    assert_eq!(dunst.rules().await, is(false), "what its person pauses, they pause");

    let with = |calls| Desired { calls, ..Desired::default() };
    let receipt = backend.capture(&with(true), None).await.unwrap();
    backend.apply(&with(true), &receipt).await.unwrap();
    assert_eq!(dunst.rules().await, is(true));
    backend.apply(&with(false), &receipt).await.unwrap();
    assert_eq!(dunst.rules().await, is(false), "calls are switched off");
    backend.apply(&with(true), &receipt).await.unwrap();
    dunst.stop().await;
    StandIn::start(&mut dunst).await;
    assert_eq!(dunst.rules().await, is(false), "a new one forgets it");
    backend.apply(&with(true), &receipt).await.unwrap();
    assert_eq!(dunst.rules().await, is(true));
    // As after a crash: by another process.
    let later = (dunst::ROW.open)(&desktop_on(&desk.bus).await);
    assert_eq!(later.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!((dunst.rules().await, &*dunst.state().await), (is(false), "pause level 0"));
}

#[tokio::test]
async fn setup_adds_the_rule_only_after_a_yes_and_takes_it_away() {
    let desk = Desk::without_daemon();
    let dunst = Dunst::start(desk.bus.address(), DunstVersion::New, 0).await.unwrap();
    let folder = desk.home.path().join(".config/dunst");
    dunst.has_a_config_in(folder.clone());
    let setup = async |options: &[&str]| setup(&desk, desk.home.path(), options).await;
    assert!(!setup(&["--yes"]).await.contains("dunst"), "it would not be read");

    desk.write(".config/dunst/dunstrc", "[global]\n");
    let said = setup(&[]).await;
    assert!(said.contains("not written") && said.contains("dunst's rule for calls"), "{said}");
    assert!(!folder.join("dunstrc.d").exists());

    let said = setup(&["--yes"]).await;
    assert!(said.contains("50-quietd.conf"), "{said}");
    assert_eq!(dunst.rules().await, [(RULE_NAME.to_owned(), false)]);
    assert!(setup(&["--yes"]).await.contains("dunst's rule for calls"));

    setup(&["--remove"]).await;
    assert!(!folder.join("dunstrc.d").exists() && dunst.rules().await.is_empty());
    assert_eq!(fs::read_to_string(folder.join("dunstrc")).unwrap(), "[global]\n");
}

#[tokio::test]
async fn setup_links_to_dunsts_own_config_where_the_person_has_none() {
    let desk = Desk::without_daemon();
    let shared = tempfile::tempdir().unwrap();
    fs::create_dir(shared.path().join("dunst")).unwrap();
    fs::write(shared.path().join("dunst/dunstrc"), "[global]\n").unwrap();
    let dunst = Dunst::start(desk.bus.address(), DunstVersion::New, 0).await.unwrap();
    let folder = desk.home.path().join(".config/dunst");
    dunst.has_a_config_in(folder.clone());
    let setup = async |options: &[&str]| setup(&desk, shared.path(), options).await;

    setup(&["--yes"]).await;
    assert_eq!(dunst.rules().await, [(RULE_NAME.to_owned(), false)]);
    assert_eq!(fs::read_link(folder.join("dunstrc")).unwrap(), shared.path().join("dunst/dunstrc"));
    setup(&["--remove"]).await;
    assert!(!folder.exists() && dunst.rules().await.is_empty());
    assert_eq!(fs::read_to_string(shared.path().join("dunst/dunstrc")).unwrap(), "[global]\n");

    // A config of the person's own that came in its place is theirs.
    setup(&["--yes"]).await;
    fs::remove_file(folder.join("dunstrc")).unwrap();
    desk.write(".config/dunst/dunstrc", "[global]\nfont = mono\n");
    setup(&["--remove"]).await;
    assert!(!folder.join("dunstrc.d").exists());
    assert_eq!(fs::read_to_string(folder.join("dunstrc")).unwrap(), "[global]\nfont = mono\n");
}

#[tokio::test]
async fn setup_ends_no_pause_and_keeps_what_the_person_changed() {
    let desk = Desk::without_daemon();
    let dunst = Dunst::start(desk.bus.address(), DunstVersion::New, 40).await.unwrap();
    let folder = desk.home.path().join(".config/dunst");
    desk.write(".config/dunst/dunstrc", "[global]\n");
    dunst.has_a_config_in(folder);
    let said = setup(&desk, desk.home.path(), &["--yes"]).await;
    assert!(said.contains("from its next start on"), "{said}");
    assert_eq!(dunst.state().await, "pause level 40");
    let file = desk.home.path().join(RULE);
    let theirs = fs::read_to_string(&file).unwrap().replace("enabled = no", "enabled = yes");
    fs::write(&file, &theirs).unwrap();
    let said = setup(&desk, desk.home.path(), &["--remove"]).await;
    assert!(said.contains("you have changed it"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), theirs);
}

#[tokio::test]
async fn setup_leaves_a_dunst_alone_that_reads_another_config() {
    for version in [DunstVersion::New, DunstVersion::Old] {
        let desk = Desk::without_daemon();
        let _dunst = Dunst::start(desk.bus.address(), version, 0).await.unwrap();
        desk.write(".config/dunst/dunstrc", "[global]\n");
        let said = setup(&desk, desk.home.path(), &["--yes"]).await;
        assert!(!said.contains("dunst"), "{said}");
        assert!(!desk.home.path().join(".config/dunst/dunstrc.d").exists());
    }
}
