//! The daemon: connects, serves, runs the engine until told to stop.

use std::{process::ExitCode, sync::Arc, time::Duration};

use quietd::{
    clock::SystemClock,
    dbus::{connect_session, interface},
    engine::{Daemon, Event, Ready, Snapshot},
    env::Env,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tracing_subscriber::{
    filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// systemd restarts what fails; a desktop that is not there is not worth a restart (`sysexits.h`: `EX_UNAVAILABLE`).
const NO_BUS: u8 = 69;

/// The first round of probes may not hold up the desktop's start.
const READY_AT_MOST: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        None => {}
        Some("--version" | "-V") => {
            say(&format!("quietd {}", env!("CARGO_PKG_VERSION")));
            return ExitCode::SUCCESS;
        }
        Some("--help" | "-h") => {
            say(
                "quietd keeps the desktop quiet after a session. It is started by `systemctl --user start quietd` \
                 and steered with `quietctl`; it takes no arguments.",
            );
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            complain(&format!(
                "There is no argument «{other}»; quietd takes none. `quietctl --help` lists what can be done."
            ));
            return ExitCode::from(2);
        }
    }
    let env = Env::from_process();
    log(&env);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("The kernel refused what quietd needs to wait for things: {error}."));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(env))
}

async fn run(env: Env) -> ExitCode {
    let session = match connect_session(&env).await {
        Ok(session) => session,
        Err(error) => {
            complain(&format!(
                "There is no session bus: {error}. Start quietd in a desktop session, with `systemctl --user start quietd`."
            ));
            return ExitCode::from(NO_BUS);
        }
    };
    let system = zbus::Connection::system().await.ok();
    let daemon = Daemon::new(env, Arc::new(SystemClock), session.clone(), system);
    let ready = match daemon.prepare().await {
        Ok(ready) => ready,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let served = interface::serve(&session, ready.tell.clone(), ready.snapshot.clone()).await;
    let named = match served {
        Ok(()) => interface::own_name(&session).await,
        Err(error) => Err(error),
    };
    if let Err(error) = named {
        complain(&format!(
            "The name org.quietd.Quiet1 is not to be had: {error}. Is another quietd running? `systemctl --user status quietd` tells."
        ));
        return ExitCode::FAILURE;
    }
    Box::pin(until_stopped(ready)).await
}

/// Says that it is ready when the first round is over, or when that takes too long.
async fn tell_ready(mut snapshot: watch::Receiver<Snapshot>) {
    let settled = snapshot.wait_for(|snapshot| snapshot.settled);
    let _ = tokio::time::timeout(READY_AT_MOST, settled).await;
    notify_systemd(&[sd_notify::NotifyState::Ready]);
}

/// Passes signals on until everything is given back.
async fn until_stopped(ready: Ready) -> ExitCode {
    let signals = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        complain("The kernel gives no signals to wait for.");
        return ExitCode::FAILURE;
    };
    let every = sd_notify::watchdog_enabled().map(|usec| usec / 2);
    let mut watchdog = every.map(tokio::time::interval);
    let tell = ready.tell.clone();
    tokio::spawn(tell_ready(ready.snapshot.clone()));
    let mut engine = std::pin::pin!(ready.run());
    loop {
        let event = tokio::select! {
            () = &mut engine => return ExitCode::SUCCESS,
            _ = terminate.recv() => Event::Stop,
            _ = interrupt.recv() => Event::Stop,
            _ = hangup.recv() => Event::FilesChanged,
            () = tick(&mut watchdog) => {
                // One thread: a loop that hangs never comes here, and the watchdog bites.
                notify_systemd(&[sd_notify::NotifyState::Watchdog]);
                continue;
            }
        };
        if matches!(event, Event::Stop) {
            notify_systemd(&[sd_notify::NotifyState::Stopping]);
        }
        // A full channel must not keep the engine from emptying it.
        let tell = tell.clone();
        tokio::spawn(async move { tell.send(event).await });
    }
}

async fn tick(interval: &mut Option<tokio::time::Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

fn notify_systemd(state: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd does not listen");
    }
}

/// The journal where systemd reads ours, else standard error.
fn log(env: &Env) {
    let levels = tracing_subscriber::registry().with(if env.debug {
        LevelFilter::DEBUG
    } else {
        LevelFilter::INFO
    });
    if env.journal
        && let Ok(journal) = tracing_journald::layer()
    {
        levels.with(journal).init();
    } else {
        levels
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false))
            .init();
    }
}

#[allow(clippy::print_stdout, reason = "--version and --help are asked for on a terminal")]
fn say(text: &str) {
    println!("{text}");
}

#[allow(
    clippy::print_stderr,
    reason = "what keeps the daemon from starting is said to whoever started it"
)]
fn complain(text: &str) {
    eprintln!("quietd: {text}");
}
