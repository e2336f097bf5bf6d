//! Small JSON files of one version; one that cannot be read is kept aside and said.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Damage, StoreError,
    atomic::{remove, replace},
};

const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u64,
    #[serde(flatten)]
    content: T,
}

/// Reads a file; the default if it is not there or cannot be understood.
pub fn read<T: DeserializeOwned + Default>(path: &Path) -> (T, Vec<Damage>) {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(error) => {
            let why = format!("it could not be read: {error}. Make sure that it belongs to you.");
            return (T::default(), vec![Damage::file(path, why)]);
        }
    };
    match serde_json::from_slice::<Versioned<T>>(&bytes) {
        Ok(Versioned { v: VERSION, content }) => (content, Vec::new()),
        Ok(_) => {
            let why = "it was written by another version of quietd";
            (T::default(), vec![set_aside(path, why)])
        }
        Err(_) => (T::default(), vec![set_aside(path, "it is torn or was changed by hand")]),
    }
}

/// Writes a file; nothing but defaults is no file.
pub fn write<T: Serialize + Default + PartialEq>(
    path: &Path,
    content: &T,
) -> Result<(), StoreError> {
    if *content == T::default() {
        return remove(path);
    }
    replace(path, &bytes_of(path, content)?)
}

/// Writes a file of which something is erased; where no copy fits, as on a full disk, in its own bytes. Tells why it is
/// not kept where nothing was there to erase.
pub fn erase<T: Serialize + Default + PartialEq>(
    path: &Path,
    content: &T,
) -> Result<Option<StoreError>, StoreError> {
    let Err(error) = write(path, content) else { return Ok(None) };
    let bytes = bytes_of(path, content)?;
    let file = match File::options().write(true).open(path) {
        Ok(file) => file,
        Err(it) if it.kind() == io::ErrorKind::NotFound => return Ok(Some(error)),
        Err(_) => return Err(error),
    };
    let (length, room) = (bytes.len() as u64, file.metadata().map_or(0, |it| it.len()));
    if length > room {
        return Err(error);
    }
    let overwrite = || {
        file.write_all_at(&bytes, 0)?;
        file.set_len(length)?;
        file.sync_all()
    };
    overwrite().map(|()| None).map_err(StoreError::writing(path))
}

fn bytes_of<T: Serialize>(path: &Path, content: &T) -> Result<Vec<u8>, StoreError> {
    let content = Versioned { v: VERSION, content };
    let mut bytes =
        serde_json::to_vec(&content).map_err(|error| StoreError::writing(path)(error.into()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Keeps a copy of a file of which only a part could be understood.
pub fn copy_aside(path: &Path, why: &str) -> Damage {
    let aside = aside(path);
    kept(path, why, &aside, fs::copy(path, &aside).map(|_| ()))
}

fn set_aside(path: &Path, why: &str) -> Damage {
    let aside = aside(path);
    kept(path, why, &aside, fs::rename(path, &aside))
}

fn kept(path: &Path, why: &str, aside: &Path, done: io::Result<()>) -> Damage {
    let then = match done {
        Ok(()) => format!("It was kept as {}.", aside.display()),
        Err(error) => format!("It could not be kept as {}: {error}.", aside.display()),
    };
    Damage::file(path, format!("{why}. {then}"))
}

/// The first free name for a file kept aside.
fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut names = (1..u32::MAX).map(|n| path.with_file_name(format!("{name}.broken-{n}")));
    names.find(|path| !path.exists()).unwrap_or_else(|| path.with_extension("broken"))
}
