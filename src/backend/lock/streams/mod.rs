//! Who captures sound or a picture now: an app that holds a call, records, or shares the screen.
//!
//! `PipeWire` knows (`pw-dump`, 0.3.65 and later), and `PulseAudio` where that runs by itself (`pactl`, 15 or later). Here:
//! which of them to ask, for how long, and following them while somebody captures (`pipewire`, `pulse`); their programs and
//! the limits on these (`program`). Not here: which apps are locked, and what becomes of them.
//!
//! Nobody is asked who does not run: to connect to its socket would start it. Where nobody answers nothing is known, and
//! apps are locked as if nobody captured.

mod pipewire;
mod program;
mod pulse;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;

use super::{
    identity::{Identity, plain},
    processes::PROC,
    scan,
};
use crate::env::Env;
use program::Program;

/// The longest a lock waits to be told who captures. It takes some hundredths of a second, and most of one on a machine that
/// is very busy; a call that is cut off is worse than a lock that comes late.
const ASK_AT_MOST: Duration = Duration::from_secs(1);

/// The longest name that the kernel keeps of a process, in bytes.
const NAME_AT_MOST: usize = 15;

/// Somebody who captures, as the sound server describes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    /// The numbers their process may have: the kernel's own, which is the portal's where that has opened the way; and what
    /// they say themselves, which in a sandbox is one of its own.
    pub pids: Vec<u32>,
    /// The name of their program.
    pub program: String,
    /// Their id where they are in a flatpak's box, [`plain`].
    pub flatpak: Option<String>,
}

impl Recorder {
    /// Tells whether it is in a unit, by the unit's name and its processes.
    pub fn is_in(&self, unit: &str, pids: &[u32]) -> bool {
        let identity = || Identity::of(unit).map(|it| it.ids).unwrap_or_default();
        self.pids.iter().any(|pid| pids.contains(pid))
            || self
                .flatpak
                .as_ref()
                .is_some_and(|app| identity().iter().any(|it| plain(it) == *app))
            || pids.iter().any(|pid| self.is_inside(&Path::new(PROC).join(pid.to_string())))
    }

    /// Tells whether it is a process that has another number in a sandbox.
    fn is_inside(&self, process: &Path) -> bool {
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        let value =
            |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        let mut numbers = value("NSpid:").unwrap_or_default().split_ascii_whitespace().skip(1);
        let short = |name: &str| name.bytes().take(NAME_AT_MOST).collect::<Vec<u8>>();
        let same = !self.program.is_empty()
            && value("Name:").is_some_and(|name| short(name) == short(&self.program));
        same && numbers.any(|number| number.parse().is_ok_and(|pid| self.pids.contains(&pid)))
    }
}

/// What has been told while it is followed; none of a server that has not said anything yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pipewire: Option<Vec<Recorder>>,
    pulse: Option<Vec<Recorder>>,
}

impl Known {
    /// Everybody who captures; none before all have answered.
    pub fn all(&self) -> Option<Vec<Recorder>> {
        Some([self.pipewire.as_deref()?, self.pulse.as_deref()?].concat())
    }
}

/// The person's sound servers.
#[derive(Clone, Debug)]
pub struct Streams {
    env: Arc<Env>,
}

impl Streams {
    /// Names them; does no I/O.
    pub fn new(env: &Arc<Env>) -> Self {
        Self { env: Arc::clone(env) }
    }

    /// What to add where calls cannot be seen.
    pub fn unseen(&self) -> &'static str {
        let can = |name| self.env.program(name).is_some();
        if can(pipewire::PROGRAM) || can(pulse::PROGRAM) {
            ""
        } else {
            "; calls cannot be seen without pw-dump or pactl"
        }
    }

    /// Asks who captures now.
    pub async fn ask(&self) -> Vec<Recorder> {
        let ask = async |name: &str, program: Option<PathBuf>, args: &[&str], read: Read| {
            let Some(program) = program else { return Vec::new() };
            let told = Program::start(&program, args, &self.env).map(Program::all);
            let told = async { told?.await.and_then(|told| Ok(read(&told)?)) };
            match tokio::time::timeout(ASK_AT_MOST, told).await {
                Ok(Ok(recorders)) => recorders,
                Ok(Err(error)) => {
                    tracing::warn!(measure = "apps", %error, "{name} did not tell who captures");
                    Vec::new()
                }
                Err(_) => {
                    tracing::warn!(measure = "apps", "{name} did not tell in time who captures");
                    Vec::new()
                }
            }
        };
        let (mut all, more) = tokio::join!(
            ask("PipeWire", self.pipewire(), &["--no-colors"], pipewire::read),
            ask("PulseAudio", self.pulse(), pulse::LIST, pulse::read),
        );
        all.extend(more);
        all
    }

    /// Tells who captures, now and with each change; ends when somebody who tells has ended, or nobody can.
    pub async fn follow(&self, said: &watch::Sender<Known>) {
        let (pipewire, pulse) = (self.pipewire(), self.pulse());
        said.send_modify(|known| {
            known.pipewire = pipewire.is_none().then(Vec::new);
            known.pulse = pulse.is_none().then(Vec::new);
        });
        if pipewire.is_none() && pulse.is_none() {
            return;
        }
        let ended = tokio::select! {
            ended = pipewire::follow(pipewire.as_deref(), &self.env, said) => ended,
            ended = pulse::follow(pulse.as_deref(), &self.env, said) => ended,
        };
        if let Err(error) = ended {
            tracing::warn!(measure = "apps", %error, "who captures is not told any more");
        }
    }

    /// The program to ask `PipeWire` with, where both are there.
    fn pipewire(&self) -> Option<PathBuf> {
        let socket = self.env.runtime_dir.as_ref()?.join("pipewire-0");
        let program = self.env.program(pipewire::PROGRAM)?;
        let proc: &Path = PROC.as_ref();
        let is_it = |pid: u32| name_of(proc, pid) == "pipewire";
        (socket.exists() && scan::own(proc).any(is_it)).then_some(program)
    }

    /// The program to ask `PulseAudio` with, where both are there; `PipeWire` in its place is asked as what it is.
    fn pulse(&self) -> Option<PathBuf> {
        let pid = self.env.runtime_dir.as_ref()?.join("pulse/pid");
        let pid = fs::read_to_string(pid).ok()?.trim().parse().ok()?;
        let program = self.env.program(pulse::PROGRAM)?;
        (name_of(PROC.as_ref(), pid) == "pulseaudio").then_some(program)
    }
}

type Read = fn(&[u8]) -> Result<Vec<Recorder>, serde_json::Error>;

fn name_of(proc: &Path, pid: u32) -> String {
    let name = fs::read_to_string(proc.join(pid.to_string()).join("comm")).unwrap_or_default();
    name.trim_end().to_owned()
}

/// Sets a part of what is known; tells of it if it is something else.
fn say(
    said: &watch::Sender<Known>,
    part: fn(&mut Known) -> &mut Option<Vec<Recorder>>,
    recorders: Vec<Recorder>,
) {
    said.send_if_modified(|known| {
        let recorders = Some(recorders);
        let changed = *part(known) != recorders;
        *part(known) = recorders;
        changed
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder(pid: u32, program: &str) -> Recorder {
        Recorder { pids: vec![900, pid], program: program.to_owned(), flatpak: None }
    }

    #[test]
    fn one_in_a_sandbox_is_known_by_its_number_there_and_its_name() {
        let process = tempfile::tempdir().unwrap();
        let says = |text: &str| fs::write(process.path().join("status"), text).unwrap();
        says("Name:\tZoomWebviewHos\nPid:\t4711\nNSpid:\t4711\t17\t4\n");
        assert!(
            !recorder(4, "ZoomWebviewHost").is_inside(process.path()),
            "the kernel keeps 15 bytes"
        );
        says("Name:\tZoomWebviewHost\nPid:\t4711\nNSpid:\t4711\t17\t4\n");
        assert!(recorder(4, "ZoomWebviewHost-beta").is_inside(process.path()));
        assert!(recorder(17, "ZoomWebviewHost").is_inside(process.path()));
        assert!(!recorder(4, "zoom").is_inside(process.path()));
        assert!(!recorder(4, "").is_inside(process.path()));
        assert!(!recorder(5, "ZoomWebviewHost").is_inside(process.path()));
        // In no sandbox there is but one number.
        says("Name:\tcat\nNSpid:\t4\n");
        assert!(!recorder(4, "cat").is_inside(process.path()));
        assert!(!recorder(4, "cat").is_inside(Path::new("/nowhere")));
    }

    #[test]
    fn one_is_known_by_its_process_or_its_flatpak() {
        let told = Recorder { flatpak: Some("us.zoom.zoom".to_owned()), ..recorder(0, "zoom") };
        assert!(told.is_in("app-flatpak-us.zoom.Zoom-31.scope", &[]));
        assert!(!told.is_in("app-flatpak-us.zoom.Zoomer-31.scope", &[]));
        assert!(told.is_in("app-anything-1.scope", &[3, 900]));
    }
}
