//! `quietctl status --follow`.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{process::Child, sync::mpsc, time::timeout};

use crate::quiet_stand_in::{AT_MOST, Desk};

struct Following {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Following {
    fn start(desk: &Desk, format: &str) -> Self {
        let mut command = desk.quietctl(&["status", "--follow", "--format", format]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = File::from(child.stdout.take().unwrap().into_owned_fd().unwrap());
        let (tell, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines() {
                let _ = tell.send(line.unwrap());
            }
        });
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        timeout(AT_MOST, self.lines.recv()).await.expect("a line in time").unwrap()
    }

    async fn json(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line().await).unwrap()
    }

    async fn interrupt(mut self) -> i32 {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGINT).unwrap();
        timeout(AT_MOST, self.child.wait()).await.expect("an end in time").unwrap().code().unwrap()
    }
}

#[tokio::test]
async fn each_change_is_a_line_until_ctrl_c() {
    let mut desk = Desk::new().await;
    let mut following = Following::start(&desk, "json");
    assert_eq!(following.json().await["quiet"], false);
    desk.scene().quiet = true;
    // Told twice, it is one change.
    desk.tell().await;
    desk.tell().await;
    assert_eq!(following.json().await["quiet"], true);
    desk.stop().await;
    assert_eq!(following.json().await["running"], false);
    desk.start().await;
    assert_eq!(following.json().await["quiet"], true);
    assert_eq!(following.interrupt().await, 0);
}

#[tokio::test]
async fn for_people_it_says_that_the_daemon_is_away_and_waits_for_it() {
    let mut desk = Desk::without_daemon();
    let mut following = Following::start(&desk, "text");
    following.line().await;
    assert_eq!(following.line().await, "quietd is not running. Waiting for it to come back.");
    assert_eq!(following.line().await, "To start it: systemctl --user start quietd");
    desk.start().await;
    assert_eq!(following.line().await, "");
    following.line().await;
    assert_eq!(following.line().await, "Nothing is quiet now");
    assert_eq!(following.interrupt().await, 0);
}

#[tokio::test]
async fn a_bar_is_told_as_well() {
    let mut desk = Desk::new().await;
    let mut following = Following::start(&desk, "waybar");
    assert_eq!(following.json().await["class"], "open");
    desk.scene().paused = true;
    desk.tell().await;
    assert_eq!(following.json().await["class"], "paused");
    desk.stop().await;
    assert_eq!(following.json().await["class"], "away");
}
