//! Plasma: inhibitions, one for each connection.

use quietd::backend::notifications::{NAME, PATH, plasma};
use std::collections::HashMap;

use quietd::{
    backend::{Change, Probe, Restored},
    plan::Desired,
    standin::{Plasma, PrivateBus, StandIn},
};
use tokio::sync::mpsc;

use crate::contract::{becomes, desktop_on, in_time, soon};

fn until(time: &str) -> Desired {
    Desired { until: Some(time.parse().unwrap()), ..Desired::default() }
}

async fn notify(bus: &PrivateBus, summary: &str) {
    let hints: HashMap<&str, zbus::Variant<'_>> = HashMap::new();
    let body = ("test", 0_u32, "", summary, "", [""; 0].as_slice(), hints, -1_i32);
    let connection = bus.connect().await.unwrap();
    connection.call_method(Some(NAME), PATH, Some(NAME), "Notify", &body).await.unwrap();
}

#[tokio::test]
async fn says_until_when() {
    let bus = PrivateBus::start().unwrap();
    let plasmashell = Plasma::start(bus.address(), false).await.unwrap();
    let backend = (plasma::ROW.open)(&desktop_on(&bus).await);
    assert_eq!(backend.probe().await, Probe::Ready("Plasma 5.27.5".to_owned()));
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(
        plasmashell.state().await,
        r#"by hand false, inhibited by ["org.quietd.Quietd: Quiet time"]"#
    );
    let desired = until("2099-06-01T12:00:00Z");
    let receipt = backend.capture(&desired, Some(&receipt)).await.unwrap();
    backend.apply(&desired, &receipt).await.unwrap();
    assert!(plasmashell.state().await.contains("Quiet time until"));
}

#[tokio::test]
async fn holds_without_a_gap_while_the_end_changes() {
    let bus = PrivateBus::start().unwrap();
    let plasmashell = Plasma::start(bus.address(), false).await.unwrap();
    let backend = (plasma::ROW.open)(&desktop_on(&bus).await);
    let desired = until("2099-06-01T12:00:00Z");
    let first = backend.capture(&desired, None).await.unwrap();
    backend.apply(&desired, &first).await.unwrap();
    backend.apply(&desired, &first).await.unwrap();
    assert_eq!(plasmashell.inhibited_times().await, 1, "what is in force is not asked for again");
    notify(&bus, "during").await;

    let later = until("2099-06-02T12:00:00Z");
    let second = backend.capture(&later, Some(&first)).await.unwrap();
    backend.apply(&later, &second).await.unwrap();
    assert_eq!(plasmashell.inhibited_times().await, 2);
    assert_eq!(plasmashell.shown().await, [""; 0], "nothing came through in between");

    backend.restore(&second).await.unwrap();
    becomes(&plasmashell, "by hand false, inhibited by []").await;
    assert_eq!(plasmashell.shown().await, ["during"], "nothing is lost");
}

#[tokio::test]
async fn leaves_the_persons_own_quiet_alone() {
    let bus = PrivateBus::start().unwrap();
    let plasmashell = Plasma::start(bus.address(), true).await.unwrap();
    let backend = (plasma::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    becomes(&plasmashell, "by hand true, inhibited by []").await;
}

#[tokio::test]
async fn tells_once_that_the_person_switched_it_off_even_before_it_listened() {
    let bus = PrivateBus::start().unwrap();
    let plasmashell = Plasma::start(bus.address(), false).await.unwrap();
    let backend = (plasma::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    plasmashell.person_switches_off().await;
    let (tell, mut told) = mpsc::channel(8);
    tokio::select! {
        () = backend.changes(tell) => panic!("it listens for as long as it is polled"),
        () = async {
            assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
            // Another program's inhibition comes and goes: not ours to tell of.
            plasmashell.person_switches_off().await;
            assert_eq!(soon(told.recv()).await, None);
        } => {}
    }
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
}

#[tokio::test]
async fn serves_on_the_embedded_bus_too() {
    let bus = PrivateBus::embedded().unwrap();
    let plasmashell = Plasma::start(bus.address(), false).await.unwrap();
    let before = plasmashell.state().await;
    let backend = (plasma::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_ne!(plasmashell.state().await, before);
    backend.restore(&receipt).await.unwrap();
    becomes(&plasmashell, &before).await;
}
