//! Budgie: what can only be toggled may be toggled by two.

use quietd::{
    backend::{BackendError, Probe, Restored, notifications::budgie},
    plan::Desired,
    standin::{Budgie, PrivateBus, StandIn},
};

use crate::contract::desktop_on;

#[tokio::test]
async fn a_toggle_at_the_same_moment_is_put_right_once() {
    let bus = PrivateBus::start().unwrap();
    let budgie = Budgie::start(bus.address(), false).await.unwrap();
    let backend = (budgie::ROW.open)(&desktop_on(&bus).await);
    assert_eq!(backend.probe().await, Probe::Ready("Budgie 10.7.1".to_owned()));
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    budgie.person_races(1);
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(budgie.state().await, "do not disturb: true");

    budgie.person_races(1);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(budgie.state().await, "do not disturb: false");
}

#[tokio::test]
async fn nobody_toggles_against_another_for_long() {
    let bus = PrivateBus::start().unwrap();
    let budgie = Budgie::start(bus.address(), false).await.unwrap();
    let backend = (budgie::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    budgie.person_races(u32::MAX);
    match backend.apply(&Desired::default(), &receipt).await {
        Err(BackendError::Refused(why)) => assert!(why.contains("at the same time"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(budgie.state().await, "do not disturb: false");
}
