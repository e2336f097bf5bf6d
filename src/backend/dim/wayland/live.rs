//! The task that keeps the screens as they should be.

use std::sync::Arc;

use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::{Paint, driver::Driver, driver::Trouble};
use crate::backend::dim::{
    glide::{Glide, Look, STEPS},
    motion::Pace,
};

/// What the task tells without being asked. Each is kept until somebody waits for it.
#[derive(Debug, Default)]
pub struct News {
    /// A screen was taken away.
    pub lost: Notify,
    /// The compositor went away.
    pub gone: Notify,
}

/// What became of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there or has begun, or there is no screen now and the next one will have it.
    Shown,
    /// Not one screen could be had.
    Refused(Whose),
}

/// The compositor, by the process that made its socket, and the screens it has.
pub type Whose = (Option<i32>, Vec<u32>);

enum Command {
    Show(Look, Pace, oneshot::Sender<Outcome>),
    End(oneshot::Sender<()>),
}

/// A running task. To drop it is to give every screen back.
#[derive(Debug)]
pub struct Live {
    commands: mpsc::UnboundedSender<Command>,
    task: JoinHandle<()>,
}

impl Live {
    /// Starts it on a connection.
    pub fn start<P: Paint>(driver: Driver<P>, news: Arc<News>) -> Self {
        let (commands, orders) = mpsc::unbounded_channel();
        Self { commands, task: tokio::spawn(keep(driver, orders, news)) }
    }

    /// Tells whether its connection is still there.
    pub fn is_running(&self) -> bool {
        !self.task.is_finished()
    }

    /// Gives every screen a look, or the first step to it; none where the compositor went away meanwhile.
    pub async fn show(&self, look: Look, pace: Pace) -> Option<Outcome> {
        let (reply, outcome) = oneshot::channel();
        self.commands.send(Command::Show(look, pace, reply)).ok()?;
        outcome.await.ok()
    }

    /// Gives every screen back, and returns when the compositor knows, or is gone itself.
    pub async fn end(&self) {
        let (reply, ended) = oneshot::channel();
        if self.commands.send(Command::End(reply)).is_ok() {
            let _ = ended.await;
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A glide that is not over.
struct Gliding {
    glide: Glide,
    began: Instant,
    step: u32,
}

impl Gliding {
    /// The way from what is there now; none where it is made at once.
    fn begin<P: Paint>(driver: &Driver<P>, to: Look, pace: Pace) -> Option<Self> {
        let from = driver.world().look().unwrap_or_default();
        (pace == Pace::Soft && from != to && driver.world().glides()).then(|| Self {
            glide: Glide { from, to },
            began: Instant::now(),
            step: 1,
        })
    }

    fn look(&self) -> Look {
        self.glide.at(self.step)
    }

    /// Takes the step that is due; tells whether it was the last.
    fn advance(&mut self) -> bool {
        self.step = Glide::step_after(self.began.elapsed()).max(self.step + 1);
        self.step >= STEPS
    }
}

/// Waits until the next step is due; for ever where there is none.
async fn next_step(gliding: Option<&Gliding>) {
    match gliding {
        Some(gliding) => sleep_until(gliding.began + Glide::due(gliding.step + 1)).await,
        None => std::future::pending().await,
    }
}

async fn keep<P: Paint>(
    mut driver: Driver<P>,
    mut orders: mpsc::UnboundedReceiver<Command>,
    news: Arc<News>,
) {
    let mut gliding: Option<Gliding> = None;
    let mut was_refused = false;
    loop {
        // A compositor that is slow gets fewer steps.
        let may_step = driver.is_answered();
        let done = tokio::select! {
            turned = driver.turn() => turned.map(|()| {
                let is_refused = driver.world().is_refused();
                if driver.has_lost() || (is_refused && !was_refused) {
                    tracing::info!(backend = P::ID, "a screen was taken away");
                    news.lost.notify_one();
                }
                was_refused = is_refused;
            }),
            () = next_step(gliding.as_ref()), if may_step => {
                if let Some(way) = &mut gliding {
                    let last = way.advance();
                    driver.step(way.look());
                    if last {
                        gliding = None;
                    }
                }
                Ok(())
            }
            order = orders.recv() => match order {
                None => return,
                Some(Command::Show(look, pace, reply)) => {
                    gliding = Gliding::begin(&driver, look, pace);
                    let first = gliding.as_ref().map_or(look, Gliding::look);
                    let shown = show(&mut driver, first, reply).await;
                    was_refused = driver.world().is_refused();
                    shown
                }
                Some(Command::End(reply)) => {
                    let _ = driver.clear().await;
                    let _ = reply.send(());
                    return;
                }
            },
        };
        if let Err(trouble) = done {
            tracing::info!(backend = P::ID, error = %trouble, "the compositor is gone");
            news.gone.notify_one();
            return;
        }
    }
}

async fn show<P: Paint>(
    driver: &mut Driver<P>,
    look: Look,
    reply: oneshot::Sender<Outcome>,
) -> Result<(), Trouble> {
    driver.show(look).await?;
    // What was taken away on the way is in the answer.
    driver.has_lost();
    let is_refused = driver.world().is_refused();
    let outcome = if is_refused { Outcome::Refused(driver.whose()) } else { Outcome::Shown };
    let _ = reply.send(outcome);
    Ok(())
}
