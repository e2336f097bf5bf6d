//! What the stand-ins on a bus share: messages in, messages out, and what can go wrong on the way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use serde::Serialize;
use tokio::{sync::watch, task::JoinHandle};
use zbus::{Connection, DynamicType, Message, MessageStream, Variant, connection, message};

use super::{Fault, StandIn};

/// What a service is, without the bus.
pub trait Service: Send + 'static {
    /// The names it takes.
    fn names(&self) -> &'static [&'static str];

    /// Answers a call: the reply first or last, and the signals that go with it.
    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>>;

    /// Hears that a connection left the bus.
    fn left(&mut self, name: &str) -> zbus::Result<Vec<Message>> {
        let _ = name;
        Ok(Vec::new())
    }

    /// The interface whose signals it listens to, whoever sends them.
    fn hears_of(&self) -> Option<&'static str> {
        None
    }

    /// Hears such a signal.
    fn hears(&mut self, signal: &Message) -> zbus::Result<Vec<Message>> {
        let _ = signal;
        Ok(Vec::new())
    }

    /// Forgets what the real one forgets when it restarts.
    fn restart(&mut self) {}

    /// See [`StandIn::state`].
    fn state(&self) -> String {
        String::new()
    }

    /// See [`StandIn::person_changes`]; the signals of that.
    fn person_changes(&mut self) -> zbus::Result<Vec<Message>> {
        Ok(Vec::new())
    }

    /// The error's name and text where it refuses.
    fn refusal(&self) -> (&'static str, &'static str) {
        ("org.freedesktop.DBus.Error.AccessDenied", "not today")
    }

    /// Tells whether a call is answered well whatever is wrong.
    fn is_spared(&self, call: &Message) -> bool {
        let _ = call;
        false
    }
}

/// A stand-in that is one [`Service`].
pub trait OnBus: Send + Sync {
    /// What it is.
    type Service: Service;

    /// Where it is.
    fn served(&self) -> &Served<Self::Service>;

    /// Where it is, to leave and to come back.
    fn served_mut(&mut self) -> &mut Served<Self::Service>;
}

#[async_trait]
impl<T: OnBus> StandIn for T {
    async fn state(&self) -> String {
        self.served().look(T::Service::state).await
    }

    async fn person_changes(&self) {
        self.served().change(T::Service::person_changes).await;
    }

    async fn fault(&self, fault: Fault) {
        self.served().fault(fault);
    }

    async fn stop(&mut self) {
        self.served_mut().leave().await;
    }

    async fn start(&mut self) {
        if let Err(error) = self.served_mut().comes_back().await {
            tracing::warn!(%error, "a stand-in could not come back");
        }
    }

    async fn changed(&self) {
        self.served().changed().await;
    }
}

/// A [`Service`] on a bus.
#[derive(Debug)]
pub struct Served<S> {
    address: String,
    shared: Arc<Shared<S>>,
    running: Option<(Connection, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Shared<S> {
    service: Mutex<S>,
    fault: Mutex<Fault>,
    changed: watch::Sender<()>,
}

/// Where every object's properties are read and written.
pub(super) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// A call to ourselves: answered after all that came before it.
const SETTLE: &str = "org.quietd.StandIn1";

impl<S: Service> Served<S> {
    /// Puts it on the bus.
    pub(super) async fn start(address: &str, service: S) -> zbus::Result<Self> {
        let shared = Arc::new(Shared {
            service: Mutex::new(service),
            fault: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let mut served = Self { address: address.to_owned(), shared, running: None };
        served.join().await?;
        Ok(served)
    }

    /// Comes back after [`Served::leave`].
    pub(super) async fn comes_back(&mut self) -> zbus::Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        lock(&self.shared.service).restart();
        self.join().await
    }

    async fn join(&mut self) -> zbus::Result<()> {
        let connection = connection::Builder::address(&*self.address).build().await?;
        let stream = MessageStream::from(&connection);
        let bus = zbus::fdo::DBusProxy::new(&connection).await?;
        let heard = lock(&self.shared.service).hears_of();
        let members = [("org.freedesktop.DBus", Some("NameOwnerChanged"))];
        for (interface, member) in members.into_iter().chain(heard.map(|it| (it, None))) {
            let rule = zbus::MatchRule::builder().interface(interface);
            let rule = member.into_iter().fold(rule, zbus::match_rule::Builder::member);
            bus.add_match_rule(rule.build()?).await?;
        }
        let task = tokio::spawn(serve(self.shared.clone(), connection.clone(), stream));
        let names = lock(&self.shared.service).names();
        for name in names {
            connection.request_name(*name).await?;
        }
        self.running = Some((connection, task));
        Ok(())
    }

    /// Leaves the bus.
    pub(super) async fn leave(&mut self) {
        if let Some((connection, task)) = self.running.take() {
            task.abort();
            let _ = connection.close().await;
        }
    }

    /// Misbehaves from now on.
    pub(super) fn fault(&self, fault: Fault) {
        *lock(&self.shared.fault) = fault;
    }

    /// Looks at the service, after all that the bus has for it.
    pub(super) async fn look<T>(&self, at: impl FnOnce(&S) -> T) -> T {
        if let Some((connection, _)) = &self.running {
            let this = connection.unique_name().map(|name| name.as_str());
            let _ = connection.call_method(this, "/", Some(SETTLE), "Settle", &()).await;
        }
        self.silently(|service| at(service))
    }

    /// Looks at the service as it is, or changes it without a word on the bus.
    pub(super) fn silently<T>(&self, with: impl FnOnce(&mut S) -> T) -> T {
        with(&mut lock(&self.shared.service))
    }

    /// Changes the service from its own side, and sends the signals of that.
    pub(super) async fn change(&self, with: impl FnOnce(&mut S) -> zbus::Result<Vec<Message>>) {
        let signals = with(&mut lock(&self.shared.service));
        if let (Some((connection, _)), Ok(signals)) = (&self.running, signals) {
            send(connection, signals).await;
        }
        self.shared.changed.send_replace(());
    }

    /// Ends when the service has next done something.
    pub(super) async fn changed(&self) {
        let _ = self.shared.changed.subscribe().changed().await;
    }
}

impl<S> Drop for Served<S> {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.running {
            task.abort();
        }
    }
}

async fn serve<S: Service>(shared: Arc<Shared<S>>, connection: Connection, stream: MessageStream) {
    let mut stream = stream;
    while let Some(Ok(message)) = stream.next().await {
        let said = match message.message_type() {
            message::Type::MethodCall if is(&message, SETTLE, "Settle") => {
                // Nothing has changed.
                if let Ok(messages) = reply(&message, &()) {
                    send(&connection, messages).await;
                }
                continue;
            }
            message::Type::MethodCall => answer(&shared, &message),
            message::Type::Signal => match gone(&message) {
                Some(name) => lock(&shared.service).left(&name),
                None if lock(&shared.service).hears_of().is_some_and(|it| is_of(&message, it)) => {
                    lock(&shared.service).hears(&message)
                }
                None => continue,
            },
            _ => continue,
        };
        match said {
            Ok(messages) => send(&connection, messages).await,
            Err(error) => tracing::warn!(%error, "a stand-in could not answer"),
        }
        shared.changed.send_replace(());
    }
}

fn answer<S: Service>(shared: &Shared<S>, call: &Message) -> zbus::Result<Vec<Message>> {
    let fault = *lock(&shared.fault);
    let mut service = lock(&shared.service);
    match fault {
        _ if fault == Fault::None || service.is_spared(call) => service.answer(call),
        Fault::None | Fault::Hangs => Ok(Vec::new()),
        Fault::Refuses => {
            let (name, text) = service.refusal();
            error(call, name, text)
        }
        Fault::OddType if is(call, PROPERTIES, "Get") => reply(call, &Variant::from(7.5)),
        Fault::OddType => reply(call, &(7_u8, "odd")),
    }
}

async fn send(connection: &Connection, messages: Vec<Message>) {
    // Who asked may be gone.
    let _ = connection.send_all(&messages).await;
}

/// The connection a `NameOwnerChanged` says has left.
fn gone(signal: &Message) -> Option<String> {
    let body = signal.body();
    let (name, old, new): (&str, &str, &str) = body.deserialize().ok()?;
    (is(signal, "org.freedesktop.DBus", "NameOwnerChanged") && name == old && new.is_empty())
        .then(|| name.to_owned())
}

/// Tells what a message is.
pub(super) fn is(message: &Message, interface: &str, member: &str) -> bool {
    is_of(message, interface) && message.header().member().is_some_and(|is| is == member)
}

fn is_of(message: &Message, interface: &str) -> bool {
    message.header().interface().is_some_and(|is| is == interface)
}

/// A reply alone.
pub(super) fn reply<B>(call: &Message, body: &B) -> zbus::Result<Vec<Message>>
where
    B: Serialize + DynamicType,
{
    Ok(vec![Message::method_return(&call.header()).build(body)?])
}

/// An error alone.
pub(super) fn error(call: &Message, name: &str, text: &str) -> zbus::Result<Vec<Message>> {
    Ok(vec![Message::error(&call.header(), name).build(&text)?])
}

/// The error for what the service does not have.
pub(super) fn unknown(call: &Message) -> zbus::Result<Vec<Message>> {
    error(call, "org.freedesktop.DBus.Error.UnknownMethod", "no such method")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
