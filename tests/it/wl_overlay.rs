//! The overlay, against a compositor that does what a test says.

use quietd::{
    backend::{Backend, BackendError, Change, Probe, Restored, dim::wl_overlay},
    plan::Desired,
    store::Receipt,
};
use tokio::sync::mpsc;

use crate::{
    compositor::{ALL, Offers, Picture, Seen, Stage, next_change},
    contract::soon,
};

fn shade(dim: u8, warmth: Option<u16>) -> Desired {
    Desired { dim, warmth, ..Desired::default() }
}

async fn put(backend: &dyn Backend, desired: &Desired) -> Receipt {
    let receipt = backend.capture(desired, None).await.unwrap();
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

/// Black of 40 percent over everything, on a screen of 64 × 48.
fn dimmed() -> Picture {
    Picture {
        layer: "Overlay".to_owned(),
        anchored_to_all_sides: true,
        exclusive_zone: -1,
        keyboard: "None".to_owned(),
        lets_input_through: true,
        buffer: (1, 1),
        stretched_to: Some((64, 48)),
        pixel: 0x6600_0000,
    }
}

#[tokio::test]
async fn each_screen_is_covered_once_and_lets_input_through() {
    let mut stage = Stage::with(ALL, &[1, 2]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(40, None)).await;
    let seen = stage.compositor.next_sorted(2).await;
    assert_eq!(seen, [Seen::Overlay(1, dimmed()), Seen::Overlay(2, dimmed())]);
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn warmth_is_a_light_orange() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(0, Some(3400))).await;
    let (_, picture) = stage.compositor.next_picture().await;
    let [alpha, red, green, blue] = picture.pixel.to_be_bytes();
    assert!((20..70).contains(&alpha), "alpha {alpha}");
    assert!(red == alpha && green > 0 && green < red && blue == 0, "{:08x}", picture.pixel);
}

#[tokio::test]
async fn without_viewporter_the_buffer_is_as_large_as_the_screen() {
    let mut stage = Stage::with(Offers { viewporter: false, ..ALL }, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(40, None)).await;
    let whole = Picture { buffer: (64, 48), stretched_to: None, ..dimmed() };
    assert_eq!(stage.compositor.next_picture().await, (1, whole.clone()));
    stage.compositor.resize(100, 50);
    let larger = Picture { buffer: (100, 50), ..whole };
    assert_eq!(stage.compositor.next_picture().await, (1, larger));
}

#[tokio::test]
async fn a_screen_that_changes_its_size_stays_covered() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(40, None)).await;
    assert_eq!(stage.compositor.next_picture().await, (1, dimmed()));
    stage.compositor.resize(100, 50);
    let larger = Picture { stretched_to: Some((100, 50)), ..dimmed() };
    assert_eq!(stage.compositor.next_picture().await, (1, larger));
}

#[tokio::test]
async fn a_screen_that_comes_later_is_covered_too() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(40, None)).await;
    assert_eq!(stage.compositor.next_picture().await, (1, dimmed()));
    stage.compositor.plug(2);
    assert_eq!(stage.compositor.next_picture().await, (2, dimmed()));
    stage.compositor.unplug(2);
    assert_eq!(stage.compositor.next().await, Seen::OverlayEnded(2));
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn another_phase_is_another_colour_on_the_same_surface() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    let first = put(&*backend, &shade(40, None)).await;
    assert_eq!(stage.compositor.next_picture().await, (1, dimmed()));
    let desired = shade(75, None);
    let second = backend.capture(&desired, Some(&first)).await.unwrap();
    backend.apply(&desired, &second).await.unwrap();
    let darker = Picture { pixel: 0xbf00_0000, ..dimmed() };
    assert_eq!(stage.compositor.next_picture().await, (1, darker));
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn it_glides_there_and_then_does_nothing_more() {
    let mut stage = Stage::that_moves(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(40, None)).await;
    let mut alphas = Vec::new();
    while let Some((_, picture)) = soon(stage.compositor.next_picture()).await {
        alphas.push(picture.pixel.to_be_bytes()[0]);
    }
    assert!(alphas[0] < 3 && alphas.is_sorted(), "{alphas:?}");
    assert!((5..=25).contains(&alphas.len()) && alphas.ends_with(&[0x66]), "{alphas:?}");
}

#[tokio::test]
async fn where_each_step_would_be_a_whole_screen_it_goes_at_once() {
    let mut stage = Stage::that_moves(Offers { viewporter: false, ..ALL }, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(40, None)).await;
    let whole = Picture { buffer: (64, 48), stretched_to: None, ..dimmed() };
    assert_eq!(stage.compositor.next_picture().await, (1, whole));
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn restoring_uncovers_and_twice_is_once() {
    let mut stage = Stage::with(ALL, &[1, 2]).await;
    let backend = wl_overlay::open(&stage.desktop);
    let receipt = put(&*backend, &shade(40, None)).await;
    stage.compositor.next_sorted(2).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    let ended = stage.compositor.next_sorted(3).await;
    assert_eq!(ended, [Seen::ClientLeft, Seen::OverlayEnded(1), Seen::OverlayEnded(2)]);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    let other = wl_overlay::open(&stage.desktop);
    assert_eq!(other.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn dropping_the_backend_uncovers() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    put(&*backend, &shade(40, None)).await;
    stage.compositor.next().await;
    drop(backend);
    let ended = stage.compositor.next_sorted(2).await;
    assert_eq!(ended, [Seen::ClientLeft, Seen::OverlayEnded(1)]);
}

#[tokio::test]
async fn closed_on_every_screen_is_told_and_applied_again() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    let desired = shade(40, None);
    let receipt = put(&*backend, &desired).await;
    stage.compositor.next().await;
    let (tell, mut told) = mpsc::channel(1);
    stage.compositor.close_overlays();
    tokio::select! {
        () = backend.changes(tell) => panic!("it ended"),
        change = next_change(&mut told) => assert_eq!(change, Change::Again),
    }
    backend.apply(&desired, &receipt).await.unwrap();
    assert_eq!(stage.compositor.next().await, Seen::OverlayEnded(1));
    assert_eq!(stage.compositor.next_picture().await, (1, dimmed()));
}

#[tokio::test]
async fn a_compositor_that_comes_back_is_told() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    let desired = shade(40, None);
    let receipt = put(&*backend, &desired).await;
    let (tell, mut told) = mpsc::channel(1);
    let again = async {
        stage.compositor.stop().await;
        stage.compositor.restart();
        assert_eq!(next_change(&mut told).await, Change::Again);
        backend.apply(&desired, &receipt).await.unwrap();
        while stage.compositor.next().await != Seen::Overlay(1, dimmed()) {}
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it ended"),
        () = again => {}
    }
}

#[tokio::test]
async fn a_compositor_that_hangs_is_given_up_in_time() {
    let stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    stage.compositor.hang(true);
    let desired = shade(40, None);
    let receipt = backend.capture(&desired, None).await.unwrap();
    let applied = backend.apply(&desired, &receipt).await;
    assert!(matches!(applied, Err(BackendError::TimedOut(_))), "{applied:?}");
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
}

#[tokio::test]
async fn it_says_what_is_missing() {
    let mut stage = Stage::with(Offers { layer_shell: false, ..ALL }, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    assert!(
        matches!(backend.probe().await, Probe::Elsewhere(text) if text.contains("zwlr_layer_shell_v1"))
    );
    stage.compositor.stop().await;
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
}

#[tokio::test]
async fn probing_covers_no_screen() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_overlay::open(&stage.desktop);
    assert!(matches!(backend.probe().await, Probe::Ready(_)));
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    assert!(stage.compositor.is_quiet());
}
