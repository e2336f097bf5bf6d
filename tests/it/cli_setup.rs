//! `quietctl setup`, `doctor`, `check`, `off` and `restore`: what works with no daemon.
#![allow(clippy::needless_pass_by_value, reason = "methods of an interface take what was sent")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
};

use quietd::{
    api::{DoctorEntry, ProblemEntry},
    store::{Receipt, ReceiptStore},
};
use zbus::{Connection, OwnedObjectPath, object_server::SignalEmitter};

use crate::quiet_stand_in::{Desk, phase};

/// A stand-in for the user manager: enables, runs jobs, and says when they are done.
#[derive(Clone, Debug, Default)]
struct Manager {
    asked: Arc<Mutex<Vec<String>>>,
    enabled: Arc<Mutex<bool>>,
    /// systemd sends its signals only to those who subscribed.
    subscribed: Arc<Mutex<bool>>,
    /// What every job comes to; empty is "done".
    result: Arc<Mutex<String>>,
}

impl Manager {
    async fn on(desk: &Desk) -> (Self, Connection) {
        let manager = Self::default();
        let bus = desk.bus.connect().await.unwrap();
        bus.object_server().at("/org/freedesktop/systemd1", manager.clone()).await.unwrap();
        bus.request_name("org.freedesktop.systemd1").await.unwrap();
        (manager, bus)
    }

    fn hear(&self, what: &str) {
        self.asked.lock().unwrap().push(what.to_owned());
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    async fn job(
        &self,
        what: &str,
        unit: &str,
        mode: &str,
        emitter: &SignalEmitter<'_>,
    ) -> OwnedObjectPath {
        assert_eq!(mode, "replace");
        self.hear(&format!("{what} {unit}"));
        let job = OwnedObjectPath::try_from("/org/freedesktop/systemd1/job/7").unwrap();
        let result = self.result.lock().unwrap().clone();
        let result = if result.is_empty() { "done" } else { &result };
        if *self.subscribed.lock().unwrap() {
            Self::job_removed(emitter, 7, job.clone(), unit, result).await.unwrap();
        }
        job
    }
}

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl Manager {
    fn subscribe(&self) {
        *self.subscribed.lock().unwrap() = true;
    }

    fn reload(&self) {
        self.hear("Reload");
    }

    fn get_unit_file_state(&self, unit: &str) -> &'static str {
        assert_eq!(unit, "quietd.service");
        if *self.enabled.lock().unwrap() { "enabled" } else { "disabled" }
    }

    fn enable_unit_files(
        &self,
        units: Vec<&str>,
        runtime: bool,
        force: bool,
    ) -> (bool, Vec<(String, String, String)>) {
        self.hear(&format!("Enable {units:?} {runtime} {force}"));
        let new = !std::mem::replace(&mut *self.enabled.lock().unwrap(), true);
        let link = ("symlink".to_owned(), "a".to_owned(), "b".to_owned());
        (true, if new { vec![link] } else { Vec::new() })
    }

    fn disable_unit_files(&self, units: Vec<&str>, runtime: bool) -> Vec<(String, String, String)> {
        self.hear(&format!("Disable {units:?} {runtime}"));
        *self.enabled.lock().unwrap() = false;
        Vec::new()
    }

    async fn start_unit(
        &self,
        unit: &str,
        mode: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> OwnedObjectPath {
        self.job("Start", unit, mode, &emitter).await
    }

    async fn restart_unit(
        &self,
        unit: &str,
        mode: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> OwnedObjectPath {
        self.job("Restart", unit, mode, &emitter).await
    }

    async fn stop_unit(
        &self,
        unit: &str,
        mode: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> OwnedObjectPath {
        self.job("Stop", unit, mode, &emitter).await
    }

    #[zbus(signal)]
    async fn job_removed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        job: OwnedObjectPath,
        unit: &str,
        result: &str,
    ) -> zbus::Result<()>;
}

/// Every file below a folder, with what it says.
fn tree(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn setup_installs_once_and_remove_takes_away_exactly_that() {
    let desk = Desk::without_daemon();
    let (manager, _bus) = Manager::on(&desk).await;
    let ran = desk.run(&["setup"]).await;
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
    assert_eq!(
        manager.asked(),
        ["Enable [\"quietd.service\"] false false", "Reload", "Restart quietd.service"]
    );
    let names: Vec<String> = tree(desk.home.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            ".config/quietd/config.toml",
            ".config/systemd/user/quietd.service",
            ".local/share/applications/org.quietd.Quietd.desktop",
            ".local/share/dbus-1/services/org.quietd.Quiet1.service",
            ".local/share/icons/hicolor/scalable/apps/org.quietd.Quietd.svg",
        ]
    );
    for name in &names {
        let said = ran.out.replace("\n                 ", " ");
        assert!(said.contains(name.as_str()), "{name}: {said}");
    }
    let unit =
        fs::read_to_string(desk.home.path().join(".config/systemd/user/quietd.service")).unwrap();
    let quietd = env!("CARGO_BIN_EXE_quietd");
    assert!(unit.contains(&format!("ExecStart={quietd}\n")), "{unit}");
    let config = desk.home.path().join(".config/quietd/config.toml");
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.run(&["check"]).await.code, 0);

    // Again: nothing is written, nothing restarts, and the person's config stays.
    fs::write(&config, "# mine\n").unwrap();
    let before = tree(desk.home.path());
    let ran = desk.run(&["setup"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("kept as it is") && ran.out.contains("enabled already"),
        "{}",
        ran.out
    );
    assert_eq!(tree(desk.home.path()), before);
    assert!(manager.asked().contains(&"Start quietd.service".to_owned()));

    let ran = desk.run(&["setup", "--remove"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        manager.asked(),
        ["Disable [\"quietd.service\"] false", "Stop quietd.service", "Reload"]
    );
    let left: Vec<(String, String)> = tree(desk.home.path());
    assert_eq!(left, [(".config/quietd/config.toml".to_owned(), "# mine\n".to_owned())]);
    assert!(ran.out.contains("kept") && ran.out.contains("~/.config/quietd/config.toml"));
    assert_eq!(desk.run(&["setup", "--remove"]).await.code, 0, "removing twice is removing once");
}

#[tokio::test]
async fn setup_says_what_did_not_come_up_and_keeps_what_it_did() {
    let desk = Desk::without_daemon();
    let ran = desk.run(&["setup"]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.out.contains("no systemd user manager"), "{}", ran.out);
    let (manager, _bus) = Manager::on(&desk).await;
    *manager.result.lock().unwrap() = "failed".into();
    let ran = desk.run(&["setup"]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.out.contains("systemd says «failed»"), "{}", ran.out);
    assert!(ran.out.contains("systemctl --user status quietd"), "{}", ran.out);
}

#[tokio::test]
async fn removing_first_gives_everything_back() {
    let desk = Desk::new().await;
    let (manager, _bus) = Manager::on(&desk).await;
    assert_eq!(desk.run(&["setup", "--remove"]).await.code, 0);
    assert_eq!(desk.scene().asked, ["Off"]);
    assert_eq!(manager.asked()[1], "Stop quietd.service");
}

#[tokio::test]
async fn doctor_looks_itself_and_asks_the_daemon() {
    let desk = Desk::new().await;
    desk.scene().doctor = vec![DoctorEntry {
        measure: "notifications".into(),
        backend: "dunst".into(),
        title: "dunst".into(),
        state: "ready".into(),
        serves: true,
        text: "dunst 1.9.0".into(),
        ..DoctorEntry::default()
    }];
    let ran = desk.run(&["doctor"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("  notifications  works     dunst 1.9.0\n"), "{}", ran.out);
    assert!(ran.out.contains("  daemon        fine     running, version 0.1.0\n"), "{}", ran.out);
    let json = desk.run(&["doctor", "--format", "json"]).await.json();
    assert_eq!(json["measures"][0]["serves"], true);
    assert_eq!(json["checks"][0]["about"], "session bus");
}

#[tokio::test]
async fn doctor_says_what_is_missing_where_there_is_no_daemon() {
    let desk = Desk::without_daemon();
    desk.write(".config/quietd/config.toml", "[[after]]\nsession = 3\n");
    let ran = desk.run(&["doctor"]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    for says in
        ["user manager  not yet", "quietctl setup", "quietd is not running.", "quietctl check"]
    {
        assert!(ran.out.replace('\n', " ").contains(says), "{says}: {}", ran.out);
    }
}

#[tokio::test]
async fn check_shows_every_mistake() {
    let desk = Desk::without_daemon();
    let ran = desk.run(&["check"]).await;
    assert!(ran.code == 0 && ran.out.contains("There is no config yet"), "{ran:?}");
    desk.write(".config/quietd/config.toml", "[[weekly]]\nname = 3\ndays = [\"noday\"]\n");
    let ran = desk.run(&["check"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("noday") && ran.out.contains("config.toml:2"), "{}", ran.out);
    let ran = desk.run(&["check", "--format", "json"]).await;
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, 1);
    assert!(json["mistakes"].as_array().unwrap().len() > 1, "{json}");
    let missing = desk.home.path().join("none.toml");
    let ran = desk.run(&["check", missing.to_str().unwrap()]).await;
    assert!(ran.code == 2 && ran.err.contains("~/none.toml cannot be read"), "{ran:?}");
    // What has no end is not read to its end.
    let ran = desk.run(&["check", "/dev/zero"]).await;
    assert!(ran.code == 2 && ran.err.contains("/dev/zero cannot be read: it is larger"), "{ran:?}");
}

#[tokio::test]
async fn off_asks_the_daemon_and_says_when_it_is_quiet_next() {
    let desk = Desk::new().await;
    desk.scene().plan = vec![phase("ease", 5, 9)];
    let ran = desk.run(&["off"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("Everything is as you had it.\n"), "{}", ran.out);
    assert!(ran.out.contains("The next quiet time begins "), "{}", ran.out);
    desk.scene().problems = vec![ProblemEntry {
        backend: "dunst".into(),
        text: "dunst could not be put back yet.".into(),
        ..ProblemEntry::default()
    }];
    let ran = desk.run(&["off"]).await;
    assert!(ran.code == 4 && ran.out.contains("dunst could not be put back yet."), "{ran:?}");
}

#[tokio::test]
async fn what_cannot_be_put_back_is_said_and_its_receipt_kept() {
    let desk = Desk::without_daemon();
    let mut store = ReceiptStore::open(&desk.home.path().join(".local/state/quietd"));
    store.write(&[Receipt::new("nobody", &1, &2)]).unwrap();
    let kept = desk.home.path().join(".local/state/quietd/receipts.json");
    for command in ["off", "restore"] {
        let ran = desk.run(&[command]).await;
        assert_eq!(ran.code, 4, "{command}: {ran:?}");
        assert!(ran.out.starts_with("Not everything could be put back.\n"), "{}", ran.out);
        assert!(ran.out.contains("nobody"), "{}", ran.out);
        assert!(fs::read_to_string(&kept).unwrap().contains("nobody"), "{command}");
    }
    let output = desk
        .quietctl(&["off"])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .output();
    let ran = crate::quiet_stand_in::Ran::from(output.await.unwrap());
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("There is no session bus"), "{}", ran.err);
    assert!(fs::read_to_string(&kept).unwrap().contains("nobody"));
    // A receipt that cannot be read is not passed over in silence.
    fs::write(&kept, "torn").unwrap();
    let ran = desk.run(&["restore"]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.out.starts_with("Not everything could be put back.\n"), "{}", ran.out);
    assert!(!kept.exists(), "it is kept aside");
}

#[tokio::test]
async fn off_and_restore_work_with_no_daemon_and_with_no_bus() {
    let desk = Desk::without_daemon();
    for command in ["off", "restore"] {
        let ran = desk.run(&[command]).await;
        assert_eq!((ran.code, &*ran.err), (0, ""), "{command}: {ran:?}");
        assert!(ran.out.starts_with("Everything is as you had it.\n"), "{command}: {}", ran.out);
        let output = desk
            .quietctl(&[command])
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
            .output();
        assert!(output.await.unwrap().status.success(), "{command}");
    }
    let mut desk = desk;
    desk.start().await;
    assert_eq!(desk.run(&["restore"]).await.code, 0);
    assert_eq!(desk.scene().asked, ["Off"]);
}
