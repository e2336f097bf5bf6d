//! A connection to the compositor, to listen on.

use tokio::net::UnixStream;
use wayland_client::{
    Connection, Dispatch, EventQueue, QueueHandle,
    protocol::{wl_callback::WlCallback, wl_registry::WlRegistry},
};

use crate::backend::{
    Desktop,
    dim::{Trouble, connect, turn},
};

/// The connection, and what came of what was heard on it.
pub struct Line<S> {
    connection: Connection,
    queue: EventQueue<S>,
    /// A second name for the connection's socket, only to wait on.
    socket: UnixStream,
    pub state: S,
}

impl<S: Dispatch<WlRegistry, ()> + Dispatch<WlCallback, ()> + 'static> Line<S> {
    /// Connects, and asks what is offered: each as an event of the registry, then the callback. None if no compositor is
    /// there.
    pub async fn open(desktop: &Desktop, state: S) -> Option<Self> {
        let stream = connect(desktop).await?;
        let socket = UnixStream::from_std(stream.try_clone().ok()?).ok()?;
        let connection = Connection::from_socket(stream).ok()?;
        let queue = connection.new_event_queue();
        let display = connection.display();
        display.get_registry(&queue.handle(), ());
        display.sync(&queue.handle(), ());
        Some(Self { connection, queue, socket, state })
    }

    /// What new objects are made with.
    pub fn handle(&self) -> QueueHandle<S> {
        self.queue.handle()
    }

    /// Sends what is to be sent, waits for events, and has them handled.
    pub async fn turn(&mut self) -> Result<(), Trouble> {
        turn(&self.connection, &mut self.queue, &self.socket, &mut self.state).await
    }
}
