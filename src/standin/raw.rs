//! A service whose answers are made by hand, message by message, so that it can also answer what no real one does.

use futures_util::StreamExt as _;
use tokio::task::JoinHandle;
use zbus::{
    Connection, DynamicType, Message, MessageStream,
    message::{Header, Type},
};

use super::Fault;

/// What is asked, and how it is answered.
pub(super) struct Call<'a> {
    /// The connection of the service.
    pub bus: &'a Connection,
    /// The call.
    pub message: &'a Message,
}

/// A service on the bus; it leaves when dropped.
pub(super) struct Raw {
    bus: Connection,
    task: JoinHandle<()>,
}

impl Raw {
    /// Connects and takes the names. Each call is answered, in order, by `answer`.
    pub async fn serve<F, A>(address: &str, names: &[&str], mut answer: F) -> zbus::Result<Self>
    where
        F: FnMut(Connection, Message) -> A + Send + 'static,
        A: Future<Output = ()> + Send,
    {
        let bus = zbus::connection::Builder::address(address).build().await?;
        let mut messages = MessageStream::from(&bus);
        let own = bus.clone();
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = messages.next().await {
                if message.message_type() == Type::MethodCall {
                    answer(own.clone(), message).await;
                }
            }
        });
        for name in names {
            bus.request_name(*name).await?;
        }
        Ok(Self { bus, task })
    }

    /// The connection of the service.
    pub fn bus(&self) -> &Connection {
        &self.bus
    }

    /// Leaves the bus.
    pub async fn stop(self) {
        self.task.abort();
        let bus = self.bus.clone();
        drop(self);
        let _ = bus.close().await;
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Call<'_> {
    /// The member called.
    pub fn member(&self) -> String {
        self.header().member().map(ToString::to_string).unwrap_or_default()
    }

    /// Answers as a working service does, or as the fault has it.
    pub async fn answer<B: serde::Serialize + DynamicType>(&self, fault: Fault, body: &B) {
        let header = self.header();
        let _ = match fault {
            Fault::None => self.bus.reply(&header, body).await,
            Fault::Hangs => Ok(()),
            Fault::OddType => self.bus.reply(&header, &(vec![7_u64], 7_u8)).await,
            Fault::Refuses => {
                self.refuse("org.freedesktop.DBus.Error.Failed", "It cannot now.").await
            }
        };
    }

    /// Answers with an error.
    pub async fn refuse(&self, name: &str, text: &str) -> zbus::Result<()> {
        self.bus.reply_error(&self.header(), name, &text).await
    }

    fn header(&self) -> Header<'_> {
        self.message.header()
    }
}
