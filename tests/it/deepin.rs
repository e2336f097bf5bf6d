//! Deepin: three settings that together say when it is quiet, each judged by itself.

use quietd::{
    backend::{Change, Probe, Restored, notifications::deepin},
    plan::Desired,
    standin::{Deepin, DeepinVersion, PrivateBus, StandIn},
};
use tokio::sync::mpsc;

use crate::contract::{desktop_on, in_time};

#[tokio::test]
async fn a_timetable_of_the_persons_own_comes_back() {
    for version in [DeepinVersion::Old, DeepinVersion::New] {
        let bus = PrivateBus::start().unwrap();
        let deepin = Deepin::start(bus.address(), version, [true, false, true]).await.unwrap();
        let backend = (deepin::ROW.open)(&desktop_on(&bus).await);
        assert!(matches!(backend.probe().await, Probe::Ready(_)));
        let receipt = backend.capture(&Desired::default(), None).await.unwrap();
        backend.apply(&Desired::default(), &receipt).await.unwrap();
        assert_eq!(deepin.state().await, "[true, false, false]");
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(deepin.state().await, "[true, false, true]");
    }
}

#[tokio::test]
async fn what_a_crash_left_half_done_is_given_back() {
    let bus = PrivateBus::start().unwrap();
    let found = [false, true, true];
    let deepin = Deepin::start(bus.address(), DeepinVersion::New, found).await.unwrap();
    let backend = (deepin::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    deepin.person_sets(0, true).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(deepin.state().await, "[false, true, true]");
}

#[tokio::test]
async fn a_setting_of_the_persons_own_stays_and_ours_goes() {
    let bus = PrivateBus::start().unwrap();
    let deepin = Deepin::start(bus.address(), DeepinVersion::New, [false; 3]).await.unwrap();
    let backend = (deepin::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    let (tell, mut told) = mpsc::channel(8);
    tokio::select! {
        () = backend.changes(tell) => panic!("it listens for as long as it is polled"),
        () = async {
            deepin.person_sets(2, true).await;
            assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
        } => {}
    }
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(deepin.state().await, "[false, false, true]");
}
