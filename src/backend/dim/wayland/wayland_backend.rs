//! The backend's contract, for every protocol whose changes end with its objects.

use std::{future::Future, sync::Arc};

use async_trait::async_trait;
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

use super::{
    Paint, Shade,
    display::Sockets,
    driver::{Driver, Trouble},
    live::{Live, News, Outcome, Whose},
};
use crate::{
    backend::{
        Backend, BackendError, CALL_AT_MOST, Change, Desktop, Probe, Restored,
        dim::{
            motion,
            others::{self, Program},
        },
    },
    plan::Desired,
    store::Receipt,
};

const WHO: &str = "the Wayland compositor";

/// One protocol as a backend.
///
/// What it puts in force lives as long as its connection: a receipt from another process has nothing to put back, and
/// the compositor itself gives the screens back when this process ends, however it ends.
#[derive(Debug)]
pub struct WaylandBackend<P> {
    desktop: Desktop,
    live: Mutex<Option<Live>>,
    refusal: Mutex<Option<Refusal>>,
    news: Arc<News>,
    paint: std::marker::PhantomData<fn() -> P>,
}

/// Every screen was refused, and there is no use in asking again while nothing is other.
#[derive(Debug)]
struct Refusal {
    /// The compositor that refused, and the screens.
    whose: Whose,
    /// Who has them; none where nobody is known, so that the screens themselves have no such thing.
    program: Option<Program>,
    error: BackendError,
}

impl<P: Paint> WaylandBackend<P> {
    /// Makes one; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self {
            desktop: desktop.clone(),
            live: Mutex::default(),
            refusal: Mutex::default(),
            news: Arc::default(),
            paint: std::marker::PhantomData,
        }
    }

    async fn show(&self, shade: Shade) -> Result<(), BackendError> {
        let look = shade.into();
        let pace = motion::wanted(&self.desktop).await;
        let mut kept = self.live.lock().await;
        if let Some(live) = kept.take().filter(Live::is_running) {
            // None where the compositor went away and that was not noticed before; it may be back already.
            if let Some(outcome) = kept.insert(live).show(look, pace).await {
                return self.came_to(outcome, &mut kept).await;
            }
        }
        let driver = Driver::<P>::open(&self.desktop).await?;
        let outcome = kept.insert(Live::start(driver, self.news.clone())).show(look, pace).await;
        let gone = || BackendError::Absent(format!("{WHO} went away"));
        self.came_to(outcome.ok_or_else(gone)?, &mut kept).await
    }

    async fn came_to(&self, outcome: Outcome, kept: &mut Option<Live>) -> Result<(), BackendError> {
        let Outcome::Refused(whose) = outcome else { return Ok(()) };
        *kept = None;
        let program = Program::running(&self.desktop.env.procfs, others::WAYLAND);
        let error = match &program {
            Some(program) => BackendError::Refused(program.to_string()),
            None => BackendError::Absent(P::REFUSED.to_owned()),
        };
        *self.refusal.lock().await = Some(Refusal { whose, program, error: error.clone() });
        Err(error)
    }

    /// Says again what was refused before, while nothing is other than it was then.
    async fn still_refused(&self) -> Option<BackendError> {
        let mut refusal = self.refusal.lock().await;
        let known = refusal.as_ref()?;
        let stands = if let Some(program) = &known.program {
            program.still_runs()
        } else {
            let driver = timeout(CALL_AT_MOST, Driver::<P>::open(&self.desktop)).await;
            matches!(driver, Ok(Ok(driver)) if driver.whose() == known.whose)
        };
        if !stands {
            *refusal = None;
        }
        refusal.as_ref().map(|known| known.error.clone())
    }

    /// Waits until a compositor answers that offers the protocol.
    async fn come_back(&self) {
        let sockets = Sockets::watch(&self.desktop);
        loop {
            // A compositor's keeper may hold its socket open while it starts anew, so the first answer may take long.
            if Driver::<P>::open(&self.desktop).await.is_ok() {
                return;
            }
            let appeared = match &sockets {
                Some(sockets) => sockets.appeared().await,
                None => std::future::pending().await,
            };
            if let Err(error) = appeared {
                tracing::warn!(backend = P::ID, %error, "cannot watch for the compositor");
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn in_time<T>(
    work: impl Future<Output = Result<T, BackendError>>,
) -> Result<T, BackendError> {
    timeout(CALL_AT_MOST, work)
        .await
        .unwrap_or_else(|_| Err(BackendError::TimedOut(WHO.to_owned())))
}

#[async_trait]
impl<P: Paint> Backend for WaylandBackend<P> {
    async fn probe(&self) -> Probe {
        let running = async { self.live.lock().await.as_ref().is_some_and(Live::is_running) };
        match timeout(CALL_AT_MOST, running).await {
            Ok(true) => return Probe::Ready(P::READY.to_owned()),
            Ok(false) => {}
            Err(_) => return Probe::Deferred(format!("{WHO} does not answer")),
        }
        match timeout(CALL_AT_MOST, Driver::<P>::open(&self.desktop)).await {
            Ok(Ok(_)) => Probe::Ready(P::READY.to_owned()),
            Ok(Err(trouble @ Trouble::Missing(_))) => Probe::Elsewhere(trouble.to_string()),
            Ok(Err(trouble)) => Probe::Deferred(trouble.to_string()),
            Err(_) => Probe::Deferred(format!("{WHO} does not answer")),
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        if held.is_none()
            && let Some(error) = self.still_refused().await
        {
            return Err(error);
        }
        let set = Shade::of(&desired.only(&P::MEASURES.iter().copied().collect()));
        Ok(held.map_or_else(|| Receipt::new(P::ID, &(), &set), |held| held.renew(&set)))
    }

    async fn apply(&self, _: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let Some(shade) = receipt.set::<Shade>() else {
            return Err(BackendError::Refused(format!("the receipt of {} is not readable", P::ID)));
        };
        in_time(self.show(shade)).await
    }

    async fn restore(&self, _: &Receipt) -> Result<Restored, BackendError> {
        if let Some(live) = self.live.lock().await.take() {
            // Where the compositor hangs, the end of the connection says the same as soon as it is back.
            if timeout(CALL_AT_MOST, live.end()).await.is_err() {
                tracing::info!(backend = P::ID, "the compositor hangs; the connection is closed");
            }
        }
        Ok(Restored::AsFound)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        loop {
            tokio::select! {
                () = self.news.lost.notified() => {}
                () = self.news.gone.notified() => self.come_back().await,
            }
            if tell.send(Change::Again).await.is_err() {
                return;
            }
        }
    }
}
