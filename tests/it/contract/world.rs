//! A desktop that has nothing but one stand-in.

use std::{ffi::OsString, future::Future, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use quietd::{
    backend::{Backend, CALL_AT_MOST, Change, Desktop, REGISTRY, Row},
    env::Env,
    plan::Desired,
    standin::{PrivateBus, StandIn},
};

/// Starts a stand-in.
pub type Begin = for<'a> fn(&'a str, &'a mut Env) -> BoxFuture<'a, Box<dyn StandIn>>;

/// One row of the registry with one stand-in for its service.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; none excludes another"
)]
pub struct Case {
    /// The row's id.
    pub row: &'static str,
    /// Starts the stand-in on the bus with this address; may add to the environment what leads to it.
    pub begin: Begin,
    /// What is put in force.
    pub desired: Desired,
    /// What is put in force after that.
    pub renewed: Desired,
    /// What is told when the person changes it, where the service tells of that. A compositor only takes back what a
    /// program has of it, and that is to be applied again.
    pub tells: Option<Change>,
    /// Whether what is in force ends with the process that put it there.
    pub ends_with_us: bool,
    /// Whether the person has it in force already, so that nothing is to be seen of ours.
    pub already: bool,
    /// Whether what is there is known without the service, which is only asked to change something: from a file
    /// (dconf's own, the kernel's), or because nothing need be known (a compositor keeps what was there itself).
    pub reads_without_it: bool,
    /// Whether it is given back without the service: in a file.
    pub restores_without_it: bool,
    /// The state in the end where the person changed one of several settings, each of which is judged by itself; none
    /// where it is simply as they left it.
    pub left: Option<&'static str>,
}

impl Case {
    /// What is so of most services. Each case has a row, a beginning and what is desired of its own.
    pub fn plain() -> Self {
        Self {
            row: "",
            begin: |_, _| unreachable!("a case begins in its own way"),
            desired: Desired::default(),
            renewed: Desired::default(),
            tells: None,
            ends_with_us: false,
            already: false,
            reads_without_it: false,
            restores_without_it: false,
            left: None,
        }
    }
}

/// The stand-in, and the way to it.
pub struct World {
    pub stand_in: Box<dyn StandIn>,
    pub env: Env,
    pub row: &'static Row,
    bus: PrivateBus,
    _folder: tempfile::TempDir,
}

impl World {
    /// Starts a bus and the stand-in.
    pub async fn of(case: &Case) -> Self {
        let bus = PrivateBus::start().unwrap();
        let mut env = env(&bus);
        let folder = tempfile::tempdir().unwrap();
        env.config_home = folder.path().join("config");
        env.data_home = folder.path().join("data");
        env.config_dirs = vec![folder.path().join("xdg")];
        env.runtime_dir = Some(folder.path().to_owned());
        env.sysfs = folder.path().join("sys");
        env.procfs = folder.path().join("proc");
        let stand_in = (case.begin)(bus.address(), &mut env).await;
        let row = REGISTRY.iter().find(|row| row.id == case.row).expect("a row of the registry");
        Self { stand_in, env, row, bus, _folder: folder }
    }

    /// The way to the desktop, on a connection of its own, as each process has it. One bus serves as both.
    pub async fn desktop(&self) -> Desktop {
        let session = self.bus.connect().await.unwrap();
        Desktop::new(session.clone(), Some(session), Arc::new(self.env.clone()))
    }

    /// Opens the backend anew.
    pub async fn backend(&self) -> Arc<dyn Backend> {
        Arc::from((self.row.open)(&self.desktop().await))
    }

    pub async fn state(&self) -> String {
        self.stand_in.state().await
    }
}

/// The way to a desktop that has nothing but a bus.
pub async fn desktop_on(bus: &PrivateBus) -> Desktop {
    desktop_with(bus, |_| {}).await
}

/// The way to a desktop that has a bus and what is changed in its environment.
pub async fn desktop_with(bus: &PrivateBus, change: impl FnOnce(&mut Env)) -> Desktop {
    let session = bus.connect().await.unwrap();
    let mut env = env(bus);
    change(&mut env);
    Desktop::new(session, None, Arc::new(env))
}

fn env(bus: &PrivateBus) -> Env {
    let address = OsString::from(bus.address());
    Env::from_lookup(&|name| (name == "DBUS_SESSION_BUS_ADDRESS").then(|| address.clone()))
}

/// Waits until the stand-in's state is as wanted.
pub async fn becomes(stand_in: &dyn StandIn, wanted: &str) {
    let mut last = String::new();
    let reached = async {
        loop {
            tokio::select! {
                biased;
                // First, so that nothing that happens after the look is missed.
                () = stand_in.changed() => {}
                () = async {
                    last = stand_in.state().await;
                    if last != wanted {
                        std::future::pending::<()>().await;
                    }
                } => return,
            }
        }
    };
    if tokio::time::timeout(CALL_AT_MOST, reached).await.is_err() {
        assert_eq!(last, wanted, "this did not become what it was to be");
    }
}

/// Holds a future to the longest a call may take, and a little for the machine.
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    let longest = CALL_AT_MOST + Duration::from_secs(1);
    let done = tokio::time::timeout(longest, future).await;
    done.unwrap_or_else(|_| panic!("{what} did not end"))
}

/// What comes within a time that is long for a message and short for a test.
pub async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(200), future).await.ok()
}
