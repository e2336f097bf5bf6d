//! The receipts on disk: what gives the desktop back after a crash.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Damage, Receipt, StoreError, kept};

/// The file of receipts.
#[derive(Debug)]
pub struct ReceiptStore {
    path: PathBuf,
    /// What this process wrote last.
    written: Option<Receipts>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Receipts {
    receipts: Vec<Value>,
}

impl ReceiptStore {
    /// Names the file in the state folder; reads and writes nothing.
    pub fn open(state_dir: &Path) -> Self {
        Self { path: state_dir.join("receipts.json"), written: None }
    }

    /// Reads every receipt that can be understood. Where some cannot, a copy of the file is kept aside.
    pub fn read(&mut self) -> (Vec<Receipt>, Vec<Damage>) {
        let (Receipts { receipts: values }, mut damage) = kept::read(&self.path);
        let many = values.len();
        let receipts: Vec<Receipt> =
            values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect();
        if receipts.len() < many {
            damage.push(kept::copy_aside(&self.path, "some of what is in it is not a receipt"));
            // So that it is said and kept aside once; if the disk does not let us, it is said again.
            let _ = self.write(&receipts);
        }
        (receipts, damage)
    }

    /// Writes the receipts that are to be there, all at once. With none, there is no file; and nothing is written that is
    /// there as it is: who puts a measure in force again is not to wait for the disk.
    pub fn write(&mut self, receipts: &[Receipt]) -> Result<(), StoreError> {
        let values: Result<Vec<Value>, _> = receipts.iter().map(serde_json::to_value).collect();
        let values = values.map_err(|error| StoreError::writing(&self.path)(error.into()))?;
        let receipts = Receipts { receipts: values };
        if self.written.as_ref() == Some(&receipts)
            && kept::read::<Receipts>(&self.path).0 == receipts
        {
            return Ok(());
        }
        self.written = None;
        kept::write(&self.path, &receipts)?;
        self.written = Some(receipts);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt as _};

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn receipt(backend: &str) -> Receipt {
        Receipt::new(backend, &Some(70), &42).renew(&40)
    }

    fn files(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_written_is_read_and_nothing_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ReceiptStore::open(folder.path());
        assert_eq!(store.read(), (vec![], vec![]));
        let receipts = [receipt("light"), receipt("gnome")];
        store.write(&receipts).unwrap();
        assert_eq!(store.read(), (receipts.to_vec(), vec![]));
        store.write(&[]).unwrap();
        assert!(files(folder.path()).is_empty());
        store.write(&[]).unwrap();
    }

    #[test]
    fn what_is_there_as_it_is_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ReceiptStore::open(folder.path());
        let path = folder.path().join("receipts.json");
        let file = || fs::metadata(&path).unwrap().ino();
        store.write(&[receipt("light")]).unwrap();
        let first = fs::File::open(&path).unwrap();
        store.write(&[receipt("light")]).unwrap();
        assert_eq!(file(), first.metadata().unwrap().ino());
        store.write(&[receipt("gnome")]).unwrap();
        assert_ne!(file(), first.metadata().unwrap().ino());
        fs::remove_file(&path).unwrap();
        store.write(&[receipt("gnome")]).unwrap();
        assert_eq!(store.read().0, [receipt("gnome")], "somebody took it away");
    }

    #[test]
    fn a_file_nobody_can_read_is_kept_aside_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ReceiptStore::open(folder.path());
        let broken: [&[u8]; 4] =
            [b"", b"{\"v\":1,\"recei", b"{\"v\":2,\"receipts\":[]}", b"\xff\0[1]"];
        for (number, bytes) in (1..).zip(broken) {
            fs::write(folder.path().join("receipts.json"), bytes).unwrap();
            let (receipts, damage) = store.read();
            assert!(receipts.is_empty());
            let aside = folder.path().join(format!("receipts.json.broken-{number}"));
            assert!(damage[0].why.contains(aside.to_str().unwrap()), "{}", damage[0]);
            assert_eq!(fs::read(aside).unwrap(), bytes);
            assert_eq!(store.read(), (vec![], vec![]), "it is said once");
        }
        store.write(&[receipt("light")]).unwrap();
        assert_eq!(store.read().0, [receipt("light")]);
    }

    #[test]
    fn one_bad_receipt_does_not_cost_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ReceiptStore::open(folder.path());
        store.write(&[receipt("light"), receipt("gnome")]).unwrap();
        let path = folder.path().join("receipts.json");
        let text = fs::read_to_string(&path).unwrap().replacen("\"backend\"", "\"beckand\"", 1);
        fs::write(&path, text).unwrap();
        let (receipts, damage) = store.read();
        assert_eq!((receipts, damage.len()), (vec![receipt("gnome")], 1));
        assert_eq!(files(folder.path()), ["receipts.json", "receipts.json.broken-1"]);
        assert_eq!(store.read(), (vec![receipt("gnome")], vec![]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..Default::default() })]

        #[test]
        fn no_bytes_are_fatal(bytes in vec(any::<u8>(), 0..200)) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("receipts.json"), &bytes).unwrap();
            let (receipts, damage) = ReceiptStore::open(folder.path()).read();
            prop_assert!(receipts.is_empty());
            prop_assert_eq!(damage.len(), 1);
        }
    }
}
