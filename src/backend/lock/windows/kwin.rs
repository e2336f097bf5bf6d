//! `KWin`: a script of ours minimises windows, and another one shows them again.
//!
//! A script is a file that `KWin` loads, runs and is told to forget. On 5.27 the one that hides a window stays, and keeps
//! it minimised and out of the task bar while we have our name on the bus: there, closing a frozen window on Wayland
//! ends its program without a question. Later versions ask. Seen on 5.27.5.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{
    StreamExt as _,
    future::{try_join, try_join_all},
};
use serde::{Deserialize, Serialize};
use zbus::MessageStream;

use super::{Act, Owners, SHOW_AT_MOST, Trouble, Way, Window};
use crate::{
    api,
    backend::Desktop,
    dbus::kwin::{Scripts, token},
};

const LIST: &str = include_str!("kwin/list.js");
const HIDE: &str = include_str!("kwin/hide.js");
const SHOW: &str = include_str!("kwin/show.js");
/// What each of them ends with.
const TELL: &str = r#"callDBus(quietd.to, "/org/quietd/Windows", quietd.interface, "Told", quietd.token, JSON.stringify(told));"#;
/// What scripts send their answers to.
const TOLD: &str = "org.quietd.Windows1";

/// How a window was.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    /// Whether `KWin` is of those that end what is closed while it is frozen.
    kills: bool,
    /// Whether it is kept hidden.
    keeps: bool,
    /// Whether it was out of the task bar, the pager and the switcher.
    skips: [bool; 3],
}

/// One window, as the script tells it.
#[derive(Debug, Deserialize)]
struct Told {
    id: String,
    pid: u32,
    #[serde(flatten)]
    place: Place,
}

/// What a script is given.
#[derive(Debug, Default, Serialize)]
struct Given<'a> {
    /// Who is to be told when it is done, and how.
    to: &'a str,
    interface: &'a str,
    token: String,
    /// Our name on the bus.
    name: &'a str,
    pids: Option<&'a BTreeSet<u32>>,
    windows: Vec<Shown<'a>>,
}

/// Whether a script goes on when it has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stays {
    No,
    Yes,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: &'a str,
    pid: u32,
    #[serde(flatten)]
    place: Place,
}

/// Tells whether closing a window while its app is frozen may end the app without a question.
pub fn kills(window: &Window) -> bool {
    window.way == Way::Kwin && place(window).is_ok_and(|place| place.kills)
}

/// The windows of some processes that can be hidden.
pub async fn list(desktop: &Desktop, owners: &Owners) -> Result<Vec<Window>, Trouble> {
    let given = Given { pids: Some(&owners.pids), ..Given::default() };
    let told = run(desktop, "quietd-list", LIST, given, Stays::No).await?;
    let told: Vec<Told> = serde_json::from_str(&told)?;
    let windows = told.into_iter().filter(|it| owners.pids.contains(&it.pid)).map(|it| {
        let place = serde_json::to_value(it.place)?;
        Ok(Window { way: Way::Kwin, id: it.id, pid: it.pid, started: 0, place })
    });
    windows.collect()
}

/// Hides or shows windows.
pub async fn act(desktop: &Desktop, windows: &[Window], act: Act) -> Result<(), Trouble> {
    let scripts = scripts(desktop)?;
    let mut others = Vec::new();
    // One script for each process: an app is let go as a whole.
    let mut kept: BTreeMap<u32, Vec<Shown<'_>>> = BTreeMap::new();
    for window in windows {
        let place = place(window)?;
        let one = Shown { id: &window.id, pid: window.pid, place };
        if place.keeps {
            kept.entry(window.pid).or_default().push(one);
        } else {
            others.push(one);
        }
    }
    let given = |windows| Given { windows, ..Given::default() };
    // All at once: a KWin that is drawing answers once for each picture.
    if act == Act::Hide {
        let kept = kept.into_iter().map(|(pid, windows)| {
            let given = given(windows);
            async move { run(desktop, &format!("quietd-{pid}"), HIDE, given, Stays::Yes).await }
        });
        try_join_all(kept).await?;
    } else {
        let names: Vec<String> = kept.keys().map(|pid| format!("quietd-{pid}")).collect();
        try_join_all(names.iter().map(|name| scripts.unload(name))).await?;
        others.extend(kept.into_values().flatten());
    }
    if others.is_empty() {
        return Ok(());
    }
    let script = if act == Act::Hide { HIDE } else { SHOW };
    run(desktop, "quietd-once", script, given(others), Stays::No).await.map(drop)
}

fn place(window: &Window) -> Result<Place, Trouble> {
    Ok(serde_json::from_value(window.place.clone())?)
}

/// Runs a script; it has done what it does at once when this returns what it told.
async fn run(
    desktop: &Desktop,
    name: &str,
    script: &str,
    given: Given<'_>,
    stays: Stays,
) -> Result<String, Trouble> {
    let to = desktop.session.unique_name().map_or("", |name| name.as_str());
    let given = Given { to, interface: TOLD, token: token(), name: api::NAME, ..given };
    let mut heard = MessageStream::from(&desktop.session);
    let scripts = scripts(desktop)?;
    let _file = scripts.load(name, &given, &format!("{script}\n{TELL}")).await?;
    let told = async {
        while let Some(message) = heard.next().await {
            let Ok(message) = message else { continue };
            if message.header().interface().is_none_or(|it| it.as_str() != TOLD) {
                continue;
            }
            if let Ok((token, told)) = message.body().deserialize::<(String, String)>()
                && token == given.token
            {
                return Ok(told);
            }
        }
        Err(Trouble::Gone)
    };
    let start = async { Ok(scripts.start().await?) };
    let ((), told) = try_join(start, told).await?;
    if stays == Stays::No {
        // It has done all it does; nobody need wait until it is forgotten.
        let name = name.to_owned();
        tokio::spawn(async move { scripts.unload(&name).await });
    }
    Ok(told)
}

fn scripts(desktop: &Desktop) -> Result<Scripts, Trouble> {
    let folder = desktop.env.runtime_dir.as_deref().ok_or(Trouble::Gone)?;
    Ok(Scripts::new(&desktop.session, folder, SHOW_AT_MOST))
}
