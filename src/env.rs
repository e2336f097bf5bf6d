//! The environment: XDG folders and the variables that matter, read once.
//!
//! XDG Base Directory Specification 0.8. No other module reads the environment; tests make an [`Env`] by hand.

use std::{
    ffi::OsString,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// What the process was given at its start.
#[derive(Clone, Debug)]
pub struct Env {
    /// `$HOME`, else what the system has for this person.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME`, else `~/.config`.
    pub config_home: PathBuf,
    /// `$XDG_DATA_HOME`, else `~/.local/share`.
    pub data_home: PathBuf,
    /// `$XDG_STATE_HOME`, else `~/.local/state`.
    pub state_home: PathBuf,
    /// `$XDG_DATA_DIRS`, the person's own data folder first.
    pub data_dirs: Vec<PathBuf>,
    /// `$XDG_CONFIG_DIRS`, without the person's own; the first has the most weight.
    pub config_dirs: Vec<PathBuf>,
    /// `$PATH`: where programs are.
    pub path: Vec<PathBuf>,
    /// `$XDG_RUNTIME_DIR`, if set.
    pub runtime_dir: Option<PathBuf>,
    /// `$DISPLAY`, if set.
    pub display: Option<String>,
    /// `$WAYLAND_DISPLAY`, if set.
    pub wayland_display: Option<String>,
    /// `$XDG_CURRENT_DESKTOP`, if set.
    pub current_desktop: Option<String>,
    /// `$DBUS_SESSION_BUS_ADDRESS`, if set.
    pub session_bus: Option<String>,
    /// Whether what is printed may be coloured: `$NO_COLOR` is unset and `$TERM` is not `dumb`.
    pub colour: bool,
    /// Whether systemd reads our standard error: `$JOURNAL_STREAM` is set.
    pub journal: bool,
    /// Whether every step is logged: `$QUIETD_DEBUG` is set.
    pub debug: bool,
    /// `/sys`, or where a test put a stand-in for it (`$QUIETD_SYSFS`).
    pub sysfs: PathBuf,
    /// `/proc`, or where a test put a stand-in for it (`$QUIETD_PROCFS`).
    pub procfs: PathBuf,
}

impl Env {
    /// Reads the process's environment. Relative paths in XDG variables are ignored, as the specification says. Without
    /// `$HOME` it is the home that the system has for this person.
    pub fn from_process() -> Self {
        #[allow(clippy::disallowed_methods, reason = "the one place that reads it")]
        Self::from_lookup(&|name| match name {
            "HOME" => std::env::home_dir().map(PathBuf::into_os_string),
            _ => std::env::var_os(name),
        })
    }

    /// Makes an environment from any source of variables.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok());
        let folder = |name: &str| set(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = folder("HOME").unwrap_or_else(|| PathBuf::from("/"));
        let data_home = folder("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
        let shared = set("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
        let data_dirs = std::iter::once(data_home.clone())
            .chain(std::env::split_paths(&shared).filter(|path| path.is_absolute()))
            .collect();
        let defaults = set("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".into());
        let config_dirs =
            std::env::split_paths(&defaults).filter(|path| path.is_absolute()).collect();
        let path = set("PATH").unwrap_or_default();
        let path = std::env::split_paths(&path).filter(|path| path.is_absolute()).collect();
        Self {
            path,
            config_home: folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            state_home: folder("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state")),
            runtime_dir: folder("XDG_RUNTIME_DIR"),
            display: text("DISPLAY"),
            wayland_display: text("WAYLAND_DISPLAY"),
            current_desktop: text("XDG_CURRENT_DESKTOP"),
            session_bus: text("DBUS_SESSION_BUS_ADDRESS"),
            colour: set("NO_COLOR").is_none() && text("TERM").is_some_and(|term| term != "dumb"),
            journal: set("JOURNAL_STREAM").is_some(),
            debug: set("QUIETD_DEBUG").is_some(),
            sysfs: folder("QUIETD_SYSFS").unwrap_or_else(|| PathBuf::from("/sys")),
            procfs: folder("QUIETD_PROCFS").unwrap_or_else(|| PathBuf::from("/proc")),
            home,
            data_home,
            data_dirs,
            config_dirs,
        }
    }

    /// Where a program is, by its name; none where it is not installed.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let is_program = |path: &PathBuf| {
            path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
        };
        self.path.iter().map(|folder| folder.join(name)).find(is_program)
    }

    /// The person's configuration.
    pub fn config_file(&self) -> PathBuf {
        self.config_home.join("quietd/config.toml")
    }

    /// The person's own lists of suggestions.
    pub fn suggestions_dir(&self) -> PathBuf {
        self.config_home.join("quietd/suggestions")
    }

    /// The session log's folder: one file for each machine.
    pub fn log_dir(&self) -> PathBuf {
        self.data_home.join("quietd/log")
    }

    /// The folder of receipts and of what was done by hand.
    pub fn state_dir(&self) -> PathBuf {
        self.state_home.join("quietd")
    }

    /// The folder of `quietctl try`.
    pub fn trial_dir(&self) -> PathBuf {
        self.state_dir().join("try")
    }

    /// Where a `quietctl try` keeps its receipts.
    pub fn trial_state_dir(&self) -> PathBuf {
        self.trial_dir().join("state/quietd")
    }

    /// The path that people write as `~/…`, or as it is.
    pub fn expand(&self, path: &str) -> PathBuf {
        match path.strip_prefix("~/") {
            Some(below) => self.home.join(below),
            None => path.into(),
        }
    }

    /// Shortens a path below the home folder to `~/…`, for people.
    pub fn for_people(&self, path: &Path) -> String {
        match path.strip_prefix(&self.home) {
            Ok(below) => format!("~/{}", below.display()),
            Err(_) => path.display().to_string(),
        }
    }
}
