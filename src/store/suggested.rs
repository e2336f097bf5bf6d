//! Suggestions: the person's own lists, and which was given last.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{StoreError, kept};
use crate::{
    env::Env,
    suggestions::{Given, Lists},
};

/// The most of a list that is read, in bytes.
const LIST_AT_MOST: u64 = 64 * 1024;

/// Reads the lists: the person's own, `quietd/suggestions/KIND.txt` in their config folder, each in the place of the
/// built-in of that kind.
pub fn suggestions(env: &Env) -> Lists {
    Lists::read(|kind| suggestion_text(env, kind))
}

/// The person's own list of a kind, if there is one.
pub fn suggestion_text(env: &Env, kind: &str) -> Option<String> {
    let mut text = Vec::new();
    let path = env.suggestions_dir().join(kind).with_extension("txt");
    // To open a pipe is to wait for whoever writes into it.
    let file = path.metadata().is_ok_and(|it| it.is_file()).then(|| File::open(path))?.ok()?;
    file.take(LIST_AT_MOST).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The file of what was suggested last.
#[derive(Debug)]
pub struct SuggestedStore(PathBuf);

impl SuggestedStore {
    /// Names the file in the state folder; reads and writes nothing.
    pub fn open(state_dir: &Path) -> Self {
        Self(state_dir.join("suggested.json"))
    }

    /// Reads it. One that cannot be understood is kept aside, and nothing was suggested.
    pub fn read(&self) -> Given {
        kept::read(&self.0).0
    }

    /// Writes it.
    pub fn write(&self, given: &Given) -> Result<(), StoreError> {
        kept::write(&self.0, given)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, ffi::OsString, fs};

    use super::*;
    use crate::suggestions::Stage;

    #[test]
    fn lists_are_read_anew_and_may_be_anything() {
        let home = tempfile::tempdir().unwrap();
        let variables: HashMap<&str, OsString> = HashMap::from([("HOME", home.path().into())]);
        let env = Env::from_lookup(&|name| variables.get(name).cloned());
        assert_eq!(suggestions(&env), Lists::read(|_| None));
        let folder = home.path().join(".config/quietd/suggestions");
        fs::create_dir_all(folder.join("breathe.txt")).unwrap();
        fs::write(folder.join("rest.txt"), b"\xff tea\n").unwrap();
        let lists = suggestions(&env);
        assert_eq!(lists.next(Stage::FirstHours, 0, ""), Some("\u{fffd} tea"));
        fs::write(folder.join("rest.txt"), vec![b'x'; 1 << 20]).unwrap();
        assert!(suggestions(&env).next(Stage::FirstHours, 0, "").is_some());
        // Whoever opens a pipe waits for its other end.
        let pipe = folder.join("walk.txt");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(suggestion_text(&env, "walk"), None);
    }

    #[test]
    fn what_was_given_is_kept_and_a_torn_file_is_nothing_given() {
        let folder = tempfile::tempdir().unwrap();
        let store = SuggestedStore::open(folder.path());
        assert_eq!(store.read(), Given::default());
        let given = Given { turn: 7, last: "Tea.".to_owned(), ..Given::default() };
        store.write(&given).unwrap();
        assert_eq!(store.read(), given);
        fs::write(folder.path().join("suggested.json"), b"{\"v\":1,\"tu").unwrap();
        assert_eq!(store.read(), Given::default());
    }
}
