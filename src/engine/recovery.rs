//! Giving everything back without a loop: `quietctl restore`, `ExecStopPost=`, the end of `quietctl try`.

use std::{sync::Arc, time::Duration};

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

/// Puts back everything there is a receipt for. Needs no daemon; with nothing to do it needs no bus either.
pub async fn restore(env: Arc<Env>) -> Result<RestoreReport, RestoreError> {
    let store = ReceiptStore::open(&env.state_dir());
    let (receipts, damage) = store.read();
    let damage = damage.iter().map(ToString::to_string).collect();
    if receipts.is_empty() {
        return Ok(RestoreReport { damage, ..RestoreReport::default() });
    }
    let session =
        dbus::connect_session(&env).await.map_err(|it| RestoreError::NoBus(it.to_string()))?;
    let system = zbus::Connection::system().await.ok();
    let desktop = Desktop { session, system, env };
    let mut report = restore_all(&desktop, &store, receipts).await?;
    report.damage = damage;
    Ok(report)
}

/// Puts back what these receipts say, all at once, never stopping at the first error, and keeps those that failed.
pub async fn restore_all(
    desktop: &Desktop,
    store: &ReceiptStore,
    receipts: Vec<Receipt>,
) -> Result<RestoreReport, StoreError> {
    let outcomes = join_all(receipts.into_iter().map(|receipt| async {
        let Some(row) = REGISTRY.iter().find(|row| row.id == receipt.backend) else {
            let unknown = BackendError::Refused(format!(
                "This version knows no backend «{}»; the version that wrote the receipt can put it back.",
                receipt.backend
            ));
            return (receipt.backend.clone(), receipt, Err(unknown));
        };
        let backend = (row.open)(desktop);
        let outcome = tokio::time::timeout(RESTORE_AT_MOST, backend.restore(&receipt)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(BackendError::TimedOut(row.title.to_owned())));
        (row.title.to_owned(), receipt, outcome)
    }))
    .await;
    let mut report = RestoreReport::default();
    let mut kept = Vec::new();
    for (title, receipt, outcome) in outcomes {
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
