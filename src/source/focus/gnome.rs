//! GNOME: Mutter writes on the cgroup of each app since when it has not had the focus (`user.xdg.inactive-since`, -1 while it
//! has it), and the kernel tells of that (`IN_ATTRIB`). Seen on GNOME Shell 43.9; from Mutter 41 on.

use std::{
    collections::BTreeMap,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor},
};
use tokio::io::{Interest, unix::AsyncFd};

use super::Say;
use crate::{
    backend::{Desktop, lock::Identity},
    dbus::Peer,
    readiness::wait_on,
    screen_time::{Focus, Teller},
};

/// The shell's name on the session bus.
pub const SHELL: &str = "org.gnome.Shell";

const ATTRIBUTE: &str = "user.xdg.inactive-since";

const BY: Teller = Teller {
    title: "GNOME (the apps' cgroups)",
    cannot: "Apps that GNOME did not start itself are counted with no app, and which windows fill the screen is not told.",
};

/// The units of apps, watched.
struct Units {
    inotify: Inotify,
    /// The same queue under another number, for tokio to wait on.
    ready: AsyncFd<OwnedFd>,
    folders: BTreeMap<WatchDescriptor, PathBuf>,
    focused: Option<PathBuf>,
}

/// Tells until the cgroups cannot be watched any more. False if this is no GNOME.
pub async fn follow(desktop: &Desktop, say: &mut Say) -> bool {
    if !Peer::new(&desktop.session, SHELL, "/", SHELL).is_running().await.unwrap_or(false) {
        return false;
    }
    let manager = Peer::new(
        &desktop.session,
        "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1.Manager",
    );
    let Ok(place) = manager.get::<String>("ControlGroup").await else { return false };
    let apps = desktop.env.sysfs.join("fs/cgroup").join(place.trim_start_matches('/'));
    let mut units = match Units::watch(&apps.join("app.slice")) {
        Ok(units) => units,
        Err(error) => {
            tracing::debug!(%error, "the cgroups of apps are not watched");
            return false;
        }
    };
    say.by(BY).await;
    loop {
        let app = units.focused.as_deref().and_then(app_of);
        say.focus(Focus { app, full_screen: None }).await;
        if let Err(error) = units.changed().await {
            tracing::debug!(%error, "the cgroups of apps are watched no longer");
            return true;
        }
    }
}

impl Units {
    fn watch(apps: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let ready = wait_on(&inotify, Interest::READABLE)?;
        let mut units = Self { inotify, ready, folders: BTreeMap::new(), focused: None };
        if !apps.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        units.add(apps);
        Ok(units)
    }

    /// Watches a slice with what is in it, or a unit of an app.
    fn add(&mut self, folder: &Path) {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_slice = name.strip_suffix(".slice").is_some();
        if !is_slice && app_of(folder).is_none() {
            return;
        }
        let what = if is_slice { AddWatchFlags::IN_CREATE } else { AddWatchFlags::IN_ATTRIB };
        // One that goes meanwhile has nothing in it.
        let Ok(watch) = self.inotify.add_watch(folder, what | AddWatchFlags::IN_ONLYDIR) else {
            return;
        };
        self.folders.insert(watch, folder.to_owned());
        if !is_slice {
            return self.look(folder);
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            self.add(&entry.path());
        }
    }

    fn look(&mut self, unit: &Path) {
        if has_focus(unit) {
            self.focused = Some(unit.to_owned());
        } else if self.focused.as_deref() == Some(unit) {
            self.focused = None;
        }
    }

    /// Waits until another one may have the focus.
    async fn changed(&mut self) -> io::Result<()> {
        let mut ready = self.ready.readable().await?;
        let mut all = Vec::new();
        loop {
            match self.inotify.read_events() {
                Ok(events) => all.extend(events),
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        ready.clear_ready();
        drop(ready);
        for event in all {
            let Some(folder) = self.folders.get(&event.wd).cloned() else { continue };
            if event.mask.contains(AddWatchFlags::IN_IGNORED) {
                self.folders.remove(&event.wd);
                if self.focused.as_deref() == Some(&folder) {
                    self.focused = None;
                }
            } else if let Some(name) = &event.name {
                self.add(&folder.join(name));
            } else {
                self.look(&folder);
            }
        }
        Ok(())
    }
}

fn has_focus(unit: &Path) -> bool {
    let mut value = [0; 32];
    rustix::fs::getxattr(unit, ATTRIBUTE, &mut value).is_ok_and(|length| &value[..length] == b"-1")
}

/// The app of a unit, by its own name or by that of the slice it is in (`app-org.gnome.Terminal.slice`).
fn app_of(unit: &Path) -> Option<String> {
    let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    let of_slice = || {
        let slice = name(unit.parent()?)?;
        Identity::of(&format!("{}.service", slice.strip_suffix(".slice")?))
    };
    let app = Identity::of(&name(unit)?).or_else(of_slice)?;
    Some(app.id().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_are_known_by_their_units_and_slices() {
        let of = |path: &str| app_of(Path::new(path));
        let app = |id: &str| Some(id.to_owned());
        assert_eq!(of("/c/app.slice/app-gnome-firefox\\x2desr-12.scope"), app("firefox-esr"));
        assert_eq!(
            of("/c/app.slice/app-org.gnome.Terminal.slice/gnome-terminal-server.service"),
            app("org.gnome.Terminal")
        );
        assert_eq!(of("/c/app.slice/dconf.service"), None);
        assert_eq!(of("/"), None);
    }
}
