//! What every backend does, and how it says what went wrong.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::notifications::Asking;
use crate::{env::Env, plan::Desired, store::Receipt};

/// The way to the desktop that every backend is given.
#[derive(Clone, Debug)]
pub struct Desktop {
    /// The person's session bus. A call on it ends with an error after [`CALL_AT_MOST`].
    pub session: zbus::Connection,
    /// The system bus, where there is one.
    pub system: Option<zbus::Connection>,
    /// Folders and variables.
    pub env: Arc<Env>,
    /// Who shows notifications: half of the backends ask that at the same moment.
    pub asking: Asking,
}

impl Desktop {
    /// The desktop behind these buses.
    pub fn new(session: zbus::Connection, system: Option<zbus::Connection>, env: Arc<Env>) -> Self {
        Self { session, system, env, asking: Asking::default() }
    }
}

/// The longest a service may take to answer one call.
pub const CALL_AT_MOST: std::time::Duration = std::time::Duration::from_secs(2);

/// One way of putting measures in force on this desktop.
///
/// The engine calls `capture`, writes the receipt, then calls `apply`; later `restore` with the same receipt. It never
/// runs two of these at once for one backend. `restore` may come in another process than `apply` (after a crash), so
/// what it needs is in the receipt, not in `self`.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Tells whether the service is there. Never starts a service that is not running.
    async fn probe(&self) -> Probe;

    /// Reads what is there now and says what will be set. With `held`, the receipt of what this backend has in force
    /// already, `found` stays as it was and what was `set` is kept beside the new value (see [`Receipt::renew`]).
    /// Changes nothing.
    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError>;

    /// Puts in force what the receipt says is set. Called again with the same receipt when the service restarted, an
    /// output appeared, or after resume; applying twice is the same as once.
    async fn apply(&self, desired: &Desired, receipt: &Receipt) -> Result<(), BackendError>;

    /// Puts back what was found, where what is there is still ours. Restoring twice is the same as once.
    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError>;

    /// What of the measure in force is left undone; told anew with [`Change::LeftOut`]. Makes no call.
    fn left_out(&self) -> Vec<LeftOut> {
        Vec::new()
    }

    /// Ends cleanly what was started while it is locked and has stood still ever since, by the names told with
    /// [`Change::Caught`]; only where that was [`Caught::fresh`], and nothing else ever.
    async fn end_started(&self, units: &BTreeSet<String>) -> Result<(), BackendError> {
        let _ = units;
        Ok(())
    }

    /// Tells of changes from outside for as long as it is polled; the engine drops it when nothing is in force. Own
    /// writes are not told. Bus names that come and go are the engine's to watch, not this one's.
    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let _ = tell;
        std::future::pending::<()>().await;
    }
}

/// Whether a backend can serve here, with a sentence for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It can, now: what serves it, with the version where one is told ("dunst 1.9.0").
    Ready(String),
    /// Its service may still come.
    Deferred(String),
    /// What it would serve is here, but it cannot: what is missing and what to do about it.
    Unsupported(String),
    /// It serves another desktop than this one; there is nothing to be done about it.
    Elsewhere(String),
}

/// What a restore came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Everything is as it was found.
    AsFound,
    /// The person changed it meanwhile; it was left as they set it.
    AsThePersonSetIt,
}

/// Something changed from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The person (or another program) set what we had set to something else: it is theirs until quiet ends.
    ByThePerson,
    /// After that it has become as we had set it, by the person's hand, or is so no longer: it is theirs all the same.
    AsOurs(bool),
    /// What we put in force is gone or incomplete and is to be applied again: a new screen, a session that came back.
    Again,
    /// An app was started while it is locked, and we froze it already: nothing is left to do but to say so.
    Caught(Caught),
    /// [`Backend::left_out`] tells something else.
    LeftOut,
}

/// Something that is left undone while the rest is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The app that goes on though it is to be locked, by its id in lower case.
    pub app: Option<String>,
    /// Why, and until when, in a sentence for the person.
    pub text: String,
}

/// An app that was started while it is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// The app, by its id in lower case.
    pub app: String,
    /// The unit it is frozen in.
    pub unit: String,
    /// How long it ran from when its start was told, or seen, until it stood still.
    pub ran: std::time::Duration,
    /// Whether it stood still so soon after its beginning that it cannot have done anything yet.
    pub fresh: bool,
}

/// Why a backend could not do something; the engine decides on the kind.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BackendError {
    /// The service is not there: the next row is tried.
    #[error("{0}")]
    Absent(String),
    /// The service did not answer in time: it is tried again at the next event.
    #[error("{0} did not answer within {seconds} s", seconds = CALL_AT_MOST.as_secs())]
    TimedOut(String),
    /// It cannot be done yet: the backend tells when to try again, with [`Change::Again`].
    #[error("{0}")]
    NotYet(String),
    /// The service said no, or answered something that makes no sense: the person is told.
    #[error("{0}")]
    Refused(String),
}
