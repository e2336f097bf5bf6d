//! Hyprland: lines of its second socket, `EVENT>>DATA`. Its source, to 0.53, says how; not run here.

use std::{io, path::Path, time::Duration};

use serde::Deserialize;
use tokio::time::timeout;

use super::{Say, app, socket::Socket};
use crate::screen_time::{Focus, Teller};

const BY: Teller = Teller { title: "Hyprland", cannot: "" };

/// A request that is not answered holds up the whole compositor.
const ANSWER_AT_MOST: Duration = Duration::from_millis(500);

/// What has the focus at first; nothing of it may be there.
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
    let asked = timeout(ANSWER_AT_MOST, active_window(&instance.join(".socket.sock"))).await;
    let now = asked.unwrap_or_else(|late| Err(late.into())).unwrap_or_default();
    let fills = |value: &serde_json::Value| {
        value.as_bool() == Some(true) || value.as_i64().is_some_and(|mode| mode > 0)
    };
    let mut focus = Focus { app: app(now.class), full_screen: Some(fills(&now.fullscreen)) };
    say.focus(focus.clone()).await;
    loop {
        let line = stream.line().await?;
        if hear(String::from_utf8_lossy(&line).trim_end(), &mut focus) {
            say.focus(focus.clone()).await;
        }
    }
}

/// Takes one line; tells whether it was of the focus.
fn hear(line: &str, focus: &mut Focus) -> bool {
    match line.split_once(">>") {
        // The class comes first, and the title may have commas as well.
        Some(("activewindow", data)) => {
            let class = data.split(',').next().map(str::to_owned);
            *focus = Focus { app: app(class), full_screen: Some(false) };
        }
        Some(("fullscreen", data)) => focus.full_screen = Some(data == "1"),
        _ => return false,
    }
    true
}

async fn active_window(socket: &Path) -> io::Result<Window> {
    let stream = Socket::connect(socket).await?;
    stream.send(b"j/activewindow").await?;
    Ok(serde_json::from_slice(&stream.rest().await?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_without_titles() {
        let mut focus = Focus::default();
        assert!(hear("activewindow>>org.telegram.desktop,Anna, Ben", &mut focus));
        assert_eq!(focus.app.as_deref(), Some("org.telegram.desktop"));
        assert!(hear("fullscreen>>1", &mut focus));
        assert_eq!(focus.full_screen, Some(true));
        assert!(!hear("windowtitlev2>>5f,activewindow>>x", &mut focus));
        assert!(!hear("", &mut focus));
        assert!(hear("activewindow>>,", &mut focus));
        assert_eq!(focus, Focus { app: None, full_screen: Some(false) });
    }
}
