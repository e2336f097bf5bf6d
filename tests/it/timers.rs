//! `quietctl breathe` and `sit`: no daemon is needed, Ctrl-C is no failure, and the end comes without a sound.

#![allow(
    clippy::used_underscore_binding,
    reason = "what an interface is told and does not look at"
)]
#![allow(clippy::needless_pass_by_value, reason = "methods of an interface take what was sent")]

use std::{collections::HashMap, process::Stdio};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use quietd::api::MeasuresEntry;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
    sync::mpsc,
    time::timeout,
};
use zbus::{Connection, OwnedVariant};

use crate::quiet_stand_in::{AT_MOST, Desk};

/// Shows nothing, and tells the test how it was to be shown.
#[derive(Debug)]
struct Notifications(mpsc::UnboundedSender<(u8, bool, String)>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[allow(clippy::too_many_arguments, reason = "so says the specification")]
    fn notify(
        &self,
        _app: &str,
        _replaces: u32,
        _icon: &str,
        title: &str,
        _body: &str,
        _actions: Vec<&str>,
        hints: HashMap<&str, OwnedVariant>,
        _expires: i32,
    ) -> u32 {
        let urgency = hints["urgency"].downcast_ref().unwrap();
        let unheard = hints["suppress-sound"].downcast_ref().unwrap();
        self.0.send((urgency, unheard, title.to_owned())).unwrap();
        1
    }
}

async fn shown_on(desk: &Desk) -> (mpsc::UnboundedReceiver<(u8, bool, String)>, Connection) {
    let (tell, shown) = mpsc::unbounded_channel();
    let bus = desk.bus.connect().await.unwrap();
    let path = "/org/freedesktop/Notifications";
    bus.object_server().at(path, Notifications(tell)).await.unwrap();
    bus.request_name("org.freedesktop.Notifications").await.unwrap();
    (shown, bus)
}

const OVER: &str = "The time is over. Take a moment before you go on.";

#[tokio::test]
async fn the_end_of_sitting_is_a_line_and_a_notification_without_a_sound() {
    let mut desk = Desk::without_daemon();
    let ran = desk.run(&["sit", "0.001"]).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "nobody to show it is no error");
    assert!(ran.out.starts_with("Sitting until "), "{}", ran.out);
    assert!(ran.out.ends_with(&format!("\n{OVER}\n")), "{}", ran.out);

    let (mut shown, _bus) = shown_on(&desk).await;
    let mut next = async || timeout(AT_MOST, shown.recv()).await.unwrap().unwrap();
    desk.run(&["sit", "0.001"]).await;
    assert_eq!(next().await, (1, true, OVER.to_owned()));
    // The person has asked for it: where others are held back it comes through.
    desk.start().await;
    desk.scene().measures =
        MeasuresEntry { notifications: Some("urgent".into()), ..MeasuresEntry::default() };
    let ran = desk.run(&["sit", "0.001", "--bell"]).await;
    assert_eq!(next().await, (2, true, OVER.to_owned()));
    assert!(ran.out.contains('\u{7}'));
}

#[tokio::test]
async fn ctrl_c_ends_it_at_once_and_is_no_failure() {
    let desk = Desk::without_daemon();
    for (command, first, then) in
        [("breathe", "Breathing until ", "in"), ("sit", "Sitting until ", "")]
    {
        let mut child = desk.quietctl(&[command]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = async || timeout(AT_MOST, lines.next_line()).await.unwrap().unwrap();
        assert!(next().await.unwrap().starts_with(first));
        while !then.is_empty() && next().await.unwrap() != then {}
        let id = Pid::from_raw(child.id().unwrap().cast_signed());
        kill(id, Signal::SIGINT).unwrap();
        let status = timeout(AT_MOST, child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0), "{command}");
        assert_eq!(next().await, None, "nothing more is said");
    }
}

#[tokio::test]
async fn after_ctrl_c_in_a_terminal_the_prompt_has_a_line_of_its_own() {
    let desk = Desk::without_daemon();
    for command in ["breathe", "sit"] {
        // A terminal of its own, with what is typed in it and what it shows.
        let run = format!("{} {command}", env!("CARGO_BIN_EXE_quietctl"));
        let mut child = Command::new("/usr/bin/script")
            .args(["--quiet", "--return", "--command", &run, "/dev/null"])
            .env_clear()
            .envs([("HOME", desk.home.path()), ("SHELL", "/bin/sh".as_ref())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`script` of bsdutils is installed");
        let mut screen = child.stdout.take().unwrap();
        let mut shown = Vec::new();
        let first = async {
            while !shown.contains(&b'\n') {
                assert_ne!(screen.read_buf(&mut shown).await.unwrap(), 0, "it ended");
            }
        };
        timeout(AT_MOST, first).await.unwrap();
        let mut keyboard = child.stdin.take().unwrap();
        keyboard.write_all(b"\x03").await.unwrap();
        timeout(AT_MOST, screen.read_to_end(&mut shown)).await.unwrap().unwrap();
        let shown = String::from_utf8(shown).unwrap();
        let after = shown.split_once("^C").map(|(_, after)| after);
        assert!(after.is_some_and(|after| after.ends_with("\r\n")), "{command}: {shown:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_said() {
    let desk = Desk::without_daemon();
    for arguments in [["breathe", "0"], ["breathe", "2h"], ["sit", "soon"], ["sit", "1000"]] {
        let ran = desk.run(&arguments).await;
        assert_eq!((ran.code, &*ran.out), (2, ""), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains("how many minutes, up to"), "{arguments:?}: {ran:?}");
    }
}
