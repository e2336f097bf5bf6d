//! A real process that counts, so that it can be seen to stop and go on.

use std::{io, path::PathBuf, time::Duration};

use tokio::process::{Child, Command};
use zbus::Variant;

use super::stage::Stage;
use crate::{dbus::Peer, source::Watch};

/// The id it is locked by.
pub const ID: &str = "org.example.Counter";

/// Counts ten times a second, replacing the file so that no half number is read. Ends with whoever started it.
const SCRIPT: &str = r#"i=0
while kill -0 "$PPID" 2>/dev/null; do i=$((i + 1)); echo "$i" >"$0.new" && mv "$0.new" "$0"; sleep 0.1; done"#;

/// So far it counts before anything happens.
const A_WHILE: u64 = 5;

/// Longer than its slowest count.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process.
#[derive(Debug)]
pub struct App {
    process: Child,
    file: PathBuf,
    watch: Watch,
}

impl App {
    /// Starts it, in a unit of its own where there is a user manager.
    pub async fn start(stage: &Stage) -> io::Result<Self> {
        let file = stage.folder().join("count");
        let watch = Watch::file(&file)?;
        let process = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .arg(&file)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let mut app = Self { process, file, watch };
        let Some(pid) = app.process.id() else {
            return Err(io::Error::other("the example app ended at once"));
        };
        let unit = format!("app-{ID}-{pid}.scope");
        match stage.standin() {
            Some(systemd) => systemd.start_unit(&unit, &[pid]).await.map_err(io::Error::other)?,
            // Without a user manager it is found as a process in no unit, or not at all, and the story says so.
            None => start_scope(&stage.session, &unit, pid).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "no unit for the example app");
            }),
        }
        while app.count() < A_WHILE {
            app.goes_on().await;
        }
        Ok(app)
    }

    /// How far it has counted.
    pub fn count(&self) -> u64 {
        std::fs::read_to_string(&self.file)
            .ok()
            .and_then(|count| count.trim().parse().ok())
            .unwrap_or_default()
    }

    /// Waits until it counts again.
    pub async fn goes_on(&mut self) {
        let from = self.count();
        let grows = async {
            while self.count() <= from {
                self.watch.changed().await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, grows).await;
    }
}

impl Drop for App {
    /// The shell's sleep is in its process group; it is ours, and ends with it.
    fn drop(&mut self) {
        if let Some(pid) = self.process.id().and_then(|pid| i32::try_from(pid).ok()) {
            let group = nix::unistd::Pid::from_raw(pid);
            for signal in [nix::sys::signal::SIGCONT, nix::sys::signal::SIGKILL] {
                let _ = nix::sys::signal::killpg(group, signal);
            }
        }
    }
}

async fn start_scope(
    bus: &zbus::Connection,
    unit: &str,
    pid: u32,
) -> Result<(), crate::dbus::CallError> {
    let properties: Vec<(&str, Variant<'_>)> = vec![
        ("PIDs", Variant::from(vec![pid])),
        ("Description", Variant::from("An example app that counts")),
        ("CollectMode", Variant::from("inactive-or-failed")),
    ];
    let auxiliary: Vec<(&str, Vec<(&str, Variant<'_>)>)> = Vec::new();
    let manager = "org.freedesktop.systemd1";
    Peer::new(bus, manager, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
        .call::<_, zbus::OwnedObjectPath>(
            "StartTransientUnit",
            &(unit, "fail", properties, auxiliary),
        )
        .await
        .map(|_job| ())
}
