//! dunst: levels where it has them, all or nothing where not.

use quietd::{
    backend::{BackendError, Change, Probe, Restored, notifications::dunst},
    plan::Desired,
    standin::{Dunst, DunstVersion, Plasma, PrivateBus, StandIn},
};
use tokio::sync::mpsc;

use crate::contract::{desktop_on, in_time};

#[tokio::test]
async fn lets_the_persons_rules_through_where_it_can() {
    let bus = PrivateBus::start().unwrap();
    let dunst = Dunst::start(bus.address(), DunstVersion::New, 0).await.unwrap();
    let backend = (dunst::ROW.open)(&desktop_on(&bus).await);
    let said = "dunst 1.13.2; urgent ones come through where dunstrc gives them override_pause_level 60 or more";
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
