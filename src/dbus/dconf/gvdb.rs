//! The file in which dconf keeps a database: a GVDB hash table.
//!
//! A reader of our own, because it runs on whatever a power cut left behind: no file makes it panic, recurse or loop.
//! Layout (`GLib`'s `gvdb-format.h`): header (signature, version, options, root), then for each table its bloom words,
//! buckets and items of 24 bytes (hash, parent, key start, key size, kind, value start, value end). All of it is
//! little-endian but the values, whose order the signature tells.

use super::value::{Order, Value};

/// The file is not one that dconf wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(&'static str);

/// What a key was found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing: the key is unset.
    Unset,
    /// A value.
    Value(Value),
    /// A value of a type not read here, and which.
    Odd(String),
}

/// One hash table of a file.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    file: &'a [u8],
    order: Order,
    items: &'a [u8],
}

#[derive(Clone, Copy)]
struct Item<'a> {
    hash: u32,
    parent: u32,
    name: &'a [u8],
    kind: u8,
    data: (usize, usize),
}

const ITEM: usize = 24;
const ROOT: u32 = u32::MAX;

impl<'a> Table<'a> {
    /// Opens the root table of a file.
    pub fn root(file: &'a [u8]) -> Result<Self, Damaged> {
        let order = match file.get(..8) {
            Some(b"GVariant") => Order::Little,
            Some(b"raVGtnai") => Order::Big,
            _ => return Err(Damaged("it does not begin as a dconf database")),
        };
        if word(file, 8) != Some(0) {
            return Err(Damaged("it has a version nobody knows"));
        }
        Self::at(file, order, range(file, 16)?)
    }

    /// Reads a key.
    pub fn get(&self, key: &str) -> Result<Found, Damaged> {
        let Some(item) = self.find(key, b'v')? else { return Ok(Found::Unset) };
        let bytes = self.bytes(item.data)?;
        Ok(Value::from_variant(bytes, self.order).map_or_else(Found::Odd, Found::Value))
    }

    /// Opens a table inside this one.
    pub fn table(&self, key: &str) -> Result<Option<Self>, Damaged> {
        self.find(key, b'H')?.map(|item| Self::at(self.file, self.order, item.data)).transpose()
    }

    /// Lists the keys that have values, in no order.
    pub fn keys(&self) -> Result<Vec<String>, Damaged> {
        let mut keys = Vec::new();
        for index in 0..self.len() {
            let mut item = self.item(index)?;
            if item.kind != b'v' {
                continue;
            }
            let mut names = vec![item.name];
            while item.parent != ROOT {
                item = self.parent(item, names.len())?;
                names.push(item.name);
            }
            let key = names.into_iter().rev().flatten().copied().collect();
            keys.push(String::from_utf8(key).map_err(|_| Damaged("a key is no text"))?);
        }
        Ok(keys)
    }

    fn at(file: &'a [u8], order: Order, (start, end): (usize, usize)) -> Result<Self, Damaged> {
        let short = Damaged("it ends too early");
        let table = file.get(start..end).ok_or(short.clone())?;
        let bloom = word(table, 0).ok_or(short.clone())? & 0x07ff_ffff;
        let buckets = word(table, 4).ok_or(short.clone())?;
        let before = 8 + 4 * (u64::from(bloom) + u64::from(buckets));
        let items = usize::try_from(before).ok().and_then(|before| table.get(before..));
        let items = items.ok_or(short)?;
        if items.len() % ITEM != 0 {
            return Err(Damaged("a table of it has half an item"));
        }
        Ok(Self { file, order, items })
    }

    fn len(&self) -> usize {
        self.items.len() / ITEM
    }

    fn find(&self, key: &str, kind: u8) -> Result<Option<Item<'a>>, Damaged> {
        let wanted = hash(key);
        for index in 0..self.len() {
            let item = self.item(index)?;
            if item.hash == wanted && item.kind == kind && self.is_named(item, key)? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    fn is_named(&self, mut item: Item<'a>, key: &str) -> Result<bool, Damaged> {
        let mut left = key.as_bytes();
        for depth in 1.. {
            let Some(rest) = left.strip_suffix(item.name) else { return Ok(false) };
            left = rest;
            if item.parent == ROOT {
                break;
            }
            item = self.parent(item, depth)?;
        }
        Ok(left.is_empty())
    }

    /// The item a step nearer to the root; more steps than items is a ring.
    fn parent(&self, item: Item<'a>, depth: usize) -> Result<Item<'a>, Damaged> {
        if depth > self.len() {
            return Err(Damaged("its folders lie in a ring"));
        }
        self.item(item.parent as usize)
    }

    fn item(&self, index: usize) -> Result<Item<'a>, Damaged> {
        let outside = Damaged("an item of it lies outside");
        let bytes = index
            .checked_mul(ITEM)
            .and_then(|at| self.items.get(at..)?.get(..ITEM))
            .ok_or(outside.clone())?;
        let [hash, parent, start, _, from, until] =
            [0, 4, 8, 12, 16, 20].map(|at| word(bytes, at).unwrap_or_default());
        let start = start as usize;
        let size = usize::from(u16::from_le_bytes([bytes[12], bytes[13]]));
        let name = self.file.get(start..start.saturating_add(size)).ok_or(outside)?;
        Ok(Item { hash, parent, name, kind: bytes[14], data: (from as usize, until as usize) })
    }

    fn bytes(&self, (start, end): (usize, usize)) -> Result<&'a [u8], Damaged> {
        self.file.get(start..end).ok_or(Damaged("a value of it lies outside"))
    }
}

/// The hash by which a key is found.
pub fn hash(key: &str) -> u32 {
    // As signed bytes: that is how GLib reads a `char`.
    key.bytes().fold(5381, |hash: u32, byte| {
        hash.wrapping_mul(33).wrapping_add_signed(i32::from(byte.cast_signed()))
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn range(bytes: &[u8], at: usize) -> Result<(usize, usize), Damaged> {
    match (word(bytes, at), word(bytes, at + 4)) {
        (Some(start), Some(end)) => Ok((start as usize, end as usize)),
        _ => Err(Damaged("it ends too early")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by dconf-service 0.40 in the first minute of a GNOME session.
    const FRESH: &[u8] = include_bytes!("../../../tests/it/data/dconf-fresh");
    /// Written by `dconf compile` 0.40 from one key file and one lock file.
    const LOCKED: &[u8] = include_bytes!("../../../tests/it/data/dconf-locked");

    #[test]
    fn what_dconf_wrote_is_read() {
        let table = Table::root(FRESH).unwrap();
        assert_eq!(
            table.get("/org/gnome/shell/welcome-dialog-last-shown-version"),
            Ok(Found::Value(Value::Str("43.9".to_owned())))
        );
        let yast = "/org/gnome/desktop/app-folders/folders/YaST/translate";
        assert_eq!(table.get(yast), Ok(Found::Value(Value::Bool(true))));
        assert_eq!(table.get(&yast[1..]), Ok(Found::Unset));
        assert_eq!(table.get(&yast.replace("translate", "trans")), Ok(Found::Unset));
        let utilities = "/org/gnome/desktop/app-folders/folders/Utilities";
        assert_eq!(
            table.get(&format!("{utilities}/translate")),
            Ok(Found::Value(Value::Bool(true)))
        );
        let odd = table.get("/org/gnome/desktop/input-sources/sources");
        assert_eq!(odd, Ok(Found::Odd("9 bytes of the type `a(ss)`".to_owned())));
        let mut keys = table.keys().unwrap();
        keys.sort();
        assert_eq!(keys.len(), 10);
        assert_eq!(keys[1], format!("{utilities}/apps"));
    }

    #[test]
    fn locks_are_a_table_inside() {
        let table = Table::root(LOCKED).unwrap();
        let locks = table.table(".locks").unwrap().unwrap();
        let key = "/org/gnome/desktop/notifications/show-banners";
        assert_eq!(locks.get(key), Ok(Found::Value(Value::Str(String::new()))));
        assert_eq!(locks.get("/org/gnome/desktop/notifications/other"), Ok(Found::Unset));
        assert_eq!(table.get(key), Ok(Found::Value(Value::Bool(true))));
    }

    #[test]
    fn a_ring_of_folders_ends() {
        let mut file = FRESH.to_vec();
        let items = 0x18 + 8 + 20 * 4;
        // The first item becomes its own parent, with an empty name, as zeroed blocks make it.
        file[items..items + ITEM].fill(0);
        file[items + 14] = b'v';
        file[items..items + 4].copy_from_slice(&hash("/x").to_le_bytes());
        let table = Table::root(&file).unwrap();
        assert_eq!(table.get("/x"), Err(Damaged("its folders lie in a ring")));
        assert_eq!(table.keys(), Err(Damaged("its folders lie in a ring")));
    }

    proptest! {
        #[test]
        fn no_file_is_too_damaged(
            cut in 0..FRESH.len(),
            at in prop::collection::vec((0..FRESH.len(), any::<u8>()), 0..40),
            zeroed in 0..FRESH.len(),
        ) {
            let mut file = FRESH.to_vec();
            for (at, byte) in at {
                file[at] = byte;
            }
            let end = (zeroed + 512).min(file.len());
            file[zeroed..end].fill(0);
            file.truncate(cut.max(8));
            if let Ok(table) = Table::root(&file) {
                let _ = table.get("/org/gnome/desktop/app-folders/folders/Utilities/translate");
                let _ = table.keys();
            }
        }
    }
}
