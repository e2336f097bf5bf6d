//! Screen time: one file, a line for each stretch that was written, put together when it is read.
//!
//! JSON, one object a line, like the session log; each line adds to its hour. Nothing is waited for: what a power cut takes
//! is a few minutes of numbers. A line that is torn or odd is passed over, and gone when the file is next tidied.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    atomic::{beside, make_folder, parent, private, remove, replace},
    in_place::overwrite_lines,
};
use crate::screen_time::{APP_AT_MOST, APPS_AT_MOST, Hour, merged};

const VERSION: u64 = 1;

/// A file that grows beyond this is put together anew, in bytes; 14 weeks of full days are a quarter of it.
const FILE_AT_MOST: u64 = 2 << 20;

/// The longest time a line may tell of one hour, in seconds: what is more was not written here.
const SECONDS_AT_MOST: u32 = 86_400;

/// The file of screen time.
#[derive(Debug)]
pub struct ScreenTimeStore(PathBuf);

/// One line.
#[derive(Serialize, Deserialize)]
struct Line {
    v: u64,
    start: Timestamp,
    #[serde(default)]
    seconds: u32,
    #[serde(default)]
    quiet: u32,
    #[serde(default)]
    apps: BTreeMap<String, u32>,
}

impl ScreenTimeStore {
    /// Names the file in the state folder; reads and writes nothing.
    pub fn open(state_dir: &Path) -> Self {
        Self(state_dir.join("screen-time.jsonl"))
    }

    /// Reads the hours that began at or after `from` and before `until`, in their order. No file is no hours.
    pub fn read(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Hour>, StoreError> {
        let mut hours = self.all()?;
        hours.retain(|hour| from <= hour.start && hour.start < until);
        Ok(hours)
    }

    /// Adds to hours. Does not wait for the disk.
    pub fn add(&self, hours: &[Hour]) -> Result<(), StoreError> {
        if hours.is_empty() {
            return Ok(());
        }
        make_folder(parent(&self.0))?;
        // The first newline closes a line that a crash left torn.
        let lines = [b"\n".to_vec(), lines(hours)].concat();
        let append = || -> io::Result<u64> {
            let mut file = private().append(true).open(&self.0)?;
            let length = file.metadata()?.len();
            file.write_all(&lines).inspect_err(|_| {
                // What of it found room is written again the next time, and would count twice.
                let _ = file.set_len(length);
            })?;
            Ok(length + lines.len() as u64)
        };
        let length = append().map_err(StoreError::writing(&self.0))?;
        // The hours are in the file either way; it is put together when there is room.
        if length > FILE_AT_MOST
            && let Err(error) = self.tidy(Timestamp::MIN)
        {
            tracing::warn!(%error, "the file of screen time grows");
        }
        Ok(())
    }

    /// When the last hour began.
    pub fn newest(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.all()?.last().map(|hour| hour.start))
    }

    /// Puts the file together, and erases the hours that began before `since`; where all do not fit, the oldest too.
    pub fn tidy(&self, since: Timestamp) -> Result<(), StoreError> {
        let mut hours = self.all()?;
        hours.retain(|hour| hour.start >= since);
        self.write(&hours)
    }

    /// Erases the hours that began at or after `from` and before `until`, for good, and tells which.
    pub fn erase(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        let goes = |hour: &Hour| from <= hour.start && hour.start < until;
        let (gone, left): (Vec<Hour>, Vec<Hour>) = self.all()?.into_iter().partition(goes);
        // A full disk keeps nobody from erasing.
        self.write(&left).or_else(|_| {
            overwrite_lines(&self.0, &|line| {
                hour(line).is_none_or(|hour| goes(&hour)).then(Vec::new)
            })
        })?;
        Ok(gone.into_iter().map(|hour| hour.start).collect())
    }

    /// Erases everything, for good.
    pub fn erase_all(&self) -> Result<(), StoreError> {
        // What a crash left beside the file holds hours too.
        remove(&beside(&self.0))?;
        remove(&self.0)
    }

    fn all(&self) -> Result<Vec<Hour>, StoreError> {
        let bytes = match fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::reading(&self.0)(error)),
        };
        Ok(merged(bytes.split(|byte| *byte == b'\n').filter_map(hour)))
    }

    fn write(&self, hours: &[Hour]) -> Result<(), StoreError> {
        if hours.is_empty() {
            return self.erase_all();
        }
        let mut hours = hours;
        let mut bytes = lines(hours);
        while bytes.len() as u64 > FILE_AT_MOST / 2 && hours.len() > 1 {
            hours = &hours[hours.len() / 8 + 1..];
            bytes = lines(hours);
        }
        if fs::read(&self.0).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        replace(&self.0, &bytes)
    }
}

fn lines(hours: &[Hour]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Hour { start, seconds, quiet, apps } in hours.iter().cloned() {
        let line = Line { v: VERSION, start, seconds, quiet, apps };
        // Times and numbers always have a JSON form.
        bytes.extend(serde_json::to_vec(&line).unwrap_or_default());
        bytes.push(b'\n');
    }
    bytes
}

/// Reads a line; none where it is not one of ours.
fn hour(line: &[u8]) -> Option<Hour> {
    let Line { v: VERSION, start, seconds, quiet, apps } = serde_json::from_slice(line).ok()?
    else {
        return None;
    };
    let all = || apps.values().copied().chain([seconds, quiet]);
    let is_plain =
        |app: &String| (1..=APP_AT_MOST).contains(&app.len()) && !app.chars().any(char::is_control);
    let is_ours = all().all(|time| time <= SECONDS_AT_MOST)
        && apps.len() <= APPS_AT_MOST
        && apps.keys().all(is_plain);
    is_ours.then_some(Hour { start, seconds, quiet, apps })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 / 3600 * 3600 + hour * 3600).unwrap()
    }

    fn spent(hour: i64, app: &str, seconds: u32) -> Hour {
        Hour { start: at(hour), seconds, quiet: 1, apps: [(app.to_owned(), seconds)].into() }
    }

    fn all(store: &ScreenTimeStore) -> Vec<Hour> {
        store.read(Timestamp::MIN, Timestamp::MAX).unwrap()
    }

    #[test]
    fn what_is_added_is_read_together_and_only_its_owner_can() {
        let folder = tempfile::tempdir().unwrap();
        let store = ScreenTimeStore::open(&folder.path().join("state/quietd"));
        assert_eq!(all(&store), []);
        store.add(&[]).unwrap();
        assert!(!folder.path().join("state").exists());
        store.add(&[spent(0, "foot", 60), spent(1, "foot", 10)]).unwrap();
        store.add(&[spent(1, "firefox", 5)]).unwrap();
        let both = Hour {
            start: at(1),
            seconds: 15,
            quiet: 2,
            apps: [("firefox".to_owned(), 5), ("foot".to_owned(), 10)].into(),
        };
        assert_eq!(all(&store), [spent(0, "foot", 60), both.clone()]);
        assert_eq!(store.read(at(1), at(2)).unwrap(), std::slice::from_ref(&both));
        assert_eq!(store.read(at(0), at(1)).unwrap(), [spent(0, "foot", 60)]);
        let mode = fs::metadata(&store.0).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);

        store.tidy(at(1)).unwrap();
        assert_eq!(all(&store), [both]);
        assert_eq!(fs::read_to_string(&store.0).unwrap().lines().count(), 1);
        assert_eq!(store.erase(at(0), at(5)).unwrap(), [at(1)]);
        assert_eq!(fs::read_dir(parent(&store.0)).unwrap().count(), 0);
        store.erase_all().unwrap();
    }

    #[test]
    fn the_format_is_this() {
        let folder = tempfile::tempdir().unwrap();
        let store = ScreenTimeStore::open(folder.path());
        store.add(&[spent(0, "foot", 60)]).unwrap();
        assert_eq!(
            fs::read_to_string(&store.0).unwrap().trim(),
            r#"{"v":1,"start":"2026-05-28T20:00:00Z","seconds":60,"quiet":1,"apps":{"foot":60}}"#
        );
    }

    #[test]
    fn what_is_torn_or_odd_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = ScreenTimeStore::open(folder.path());
        store.add(&[spent(0, "foot", 60)]).unwrap();
        let whole = fs::read(&store.0).unwrap();
        let mut torn = whole.clone();
        torn.extend(&whole[..30]);
        fs::write(&store.0, torn).unwrap();
        store.add(&[spent(1, "foot", 7)]).unwrap();
        let odd = [
            r#"{"v":2,"start":"2026-05-28T20:00:00Z","seconds":60}"#,
            r#"{"v":1,"start":"2026-05-28T20:00:00Z","seconds":99999}"#,
            r#"{"v":1,"start":"2026-05-28T20:00:00Z","seconds":-1}"#,
            r#"{"v":1,"start":"2026-05-28T20:00:00Z","seconds":1,"apps":{"a\nb":1}}"#,
            "\0\0\0",
        ];
        let mut bytes = fs::read(&store.0).unwrap();
        bytes.extend(odd.join("\n").bytes());
        fs::write(&store.0, bytes).unwrap();
        assert_eq!(all(&store), [spent(0, "foot", 60), spent(1, "foot", 7)]);
        store.tidy(Timestamp::MIN).unwrap();
        assert_eq!(fs::read_to_string(&store.0).unwrap().lines().count(), 2);
    }

    #[test]
    fn where_no_copy_can_be_written_hours_are_erased_where_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let store = ScreenTimeStore::open(folder.path());
        store.add(&[spent(0, "foot", 60), spent(1, "firefox", 5)]).unwrap();
        fs::create_dir(beside(&store.0)).unwrap();
        assert_eq!(store.erase(at(0), at(1)).unwrap(), [at(0)]);
        assert_eq!(all(&store), [spent(1, "firefox", 5)]);
        assert!(!fs::read_to_string(&store.0).unwrap().contains("foot"));
    }

    #[test]
    fn what_is_in_a_file_that_cannot_be_put_together_is_added_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = ScreenTimeStore::open(folder.path());
        store.add(&[spent(0, "foot", 60)]).unwrap();
        let mut bytes = fs::read(&store.0).unwrap();
        bytes.resize(usize::try_from(FILE_AT_MOST).unwrap(), b'\n');
        fs::write(&store.0, bytes).unwrap();
        fs::create_dir(beside(&store.0)).unwrap();
        store.add(&[spent(1, "foot", 7)]).unwrap();
        assert_eq!(all(&store), [spent(0, "foot", 60), spent(1, "foot", 7)]);
        fs::remove_dir(beside(&store.0)).unwrap();
        store.add(&[spent(2, "foot", 1)]).unwrap();
        assert_eq!(fs::read_to_string(&store.0).unwrap().lines().count(), 3);
    }

    #[test]
    fn the_file_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let store = ScreenTimeStore::open(folder.path());
        let app = "x".repeat(APP_AT_MOST);
        for hour in 0..12 {
            let hours: Vec<Hour> =
                (0..1_000).map(|more| spent(hour * 1_000 + more, &app, 1)).collect();
            store.add(&hours).unwrap();
        }
        assert!(fs::metadata(&store.0).unwrap().len() <= FILE_AT_MOST);
        // The oldest went first.
        assert_eq!(all(&store).last(), Some(&spent(11_999, &app, 1)));
    }
}
