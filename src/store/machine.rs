//! What is this machine's own: the name of its log file, and ids nobody else makes.

use std::{fs, path::Path};

use super::StoreError;

const RANDOM: &str = "/proc/sys/kernel/random/uuid";
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// Makes an id for a session or a start: twelve random digits, enough for all machines of one person together.
pub fn new_id() -> Result<String, StoreError> {
    random(12)
}

/// Reads the name of this machine's log file, if it was kept and is one.
pub(super) fn kept_name(kept: &Path) -> Option<String> {
    let name = fs::read_to_string(kept).ok()?;
    let stem = name.strip_suffix(".jsonl")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ((1..=128).contains(&stem.len()) && stem.bytes().all(plain)).then_some(name)
}

/// Makes a name for this machine's log file: the host's name, so that people know it, and a random part.
pub(super) fn new_name() -> Result<String, StoreError> {
    let host = fs::read_to_string(HOSTNAME).unwrap_or_default();
    let host: String = host
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(64)
        .collect();
    let host = host.trim_matches('-');
    let host = if host.is_empty() { "machine" } else { host };
    Ok(format!("{host}-{}.jsonl", random(8)?))
}

fn random(digits: usize) -> Result<String, StoreError> {
    let uuid = fs::read_to_string(RANDOM).map_err(StoreError::reading(Path::new(RANDOM)))?;
    // Of a random UUID (RFC 9562, version 4), the first twelve digits are random.
    Ok(uuid.chars().filter(char::is_ascii_hexdigit).take(digits).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_kept_is_taken_and_an_odd_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("machine");
        assert_eq!(kept_name(&kept), None);
        let name = new_name().unwrap();
        fs::write(&kept, &name).unwrap();
        assert_eq!(kept_name(&kept), Some(name));
        for odd in ["", ".jsonl", "../up.jsonl", "a.sync-conflict-1.jsonl", "a.json", "a\n.jsonl"] {
            fs::write(&kept, odd).unwrap();
            assert_eq!(kept_name(&kept), None, "{odd}");
        }
    }

    #[test]
    fn ids_differ() {
        let (one, two) = (new_id().unwrap(), new_id().unwrap());
        assert_eq!((one.len(), two.len()), (12, 12));
        assert_ne!(one, two);
    }
}
