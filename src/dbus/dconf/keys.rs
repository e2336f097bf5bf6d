//! Some keys of dconf that one backend has in force: captured, changed, given back, watched.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures_util::{StreamExt as _, stream::select_all};
use tokio::sync::mpsc;

use super::{Databases, Dconf, Settings, Value};
use crate::{
    backend::{BackendError, Change, Desktop, Restored},
    store::Receipt,
};

/// The folder of the journal: for each backend its receipt, written in the same change as what it tells of. So even
/// without our own files nobody takes what we set for what the person had.
pub const JOURNAL: &str = "/org/quietd/receipts/";

/// The keys of one backend.
#[derive(Debug)]
pub struct Keys {
    dconf: Dconf,
    backend: &'static str,
    /// All that may be there by our hand, by key; empty while nothing is in force.
    ours: Mutex<BTreeMap<String, Vec<Option<Value>>>>,
}

/// What the person had, for a capture.
#[derive(Debug)]
pub struct Before {
    now: Databases,
    found: Settings,
}

/// What a restore will change.
#[derive(Debug)]
pub struct GivingBack {
    /// What is still ours, as it was found, and the journal as unset.
    pub settings: Settings,
    /// What that will come to.
    pub restored: Restored,
    /// The settings as they are.
    pub now: Databases,
}

impl Keys {
    /// Opens them; does no I/O.
    pub fn new(dconf: Dconf, backend: &'static str) -> Self {
        Self { dconf, backend, ours: Mutex::default() }
    }

    /// The settings they are of.
    pub fn dconf(&self) -> &Dconf {
        &self.dconf
    }

    /// Makes the receipt for what `wanted` sets, given what the person had. What was set before and is not wanted any
    /// more is set to what was found.
    pub fn capture(
        &self,
        held: Option<&Receipt>,
        wanted: impl FnOnce(&mut Before) -> Result<Settings, BackendError>,
    ) -> Result<Receipt, BackendError> {
        let now = self.dconf.read()?;
        let left = if held.is_none() { left_behind(&now, self.backend)? } else { None };
        let held = held.or(left.as_ref());
        let mut before = Before { now, found: held.and_then(Receipt::found).unwrap_or_default() };
        let mut set = wanted(&mut before)?;
        for key in set.keys() {
            before.keep(key)?;
        }
        for key in
            held.into_iter().flat_map(Receipt::ours::<Settings>).flat_map(Settings::into_keys)
        {
            let found = before.keep(&key)?;
            set.entry(key).or_insert(found);
        }
        let mut receipt = Receipt::new(self.backend, &before.found, &set);
        if let Some(held) = held {
            receipt.earlier = held.renew(&set).earlier;
        }
        Ok(receipt)
    }

    /// Sets what a receipt says, and writes the journal with it.
    pub async fn apply(&self, receipt: &Receipt) -> Result<(), BackendError> {
        self.apply_last(&[], receipt).await
    }

    /// As [`Self::apply`], with some keys in a change of their own, after all others: who is told of a change acts on one
    /// key of it after another, in no order that is promised.
    pub async fn apply_last(&self, last: &[&str], receipt: &Receipt) -> Result<(), BackendError> {
        let set: Settings = receipt.set().ok_or_else(|| not_ours(self.backend))?;
        let found: Settings = receipt.found().unwrap_or_default();
        let now = self.dconf.read()?;
        for key in set.keys() {
            if now.is_locked(key)? {
                return Err(BackendError::Refused(locked(key)));
            }
        }
        let mut changes = set;
        if changes.iter().any(|(key, value)| found.get(key) != Some(value)) {
            changes.insert(journal(self.backend), Some(Value::Str(as_text(receipt))));
        }
        let ours = ours(receipt);
        if differs(&now, &changes)? {
            let mut until_then = ours.clone();
            for (key, values) in &mut until_then {
                values.push(now.get(key)?);
            }
            self.keep(until_then);
            let (after, first) = changes.into_iter().partition(|(key, _)| last.contains(&&**key));
            for change in [first, after] {
                if differs(&now, &change)? {
                    self.dconf.change(&change).await?;
                }
            }
        }
        self.keep(ours);
        Ok(())
    }

    /// Works out what is still ours and what it was. Each key is judged by itself. From here on nothing is told as a
    /// change from outside.
    pub fn giving_back(&self, receipt: &Receipt) -> Result<GivingBack, BackendError> {
        let found: Settings = receipt.found().ok_or_else(|| not_ours(self.backend))?;
        let ours = ours(receipt);
        self.keep(BTreeMap::new());
        let now = self.dconf.read()?;
        let mut settings = Settings::new();
        let mut restored = Restored::AsFound;
        for (key, ours) in ours {
            let value = now.get(&key)?;
            let found = found.get(&key).cloned().flatten();
            if value == found {
                continue;
            }
            if ours.contains(&value) {
                settings.insert(key, found);
            } else {
                restored = Restored::AsThePersonSetIt;
            }
        }
        let journal = journal(self.backend);
        if now.get(&journal)?.is_some() {
            settings.insert(journal, None);
        }
        Ok(GivingBack { settings, restored, now })
    }

    /// Puts back what is still ours.
    pub async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let back = self.giving_back(receipt)?;
        if !back.settings.is_empty() {
            self.dconf.change(&back.settings).await?;
        }
        Ok(back.restored)
    }

    /// The key of this backend's journal.
    pub fn journal(&self) -> String {
        journal(self.backend)
    }

    /// Tells when one of these keys holds something that is not ours. A change is judged by the value that stays: our
    /// own may be told before the writer's reply, and so before its tag is known.
    pub async fn changes(&self, watched: &[&str], tell: mpsc::Sender<Change>) {
        let notices = watched.iter().map(|key| self.dconf.notices(key));
        let mut notices = match futures_util::future::try_join_all(notices).await {
            Ok(streams) => select_all(streams.into_iter().flatten()),
            Err(error) => {
                tracing::warn!(backend = self.backend, %error, "cannot listen to dconf");
                return std::future::pending().await;
            }
        };
        let mut were_theirs = false;
        loop {
            let are_theirs = self.is_theirs(watched);
            let change = match (were_theirs, are_theirs) {
                (_, true) => Some(Change::ByThePerson),
                (true, false) => Some(Change::AsOurs(true)),
                (false, false) => None,
            };
            were_theirs = are_theirs;
            if let Some(change) = change
                && tell.send(change).await.is_err()
            {
                break;
            }
            if notices.next().await.is_none() {
                break;
            }
        }
        std::future::pending::<()>().await;
    }

    fn is_theirs(&self, watched: &[&str]) -> bool {
        let Ok(now) = self.dconf.read() else { return false };
        let ours = self.ours.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        watched.iter().any(|key| {
            ours.get(*key)
                .is_some_and(|ours| now.get(key).is_ok_and(|value| !ours.contains(&value)))
        })
    }

    fn keep(&self, ours: BTreeMap<String, Vec<Option<Value>>>) {
        *self.ours.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = ours;
    }
}

impl Before {
    /// What the person had there, whatever is there now.
    pub fn found(&self, key: &str) -> Result<Option<Value>, BackendError> {
        match self.found.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.now.get(key),
        }
    }

    /// As [`Self::found`], and it will be in the receipt. What is set is there anyway.
    pub fn keep(&mut self, key: &str) -> Result<Option<Value>, BackendError> {
        let value = self.found(key)?;
        self.found.insert(key.to_owned(), value.clone());
        Ok(value)
    }
}

/// Reads the receipts in the journal: what is in force, or was left behind, even where our own files are lost. Each is
/// as good as the one that was written to disk.
pub fn journalled(desktop: &Desktop) -> Result<Vec<Receipt>, BackendError> {
    let now = Dconf::new(desktop).read()?;
    let mut receipts = Vec::new();
    for key in now.keys_in(JOURNAL)? {
        receipts.extend(from_journal(&now, &key)?);
    }
    Ok(receipts)
}

/// The sentence for a key an administrator locked.
pub fn locked(key: &str) -> String {
    format!(
        "The setting {key} is locked by the administrator of this machine, so it was left as it is."
    )
}

/// What a crash left in force without a receipt: of the journal, the keys that are still ours.
fn left_behind(now: &Databases, backend: &str) -> Result<Option<Receipt>, BackendError> {
    let Some(receipt) = from_journal(now, &journal(backend))? else { return Ok(None) };
    let mut theirs = BTreeSet::new();
    let ours = ours(&receipt);
    for (key, ours) in &ours {
        if !ours.contains(&now.get(key)?) {
            theirs.insert(key.clone());
        }
    }
    if theirs.len() == ours.len() {
        return Ok(None);
    }
    // What the person has set since is what they have.
    let without_theirs = |mut settings: Settings| {
        settings.retain(|key, _| !theirs.contains(key));
        settings
    };
    let mut sets = receipt.ours::<Settings>().into_iter().map(without_theirs);
    let found = without_theirs(receipt.found().unwrap_or_default());
    let mut kept = Receipt::new(backend, &found, &sets.next().unwrap_or_default());
    kept.earlier = sets.filter_map(|set| serde_json::to_value(set).ok()).collect();
    Ok(Some(kept))
}

fn from_journal(now: &Databases, key: &str) -> Result<Option<Receipt>, BackendError> {
    let Some(Value::Str(text)) = now.get(key)? else { return Ok(None) };
    let receipt = serde_json::from_str::<Receipt>(&text);
    if receipt.is_err() {
        tracing::warn!(key, "an unreadable receipt in dconf was passed over");
    }
    Ok(receipt.ok())
}

fn journal(backend: &str) -> String {
    format!("{JOURNAL}{backend}")
}

fn as_text(receipt: &Receipt) -> String {
    serde_json::to_string(receipt).unwrap_or_default()
}

fn ours(receipt: &Receipt) -> BTreeMap<String, Vec<Option<Value>>> {
    let mut ours: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    for (key, value) in receipt.ours::<Settings>().into_iter().flatten() {
        ours.entry(key).or_default().push(value);
    }
    ours
}

fn differs(now: &Databases, settings: &Settings) -> Result<bool, BackendError> {
    for (key, value) in settings {
        if now.get(key)? != *value {
            return Ok(true);
        }
    }
    Ok(false)
}

fn not_ours(backend: &str) -> BackendError {
    BackendError::Refused(format!(
        "A receipt of {backend} could not be read, so nothing was changed."
    ))
}
