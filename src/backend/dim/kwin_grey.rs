//! Plasma without colour: an effect of ours that `KWin` loads.
//!
//! The effect is a script, in the person's data folder while it is in force. Loaded, it lives in `KWin` until it is
//! unloaded, `KWin` ends, or `KWin` starts its drawing anew, as 5.27 does for each change in System Settings. It does not
//! end with us: the receipt sees to that. For half a minute after its start `KWin` knows only the effects that it found
//! then.
//!
//! Seen on Plasma 5.27 on Wayland, and 6.7 on X11. The script is written for all versions to 6.7.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify, mpsc};
use zbus::{MatchRule, Message, MessageStream};

use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    dbus::{CallError, Peer, kwin::KWIN},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "kwin-grey",
    title: "KWin (an effect)",
    measures: &[Measure::Greyscale],
    since: "5.27 and newer",
    cannot: "It is seen in screenshots and shared screens; the pointer, the overview and the desktop grid keep their colours, and for half a minute after a login everything may.",
    seen: &[
        (Environment::Plasma5, Known::Real("KWin 5.27.5")),
        (Environment::Plasma6, Known::Real("KWin 6.7.4 on X11")),
    ],
    // The second is one of KWin's effects: it comes when KWin has begun to draw.
    names: &[KWIN, "org.kde.KWin.ScreenShot2"],
    wants_end: false,
    open: |desktop| Box::new(Grey::new(desktop)),
};

/// The effect's name; nobody else has one of that name.
pub const EFFECT: &str = "quietd-grey";
/// Scripts that come with `KWin`, by their names before and since 6.0: where these cannot be loaded, ours cannot.
const LIKE_OURS: [&str; 2] = ["kwin4_effect_squash", "squash"];
/// How long `KWin` keeps to the list of effects that it made at its start, and a little.
const FINDS_ONLY_OLD: Duration = Duration::from_secs(31);
const FILES: [(&str, &str); 2] = [
    ("metadata.json", include_str!("kwin_grey/metadata.json")),
    ("contents/code/main.js", include_str!("kwin_grey/main.js")),
];

/// What a receipt says was found.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Found {
    /// Folders that were not there and that the effect's files need, the inner one first.
    missing: Vec<PathBuf>,
}

/// The backend.
#[derive(Debug)]
pub struct Grey {
    effects: Peer,
    data_home: PathBuf,
    /// Kept while something is changed, so that nobody looks in between.
    in_force: Mutex<InForce>,
    /// `KWin` did not find the effect, and is to be asked again.
    not_found: Notify,
    ask_again_after: Duration,
}

/// How far it has come in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum InForce {
    #[default]
    No,
    /// `KWin` did not find the effect.
    NotFound,
    Yes,
}

impl Grey {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop) -> Self {
        Self {
            effects: Peer::new(&desktop.session, KWIN, "/Effects", "org.kde.kwin.Effects"),
            data_home: desktop.env.data_home.clone(),
            in_force: Mutex::default(),
            not_found: Notify::new(),
            ask_again_after: FINDS_ONLY_OLD,
        }
    }

    /// Asks a `KWin` that did not find the effect again sooner or later than half a minute.
    #[must_use]
    pub fn asking_again_after(self, ask_again_after: Duration) -> Self {
        Self { ask_again_after, ..self }
    }

    async fn is_loaded(&self) -> Result<bool, CallError> {
        self.effects.call("isEffectLoaded", &EFFECT).await
    }

    /// As [`Self::is_loaded`]; a `KWin` that does not draw has no effects.
    async fn is_in_force(&self) -> Result<bool, CallError> {
        match self.is_loaded().await {
            Err(error) if error.is_unknown() => Ok(false),
            answer => answer,
        }
    }

    /// What a probe says of an error.
    async fn unanswered(&self, error: &CallError) -> Probe {
        if is_away(error) && *self.in_force.lock().await == InForce::Yes {
            return Probe::Ready("KWin's effects, when it draws again".to_owned());
        }
        match error {
            CallError::Absent(_) | CallError::TimedOut(_) => Probe::Deferred(format!("{error}.")),
            error if error.is_unknown() => {
                Probe::Deferred("KWin has no effects while it does not draw.".to_owned())
            }
            error => Probe::Unsupported(format!("{error}.")),
        }
    }

    /// As [`Self::is_loaded`]; a `KWin` that has the effect when it draws again is waited for.
    async fn expect(&self, in_force: InForce) -> Result<bool, BackendError> {
        self.is_loaded().await.map_err(|error| {
            if is_away(&error) && in_force == InForce::Yes {
                return BackendError::NotYet("KWin does not draw yet".to_owned());
            }
            error.into()
        })
    }

    fn folders(&self) -> [PathBuf; 3] {
        let kwin = self.data_home.join("kwin");
        [kwin.join("effects"), kwin, self.data_home.clone()]
    }

    fn package(&self) -> PathBuf {
        self.folders()[0].join(EFFECT)
    }

    fn write_package(&self) -> io::Result<()> {
        for (name, text) in FILES {
            let path = self.package().join(name);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, text)?;
        }
        Ok(())
    }

    /// Takes the files away, and the folders that were made for them.
    fn remove_package(&self, found: &Found) -> Result<(), BackendError> {
        match fs::remove_dir_all(self.package()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(disk(&self.package(), "removed", &error));
            }
            _ => {}
        }
        let ours = self.folders();
        for folder in found.missing.iter().filter(|folder| ours.contains(folder)) {
            // One that somebody else uses by now is not empty, and stays.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }
}

#[async_trait]
impl Backend for Grey {
    async fn probe(&self) -> Probe {
        for effect in LIKE_OURS {
            match self.effects.call("isEffectSupported", &effect).await {
                Ok(true) => return Probe::Ready("KWin's effects".to_owned()),
                Ok(false) => {}
                Err(error) => return self.unanswered(&error).await,
            }
        }
        Probe::Unsupported(
            "KWin draws without the graphics card here, and so has no effects that could take colours away."
                .to_owned(),
        )
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let in_force = *self.in_force.lock().await;
        self.expect(in_force).await?;
        if let Some(held) = held {
            return Ok(held.renew(&EFFECT));
        }
        let missing = self.folders().into_iter().filter(|folder| !folder.exists());
        Ok(Receipt::new(ROW.id, &Found { missing: missing.collect() }, &EFFECT))
    }

    async fn apply(&self, _: &Desired, _: &Receipt) -> Result<(), BackendError> {
        let mut in_force = self.in_force.lock().await;
        if !self.expect(*in_force).await? {
            self.write_package().map_err(|error| disk(&self.package(), "written", &error))?;
            if !self.effects.call::<_, bool>("loadEffect", &EFFECT).await? {
                if *in_force == InForce::NotFound {
                    return Err(BackendError::Refused(format!(
                        "KWin did not load the effect in {}; quietd and KWin may have different data folders",
                        self.package().display()
                    )));
                }
                *in_force = InForce::NotFound;
                self.not_found.notify_one();
                return Err(BackendError::NotYet(
                    "KWin has only just started and takes no new effect for half a minute; it is asked again then"
                        .to_owned(),
                ));
            }
        }
        *in_force = InForce::Yes;
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: Found = receipt.found().ok_or_else(unreadable)?;
        let mut in_force = self.in_force.lock().await;
        *in_force = InForce::No;
        let removed = self.remove_package(&found);
        match self.is_in_force().await {
            // It went with KWin.
            Ok(false) | Err(CallError::Absent(_)) => {}
            Ok(true) => self.effects.call::<_, ()>("unloadEffect", &EFFECT).await?,
            Err(error) => return Err(error.into()),
        }
        removed.map(|()| Restored::AsFound)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let mut stream = match drawing(&self.effects).await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, backend = ROW.id, "cannot listen to KWin");
                return std::future::pending().await;
            }
        };
        loop {
            let in_force = self.in_force.lock().await;
            let lost = *in_force == InForce::Yes && matches!(self.is_in_force().await, Ok(false));
            drop(in_force);
            if lost && tell.send(Change::Again).await.is_err() {
                return;
            }
            // What it was like while nothing was drawn is of no matter.
            let begins = |signal: zbus::Result<Message>| {
                std::future::ready(signal.is_ok_and(|it| it.body().deserialize() == Ok(true)))
            };
            tokio::select! {
                () = self.not_found.notified() => {
                    tokio::time::sleep(self.ask_again_after).await;
                    if tell.send(Change::Again).await.is_err() {
                        return;
                    }
                }
                began = stream.by_ref().any(begins) => if !began {
                    return std::future::pending().await;
                },
            }
        }
    }
}

/// Whether it is `KWin` that is away, or its effects while it does not draw.
fn is_away(error: &CallError) -> bool {
    matches!(error, CallError::Absent(_)) || error.is_unknown()
}

/// Tells when `KWin` begins to draw (true) or ends it.
async fn drawing(effects: &Peer) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .path("/Compositor")
        .interface("org.kde.kwin.Compositing")
        .member("compositingToggled")
        .build()?;
    MessageStream::for_match_rule(rule, effects.bus(), None).await
}

fn disk(path: &Path, done: &str, error: &io::Error) -> BackendError {
    BackendError::Refused(format!("{} could not be {done}: {error}", path.display()))
}

fn unreadable() -> BackendError {
    BackendError::Refused(format!("the receipt of {} cannot be read", ROW.id))
}
