//! Hyprland: lines of its second socket, `EVENT>>DATA`. Its source, to 0.53, says how; not run here.

use std::{io, path::Path, time::Duration};

use serde::Deserialize;
use tokio::time::timeout;

use super::{Say, app, socket::Socket};
use crate::screen_time::{Focus, Teller};

const BY: Teller = Teller { title: "Hyprland", cannot: "" };

/// A request that is not answered holds up the whole compositor.
const ANSWER_AT_MOST: Duration = Duration::from_millis(500);

/// What is said of a window; nothing of it may be there.
#[derive(Debug, Default, Deserialize)]
struct Window {
    #[serde(default)]
    class: Option<String>,
    /// A number, in older versions a boolean.
    #[serde(default)]
    fullscreen: serde_json::Value,
}

/// Tells until it ends; `instance` is its folder. False if none listens there.
pub async fn follow(instance: &Path, say: &mut Say) -> bool {
    let mut served = false;
    if let Err(error) = watch(instance, say, &mut served).await {
        tracing::debug!(%error, "Hyprland tells nothing of its windows");
    }
    served
}

async fn watch(instance: &Path, say: &mut Say, served: &mut bool) -> io::Result<()> {
    let mut stream = Socket::connect(&instance.join(".socket2.sock")).await?;
    say.by(BY).await;
    *served = true;
    let requests = instance.join(".socket.sock");
    let now = active_window(&requests).await;
    let mut active = Active {
        focus: Focus { full_screen: Some(now.fills_the_screen()), app: app(now.class) },
        address: String::new(),
    };
    say.focus(active.focus.clone()).await;
    loop {
        let line = stream.line().await?;
        match active.hear(String::from_utf8_lossy(&line).trim_end()) {
            Heard::Nothing => continue,
            Heard::Focus => {}
            Heard::AnotherWindow => {
                active.focus.full_screen = Some(active_window(&requests).await.fills_the_screen());
            }
        }
        say.focus(active.focus.clone()).await;
    }
}

/// The window that has the focus.
#[derive(Debug, Default)]
struct Active {
    focus: Focus,
    /// Which one it is, as Hyprland calls it.
    address: String,
}

/// What a line was.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// Not of the focus.
    Nothing,
    /// What has the focus, or fills the screen.
    Focus,
    /// That another window has it, which may have filled the screen before.
    AnotherWindow,
}

impl Active {
    /// Takes one line.
    fn hear(&mut self, line: &str) -> Heard {
        match line.split_once(">>") {
            // The class comes first, and the title may have commas as well. It is told again with each new title.
            Some(("activewindow", data)) => {
                let app = app(data.split(',').next().map(str::to_owned));
                if app != self.focus.app {
                    self.focus = Focus { app, full_screen: Some(false) };
                }
            }
            Some(("activewindowv2", address)) if address != self.address => {
                address.clone_into(&mut self.address);
                return Heard::AnotherWindow;
            }
            Some(("fullscreen", data)) => self.focus.full_screen = Some(data == "1"),
            _ => return Heard::Nothing,
        }
        Heard::Focus
    }
}

impl Window {
    fn fills_the_screen(&self) -> bool {
        let mode = &self.fullscreen;
        mode.as_bool() == Some(true) || mode.as_i64().is_some_and(|mode| mode > 0)
    }
}

/// The window that has the focus now; nothing of it where Hyprland does not say.
async fn active_window(socket: &Path) -> Window {
    let ask = async {
        let stream = Socket::connect(socket).await?;
        stream.send(b"j/activewindow").await?;
        Ok(serde_json::from_slice(&stream.rest().await?)?)
    };
    let asked: io::Result<Window> =
        timeout(ANSWER_AT_MOST, ask).await.unwrap_or_else(|late| Err(late.into()));
    asked.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_without_titles() {
        let mut active = Active::default();
        assert_eq!(active.hear("activewindow>>org.telegram.desktop,Anna, Ben"), Heard::Focus);
        assert_eq!(active.focus.app.as_deref(), Some("org.telegram.desktop"));
        assert_eq!(active.hear("activewindowv2>>5f"), Heard::AnotherWindow);
        assert_eq!(active.hear("fullscreen>>1"), Heard::Focus);
        assert_eq!(active.focus.full_screen, Some(true));
        for line in ["windowtitlev2>>5f,activewindow>>x", "", "activewindowv2>>5f"] {
            assert_eq!(active.hear(line), Heard::Nothing, "{line}");
        }
        // A new title is no other window.
        assert_eq!(active.hear("activewindow>>org.telegram.desktop,Ben"), Heard::Focus);
        assert_eq!(active.focus.full_screen, Some(true));
        assert_eq!(active.hear("activewindowv2>>60"), Heard::AnotherWindow);
        assert_eq!(active.hear("activewindow>>,"), Heard::Focus);
        assert_eq!(active.focus, Focus { app: None, full_screen: Some(false) });
    }
}
