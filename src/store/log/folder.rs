//! A folder of files with lines, one for each machine: adding a line, and rewriting files without some.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::super::{
    Damage, StoreError,
    atomic::{beside, make_folder, private, remove, replace, sync_folder},
    in_place::{is_blank, overwrite_lines},
    leftovers::remove_leftovers,
    machine,
};
use super::entry::NEWER;

/// How often a line is added again because the file was replaced under it.
const TRIES: usize = 3;

/// The files of one ending in a folder, of which one is this machine's.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// What is kept as this machine's name: its session log's file.
    name: String,
    /// Where the name is kept.
    machine: PathBuf,
    ending: &'static str,
}

/// Whose files are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Ours,
    All,
}

/// How lines are erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By a copy without them; where none can be written, where they stand.
    Copy,
    /// Where they stand.
    InPlace,
}

/// Which lines that nobody can read are erased too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    /// Those that name one of the ids.
    IfNamed,
    /// All but those of another version: they help nobody, and what they hold may be what is to be erased.
    Always,
    /// Those of another version as well.
    Every,
}

impl Torn {
    /// Tells whether a line goes of which somebody said why it cannot be read.
    pub fn goes(self, line: &[u8], why: &str, ids: &BTreeSet<&str>) -> bool {
        match self {
            Self::IfNamed => ids.iter().any(|id| names(line, id)),
            Self::Always => why != NEWER,
            Self::Every => true,
        }
    }
}

impl Folder {
    /// Finds this machine's name, or makes one. Writes nothing yet.
    pub fn open(path: &Path, state_dir: &Path, ending: &'static str) -> Result<Self, StoreError> {
        let machine = state_dir.join("machine");
        let name = match machine::kept_name(&machine) {
            Some(name) => name,
            None => machine::new_name()?,
        };
        Ok(Self { path: path.to_owned(), name, machine, ending })
    }

    /// The files of another ending in it.
    pub fn with_ending(&self, ending: &'static str) -> Self {
        Self { ending, ..self.clone() }
    }

    fn stem(&self) -> &str {
        self.name.trim_end_matches(".jsonl")
    }

    /// This machine's own file.
    pub fn own_file(&self) -> PathBuf {
        self.path.join(format!("{}.{}", self.stem(), self.ending))
    }

    /// Tells whether a file is this machine's, or a conflict copy of it.
    pub fn is_ours(&self, file: &Path) -> bool {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let rest = name.strip_prefix(self.stem()).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| rest == self.ending || rest.starts_with("sync-conflict-"))
    }

    /// Adds lines to this machine's file, each with its newline. When this returns, they are on the disk.
    pub fn add(&self, lines: &[u8]) -> Result<(), StoreError> {
        make_folder(&self.path)?;
        if machine::kept_name(&self.machine).as_ref() != Some(&self.name) {
            // Without it the next start takes another file, and that is harmless; a session that is not kept is not.
            let _ = replace(&self.machine, self.name.as_bytes());
        }
        let path = self.own_file();
        for _ in 0..TRIES {
            let written = add_lines(&path, lines).map_err(StoreError::writing(&path))?;
            sync_folder(&self.path)?;
            // A program that syncs the folder may have put another file in its place meanwhile; the line must be in that.
            if fs::metadata(&path).is_ok_and(|there| there.ino() == written) {
                break;
            }
        }
        Ok(())
    }

    /// Every file of the ending, in order.
    pub fn files(&self, damage: &mut Vec<Damage>) -> Vec<PathBuf> {
        let listed = || -> io::Result<Vec<PathBuf>> {
            let paths = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.path()));
            paths.collect()
        };
        let mut files = match listed() {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                damage.push(unreadable(&self.path, &error));
                Vec::new()
            }
        };
        let is_hidden = |path: &Path| {
            path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."))
        };
        files.retain(|path| {
            path.extension().is_some_and(|end| end == self.ending)
                && !is_hidden(path)
                && path.is_file()
        });
        files.sort();
        files
    }

    /// Erases the lines for which `instead` has something; that takes a line's place where only its place is left. Goes on
    /// after an error and tells the first one.
    pub fn strip(
        &self,
        whose: Whose,
        how: How,
        instead: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let mut files = self.files(&mut Vec::new());
        files.retain(|file| whose == Whose::All || self.is_ours(file));
        let strip = |file: &PathBuf| {
            // Behind a link, the lines are in the file it leads to.
            let file = &fs::canonicalize(file).unwrap_or_else(|_| file.clone());
            // What a crash left beside the file may hold the same.
            let beside = remove(&beside(file));
            let stripped = match how {
                How::Copy => copy_without(file, instead),
                How::InPlace => overwrite_lines(file, instead),
            };
            beside.and(stripped)
        };
        let mut errors: Vec<StoreError> =
            files.iter().filter_map(|file| strip(file).err()).collect();
        if whose == Whose::All {
            errors.extend(remove_leftovers(&self.path).err());
        }
        errors.into_iter().next().map_or(Ok(()), Err)
    }
}

fn copy_without(file: &Path, instead: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> Result<(), StoreError> {
    let bytes = fs::read(file).map_err(StoreError::reading(file))?;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let stays = |line: &&[u8]| !is_blank(line) && instead(line).is_none();
    let left = lines.filter(stays).collect::<Vec<_>>().concat();
    if left.len() == bytes.len() {
        return Ok(());
    }
    // A full disk keeps nobody from erasing.
    replace(file, &left).or_else(|_| overwrite_lines(file, instead))
}

/// Tells whether a line that nobody can read names an id.
fn names(line: &[u8], id: &str) -> bool {
    let named = format!("\"{id}\"");
    line.windows(named.len()).any(|window| window == named.as_bytes())
}

/// Adds lines with one write, and says which file they went to. A last line that a crash left torn is closed first; where
/// the disk is full, nothing of the new ones stays.
fn add_lines(path: &Path, lines: &[u8]) -> io::Result<u64> {
    let mut file = private().read(true).append(true).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let closed = if last == [b'\n'] { lines.to_vec() } else { [b"\n", lines].concat() };
    if let Err(error) = file.write_all(&closed) {
        let _ = file.set_len(length);
        return Err(error);
    }
    file.sync_all()?;
    Ok(file.metadata()?.ino())
}

/// Says that a file or folder could not be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Damage {
    let why = format!("it could not be read: {error}. Make sure that it belongs to you.");
    Damage::file(path, why)
}
