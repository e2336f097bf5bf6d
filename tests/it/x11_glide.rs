//! Gamma ramps on X11, on their way.

use std::{sync::Arc, time::Duration};

use nix::sys::signal::Signal;
use quietd::{
    backend::{Backend, BackendError, Change, Restored},
    standin::StandIn,
    store::Receipt,
};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    contract::{World, in_time, soon},
    x11::{XServer, dim, world_that_moves},
};

const FOUND: [u16; 3] = [65535, 65535, 58981];
const HALF: [u16; 3] = [32768, 32768, 29491];

/// Looks until the screen is as wanted: X tells nobody of ramps.
async fn until(server: &XServer, wanted: impl Fn(u16) -> bool) {
    let look = async {
        while !wanted(server.white()[0]) {
            tokio::task::yield_now().await;
        }
    };
    in_time("the glide", look).await;
}

/// A glide to half the light that has made a part of its way.
async fn halfway() -> (World, XServer, Arc<dyn Backend>, Receipt) {
    let (world, server) = world_that_moves().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    backend.apply(&dim(50), &receipt).await.unwrap();
    until(&server, |white| white < 58_000).await;
    (world, server, backend, receipt)
}

#[tokio::test]
async fn glides_there_within_its_time() {
    let (world, server) = world_that_moves().await;
    let backend = world.backend().await;
    let receipt = backend.capture(&dim(50), None).await.unwrap();
    let began = Instant::now();
    backend.apply(&dim(50), &receipt).await.unwrap();
    let first = server.white()[0];
    assert!(first < FOUND[0], "the first step is there when `apply` returns");
    until(&server, |white| white == HALF[0]).await;
    assert!(began.elapsed() > Duration::from_millis(800), "{:?}", began.elapsed());
    assert_eq!(server.white(), HALF);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), FOUND);
}

#[tokio::test]
async fn a_process_that_dies_on_the_way_leaves_what_another_knows() {
    for steps in [0, 1, 3] {
        let (world, server) = world_that_moves().await;
        let before = server.state().await;
        let backend = world.backend().await;
        let receipt = backend.capture(&dim(50), None).await.unwrap();
        backend.apply(&dim(50), &receipt).await.unwrap();
        for _ in 0..steps {
            let white = server.white()[0];
            until(&server, |now| now < white).await;
        }
        drop(backend);
        let stays = soon(until(&server, |white| white == HALF[0])).await;
        assert_eq!(stays, None, "with the process the glide ends");
        assert_ne!(server.state().await, before);
        let other = world.backend().await;
        assert_eq!(other.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(server.state().await, before, "after {steps} steps more");
        assert_eq!(other.restore(&receipt).await, Ok(Restored::AsFound));
    }
}

#[tokio::test]
async fn a_process_that_comes_back_goes_on_from_there() {
    let (world, server, backend, receipt) = halfway().await;
    drop(backend);
    let other = world.backend().await;
    let second = other.capture(&dim(50), Some(&receipt)).await.unwrap();
    assert_eq!(second.found, receipt.found);
    other.apply(&dim(50), &second).await.unwrap();
    assert!(server.white()[0] < 60_000, "it does not begin anew");
    until(&server, |white| white == HALF[0]).await;
    assert_eq!(other.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), FOUND);
}

#[tokio::test]
async fn what_is_lifted_on_the_way_is_back_at_once_and_stays() {
    let (_world, server, backend, receipt) = halfway().await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), FOUND);
    assert_eq!(soon(until(&server, |white| white != FOUND[0])).await, None);
}

#[tokio::test]
async fn another_phase_on_the_way_goes_on_from_there() {
    let (_world, server, backend, first) = halfway().await;
    let second = backend.capture(&dim(10), Some(&first)).await.unwrap();
    assert_eq!(second.found, first.found);
    backend.apply(&dim(10), &second).await.unwrap();
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    until(&server, |white| white == 58982).await;
    assert_eq!(soon(told.recv()).await, None, "all of it was ours");
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), FOUND);
    listening.abort();
}

#[tokio::test]
async fn a_ramp_that_somebody_writes_on_the_way_is_left() {
    let (_world, server, backend, receipt) = halfway().await;
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    server.person_changes().await;
    let theirs = server.state().await;
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::ByThePerson));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(server.state().await, theirs);
    listening.abort();
}

#[tokio::test]
async fn a_screen_set_up_anew_on_the_way_is_taken_along() {
    let (_world, server, backend, receipt) = halfway().await;
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    server.set_ramp(|value, _| value);
    assert_eq!(in_time("changes", told.recv()).await, Some(Change::Again));
    backend.apply(&dim(50), &receipt).await.unwrap();
    until(&server, |white| white == HALF[0]).await;
    assert_eq!(server.white(), HALF);
    listening.abort();
}

#[tokio::test]
async fn a_screen_that_goes_and_comes_after_it_hinders_nothing() {
    let (_world, server, backend, receipt) = halfway().await;
    let (tell, mut told) = mpsc::channel(8);
    let listening = tokio::spawn({
        let backend = backend.clone();
        async move { backend.changes(tell).await }
    });
    until(&server, |white| white == HALF[0]).await;
    let as_it_was = server.switch_screen_off();
    server.set_crtc(|_| as_it_was);
    assert_eq!(soon(told.recv()).await, None, "the ramp is as it was");
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), FOUND);
    listening.abort();
}

#[tokio::test]
async fn a_server_that_hangs_on_the_way_is_given_up_in_time() {
    let (_world, server, backend, receipt) = halfway().await;
    server.signal(Signal::SIGSTOP);
    let restored = in_time("restore", backend.restore(&receipt)).await;
    assert!(matches!(restored, Err(BackendError::TimedOut(_))), "{restored:?}");
    server.signal(Signal::SIGCONT);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(server.white(), FOUND);
    assert_eq!(soon(until(&server, |white| white != FOUND[0])).await, None);
}
