//! Programs that begin while an app is locked: told by the kernel where it tells, else looked for once a second.

use std::{collections::BTreeSet, path::Path, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{
    execs::{Execs, Told},
    scan::{self, Scan},
};

/// The least time between two looks at all that runs, where more begins than can be told.
const LOOKS_APART: Duration = Duration::from_millis(250);

/// How programs that begin are noticed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By the kernel's events.
    Events,
    /// By looking once a second.
    Looking,
}

impl How {
    /// Finds out. Takes at most 200 ms.
    pub async fn here() -> Self {
        match Execs::open().await {
            Ok(_) => Self::Events,
            Err(error) => {
                tracing::debug!(%error, "the kernel does not tell of programs that begin");
                Self::Looking
            }
        }
    }

    /// The sentence for `doctor`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Events => "new programs are noticed by kernel events",
            Self::Looking => "new programs are noticed by looking once a second",
        }
    }
}

/// The programs that begin.
#[derive(Debug)]
pub struct Starts {
    by: By,
    /// No look at everything before this.
    look_from: Instant,
    /// Something is not told yet, and everything is to be looked at.
    lost: bool,
}

#[derive(Debug)]
enum By {
    Events(Execs),
    Looking(Scan),
}

impl Starts {
    /// Begins to listen, or to look. What runs already is told first: some of it began before anybody listened.
    pub async fn open(how: How, proc: &Path) -> Self {
        let by = match how {
            How::Events => Execs::open().await.ok().map(By::Events),
            How::Looking => None,
        };
        let by = by.unwrap_or_else(|| By::Looking(Scan::new(proc)));
        Self { lost: matches!(by, By::Events(_)), by, look_from: Instant::now() }
    }

    /// Waits for the next processes that began a program; some may have ended meanwhile, some be other people's.
    pub async fn next(&mut self, proc: &Path) -> BTreeSet<u32> {
        loop {
            let told = match &mut self.by {
                By::Looking(scan) => return scan.next().await,
                By::Events(execs) if self.lost => {
                    tokio::select! {
                        () = sleep_until(self.look_from) => {
                            self.lost = false;
                            self.look_from = Instant::now() + LOOKS_APART;
                            return scan::own(proc).collect();
                        }
                        told = execs.next() => told,
                    }
                }
                By::Events(execs) => execs.next().await,
            };
            match told {
                Ok(Told::Began(began)) => return began,
                Ok(Told::Lost) => self.lost = true,
                Err(error) => {
                    tracing::warn!(%error, "the kernel tells no longer of programs that begin; they are looked for");
                    self.by = By::Looking(Scan::new(proc));
                }
            }
        }
    }
}
