//! `--notify`: the answer as a notification.
#![allow(clippy::needless_pass_by_value, reason = "methods of an interface take what was sent")]

use std::collections::HashMap;

use tokio::{sync::mpsc, time::timeout};
use zbus::{Connection, OwnedVariant};

use crate::quiet_stand_in::{AT_MOST, Desk, phase};

/// Shows nothing, and tells the test what it was to show.
#[derive(Debug)]
struct Notifications(mpsc::UnboundedSender<String>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[allow(clippy::too_many_arguments, reason = "so says the specification")]
    fn notify(
        &self,
        app: &str,
        replaces: u32,
        icon: &str,
        title: &str,
        body: &str,
        actions: Vec<&str>,
        hints: HashMap<&str, OwnedVariant>,
        expires: i32,
    ) -> u32 {
        assert_eq!((app, replaces, expires), ("quietd", 0, -1));
        assert!(actions.is_empty() && !icon.is_empty());
        let urgency: u8 = hints["urgency"].downcast_ref().unwrap();
        self.0.send(format!("{urgency} {title} | {body}")).unwrap();
        1
    }
}

async fn shown_on(desk: &Desk) -> (mpsc::UnboundedReceiver<String>, Connection) {
    let (tell, shown) = mpsc::unbounded_channel();
    let bus = desk.bus.connect().await.unwrap();
    let path = "/org/freedesktop/Notifications";
    bus.object_server().at(path, Notifications(tell)).await.unwrap();
    bus.request_name("org.freedesktop.Notifications").await.unwrap();
    (shown, bus)
}

#[tokio::test]
async fn the_answer_is_shown_and_never_the_kind() {
    let desk = Desk::new().await;
    let (mut shown, _bus) = shown_on(&desk).await;
    desk.scene().plan = vec![phase("settle", 0, 3)];
    let mut next = async |arguments: &[&str]| {
        let ran = desk.run(arguments).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        timeout(AT_MOST, shown.recv()).await.expect("a notification in time").unwrap()
    };
    let logged = next(&["log", "emdr", "--note", "words", "--notify"]).await;
    assert!(logged.starts_with("1 Quiet time until "), "{logged}");
    assert!(!logged.contains("emdr") && !logged.contains("words"), "{logged}");
    assert_eq!(next(&["pause", "15m", "--notify"]).await, "1 Paused | ");
    assert_eq!(next(&["off", "--notify"]).await, "1 Everything is as you had it. | ");
    assert_eq!(next(&["status", "--notify"]).await, "1 Nothing is quiet now | ");
}

#[tokio::test]
async fn a_no_is_shown_too_and_nobody_to_show_it_is_no_error() {
    let desk = Desk::without_daemon();
    let (mut shown, bus) = shown_on(&desk).await;
    assert_eq!(desk.run(&["log", "--notify"]).await.code, 3);
    assert_eq!(
        timeout(AT_MOST, shown.recv()).await.expect("a notification in time").unwrap(),
        "1 quietd is not running. | To start it: systemctl --user start quietd"
    );
    bus.close().await.unwrap();
    let ran = desk.run(&["off", "--notify"]).await;
    assert_eq!((ran.code, &*ran.err), (0, ""));
}
