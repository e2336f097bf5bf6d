//! A notification service that has little time: who it is is asked once for all backends that want to know.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use futures_util::future::join_all;
use quietd::{
    backend::{Backend, Probe, REGISTRY, notifications::NAME},
    plan::Measure,
    standin::PrivateBus,
};
use tokio::sync::Semaphore;

use crate::contract::{desktop_on, in_time};

/// One that answers when it is told to.
#[derive(Clone)]
struct Busy {
    asked: Arc<AtomicU32>,
    first: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Busy {
    async fn get_server_information(&self) -> (&str, &str, &str, &str) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.first.add_permits(1);
        let _may = self.answers.acquire().await;
        ("busy", "nobody's", "1", "1.2")
    }
}

#[tokio::test]
async fn is_asked_once_by_all_backends_and_again_by_who_comes_later() {
    let bus = PrivateBus::start().unwrap();
    let none = || Arc::new(Semaphore::new(0));
    let busy = Busy { asked: Arc::default(), first: none(), answers: none() };
    let service = bus.connect().await.unwrap();
    service.object_server().at("/org/freedesktop/Notifications", busy.clone()).await.unwrap();
    service.request_name(NAME).await.unwrap();

    let desktop = desktop_on(&bus).await;
    let rows = REGISTRY.iter().filter(|row| row.measures.contains(&Measure::Notifications));
    let backends: Vec<Box<dyn Backend>> = rows.map(|row| (row.open)(&desktop)).collect();
    let probes = || join_all(backends.iter().map(|backend| backend.probe()));
    let let_it_answer = async {
        let _first = busy.first.acquire().await.unwrap();
        // Answers come in the order of the questions: after this one, nobody still waits for the service's owner.
        let bus = zbus::fdo::DBusProxy::new(&desktop.session).await.unwrap();
        bus.get_id().await.unwrap();
        busy.answers.add_permits(backends.len());
    };
    let (told, ()) = in_time("probes", async { tokio::join!(probes(), let_it_answer) }).await;
    for told in told {
        assert!(matches!(&told, Probe::Elsewhere(text) if text.contains("busy")), "{told:?}");
    }
    assert_eq!(busy.asked.load(Ordering::SeqCst), 1, "of {} backends", backends.len());
    in_time("probes", probes()).await;
    assert_eq!(busy.asked.load(Ordering::SeqCst), 2, "what was answered is not kept");
}
