//! GNOME's and Cinnamon's idle monitor: `org.gnome.Mutter.IdleMonitor`, `org.cinnamon.Muffin.IdleMonitor`.
//!
//! A watch for idleness stays and fires each time; one for the return fires once and is set anew. Both go with our
//! connection. While a program inhibits idleness (a film), none fires. Seen on GNOME Shell 43.9.

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use zbus::{MatchRule, MessageStream, message::Type};

use super::IDLE_AFTER;
use crate::{
    backend::Desktop,
    dbus::{CallError, Peer},
    engine::Event,
    screen_time::{Sense, Teller, Told},
    source::appears::{new_owner, owner_of},
};

/// The names on the bus; each is its interface's too.
pub const NAMES: [&str; 2] = ["org.gnome.Mutter.IdleMonitor", "org.cinnamon.Muffin.IdleMonitor"];

const BY: Teller = Teller {
    title: "the desktop's idle monitor",
    cannot: "While a film or a call keeps the screen awake, you count as being there.",
};

/// Why it ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Bus(#[from] zbus::Error),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Tells until the service leaves the bus. False if it was not there.
pub async fn follow(desktop: &Desktop, name: &str, tell: &mpsc::Sender<Event>) -> bool {
    let mut served = false;
    if let Err(error) = watch(desktop, name, tell, &mut served).await {
        tracing::debug!(name, %error, "the idle monitor tells nothing");
    }
    served
}

async fn watch(
    desktop: &Desktop,
    name: &str,
    tell: &mpsc::Sender<Event>,
    served: &mut bool,
) -> Result<(), Ended> {
    let path = format!("/{}/Core", name.replace('.', "/"));
    let monitor = Peer::new(&desktop.session, name, &path, name);
    if !monitor.is_running().await? {
        return Ok(());
    }
    let bus = &desktop.session;
    let mut owners = MessageStream::for_match_rule(owner_of(name)?, bus, None).await?;
    let fired = MatchRule::builder()
        .msg_type(Type::Signal)
        .path(path.as_str())
        .interface(name)
        .member("WatchFired")
        .build()?;
    let mut fired = MessageStream::for_match_rule(fired, bus, None).await?;
    let idle: u32 = monitor.call("AddIdleWatch", &u64::from(IDLE_AFTER)).await?;
    *served = true;
    let say = async |told| drop(tell.send(Event::Attention(told)).await);
    say(Told::By { sense: Sense::Idle, by: Some(BY) }).await;
    say(Told::Idle(false)).await;
    let mut back = None;
    loop {
        let message = tokio::select! {
            owner = owners.next() => match owner {
                Some(Ok(message)) if new_owner(&message).is_some() => continue,
                _ => return Ok(()),
            },
            fired = fired.next() => fired,
        };
        let Some(Ok(message)) = message else { return Ok(()) };
        let Ok(watch) = message.body().deserialize::<u32>() else { continue };
        if watch == idle {
            say(Told::Idle(true)).await;
            if back.is_none() {
                back = Some(monitor.call("AddUserActiveWatch", &()).await?);
            }
        } else if Some(watch) == back {
            back = None;
            say(Told::Idle(false)).await;
        }
    }
}
