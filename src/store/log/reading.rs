//! Reading a file of lines in one pass, from its end, and saying briefly what of it nobody understands.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use super::{
    super::{Damage, error::LINES_TOLD},
    entry::TOO_LONG,
    lines::{Backward, Line, lines_before},
};

/// How much of a file in a row may say nothing to us until no more of it is read, in bytes: thirty years of sessions
/// would be less.
pub const BARREN_AT_MOST: u64 = 8 << 20;

const BARREN: &str = "8 MiB of it in a row are not quietd's, so no more of it was read. If it does not belong there, move \
                      it out of that folder.";

/// Whether there is more to read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    More,
    Enough,
}

/// Reads the lines of a file from its end, and tells which were not understood.
pub fn read_lines(
    path: &Path,
    mut take: impl FnMut(&[u8]) -> Result<Wanted, &'static str>,
) -> io::Result<Vec<Damage>> {
    let file = File::open(path)?;
    let mut understood = file.metadata()?.len();
    let mut start = understood;
    let mut met = 0;
    let mut bad = Bad::default();
    for line in Backward::new(file)? {
        let (offset, line) = line?;
        start = offset;
        met += 1;
        let took = match &line {
            Line::TooLong => Err(TOO_LONG),
            Line::Whole(line) if line.trim_ascii().is_empty() => Ok(None),
            Line::Whole(line) => take(line).map(Some),
        };
        match took {
            Ok(Some(Wanted::Enough)) => break,
            Ok(Some(Wanted::More)) => understood = offset,
            Ok(None) => {}
            Err(why) => bad.add(met, why),
        }
        if understood.saturating_sub(offset) >= BARREN_AT_MOST {
            return Ok(vec![Damage::file(path, BARREN)]);
        }
    }
    if bad.many == 0 {
        return Ok(Vec::new());
    }
    // From the end nobody knows a line's number: those before are counted, once.
    let last = lines_before(File::open(path)?, start)? + met;
    Ok(bad.told(path, last))
}

/// The lines that were not understood.
#[derive(Default)]
struct Bad {
    /// Those nearest to the begin, the nearest last, each as which one from the end.
    first: VecDeque<(u64, &'static str)>,
    many: u64,
}

impl Bad {
    fn add(&mut self, from_end: u64, why: &'static str) {
        self.many += 1;
        if self.first.len() == LINES_TOLD {
            self.first.pop_front();
        }
        self.first.push_back((from_end, why));
    }

    fn told(self, path: &Path, last: u64) -> Vec<Damage> {
        let more = self.many - self.first.len() as u64;
        let first = self.first.into_iter().rev();
        Damage::lines(path, first.map(|(from_end, why)| (last + 1 - from_end, why)), more)
    }
}

/// What is another one once a file was written to, or another one took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp([i64; 4], [u64; 3]);

impl Stamp {
    /// Looks at a file.
    pub fn of(path: &Path) -> io::Result<Self> {
        let it = fs::metadata(path)?;
        let times = [it.mtime(), it.mtime_nsec(), it.ctime(), it.ctime_nsec()];
        Ok(Self(times, [it.dev(), it.ino(), it.len()]))
    }
}
