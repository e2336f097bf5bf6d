//! The backlight through logind, over a folder that looks like `/sys`.

use std::sync::Arc;

use futures_util::FutureExt as _;
use quietd::{
    backend::{Backend, BackendError, Desktop, Probe, Restored, dim::logind},
    env::Env,
    plan::Desired,
    standin::{
        Fault, PrivateBus, StandIn,
        logind::{Callers, Logind, PANEL},
    },
    store::Receipt,
};
use tokio::sync::mpsc;

struct Stage {
    logind: Logind,
    backend: Box<dyn Backend>,
    desktop: Desktop,
    _sysfs: tempfile::TempDir,
    _bus: PrivateBus,
}

impl Stage {
    async fn at(brightness: u32) -> Self {
        let bus = PrivateBus::start().unwrap();
        let sysfs = tempfile::tempdir().unwrap();
        let logind = Logind::start(bus.address(), sysfs.path(), brightness).await.unwrap();
        let mut env = Env::from_lookup(&|_| None);
        env.sysfs = sysfs.path().to_owned();
        let connection = bus.connect().await.unwrap();
        let desktop = Desktop::new(connection.clone(), Some(connection), Arc::new(env));
        Self { logind, backend: logind::open(&desktop), desktop, _sysfs: sysfs, _bus: bus }
    }

    async fn dim(&self, dim: u8, held: Option<&Receipt>) -> Receipt {
        let receipt = self.backend.capture(&dimmed(dim), held).await.unwrap();
        self.backend.apply(&dimmed(dim), &receipt).await.unwrap();
        receipt
    }

    async fn light(&self) -> String {
        self.logind.state().await
    }
}

fn dimmed(dim: u8) -> Desired {
    Desired { dim, ..Desired::default() }
}

#[tokio::test]
async fn dims_by_a_part_of_what_was_found_and_gives_it_back_exactly() {
    let stage = Stage::at(803).await;
    assert!(matches!(stage.backend.probe().await, Probe::Ready(text) if text.contains(PANEL)));
    let receipt = stage.dim(40, None).await;
    assert_eq!(stage.light().await, "482");
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "803");
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "803");
}

#[tokio::test]
async fn another_process_can_give_it_back() {
    let stage = Stage::at(803).await;
    let receipt = stage.dim(40, None).await;
    let other = logind::open(&stage.desktop);
    assert_eq!(other.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "803");
}

#[tokio::test]
async fn capturing_changes_nothing() {
    let stage = Stage::at(803).await;
    stage.backend.capture(&dimmed(40), None).await.unwrap();
    assert_eq!((stage.light().await, stage.logind.calls()), ("803".to_owned(), vec![]));
}

#[tokio::test]
async fn another_phase_dims_from_what_was_found_first() {
    let stage = Stage::at(800).await;
    let first = stage.dim(50, None).await;
    assert_eq!(stage.light().await, "400");
    let second = stage.dim(25, Some(&first)).await;
    assert_eq!(stage.light().await, "600");
    assert_eq!(stage.backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "800");
}

#[tokio::test]
async fn what_was_set_before_a_crash_is_still_ours() {
    let stage = Stage::at(800).await;
    let first = stage.dim(50, None).await;
    let written_not_applied = stage.backend.capture(&dimmed(25), Some(&first)).await.unwrap();
    assert_eq!(stage.backend.restore(&written_not_applied).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "800");
}

#[tokio::test]
async fn applying_twice_is_once() {
    let stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    stage.backend.apply(&dimmed(50), &receipt).await.unwrap();
    assert_eq!(stage.light().await, "400");
    assert_eq!(stage.logind.calls().len(), 1);
}

#[tokio::test]
async fn a_firmware_that_lights_up_on_resume_is_dimmed_again() {
    let stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    stage.logind.keys(1000).unwrap();
    stage.backend.apply(&dimmed(50), &receipt).await.unwrap();
    assert_eq!(stage.light().await, "400");
}

#[tokio::test]
async fn what_was_dark_already_is_not_touched() {
    let stage = Stage::at(200).await;
    let receipt = stage.dim(60, None).await;
    assert_eq!((stage.light().await, stage.logind.calls()), ("200".to_owned(), vec![]));
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsFound));
}

#[tokio::test]
async fn what_the_person_set_meanwhile_stays() {
    let stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    stage.logind.person_changes().await;
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(stage.light().await, "999");
}

#[tokio::test]
async fn darker_by_the_person_stays_when_applied_again() {
    let stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    stage.logind.keys(100).unwrap();
    stage.backend.apply(&dimmed(50), &receipt).await.unwrap();
    assert_eq!(stage.light().await, "100");
}

#[tokio::test]
async fn rounding_by_the_driver_is_still_ours() {
    let stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    stage.logind.keys(393).unwrap();
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "800");
}

#[tokio::test]
async fn outside_every_session_it_is_the_one_with_the_display() {
    let stage = Stage::at(800).await;
    stage.logind.callers(Callers::Outside);
    let receipt = stage.dim(50, None).await;
    stage.backend.restore(&receipt).await.unwrap();
    let session = "/org/freedesktop/login1/session/_31";
    let set = |value| format!("{session} {PANEL} {value}");
    assert_eq!(stage.logind.calls(), [set(400), set(800)]);
}

#[tokio::test]
async fn without_a_session_with_a_display_the_next_way_is_tried() {
    let stage = Stage::at(800).await;
    stage.logind.callers(Callers::WithoutADisplay);
    let receipt = stage.backend.capture(&dimmed(50), None).await.unwrap();
    let applied = stage.backend.apply(&dimmed(50), &receipt).await;
    assert!(matches!(applied, Err(BackendError::Absent(text)) if text.contains("no session")));
}

#[tokio::test]
async fn a_refusal_is_told_in_its_words() {
    let stage = Stage::at(800).await;
    stage.logind.fault(Fault::Refuses).await;
    let receipt = stage.backend.capture(&dimmed(50), None).await.unwrap();
    let applied = stage.backend.apply(&dimmed(50), &receipt).await;
    assert!(
        matches!(applied, Err(BackendError::Refused(text)) if text.contains("not in foreground"))
    );
    assert_eq!(stage.light().await, "800");
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsFound));
}

#[tokio::test]
async fn a_restore_that_is_refused_can_be_tried_again() {
    let stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    stage.logind.fault(Fault::Refuses).await;
    assert!(matches!(stage.backend.restore(&receipt).await, Err(BackendError::Refused(_))));
    stage.logind.fault(Fault::None).await;
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "800");
}

#[tokio::test]
async fn an_odd_answer_is_no_panic() {
    let stage = Stage::at(800).await;
    let receipt = stage.backend.capture(&dimmed(50), None).await.unwrap();
    stage.logind.fault(Fault::OddType).await;
    let applied = stage.backend.apply(&dimmed(50), &receipt).await;
    assert!(matches!(applied, Err(BackendError::Refused(_))), "{applied:?}");
}

#[tokio::test]
async fn a_logind_that_hangs_is_given_up_in_time() {
    let stage = Stage::at(800).await;
    let receipt = stage.backend.capture(&dimmed(50), None).await.unwrap();
    stage.logind.fault(Fault::Hangs).await;
    let applied = stage.backend.apply(&dimmed(50), &receipt).await;
    assert_eq!(applied, Err(BackendError::TimedOut("org.freedesktop.login1".to_owned())));
}

#[tokio::test]
async fn logind_comes_and_goes_and_the_light_stays() {
    let mut stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    stage.logind.stop().await;
    assert!(matches!(stage.backend.probe().await, Probe::Unsupported(_)));
    assert!(matches!(stage.backend.restore(&receipt).await, Err(BackendError::Absent(_))));
    stage.logind.start().await;
    assert_eq!(stage.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(stage.light().await, "800");
}

#[tokio::test]
async fn without_a_backlight_there_is_nothing_to_do() {
    let stage = Stage::at(800).await;
    let receipt = stage.dim(50, None).await;
    std::fs::remove_dir_all(stage.desktop.env.sysfs.join("class")).unwrap();
    assert!(
        matches!(stage.backend.probe().await, Probe::Elsewhere(text) if text.starts_with("no backlight here"))
    );
    let captured = stage.backend.capture(&dimmed(50), None).await;
    assert!(matches!(captured, Err(BackendError::Absent(_))));
    assert!(matches!(stage.backend.restore(&receipt).await, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn without_a_system_bus_there_is_nothing_to_do() {
    let stage = Stage::at(800).await;
    let alone = logind::open(&Desktop { system: None, ..stage.desktop.clone() });
    assert!(matches!(alone.probe().await, Probe::Unsupported(_)));
    let receipt = alone.capture(&dimmed(50), None).await.unwrap();
    let applied = alone.apply(&dimmed(50), &receipt).await;
    assert!(matches!(applied, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn another_backends_receipt_restores_nothing() {
    let stage = Stage::at(800).await;
    let strange = Receipt::new("other", &"what", &"ever");
    assert!(matches!(stage.backend.restore(&strange).await, Err(BackendError::Refused(_))));
    assert_eq!(stage.light().await, "800");
}

#[tokio::test]
async fn where_the_kernel_tells_of_no_changes_none_are_told() {
    let stage = Stage::at(800).await;
    stage.dim(50, None).await;
    let (tell, mut told) = mpsc::channel(1);
    let mut changes = stage.backend.changes(tell);
    assert!((&mut changes).now_or_never().is_none());
    stage.logind.person_changes().await;
    assert!((&mut changes).now_or_never().is_none());
    assert!(told.try_recv().is_err());
}
