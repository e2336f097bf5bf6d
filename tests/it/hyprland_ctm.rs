//! Hyprland's colour matrices, against a compositor that has them.

use quietd::{
    backend::{Backend, BackendError, Probe, Restored, dim::hyprland_ctm},
    plan::Desired,
    store::Receipt,
};

use crate::{
    compositor::{ALL, Offers, Seen, Stage},
    contract::soon,
};

const HYPRLAND: Offers = Offers { matrices: Some(2), ..ALL };

fn grey(dim: u8) -> Desired {
    Desired { dim, greyscale: true, ..Desired::default() }
}

async fn put(backend: &dyn Backend, desired: &Desired) -> Receipt {
    let receipt = backend.capture(desired, None).await.unwrap();
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

#[tokio::test]
async fn every_screen_gets_one_matrix_in_one_commit_that_the_compositor_fades() {
    // Though the person has nothing against steps.
    let mut stage = Stage::that_moves(HYPRLAND, &[1, 2]).await;
    let backend = hyprland_ctm::open(&stage.desktop);
    assert!(matches!(backend.probe().await, Probe::Ready(_)));
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    let receipt = put(&*backend, &grey(0)).await;
    let luma = [54, 183, 19, 54, 183, 19, 54, 183, 19];
    let both = [(1, luma), (2, luma)].into();
    assert_eq!(stage.compositor.next().await, Seen::Matrices(both));
    assert_eq!(soon(stage.compositor.next()).await, None);

    let darker = grey(50);
    let second = backend.capture(&darker, Some(&receipt)).await.unwrap();
    backend.apply(&darker, &second).await.unwrap();
    let half = [27, 91, 9, 27, 91, 9, 27, 91, 9];
    assert_eq!(stage.compositor.next().await, Seen::Matrices([(1, half), (2, half)].into()));
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(stage.compositor.next().await, Seen::MatricesEnded);
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
}

#[tokio::test]
async fn a_screen_that_comes_later_takes_no_other_its_matrix() {
    let mut stage = Stage::with(HYPRLAND, &[1]).await;
    let backend = hyprland_ctm::open(&stage.desktop);
    put(&*backend, &Desired { dim: 50, ..Desired::default() }).await;
    let half = [128, 0, 0, 0, 128, 0, 0, 0, 128];
    assert_eq!(stage.compositor.next().await, Seen::Matrices([(1, half)].into()));
    stage.compositor.plug(2);
    assert_eq!(stage.compositor.next().await, Seen::Matrices([(1, half), (2, half)].into()));
    stage.compositor.unplug(2);
    stage.compositor.unplug(1);
    assert_eq!(stage.compositor.next().await, Seen::MatricesEnded);
    stage.compositor.plug(1);
    assert_eq!(stage.compositor.next().await, Seen::Matrices([(1, half)].into()));
}

#[tokio::test]
async fn one_who_has_them_already_is_named_and_keeps_them() {
    let mut stage = Stage::with(HYPRLAND, &[1, 2]).await;
    stage.compositor.block_matrices();
    stage.runs(42, "hyprsunset");
    let backend = hyprland_ctm::open(&stage.desktop);
    let receipt = backend.capture(&grey(0), None).await.unwrap();
    let applied = backend.apply(&grey(0), &receipt).await;
    assert!(
        matches!(&applied, Err(BackendError::Refused(text)) if text.ends_with(": hyprsunset")),
        "{applied:?}"
    );
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    // No matrix was set or taken away.
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn the_version_that_tells_nobody_is_not_used() {
    let stage = Stage::with(Offers { matrices: Some(1), ..ALL }, &[1]).await;
    let backend = hyprland_ctm::open(&stage.desktop);
    let probe = backend.probe().await;
    assert!(matches!(&probe, Probe::Elsewhere(text) if text.contains("0.48")), "{probe:?}");
    let none = Stage::with(ALL, &[1]).await;
    let backend = hyprland_ctm::open(&none.desktop);
    assert!(matches!(backend.probe().await, Probe::Elsewhere(_)));
}
