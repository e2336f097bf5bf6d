//! One object of a foreign service, called without surprises.

use std::time::Duration;

use serde::Serialize;
use zbus::{
    Connection, DynamicType, OwnedVariant, Proxy, Variant, fdo,
    proxy::{CacheProperties, MethodFlags},
    wire::DynamicDeserialize,
};

use crate::backend::{BackendError, CALL_AT_MOST};

const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// An interface of an object of a service. Cheap to make; makes no call of its own.
#[derive(Clone, Debug)]
pub struct Peer {
    bus: Connection,
    name: String,
    path: String,
    interface: String,
    flags: MethodFlags,
    at_most: Duration,
}

/// Why a call got no answer that helps.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CallError {
    /// Nobody has that name, or it went away during the call.
    #[error("{0} is not running")]
    Absent(String),
    /// No answer within [`CALL_AT_MOST`], or what [`Peer::within`] set.
    #[error("{0} did not answer")]
    TimedOut(String),
    /// An error from the service.
    #[error("{who} answered {error}: {text}")]
    Answered {
        /// The service.
        who: String,
        /// The error's name.
        error: String,
        /// What it says.
        text: String,
    },
    /// The answer has another type than the one agreed, or the bus itself failed.
    #[error("{0} answered something unexpected: {1}")]
    Odd(String, String),
}

impl CallError {
    /// Tells whether the service answered that it has no such object, interface, method or property.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Answered { error, .. } if error.starts_with("org.freedesktop.DBus.Error.Unknown")
            || error == "org.freedesktop.DBus.Error.InvalidArgs")
    }
}

impl From<CallError> for BackendError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Absent(_) => Self::Absent(error.to_string()),
            CallError::TimedOut(who) => Self::TimedOut(who),
            CallError::Answered { .. } | CallError::Odd(..) => Self::Refused(error.to_string()),
        }
    }
}

impl Peer {
    /// Names an interface of an object. No call on it will start the service.
    pub fn new(bus: &Connection, name: &str, path: &str, interface: &str) -> Self {
        Self {
            bus: bus.clone(),
            name: name.to_owned(),
            path: path.to_owned(),
            interface: interface.to_owned(),
            flags: MethodFlags::NO_AUTO_START,
            at_most: CALL_AT_MOST,
        }
    }

    /// Lets calls start the service: only for services that come and go by design (dconf), never to find out whether
    /// one is there.
    #[must_use]
    pub fn that_may_start(self) -> Self {
        Self { flags: MethodFlags::empty(), ..self }
    }

    /// Sets how long an answer may take: only for callers that hold nothing up while they wait.
    #[must_use]
    pub fn within(self, at_most: Duration) -> Self {
        Self { at_most, ..self }
    }

    /// The bus this peer is on.
    pub fn bus(&self) -> &Connection {
        &self.bus
    }

    /// Calls a method.
    pub async fn call<B, R>(&self, member: &str, body: &B) -> Result<R, CallError>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        self.call_on(&self.interface, member, body).await
    }

    /// Reads a property.
    pub async fn get<R: TryFrom<OwnedVariant>>(&self, property: &str) -> Result<R, CallError> {
        let value: OwnedVariant =
            self.call_on(PROPERTIES, "Get", &(&*self.interface, property)).await?;
        let shape = value.value_signature().to_string();
        R::try_from(value).map_err(|_| {
            CallError::Odd(self.name.clone(), format!("{property} has the type `{shape}`"))
        })
    }

    /// Writes a property.
    pub async fn set(&self, property: &str, value: Variant<'_>) -> Result<(), CallError> {
        self.call_on(PROPERTIES, "Set", &(&*self.interface, property, value)).await
    }

    /// Tells whether somebody on the bus has the name.
    pub async fn is_running(&self) -> Result<bool, CallError> {
        Self::new(
            &self.bus,
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
        )
        .call("NameHasOwner", &(&*self.name))
        .await
    }

    async fn call_on<B, R>(&self, interface: &str, member: &str, body: &B) -> Result<R, CallError>
    where
        B: Serialize + DynamicType,
        R: for<'d> DynamicDeserialize<'d>,
    {
        let call = async {
            zbus::proxy::Builder::<Proxy<'_>>::new(&self.bus)
                .destination(&*self.name)
                .path(&*self.path)
                .interface(interface)
                .cache_properties(CacheProperties::No)
                .build()
                .await?
                .call_with_flags::<_, _, R>(member, self.flags, body)
                .await
        };
        match tokio::time::timeout(self.at_most, call).await {
            Err(_) => Err(CallError::TimedOut(self.name.clone())),
            Ok(Ok(Some(reply))) => Ok(reply),
            Ok(Ok(None)) => Err(CallError::Odd(self.name.clone(), "no reply".to_owned())),
            Ok(Err(error)) => Err(self.explain(error)),
        }
    }

    fn explain(&self, error: zbus::Error) -> CallError {
        use zbus::DBusError as _;
        match error {
            zbus::Error::MethodError(name, text, _) => CallError::Answered {
                who: self.name.clone(),
                error: name.to_string(),
                text: text.unwrap_or_default(),
            },
            zbus::Error::FDO(error) => match *error {
                // A bus answers NoReply for a service that left before it answered.
                fdo::Error::ServiceUnknown(_)
                | fdo::Error::NameHasNoOwner(_)
                | fdo::Error::NoReply(_) => CallError::Absent(self.name.clone()),
                fdo::Error::TimedOut(_) | fdo::Error::Timeout(_) => {
                    CallError::TimedOut(self.name.clone())
                }
                fdo::Error::ZBus(error) => CallError::Odd(self.name.clone(), error.to_string()),
                answered => CallError::Answered {
                    who: self.name.clone(),
                    error: answered.name().to_string(),
                    text: answered.description().unwrap_or_default().to_owned(),
                },
            },
            other => CallError::Odd(self.name.clone(), other.to_string()),
        }
    }
}
