//! Windows of apps that are frozen: hidden before, shown again after.
//!
//! A frozen window keeps its last picture and takes no click, and who clicks it is told that it does not respond, or has
//! it killed. So it is out of the way first. Here: which desktop can hide windows, one file for each, and the limits on
//! what that may cost; a window that cannot be hidden is left as it is. And whose the clipboard is, which X11 keeps in windows. Not here: which apps are frozen, and when.

mod clipboard;
mod hyprland;
mod kwin;
mod patience;
mod sway;
mod toplevels;
mod trouble;
mod x11;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

pub use clipboard::Clipboard;
pub use patience::Patience;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;
use trouble::Trouble;

use super::processes::{PROC, Processes};
use crate::{
    backend::{BackendError, Desktop},
    dbus::{Peer, kwin::KWIN},
};

/// The longest a lock waits for windows to be found, and then for them to be hidden.
const HIDE_AT_MOST: Duration = Duration::from_millis(100);

/// The same with `KWin`, where it is dangerous to freeze windows that are not hidden. It takes some hundredths of a
/// second, half a second while it draws without a graphics card, and more while other programs start.
const KWIN_HIDES_WITHIN: Duration = Duration::from_secs(2);

/// The longest it may take to show them; the apps go on before.
const SHOW_AT_MOST: Duration = Duration::from_secs(1);

/// A window that is hidden, or is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    way: Way,
    /// What its desktop calls it.
    id: String,
    /// Whose it is; 0 where the desktop does not tell.
    pid: u32,
    /// When that process began.
    started: u64,
    /// Where it was, in the words of its desktop.
    place: Value,
}

/// Who can hide it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    /// sway's or i3's socket.
    Sway(PathBuf),
    /// Hyprland's socket.
    Hyprland(PathBuf),
    /// `KWin`'s scripts.
    Kwin,
    /// The compositor's list of windows, for task bars.
    Toplevels,
    /// The window manager of an X11 display.
    X11(String),
}

impl Way {
    fn hides_within(&self) -> Duration {
        if *self == Self::Kwin { KWIN_HIDES_WITHIN } else { HIDE_AT_MOST }
    }
}

/// Whose windows are meant.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// Their processes.
    pub pids: BTreeSet<u32>,
    /// Their plain ids, for desktops that tell no processes.
    pub apps: BTreeSet<String>,
}

impl Window {
    /// Tells whether it is of one of these.
    pub fn is_of(&self, owners: &Owners) -> bool {
        match self.pid {
            0 => owners.apps.contains(&super::plain(&self.id)),
            pid => owners.pids.contains(&pid),
        }
    }

    /// Tells whether it is the same window, wherever it was.
    pub fn is(&self, other: &Self) -> bool {
        // Where there are no names for windows, several are told apart by where they were.
        let same = self.pid != 0 || self.place == other.place;
        (&self.way, &self.id, self.pid, self.started)
            == (&other.way, &other.id, other.pid, other.started)
            && same
    }
}

/// Why it is not known which windows there are.
struct Unknown {
    /// Who would know, where that matters.
    way: Option<Way>,
    trouble: Trouble,
}

impl From<Trouble> for Unknown {
    fn from(trouble: Trouble) -> Self {
        Self { way: None, trouble }
    }
}

/// The person's windows.
#[derive(Clone, Debug)]
pub struct Windows {
    desktop: Desktop,
}

impl Windows {
    /// Opens them; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self { desktop: desktop.clone() }
    }

    /// The windows of some apps that are there to be hidden; none where nobody tells in time. An error where what shows may
    /// be ended by closing it while it is frozen, and it cannot be known what shows.
    pub async fn of(&self, owners: &Owners) -> Result<Vec<Window>, Trouble> {
        if owners.pids.is_empty() {
            return Ok(Vec::new());
        }
        let mut windows = match self.look(owners).await {
            Ok(windows) => windows,
            Err(Unknown { way: Some(Way::Kwin), trouble }) if !matches!(trouble, Trouble::Gone) => {
                return Err(trouble);
            }
            Err(Unknown { trouble, .. }) => {
                tracing::debug!(measure = "apps", %trouble, "windows are left as they are");
                return Ok(Vec::new());
            }
        };
        let pids: Vec<u32> = windows.iter().map(|window| window.pid).collect();
        let processes = Processes::read_some(PROC.as_ref(), &pids);
        for window in &mut windows {
            window.started = processes.at(window.pid).map_or(0, |process| process.started);
        }
        Ok(windows)
    }

    async fn look(&self, owners: &Owners) -> Result<Vec<Window>, Unknown> {
        let mut windows = Vec::new();
        let mut answered = false;
        for way in self.sockets() {
            let found = self.list(way, owners).await;
            answered |= found.is_ok();
            windows.extend(found.unwrap_or_default());
        }
        if answered {
            return Ok(windows);
        }
        if self.runs(KWIN).await {
            let by_kwin = |trouble| Unknown { way: Some(Way::Kwin), trouble };
            return self.list(Way::Kwin, owners).await.map_err(by_kwin);
        }
        // It lets nobody hide a window, on Wayland; see `Patience`.
        if self.runs(patience::SHELL).await {
            return Ok(windows);
        }
        match self.list(Way::Toplevels, owners).await {
            Err(Trouble::Gone) => {}
            answer => return Ok(answer?),
        }
        match &self.desktop.env.display {
            Some(display) => Ok(self.list(Way::X11(display.clone()), owners).await?),
            None => Ok(windows),
        }
    }

    /// The sockets of window managers; those that have ended are among them.
    fn sockets(&self) -> Vec<Way> {
        let Some(folder) = &self.desktop.env.runtime_dir else { return Vec::new() };
        let sway = sway::sockets(folder).into_iter().map(Way::Sway);
        sway.chain(hyprland::sockets(folder).into_iter().map(Way::Hyprland)).collect()
    }

    /// The bus answers this by itself. On a busy machine that may take longer than windows are worth, but to take a `KWin`
    /// that runs for none would be to freeze what it shows.
    async fn runs(&self, name: &str) -> bool {
        let peer = Peer::new(&self.desktop.session, name, "/", name).within(KWIN_HIDES_WITHIN);
        peer.is_running().await.unwrap_or(false)
    }

    async fn list(&self, way: Way, owners: &Owners) -> Result<Vec<Window>, Trouble> {
        in_time(way.hides_within(), self.list_all(way, owners.clone())).await
    }

    async fn list_all(&self, way: Way, owners: Owners) -> Result<Vec<Window>, Trouble> {
        match way {
            Way::Sway(socket) => apart(move || sway::list(&socket, &owners)).await,
            Way::Hyprland(socket) => apart(move || hyprland::list(&socket, &owners)).await,
            Way::Kwin => kwin::list(&self.desktop, &owners).await,
            Way::Toplevels => {
                let stream = toplevels::connect(&self.desktop).await?;
                apart(move || toplevels::list(stream, &owners)).await
            }
            Way::X11(display) => apart(move || x11::list(&display, &owners)).await,
        }
    }

    /// Hides windows. Gives back those for which not being hidden is dangerous and that may be seen still.
    pub async fn hide(&self, windows: Vec<Window>) -> Vec<Window> {
        let dangerous: Vec<Window> =
            windows.iter().filter(|window| kwin::kills(window)).cloned().collect();
        match self.for_each_way(windows, Act::Hide).await {
            Ok(()) => Vec::new(),
            Err(trouble) => {
                tracing::debug!(measure = "apps", %trouble, "windows may be seen still");
                dangerous
            }
        }
    }

    /// Shows windows where they were, but for those that the person has shown or moved meanwhile. What is gone is
    /// forgotten.
    pub async fn show(&self, mut windows: Vec<Window>) -> Result<(), BackendError> {
        let pids: Vec<u32> = windows.iter().map(|window| window.pid).collect();
        let processes = Processes::read_some(PROC.as_ref(), &pids);
        windows.retain(|window| {
            window.pid == 0 || processes.get(window.pid, window.started).is_some()
        });
        match self.for_each_way(windows, Act::Show).await {
            Ok(()) => Ok(()),
            Err(Trouble::TimedOut) => Err(BackendError::TimedOut("the window manager".to_owned())),
            Err(trouble) => Err(BackendError::Refused(format!(
                "The apps go on, but some of their windows could not be shown again: {trouble}. They are where \
                 your desktop keeps hidden windows."
            ))),
        }
    }

    async fn for_each_way(&self, windows: Vec<Window>, act: Act) -> Result<(), Trouble> {
        let mut ways: Vec<(Way, Vec<Window>)> = Vec::new();
        for window in windows {
            match ways.iter_mut().find(|(way, _)| *way == window.way) {
                Some((_, windows)) => windows.push(window),
                None => ways.push((window.way.clone(), vec![window])),
            }
        }
        let mut result = Ok(());
        for (way, windows) in ways {
            let at_most = if act == Act::Hide { way.hides_within() } else { SHOW_AT_MOST };
            match in_time(at_most, self.act(way, windows, act)).await {
                // Windows go with who had them.
                Ok(()) | Err(Trouble::Gone) => {}
                Err(trouble) => result = Err(trouble),
            }
        }
        result
    }

    async fn act(&self, way: Way, windows: Vec<Window>, act: Act) -> Result<(), Trouble> {
        match way {
            Way::Sway(socket) => apart(move || sway::act(&socket, &windows, act)).await,
            Way::Hyprland(socket) => apart(move || hyprland::act(&socket, &windows, act)).await,
            Way::Kwin => kwin::act(&self.desktop, &windows, act).await,
            Way::Toplevels => {
                let stream = toplevels::connect(&self.desktop).await?;
                apart(move || toplevels::act(stream, &windows, act)).await
            }
            Way::X11(display) => apart(move || x11::act(&display, &windows, act)).await,
        }
    }
}

/// What is done to windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Hide,
    Show,
}

async fn in_time<T>(
    at_most: Duration,
    act: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    tokio::time::timeout(at_most, act).await.unwrap_or(Err(Trouble::TimedOut))
}

/// Does blocking work on a thread of its own; where nobody waits any longer, its answer is dropped.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new()
        .name("windows".to_owned())
        .spawn(move || drop(tell.send(work())))?;
    told.await.unwrap_or_else(|_| Err(Trouble::Odd("the answer was lost".to_owned())))
}

/// The entries of a folder whose names are as asked, in order.
fn entries(folder: &Path, is_meant: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(&is_meant))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}
