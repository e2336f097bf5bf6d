//! Sites refused by the system's proxy setting: a rule that browsers ask before each request, and where it is put.
//!
//! Here: the rule, the person's own proxies that it goes on with, the setting that browsers read it from. Not
//! here: which sites; and nothing of ours is asked or connected to while somebody browses.

pub mod gnome_proxy;
pub mod own;
pub mod rule;

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use tokio::sync::{Notify, mpsc};

use crate::{backend::Change, plan::Desired, store::Receipt};

/// Half of the time that a rule lasts where nobody knows when quiet ends.
const RENEW_AFTER: Duration = Duration::from_secs(rule::LEASE.as_secs().unsigned_abs() / 2);

/// Has a rule made anew before it ends by itself, where nobody knows when quiet ends (at a place). Nothing is waited for
/// where it is known.
#[derive(Debug)]
struct Lease {
    renew_after: Duration,
    is_open_ended: AtomicBool,
    made: Notify,
}

impl Default for Lease {
    fn default() -> Self {
        Self { renew_after: RENEW_AFTER, is_open_ended: AtomicBool::default(), made: Notify::new() }
    }
}

impl Lease {
    /// A rule has been put in force.
    fn made(&self, desired: &Desired) {
        self.is_open_ended.store(desired.until.is_none(), Relaxed);
        self.made.notify_one();
    }

    async fn renew(&self, tell: mpsc::Sender<Change>) {
        loop {
            let made = self.made.notified();
            if !self.is_open_ended.load(Relaxed) {
                made.await;
            } else if tokio::time::timeout(self.renew_after, made).await.is_err()
                && tell.send(Change::Again).await.is_err()
            {
                return std::future::pending().await;
            }
        }
    }
}

/// Keeps of what was set before only what may still be there: the last, and what is there now. A rule is long, and each
/// unlocked site makes new ones.
fn forget_gone(
    receipt: &mut Receipt,
    held: Option<&Receipt>,
    is_there: impl Fn(&serde_json::Value) -> bool,
) {
    receipt.earlier.retain(|set| held.is_some_and(|held| held.set == *set) || is_there(set));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_rule_whose_end_nobody_knows_is_made_anew() {
        let lease = Lease { renew_after: Duration::from_millis(10), ..Lease::default() };
        let (tell, mut told) = mpsc::channel(8);
        let until = Some("2025-06-01T12:00:00Z".parse().unwrap());
        let looking = async {
            lease.made(&Desired { until, ..Desired::default() });
            let long = Duration::from_millis(100);
            assert!(tokio::time::timeout(long, told.recv()).await.is_err());
            lease.made(&Desired::default());
            assert_eq!(told.recv().await, Some(Change::Again));
            assert_eq!(told.recv().await, Some(Change::Again));
        };
        tokio::select! {
            () = lease.renew(tell) => panic!("it stopped"),
            () = looking => {}
        }
    }
}
