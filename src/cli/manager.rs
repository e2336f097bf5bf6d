//! The systemd user manager, as `setup` and `doctor` need it: over D-Bus, nothing is shelled out to.
//!
//! `org.freedesktop.systemd1(5)`, systemd 252 and later.

use std::time::Duration;

use futures_util::StreamExt as _;
use zbus::{Connection, MatchRule, MessageStream, OwnedObjectPath, message::Type};

use super::{CommandError, error::Kind};
use crate::dbus::{CallError, Peer};

/// Our unit.
pub const UNIT: &str = "quietd.service";

const NAME: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const INTERFACE: &str = "org.freedesktop.systemd1.Manager";

/// Starting waits for the first round of probes; stopping for everything to be given back.
const JOB_AT_MOST: Duration = Duration::from_secs(30);

/// The person's own systemd.
#[derive(Debug)]
pub struct Manager {
    bus: Connection,
    peer: Peer,
}

/// What a unit is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Run, if it does not yet.
    Start,
    /// Run, and if it does already, from anew.
    Restart,
    /// End.
    Stop,
}

impl Job {
    fn method(self) -> &'static str {
        match self {
            Self::Start => "StartUnit",
            Self::Restart => "RestartUnit",
            Self::Stop => "StopUnit",
        }
    }
}

/// What was changed in the folders of units: kind, link, target.
type Changes = Vec<(String, String, String)>;

impl Manager {
    /// Makes no call of its own.
    pub fn new(bus: &Connection) -> Self {
        let peer = Peer::new(bus, NAME, PATH, INTERFACE).within(JOB_AT_MOST);
        Self { bus: bus.clone(), peer }
    }

    /// Tells whether it is on the bus.
    pub async fn is_running(&self) -> bool {
        self.peer.is_running().await.unwrap_or(false)
    }

    /// `enabled`, `disabled`, `masked` …; none where it has no such unit.
    pub async fn unit_file_state(&self) -> Option<String> {
        self.peer.call("GetUnitFileState", &UNIT).await.ok()
    }

    /// Reads the unit files anew.
    pub async fn reload(&self) -> Result<(), CommandError> {
        self.peer.call("Reload", &()).await.map_err(refused)
    }

    /// Starts the unit at each login; tells whether that is new.
    pub async fn enable(&self) -> Result<bool, CommandError> {
        let (_, changes): (bool, Changes) = self
            .peer
            .call("EnableUnitFiles", &(&[UNIT][..], false, false))
            .await
            .map_err(refused)?;
        Ok(!changes.is_empty())
    }

    /// The opposite.
    pub async fn disable(&self) -> Result<(), CommandError> {
        let disabled =
            self.peer.call::<_, Changes>("DisableUnitFiles", &(&[UNIT][..], false)).await;
        unless_unknown(disabled.map(drop))
    }

    /// Has a job done, and waits for its end.
    pub async fn run(&self, job: Job) -> Result<(), CommandError> {
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(NAME)
            .path(PATH)
            .interface(INTERFACE)
            .member("JobRemoved")
            .build();
        let ends = async {
            let ends = MessageStream::for_match_rule(rule?, &self.bus, None).await?;
            Ok::<_, zbus::Error>(ends)
        };
        let mut ends = ends.await.map_err(|error| {
            CommandError::new(Kind::Refused, format!("The session bus refused: {error}."))
        })?;
        // Without it a manager may keep its signals to itself; being subscribed already is no harm.
        let _ = self.peer.call::<_, ()>("Subscribe", &()).await;
        let queued = self.peer.call::<_, OwnedObjectPath>(job.method(), &(UNIT, "replace")).await;
        let queued = match queued {
            Err(error) if job == Job::Stop => return unless_unknown(Err(error)),
            queued => queued.map_err(refused)?,
        };
        let result = tokio::time::timeout(JOB_AT_MOST, async {
            while let Some(Ok(message)) = ends.next().await {
                let body = message.body();
                if let Ok((_, job, _, result)) =
                    body.deserialize::<(u32, OwnedObjectPath, &str, &str)>()
                    && job == queued
                {
                    return result.to_owned();
                }
            }
            "lost".to_owned()
        });
        match result.await.as_deref() {
            Ok("done") => Ok(()),
            Ok(result) => Err(job_failed(&format!("systemd says «{result}»"))),
            Err(_) => Err(job_failed(&format!("it took longer than {} s", JOB_AT_MOST.as_secs()))),
        }
    }
}

fn job_failed(why: &str) -> CommandError {
    CommandError::new(Kind::Refused, format!("quietd.service did not come up or end: {why}."))
        .hint("To see why: systemctl --user status quietd")
}

fn refused(error: CallError) -> CommandError {
    match error {
        CallError::Absent(_) => {
            CommandError::new(Kind::Refused, "There is no systemd user manager on the session bus.")
                .hint("Start quietd with your desktop's own autostart instead.")
        }
        error => CommandError::new(Kind::Refused, format!("The user manager refused: {error}.")),
    }
}

/// A unit that is not there, and a manager that is not, need no undoing.
fn unless_unknown(done: Result<(), CallError>) -> Result<(), CommandError> {
    match done {
        Err(CallError::Absent(_)) => Ok(()),
        Err(CallError::Answered { error, .. })
            if error == "org.freedesktop.systemd1.NoSuchUnit"
                || error == "org.freedesktop.DBus.Error.FileNotFound" =>
        {
            Ok(())
        }
        done => done.map_err(refused),
    }
}
