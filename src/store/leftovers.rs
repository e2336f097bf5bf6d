//! What stays in a folder of ours after accidents: files half written, and files kept aside because nobody could read them.

use std::{fs, io, path::Path};

use super::{StoreError, atomic::remove};

/// Removes from a folder what was half written or kept aside. Goes on after an error and tells the first one.
pub fn remove_leftovers(folder: &Path) -> Result<(), StoreError> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::reading(folder)(error)),
    };
    let mut first = Ok(());
    for entry in listed.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_new = entry.path().extension().is_some_and(|end| end == "new");
        let half_written = name.starts_with('.') && is_new;
        if (half_written || name.contains(".broken-")) && entry.path().is_file() {
            first = first.and(remove(&entry.path()));
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_leftovers_go() {
        let folder = tempfile::tempdir().unwrap();
        let names = [".by-hand.json.new", "by-hand.json.broken-1", "receipts.json", "machine"];
        for name in names {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        remove_leftovers(folder.path()).unwrap();
        let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["machine", "receipts.json"]);
        remove_leftovers(&folder.path().join("absent")).unwrap();
    }
}
