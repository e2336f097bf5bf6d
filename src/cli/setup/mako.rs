//! What mako needs in its config: offered, added and taken away again, and nothing else of that file touched.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{super::render::answers::Step, refused, running};
use crate::{
    backend::notifications::mako::{
        SERVER,
        config::{Config, LINES, OWN, default_files, file},
        reload,
    },
    env::Env,
};

/// The first line of what is added; with it the rest is known as ours.
const MARK: &str = "# Added by `quietctl setup`, for the notifications that quietd holds back; \
                    `quietctl setup --remove` takes these lines away.";

/// The first line of a file that was not there before.
const MADE: &str = "# Made by `quietctl setup`.\n";

/// How people call it.
const TITLE: &str = "what mako needs in its config";

/// What is added at the end. It begins with a line break, so that taking it away leaves also a last line without one as
/// it was.
fn block() -> String {
    format!("\n{MARK}\n{}\n", LINES.join("\n"))
}

/// Offers to add what mako needs, where it runs and holds nothing back yet; without a yes nothing is written.
pub async fn offer(env: &Env, bus: &zbus::Connection, yes: bool) -> Option<Step> {
    let mako = running(bus, SERVER).await?;
    let path = file(bus, &mako.owner, env).await;
    let shown = env.for_people(&path);
    match Config::read(&path, &env.home).mode(&["default".to_owned()]) {
        Some(OWN) => return Some(Step::of_file("there already", TITLE, &shown)),
        // A mode of the person's own does it.
        Some(_) => return None,
        None => {}
    }
    let question = format!(
        "mako shows your notifications, and holds none back until its config says so.\n{}\nAdd these lines to {shown}?",
        block()
    );
    let what = format!("{TITLE}, {shown}");
    if let Some(step) = refused(&question, yes, &what, "until it is there mako holds nothing back")
    {
        return Some(step);
    }
    let failed = |error: &dyn std::fmt::Display| {
        let lines = LINES.join("», «");
        let text = format!("{what}: {error}. By hand, it is these lines at the end: «{lines}»");
        Some(Step::new("not written", &text))
    };
    let before = match append(&path) {
        Ok(before) => before,
        Err(error) => return failed(&error),
    };
    match reload(bus, &mako.owner).await {
        Ok(()) => Some(Step::of_file("written", TITLE, &shown)),
        Err(error) => {
            // mako goes on with what it had; so does the file.
            let _ = match before {
                Some(before) => replace(&path, &before),
                None => fs::remove_file(&path),
            };
            failed(&error)
        }
    }
}

/// Takes away what was added, wherever a mako would read it.
pub async fn remove(env: &Env, bus: Option<&zbus::Connection>) -> Vec<Step> {
    let mut mako = None;
    let mut files = BTreeSet::from(default_files(env));
    if let Some(bus) = bus
        && let Some(server) = running(bus, SERVER).await
    {
        files.insert(file(bus, &server.owner, env).await);
        mako = Some((bus, server.owner));
    }
    let mut steps = Vec::new();
    let mut changed = false;
    for path in files {
        let shown = env.for_people(&path);
        match take_away(&path) {
            Ok(Taken::Nothing) => {}
            Ok(Taken::All) => {
                changed = true;
                steps.push(Step::of_file("removed", TITLE, &shown));
            }
            Ok(Taken::NotOurs) => steps.push(Step::new(
                "kept",
                &format!("{TITLE}: {shown}; you have changed those lines, so they are yours"),
            )),
            Err(error) => {
                steps.push(Step::new("left", &format!("{TITLE}: {shown}: {error}")));
            }
        }
    }
    if changed
        && let Some((bus, owner)) = mako
        && let Err(error) = reload(bus, &owner).await
    {
        tracing::debug!(%error, "mako did not read its config anew");
    }
    steps
}

/// Adds the lines at the end of a file, or makes it; answers what it said before.
fn append(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let before = match fs::read(path) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut new = before.clone().unwrap_or_else(|| MADE.as_bytes().to_vec());
    // Where they are there already, something after them undoes them.
    if let Some(without) = without(&new, block().as_bytes()) {
        new = without;
    }
    new.extend(block().as_bytes());
    replace(path, &new)?;
    Ok(before)
}

/// What came of taking away.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// There was nothing of ours.
    Nothing,
    /// All of it is gone.
    All,
    /// It is not as it was added.
    NotOurs,
}

fn take_away(path: &Path) -> io::Result<Taken> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Taken::Nothing),
        Err(error) => return Err(error),
    };
    let Some(left) = without(&text, block().as_bytes()) else {
        let marked = without(&text, MARK.as_bytes()).is_some();
        return Ok(if marked { Taken::NotOurs } else { Taken::Nothing });
    };
    if left == MADE.as_bytes() {
        fs::remove_file(path)?;
    } else {
        replace(path, &left)?;
    }
    Ok(Taken::All)
}

/// A text without a part of it; none where it has no such part.
fn without(text: &[u8], part: &[u8]) -> Option<Vec<u8>> {
    let at = text.windows(part.len()).position(|window| window == part)?;
    Some([&text[..at], &text[at + part.len()..]].concat())
}

/// Replaces a file's text, whole or not at all: where a link leads, with the rights it has.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let target = if path.is_symlink() { fs::canonicalize(path)? } else { path.to_owned() };
    let folder = target.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)?;
    let mut beside = target.clone().into_os_string();
    beside.push(".quietd-new");
    let beside = PathBuf::from(beside);
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside)?;
        if let Ok(there) = fs::metadata(&target) {
            file.set_permissions(there.permissions())?;
        }
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&beside, &target)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn round_trip(text: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        append(&path).unwrap();
        append(&path).unwrap();
        let after = fs::read_to_string(&path).unwrap();
        assert_eq!(after, format!("{text}{}", block()), "adding twice is adding once");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(take_away(&path).unwrap(), Taken::All);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(take_away(&path).unwrap(), Taken::Nothing);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_added_is_taken_away_exactly() {
        for text in ["", "font=mono", "font=mono\n", "[app-name=x]\ninvisible=0\n\n\n"] {
            round_trip(text);
        }
    }

    #[test]
    fn a_file_that_was_not_there_is_not_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mako/config");
        assert_eq!(append(&path).unwrap(), None);
        assert_eq!(take_away(&path).unwrap(), Taken::All);
        assert!(!path.exists());
        append(&path).unwrap();
        let more = fs::read_to_string(&path).unwrap() + "[mode=away]\ninvisible=1\n";
        fs::write(&path, &more).unwrap();
        assert_eq!(take_away(&path).unwrap(), Taken::All);
        let left = fs::read_to_string(&path).unwrap();
        assert_eq!(left, format!("{MADE}[mode=away]\ninvisible=1\n"));
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (dotfile, path) = (folder.path().join("dotfile"), folder.path().join("config"));
        fs::write(&dotfile, "font=mono\n").unwrap();
        symlink("dotfile", &path).unwrap();
        append(&path).unwrap();
        assert!(path.is_symlink());
        assert!(fs::read_to_string(&dotfile).unwrap().contains(MARK));
        assert_eq!(take_away(&path).unwrap(), Taken::All);
        assert_eq!(fs::read_to_string(&dotfile).unwrap(), "font=mono\n");
        // One that leads nowhere is nothing to write through.
        fs::remove_file(&dotfile).unwrap();
        assert!(append(&path).is_err());
        assert!(path.is_symlink() && !dotfile.exists());
    }

    #[test]
    fn lines_that_the_person_changed_are_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        append(&path).unwrap();
        let theirs = fs::read_to_string(&path).unwrap().replace("invisible=0", "invisible=1");
        fs::write(&path, &theirs).unwrap();
        assert_eq!(take_away(&path).unwrap(), Taken::NotOurs);
        assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    }
}
