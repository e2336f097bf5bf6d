//! The user manager, spoken to by the names of units.
//!
//! Never by a unit's object path: that of a unit that is gone is loaded anew by the asking, and everybody who listens is
//! told of a new unit. All calls here take a name and fail where the unit is not loaded.

use std::collections::BTreeMap;

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, join_all, select},
};
use tokio::sync::oneshot;
use zbus::{
    Connection, MatchRule, MessageStream, OwnedObjectPath, Variant,
    match_rule::Builder as MatchRuleBuilder,
};

use crate::{
    backend::CALL_AT_MOST,
    dbus::{CallError, Peer},
};

/// The user manager's name on the session bus.
pub const NAME: &str = "org.freedesktop.systemd1";
/// Its object.
pub const PATH: &str = "/org/freedesktop/systemd1";
/// Its interface.
pub const INTERFACE: &str = "org.freedesktop.systemd1.Manager";

/// Names that an app's unit can have.
const PATTERNS: &[&str] = &["app-*.scope", "app-*.service", "dbus-:*.service", "snap.*"];

/// One entry of `ListUnitsByPatterns`: name, description, load, active and sub state, what it follows, object, job,
/// the job's type and object.
type Listed =
    (String, String, String, String, String, String, OwnedObjectPath, u32, String, OwnedObjectPath);

/// Properties of a transient unit.
type Properties<'a> = Vec<(&'a str, Variant<'a>)>;

/// `org.freedesktop.systemd1.Manager` of the person.
#[derive(Clone, Debug)]
pub struct UserManager {
    peer: Peer,
}

/// A scope that is to be made of processes that run already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The unit's name.
    pub name: String,
    /// What `systemctl` shows for it.
    pub description: String,
    /// The processes to put in it.
    pub pids: Vec<u32>,
}

impl Scope {
    /// Leaves only the first process, the one least likely to end.
    pub fn first_only(&mut self) {
        self.pids.truncate(1);
    }
}

impl UserManager {
    /// Names it; makes no call.
    pub fn new(session: &Connection) -> Self {
        Self { peer: Peer::new(session, NAME, PATH, INTERFACE) }
    }

    /// Its version: `252.39-1~deb12u1`, `257.7`.
    pub async fn version(&self) -> Result<String, CallError> {
        self.peer.get("Version").await
    }

    /// Where its cgroup is in the unified tree.
    pub async fn control_group(&self) -> Result<String, CallError> {
        self.peer.get("ControlGroup").await
    }

    /// The names of the app units that run now.
    pub async fn running(&self) -> Result<Vec<String>, CallError> {
        let listed: Vec<Listed> = self
            .peer
            .call("ListUnitsByPatterns", &(&["active", "reloading"][..], PATTERNS))
            .await?;
        // A service can be active with nothing left in it.
        let runs = |unit: &Listed| unit.4 != "exited";
        Ok(listed.into_iter().filter(runs).map(|unit| unit.0).collect())
    }

    /// Stops every process of a unit where it is; answered when they stand still. systemd 246 or later.
    pub async fn freeze(&self, unit: &str) -> Result<(), CallError> {
        self.peer.call("FreezeUnit", &(unit,)).await
    }

    /// Lets them go on.
    pub async fn thaw(&self, unit: &str) -> Result<(), CallError> {
        self.peer.call("ThawUnit", &(unit,)).await
    }

    /// Ends a unit as `systemctl stop` does, with SIGTERM. One that is frozen has to go on first: systemd 257 makes a job
    /// of it that fails in silence.
    pub async fn stop(&self, unit: &str) -> Result<(), CallError> {
        let _: OwnedObjectPath = self.peer.call("StopUnit", &(unit, "fail")).await?;
        Ok(())
    }

    /// Tells whether it is about to end, with all that runs below it.
    pub async fn is_ending(&self) -> Result<bool, CallError> {
        Ok(self.peer.get::<String>("SystemState").await? == "stopping")
    }

    /// Asks to be told of jobs; for as long as this connection lasts. Without it no signal comes.
    pub async fn subscribe(&self) -> Result<(), CallError> {
        match self.peer.call("Subscribe", &()).await {
            Err(CallError::Answered { error, .. }) if error.ends_with(".AlreadySubscribed") => {
                Ok(())
            }
            answered => answered,
        }
    }

    /// Jobs as they are done: unit and result.
    pub async fn jobs(&self) -> Result<MessageStream, CallError> {
        self.listen(signal(INTERFACE, "JobRemoved").sender(NAME).path(PATH)).await
    }

    /// The comings and goings of the user manager itself.
    pub async fn owners(&self) -> Result<MessageStream, CallError> {
        self.listen(signal("org.freedesktop.DBus", "NameOwnerChanged").add_arg(NAME)).await
    }

    async fn listen(&self, rule: MatchRuleBuilder<'static>) -> Result<MessageStream, CallError> {
        let odd = |error: zbus::Error| CallError::Odd(NAME.to_owned(), error.to_string());
        let rule = rule.build().map_err(odd)?;
        MessageStream::for_match_rule(rule, self.peer.bus(), None).await.map_err(odd)
    }

    /// Makes scopes, all at once, and waits until each is there. One that is there already is as good.
    pub async fn make(&self, scopes: &[Scope]) -> Vec<Result<(), CallError>> {
        if scopes.is_empty() {
            return Vec::new();
        }
        let mut jobs = match self.subscribe().then(async |done| done.and(self.jobs().await)).await {
            Ok(jobs) => jobs,
            Err(error) => return scopes.iter().map(|_| Err(error.clone())).collect(),
        };
        let (mut waiting, asked): (BTreeMap<_, _>, Vec<_>) = scopes
            .iter()
            .map(|scope| {
                let (done, told) = oneshot::channel();
                ((scope.name.clone(), done), self.make_one(scope, told))
            })
            .unzip();
        let listen = async {
            while let Some(job) = jobs.next().await {
                let Some((unit, result)) = job.ok().as_ref().and_then(finished) else { continue };
                if let Some(done) = waiting.remove(&unit) {
                    // Nobody waits where the call itself has failed.
                    let _ = done.send(result);
                }
            }
        };
        match select(std::pin::pin!(join_all(asked)), std::pin::pin!(listen)).await {
            Either::Left((made, _)) => made,
            Either::Right(((), _)) => {
                let gone = CallError::Absent(NAME.to_owned());
                scopes.iter().map(|_| Err(gone.clone())).collect()
            }
        }
    }

    async fn make_one(
        &self,
        scope: &Scope,
        told: oneshot::Receiver<String>,
    ) -> Result<(), CallError> {
        let properties: Properties<'_> = vec![
            ("PIDs", Variant::from(&scope.pids)),
            ("Description", Variant::from(scope.description.as_str())),
            ("Slice", Variant::from("app.slice")),
            // Nothing of it stays when the app ends, however it does.
            ("CollectMode", Variant::from("inactive-or-failed")),
        ];
        let besides: Vec<(&str, Properties<'_>)> = Vec::new();
        let asked: Result<OwnedObjectPath, CallError> = self
            .peer
            .call("StartTransientUnit", &(scope.name.as_str(), "fail", properties, besides))
            .await;
        match asked {
            Ok(_) => {}
            Err(CallError::Answered { error, .. }) if error.ends_with(".UnitExists") => {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let answered = |text: &str| CallError::Answered {
            who: NAME.to_owned(),
            error: "JobRemoved".to_owned(),
            text: text.to_owned(),
        };
        match tokio::time::timeout(CALL_AT_MOST, told).await {
            Ok(Ok(result)) if result == "done" => Ok(()),
            Ok(Ok(result)) => Err(answered(&format!("{} came to `{result}`", scope.name))),
            Ok(Err(_)) | Err(_) => Err(CallError::TimedOut(NAME.to_owned())),
        }
    }
}

/// Tells whether a unit is not there, or no longer runs: nothing to freeze, nothing to thaw.
pub fn is_gone(error: &CallError) -> bool {
    matches!(error, CallError::Answered { error, .. }
        if error.ends_with(".NoSuchUnit") || error.ends_with(".UnitInactive"))
}

/// Tells whether a unit is starting, stopping or being thawed at this moment: it is told when that is done.
pub fn is_busy(error: &CallError) -> bool {
    matches!(error, CallError::Answered { error, .. } if error.ends_with(".UnitBusy"))
}

fn signal(interface: &'static str, member: &'static str) -> MatchRuleBuilder<'static> {
    MatchRule::builder().msg_type(zbus::message::Type::Signal).interface(interface).member(member)
}

/// Unit and result of a `JobRemoved`.
pub fn finished(signal: &zbus::Message) -> Option<(String, String)> {
    let body = signal.body();
    let (_, _, unit, result): (u32, OwnedObjectPath, String, String) = body.deserialize().ok()?;
    Some((unit, result))
}
