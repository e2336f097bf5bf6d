//! One value in a settings file that the notification daemon watches: what LXQt and COSMIC have instead of a call.
//!
//! The file is replaced as a whole, everything else in it stays. It outlives the daemon, the session and us, and is given
//! back without the daemon too.

use std::path::PathBuf;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::{
    NAME,
    server::{expect, probe},
    value::{InForce, unreadable, watch_for},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Probe, Restored},
    dbus::Peer,
    plan::Desired,
    source::{ReadConfig, Watch, read_config},
    store::{Receipt, StoreError, remove_file, rewrite_file},
};

/// What is special about one daemon and its file.
#[derive(Debug)]
pub(super) struct Kind {
    /// The row's id.
    pub id: &'static str,
    /// What the daemon calls itself.
    pub server: &'static str,
    /// The file, below the folder of configurations.
    pub file: &'static str,
    /// Finds the value in the text, as it is written there.
    pub find: fn(&str) -> Option<&str>,
    /// The text with the value set, or taken away.
    pub with: fn(&str, Option<&str>) -> String,
    /// What a value as written means to the daemon.
    pub means: fn(&str) -> Option<bool>,
    /// What becomes of it where there is no file.
    pub missing: Missing,
}

/// What a daemon makes of a file that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// It does not hear of one that appears: nothing can be set.
    Unheard,
    /// It hears of one that appears, but not of one that goes: it keeps what it had, unless there is a default of this
    /// name below a folder of shared data.
    Kept(&'static str),
}

/// The backend.
#[derive(Debug)]
pub(super) struct InFile {
    kind: &'static Kind,
    desktop: Desktop,
    path: PathBuf,
    in_force: InForce<Option<bool>>,
}

impl InFile {
    /// Opens it.
    pub fn new(kind: &'static Kind, desktop: &Desktop) -> Self {
        let path = desktop.env.config_home.join(kind.file);
        Self { kind, desktop: desktop.clone(), path, in_force: InForce::default() }
    }

    fn text(&self) -> Result<Option<String>, BackendError> {
        match read_config(&self.path) {
            ReadConfig::Missing => Ok(None),
            ReadConfig::Text(text) => Ok(Some(text)),
            ReadConfig::Unreadable(why) => Err(BackendError::Refused(why)),
            ReadConfig::Folder => Err(BackendError::Refused(format!(
                "{} is a folder and should be a file; move it away.",
                self.shown()
            ))),
        }
    }

    fn shown(&self) -> String {
        self.desktop.env.for_people(&self.path)
    }

    /// What the value is now.
    fn now(&self) -> Result<Option<bool>, BackendError> {
        self.meaning(self.value(self.text()?.as_ref()))
    }

    /// The value as it is written; none where it is not.
    fn value<'text>(&self, text: Option<&'text String>) -> Option<&'text str> {
        (self.kind.find)(text?)
    }

    fn meaning(&self, written: Option<&str>) -> Result<Option<bool>, BackendError> {
        let Some(written) = written else { return Ok(None) };
        (self.kind.means)(written).map(Some).ok_or_else(|| {
            BackendError::Refused(format!(
                "{} has `{}` where true or false should be; correct it there.",
                self.shown(),
                written.trim()
            ))
        })
    }

    fn write(&self, text: &str, value: Option<&str>) -> Result<(), BackendError> {
        let text = (self.kind.with)(text, value);
        if (self.kind.find)(&text) != value {
            return Err(BackendError::Refused(format!(
                "{} is written in a way in which nothing can be changed without harm; put it in order there.",
                self.shown()
            )));
        }
        rewrite_file(&self.path, text.as_bytes()).map_err(refused)
    }

    /// Sets what was not there before, so that nothing is again what there is.
    async fn take_away(&self, text: &str) -> Result<(), BackendError> {
        let Missing::Kept(default) = self.kind.missing else { return self.write(text, None) };
        let is_shared = self.desktop.env.data_dirs.iter().any(|dir| dir.join(default).is_file());
        let daemon = Peer::new(&self.desktop.session, NAME, super::PATH, NAME);
        if is_shared || daemon.is_running().await == Ok(false) {
            remove_file(&self.path).map_err(refused)
        } else {
            self.write(text, Some("false"))
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn refused(error: StoreError) -> BackendError {
    BackendError::Refused(error.to_string())
}

#[async_trait]
impl Backend for InFile {
    async fn probe(&self) -> Probe {
        let server = match probe(&self.desktop, self.kind.server).await {
            Ok(server) => server,
            Err(probe) => return probe,
        };
        match self.now() {
            Ok(_) => Probe::Ready(format!("{} {}", server.name, server.version)),
            Err(error) => Probe::Unsupported(error.to_string()),
        }
    }

    async fn capture(
        &self,
        _desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        expect(&self.desktop, self.kind.server).await?;
        if let Some(held) = held {
            return Ok(held.renew(&true));
        }
        let text = self.text()?;
        let found = self.value(text.as_ref());
        self.meaning(found)?;
        Ok(Receipt::new(self.kind.id, &found, &true))
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        expect(&self.desktop, self.kind.server).await?;
        let mut in_force = self.in_force.lock().await;
        let text = self.text()?;
        if text.is_none() && self.kind.missing == Missing::Unheard {
            return Err(BackendError::Refused(format!(
                "{} is not there, so {} would not hear of a change; log out and in again, and it makes one.",
                self.shown(),
                self.kind.server
            )));
        }
        if self.meaning(self.value(text.as_ref()))? != Some(true) {
            self.write(&text.unwrap_or_default(), Some("true"))?;
        }
        *in_force = Some(receipt.ours().into_iter().map(Some).collect());
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let found: Option<String> = receipt.found().ok_or_else(|| unreadable(receipt))?;
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let text = self.text()?;
        let now = self.meaning(self.value(text.as_ref()))?;
        // What was put in the place of nothing, where nothing would not have been heard.
        let is_nothing =
            found.is_none() && now == Some(false) && matches!(self.kind.missing, Missing::Kept(_));
        if is_nothing || now == self.meaning(found.as_deref())? {
            return Ok(Restored::AsFound);
        }
        if !now.is_some_and(|now| receipt.ours().contains(&now)) {
            return Ok(Restored::AsThePersonSetIt);
        }
        let text = text.unwrap_or_default();
        match found {
            Some(found) => self.write(&text, Some(&found))?,
            None => self.take_away(&text).await?,
        }
        Ok(Restored::AsFound)
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let reasons = match Watch::file(&self.path) {
            Ok(file) => stream::unfold(file, |mut file| async {
                file.changed().await;
                Some(((), file))
            })
            .boxed(),
            Err(error) => {
                tracing::warn!(%error, "cannot listen to changes from outside");
                stream::empty().boxed()
            }
        };
        let read_now = || Box::pin(std::future::ready(self.now())) as _;
        watch_for(&self.in_force, reasons, read_now, tell).await;
    }
}
