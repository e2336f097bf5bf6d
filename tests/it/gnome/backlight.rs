//! The backlight of the settings daemon.

use super::*;

const ID: &str = "gnome-backlight";

async fn power(world: &World, percent: i32) -> GnomePower {
    GnomePower::start(world.bus.address(), percent).await.unwrap()
}

#[tokio::test]
async fn it_is_ready_where_there_is_a_backlight() {
    let world = World::new().await;
    let backend = open(ID, &world.desktop);
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let mut without = power(&world, -1).await;
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
    without.stop().await;
    let power = power(&world, 60).await;
    assert_eq!(backend.probe().await, Probe::Ready("GNOME Settings".to_owned()));
    power.fault(Fault::OddType).await;
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    power.fault(Fault::Hangs).await;
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    power.fault(Fault::None).await;
    power.forget_the_interface();
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn phases_follow_each_other_and_it_comes_back() {
    let world = World::new().await;
    let power = power(&world, 60).await;
    let backend = open(ID, &world.desktop);
    let first = put_in_force(&*backend, &dim(40)).await;
    assert_eq!(power.percent(), 36);
    backend.apply(&dim(40), &first).await.unwrap();
    assert_eq!(power.percent(), 36);
    let second = through_disk(&backend.capture(&dim(20), Some(&first)).await.unwrap());
    let later = open(ID, &world.later().await);
    assert_eq!(later.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(power.percent(), 60);
    assert_eq!(later.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(power.percent(), 60);
}

#[tokio::test]
async fn what_the_person_sets_is_told_and_stays() {
    let world = World::new().await;
    let power = power(&world, 60).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    assert_eq!(told(&*backend, || power.person_changes()).await, Change::ByThePerson);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(power.percent(), 91);
}

#[tokio::test]
async fn own_writes_are_not_told() {
    let world = World::new().await;
    let power = power(&world, 60).await;
    let backend = open(ID, &world.desktop);
    let own = async {
        let receipt = put_in_force(&*backend, &dim(40)).await;
        backend.restore(&receipt).await.unwrap();
        put_in_force(&*backend, &dim(20)).await;
    };
    let all = told_meanwhile(&*backend, own, power.person_changes()).await;
    assert_eq!(all, [Change::ByThePerson]);
}

#[tokio::test]
async fn what_gnome_dims_itself_is_not_taken_for_the_persons() {
    let world = World::new().await;
    let power = power(&world, 60).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    power.become_idle(140_000, 30).await;
    assert!(matches!(backend.restore(&receipt).await, Err(BackendError::TimedOut(_))));
    // The person is back: the daemon sets what was there before.
    let (tell, mut heard) = mpsc::channel(8);
    let back = async {
        power.is_asked_for_idleness().await;
        power.press(36).await;
        heard.recv().await
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it stopped listening"),
        change = tokio::time::timeout(LONG, back) => assert_eq!(change, Ok(Some(Change::Again))),
    }
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(power.percent(), 60);

    power.become_idle(299_000, 30).await;
    assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn a_daemon_that_fails_is_said() {
    let world = World::new().await;
    let mut power = power(&world, 60).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    for (fault, wanted) in
        [(Fault::Refuses, "Refused"), (Fault::OddType, "Refused"), (Fault::Hangs, "TimedOut")]
    {
        power.fault(fault).await;
        let error = backend.restore(&receipt).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(wanted), "{fault:?}: {error:?}");
    }
    power.fault(Fault::None).await;
    power.stop().await;
    assert!(matches!(backend.restore(&receipt).await, Err(BackendError::Absent(_))));
    StandIn::start(&mut power).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(power.percent(), 60);
}

#[tokio::test]
async fn a_brightness_gnome_would_not_choose_is_the_persons_even_while_nobody_is_there() {
    let world = World::new().await;
    let power = power(&world, 60).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    power.become_idle(299_000, 45).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(power.percent(), 45);
    // What GNOME chooses is the person's where they were there a moment ago.
    let receipt = put_in_force(&*backend, &dim(40)).await;
    power.become_idle(100_000, 30).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(power.percent(), 30);
}
