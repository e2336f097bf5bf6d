//! `--notify`: the answer as a notification.
#![allow(clippy::needless_pass_by_value, reason = "methods of an interface take what was sent")]

use std::collections::HashMap;

use tokio::{sync::mpsc, time::timeout};
use zbus::{Connection, OwnedVariant};

use crate::{
    lock::install,
    quiet_stand_in::{AT_MOST, Desk, phase},
};

/// Shows nothing, and tells the test what it was to show.
#[derive(Debug)]
struct Notifications {
    tell: mpsc::UnboundedSender<String>,
    buttons: bool,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    fn get_capabilities(&self) -> Vec<&str> {
        if self.buttons { vec!["body", "actions"] } else { vec!["body"] }
    }

    fn close_notification(&self, id: u32) {
        self.tell.send(format!("{id} is closed")).unwrap();
    }

    #[zbus(signal)]
    async fn action_invoked(
        emitter: &zbus::object_server::SignalEmitter<'_>,
        id: u32,
        action: &str,
    ) -> zbus::Result<()>;

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
        assert_eq!((app, replaces, icon), ("quietd", 0, "org.quietd.Quietd"));
        let urgency: u8 = hints["urgency"].downcast_ref().unwrap();
        let buttons = if actions.is_empty() { String::new() } else { actions.join(" | ") };
        assert_eq!(expires, if actions.is_empty() { -1 } else { 20_000 });
        self.tell.send(format!("{urgency} {title} | {body}{buttons}")).unwrap();
        7
    }
}

const PATH: &str = "/org/freedesktop/Notifications";

async fn shown_on(desk: &Desk, buttons: bool) -> (mpsc::UnboundedReceiver<String>, Connection) {
    let (tell, shown) = mpsc::unbounded_channel();
    let bus = desk.bus.connect().await.unwrap();
    bus.object_server().at(PATH, Notifications { tell, buttons }).await.unwrap();
    bus.request_name("org.freedesktop.Notifications").await.unwrap();
    (shown, bus)
}

#[tokio::test]
async fn the_answer_is_shown_and_never_the_kind() {
    let desk = Desk::new().await;
    let (mut shown, _bus) = shown_on(&desk, false).await;
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
async fn after_a_session_a_note_is_offered_and_written_in_a_terminal() {
    let desk = Desk::new().await;
    let (mut shown, bus) = shown_on(&desk, true).await;
    let mut says = async || timeout(AT_MOST, shown.recv()).await.expect("in time").unwrap();
    desk.scene().plan = vec![phase("settle", 0, 3)];
    let (bin, ran) = (desk.home.path().join("bin"), desk.home.path().join("ran"));
    let log = async || {
        let mut command = desk.quietctl(&["log", "emdr", "--notify"]);
        let out = timeout(AT_MOST, command.env("PATH", &bin).output()).await.expect("at once");
        assert!(out.unwrap().status.success());
    };
    log().await;
    let plain = says().await;
    assert!(plain.starts_with("1 ") && plain.ends_with(" | "), "no terminal: {plain}");

    desk.write("terminal", &format!("#!/bin/sh\necho \"$@\" >'{}'\n", ran.display()));
    std::fs::create_dir(&bin).unwrap();
    nix::unistd::mkfifo(&ran, nix::sys::stat::Mode::S_IRWXU).unwrap();
    install(&desk.home.path().join("terminal"), &bin.join("xdg-terminal-exec"));
    desk.write(".config/quietd/config.toml", "[suggestions]\na-day = 0\n");
    log().await;
    let plain = says().await;
    assert!(plain.ends_with(" | "), "nothing is to be suggested: {plain}");

    desk.write(".config/quietd/config.toml", "[suggestions]\na-day = 1\n");
    log().await;
    let offered = says().await;
    assert!(offered.starts_with("2 Quiet time until "), "{offered}");
    assert!(offered.ends_with(" | note | Write a note"), "{offered}");
    let object = bus.object_server().interface::<_, Notifications>(PATH).await.unwrap();
    // Somebody else's, then ours.
    for id in [8, 7] {
        Notifications::action_invoked(object.signal_emitter(), id, "note").await.unwrap();
    }
    assert_eq!(says().await, "7 is closed");
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(ran).unwrap());
    let ran = timeout(AT_MOST, read).await.expect("a terminal").unwrap();
    assert_eq!(ran, format!("{} note\n", env!("CARGO_BIN_EXE_quietctl")));
}

#[tokio::test]
async fn a_no_is_shown_too_and_nobody_to_show_it_is_no_error() {
    let desk = Desk::without_daemon();
    let (mut shown, bus) = shown_on(&desk, false).await;
    assert_eq!(desk.run(&["log", "--notify"]).await.code, 3);
    assert_eq!(
        timeout(AT_MOST, shown.recv()).await.expect("a notification in time").unwrap(),
        "1 quietd is not running. | To start it: systemctl --user start quietd"
    );
    bus.close().await.unwrap();
    let ran = desk.run(&["off", "--notify"]).await;
    assert_eq!((ran.code, &*ran.err), (0, ""));
}
