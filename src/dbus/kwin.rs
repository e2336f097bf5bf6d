//! Scripts of ours in `KWin`: a script is a file that it loads, runs and is told to forget. Seen on 5.27 and 6.7.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde::Serialize;
use zbus::Connection;

use super::{CallError, Peer};

/// `KWin`'s name on the session bus.
pub const KWIN: &str = "org.kde.KWin";

/// How many scripts were given a token.
static TOKENS: AtomicU32 = AtomicU32::new(0);

/// By what the word of one run of a script is told from that of any other.
pub fn token() -> String {
    format!("{}-{}", std::process::id(), TOKENS.fetch_add(1, Ordering::Relaxed))
}

/// Why a script does not run.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It cannot be put where `KWin` reads it.
    #[error("the script cannot be written: {0}")]
    Disk(#[from] io::Error),
    /// `KWin` answered that it did not.
    #[error("it does not load the script {0}")]
    NotLoaded(String),
}

/// `KWin`'s scripts.
#[derive(Clone, Debug)]
pub struct Scripts {
    scripting: Peer,
    folder: PathBuf,
}

impl Scripts {
    /// Names them, and the folder from where they are read; each call takes at most so long.
    pub fn new(bus: &Connection, folder: &Path, within: Duration) -> Self {
        let scripting = Peer::new(bus, KWIN, "/Scripting", "org.kde.kwin.Scripting");
        Self { scripting: scripting.within(within), folder: folder.to_owned() }
    }

    /// Loads a script under a name, with what it finds in `quietd`; one of that name is replaced, which may be there from before a crash. The file has to
    /// last until the script has said something: `KWin` reads it after it has answered that it runs it.
    pub async fn load(
        &self,
        name: &str,
        given: &(impl Serialize + Sync),
        script: &str,
    ) -> Result<ScriptFile, ScriptError> {
        let given = serde_json::to_string(given).map_err(io::Error::from)?;
        let text = format!("var quietd = {given};\n{script}");
        let file = ScriptFile::write(self.folder.join(format!("{name}.js")), &text)?;
        let load = async || {
            self.scripting.call::<_, i32>("loadScript", &(file.0.to_string_lossy(), name)).await
        };
        let mut id = load().await?;
        if id < 0 {
            self.unload(name).await?;
            id = load().await?;
        }
        if id < 0 { Err(ScriptError::NotLoaded(name.to_owned())) } else { Ok(file) }
    }

    /// Runs all that are loaded and have not run yet: each has an object of its own to run it by, but 5.27 gives one that
    /// is loaded after another was forgotten the name of a third.
    pub async fn start(&self) -> Result<(), CallError> {
        self.scripting.call("start", &()).await
    }

    /// Forgets a script; tells whether it was there.
    pub async fn unload(&self, name: &str) -> Result<bool, CallError> {
        self.scripting.call("unloadScript", &(name,)).await
    }
}

/// The file of a script, for as long as `KWin` may not have read it.
#[derive(Debug)]
pub struct ScriptFile(PathBuf);

impl ScriptFile {
    fn write(path: PathBuf, text: &str) -> io::Result<Self> {
        let mut options = fs::OpenOptions::new();
        // Nobody else is to write in what we have run.
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        let script = Self(path);
        file.write_all(text.as_bytes())?;
        Ok(script)
    }
}

impl Drop for ScriptFile {
    fn drop(&mut self) {
        // Left behind it does nothing.
        let _ = fs::remove_file(&self.0);
    }
}
