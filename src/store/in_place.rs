//! Erasing lines where no copy can be written, as on a full disk: they are overwritten where they stand.
//!
//! No byte of another line is touched, so what a cut in the middle leaves is at worst one torn line of those that were to
//! go. Blank lines stay; every reader passes over them, and the next copy is without them.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
    path::Path,
};

use super::StoreError;

/// Overwrites the lines for which `instead` has something: with that where it fits, and with spaces. Blank lines at the
/// end are cut off.
pub fn overwrite_lines(
    path: &Path,
    instead: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
) -> Result<(), StoreError> {
    let overwrite = || -> io::Result<()> {
        let mut file = File::options().read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut offset, mut end) = (0, 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let mut now = text.to_vec();
            if let Some(word) = instead(line) {
                now = if word.len() <= text.len() { word } else { Vec::new() };
                now.resize(text.len(), b' ');
                file.write_all_at(&now, offset)?;
            }
            offset += line.len() as u64;
            if !now.trim_ascii().is_empty() {
                end = offset;
            }
        }
        file.sync_all()?;
        // What came to it meanwhile is not cut off.
        if end < offset && file.metadata()?.len() == offset {
            file.set_len(end)?;
            file.sync_all()?;
        }
        Ok(())
    };
    overwrite().map_err(StoreError::writing(path))
}

/// Tells whether a line is what stays of one that was overwritten.
pub fn is_blank(line: &[u8]) -> bool {
    line.starts_with(b" ") && line.trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, goes: &str, word: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, text).unwrap();
        let instead =
            |line: &[u8]| line.starts_with(goes.as_bytes()).then(|| word.as_bytes().to_vec());
        overwrite_lines(&path, &instead).unwrap();
        std::fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn only_what_goes_is_overwritten_with_what_fits_there() {
        assert_eq!(after("one\ngone\ntwo\n", "gone", ""), "one\n    \ntwo\n");
        assert_eq!(after("one\ngone\ntwo\n", "gone", "go"), "one\ngo  \ntwo\n");
        assert_eq!(after("one\ngone\ntwo\n", "gone", "longer"), "one\n    \ntwo\n");
        assert_eq!(after("one\ngone\ngone", "gone", ""), "one\n");
        assert_eq!(after("gone\n", "gone", ""), "");
        assert_eq!(after("one\n", "gone", ""), "one\n");
        assert!(is_blank(b"  \n") && !is_blank(b"\n") && !is_blank(b" a\n"));
    }
}
