//! A home and a bus of their own, for the real binaries.

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use futures_util::StreamExt as _;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use quietd::{api, dbus::Peer, standin::PrivateBus};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use zbus::{Connection, MatchRule, MessageStream, OwnedVariant};

/// Longer than anything here may take, shorter than a person's patience.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A home folder, a session bus, and nobody else.
pub struct House {
    pub home: TempDir,
    pub bus: PrivateBus,
    pub connection: Connection,
    /// The address of its system bus; none is there at first.
    pub system: String,
}

/// A daemon that runs in a [`House`]; ends with it.
pub struct Quietd {
    pub process: tokio::process::Child,
}

impl House {
    pub async fn new() -> Self {
        let bus = PrivateBus::start().unwrap();
        let connection = bus.connect().await.unwrap();
        let system = "unix:path=/nonexistent".to_owned();
        Self { home: TempDir::new().unwrap(), bus, connection, system }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    pub fn write_config(&self, text: &str) {
        std::fs::create_dir_all(self.path(".config/quietd")).unwrap();
        std::fs::write(self.path(".config/quietd/config.toml"), text).unwrap();
    }

    pub fn state(&self, file: &str) -> PathBuf {
        self.path(".local/state/quietd").join(file)
    }

    /// A command that meets this home and these buses, with nothing to read.
    pub fn dress(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("TZ", "UTC")
            .env("QUIETD_SYSFS", self.path("sys"))
            .env("QUIETD_PROCFS", self.path("proc"))
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus.address())
            .env("DBUS_SYSTEM_BUS_ADDRESS", &self.system)
            .stdin(Stdio::null());
        command
    }

    /// The daemon as a command that has not been started.
    pub fn quietd(&self) -> Command {
        self.dress(env!("CARGO_BIN_EXE_quietd"))
    }

    /// The control command. The stand-ins live in this process, so it must not block.
    pub async fn quietctl(&self, arguments: &[&str]) -> Output {
        let mut command = self.dress(env!("CARGO_BIN_EXE_quietctl"));
        command.args(arguments);
        tokio::process::Command::from(command).output().await.unwrap()
    }

    /// Starts the daemon and waits until it says that it is ready.
    pub async fn start(&self) -> Quietd {
        let socket = self.path("notify");
        let _ = std::fs::remove_file(&socket);
        let notify = tokio::net::UnixDatagram::bind(&socket).unwrap();
        let mut command = self.quietd();
        command.env("NOTIFY_SOCKET", &socket).stdout(Stdio::null());
        let mut process = tokio::process::Command::from(command)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // What the daemon says is shown where a test fails, and never fills the pipe.
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                println!("quietd: {line}");
            }
        });
        let mut told = [0; 256];
        let length = tokio::time::timeout(PATIENCE, notify.recv(&mut told)).await.unwrap().unwrap();
        assert_eq!(&told[..length.min(7)], b"READY=1");
        Quietd { process }
    }

    /// The control bus.
    pub fn quiet(&self) -> Peer {
        Peer::new(&self.connection, api::NAME, api::PATH, api::INTERFACE)
    }

    /// A property of the control bus.
    pub async fn get<T: TryFrom<OwnedVariant>>(&self, property: &str) -> T {
        self.quiet().get(property).await.unwrap()
    }

    /// How many problems it tells of.
    pub async fn problems(&self) -> usize {
        let problems: zbus::Array<'static> = self.get("Problems").await;
        problems.len()
    }

    /// Waits until something about the daemon's properties is so; looks after each change that is told.
    pub async fn until<F, T>(&self, what: &str, mut look: F)
    where
        F: FnMut() -> T,
        T: Future<Output = bool>,
    {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .path(api::PATH)
            .interface("org.freedesktop.DBus.Properties")
            .build()
            .unwrap();
        let mut changes =
            MessageStream::for_match_rule(rule, &self.connection, None).await.unwrap();
        let wait = async {
            while !look().await {
                changes.next().await.unwrap().unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
    }
}

impl Quietd {
    /// `kill -9`.
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// It hangs from now on, or goes on.
    pub fn hang(&self, hangs: bool) {
        self.signal(if hangs { Signal::SIGSTOP } else { Signal::SIGCONT });
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.process.id().unwrap().cast_signed());
        kill(id, signal).unwrap();
    }

    /// `systemctl stop`, without the unit's `ExecStopPost=`.
    pub async fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}
