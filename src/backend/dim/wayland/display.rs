//! Where the compositor is.

use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::PathBuf,
};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent};
use tokio::io::{Interest, unix::AsyncFd};

use crate::{backend::Desktop, dbus::Peer, readiness};

/// Connects to the compositor; none if there is none.
///
/// The daemon may have been started before the compositor was: then only the user manager knows its name.
pub async fn connect(desktop: &Desktop) -> Option<UnixStream> {
    if let Some(name) = &desktop.env.wayland_display
        && let Some(stream) = open(desktop, name).await
    {
        return Some(stream);
    }
    let name = told_by_the_user_manager(desktop).await?;
    if desktop.env.wayland_display.as_ref() == Some(&name) {
        return None;
    }
    open(desktop, &name).await
}

/// The folder where compositors put their sockets, watched.
#[derive(Debug)]
pub struct Sockets {
    inotify: Inotify,
    /// A second name for it, only to wait on.
    readable: AsyncFd<OwnedFd>,
}

impl Sockets {
    /// Begins to watch; none where there is no such folder.
    pub fn watch(desktop: &Desktop) -> Option<Self> {
        let folder = desktop.env.runtime_dir.as_ref()?;
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
        inotify.add_watch(folder, AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO).ok()?;
        let readable = readiness::wait_on(&inotify, Interest::READABLE).ok()?;
        Some(Self { inotify, readable })
    }

    /// Waits until one may have appeared since the watch began.
    pub async fn appeared(&self) -> io::Result<()> {
        loop {
            let mut ready = self.readable.readable().await?;
            match self.inotify.read_events() {
                Ok(events) if events.iter().any(is_display) => return Ok(()),
                Ok(_) => {}
                Err(nix::Error::EAGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn is_display(event: &InotifyEvent) -> bool {
    // `wayland-1.lock` comes with it, and before it.
    let name = event.name.as_ref().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("wayland-") && !name.contains('.'))
}

async fn open(desktop: &Desktop, name: &str) -> Option<UnixStream> {
    let path = match PathBuf::from(name) {
        path if path.is_absolute() => path,
        path => desktop.env.runtime_dir.as_ref()?.join(path),
    };
    tokio::net::UnixStream::connect(path).await.ok()?.into_std().ok()
}

async fn told_by_the_user_manager(desktop: &Desktop) -> Option<String> {
    let manager = Peer::new(
        &desktop.session,
        "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1.Manager",
    );
    let environment: Vec<String> = manager.get("Environment").await.ok()?;
    environment.iter().find_map(|line| Some(line.strip_prefix("WAYLAND_DISPLAY=")?.to_owned()))
}
