//! A connection to an X11 display, to listen on.
//!
//! What X answers is waited for with the thread that asked, so each has one of its own, which sleeps until the display has
//! something to say.

use std::{
    error::Error,
    os::fd::{AsFd as _, OwnedFd},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    rust_connection::RustConnection,
};

use crate::{backend::Desktop, engine::Event, screen_time::Told};

/// A display that hangs keeps nobody waiting longer.
const ANSWER_AT_MOST: Duration = Duration::from_millis(500);

/// Why nothing more is heard.
pub type Ended = Box<dyn Error + Send + Sync>;

/// What is heard, to be told on.
pub type Say<'a> = &'a mut dyn FnMut(Told);

/// A display.
pub struct Display {
    pub connection: RustConnection,
    pub root: u32,
}

/// The X11 display of this session; none on Wayland, where the compositor says it better.
pub fn x_display(desktop: &Desktop) -> Option<&str> {
    desktop.env.display.as_deref().filter(|_| desktop.env.wayland_display.is_none())
}

enum Heard {
    /// The connection, to end it by.
    Connected(OwnedFd),
    Told(Told),
}

/// Ends the thread: what it waits on is closed under it.
struct Ending(OwnedFd);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.0, rustix::net::Shutdown::Both);
    }
}

/// Listens on a display, on a thread of its own, until the display goes. False if nothing was told.
pub async fn follow(
    display: &str,
    tell: &mpsc::Sender<Event>,
    follow: fn(&Display, Say<'_>) -> Result<(), Ended>,
) -> bool {
    let (hear, mut heard) = mpsc::unbounded_channel();
    let display = display.to_owned();
    let listen = move || {
        let listened = Display::open(&display).and_then(|display| {
            let socket = display.connection.stream().as_fd().try_clone_to_owned()?;
            let _ = hear.send(Heard::Connected(socket));
            follow(&display, &mut |told| drop(hear.send(Heard::Told(told))))
        });
        if let Err(error) = listened {
            tracing::debug!(%error, "the display tells nothing");
        }
    };
    if let Err(error) = std::thread::Builder::new().name("display".to_owned()).spawn(listen) {
        tracing::warn!(%error, "there is no thread to listen on the display");
        return false;
    }
    let (mut served, mut ending) = (false, None);
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Connected(socket) => ending = Some(Ending(socket)),
            Heard::Told(told) => {
                served = true;
                let _ = tell.send(Event::Attention(told)).await;
            }
        }
    }
    drop(ending);
    served
}

/// Asks a display once, on a thread of its own; none where it does not answer in time.
pub async fn ask<T: Send + 'static>(
    display: &str,
    ask: fn(&Display) -> Result<T, Ended>,
) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    let display = display.to_owned();
    let asking = move || match Display::open(&display).and_then(|display| ask(&display)) {
        Ok(says) => drop(answer.send(says)),
        Err(error) => tracing::debug!(%error, "the display does not answer"),
    };
    let thread = std::thread::Builder::new().name("display".to_owned()).spawn(asking);
    thread.inspect_err(|error| tracing::warn!(%error, "there is no thread to ask")).ok()?;
    timeout(ANSWER_AT_MOST, answered).await.ok()?.ok()
}

impl Display {
    fn open(name: &str) -> Result<Self, Ended> {
        let (connection, screen) = RustConnection::connect(Some(name))?;
        let root = connection.setup().roots.get(screen).ok_or("it has no such screen")?.root;
        Ok(Self { connection, root })
    }

    /// Tells whether it has an extension, and is not one that a Wayland compositor serves.
    pub fn has(&self, extension: &'static str) -> Result<bool, Ended> {
        use x11rb::protocol::xproto::ConnectionExt as _;
        let passed_on = self.connection.query_extension(b"XWAYLAND")?.reply()?.present;
        Ok(!passed_on && self.connection.extension_information(extension)?.is_some())
    }
}
