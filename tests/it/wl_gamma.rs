//! wlroots gamma, against a compositor that does what a test says.

use std::collections::BTreeMap;

use quietd::{
    backend::{Backend, BackendError, Change, Probe, Restored, dim::wl_gamma},
    plan::Desired,
    store::Receipt,
};
use tokio::sync::mpsc;

use crate::compositor::{ALL, Offers, Seen, Stage, next_change};

fn warm(dim: u8, warmth: Option<u16>) -> Desired {
    Desired { dim, warmth, ..Desired::default() }
}

async fn receipt(backend: &dyn Backend, desired: &Desired) -> Receipt {
    backend.capture(desired, None).await.unwrap()
}

async fn put(backend: &dyn Backend, desired: &Desired) -> Receipt {
    let receipt = receipt(backend, desired).await;
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

#[tokio::test]
async fn each_screen_gets_a_ramp_that_ends_at_the_light_that_is_left() {
    let mut stage = Stage::with(ALL, &[1, 2]).await;
    let backend = wl_gamma::open(&stage.desktop);
    put(&*backend, &warm(50, Some(2500))).await;
    let seen = stage.compositor.next_sorted(4).await;
    assert_eq!(seen[..2], [Seen::GammaAsked(1), Seen::GammaAsked(2)]);
    for (seen, on) in seen[2..].iter().zip([1, 2]) {
        let Seen::Ramp { screen, red, green, blue } = seen else { panic!("{seen:?}") };
        assert_eq!(*screen, on);
        assert_eq!((red[0], red[255]), (0, 32768));
        assert!((20_000..22_000).contains(&green[255]), "green {}", green[255]);
        assert!((8_000..10_500).contains(&blue[255]), "blue {}", blue[255]);
        assert!([red, green, blue].iter().all(|channel| channel.is_sorted()));
    }
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn restoring_ends_the_control_and_twice_is_once() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let receipt = put(&*backend, &warm(50, None)).await;
    stage.compositor.next_sorted(2).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.compositor.next().await, Seen::GammaEnded(1));
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn dropping_the_backend_ends_the_control() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    put(&*backend, &warm(50, None)).await;
    stage.compositor.next_sorted(2).await;
    drop(backend);
    let ended = stage.compositor.next_sorted(2).await;
    assert_eq!(ended, [Seen::ClientLeft, Seen::GammaEnded(1)]);
}

#[tokio::test]
async fn another_process_has_nothing_to_give_back() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let receipt = put(&*backend, &warm(50, None)).await;
    stage.compositor.next_sorted(2).await;
    let other = wl_gamma::open(&stage.desktop);
    assert_eq!(other.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn another_phase_is_another_ramp_on_the_same_control() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let first = put(&*backend, &warm(75, None)).await;
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    assert_eq!(stage.compositor.next_ramp().await, (1, [16384; 3]));
    let desired = warm(20, None);
    let second = backend.capture(&desired, Some(&first)).await.unwrap();
    backend.apply(&desired, &second).await.unwrap();
    assert_eq!(stage.compositor.next_ramp().await, (1, [52428; 3]));
    backend.apply(&desired, &second).await.unwrap();
    assert_eq!(stage.compositor.next_ramp().await, (1, [52428; 3]));
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn a_screen_that_comes_later_gets_the_ramp_too() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    put(&*backend, &warm(50, None)).await;
    stage.compositor.next_sorted(2).await;
    stage.compositor.plug(2);
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(2));
    assert_eq!(stage.compositor.next_ramp().await, (2, [32768; 3]));
    stage.compositor.unplug(2);
    assert_eq!(stage.compositor.next().await, Seen::GammaEnded(2));
    stage.compositor.plug(2);
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(2));
    assert_eq!(stage.compositor.next_ramp().await, (2, [32768; 3]));
}

#[tokio::test]
async fn with_no_screen_at_all_the_first_one_gets_it() {
    let mut stage = Stage::with(ALL, &[]).await;
    let backend = wl_gamma::open(&stage.desktop);
    put(&*backend, &warm(50, None)).await;
    stage.compositor.plug(1);
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    assert_eq!(stage.compositor.next_ramp().await, (1, [32768; 3]));
}

#[tokio::test]
async fn one_screen_that_refuses_does_not_stop_the_other() {
    let mut stage = Stage::with(ALL, &[1, 2]).await;
    stage.compositor.refuse_gamma(1);
    let backend = wl_gamma::open(&stage.desktop);
    put(&*backend, &warm(50, None)).await;
    stage.compositor.next_sorted(2).await;
    assert_eq!(stage.compositor.next_ramp().await, (2, [32768; 3]));
}

#[tokio::test]
async fn refused_on_every_screen_the_next_way_is_tried() {
    let mut stage = Stage::with(ALL, &[1, 2]).await;
    stage.compositor.refuse_gamma(1);
    stage.compositor.refuse_gamma(2);
    let backend = wl_gamma::open(&stage.desktop);
    let desired = warm(50, None);
    let receipt = receipt(&*backend, &desired).await;
    let applied = backend.apply(&desired, &receipt).await;
    assert!(
        matches!(&applied, Err(BackendError::Absent(text)) if text.contains("another program")),
        "{applied:?}"
    );
    let seen = stage.compositor.next_sorted(3).await;
    assert_eq!(seen, [Seen::ClientLeft, Seen::GammaAsked(1), Seen::GammaAsked(2)]);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    stage.compositor.allow_gamma(2);
    backend.apply(&desired, &receipt).await.unwrap();
    stage.compositor.next_sorted(2).await;
    assert_eq!(stage.compositor.next_ramp().await, (2, [32768; 3]));
}

#[tokio::test]
async fn gamma_taken_away_is_told() {
    let mut stage = Stage::with(ALL, &[1, 2]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let desired = warm(50, None);
    let receipt = put(&*backend, &desired).await;
    stage.compositor.next_sorted(4).await;
    let (tell, mut told) = mpsc::channel(1);
    stage.compositor.take_gamma_away();
    tokio::select! {
        () = backend.changes(tell) => panic!("it ended"),
        change = next_change(&mut told) => assert_eq!(change, Change::Again),
    }
    let applied = backend.apply(&desired, &receipt).await;
    assert!(matches!(applied, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn a_compositor_that_comes_back_is_told() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let desired = warm(50, None);
    let receipt = put(&*backend, &desired).await;
    let (tell, mut told) = mpsc::channel(1);
    let again = async {
        stage.compositor.stop().await;
        let applied = backend.apply(&desired, &receipt).await;
        assert!(matches!(applied, Err(BackendError::Absent(_))));
        stage.compositor.restart();
        assert_eq!(next_change(&mut told).await, Change::Again);
        backend.apply(&desired, &receipt).await.unwrap();
        while stage.compositor.next().await != Seen::GammaAsked(1) {}
        assert_eq!(stage.compositor.next_ramp().await, (1, [32768; 3]));
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it ended"),
        () = again => {}
    }
}

#[tokio::test]
async fn a_compositor_that_hangs_is_given_up_in_time_and_catches_up() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let receipt = put(&*backend, &warm(50, None)).await;
    stage.compositor.next_sorted(2).await;
    stage.compositor.hang(true);
    let desired = warm(20, None);
    let second = backend.capture(&desired, Some(&receipt)).await.unwrap();
    let applied = backend.apply(&desired, &second).await;
    assert!(matches!(applied, Err(BackendError::TimedOut(_))), "{applied:?}");
    let other = wl_gamma::open(&stage.desktop);
    assert!(matches!(other.probe().await, Probe::Deferred(_)));
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    stage.compositor.hang(false);
    loop {
        match stage.compositor.next().await {
            Seen::GammaEnded(1) => break,
            Seen::Ramp { .. } | Seen::ClientLeft => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn it_says_what_is_missing() {
    let mut stage = Stage::with(Offers { gamma: false, ..ALL }, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    assert!(
        matches!(backend.probe().await, Probe::Elsewhere(text) if text.contains("zwlr_gamma_control_manager_v1"))
    );
    let desired = warm(50, None);
    let receipt = receipt(&*backend, &desired).await;
    assert!(matches!(backend.apply(&desired, &receipt).await, Err(BackendError::Absent(_))));
    stage.compositor.stop().await;
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    assert!(matches!(backend.apply(&desired, &receipt).await, Err(BackendError::Absent(_))));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
}

#[tokio::test]
async fn probing_and_capturing_touch_no_screen() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    assert!(matches!(backend.probe().await, Probe::Ready(_)));
    receipt(&*backend, &warm(50, None)).await;
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    assert!(stage.compositor.is_quiet());
}

#[tokio::test]
async fn only_its_own_measures_are_in_the_receipt() {
    let stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let desired = Desired { greyscale: true, ..warm(90, Some(3400)) };
    let receipt = receipt(&*backend, &desired).await;
    let set: BTreeMap<String, u16> = receipt.set().unwrap();
    assert_eq!(set, BTreeMap::from([("dim".to_owned(), 75), ("warmth".to_owned(), 3400)]));
}

#[tokio::test]
async fn a_receipt_that_makes_no_sense_is_refused() {
    let stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let strange = Receipt::new("other", &"what", &"ever");
    let applied = backend.apply(&warm(50, None), &strange).await;
    assert!(matches!(applied, Err(BackendError::Refused(_))));
    assert_eq!(backend.restore(&strange).await, Ok(Restored::AsFound));
}

/// The user manager, as far as it is asked.
struct UserManager {
    environment: Vec<String>,
}

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl UserManager {
    #[zbus(property)]
    fn environment(&self) -> Vec<String> {
        self.environment.clone()
    }
}

#[tokio::test]
async fn a_compositor_that_only_the_user_manager_knows_is_found() {
    let mut stage = Stage::with(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop_unaware());
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let manager = stage.bus.connect().await.unwrap();
    let environment = ["HOME=/", "WAYLAND_DISPLAY=wayland-7"].map(str::to_owned).to_vec();
    let served = UserManager { environment };
    manager.object_server().at("/org/freedesktop/systemd1", served).await.unwrap();
    manager.request_name("org.freedesktop.systemd1").await.unwrap();
    assert!(matches!(backend.probe().await, Probe::Ready(_)));
    put(&*backend, &warm(50, None)).await;
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
}
