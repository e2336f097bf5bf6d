//! Whether it is a bad moment to suggest a break: somebody gives a presentation, watches a film, or is in a call.
//!
//! Asked once, when a break is due; nothing is listened to. Programs that show something for long say so to whoever would
//! darken the screen: gnome-session 43 to 50 (and MATE's, Cinnamon's and Budgie's, which answer alike), Plasma's power
//! service 5.27 to 6, logind. Who captures sound or a picture is told by `PipeWire` or `PulseAudio`. Whoever does not answer in time says nothing.

use zbus::{Connection, DynamicType, wire::DynamicDeserialize};

use crate::{
    backend::{Desktop, lock::Streams},
    dbus::{
        Peer,
        dconf::{Dconf, Value},
    },
};

/// What kind of moment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing speaks against it.
    Good,
    /// Somebody is in a call, records or shares the screen, or the screen is kept on for something.
    Bad,
    /// GNOME reminds of breaks itself (48 and newer), so it is left to that.
    LeftToGnome,
}

/// GNOME's own breaks: those that are chosen in its settings, by name.
const GNOME_BREAKS: &str = "/org/gnome/desktop/break-reminders/selected-breaks";

/// Keeping the session from being idle, in `org.gnome.SessionManager`.
const IDLE: u32 = 8;

/// Keeping the screen as it is, in `org.kde.Solid.PowerManagement.PolicyAgent`.
const SCREEN: u32 = 4;

/// One row of logind's `ListInhibitors`: what, who, why, mode, uid, pid.
type Inhibitor = (String, String, String, String, u32, u32);

/// Looks what kind of moment it is.
pub async fn moment(desktop: &Desktop) -> Moment {
    if gnome_reminds(desktop).await {
        return Moment::LeftToGnome;
    }
    let gnome = "org.gnome.SessionManager";
    let plasma = "org.kde.Solid.PowerManagement.PolicyAgent";
    let session = &desktop.session;
    let streams = Streams::new(&desktop.env);
    let (calls, gnome, plasma, logind) = tokio::join!(
        streams.ask(),
        ask(session, gnome, "/org/gnome/SessionManager", gnome, ("IsInhibited", IDLE)),
        ask(
            session,
            "org.kde.Solid.PowerManagement",
            "/org/kde/Solid/PowerManagement/PolicyAgent",
            plasma,
            ("HasInhibition", SCREEN)
        ),
        logind_is_kept_awake(desktop.system.as_ref()),
    );
    if !calls.is_empty() || gnome || plasma || logind { Moment::Bad } else { Moment::Good }
}

async fn ask(
    bus: &Connection,
    name: &str,
    path: &str,
    interface: &str,
    (member, flag): (&str, u32),
) -> bool {
    said(&Peer::new(bus, name, path, interface), member, &(flag,)).await.unwrap_or(false)
}

async fn logind_is_kept_awake(system: Option<&Connection>) -> bool {
    let Some(system) = system else { return false };
    let manager = "org.freedesktop.login1.Manager";
    let logind = Peer::new(system, "org.freedesktop.login1", "/org/freedesktop/login1", manager);
    let inhibitors: Option<Vec<Inhibitor>> = said(&logind, "ListInhibitors", &()).await;
    let own = nix::unistd::Uid::effective().as_raw();
    inhibitors.unwrap_or_default().iter().any(|(what, _, _, mode, uid, _)| {
        mode == "block" && *uid == own && what.split(':').any(|what| what == "idle")
    })
}

async fn said<B, R>(peer: &Peer, member: &str, body: &B) -> Option<R>
where
    B: serde::Serialize + DynamicType,
    R: for<'d> DynamicDeserialize<'d>,
{
    let answer = peer.call(member, body).await;
    answer.inspect_err(|error| tracing::debug!(%error, "says nothing of the moment")).ok()
}

async fn gnome_reminds(desktop: &Desktop) -> bool {
    let chosen = Dconf::new(desktop).read().and_then(|now| now.get(GNOME_BREAKS));
    if !matches!(chosen, Ok(Some(Value::List(breaks))) if !breaks.is_empty()) {
        return false;
    }
    let shell = Peer::new(&desktop.session, "org.gnome.Shell", "/", "org.gnome.Shell");
    shell.is_running().await.unwrap_or(false)
}
