//! Xfce: a value that outlives everything, and may be of any type.

use quietd::{
    backend::{BackendError, Change, Probe, notifications::xfce},
    plan::Desired,
    standin::{PrivateBus, StandIn, Xfce},
};
use tokio::sync::mpsc;

use crate::contract::{desktop_on, in_time};

#[tokio::test]
async fn sets_a_boolean_and_gives_back_nothing_where_nothing_was() {
    let bus = PrivateBus::start().unwrap();
    let xfconf = Xfce::start(bus.address(), None).await.unwrap();
    let backend = (xfce::ROW.open)(&desktop_on(&bus).await);
    assert_eq!(backend.probe().await, Probe::Ready("Xfce Notify Daemon 0.9.7".to_owned()));
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    assert_eq!(xfconf.state().await, "/do-not-disturb = Bool(true)");
    backend.restore(&receipt).await.unwrap();
    assert_eq!(xfconf.state().await, "/do-not-disturb is not set");
}

#[tokio::test]
async fn refuses_what_it_could_not_give_back() {
    let bus = PrivateBus::start().unwrap();
    let xfconf = Xfce::start(bus.address(), Some(1_i32.into())).await.unwrap();
    let before = xfconf.state().await;
    let backend = (xfce::ROW.open)(&desktop_on(&bus).await);
    match backend.capture(&Desired::default(), None).await {
        Err(BackendError::Refused(text)) => assert!(text.contains("xfconf-query"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(xfconf.state().await, before);
}

#[tokio::test]
async fn tells_that_it_was_taken_away() {
    let bus = PrivateBus::start().unwrap();
    let xfconf = Xfce::start(bus.address(), Some(false.into())).await.unwrap();
    let backend = (xfce::ROW.open)(&desktop_on(&bus).await);
    let receipt = backend.capture(&Desired::default(), None).await.unwrap();
    backend.apply(&Desired::default(), &receipt).await.unwrap();
    let (tell, mut told) = mpsc::channel(8);
    tokio::select! {
        () = backend.changes(tell) => panic!("it listens for as long as it is polled"),
        () = async {
            xfconf.person_stores(None).await;
            assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
        } => {}
    }
}
