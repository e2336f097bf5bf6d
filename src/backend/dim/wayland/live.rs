//! The task that keeps the screens as they should be.

use std::sync::Arc;

use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};

use super::{Paint, Shade, driver::Driver};

/// What the task tells without being asked. Each is kept until somebody waits for it.
#[derive(Debug, Default)]
pub struct News {
    /// Every screen is refused that was not before.
    pub refused: Notify,
    /// The compositor went away.
    pub gone: Notify,
}

/// What became of a shade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there, or there is no screen now and the next one will have it.
    Shown,
    /// Not one screen could be had.
    Refused,
}

enum Command {
    Show(Shade, oneshot::Sender<Outcome>),
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

    /// Puts every screen in a shade; none where the compositor went away meanwhile.
    pub async fn show(&self, shade: Shade) -> Option<Outcome> {
        let (reply, outcome) = oneshot::channel();
        self.commands.send(Command::Show(shade, reply)).ok()?;
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

async fn keep<P: Paint>(
    mut driver: Driver<P>,
    mut orders: mpsc::UnboundedReceiver<Command>,
    news: Arc<News>,
) {
    let mut was_refused = false;
    loop {
        let order = tokio::select! {
            turned = driver.turn() => turned.map(|()| None),
            order = orders.recv() => match order {
                Some(order) => Ok(Some(order)),
                None => return,
            },
        };
        let done = match order {
            Ok(Some(Command::Show(shade, reply))) => driver.show(shade).await.map(|()| {
                was_refused = driver.world().is_refused();
                let outcome = if was_refused { Outcome::Refused } else { Outcome::Shown };
                let _ = reply.send(outcome);
            }),
            Ok(Some(Command::End(reply))) => {
                let _ = driver.clear().await;
                let _ = reply.send(());
                return;
            }
            Ok(None) => {
                let is_refused = driver.world().is_refused();
                if is_refused && !was_refused {
                    tracing::info!(backend = P::ID, "every screen was taken away");
                    news.refused.notify_one();
                }
                was_refused = is_refused;
                Ok(())
            }
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = done {
            tracing::info!(backend = P::ID, error = %trouble, "the compositor is gone");
            news.gone.notify_one();
            return;
        }
    }
}
