//! Which databases make up this person's settings, and which keys an administrator locked.
//!
//! As `dconf(7)` has it: the first profile found counts; without one there is only the person's own database, `user`.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::gvdb::{Damaged, Found, Table};
use crate::{backend::BackendError, env::Env};

/// Where dconf keeps things.
#[derive(Clone, Debug)]
pub struct Places {
    config_home: PathBuf,
    profiles: Vec<PathBuf>,
    system: PathBuf,
}

impl Places {
    /// Takes the folders from the environment; `etc` is `/etc/dconf` but in tests.
    pub fn new(env: &Env, etc: &Path) -> Self {
        let shared = env.data_dirs.iter().map(|dir| dir.join("dconf/profile/user"));
        Self {
            config_home: env.config_home.clone(),
            profiles: std::iter::once(etc.join("profile/user")).chain(shared).collect(),
            system: etc.join("db"),
        }
    }

    /// Reads the profile and the databases as they are now.
    pub fn read(&self) -> Result<Databases, BackendError> {
        let (name, system) = self.profile()?;
        let path = self.config_home.join("dconf").join(&name);
        let file = file(&path)?;
        let system = system
            .into_iter()
            .map(|path| Ok((file_or_nothing(&path)?, path)))
            .collect::<Result<Vec<_>, BackendError>>()?;
        Ok(Databases { name, path, file, system })
    }

    fn profile(&self) -> Result<(String, Vec<PathBuf>), BackendError> {
        let mut lines = String::from("user-db:user");
        for path in &self.profiles {
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    lines = text;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(path, &error)),
            }
        }
        let sources: Vec<&str> = lines
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default().trim())
            .filter(|line| !line.is_empty())
            .collect();
        let name = sources.first().and_then(|first| first.strip_prefix("user-db:"));
        let Some(name) = name.filter(|name| !name.is_empty() && !name.contains('/')) else {
            return Err(BackendError::Refused(format!(
                "dconf keeps the settings of this machine in `{}`, which only `user-db:` lets others read; nothing was \
                 changed.",
                sources.first().copied().unwrap_or("nothing")
            )));
        };
        let system = sources
            .iter()
            .filter_map(|source| {
                source
                    .strip_prefix("system-db:")
                    .map(|name| self.system.join(name))
                    .or_else(|| source.strip_prefix("file-db:").map(PathBuf::from))
            })
            .collect();
        Ok((name.to_owned(), system))
    }
}

/// The databases at one moment. dconf replaces its files whole, so what was read is consistent.
#[derive(Clone, Debug)]
pub struct Databases {
    name: String,
    path: PathBuf,
    file: Vec<u8>,
    system: Vec<(Vec<u8>, PathBuf)>,
}

impl Databases {
    /// The name of the person's own database: the last part of its writer's path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads what the person's own database has for a key.
    pub fn get(&self, key: &str) -> Result<Option<super::Value>, BackendError> {
        if self.file.is_empty() {
            return Ok(None);
        }
        let found = Table::root(&self.file).and_then(|table| table.get(key));
        match found.map_err(|error| damaged(&self.path, &error))? {
            Found::Unset => Ok(None),
            Found::Value(value) => Ok(Some(value)),
            Found::Odd(what) => Err(BackendError::Refused(format!(
                "The setting {key} holds something nobody expects there ({what}); it was left as it is."
            ))),
        }
    }

    /// Reads what the administrator has for a key, which counts where the person has set nothing.
    pub fn shared(&self, key: &str) -> Result<Option<super::Value>, BackendError> {
        for (file, path) in self.system.iter().filter(|(file, _)| !file.is_empty()) {
            let found = Table::root(file).and_then(|table| table.get(key));
            if let Found::Value(value) = found.map_err(|error| damaged(path, &error))? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Lists the keys of the person's own database that lie in a folder.
    pub fn keys_in(&self, folder: &str) -> Result<Vec<String>, BackendError> {
        if self.file.is_empty() {
            return Ok(Vec::new());
        }
        let keys = Table::root(&self.file).and_then(|table| table.keys());
        let mut keys = keys.map_err(|error| damaged(&self.path, &error))?;
        keys.retain(|key| key.starts_with(folder));
        keys.sort();
        Ok(keys)
    }

    /// Tells whether an administrator locked a key: what the person's own database says does not count then.
    pub fn is_locked(&self, key: &str) -> Result<bool, BackendError> {
        for (file, path) in self.system.iter().filter(|(file, _)| !file.is_empty()) {
            let locked = Table::root(file)
                .and_then(|table| table.table(".locks"))
                .and_then(|locks| locks.map_or(Ok(Found::Unset), |locks| locks.get(key)))
                .map_err(|error| damaged(path, &error))?;
            if locked != Found::Unset {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A file's bytes; none where there is no file. An empty file is damaged: dconf never writes one.
fn file(path: &Path) -> Result<Vec<u8>, BackendError> {
    match std::fs::read(path) {
        Ok(bytes) if bytes.is_empty() => Err(BackendError::Refused(format!(
            "{} is empty, where dconf keeps the settings; nothing was changed.",
            path.display()
        ))),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// As [`file`], for what dconf itself passes over when it cannot read it.
fn file_or_nothing(path: &Path) -> Result<Vec<u8>, BackendError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(unreadable(path, &error))
        }
        Err(_) => Ok(Vec::new()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> BackendError {
    BackendError::Refused(format!(
        "{} could not be read ({error}); nothing was changed.",
        path.display()
    ))
}

fn damaged(path: &Path, error: &Damaged) -> BackendError {
    BackendError::Refused(format!(
        "{} is damaged: {error}. Nothing was changed; `dconf dump /` shows what can still be read.",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dbus::dconf::Value;

    const KEY: &str = "/org/gnome/desktop/notifications/show-banners";

    fn places(root: &Path) -> Places {
        let home = root.as_os_str().to_owned();
        let env = Env::from_lookup(&|name| {
            (name == "HOME" || name == "XDG_DATA_DIRS").then(|| home.clone())
        });
        std::fs::create_dir_all(root.join(".config/dconf")).unwrap();
        std::fs::create_dir_all(root.join("etc/db")).unwrap();
        std::fs::create_dir_all(root.join("etc/profile")).unwrap();
        Places::new(&env, &root.join("etc"))
    }

    #[test]
    fn without_a_file_nothing_is_set() {
        let root = tempfile::tempdir().unwrap();
        let read = places(root.path()).read().unwrap();
        assert_eq!(read.name(), "user");
        assert_eq!(read.get(KEY), Ok(None));
        assert_eq!(read.is_locked(KEY), Ok(false));
        assert_eq!(read.keys_in("/"), Ok(Vec::new()));
    }

    #[test]
    fn a_damaged_file_is_said() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        let path = root.path().join(".config/dconf/user");
        for bytes in [&b""[..], b"GVariant", b"something else entirely, and longer than a header"] {
            std::fs::write(&path, bytes).unwrap();
            let error = places.read().and_then(|read| read.get(KEY)).unwrap_err();
            let BackendError::Refused(text) = error else { panic!("{error:?}") };
            assert!(text.contains("dconf/user is "), "{text}");
        }
    }

    #[test]
    fn a_lock_counts_where_the_profile_names_its_database() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        let locked = include_bytes!("../../../tests/it/data/dconf-locked");
        std::fs::write(root.path().join("etc/db/office"), locked).unwrap();
        assert_eq!(places.read().unwrap().is_locked(KEY), Ok(false));

        let profile = "# ours\nuser-db:me\nsystem-db:gone\nsystem-db:office # all\n";
        std::fs::write(root.path().join("etc/profile/user"), profile).unwrap();
        std::fs::write(root.path().join(".config/dconf/me"), locked).unwrap();
        let read = places.read().unwrap();
        assert_eq!(read.name(), "me");
        assert_eq!(read.is_locked(KEY), Ok(true));
        assert_eq!(read.is_locked("/org/gnome/other"), Ok(false));
        assert_eq!(read.get(KEY), Ok(Some(Value::Bool(true))));
    }

    #[test]
    fn settings_kept_elsewhere_are_said() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        std::fs::write(root.path().join("etc/profile/user"), "service-db:keyfile/user\n").unwrap();
        let error = places.read().unwrap_err().to_string();
        assert!(error.contains("service-db:keyfile/user"), "{error}");
    }
}
