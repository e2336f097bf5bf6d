//! swaync: an inhibitor of our own, whatever its person does with do-not-disturb.

use quietd::{
    backend::{Change, Probe, Restored, notifications::swaync, notifications::swaync_dnd},
    plan::Desired,
    standin::{OldSwaync, PrivateBus, StandIn, Swaync},
};
use tokio::sync::mpsc;

use crate::contract::{desktop_on, in_time, soon};

const QUIET: &str = r#"do-not-disturb false, inhibitors {"org.quietd.Quiet1"}"#;
const OPEN: &str = "do-not-disturb false, inhibitors {}";

#[tokio::test]
async fn leaves_do_not_disturb_alone() {
    let bus = PrivateBus::start().unwrap();
    let swaync = Swaync::start(bus.address(), false).await.unwrap();
    let desktop = desktop_on(&bus).await;
    let backend = (swaync::ROW.open)(&desktop);
    let said = "SwayNotificationCenter 0.11.0; urgent ones come through";
    assert_eq!(backend.probe().await, Probe::Ready(said.to_owned()));
    let other = (swaync_dnd::ROW.open)(&desktop).probe().await;
    assert!(matches!(other, Probe::Elsewhere(_)), "{other:?}");
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(swaync.state().await, QUIET);
    // The person switches it on: that is theirs, and it stays.
    swaync.person_sets(true).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(swaync.state().await, "do-not-disturb true, inhibitors {}");
}

#[tokio::test]
async fn leaves_the_inhibitors_of_others() {
    let bus = PrivateBus::start().unwrap();
    let swaync = Swaync::start(bus.address(), false).await.unwrap();
    let backend = (swaync::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    swaync.another_inhibits().await;
    // Ours was left behind by a process that is gone.
    let next = (swaync::ROW.open)(&desktop_on(&bus).await);
    assert_eq!(next.restore(&receipt).await, Ok(Restored::AsFound));
    let left = r#"do-not-disturb false, inhibitors {"org.example.Cinema"}"#;
    assert_eq!(swaync.state().await, left);
}

#[tokio::test]
async fn tells_when_everything_was_cleared_and_only_then() {
    let bus = PrivateBus::start().unwrap();
    let swaync = Swaync::start(bus.address(), false).await.unwrap();
    let backend = (swaync::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    let (tell, mut told) = mpsc::channel(8);
    let listening = backend.changes(tell);
    tokio::pin!(listening);
    swaync.person_sets(true).await;
    swaync.person_sets(false).await;
    tokio::select! {
        () = &mut listening => panic!("it listens for as long as it is polled"),
        change = soon(told.recv()) => assert_eq!(change, None),
    }
    swaync.person_changes().await;
    tokio::select! {
        () = &mut listening => panic!("it listens for as long as it is polled"),
        change = in_time("changes", told.recv()) => assert_eq!(change, Some(Change::ByThePerson)),
    }
    assert_eq!(swaync.state().await, OPEN);
}

#[tokio::test]
async fn one_without_inhibitors_is_another_row() {
    let bus = PrivateBus::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let own = (swaync_dnd::DND, quietd::dbus::dconf::Value::Bool(false));
    let _swaync = OldSwaync::start(bus.address(), folder.path(), own).await.unwrap();
    let desktop = desktop_on(&bus).await;
    let said = "SwayNotificationCenter 0.7.3 has no inhibitors; 0.8 and newer have them.";
    let probe = (swaync::ROW.open)(&desktop).probe().await;
    assert_eq!(probe, Probe::Elsewhere(said.to_owned()));
    let probe = (swaync_dnd::ROW.open)(&desktop).probe().await;
    assert!(matches!(&probe, Probe::Ready(said) if said.contains("0.7.3")), "{probe:?}");
}
