//! What is written though nothing happens, and whose word is over.

use quietd::clock::SystemClock;

use super::*;

/// The kernel's own timer is to come, so here the desk's clock goes with the machine's, and what is told a quarter of an hour
/// ago is to be written in half a second.
#[tokio::test]
async fn what_is_counted_is_written_though_nothing_happens() {
    let quarter = SignedDuration::from_mins(15);
    let begin = SystemClock.now() - quarter + SignedDuration::from_millis(500);
    let mut desk = Desk::new(&begin.to_string(), "UTC", CONFIG).await;
    desk.idle(false).await;
    // Nothing is sent from here on: whoever asks has it written.
    let written = async {
        while !std::fs::read_to_string(desk.file()).is_ok_and(|text| text.ends_with("}\n")) {
            let passed = SystemClock.now().duration_since(desk.clock.now());
            desk.clock.advance(passed.max(SignedDuration::ZERO));
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, written).await.expect("it is written by itself");
    assert!(desk.clock.now() >= begin + quarter, "and not before");
    desk.running.take().unwrap().1.abort();
    desk.start().await;
    assert_eq!(desk.seconds().await, 900, "nothing is lost, and nothing counts twice");
}

#[tokio::test]
async fn a_screen_saver_that_ends_locks_nothing_any_more() {
    const NAME: &str = "org.xfce.ScreenSaver";
    let desk = Desk::new("2140-06-01T10:00:00Z", "UTC", CONFIG).await;
    desk.idle(false).await;
    let saver = desk.bus.connect().await.unwrap();
    saver.request_name(NAME).await.unwrap();
    // Whoever listens may have begun later.
    let locks = async {
        loop {
            let path = "/org/xfce/ScreenSaver";
            saver.emit_signal(None::<&str>, path, NAME, "ActiveChanged", &true).await.unwrap();
            let before = desk.seconds().await;
            desk.passes(1);
            if desk.seconds().await == before {
                return before;
            }
        }
    };
    let before = timeout(PATIENCE, locks).await.expect("it is locked");
    desk.passes(1_000);
    assert_eq!(desk.seconds().await, before, "behind a lock nothing is counted");
    saver.close().await.unwrap();
    desk.passes_until("counted again", |all| all.seconds > before).await;
}
