//! Which screens are plugged in, and what they call themselves: `/sys/class/drm`, as the kernel has it since 3.x.
//!
//! A connector is a folder, "card1-DP-2", with the files `status` and `edid`; the latter is empty until somebody has
//! asked the screen for it. Of the EDID (1.3 and 1.4) the first block is read, and no more of that than the names.

use std::{
    fs::{self, File},
    io::Read as _,
    ops::Range,
    path::Path,
};

use super::is_panel;

/// The first block of an EDID, in bytes.
const BLOCK: u64 = 128;
/// How it begins.
const HEADER: [u8; 8] = [0, 255, 255, 255, 255, 255, 255, 0];
/// Who made the screen: three letters of five bits.
const MAKE: Range<usize> = 8..10;
/// The maker's number for the product, the low byte first.
const CODE: Range<usize> = 10..12;
/// Four descriptors of 18 bytes.
const DESCRIPTORS: Range<usize> = 54..126;
/// How the descriptor of the product's name begins; 13 characters follow.
const NAME: [u8; 5] = [0, 0, 0, 0xfc, 0];

/// A screen that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Where: "DP-2". No two have the same.
    pub connector: String,
    /// What its EDID says that it is: "DELL U2720Q".
    pub product: Option<String>,
    /// The same with the three letters of its maker: "DEL DELL U2720Q"; the maker's number, "BOE 0x0A1D", for one
    /// without a name, as most panels are.
    pub model: Option<String>,
}

impl Connected {
    /// Every name it goes by, the connector first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let said = [&self.product, &self.model].into_iter().flatten();
        std::iter::once(&self.connector).chain(said).map(String::as_str)
    }

    /// Tells whether it stands beside the machine: neither its own panel nor one that is made up.
    pub fn is_external(&self) -> bool {
        let is_made_up = ["Virtual", "Writeback"].iter().any(|it| self.connector.starts_with(it));
        !is_panel(&self.connector) && !is_made_up
    }
}

/// Reads which screens are plugged in, by connector; none where the kernel does not say. May wait for a driver that
/// asks a screen just now.
pub fn connected(sysfs: &Path) -> Vec<Connected> {
    let Ok(folder) = fs::read_dir(sysfs.join("class/drm")) else { return Vec::new() };
    let mut all: Vec<_> = folder.flatten().filter_map(|entry| one(&entry.path())).collect();
    all.sort_by(|one, other| one.connector.cmp(&other.connector));
    all
}

fn one(folder: &Path) -> Option<Connected> {
    // What is not a connector ("card1", "renderD128") has nothing behind the card's name.
    let (_, connector) = folder.file_name()?.to_str()?.split_once('-')?;
    if head(&folder.join("status"))?.trim_ascii() != b"connected" {
        return None;
    }
    let (product, model) = names(&head(&folder.join("edid")).unwrap_or_default());
    Some(Connected { connector: connector.to_owned(), product, model })
}

/// As much of a file as matters here.
fn head(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(BLOCK).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The product's name, and the model with its maker, where an EDID says them.
fn names(edid: &[u8]) -> (Option<String>, Option<String>) {
    if !edid.starts_with(&HEADER) {
        return (None, None);
    }
    let descriptors = edid.get(DESCRIPTORS).unwrap_or_default().chunks_exact(18);
    let product = descriptors.filter_map(|it| it.strip_prefix(&NAME)).find_map(text);
    let model = || {
        let make = make(edid.get(MAKE)?.try_into().ok()?)?;
        let code = u16::from_le_bytes(edid.get(CODE)?.try_into().ok()?);
        Some(match &product {
            Some(product) => format!("{make} {product}"),
            None => format!("{make} 0x{code:04X}"),
        })
    };
    let model = model();
    (product, model)
}

/// A text ends with a line feed and is filled up with spaces. What is no ASCII to be read becomes a full stop.
fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let readable = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' };
    let text: String = bytes.iter().take(end).map(readable).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn make(bytes: [u8; 2]) -> Option<String> {
    let letters = u16::from_be_bytes(bytes);
    let letter = |shift: u16| {
        let nth = u8::try_from(letters >> shift & 31).ok()?;
        (1..=26).contains(&nth).then(|| char::from(b'A' + nth - 1))
    };
    [10, 5, 0].into_iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// An EDID as a Dell monitor gives it, with as many descriptors as are named.
    fn edid(descriptors: &[(usize, u8, &[u8])]) -> Vec<u8> {
        let mut edid = vec![0; 256];
        edid[..8].copy_from_slice(&HEADER);
        edid[MAKE].copy_from_slice(&[0x10, 0xac]);
        edid[CODE].copy_from_slice(&[0x1d, 0x0a]);
        for (nth, tag, text) in descriptors {
            let at = DESCRIPTORS.start + nth * 18;
            edid[at + 3] = *tag;
            edid[at + 5..at + 5 + text.len()].copy_from_slice(text);
        }
        edid
    }

    #[test]
    fn the_names_of_an_edid() {
        let said = |edid: &[u8]| {
            let (product, model) = names(edid);
            (product.unwrap_or_default(), model.unwrap_or_default())
        };
        let both = |product: &str, model: &str| (product.to_owned(), model.to_owned());
        let named = edid(&[(1, 0xff, b"8S8T923\n     "), (3, 0xfc, b"DELL U2720Q\n ")]);
        assert_eq!(said(&named), both("DELL U2720Q", "DEL DELL U2720Q"));
        assert_eq!(said(&named[..128]), said(&named));
        assert_eq!(said(&edid(&[(0, 0xfc, b"ThirteenChars")])).0, "ThirteenChars");
        assert_eq!(said(&edid(&[(0, 0xfc, b"a\xe9\x1b\0b\n")])).0, "a...b");
        assert_eq!(said(&edid(&[])), both("", "DEL 0x0A1D"), "as most panels");
        assert_eq!(said(&edid(&[(2, 0xfc, b"\n            ")])), both("", "DEL 0x0A1D"));
        let mut nobody = named.clone();
        nobody[MAKE].copy_from_slice(&[0, 0]);
        assert_eq!(said(&nobody), both("DELL U2720Q", ""));
        for broken in [&[], &named[..8], &named[1..], &named[..11]] {
            assert_eq!(said(broken), both("", ""));
        }
    }

    #[test]
    fn what_is_plugged_in() {
        let sysfs = tempfile::tempdir().unwrap();
        let drm = sysfs.path().join("class/drm");
        let put = |folder: &str, status: &str, edid: &[u8]| {
            fs::create_dir_all(drm.join(folder)).unwrap();
            fs::write(drm.join(folder).join("status"), status).unwrap();
            fs::write(drm.join(folder).join("edid"), edid).unwrap();
        };
        assert_eq!(connected(sysfs.path()), []);
        put("card1-eDP-1", "connected\n", &edid(&[]));
        put("card1-DP-2", "connected\n", &edid(&[(0, 0xfc, b"DELL U2720Q\n ")]));
        put("card1-HDMI-A-1", "disconnected\n", &[]);
        put("card2-Virtual-1", "connected\n", &[]);
        put("card1-Writeback-1", "connected\n", &[]);
        put("card1-DP-9", "unknown\n", &[]);
        fs::create_dir_all(drm.join("card1")).unwrap();
        fs::create_dir_all(drm.join("card1-DP-7/status")).unwrap();
        fs::create_dir_all(drm.join("card1-DP-8")).unwrap();
        fs::write(drm.join("version"), "drm 1.1.0 20060810").unwrap();
        let all = connected(sysfs.path());
        let names: Vec<_> = all.iter().map(|it| it.names().collect::<Vec<_>>()).collect();
        assert_eq!(
            names,
            [
                vec!["DP-2", "DELL U2720Q", "DEL DELL U2720Q"],
                vec!["Virtual-1"],
                vec!["Writeback-1"],
                vec!["eDP-1", "DEL 0x0A1D"],
            ]
        );
        let external: Vec<_> = all.iter().filter(|it| it.is_external()).collect();
        assert_eq!(external, [&all[0]]);
    }

    proptest! {
        /// Whatever a screen says, its names are short and can be read.
        #[test]
        fn any_edid(begins: bool, mut edid in vec(any::<u8>(), 0..300), name: bool) {
            if begins && edid.len() >= 8 {
                edid[..8].copy_from_slice(&HEADER);
            }
            if name && edid.len() >= 113 {
                edid[108..113].copy_from_slice(&NAME);
            }
            let (product, model) = names(&edid);
            for name in [product, model].into_iter().flatten() {
                prop_assert!((1..=17).contains(&name.len()), "{name}");
                prop_assert!(name.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name:?}");
            }
        }
    }
}
