//! What is checked of every backend.

use quietd::{
    backend::{BackendError, Probe, Restored},
    standin::Fault,
    store::Receipt,
};
use tokio::sync::mpsc;

use super::{Case, World, becomes, in_time, soon};

pub async fn puts_in_force_and_gives_back_exactly(case: &Case) {
    let world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let probe = in_time("probe", backend.probe()).await;
    assert!(matches!(&probe, Probe::Ready(text) if !text.is_empty()), "{probe:?}");

    let receipt = backend.capture(&case.desired, None).await.unwrap();
    assert_eq!(receipt.backend, world.row.id);
    assert_eq!(world.state().await, before, "probe and capture change nothing");

    backend.apply(&case.desired, &receipt).await.unwrap();
    let in_force = world.state().await;
    assert_eq!(in_force == before, case.already && !case.ends_with_us, "{in_force}");
    backend.apply(&case.desired, &receipt).await.unwrap();
    assert_eq!(world.state().await, in_force, "applying twice is the same as once");

    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    becomes(&*world.stand_in, &before).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.state().await, before, "restoring twice is the same as once");
}

pub async fn is_restored_by_another_process(case: &Case) {
    let world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&case.desired, None).await.unwrap();
    backend.apply(&case.desired, &receipt).await.unwrap();
    drop(backend);

    // All that outlives a process is what is on disk.
    let kept = serde_json::to_string(&receipt).unwrap();
    let receipt: Receipt = serde_json::from_str(&kept).unwrap();
    assert_eq!(world.backend().await.restore(&receipt).await, Ok(Restored::AsFound));
    becomes(&*world.stand_in, &before).await;
}

pub async fn renews_and_keeps_what_was_found(case: &Case) {
    let world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let first = backend.capture(&case.desired, None).await.unwrap();
    backend.apply(&case.desired, &first).await.unwrap();
    let in_force = world.state().await;

    let second = backend.capture(&case.renewed, Some(&first)).await.unwrap();
    assert_eq!(second.found, first.found);
    assert_eq!(world.state().await, in_force, "capture changes nothing");
    backend.apply(&case.renewed, &second).await.unwrap();
    assert_eq!(second.set == first.set, world.state().await == in_force);
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    becomes(&*world.stand_in, &before).await;
}

pub async fn knows_its_own_after_a_crash_between_writing_and_applying(case: &Case) {
    let world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let first = backend.capture(&case.desired, None).await.unwrap();
    backend.apply(&case.desired, &first).await.unwrap();
    let second = backend.capture(&case.renewed, Some(&first)).await.unwrap();
    drop(backend);

    assert_eq!(world.backend().await.restore(&second).await, Ok(Restored::AsFound));
    becomes(&*world.stand_in, &before).await;
}

pub async fn gives_back_nothing_that_was_never_applied(case: &Case) {
    let world = World::of(case).await;
    let before = world.state().await;
    let receipt = world.backend().await.capture(&case.desired, None).await.unwrap();
    // The receipt was written, then the process ended.
    assert_eq!(world.backend().await.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.state().await, before);
}

pub async fn is_absent_with_its_service(case: &Case) {
    let mut world = World::of(case).await;
    let backend = world.backend().await;
    let receipt = backend.capture(&case.desired, None).await.unwrap();
    world.stand_in.stop().await;
    let probe = in_time("probe", backend.probe()).await;
    assert!(
        matches!(probe, Probe::Deferred(_) | Probe::Unsupported(_) | Probe::Elsewhere(_)),
        "{probe:?}"
    );
    let captured = in_time("capture", backend.capture(&case.desired, None)).await;
    if case.reads_without_it {
        assert_eq!(captured, Ok(receipt.clone()));
    } else {
        assert!(matches!(captured, Err(BackendError::Absent(_))), "{captured:?}");
    }
    let applied = in_time("apply", backend.apply(&case.desired, &receipt)).await;
    if asks_nothing(case) {
        assert_eq!(applied, Ok(()));
    } else {
        assert!(matches!(applied, Err(BackendError::Absent(_))), "{applied:?}");
    }
    let restored = in_time("restore", backend.restore(&receipt)).await;
    assert!(
        matches!(restored, Ok(Restored::AsFound) | Err(BackendError::Absent(_))),
        "{restored:?}"
    );
}

pub async fn is_put_in_force_again_after_a_restart(case: &Case) {
    let mut world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&case.desired, None).await.unwrap();
    backend.apply(&case.desired, &receipt).await.unwrap();
    let in_force = world.state().await;

    world.stand_in.stop().await;
    world.stand_in.start().await;
    backend.apply(&case.desired, &receipt).await.unwrap();
    assert_eq!(world.state().await, in_force);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    becomes(&*world.stand_in, &before).await;
}

pub async fn leaves_what_the_person_changed(case: &Case) {
    let world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let (tell, mut told) = mpsc::channel(8);
    let receipt = backend.capture(&case.desired, None).await.unwrap();
    backend.apply(&case.desired, &receipt).await.unwrap();
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    world.stand_in.person_changes().await;
    let left = case.left.map_or(world.state().await, str::to_owned);
    if case.tells.is_some() {
        let change = in_time("changes", told.recv()).await;
        assert_eq!(change, case.tells);
    }
    let restored = backend.restore(&receipt).await.unwrap();
    becomes(&*world.stand_in, &left).await;
    if left != before {
        assert_eq!(restored, Restored::AsThePersonSetIt);
    }
    listening.abort();
}

pub async fn leaves_what_the_person_changed_while_nobody_listened(case: &Case) {
    let world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&case.desired, None).await.unwrap();
    backend.apply(&case.desired, &receipt).await.unwrap();
    world.stand_in.person_changes().await;
    let left = case.left.map_or(world.state().await, str::to_owned);
    // A daemon that was ended and came back.
    if !case.ends_with_us {
        let restored = world.backend().await.restore(&receipt).await.unwrap();
        assert_eq!(world.state().await, left);
        assert_eq!(restored == Restored::AsThePersonSetIt, left != before);
    }
    let restored = backend.restore(&receipt).await.unwrap();
    becomes(&*world.stand_in, &left).await;
    if left != before {
        assert_eq!(restored, Restored::AsThePersonSetIt);
    }
}

pub async fn tells_nothing_of_its_own_writes(case: &Case) {
    let world = World::of(case).await;
    let backend = world.backend().await;
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    let first = backend.capture(&case.desired, None).await.unwrap();
    backend.apply(&case.desired, &first).await.unwrap();
    let second = backend.capture(&case.renewed, Some(&first)).await.unwrap();
    backend.apply(&case.renewed, &second).await.unwrap();
    assert_eq!(soon(told.recv()).await, None);
    backend.restore(&second).await.unwrap();
    assert_eq!(soon(told.recv()).await, None);
    listening.abort();
}

pub async fn says_that_it_was_refused(case: &Case) {
    errs(case, Fault::Refuses, |error| matches!(error, BackendError::Refused(_))).await;
}

pub async fn says_that_an_answer_was_odd(case: &Case) {
    errs(case, Fault::OddType, |error| matches!(error, BackendError::Refused(_))).await;
}

pub async fn ends_in_time_where_the_service_hangs(case: &Case) {
    errs(case, Fault::Hangs, |error| matches!(error, BackendError::TimedOut(_))).await;
}

/// With a fault, everything ends in time and says what was wrong; when it is over, everything can be given back.
async fn errs(case: &Case, fault: Fault, expected: fn(&BackendError) -> bool) {
    let world = World::of(case).await;
    let before = world.state().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&case.desired, None).await.unwrap();
    if case.reads_without_it {
        // What is in force already is not asked for again, so the fault is met before that.
        world.stand_in.fault(fault).await;
        let applied = in_time("apply", world.backend().await.apply(&case.desired, &receipt)).await;
        match applied {
            Err(error) => assert!(expected(&error), "{error:?}"),
            Ok(()) => assert!(asks_nothing(case)),
        }
        world.stand_in.fault(Fault::None).await;
    }
    backend.apply(&case.desired, &receipt).await.unwrap();

    world.stand_in.fault(fault).await;
    // What was held is no hindrance where nothing is asked.
    let held = case.reads_without_it.then_some(&receipt);
    // Of one object never two things at once; together, because each may take as long as a call may.
    let (probing, capturing, applying) =
        (world.backend().await, world.backend().await, world.backend().await);
    let (probe, captured, applied, restored) = tokio::join!(
        in_time("probe", probing.probe()),
        in_time("capture", capturing.capture(&case.desired, held)),
        in_time("apply", applying.apply(&case.desired, &receipt)),
        in_time("restore", backend.restore(&receipt)),
    );
    assert!(
        matches!(probe, Probe::Deferred(_) | Probe::Unsupported(_) | Probe::Elsewhere(_)),
        "{probe:?}"
    );
    if case.reads_without_it {
        assert_eq!(captured, Ok(receipt.clone()));
    } else {
        let captured = captured.expect_err("nothing was captured");
        assert!(expected(&captured), "{captured:?}");
    }
    match applied {
        Err(error) => assert!(expected(&error), "{error:?}"),
        // A service that does as it is told and answers oddly has done as it was told.
        Ok(()) => assert!(case.reads_without_it || fault == Fault::OddType),
    }
    match restored {
        Err(error) => assert!(expected(&error), "{error:?}"),
        Ok(restored) => {
            assert!(case.ends_with_us || case.gives_back_without_it || asks_nothing(case));
            assert_eq!(restored, Restored::AsFound);
        }
    }

    world.stand_in.fault(Fault::None).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    becomes(&*world.stand_in, &before).await;
}

/// Tells whether there is nothing to change and so nothing to ask the service.
fn asks_nothing(case: &Case) -> bool {
    case.reads_without_it && case.already
}
