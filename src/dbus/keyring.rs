//! The key that notes are sealed with, in the person's keyring: the Secret Service (freedesktop.org, version 0.2).
//!
//! The secret travels as it is (`plain`): whoever can read this person's session bus can ask the keyring as well. Nothing
//! is unlocked and nobody is asked: a keyring that is locked is one without the key.

use std::{collections::HashMap, fs::File, io::Read as _};

use zbus::{Connection, OwnedObjectPath, OwnedVariant, Variant};

use super::{CallError, Peer};
use crate::notes::{KEY, Key};

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const ITEM: &str = "org.freedesktop.Secret.Item";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
/// Where a new key goes: the keyring that the person's desktop opens at log-in.
const DEFAULT: &str = "/org/freedesktop/secrets/aliases/default";
/// What is not prompted for.
const NO_PROMPT: &str = "/";

/// By what the key is found again.
const ATTRIBUTES: [(&str, &str); 2] = [("application", "quietd"), ("xdg:schema", "org.quietd.Key")];

/// A secret on the bus: its session, its parameters, itself, and what it is.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// No program keeps secrets here.
    #[error("no keyring is running (nothing has the name org.freedesktop.secrets)")]
    Absent,
    /// There is none to put a key in.
    #[error("there is no keyring yet; your desktop's program for passwords makes one")]
    Empty,
    /// It is locked.
    #[error(
        "the keyring is locked; unlock it, by logging in anew or with your desktop's program for passwords"
    )]
    Locked,
    /// It answered something else.
    #[error("the keyring did not give it: {0}")]
    Refused(String),
}

impl From<CallError> for NoKey {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Absent(_) => Self::Absent,
            CallError::Answered { error, .. } if error.ends_with(".IsLocked") => Self::Locked,
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Random bytes from the kernel (`urandom(4)`).
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Every key of ours that the keyring gives now, in an order that does not change by itself; may be none.
pub async fn keys(bus: &Connection) -> Result<Vec<Key>, NoKey> {
    let (keys, _) = found(bus).await?;
    Ok(keys)
}

/// The key to seal with: the first there is; where there is none at all, a new one is kept.
pub async fn key(bus: &Connection) -> Result<Key, NoKey> {
    let (keys, locked) = found(bus).await?;
    if let Some(key) = keys.first() {
        return Ok(*key);
    }
    if locked > 0 {
        return Err(NoKey::Locked);
    }
    let key = random::<KEY>().map(Key::new).map_err(|error| NoKey::Refused(error.to_string()))?;
    let session = open(bus).await?;
    let properties: HashMap<&str, Variant<'_>> = HashMap::from([
        ("org.freedesktop.Secret.Item.Label", Variant::from("quietd")),
        ("org.freedesktop.Secret.Item.Attributes", Variant::from(HashMap::from(ATTRIBUTES))),
    ]);
    let secret: Secret =
        (session.clone(), Vec::new(), key.written().into_bytes(), "text/plain".to_owned());
    let kept: Result<(OwnedObjectPath, OwnedObjectPath), CallError> =
        Peer::new(bus, NAME, DEFAULT, COLLECTION)
            .call("CreateItem", &(properties, secret, false))
            .await;
    close(bus, &session).await;
    match kept {
        // It would have to be asked for first.
        Ok((_, prompt)) if prompt.as_str() != NO_PROMPT => Err(NoKey::Locked),
        Ok(_) => Ok(key),
        // gnome-keyring says that it has no such method there.
        Err(error) if error.is_unknown() => Err(NoKey::Empty),
        Err(CallError::Answered { error, .. }) if error.contains("NoSuchObject") => {
            Err(NoKey::Empty)
        }
        Err(error) => Err(error.into()),
    }
}

/// Has the keyring forget every key of ours, as far as it does without asking.
pub async fn forget(bus: &Connection) {
    let Ok((open, locked)) = items(bus).await else { return };
    for item in open.iter().chain(&locked) {
        let deleted: Result<OwnedObjectPath, _> =
            Peer::new(bus, NAME, item.as_str(), ITEM).call("Delete", &()).await;
        if let Err(error) = deleted {
            tracing::debug!(%error, "a key is still in the keyring");
        }
    }
}

/// The keys, and how many more there are that are locked.
async fn found(bus: &Connection) -> Result<(Vec<Key>, usize), NoKey> {
    let (mut unlocked, locked) = items(bus).await?;
    unlocked.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    if unlocked.is_empty() {
        return Ok((Vec::new(), locked.len()));
    }
    let session = open(bus).await?;
    let secrets: Result<HashMap<OwnedObjectPath, Secret>, CallError> =
        service(bus).call("GetSecrets", &(&unlocked, &session)).await;
    close(bus, &session).await;
    let secrets = secrets?;
    let keys = unlocked.iter().filter_map(|item| Key::read(&secrets.get(item)?.2)).collect();
    Ok((keys, locked.len()))
}

async fn items(
    bus: &Connection,
) -> Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>), CallError> {
    service(bus).call("SearchItems", &HashMap::from(ATTRIBUTES)).await
}

async fn open(bus: &Connection) -> Result<OwnedObjectPath, CallError> {
    let (_, session): (OwnedVariant, OwnedObjectPath) =
        service(bus).call("OpenSession", &("plain", Variant::from(""))).await?;
    Ok(session)
}

async fn close(bus: &Connection, session: &OwnedObjectPath) {
    let peer = Peer::new(bus, NAME, session.as_str(), "org.freedesktop.Secret.Session");
    // One that stays open ends with our connection.
    let _: Result<(), CallError> = peer.call("Close", &()).await;
}

fn service(bus: &Connection) -> Peer {
    Peer::new(bus, NAME, PATH, SERVICE)
}
