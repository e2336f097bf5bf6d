//! Files that are whole at every moment, whatever happens: the old one or the new one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use super::StoreError;

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;

/// Replaces a file, or makes it. Only its owner can read it, whatever the umask. Missing folders are made.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    make_folder(parent(path))?;
    put(path, bytes, Permissions::from_mode(FILE))
}

/// Replaces a settings file of another program, or makes it. Whoever could read it still can; behind a link, the file is
/// replaced and the link stays, laid anew so that who watches only its folder hears of it.
pub fn rewrite(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    make_folder(parent(path))?;
    let Ok(target) = fs::canonicalize(path) else {
        return put(path, bytes, Permissions::from_mode(FILE));
    };
    let permissions = fs::metadata(&target).map_err(StoreError::writing(path))?.permissions();
    put(&target, bytes, permissions)?;
    if let Ok(link) = fs::read_link(path) {
        let beside = beside(path);
        // One that a crash left there.
        let _ = fs::remove_file(&beside);
        symlink(link, &beside)
            .and_then(|()| fs::rename(&beside, path))
            .map_err(StoreError::writing(path))?;
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8], permissions: Permissions) -> Result<(), StoreError> {
    let beside = beside(path);
    let write = || -> io::Result<()> {
        let mut file = private().truncate(true).write(true).open(&beside)?;
        file.set_permissions(permissions)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    if let Err(error) = write() {
        // What is half written helps nobody, and the first error is the one to tell.
        let _ = fs::remove_file(&beside);
        return Err(StoreError::writing(path)(error));
    }
    sync_folder(parent(path))
}

/// Removes a file for good; one that is not there is fine.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(parent(path)),
        // Under a name that is too long there is nothing.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename) =>
        {
            Ok(())
        }
        Err(error) => Err(StoreError::removing(path)(error)),
    }
}

/// Makes a folder and those above it, each open to its owner only.
pub fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(FOLDER).create(path).map_err(StoreError::writing(path))
}

/// Opens files that are made for their owner only.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(FILE);
    options
}

/// Makes a rename or a new file last through a power cut.
pub fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::writing(folder))
}

/// The folder a file is in.
pub fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Where a file is written before it takes its place; one that a crash left there is written over.
pub fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_and_folders_are_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.json");
        replace(&path, b"one").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!((mode(&path), mode(parent(&path))), (0o600, 0o700));
        assert_eq!(mode(&folder.path().join("a")), 0o700);
    }

    #[test]
    fn another_programs_file_keeps_its_mode_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("dotfiles/file"));
        fs::create_dir(parent(&file)).unwrap();
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        symlink("dotfiles/file", &link).unwrap();
        fs::write(beside(&link), "left by a crash").unwrap();
        rewrite(&link, b"new").unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("dotfiles/file"));
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"new".to_vec(), 0o664));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);

        let made = folder.path().join("made");
        rewrite(&made, b"first").unwrap();
        assert_eq!((fs::read(&made).unwrap(), mode(&made)), (b"first".to_vec(), 0o600));
    }

    #[test]
    fn what_cannot_be_written_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        fs::create_dir(beside(&path)).unwrap();
        let error = rewrite(&path, b"new").unwrap_err().to_string();
        assert!(error.contains("file could not be written"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn what_a_crash_left_beside_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        fs::write(beside(&path), "a long torn leftover").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        let error = replace(&path, b"new").unwrap_err().to_string();
        assert!(error.contains("taken could not be written"), "{error}");
        assert!(error.ends_with("try again."), "{error}");
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        remove(&folder.path().join("absent")).unwrap();
    }
}
