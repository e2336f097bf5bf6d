//! Which app has the focus, by its id alone: titles are not read where that can be helped, and never kept. One file for
//! each desktop that tells.
//!
//! Each waits to be told. Where no desktop tells, time at the screen is counted without apps.

mod gnome;
mod hyprland;
mod kwin;
mod niri;
mod socket;
mod sway;
mod toplevels;
mod x11;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::{Notify, mpsc};

use super::{appears::Appears, x11::x_display};
use crate::{
    backend::Desktop,
    dbus::kwin::KWIN,
    engine::Event,
    screen_time::{Focus, Sense, Teller, Told},
};

/// Tells what has the focus, by whoever says so here, for as long as it is not dropped.
pub async fn on_focus(desktop: Desktop, look_again: Arc<Notify>, tell: mpsc::Sender<Event>) {
    let mut say = Say { tell, told: None };
    loop {
        let appears = Appears::watch(&desktop, &[gnome::SHELL, KWIN], &look_again).await;
        if follow(&desktop, &mut say).await {
            say.told = None;
            let nobody = Told::By { sense: Sense::Focus, by: None };
            let _ = say.tell.send(Event::Attention(nobody)).await;
        }
        appears.wait().await;
    }
}

/// Tells whether what has the focus fills the screen now, on X11, where a window says it to nobody who listens for the focus
/// alone. None elsewhere, and where nothing has the focus.
pub async fn fills_the_screen(desktop: &Desktop) -> Option<bool> {
    super::x11::ask(x_display(desktop)?, x11::fills_the_screen).await?
}

/// Ends when nobody says it any more. False if nobody did.
async fn follow(desktop: &Desktop, say: &mut Say) -> bool {
    if let Some(folder) = &desktop.env.runtime_dir {
        for socket in sockets(folder, |name| name.starts_with("sway-ipc.")) {
            if sway::follow(&socket, say).await {
                return true;
            }
        }
        for instance in sockets(&folder.join("hypr"), |_| true) {
            if hyprland::follow(&instance, say).await {
                return true;
            }
        }
        for socket in sockets(folder, |name| name.starts_with("niri.")) {
            if niri::follow(&socket, say).await {
                return true;
            }
        }
    }
    if gnome::follow(desktop, say).await
        || kwin::follow(desktop, say).await
        || toplevels::follow(desktop, say).await
    {
        return true;
    }
    match x_display(desktop) {
        Some(display) => super::x11::follow(display, &say.tell, x11::follow).await,
        None => false,
    }
}

/// Where it is told; what is as it was is not told again.
struct Say {
    tell: mpsc::Sender<Event>,
    told: Option<Focus>,
}

impl Say {
    async fn by(&self, by: Teller) {
        let told = Told::By { sense: Sense::Focus, by: Some(by) };
        let _ = self.tell.send(Event::Attention(told)).await;
    }

    async fn focus(&mut self, focus: Focus) {
        if self.told.as_ref() != Some(&focus) {
            self.told = Some(focus.clone());
            let _ = self.tell.send(Event::Attention(Told::Focus(focus))).await;
        }
    }
}

/// The id that a window calls itself by; none where it is empty.
fn app(id: Option<String>) -> Option<String> {
    id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// The sockets of window managers in a folder; of those that have ended too.
fn sockets(folder: &Path, is_meant: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(&is_meant))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}
