//! A connection to the compositor, driven by tokio.

use std::io;

use tokio::{io::Interest, net::UnixStream};
use wayland_client::{Connection, DispatchError, EventQueue, backend::WaylandError};

use super::{Paint, World, display};
use crate::backend::{BackendError, Desktop, dim::glide::Look};

/// Why there is no such connection, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nobody listens.
    #[error("no Wayland compositor is running here")]
    NoCompositor,
    /// A protocol is not offered.
    #[error("the compositor does not offer {0}")]
    Missing(&'static str),
    /// The connection ended.
    #[error("the compositor closed the connection: {0}")]
    Gone(String),
}

impl From<Trouble> for BackendError {
    fn from(trouble: Trouble) -> Self {
        Self::Absent(trouble.to_string())
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Gone(error.to_string())
    }
}

impl From<DispatchError> for Trouble {
    fn from(error: DispatchError) -> Self {
        Self::Gone(error.to_string())
    }
}

/// The connection and what is known through it. To drop it is to give every screen back.
#[derive(Debug)]
pub struct Driver<P: Paint> {
    connection: Connection,
    queue: EventQueue<World<P>>,
    /// A second name for the connection's socket, only to wait on.
    socket: UnixStream,
    world: World<P>,
    rounds: u32,
}

impl<P: Paint> Driver<P> {
    /// Connects, and learns what the compositor offers and which screens it has; changes none.
    pub async fn open(desktop: &Desktop) -> Result<Self, Trouble> {
        let stream = display::connect(desktop).await.ok_or(Trouble::NoCompositor)?;
        let socket = UnixStream::from_std(stream.try_clone()?)?;
        let connection =
            Connection::from_socket(stream).map_err(|error| Trouble::Gone(error.to_string()))?;
        let queue = connection.new_event_queue();
        let world = World::new(connection.display().get_registry(&queue.handle(), ()));
        let mut driver = Self { connection, queue, socket, world, rounds: 0 };
        driver.round_trip().await?;
        driver.world.begin(&driver.queue.handle()).map_err(Trouble::Missing)?;
        // The screens tell their names.
        driver.round_trip().await?;
        Ok(driver)
    }

    /// What is known.
    pub fn world(&self) -> &World<P> {
        &self.world
    }

    /// Whose compositor it is, by the number of the process that made its socket, and which screens it has.
    pub fn whose(&self) -> (Option<i32>, Vec<u32>) {
        let compositor = self.socket.peer_cred().ok().and_then(|it| it.pid());
        (compositor, self.world.screens())
    }

    /// Looks whether a screen was taken away since the last time.
    pub fn has_lost(&mut self) -> bool {
        self.world.has_lost()
    }

    /// Gives every screen a look; returns when the compositor has taken it, or has refused.
    pub async fn show(&mut self, look: Look) -> Result<(), Trouble> {
        self.world.show(look, &self.queue.handle());
        while !self.world.is_settled() {
            self.turn().await?;
        }
        self.round_trip().await
    }

    /// Gives every screen the next look on the way; [`Self::is_answered`] when the compositor has taken it.
    pub fn step(&mut self, look: Look) {
        self.world.step(look, &self.queue.handle());
        self.ask();
    }

    /// Tells whether the compositor has taken all that it was told.
    pub fn is_answered(&self) -> bool {
        self.world.round == self.rounds
    }

    /// Gives every screen back; returns when the compositor knows.
    pub async fn clear(&mut self) -> Result<(), Trouble> {
        self.world.clear();
        self.round_trip().await
    }

    /// Sends what is to be sent, waits for events, and has them handled. May be dropped while it waits.
    pub async fn turn(&mut self) -> Result<(), Trouble> {
        turn(&self.connection, &mut self.queue, &self.socket, &mut self.world).await
    }

    fn ask(&mut self) {
        self.rounds += 1;
        self.connection.display().sync(&self.queue.handle(), self.rounds);
    }

    async fn round_trip(&mut self) -> Result<(), Trouble> {
        self.ask();
        while !self.is_answered() {
            self.turn().await?;
        }
        Ok(())
    }
}

/// Sends what is to be sent on a connection, waits for events, and has them handled. May be dropped while it waits.
/// `socket` is a second name for the connection's own.
pub async fn turn<S>(
    connection: &Connection,
    queue: &mut EventQueue<S>,
    socket: &UnixStream,
    state: &mut S,
) -> Result<(), Trouble> {
    tokio::select! {
        biased;
        sent = send(connection, socket) => sent?,
        heard = hear(queue, socket) => heard?,
    }
    queue.dispatch_pending(state)?;
    Ok(())
}

/// Sends all there is, then never returns: there is only an error to tell.
async fn send(connection: &Connection, socket: &UnixStream) -> Result<(), Trouble> {
    // Most often there is nothing to send, or room for it.
    let mut sent = tried(connection.flush());
    while is_not_ready(&sent) {
        socket.writable().await?;
        sent = socket.try_io(Interest::WRITABLE, || tried(connection.flush()));
    }
    sent?;
    std::future::pending().await
}

async fn hear<S>(queue: &EventQueue<S>, socket: &UnixStream) -> Result<(), Trouble> {
    loop {
        socket.readable().await?;
        // None where events wait in the queue already.
        let Some(guard) = queue.prepare_read() else { return Ok(()) };
        let heard = socket.try_io(Interest::READABLE, || tried(guard.read()));
        if !is_not_ready(&heard) {
            return Ok(heard.map(drop)?);
        }
    }
}

fn tried<T>(result: Result<T, WaylandError>) -> io::Result<T> {
    result.map_err(|error| match error {
        WaylandError::Io(error) => error,
        WaylandError::Protocol(error) => io::Error::other(error),
    })
}

fn is_not_ready<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
