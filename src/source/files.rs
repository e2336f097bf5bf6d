//! The config file and the session log: read, and watched with inotify through every way people edit files.
//!
//! A path is watched name by name, from `/` down, and through symbolic links: each folder, link and file for being
//! moved or deleted, the last for its content, and where a name is not there, its folder for that name to appear. After
//! each change the watches are laid anew. Folders on the way are not watched for what is in them, so that nobody's writes
//! in `~/.config` wake us.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fs, io,
    io::Read as _,
    os::{fd::OwnedFd, unix::fs::OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor},
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::{config::TEXT_AT_MOST, readiness::wait_on};

/// As many links are followed as the kernel does.
const LINKS_AT_MOST: usize = 40;

/// `IN_MASK_ADD` of inotify(7), which nix does not name: a folder can be on the way twice.
const MASK_ADD: AddWatchFlags = AddWatchFlags::from_bits_retain(0x2000_0000);

/// A name on the way is itself moved or deleted, or a link replaced.
const SELF: AddWatchFlags =
    AddWatchFlags::IN_MOVE_SELF.union(AddWatchFlags::IN_DELETE_SELF).union(MASK_ADD);

/// A name appears in its folder, or what may be done with it changes.
const APPEARS: AddWatchFlags = AddWatchFlags::IN_CREATE
    .union(AddWatchFlags::IN_MOVED_TO)
    .union(AddWatchFlags::IN_ATTRIB)
    .union(SELF);

/// What the config file is, when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadConfig {
    /// There is none.
    Missing,
    /// A folder has its name.
    Folder,
    /// It cannot be read: why, in a sentence.
    Unreadable(String),
    /// What it says.
    Text(String),
}

/// Reads the config file. Never waits: a pipe or a device in its place is unreadable, and so is what is larger than
/// [`TEXT_AT_MOST`].
pub fn read_config(path: &Path) -> ReadConfig {
    let shown = path.display();
    let unreadable =
        |why: String| ReadConfig::Unreadable(format!("{shown} cannot be read: {why}."));
    let opened = fs::OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match fs::read_link(path) {
                Ok(target) => {
                    unreadable(format!("it is a link to {}, which is not there", target.display()))
                }
                Err(_) => ReadConfig::Missing,
            };
        }
        // A file where a folder should be.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return ReadConfig::Missing,
        Err(error) => return unreadable(error.to_string()),
    };
    match file.metadata() {
        Ok(found) if found.is_dir() => return ReadConfig::Folder,
        Ok(found) if !found.is_file() => return unreadable("it is not a regular file".to_owned()),
        Ok(_) => {}
        Err(error) => return unreadable(error.to_string()),
    }
    let mut bytes = Vec::new();
    if let Err(error) = file.take(TEXT_AT_MOST as u64 + 1).read_to_end(&mut bytes) {
        return unreadable(error.to_string());
    }
    if bytes.len() > TEXT_AT_MOST {
        return unreadable("it is larger than 1 MiB".to_owned());
    }
    match String::from_utf8(bytes) {
        Ok(text) => ReadConfig::Text(text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
            let line = before.matches('\n').count();
            unreadable(format!("it is not UTF-8 text in line {}", line + 1))
        }
    }
}

/// Watches a file or a folder, whether it is there or not yet.
#[derive(Debug)]
pub struct Watch {
    paths: Vec<PathBuf>,
    last: Last,
    laid: Laid,
}

/// What is at the end of the path.
#[derive(Clone, Copy, Debug)]
enum Last {
    File,
    Folder,
}

impl Watch {
    /// Watches one file. To be called within the runtime.
    pub fn file(path: &Path) -> io::Result<Self> {
        Self::new(&[path.to_owned()], Last::File)
    }

    /// Watches a folder and the files directly in it; those with a dot first, as temporary files have, are left out. To be
    /// called within the runtime.
    pub fn folder(path: &Path) -> io::Result<Self> {
        Self::new(&[path.to_owned()], Last::Folder)
    }

    /// Watches several folders as one.
    pub fn folders(paths: &[PathBuf]) -> io::Result<Self> {
        Self::new(paths, Last::Folder)
    }

    fn new(paths: &[PathBuf], last: Last) -> io::Result<Self> {
        let paths: Vec<PathBuf> =
            paths.iter().map(std::path::absolute).collect::<Result<_, _>>()?;
        Ok(Self { laid: Laid::new(&paths, last)?, paths, last })
    }

    /// Waits until it may have changed; changes that happened together are told together. What is read afterwards is not
    /// missed: a later change is told again. May be dropped and called again.
    pub async fn changed(&mut self) {
        if let Err(error) = self.laid.changed().await {
            tracing::warn!(paths = ?self.paths, %error, "watching failed; changes are not seen");
            std::future::pending::<()>().await;
        }
        match Laid::new(&self.paths, self.last) {
            Ok(laid) => self.laid = laid,
            // The old watches see at least what they saw before.
            Err(error) => {
                tracing::warn!(paths = ?self.paths, %error, "watching anew failed");
            }
        }
    }
}

/// The watches of one moment.
#[derive(Debug)]
struct Laid {
    inotify: Inotify,
    /// The same queue under another number, for tokio to wait on.
    ready: AsyncFd<OwnedFd>,
    watched: BTreeMap<WatchDescriptor, Watched>,
}

/// What is waited for at one watch, besides its being moved or deleted.
#[derive(Debug, Default)]
struct Watched {
    /// Names to appear.
    names: BTreeSet<OsString>,
    /// Any name but hidden ones.
    is_the_folder: bool,
}

impl Laid {
    /// Lays watches along the paths. Each is laid before what it watches is looked at, so that no change falls between.
    fn new(paths: &[PathBuf], last: Last) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let ready = wait_on(&inotify, Interest::READABLE)?;
        let mut laid = Self { inotify, ready, watched: BTreeMap::new() };
        for path in paths {
            laid.follow(path, last)?;
        }
        Ok(laid)
    }

    fn follow(&mut self, path: &Path, last: Last) -> io::Result<()> {
        let mut rest: Vec<OsString> = names_of(path);
        rest.reverse();
        let mut at = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&name);
            if !self.stands(&at, &next, &name)? {
                return Ok(());
            }
            if fs::symlink_metadata(&next).is_ok_and(|found| found.is_symlink()) {
                // A link that is replaced loses its name before it is gone.
                let itself = AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_DONT_FOLLOW | MASK_ADD;
                self.add(&next, itself)?;
            }
            if let Ok(target) = fs::read_link(&next) {
                links += 1;
                if links > LINKS_AT_MOST {
                    return Ok(());
                }
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                rest.extend(names_of(&target).into_iter().rev());
            } else {
                at = next;
            }
        }
        self.last(&at, last)
    }

    /// Watches a name, or its folder where it is not there or may not be watched. Tells whether it is there.
    fn stands(&mut self, folder: &Path, next: &Path, name: &OsStr) -> io::Result<bool> {
        let itself = SELF | AddWatchFlags::IN_DONT_FOLLOW;
        if self.add(next, itself)?.is_some() {
            return Ok(true);
        }
        if let Some(watched) = self.add(folder, APPEARS)? {
            watched.names.insert(name.to_owned());
        }
        // It may have appeared in between.
        Ok(self.add(next, itself)?.is_some() || fs::symlink_metadata(next).is_ok())
    }

    fn last(&mut self, path: &Path, last: Last) -> io::Result<()> {
        let content = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_ATTRIB | SELF;
        match last {
            Last::File => self.add(path, content).map(|_| ()),
            Last::Folder => {
                let names = AddWatchFlags::IN_CREATE
                    | AddWatchFlags::IN_DELETE
                    | AddWatchFlags::IN_MOVED_TO
                    | AddWatchFlags::IN_MOVED_FROM;
                if let Some(watched) = self.add(path, content | names)? {
                    watched.is_the_folder = true;
                }
                Ok(())
            }
        }
    }

    /// Adds a watch; none where there is nothing, or nothing that may be watched.
    fn add(&mut self, path: &Path, what: AddWatchFlags) -> io::Result<Option<&mut Watched>> {
        match self.inotify.add_watch(path, what) {
            Ok(watch) => Ok(Some(self.watched.entry(watch).or_default())),
            Err(
                Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES | Errno::ELOOP | Errno::ENAMETOOLONG,
            ) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for an event that matters and takes all that came with it.
    async fn changed(&self) -> io::Result<()> {
        loop {
            let mut ready = self.ready.readable().await?;
            let mut matters = false;
            loop {
                match self.inotify.read_events() {
                    Ok(events) => matters |= events.iter().any(|event| self.matters(event)),
                    Err(Errno::EAGAIN) => break,
                    Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            ready.clear_ready();
            if matters {
                return Ok(());
            }
        }
    }

    fn matters(&self, event: &InotifyEvent) -> bool {
        let (Some(name), Some(watched)) = (&event.name, self.watched.get(&event.wd)) else {
            // About the thing itself, or the queue overflowed.
            return true;
        };
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        watched.names.contains(name) || watched.is_the_folder && !is_hidden
    }
}

fn names_of(path: &Path) -> Vec<OsString> {
    let name = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(name).collect()
}

#[cfg(test)]
mod tests;
