//! What the system tells on its bus: waking from suspend, another time zone.
//!
//! `org.freedesktop.login1.Manager.PrepareForSleep`, `org.freedesktop.timedate1` (systemd 252 and later). Neither service
//! has to run for the match rules to be set, and none is started.

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use zbus::{Connection, MatchRule, MessageStream, message::Type};

use crate::{engine::Event, screen_time::Told};

/// Tells each time the machine goes to sleep, and each time it woke.
pub async fn on_resume(system: &Connection, tell: mpsc::Sender<Event>) -> zbus::Result<()> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .path("/org/freedesktop/login1")
        .interface("org.freedesktop.login1.Manager")
        .member("PrepareForSleep")
        .build()?;
    let mut signals = MessageStream::for_match_rule(rule, system, None).await?;
    while let Some(Ok(signal)) = signals.next().await {
        let Ok(sleeps) = signal.body().deserialize::<bool>() else { continue };
        let _ = tell.send(Event::Attention(Told::Sleeps(sleeps))).await;
        if !sleeps {
            let _ = tell.send(Event::Resumed).await;
        }
    }
    Ok(())
}

/// Tells each time the machine's time zone is set.
pub async fn on_zone_change(system: &Connection, tell: mpsc::Sender<Event>) -> zbus::Result<()> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .path("/org/freedesktop/timedate1")
        .interface("org.freedesktop.DBus.Properties")
        .member("PropertiesChanged")
        .build()?;
    let mut signals = MessageStream::for_match_rule(rule, system, None).await?;
    while let Some(Ok(_)) = signals.next().await {
        let _ = tell.send(Event::ZoneChanged).await;
    }
    Ok(())
}
