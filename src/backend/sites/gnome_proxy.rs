//! The proxy setting in dconf, which GNOME's settings show: `/system/proxy/mode` and `/system/proxy/autoconfig-url`.
//!
//! Seen with Chromium 156 and Firefox 153: a new rule is taken within half a second, without a restart. Firefox asks this
//! setting on every desktop; Chromium only where `$XDG_CURRENT_DESKTOP` has `GNOME` or `X-Cinnamon` in it. A rule in a file
//! is ignored by Chromium, and a rule that changes behind the same address by both.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    Lease, forget_gone,
    own::{self, Own},
    rule,
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    clock::{Clock, SystemClock},
    dbus::dconf::{Databases, Dconf, Keys, Settings, Value},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "gnome-proxy",
    title: "The system's proxy setting",
    measures: &[Measure::Sites],
    since: "",
    cannot: "It reaches browsers that use the system's proxy: Firefox everywhere unless set otherwise there, Chromium and its kin only on GNOME, Cinnamon and Budgie. What is open already may go on until it is loaded again.",
    seen: &[
        (Environment::Gnome43, Known::Real("Chromium 156 and Firefox 153")),
        (Environment::Gnome47, Known::Source),
        (Environment::Gnome49, Known::Source),
        (Environment::Plasma5, Known::Source),
        (Environment::Plasma6, Known::Source),
        (Environment::Sway, Known::Source),
        (Environment::Wlroots, Known::Source),
        (Environment::Hyprland, Known::Source),
        (Environment::Niri, Known::Source),
        (Environment::Xfce, Known::Source),
        (Environment::Cinnamon, Known::Source),
        (Environment::Mate, Known::Source),
        (Environment::Budgie, Known::Source),
        (Environment::Lxqt, Known::Source),
        (Environment::Cosmic, Known::Source),
        (Environment::Pantheon, Known::Source),
        (Environment::Deepin, Known::Source),
        (Environment::X11, Known::Source),
    ],
    names: &[],
    wants_end: true,
    open: |desktop| Box::new(GnomeProxy::new(desktop, Dconf::new(desktop))),
};

/// `none`, `manual` or `auto`.
pub const MODE: &str = "/system/proxy/mode";
/// Where the rule is, in the mode `auto`.
pub const URL: &str = "/system/proxy/autoconfig-url";

/// The backend.
#[derive(Debug)]
pub struct GnomeProxy {
    keys: Keys,
    lease: Lease,
    /// Which browsers ask this setting here.
    reaches: &'static str,
}

impl GnomeProxy {
    /// Opens it; does no I/O.
    pub fn new(desktop: &Desktop, dconf: Dconf) -> Self {
        let desktops = desktop.env.current_desktop.as_deref().unwrap_or_default();
        Self { keys: Keys::new(dconf, ROW.id), lease: Lease::default(), reaches: reaches(desktops) }
    }
}

/// Says which browsers ask this setting on a desktop, and where others leave sites open.
fn reaches(desktops: &str) -> &'static str {
    let is = |names: &[&str]| desktops.split(':').any(|one| names.contains(&one));
    if is(&["GNOME", "X-Cinnamon"]) {
        "Firefox, Chromium and browsers made of them"
    } else if is(&["KDE"]) {
        "Firefox. In Chromium all sites stay open: it takes no rule from Plasma's setting that is longer than 510 characters, and these are"
    } else {
        "Firefox; Chromium has other settings on this desktop"
    }
}

#[async_trait]
impl Backend for GnomeProxy {
    async fn probe(&self) -> Probe {
        if let Err(probe) = self.keys.dconf().would_keep(&[MODE, URL]).await {
            return probe;
        }
        let own = self.keys.dconf().read().and_then(|now| own(&now, now.get(MODE)?, now.get(URL)?));
        match own {
            Ok(_) => Probe::Ready(self.reaches.to_owned()),
            Err(error) => Probe::Unsupported(format!("{error}.")),
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let now = self.keys.dconf().read()?;
        let mut receipt = self.keys.capture(held, |before| {
            let own = own(&now, before.found(MODE)?, before.found(URL)?)?;
            let url = rule::url(desired, &own, SystemClock.now()).map_err(BackendError::Refused)?;
            let set = [(MODE, "auto"), (URL, &*url)];
            Ok(set.map(|(key, value)| (key.to_owned(), Some(Value::Str(value.to_owned())))).into())
        })?;
        forget_gone(&mut receipt, held, |set| {
            serde_json::from_value::<Settings>(set.clone()).is_ok_and(|set| {
                set.iter().all(|(key, value)| now.get(key).is_ok_and(|now| now == *value))
            })
        });
        Ok(receipt)
    }

    async fn apply(&self, desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        self.keys.apply(receipt).await?;
        self.lease.made(desired);
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        self.keys.restore(receipt).await
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        tokio::join!(self.keys.changes(&[MODE, URL], tell.clone()), self.lease.renew(tell));
    }
}

/// Reads the person's own proxies, given what they have or had as mode and address. Fails where a rule cannot go on with
/// them.
fn own(now: &Databases, mode: Option<Value>, url: Option<Value>) -> Result<Own, BackendError> {
    let or_shared = |value: Option<Value>, key: &str| match value {
        Some(value) => Ok(Some(value)),
        None => now.shared(key),
    };
    let stays = |why: &str| BackendError::Refused(format!("Your own proxy setting stays: {why}"));
    match or_shared(mode, MODE)? {
        None => return Ok(Own::default()),
        Some(Value::Str(mode)) => match &*mode {
            "none" => return Ok(Own::default()),
            "manual" => {}
            // A rule of ours that was left behind is nobody's own.
            "auto" => match or_shared(url, URL)? {
                Some(Value::Str(url)) if rule::is_ours(&url) => return Ok(Own::default()),
                _ => {
                    return Err(stays("it is automatic, and a lock on sites would take its place"));
                }
            },
            _ => return Err(stays(&format!("its mode is {mode:?}, which nobody knows"))),
        },
        Some(other) => return Err(stays(&format!("its mode is {other}, which nobody knows"))),
    }
    let get = |name: &str| {
        let key = format!("/system/proxy/{name}");
        or_shared(now.get(&key)?, &key)
    };
    let odd = |what: &str| stays(&format!("it has {what}, which a rule cannot keep"));
    if get("http/use-authentication")? == Some(Value::Bool(true)) {
        return Err(odd("a password"));
    }
    let proxy = |scheme: &str, port: u32| {
        let host = match get(&format!("{scheme}/host"))? {
            None => String::new(),
            Some(Value::Str(host)) => host,
            Some(other) => return Err(odd(&format!("{other} as a host"))),
        };
        let port = match get(&format!("{scheme}/port"))? {
            None => port,
            Some(Value::Int(port)) => u32::try_from(port).unwrap_or(0),
            Some(other) => return Err(odd(&format!("{other} as a port"))),
        };
        own::proxy(&host, port).map_err(|what| odd(&what))
    };
    let hosts = match get("ignore-hosts")? {
        None => ["localhost", "127.0.0.0/8", "::1"].map(str::to_owned).into(),
        Some(Value::List(hosts)) => hosts,
        Some(other) => return Err(odd(&format!("{other} as hosts that need no proxy"))),
    };
    let direct = hosts.iter().filter(|host| !host.trim().is_empty());
    Ok(Own {
        http: proxy("http", 8080)?,
        https: proxy("https", 0)?,
        ftp: proxy("ftp", 0)?,
        socks: proxy("socks", 0)?,
        direct: direct
            .map(|host| own::direct(host))
            .collect::<Result<_, _>>()
            .map_err(|what| odd(&what))?,
    })
}
