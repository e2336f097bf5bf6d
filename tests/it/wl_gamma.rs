//! wlroots gamma, against a compositor that does what a test says.

use std::collections::BTreeMap;

use quietd::{
    backend::{Backend, BackendError, Change, Probe, Restored, dim::wl_gamma},
    plan::Desired,
    store::Receipt,
};
use tokio::sync::mpsc;

use crate::{
    compositor::{ALL, Compositor, Offers, PANELS, Seen, Stage, next_change},
    contract::soon,
    house::House,
};

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
async fn beside_a_panel_with_its_own_light_the_other_screens_are_dimmed() {
    let mut stage = Stage::with(ALL, &[1, PANELS]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let beside = |warmth| Desired { dim_but_panel: true, ..warm(50, warmth) };
    let first = put(&*backend, &beside(None)).await;
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    assert_eq!(stage.compositor.next_ramp().await, (1, [32768; 3]));
    assert!(stage.compositor.is_quiet(), "the panel's gamma may be another program's");

    let warmer = beside(Some(2500));
    let second = backend.capture(&warmer, Some(&first)).await.unwrap();
    backend.apply(&warmer, &second).await.unwrap();
    let seen = stage.compositor.next_sorted(3).await;
    let top = |seen: &Seen| match seen {
        Seen::Ramp { screen, red, .. } => (*screen, red[255]),
        other => panic!("{other:?}"),
    };
    assert_eq!(seen[0], Seen::GammaAsked(PANELS));
    assert_eq!((top(&seen[1]), top(&seen[2])), ((1, 32768), (PANELS, 65535)));

    backend.apply(&beside(None), &first).await.unwrap();
    let seen = stage.compositor.next_sorted(2).await;
    assert_eq!((&seen[0], top(&seen[1])), (&Seen::GammaEnded(PANELS), (1, 32768)));
    stage.compositor.plug(2);
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(2));
    assert_eq!(stage.compositor.next_ramp().await, (2, [32768; 3]));
    stage.compositor.plug(PANELS + 1);
    stage.compositor.plug(3);
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(3));
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
async fn one_screen_taken_away_is_asked_for_once_more() {
    let mut stage = Stage::with(ALL, &[1, 2]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let desired = warm(50, None);
    let receipt = put(&*backend, &desired).await;
    stage.compositor.next_sorted(4).await;
    let (tell, mut told) = mpsc::channel(1);
    let twice = async {
        stage.compositor.fail_gamma(2);
        assert_eq!(next_change(&mut told).await, Change::Again);
        backend.apply(&desired, &receipt).await.unwrap();
        while stage.compositor.next().await != Seen::GammaAsked(2) {}
        assert_eq!(stage.compositor.next_ramp().await, (2, [32768; 3]));
        // Somebody takes it on purpose: it is left to them.
        stage.compositor.fail_gamma(2);
        assert_eq!(next_change(&mut told).await, Change::Again);
        backend.apply(&desired, &receipt).await.unwrap();
        let left = stage.compositor.next_sorted(1).await;
        assert!(matches!(left[..], [Seen::Ramp { screen: 1, .. }]), "{left:?}");
        assert!(stage.compositor.is_quiet());
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it ended"),
        () = twice => {}
    }
}

#[tokio::test]
async fn screens_that_have_no_gamma_are_not_asked_again() {
    let mut stage = Stage::with(ALL, &[1]).await;
    stage.compositor.refuse_gamma(1);
    let backend = wl_gamma::open(&stage.desktop);
    let desired = warm(50, None);
    let receipt = receipt(&*backend, &desired).await;
    assert!(matches!(backend.apply(&desired, &receipt).await, Err(BackendError::Absent(_))));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.compositor.next_sorted(2).await, [Seen::ClientLeft, Seen::GammaAsked(1)]);
    // The next period: it looks whether anything is other, and asks for nothing.
    let captured = backend.capture(&desired, None).await;
    assert!(matches!(captured, Err(BackendError::Absent(_))), "{captured:?}");
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    // Another screen may have what this one has not.
    stage.compositor.plug(2);
    let receipt = backend.capture(&desired, None).await.unwrap();
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    backend.apply(&desired, &receipt).await.unwrap();
    stage.compositor.next_sorted(2).await;
    assert_eq!(stage.compositor.next_ramp().await, (2, [32768; 3]));
}

#[tokio::test]
async fn another_program_is_named_and_not_fought() {
    let mut stage = Stage::with(ALL, &[1]).await;
    stage.compositor.refuse_gamma(1);
    stage.runs(42, "wlsunset");
    let backend = wl_gamma::open(&stage.desktop);
    let desired = warm(50, None);
    let first = receipt(&*backend, &desired).await;
    let refused =
        BackendError::Refused("another program controls the screens' colours: wlsunset".to_owned());
    assert_eq!(backend.apply(&desired, &first).await, Err(refused.clone()));
    assert_eq!(backend.restore(&first).await, Ok(Restored::AsFound));
    stage.compositor.next_sorted(2).await;
    assert_eq!(backend.capture(&desired, None).await, Err(refused));
    assert!(stage.compositor.is_quiet());
    // It leaves: the next period has gamma again.
    stage.ends(42);
    stage.compositor.allow_gamma(1);
    put(&*backend, &desired).await;
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    assert_eq!(stage.compositor.next_ramp().await, (1, [32768; 3]));
}

/// Less than half of the light is left, and hardly any blue.
const DEEP: (u8, Option<u16>) = (60, Some(2500));

#[tokio::test]
async fn it_glides_there_and_then_does_nothing_more() {
    let mut stage = Stage::that_moves(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let began = tokio::time::Instant::now();
    put(&*backend, &warm(50, None)).await;
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    // What was begun when `apply` returned is hardly seen.
    let (_, first) = stage.compositor.next_ramp().await;
    assert!(first[0] > 65_000 && first[0] < 65_535, "{first:?}");
    let steps = stage.compositor.glides_to(1, [32768; 3]).await;
    let lasted = began.elapsed();
    assert!((5..30).contains(&steps), "{steps} steps");
    assert!(lasted.as_millis() > 900, "{lasted:?}");
    assert_eq!(soon(stage.compositor.next()).await, None);
    // It eases: from there, not from the beginning.
    let eased = warm(20, None);
    let receipt = backend.capture(&eased, None).await.unwrap();
    backend.apply(&eased, &receipt).await.unwrap();
    let (_, first) = stage.compositor.next_ramp().await;
    assert!((32_769..34_000).contains(&first[0]), "{first:?}");
    stage.compositor.glides_to(1, [52428; 3]).await;
}

#[tokio::test]
async fn what_is_lifted_on_the_way_is_back_at_once() {
    let mut stage = Stage::that_moves(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let receipt = put(&*backend, &warm(DEEP.0, DEEP.1)).await;
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    for _ in 0..5 {
        stage.compositor.next_ramp().await;
    }
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    while stage.compositor.next().await != Seen::GammaEnded(1) {}
    assert_eq!(stage.compositor.next().await, Seen::ClientLeft);
    assert_eq!(soon(stage.compositor.next()).await, None);
}

#[tokio::test]
async fn another_phase_on_the_way_goes_on_from_there() {
    let mut stage = Stage::that_moves(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    let first = put(&*backend, &warm(75, None)).await;
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    let mut last = [u16::MAX; 3];
    while last[0] > 50_000 {
        last = stage.compositor.next_ramp().await.1;
    }
    let desired = warm(10, None);
    let second = backend.capture(&desired, Some(&first)).await.unwrap();
    backend.apply(&desired, &second).await.unwrap();
    let mut lowest = last[0];
    while last != [58982; 3] {
        last = stage.compositor.next_ramp().await.1;
        lowest = lowest.min(last[0]);
    }
    // Nowhere near where the first one led, 16384: there was no jump.
    assert!(lowest > 30_000, "{lowest}");
}

#[tokio::test]
async fn a_screen_that_comes_on_the_way_goes_along() {
    let mut stage = Stage::that_moves(ALL, &[1]).await;
    let backend = wl_gamma::open(&stage.desktop);
    put(&*backend, &warm(50, None)).await;
    stage.compositor.next_sorted(2).await;
    stage.compositor.plug(2);
    let mut there = BTreeMap::new();
    while there.values().filter(|ramp| **ramp == [32768; 3]).count() < 2 {
        match stage.compositor.next().await {
            Seen::Ramp { screen, red, green, blue } => {
                there.insert(screen, [red, green, blue].map(|channel| channel[255]));
            }
            Seen::GammaAsked(2) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(soon(stage.compositor.next()).await, None);
}

#[tokio::test]
async fn where_the_portal_says_so_nothing_moves() {
    let mut stage = Stage::that_moves(ALL, &[1]).await;
    let portal = stage.bus.connect().await.unwrap();
    let path = "/org/freedesktop/portal/desktop";
    portal.object_server().at(path, Portal).await.unwrap();
    portal.request_name("org.freedesktop.portal.Desktop").await.unwrap();
    let backend = wl_gamma::open(&stage.desktop);
    put(&*backend, &warm(50, None)).await;
    assert_eq!(stage.compositor.next().await, Seen::GammaAsked(1));
    assert_eq!(stage.compositor.next_ramp().await, (1, [32768; 3]));
}

/// The settings portal, as far as it is asked.
struct Portal;

#[zbus::interface(name = "org.freedesktop.portal.Settings")]
impl Portal {
    #[allow(clippy::unused_self, reason = "it is an object's method")]
    fn read_one(&self, namespace: &str, key: &str) -> zbus::Variant<'static> {
        assert_eq!((namespace, key), ("org.freedesktop.appearance", "reduced-motion"));
        zbus::Variant::from(1_u32)
    }
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
async fn a_person_is_told_who_has_the_gamma_and_what_is_used_instead() {
    let house = House::new().await;
    house.write_config("[profiles.dark]\ndim = 40\n");
    let mut compositor = Compositor::start(&house.path("wayland-7"), ALL, &[1]);
    compositor.refuse_gamma(1);
    for (process, name) in [("self", "quietd"), ("42", "wlsunset")] {
        std::fs::create_dir_all(house.path("proc").join(process)).unwrap();
        std::fs::write(house.path("proc").join(process).join("comm"), name).unwrap();
    }
    let environment = vec!["WAYLAND_DISPLAY=wayland-7".to_owned()];
    let served = UserManager { environment };
    let manager = house.bus.connect().await.unwrap();
    manager.object_server().at("/org/freedesktop/systemd1", served).await.unwrap();
    manager.request_name("org.freedesktop.systemd1").await.unwrap();
    let quietd = house.start().await;
    let started = house.quietctl(&["start", "dark", "1h"]).await;
    assert!(started.status.success(), "{started:?}");
    while !matches!(compositor.next().await, Seen::Overlay(1, _)) {}
    house.until("it is told", || async { house.problems().await > 0 }).await;
    for command in ["status", "doctor"] {
        let said = house.quietctl(&[command]).await.stdout;
        let said = String::from_utf8(said).unwrap();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = "another program controls the screens' colours: wlsunset";
        assert!(said.contains(told), "{command}: {said}");
        let instead = "wlsunset; an overlay is used instead";
        assert_eq!(said.contains(instead), command == "status", "{command}: {said}");
    }
    let off = house.quietctl(&["off"]).await;
    assert!(off.status.success(), "{off:?}");
    assert_eq!(house.problems().await, 0);
    quietd.stop().await;
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
