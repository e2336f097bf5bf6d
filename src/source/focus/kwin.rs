//! Plasma: a script of ours in `KWin` tells which window is active, by the id of its desktop entry. Seen on 5.27 and 6.7.
//!
//! It stays until it is unloaded, or `KWin` ends; one that a crash of ours left there is replaced.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::{runtime::Handle, time::timeout};
use zbus::{MatchRule, Message, MessageStream, message::Type};

use super::{Say, app};
use crate::{
    backend::Desktop,
    dbus::{
        CallError, Peer,
        kwin::{KWIN, ScriptError, Scripts, token},
    },
    screen_time::{Focus, Teller},
    source::appears::owner_of,
};

const SCRIPT: &str = "quietd-focus";
const CODE: &str = include_str!("kwin.js");
/// What the script sends its word to.
const TOLD: &str = "org.quietd.Focus1";
/// How long a script may take to say its first word; a `KWin` that has just started has much to do.
const FIRST_WORD_AT_MOST: Duration = Duration::from_secs(10);

const BY: Teller = Teller { title: "KWin", cannot: "" };

/// Why it ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Bus(#[from] zbus::Error),
    #[error(transparent)]
    Script(#[from] ScriptError),
    #[error("the script said nothing")]
    SaidNothing,
}

impl From<CallError> for Ended {
    fn from(error: CallError) -> Self {
        Self::Script(error.into())
    }
}

/// Tells until `KWin` leaves the bus. False if it was not there.
pub async fn follow(desktop: &Desktop, say: &mut Say) -> bool {
    let mut served = false;
    if let Err(error) = watch(desktop, say, &mut served).await {
        tracing::debug!(%error, "KWin tells nothing of its windows");
    }
    served
}

/// Takes the script out again where nobody listens any more.
struct Loaded(Option<Scripts>);

impl Drop for Loaded {
    fn drop(&mut self) {
        if let (Some(scripts), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move { scripts.unload(SCRIPT).await });
        }
    }
}

async fn watch(desktop: &Desktop, say: &mut Say, served: &mut bool) -> Result<(), Ended> {
    let bus = &desktop.session;
    let is_running = Peer::new(bus, KWIN, "/", KWIN).is_running().await?;
    let (Some(folder), true) = (&desktop.env.runtime_dir, is_running) else { return Ok(()) };
    let mut owners = MessageStream::for_match_rule(owner_of(KWIN)?, bus, None).await?;
    let word = MatchRule::builder().msg_type(Type::MethodCall).interface(TOLD).build()?;
    let mut heard = MessageStream::for_match_rule(word, bus, None).await?;
    // What an earlier script still says is not listened to.
    let token = token();
    let given = serde_json::json!({
        "to": bus.unique_name().map_or("", |name| name.as_str()),
        "interface": TOLD,
        "token": token,
    });
    let scripts = Scripts::new(bus, folder, FIRST_WORD_AT_MOST);
    let file = scripts.load(SCRIPT, &given, CODE).await?;
    let mut loaded = Loaded(Some(scripts.clone()));
    scripts.start().await?;
    let mut next = async || {
        loop {
            tokio::select! {
                // Whoever has the name now knows nothing of the script.
                _ = owners.next() => return None,
                message = heard.next() => {
                    if let Some(focus) = told(&message?.ok()?, &token) {
                        return Some(focus);
                    }
                }
            }
        }
    };
    let first = timeout(FIRST_WORD_AT_MOST, next()).await;
    let focus = first.ok().flatten().ok_or(Ended::SaidNothing)?;
    drop(file);
    *served = true;
    say.by(BY).await;
    say.focus(focus).await;
    while let Some(focus) = next().await {
        say.focus(focus).await;
    }
    // It went with KWin.
    loaded.0 = None;
    Ok(())
}

fn told(message: &Message, token: &str) -> Option<Focus> {
    let (by, id, full_screen) = message.body().deserialize::<(String, String, bool)>().ok()?;
    (by == token).then(|| Focus { app: app(Some(id)), full_screen: Some(full_screen) })
}
