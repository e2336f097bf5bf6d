//! `[log]`: how what is logged is kept.

use super::{
    notes::Notes,
    value::{Key, Section, Value},
};

pub(super) const LOG: Key = Key { name: "log", takes: "a table", example: "[log]" };
const ENCRYPT: Key = Key { name: "encrypt", takes: "true or false", example: "encrypt = true" };

/// `[log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Whether what a note says is sealed with a key from the keyring.
    pub encrypt: bool,
}

/// Reads the table, if it is written.
pub(super) fn read(value: Option<&Value<'_>>, notes: &mut Notes<'_>) -> Log {
    let section = value.and_then(|value| value.section("[log]", &[&ENCRYPT], notes));
    let encrypt = section.and_then(|section: Section<'_>| section.get(&ENCRYPT));
    let encrypt = encrypt.and_then(|value| value.flag(notes));
    Log { encrypt: encrypt.is_some_and(|encrypt| encrypt.value) }
}
