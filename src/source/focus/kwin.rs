//! Plasma: a script of ours in `KWin` tells which window is active, by the id of its desktop entry.
//!
//! It stays until it is unloaded, or `KWin` ends; one that a crash of ours left there is replaced. Its source, 5.27 to 6.7,
//! and what the scripts that hide windows were seen to do, say how.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _};

use futures_util::StreamExt as _;
use tokio::runtime::Handle;
use zbus::{MatchRule, Message, MessageStream, message::Type};

use super::{Say, app};
use crate::{
    backend::Desktop,
    dbus::{CallError, Peer},
    screen_time::{Focus, Teller},
    source::appears::{new_owner, owner_of},
};

/// Its name on the session bus.
pub const NAME: &str = "org.kde.KWin";

const SCRIPT: &str = "quietd-focus";
const CODE: &str = include_str!("kwin.js");
/// What the script sends its word to.
const TOLD: &str = "org.quietd.Focus1";

const BY: Teller = Teller { title: "KWin", cannot: "" };

/// Why it ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Bus(#[from] zbus::Error),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the script cannot be written: {0}")]
    Disk(#[from] std::io::Error),
    #[error("it does not load the script")]
    NotLoaded,
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
struct Loaded(Peer);

impl Drop for Loaded {
    fn drop(&mut self) {
        let scripting = self.0.clone();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { unload(&scripting).await });
        }
    }
}

async fn unload(scripting: &Peer) -> Result<bool, CallError> {
    scripting.call("unloadScript", &(SCRIPT,)).await
}

async fn watch(desktop: &Desktop, say: &mut Say, served: &mut bool) -> Result<(), Ended> {
    let bus = &desktop.session;
    let scripting = Peer::new(bus, NAME, "/Scripting", "org.kde.kwin.Scripting");
    let is_running = Peer::new(bus, NAME, "/", NAME).is_running().await?;
    let (Some(folder), true) = (&desktop.env.runtime_dir, is_running) else { return Ok(()) };
    let mut owners = MessageStream::for_match_rule(owner_of(NAME)?, bus, None).await?;
    let word = MatchRule::builder().msg_type(Type::MethodCall).interface(TOLD).build()?;
    let mut heard = MessageStream::for_match_rule(word, bus, None).await?;
    let to = bus.unique_name().map_or("", |name| name.as_str());
    let file = folder.join(format!("{SCRIPT}.js"));
    {
        let mut options = fs::OpenOptions::new();
        // Nobody else is to write in what we have run.
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&file)?;
        write!(file, "var quietd = {{ to: \"{to}\", interface: \"{TOLD}\" }};\n{CODE}")?;
    }
    unload(&scripting).await?;
    let id: i32 = scripting.call("loadScript", &(file.to_string_lossy(), SCRIPT)).await?;
    let _loaded = Loaded(scripting.clone());
    if id < 0 {
        return Err(Ended::NotLoaded);
    }
    scripting.call::<_, ()>("start", &()).await?;
    let _ = fs::remove_file(&file);
    *served = true;
    say.by(BY).await;
    loop {
        tokio::select! {
            owner = owners.next() => match owner {
                Some(Ok(message)) if new_owner(&message).is_some() => {}
                _ => return Ok(()),
            },
            message = heard.next() => match message {
                Some(Ok(message)) => {
                    if let Some(focus) = told(&message) {
                        say.focus(focus).await;
                    }
                }
                Some(Err(_)) => {}
                None => return Ok(()),
            },
        }
    }
}

fn told(message: &Message) -> Option<Focus> {
    let (id, full_screen) = message.body().deserialize::<(String, bool)>().ok()?;
    Some(Focus { app: app(Some(id)), full_screen: Some(full_screen) })
}
