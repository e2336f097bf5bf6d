//! Giving everything back without a loop: `quietctl restore`, `ExecStopPost=`, the end of `quietctl try`.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::join_all;

use crate::{
    backend::{BackendError, Desktop, REGISTRY, Restored},
    dbus,
    env::Env,
    store::{Receipt, ReceiptStore, StoreError},
};

/// One backend gets this long; all of them go at once.
const RESTORE_AT_MOST: Duration = Duration::from_secs(5);

/// Why nothing could be given back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There are receipts, but no session bus to act on.
    #[error(
        "There is no session bus, so nothing could be put back: {0}. Run this in the desktop session."
    )]
    NoBus(String),
    /// The receipts cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of it.
#[derive(Debug, Default)]
pub struct RestoreReport {
    /// By backend title: what came back.
    pub done: Vec<(String, Restored)>,
    /// By backend title: what did not, and why. Its receipt is kept.
    pub failed: Vec<(String, BackendError)>,
    /// What was wrong with the receipts themselves.
    pub damage: Vec<String>,
}

/// Puts back everything there is a receipt for: the daemon's, those of a `quietctl try` that was ended, and what dconf
/// kept itself where ours were lost. Needs no daemon; with nothing to do it needs no bus either.
pub async fn restore(env: Arc<Env>) -> Result<RestoreReport, RestoreError> {
    let mut stores = [env.state_dir(), env.trial_state_dir()].map(|dir| ReceiptStore::open(&dir));
    let kept: Vec<_> = stores.iter_mut().map(ReceiptStore::read).collect();
    let damage = kept.iter().flat_map(|(_, damage)| damage).map(ToString::to_string).collect();
    let nothing = kept.iter().all(|(receipts, _)| receipts.is_empty());
    let session = match dbus::connect_session(&env).await {
        Ok(session) => session,
        Err(_) if nothing => return Ok(RestoreReport { damage, ..RestoreReport::default() }),
        Err(error) => return Err(RestoreError::NoBus(error.to_string())),
    };
    let system = zbus::Connection::system().await.ok();
    let desktop = Desktop::new(session, system, env);
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut report = RestoreReport { damage, ..RestoreReport::default() };
    for (store, (receipts, _)) in stores.iter_mut().zip(kept) {
        known.extend(receipts.iter().map(|receipt| receipt.backend.clone()));
        let one = restore_all(&desktop, store, receipts).await?;
        report.done.extend(one.done);
        report.failed.extend(one.failed);
    }
    let mut journalled = dbus::dconf::journalled(&desktop).unwrap_or_default();
    journalled.retain(|receipt| !known.contains(&receipt.backend));
    for (title, outcome, _) in give_back(&desktop, journalled).await {
        match outcome {
            Ok(restored) => report.done.push((title, restored)),
            Err(error) => report.failed.push((title, error)),
        }
    }
    // A trial that was ended leaves its folder; with everything given back nobody needs it.
    let trial = desktop.env.trial_dir();
    if report.failed.is_empty()
        && trial.exists()
        && let Err(error) = std::fs::remove_dir_all(&trial)
    {
        tracing::debug!(%error, "the folder of a trial stays");
    }
    Ok(report)
}

/// Puts back what these receipts say, all at once, never stopping at the first error, and keeps those that failed.
pub async fn restore_all(
    desktop: &Desktop,
    store: &mut ReceiptStore,
    receipts: Vec<Receipt>,
) -> Result<RestoreReport, StoreError> {
    if receipts.is_empty() {
        return Ok(RestoreReport::default());
    }
    let outcomes = give_back(desktop, receipts).await;
    let mut report = RestoreReport::default();
    let mut kept = Vec::new();
    for (title, outcome, receipt) in outcomes {
        match outcome {
            Ok(restored) => report.done.push((title, restored)),
            Err(error) => {
                report.failed.push((title, error));
                kept.push(receipt);
            }
        }
    }
    store.write(&kept)?;
    Ok(report)
}

/// Gives back what these receipts say; by title, how it went, and the receipt.
async fn give_back(
    desktop: &Desktop,
    receipts: Vec<Receipt>,
) -> Vec<(String, Result<Restored, BackendError>, Receipt)> {
    join_all(receipts.into_iter().map(|receipt| async {
        let Some(row) = REGISTRY.iter().find(|row| row.id == receipt.backend) else {
            let unknown = BackendError::Refused(format!(
                "This version knows no backend «{}»; the version that wrote the receipt can put it back.",
                receipt.backend
            ));
            return (receipt.backend.clone(), Err(unknown), receipt);
        };
        let backend = (row.open)(desktop);
        let outcome = tokio::time::timeout(RESTORE_AT_MOST, backend.restore(&receipt)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(BackendError::TimedOut(row.title.to_owned())));
        (row.title.to_owned(), outcome, receipt)
    }))
    .await
}
