//! What was done by hand, and what is needed to notice a clock that was set back, over a restart.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Damage, StoreError, kept};
use crate::{calendar::Decision, schedule::ByHand};

/// The file of what was done by hand.
#[derive(Debug)]
pub struct ByHandStore(PathBuf);

/// What the file keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What was done by hand, without the holds.
    #[serde(default)]
    pub by_hand: ByHand,
    /// When each run was seen.
    #[serde(default)]
    pub clocks: Clocks,
    /// The backends whose setting the person changed while it was quiet: theirs until quiet ends.
    #[serde(default)]
    pub theirs: BTreeSet<String>,
    /// When each stay at a place began, by the place's name.
    #[serde(default)]
    pub stays: BTreeMap<String, Timestamp>,
    /// What was decided about planned sessions, by their ids.
    #[serde(default)]
    pub planned: BTreeMap<String, Decision>,
}

/// When each run was seen, on the wall clock and on the one nobody can set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// The boot in which they were seen: `/proc/sys/kernel/random/boot_id`. Another boot's `boot_ns` says nothing.
    #[serde(default)]
    pub boot_id: String,
    /// By run (see [`crate::schedule::Period::run`]).
    #[serde(default)]
    pub seen: BTreeMap<String, Seen>,
}

/// One moment on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The wall clock.
    pub wall: Timestamp,
    /// Nanoseconds since boot, suspend included.
    pub boot_ns: i64,
}

impl ByHandStore {
    /// Names the file in the state folder; reads and writes nothing.
    pub fn open(state_dir: &Path) -> Self {
        Self(state_dir.join("by-hand.json"))
    }

    /// Reads what is kept. A file that cannot be understood is kept aside.
    pub fn read(&self) -> (Kept, Vec<Damage>) {
        kept::read(&self.0)
    }

    /// Writes all of it at once; when this returns, it is on the disk. With nothing to keep, there is no file.
    pub fn write(&self, kept: &Kept) -> Result<(), StoreError> {
        kept::write(&self.0, &without_holds(kept))
    }

    /// Writes what stays of it once something is erased, also on a full disk. Tells why it is not kept where nothing
    /// was there to erase.
    pub fn erase(&self, kept: &Kept) -> Result<Option<StoreError>, StoreError> {
        kept::erase(&self.0, &without_holds(kept))
    }
}

fn without_holds(kept: &Kept) -> Kept {
    let by_hand = ByHand { holds: Vec::new(), ..kept.by_hand.clone() };
    Kept { by_hand, ..kept.clone() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        calendar::Decided,
        schedule::{Grace, Hold, Start, Unlock},
    };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn full() -> Kept {
        let noon = at("2026-06-01T12:00:00Z");
        Kept {
            by_hand: ByHand {
                starts: vec![Start {
                    id: "a1".into(),
                    profile: "quiet".into(),
                    from: noon,
                    until: at("2026-06-01T14:00:00.5Z"),
                }],
                paused_until: Some(noon),
                offs: vec![noon],
                unlocks: vec![Unlock { what: "x.com".into(), from: noon, until: noon }],
                graces: [("weekly:e@2026-06-01".to_owned(), Grace { from: noon, begun: true })]
                    .into(),
                holds: vec![],
            },
            clocks: Clocks {
                boot_id: "b".into(),
                seen: [("start:a1".to_owned(), Seen { wall: noon, boot_ns: 12 })].into(),
            },
            theirs: ["dunst".to_owned()].into(),
            stays: [("bedroom".to_owned(), noon)].into(),
            planned: [Decided::Dropped, Decided::Moved(noon)]
                .map(|decided| (format!("{decided:?}"), Decision { about: noon, decided }))
                .into(),
        }
    }

    #[test]
    fn what_is_written_is_read_but_holds_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = ByHandStore::open(folder.path());
        assert_eq!(store.read(), (Kept::default(), vec![]));
        let mut kept = full();
        kept.by_hand.holds.push(Hold {
            cookie: 1,
            caller: ":1.2".into(),
            profile: "quiet".into(),
            reason: "a talk".into(),
            from: Timestamp::UNIX_EPOCH,
        });
        store.write(&kept).unwrap();
        assert_eq!(store.read(), (full(), vec![]));
        store.write(&Kept::default()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let by_hand = ByHand { holds: kept.by_hand.holds, ..ByHand::default() };
        store.write(&Kept { by_hand, ..Kept::default() }).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn where_no_copy_fits_what_is_erased_goes_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = ByHandStore::open(folder.path());
        // In the place of the copy stands what cannot be written over.
        fs::create_dir(folder.path().join(".by-hand.json.new")).unwrap();
        assert!(store.erase(&full()).unwrap().is_some());
        assert_eq!(store.read(), (Kept::default(), vec![]));

        let path = folder.path().join("by-hand.json");
        let other = folder.path().join("other");
        ByHandStore::open(&other).write(&full()).unwrap();
        fs::rename(other.join("by-hand.json"), &path).unwrap();
        let less = Kept { planned: BTreeMap::new(), ..full() };
        assert!(store.erase(&less).unwrap().is_none());
        assert_eq!(store.read(), (less, vec![]));
        assert!(!fs::read_to_string(&path).unwrap().contains("Dropped"));
        store.erase(&full()).unwrap_err();
    }

    #[test]
    fn a_file_nobody_can_read_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let store = ByHandStore::open(folder.path());
        store.write(&full()).unwrap();
        let path = folder.path().join("by-hand.json");
        let torn = &fs::read(&path).unwrap()[..60];
        fs::write(&path, torn).unwrap();
        let (kept, damage) = store.read();
        assert_eq!((kept, damage.len()), (Kept::default(), 1));
        assert_eq!(fs::read(folder.path().join("by-hand.json.broken-1")).unwrap(), torn);
    }
}
