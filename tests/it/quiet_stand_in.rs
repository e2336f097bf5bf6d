//! A stand-in for the daemon: its control bus, saying what a test tells it to say, and a home to run `quietctl` in.
#![allow(clippy::needless_pass_by_value, reason = "methods of an interface take what was sent")]

use std::{
    path::Path,
    process::{Output, Stdio},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use quietd::{
    api::{
        AppEntry, DoctorEntry, Error, INTERFACE, MeasuresEntry, NAME, NoteEntry, PATH, PeriodEntry,
        ProblemEntry, ScreenTimeEntry, SessionEntry, ToLockEntry, WaitEntry,
    },
    standin::PrivateBus,
};
use tokio::process::Command;
use zbus::{Connection, OwnedVariant};

/// The longest a test waits for anything.
pub const AT_MOST: Duration = Duration::from_secs(20);

/// What the stand-in says, and what it was asked.
#[derive(Debug, Default)]
pub struct Scene {
    pub quiet: bool,
    pub profile: String,
    pub until: u64,
    pub next_change: u64,
    pub paused: bool,
    pub paused_until: u64,
    pub batch_until: u64,
    pub next_batch: u64,
    pub next_break: u64,
    pub suggestion: String,
    pub measures: MeasuresEntry,
    pub reasons: Vec<PeriodEntry>,
    pub waits: Vec<WaitEntry>,
    pub to_lock: Vec<ToLockEntry>,
    pub problems: Vec<ProblemEntry>,
    pub config_error: String,
    pub version: Option<String>,
    pub plan: Vec<PeriodEntry>,
    pub sessions: Vec<SessionEntry>,
    pub apps: Vec<AppEntry>,
    pub doctor: Vec<DoctorEntry>,
    pub screen_time: Vec<ScreenTimeEntry>,
    /// Every method is answered with this.
    pub refuses: Option<Error>,
    /// The methods that were called, with their arguments.
    pub asked: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Control(Arc<Mutex<Scene>>);

impl Control {
    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.0.lock().unwrap()
    }

    fn hear(&self, asked: String) -> Result<MutexGuard<'_, Scene>, Error> {
        let mut scene = self.scene();
        scene.asked.push(asked);
        match &scene.refuses {
            Some(error) => Err(error.clone()),
            None => Ok(scene),
        }
    }
}

#[zbus::interface(name = "org.quietd.Quiet1")]
impl Control {
    fn log_session(
        &self,
        kind: &str,
        ended_usec: u64,
        options: std::collections::HashMap<String, OwnedVariant>,
    ) -> Result<String, Error> {
        let note = options.get("note").map(|note| note.downcast_ref::<String>().unwrap());
        self.hear(format!("LogSession {kind} {ended_usec} {note:?}")).map(|_| "7".to_owned())
    }

    fn forget_session(&self, id: &str) -> Result<(), Error> {
        self.hear(format!("ForgetSession {id}")).map(drop)
    }

    fn sessions(&self, since_usec: u64) -> Result<Vec<SessionEntry>, Error> {
        Ok(self.hear(format!("Sessions {since_usec}"))?.sessions.clone())
    }

    fn notes(&self, since_usec: u64) -> Result<Vec<NoteEntry>, Error> {
        self.hear(format!("Notes {since_usec}")).map(|_| vec![])
    }

    fn start(&self, profile: &str, usec: u64) -> Result<String, Error> {
        self.hear(format!("Start {profile} {usec}")).map(|_| "start:1".to_owned())
    }

    fn pause(&self, usec: u64) -> Result<(), Error> {
        self.hear(format!("Pause {usec}")).map(drop)
    }

    fn resume(&self) -> Result<(), Error> {
        self.hear("Resume".to_owned()).map(drop)
    }

    fn break_later(&self) -> Result<(), Error> {
        self.hear("BreakLater".to_owned()).map(drop)
    }

    fn break_skip(&self) -> Result<(), Error> {
        self.hear("BreakSkip".to_owned()).map(drop)
    }

    fn off(&self) -> Result<(), Error> {
        self.hear("Off".to_owned()).map(drop)
    }

    fn unlock(&self, what: &str, usec: u64) -> Result<(), Error> {
        self.hear(format!("Unlock {what} {usec}")).map(drop)
    }

    fn cancel_unlock(&self, what: &str) -> Result<(), Error> {
        self.hear(format!("CancelUnlock {what}")).map(drop)
    }

    fn later(&self) -> Result<u64, Error> {
        let scene = self.hear("Later".to_owned())?;
        Ok(scene.to_lock.iter().map(|app| app.at).min().unwrap_or(0))
    }

    fn plan(&self, from_usec: u64, until_usec: u64) -> Result<Vec<PeriodEntry>, Error> {
        assert!(from_usec < until_usec, "a plan goes forward");
        Ok(self.hear("Plan".to_owned())?.plan.clone())
    }

    fn doctor(&self) -> Result<Vec<DoctorEntry>, Error> {
        Ok(self.hear("Doctor".to_owned())?.doctor.clone())
    }

    fn screen_time(&self, from: u64, until: u64) -> Result<Vec<ScreenTimeEntry>, Error> {
        let days = (until - from) / 86_400_000_000;
        Ok(self.hear(format!("ScreenTime {days}"))?.screen_time.clone())
    }

    fn apps(&self) -> Result<Vec<AppEntry>, Error> {
        Ok(self.hear("Apps".to_owned())?.apps.clone())
    }

    #[zbus(property)]
    fn quiet(&self) -> bool {
        self.scene().quiet
    }

    #[zbus(property)]
    fn profile(&self) -> String {
        self.scene().profile.clone()
    }

    #[zbus(property)]
    fn until(&self) -> u64 {
        self.scene().until
    }

    #[zbus(property)]
    fn next_change(&self) -> u64 {
        self.scene().next_change
    }

    #[zbus(property)]
    fn paused(&self) -> bool {
        self.scene().paused
    }

    #[zbus(property)]
    fn paused_until(&self) -> u64 {
        self.scene().paused_until
    }

    #[zbus(property)]
    fn batch_until(&self) -> u64 {
        self.scene().batch_until
    }

    #[zbus(property)]
    fn next_batch(&self) -> u64 {
        self.scene().next_batch
    }

    #[zbus(property)]
    fn next_break(&self) -> u64 {
        self.scene().next_break
    }

    #[zbus(property)]
    fn suggestion(&self) -> String {
        self.scene().suggestion.clone()
    }

    #[zbus(property)]
    fn measures(&self) -> MeasuresEntry {
        self.scene().measures.clone()
    }

    #[zbus(property)]
    fn reasons(&self) -> Vec<PeriodEntry> {
        self.scene().reasons.clone()
    }

    #[zbus(property)]
    fn waits(&self) -> Vec<WaitEntry> {
        self.scene().waits.clone()
    }

    #[zbus(property)]
    fn to_lock(&self) -> Vec<ToLockEntry> {
        self.scene().to_lock.clone()
    }

    #[zbus(property)]
    fn problems(&self) -> Vec<ProblemEntry> {
        self.scene().problems.clone()
    }

    #[zbus(property)]
    fn config_error(&self) -> String {
        self.scene().config_error.clone()
    }

    #[zbus(property)]
    fn version(&self) -> String {
        self.scene().version.clone().unwrap_or_else(|| "0.1.0".to_owned())
    }
}

/// A home and a session bus, with or without the stand-in on it.
#[derive(Debug)]
pub struct Desk {
    pub home: tempfile::TempDir,
    pub bus: PrivateBus,
    control: Control,
    connection: Option<Connection>,
}

impl Desk {
    /// A desk without the daemon.
    pub fn without_daemon() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            bus: PrivateBus::start().unwrap(),
            control: Control::default(),
            connection: None,
        }
    }

    /// A desk with it.
    pub async fn new() -> Self {
        let mut desk = Self::without_daemon();
        desk.start().await;
        desk
    }

    /// What the stand-in says; a change alone is not told.
    pub fn scene(&self) -> MutexGuard<'_, Scene> {
        self.control.scene()
    }

    /// The stand-in comes to the bus: the object first, then the name.
    pub async fn start(&mut self) {
        let connection = self.bus.connect().await.unwrap();
        connection.object_server().at(PATH, self.control.clone()).await.unwrap();
        connection.request_name(NAME).await.unwrap();
        self.connection = Some(connection);
    }

    /// It leaves.
    pub async fn stop(&mut self) {
        self.connection.take().unwrap().close().await.unwrap();
    }

    /// It tells of a change of whether it is quiet.
    pub async fn tell(&self) {
        let server = self.connection.as_ref().unwrap().object_server();
        let object = server.interface::<_, Control>(PATH).await.unwrap();
        object.get().await.quiet_changed(object.signal_emitter()).await.unwrap();
        assert_eq!(INTERFACE, "org.quietd.Quiet1");
    }

    /// `quietctl`, in this home and on this bus, and nothing else of the environment.
    pub fn quietctl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quietctl"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("TZ", "UTC")
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus.address())
            .env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/system")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let run = tokio::time::timeout(AT_MOST, self.quietctl(arguments).output());
        Ran::from(run.await.expect("quietctl ends in time").unwrap())
    }

    /// A file below the home.
    pub fn write(&self, path: &str, text: &str) {
        let path: &Path = &self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// What a run of `quietctl` came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// The answer as JSON.
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}

/// A moment so many hours from now, in microseconds.
pub fn hours_from_now(hours: i64) -> u64 {
    use quietd::clock::{Clock as _, SystemClock};
    let then = SystemClock.now() + jiff::SignedDuration::from_hours(hours);
    then.as_microsecond().unsigned_abs()
}

/// A phase after the session that the stand-in logs.
pub fn phase(profile: &str, from: i64, until: i64) -> PeriodEntry {
    PeriodEntry {
        run: "session:7".into(),
        reason: "after a session".into(),
        profile: profile.into(),
        from: hours_from_now(from),
        until: hours_from_now(until),
        measures: MeasuresEntry { dim: Some(40), ..MeasuresEntry::default() },
    }
}
