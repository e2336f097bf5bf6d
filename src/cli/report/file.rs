//! Where a report is written.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use crate::cli::CommandError;

/// What to do where a path cannot be written to.
const ANOTHER: &str = "Write another path after --output.";

/// The file for `--output`, or for none; none for standard output. `name` is the file's name where a folder is meant.
/// Behind a link it is the file that the link leads to: that is replaced, and the link stays.
pub fn target(output: Option<&Path>, name: String) -> Result<Option<PathBuf>, CommandError> {
    let file = match output {
        Some(path) if path == Path::new("-") => return Ok(None),
        Some(folder) if folder.is_dir() => folder.join(name),
        Some(file) => file.to_owned(),
        None => PathBuf::from(name),
    };
    let file = std::path::absolute(&file).unwrap_or(file);
    let refused =
        |why: &str| CommandError::usage(format!("{} {why} Nothing was written.", file.display()));
    match fs::metadata(&file) {
        Ok(there) if there.is_file() => Ok(Some(fs::canonicalize(&file).unwrap_or(file))),
        Ok(there) if there.is_dir() => {
            Err(refused("is a folder, so no file can take its place.").hint(ANOTHER))
        }
        // To replace one would take it away from all who use it.
        Ok(_) => Err(refused("is no file: it is a device, a pipe or a socket.")
            .hint("Write a file after --output, or - for standard output.")),
        Err(_) if fs::symlink_metadata(&file).is_ok() => {
            Err(refused("is a link that leads nowhere.").hint(ANOTHER))
        }
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && !file.as_os_str().as_bytes().ends_with(b"/")
                && file.parent().is_some_and(Path::is_dir) =>
        {
            Ok(Some(file))
        }
        Err(_) => Err(CommandError::usage(format!(
            "There is no folder for {}. Nothing was written.",
            file.display()
        ))
        .hint("Write another path after --output, or make the folder.")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    fn at(path: &Path) -> Result<Option<PathBuf>, String> {
        target(Some(path), "name.html".to_owned()).map_err(|error| error.message)
    }

    #[test]
    fn a_link_leads_to_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let (file, link) = (folder.join("synced/file.html"), folder.join("link.html"));
        fs::create_dir(folder.join("synced")).unwrap();
        symlink("synced/file.html", &link).unwrap();
        assert!(at(&link).unwrap_err().contains("link.html is a link that leads nowhere."));
        fs::write(&file, "old").unwrap();
        assert_eq!(at(&link), Ok(Some(file)));
    }

    #[test]
    fn what_is_no_file_is_not_replaced_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        mkfifo(&pipe, Mode::from_bits_truncate(0o600)).unwrap();
        symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link] {
            assert!(at(path).unwrap_err().contains("is no file: it is a device"), "{path:?}");
        }
    }

    #[test]
    fn a_folder_gets_a_file_and_what_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(at(folder.path()), Ok(Some(folder.path().join("name.html"))));
        assert_eq!(at(&folder.path().join("new.md")), Ok(Some(folder.path().join("new.md"))));
        assert_eq!(at(Path::new("-")), Ok(None));
        assert!(at(&folder.path().join("no/")).unwrap_err().starts_with("There is no folder for"));
        assert!(at(&folder.path().join("no/x")).unwrap_err().starts_with("There is no folder for"));
        fs::create_dir(folder.path().join("name.html")).unwrap();
        assert!(at(folder.path()).unwrap_err().contains("is a folder"));
    }
}
