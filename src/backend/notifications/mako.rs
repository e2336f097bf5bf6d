//! mako: a mode, added to those that are on and taken out again.
//!
//! A mode hides nothing by itself: a section of mako's config has to say so. So the config is read, and where no mode
//! in it holds anything back this backend does not serve. mako forgets its modes when it restarts, and keeps ours
//! when we die. What its config lets through by app or by text goes on coming through.

pub mod config;

use std::path::PathBuf;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Mutex, Notify, mpsc};

use self::config::{Config, LINES, OWN};
use super::{
    NAME,
    server::{Server, expect, probe},
    value::{heard, signals, unreadable, watch_while},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "mako",
    title: "mako",
    measures: &[Measure::Notifications],
    since: "1.7 and newer",
    cannot: "It needs four lines in mako's config, which `quietctl setup` offers to add. Before 1.10, mako tells nobody \
             when you change its modes.",
    seen: &[
        (Environment::Sway, Known::Real("mako 1.7.1, 1.10.0 and 1.11.0")),
        (Environment::Wlroots, Known::Source),
        (Environment::Hyprland, Known::Source),
        (Environment::Niri, Known::Source),
    ],
    names: &[NAME],
    wants_end: false,
    open: |desktop| Box::new(Mako::new(desktop)),
};

/// What it calls itself.
pub const SERVER: &str = "mako";

/// Its own object, and interface.
pub const PATH: &str = "/fr/emersion/Mako";
/// See [`PATH`].
pub const INTERFACE: &str = "fr.emersion.Mako";

/// The backend.
#[derive(Debug)]
pub struct Mako {
    desktop: Desktop,
    in_force: Mutex<Option<Held>>,
    /// A mode was seen to be gone, where mako tells nobody.
    gone: Notify,
}

/// What is in force by our hand in this process.
#[derive(Clone, Debug)]
struct Held {
    /// The mako it is in force in, by unique name.
    owner: String,
    mode: String,
}

impl Mako {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        Self { desktop: desktop.clone(), in_force: Mutex::default(), gone: Notify::new() }
    }

    fn peer(&self, owner: &str) -> Peer {
        Peer::new(&self.desktop.session, owner, PATH, INTERFACE)
    }

    /// The modes that are on.
    async fn modes(&self, owner: &str) -> Result<Vec<String>, CallError> {
        self.peer(owner).call("ListModes", &()).await
    }

    async fn config(&self, server: &Server) -> (PathBuf, Config) {
        let env = &self.desktop.env;
        let path = config::file(&self.desktop.session, &server.owner, env).await;
        let config = Config::read(&path, &env.home);
        (path, config)
    }

    fn says_nothing(&self, path: &std::path::Path) -> String {
        let path = self.desktop.env.for_people(path);
        let [mode, hidden, urgent, shown] = LINES;
        format!(
            "mako holds nothing back until {path} says so. `quietctl setup` offers to add what it needs; by hand, these \
             are the lines at its end: «{mode}», «{hidden}», «{urgent}», «{shown}»; then `makoctl reload`"
        )
    }
}

/// Asks mako to read its config anew; its modes stay. An error is what it says of a config it refuses.
pub async fn reload(bus: &zbus::Connection, owner: &str) -> Result<(), CallError> {
    Peer::new(bus, owner, PATH, INTERFACE).call("Reload", &()).await
}

#[async_trait]
impl Backend for Mako {
    async fn probe(&self) -> Probe {
        let server = match probe(&self.desktop, SERVER).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        let modes = match self.modes(&server.owner).await {
            Ok(modes) => modes,
            Err(CallError::TimedOut(_) | CallError::Absent(_)) => {
                return Probe::Deferred("mako does not answer.".to_owned());
            }
            Err(error) if error.is_unknown() => {
                return Probe::Unsupported(
                    "This mako has no list of modes; mako 1.7 and newer have one.".to_owned(),
                );
            }
            Err(error) => {
                return Probe::Unsupported(format!("mako cannot be told to be quiet: {error}."));
            }
        };
        let (path, config) = self.config(&server).await;
        let Some(mode) = config.mode(&modes) else {
            return Probe::Unsupported(format!("{}.", self.says_nothing(&path)));
        };
        let whose = if mode == OWN { "the mode" } else { "your own mode" };
        let urgent = if config.lets_urgent_through(&modes, mode) {
            "urgent ones come through"
        } else {
            "urgent ones wait too, as its config says"
        };
        Probe::Ready(format!("mako, by {whose} {mode}; {urgent}"))
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let server = expect(&self.desktop, SERVER).await?;
        let modes = self.modes(&server.owner).await?;
        let (path, config) = self.config(&server).await;
        let mode =
            config.mode(&modes).ok_or_else(|| BackendError::Refused(self.says_nothing(&path)))?;
        Ok(match held {
            Some(held) => held.renew(&mode),
            None => Receipt::new(ROW.id, &modes, &mode),
        })
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let mode: String = receipt.set().ok_or_else(|| unreadable(receipt))?;
        let found: Vec<String> = receipt.found().ok_or_else(|| unreadable(receipt))?;
        let ours: Vec<String> = receipt.ours();
        let mut in_force = self.in_force.lock().await;
        let server = expect(&self.desktop, SERVER).await?;
        let modes = self.modes(&server.owner).await?;
        if let Some(held) = &*in_force
            && held.owner == server.owner
            && !modes.contains(&held.mode)
        {
            // The person took it out.
            self.gone.notify_one();
            return Ok(());
        }
        let mut wanted = modes.clone();
        // Of what was ours earlier, under another name.
        wanted.retain(|one| *one == mode || found.contains(one) || !ours.contains(one));
        if !wanted.contains(&mode) {
            wanted.push(mode.clone());
        }
        if wanted != modes {
            self.peer(&server.owner).call::<_, ()>("SetModes", &wanted).await?;
        }
        *in_force = Some(Held { owner: server.owner, mode });
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let server = match expect(&self.desktop, SERVER).await {
            Ok(server) => server,
            // What we set ended with the mako we set it in.
            Err(BackendError::Absent(_)) => return Ok(Restored::AsFound),
            Err(error) => return Err(error),
        };
        let found: Vec<String> = receipt.found().ok_or_else(|| unreadable(receipt))?;
        let ours: Vec<String> = receipt.ours();
        let modes = self.modes(&server.owner).await?;
        let mut left = modes.clone();
        left.retain(|mode| found.contains(mode) || !ours.contains(mode));
        if left != modes {
            self.peer(&server.owner).call::<_, ()>("SetModes", &left).await?;
            return Ok(Restored::AsFound);
        }
        Ok(if modes == found { Restored::AsFound } else { Restored::AsThePersonSetIt })
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let bus = &self.desktop.session;
        // From 1.10 on; before that mako says nothing.
        let told = signals(bus, PATH, "org.freedesktop.DBus.Properties", INTERFACE).await;
        let gone = stream::unfold((), async |()| Some((self.gone.notified().await, ())));
        let reasons = stream::select(heard(told).map(|_| ()), gone).boxed();
        let is_there = async |held: Held| {
            let modes = self.modes(&held.owner).await;
            modes.ok().map(|modes| modes.contains(&held.mode))
        };
        watch_while(&self.in_force, reasons, is_there, tell).await;
    }
}
