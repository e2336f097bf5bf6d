//! One value of a service, changed for a while: what a restore has to do, and when the person changed it.

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, mpsc};
use zbus::{Connection, MatchRule, MessageStream};

use crate::{
    backend::{BackendError, Change, Restored},
    store::Receipt,
};

/// What a restore has to do about one value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PutBack<V> {
    /// Write what was found.
    Write(V),
    /// Nothing.
    Nothing(Restored),
}

/// Compares what is there now with what was found and what was set.
pub(super) fn put_back<V>(receipt: &Receipt, now: &V) -> Result<PutBack<V>, BackendError>
where
    V: DeserializeOwned + PartialEq,
{
    let found: V = receipt.found().ok_or_else(|| unreadable(receipt))?;
    Ok(if *now == found {
        PutBack::Nothing(Restored::AsFound)
    } else if receipt.ours::<V>().contains(now) {
        PutBack::Write(found)
    } else {
        PutBack::Nothing(Restored::AsThePersonSetIt)
    })
}

/// Says that a receipt is not one this backend wrote.
pub(super) fn unreadable(receipt: &Receipt) -> BackendError {
    BackendError::Refused(format!("the receipt of {} cannot be read", receipt.backend))
}

/// What is in force by our hand in this process. The lock is kept while it is changed, so that nobody compares a value
/// with what is about to be.
pub(super) type InForce<V> = Mutex<Option<Vec<V>>>;

/// Tells when the value is no longer one of those in force; see [`watch_while`].
pub(super) async fn watch<V: Clone + PartialEq + Send + Sync>(
    in_force: &InForce<V>,
    stream: zbus::Result<MessageStream>,
    read: impl Fn() -> BoxFuture<'static, Result<V, BackendError>>,
    tell: mpsc::Sender<Change>,
) {
    let reasons = heard(stream).map(|_| ()).boxed();
    watch_for(in_force, reasons, read, tell).await;
}

/// As [`watch`], with any reasons to look.
pub(super) async fn watch_for<V: Clone + PartialEq + Send + Sync>(
    in_force: &InForce<V>,
    reasons: BoxStream<'_, ()>,
    read: impl Fn() -> BoxFuture<'static, Result<V, BackendError>>,
    tell: mpsc::Sender<Change>,
) {
    let is_there = |ours: Vec<V>| read().map(move |now| now.ok().map(|now| ours.contains(&now)));
    watch_while(in_force, reasons, is_there, tell).await;
}

/// Tells when what is in force is there no longer, and when it is there again after that, or gone once more; what happened
/// before the first look is told as well. `is_there` answers none where that is not known.
///
/// A signal is only the reason to look: it may be an old one, or our own.
pub(super) async fn watch_while<T: Clone, F: Future<Output = Option<bool>>>(
    in_force: &Mutex<Option<T>>,
    mut reasons: BoxStream<'_, ()>,
    is_there: impl Fn(T) -> F,
    tell: mpsc::Sender<Change>,
) {
    let mut lost: Option<(T, bool)> = None;
    loop {
        let change = {
            let mut held = in_force.lock().await;
            if let Some(ours) = held.clone() {
                lost = None;
                (is_there(ours.clone()).await == Some(false)).then(|| {
                    *held = None;
                    lost = Some((ours, false));
                    Change::ByThePerson
                })
            } else if let Some((ours, as_ours)) = &mut lost {
                let now = is_there(ours.clone()).await.filter(|now| now != as_ours);
                now.map(|now| {
                    *as_ours = now;
                    Change::AsOurs(now)
                })
            } else {
                None
            }
        };
        if let Some(change) = change
            && tell.send(change).await.is_err()
        {
            return;
        }
        if reasons.next().await.is_none() {
            return std::future::pending().await;
        }
        // What came at once is one reason to look.
        while let Some(Some(())) = reasons.next().now_or_never() {}
    }
}

/// What is heard, or nothing where the bus gives no signals.
pub(super) fn heard(stream: zbus::Result<MessageStream>) -> BoxStream<'static, zbus::Message> {
    match stream {
        Ok(stream) => stream.filter_map(|message| std::future::ready(message.ok())).boxed(),
        Err(error) => {
            tracing::warn!(%error, "cannot listen to changes from outside");
            futures_util::stream::empty().boxed()
        }
    }
}

/// Listens to the signals of one interface of one object, those about `subject` (their first argument).
pub(super) async fn signals(
    bus: &Connection,
    path: &str,
    interface: &str,
    subject: &str,
) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .path(path)
        .interface(interface)
        .arg(0, subject)
        .build()?;
    MessageStream::for_match_rule(rule, bus, None).await
}

/// Listens to one signal of one object.
pub(super) async fn signal(
    bus: &Connection,
    path: &str,
    interface: &str,
    member: &str,
) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .path(path)
        .interface(interface)
        .member(member)
        .build()?;
    MessageStream::for_match_rule(rule, bus, None).await
}
