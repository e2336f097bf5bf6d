//! What can go wrong on the disk, and what was found broken there, in words for people.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Something could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error("{path} could not be {done}: {source}. {next}", path = path.display(), next = next(source))]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// `read`, `written` or `removed`.
        done: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The words of a session do not fit in a line of the log.
    #[error(
        "The session's kind and note are {length} bytes long and at most {at_most} fit. Shorten the note."
    )]
    TooLong {
        /// Bytes of the line.
        length: usize,
        /// Bytes that fit.
        at_most: usize,
    },
    /// The session's id is not one that [`super::new_id`] makes.
    #[error("“{0}” cannot be a session's id: letters, digits, - and _ only, at most 64.")]
    OddId(String),
}

impl StoreError {
    pub(super) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::on(path, "read")
    }

    pub(super) fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::on(path, "written")
    }

    pub(super) fn removing(path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::on(path, "removed")
    }

    fn on(path: &Path, done: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { path, done, source }
    }
}

fn next(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Free some space there and try again."
        }
        io::ErrorKind::PermissionDenied => "Make sure that it and its folder belong to you.",
        io::ErrorKind::ReadOnlyFilesystem => {
            "That disk can only be read now; make it writable and try again."
        }
        _ => "Look at that path and try again.",
    }
}

/// How many lines of one file are told one by one.
pub(super) const LINES_TOLD: usize = 3;

/// Something on the disk that could not be understood and was passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// The file or folder.
    pub file: PathBuf,
    /// The line, from 1, where it is one line.
    pub line: Option<u64>,
    /// What is wrong, and what became of it. Never quotes the file.
    pub why: String,
}

impl Damage {
    pub(super) fn file(file: &Path, why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, why: why.into() }
    }

    /// Some lines of a file one by one, and how many more there are.
    pub(super) fn lines(
        file: &Path,
        first: impl Iterator<Item = (u64, &'static str)>,
        more: u64,
    ) -> Vec<Self> {
        let told = first.map(|(line, why)| Self { line: Some(line), ..Self::file(file, why) });
        let more = match more {
            0 => None,
            1 => Some("1 more line was passed over as well.".to_owned()),
            more => Some(format!("{} more lines were passed over as well.", grouped(more))),
        };
        told.chain(more.map(|more| Self::file(file, more))).collect()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(to, ", line {line}")?;
        }
        write!(to, ": {}", self.why)
    }
}

/// `19,997`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, said) in [(7, "7"), (997, "997"), (19_997, "19,997"), (1_000_000, "1,000,000")]
        {
            assert_eq!(grouped(number), said);
        }
    }
}
