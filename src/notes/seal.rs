//! Sealing what a note says: `XChaCha20-Poly1305`, with the note's id bound to it, written as hexadecimal digits.

use std::fmt::Write as _;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};

use super::Words;

/// The bytes of a key.
pub const KEY: usize = 32;
/// The bytes of a number that is used once.
pub const NONCE: usize = 24;

/// How it is sealed: another way would have another number.
const VERSION: u8 = 1;

/// A key that notes are sealed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; KEY]);

impl std::fmt::Debug for Key {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Key(…)")
    }
}

impl Key {
    /// A key of these bytes, which nobody else may know.
    pub fn new(bytes: [u8; KEY]) -> Self {
        Self(bytes)
    }

    /// Reads a key as it is kept; none if it is not one.
    pub fn read(kept: &[u8]) -> Option<Self> {
        bytes(std::str::from_utf8(kept).ok()?.trim())?.try_into().ok().map(Self)
    }

    /// The key as it is kept.
    pub fn written(&self) -> String {
        digits(&self.0)
    }

    /// Seals what a note says. `nonce` is random, and never used again.
    pub fn seal(&self, id: &str, words: &Words, nonce: [u8; NONCE]) -> Option<String> {
        let text = serde_json::to_vec(words).ok()?;
        let payload = Payload { msg: &text, aad: id.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).ok()?;
        Some(digits(&[&[VERSION][..], &nonce, &sealed].concat()))
    }

    /// Reads what was sealed; none where it was sealed with another key, for another note, or was changed since.
    pub fn open(&self, id: &str, sealed: &str) -> Option<Words> {
        let sealed = bytes(sealed)?;
        let (version, sealed) = sealed.split_first()?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        if *version != VERSION {
            return None;
        }
        let payload = Payload { msg: sealed, aad: id.as_bytes() };
        let text = self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()?;
        serde_json::from_slice::<Words>(&text).ok().map(Words::in_range)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some((digit(high)? << 4) | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn key(byte: u8) -> Key {
        Key::new([byte; KEY])
    }

    fn words(text: &str) -> Words {
        Words { text: Some(text.into()), mood: Some(3), ..Words::default() }
    }

    #[test]
    fn only_the_key_and_the_note_it_was_sealed_for_open_it() {
        let sealed = key(1).seal("a1", &words("wintergreen"), [9; NONCE]).unwrap();
        assert!(!sealed.contains("wintergreen") && sealed.bytes().all(|it| it.is_ascii_hexdigit()));
        assert_eq!(key(1).open("a1", &sealed), Some(words("wintergreen")));
        assert_eq!(key(2).open("a1", &sealed), None);
        assert_eq!(key(1).open("a2", &sealed), None);
        let changed = format!("{}0", &sealed[..sealed.len() - 1]);
        assert!(changed == sealed || key(1).open("a1", &changed).is_none());
        assert_ne!(key(1).seal("a1", &words("wintergreen"), [8; NONCE]).unwrap(), sealed);
    }

    #[test]
    fn a_key_is_read_as_it_was_written_and_not_shown() {
        let kept = key(171).written();
        assert_eq!(Key::read(format!("{kept}\n").as_bytes()), Some(key(171)));
        assert_eq!(format!("{:?}", key(171)), "Key(…)");
        for odd in ["", "00", &kept[1..], &format!("{kept}00"), &kept.replace('a', "é")] {
            assert_eq!(Key::read(odd.as_bytes()), None, "{odd}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..Default::default() })]

        #[test]
        fn no_text_is_fatal(sealed in "[0-9a-fg]{0,120}", text in ".{0,60}", nonce in vec(any::<u8>(), NONCE)) {
            prop_assert_eq!(key(1).open("a", &sealed), None);
            let nonce: [u8; NONCE] = nonce.try_into().unwrap();
            let closed = key(1).seal("a", &words(&text), nonce).unwrap();
            prop_assert_eq!(key(1).open("a", &closed), Some(words(&text)));
        }
    }
}
