//! Gamma ramps on X11: darker and warmer by multiplying what each screen has, so that a calibration stays one.
//!
//! The X server keeps a ramp when the one who set it ends: what was there is in the receipt, for each screen by itself.
//! X tells nobody when a ramp is written. Another program's ramp (redshift, gammastep) is noticed at the next look: a
//! screen that changed, a phase that ends; it is then left alone. When the X server ends, so do its ramps.

use std::io;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::{
    io::Interest,
    net::UnixStream,
    sync::{Mutex, Notify, mpsc},
};

use super::{
    ramp::{Light, Ramp},
    randr::{self, Crtc, Display, DisplayError, Failed, Output},
};
use crate::{
    backend::{Backend, BackendError, Change, Desktop, Environment, Known, Probe, Restored, Row},
    plan::{Desired, Measure},
    store::Receipt,
};

/// The registry's row.
pub const ROW: Row = Row {
    id: "x11-gamma",
    title: "X11 (RandR gamma)",
    measures: &[Measure::Dim, Measure::Warmth],
    since: "RandR 1.2 and newer",
    cannot: "",
    seen: &[
        (Environment::Xfce, Known::Real("Xvfb 21.1")),
        (Environment::Cinnamon, Known::Real("Xvfb 21.1")),
        (Environment::Mate, Known::Real("Xvfb 21.1")),
        (Environment::Budgie, Known::StandIn),
        (Environment::Lxqt, Known::StandIn),
        (Environment::X11, Known::Real("Xvfb 21.1")),
    ],
    names: &[],
    wants_end: false,
    open: |desktop| Box::new(X11Gamma::new(desktop)),
};

/// The backend.
#[derive(Debug)]
pub struct X11Gamma {
    desktop: Desktop,
    in_force: Mutex<Option<Kept>>,
    /// A ramp was found that is neither ours nor what was there.
    overwritten: Notify,
}

/// What was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    /// `$DISPLAY`: in another process it may not be set.
    display: String,
    screens: Vec<Screen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Screen {
    #[serde(flatten)]
    output: Output,
    ramp: Ramp,
}

/// A receipt, read.
#[derive(Clone, Debug)]
struct Kept {
    found: Found,
    set: Light,
    /// What is set, and what was set earlier.
    ours: Vec<Light>,
    /// Screens that came since, and that the engine has heard of.
    told: Vec<Output>,
}

/// What a CRTC has, compared with a receipt.
#[derive(Debug, PartialEq, Eq)]
enum Has {
    /// What is to be there.
    Set,
    /// What we had set, here or, before screens were plugged otherwise, elsewhere.
    Ours,
    /// What was found, or nothing at all: a screen that was set up anew.
    Found,
    /// Something else.
    Theirs,
}

impl Kept {
    fn read(receipt: &Receipt) -> Result<Self, BackendError> {
        let (Some(found), Some(set)) = (receipt.found(), receipt.set()) else {
            return Err(BackendError::Refused(
                "the receipt of x11-gamma cannot be read".to_owned(),
            ));
        };
        Ok(Self { found, set, ours: receipt.ours(), told: Vec::new() })
    }

    fn screen(&self, output: &Output) -> Option<&Screen> {
        self.found.screens.iter().find(|screen| screen.output == *output)
    }

    /// The screen whose ramp, in our light, this is.
    fn ours_of(&self, ramp: &Ramp) -> Option<&Screen> {
        self.found
            .screens
            .iter()
            .find(|screen| self.ours.iter().any(|light| screen.ramp.in_light(*light).is_like(ramp)))
    }

    fn compare(&self, screen: &Screen, ramp: &Ramp) -> Has {
        if screen.ramp.in_light(self.set).is_like(ramp) {
            Has::Set
        } else if screen.ramp.is_like(ramp) {
            Has::Found
        } else if self.ours_of(ramp).is_some() {
            Has::Ours
        } else if ramp.is_linear() {
            Has::Found
        } else {
            Has::Theirs
        }
    }

    /// The screens that are there and are not in the receipt. One on a CRTC that still has our ramp of another screen
    /// had, before, what that one had.
    fn newcomers(&self, crtcs: Vec<Crtc>) -> Vec<Screen> {
        let shown = crtcs.into_iter().filter_map(|crtc| Some((crtc.output?, crtc.ramp)));
        shown
            .filter(|(output, _)| self.screen(output).is_none())
            .map(|(output, ramp)| {
                let ramp = self.ours_of(&ramp).map_or(ramp, |screen| screen.ramp.clone());
                Screen { output, ramp }
            })
            .collect()
    }
}

impl X11Gamma {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        Self { desktop: desktop.clone(), in_force: Mutex::default(), overwritten: Notify::new() }
    }

    fn display(&self) -> Result<&str, BackendError> {
        let env = &self.desktop.env;
        match (&env.display, &env.wayland_display) {
            (Some(display), None) => Ok(display),
            (_, Some(_)) => Err(BackendError::Absent("this session is on Wayland".to_owned())),
            (None, None) => Err(BackendError::Absent("there is no X11 display".to_owned())),
        }
    }

    /// Looks at what is in force; none where all is as it was set.
    async fn look(&self) -> Option<Change> {
        let mut in_force = self.in_force.lock().await;
        let kept = in_force.as_mut()?;
        let crtcs = randr::on(&kept.found.display, |display| display.crtcs()).await.ok()?;
        let mut change = None;
        for crtc in crtcs {
            let Some(output) = &crtc.output else { continue };
            match kept.screen(output).map(|screen| kept.compare(screen, &crtc.ramp)) {
                Some(Has::Set) => {}
                Some(Has::Theirs) => {
                    *in_force = None;
                    return Some(Change::ByThePerson);
                }
                Some(Has::Ours | Has::Found) => change = Some(Change::Again),
                None if kept.told.contains(output) => {}
                None => {
                    kept.told.push(output.clone());
                    change = Some(Change::Again);
                }
            }
        }
        change
    }

    /// Connects, to hear of screens that change.
    async fn listen(&self) -> Result<Listener, BackendError> {
        let heard = randr::on(self.display()?, |display| {
            display.listen()?;
            Ok(display)
        });
        let display = heard.await?;
        // Of a socket to another machine (TCP) too, nothing is asked but whether it is readable.
        let ready = display.socket().and_then(|socket| UnixStream::from_std(socket.into()));
        let ready = ready.map_err(|error| BackendError::Refused(error.to_string()))?;
        Ok(Listener { display, ready })
    }
}

struct Listener {
    display: Display,
    ready: UnixStream,
}

impl Listener {
    /// Ends when a screen changed; with an error, when the display is gone.
    async fn next(&self) -> Result<(), Failed> {
        loop {
            // What came with an answer is there already, and nothing becomes readable for it.
            if self.display.take_told()? {
                return Ok(());
            }
            self.ready.readable().await.map_err(|_| Failed::Gone)?;
            let nothing = || io::Error::from(io::ErrorKind::WouldBlock);
            let told = self.ready.try_io(Interest::READABLE, || match self.display.take_told() {
                Ok(false) => Err(nothing()),
                told => Ok(told),
            });
            if let Ok(told) = told {
                return told.map(|_| ());
            }
        }
    }
}

#[async_trait]
impl Backend for X11Gamma {
    async fn probe(&self) -> Probe {
        let name = match self.display() {
            Ok(name) => name,
            Err(error) => return Probe::Elsewhere(format!("No gamma ramps by X11: {error}.")),
        };
        let screens = randr::on(name, |display| {
            Ok(if display.is_xwayland()? {
                None
            } else {
                Some(display.crtcs()?.iter().filter(|crtc| crtc.output.is_some()).count())
            })
        });
        match screens.await {
            Ok(Some(0)) => Probe::Unsupported(format!(
                "The X11 display {name} has no screen with a gamma ramp."
            )),
            Ok(Some(1)) => Probe::Ready(format!("X11 display {name}, 1 screen")),
            Ok(Some(screens)) => Probe::Ready(format!("X11 display {name}, {screens} screens")),
            Ok(None) => Probe::Elsewhere(format!(
                "The X11 display {name} is Xwayland: the screens are the Wayland compositor's."
            )),
            Err(error @ DisplayError::Refused(..)) => Probe::Unsupported(format!("{error}.")),
            Err(DisplayError::Gone(_) | DisplayError::TimedOut(_)) => {
                Probe::Deferred(format!("The X11 display {name} does not answer yet."))
            }
        }
    }

    async fn capture(
        &self,
        desired: &Desired,
        held: Option<&Receipt>,
    ) -> Result<Receipt, BackendError> {
        let name = self.display()?;
        let crtcs = randr::on(name, |display| display.crtcs()).await?;
        let set = Light { dim: desired.dim, warmth: desired.warmth };
        let mut kept = match held {
            Some(held) => Kept::read(held)?,
            None => Kept {
                found: Found { display: name.to_owned(), screens: Vec::new() },
                set,
                ours: Vec::new(),
                told: Vec::new(),
            },
        };
        kept.found.screens.extend(kept.newcomers(crtcs));
        // What was found of the screens of before stays; those that came since are added.
        let receipt = Receipt::new(ROW.id, &kept.found, &set);
        Ok(match held {
            Some(held) => Receipt { found: receipt.found, ..held.renew(&set) },
            None => receipt,
        })
    }

    async fn apply(&self, _desired: &Desired, receipt: &Receipt) -> Result<(), BackendError> {
        let mut kept = Kept::read(receipt)?;
        let mut in_force = self.in_force.lock().await;
        if let Some(before) = &*in_force {
            kept.told.clone_from(&before.told);
        }
        let (before, new) = (in_force.clone(), kept.clone());
        let overwritten = randr::on(&kept.found.display, move |display| {
            let mut overwritten = false;
            for crtc in display.crtcs()? {
                let known = crtc.output.as_ref().and_then(|output| new.screen(output));
                let Some(screen) = known else { continue };
                // A screen that has lost our ramp gets it again; one that has lost it when another is due was given
                // back by hand.
                let may_begin = before.as_ref().is_none_or(|before| {
                    before.set == new.set || before.screen(&screen.output).is_none()
                });
                match new.compare(screen, &crtc.ramp) {
                    Has::Set => {}
                    Has::Ours => display.set(&crtc, &screen.ramp.in_light(new.set))?,
                    Has::Found if may_begin => {
                        display.set(&crtc, &screen.ramp.in_light(new.set))?;
                    }
                    Has::Found | Has::Theirs => overwritten = true,
                }
            }
            Ok(overwritten)
        });
        if overwritten.await? {
            self.overwritten.notify_one();
            *in_force = None;
        } else {
            *in_force = Some(kept);
        }
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let kept = Kept::read(receipt)?;
        let mut in_force = self.in_force.lock().await;
        *in_force = None;
        let name = kept.found.display.clone();
        let restored = randr::on(&name, move |display| {
            let mut restored = Restored::AsFound;
            for crtc in display.crtcs()? {
                let known = crtc.output.as_ref().and_then(|output| kept.screen(output));
                if known.is_some_and(|screen| screen.ramp.is_like(&crtc.ramp)) {
                    continue;
                }
                match (known, kept.ours_of(&crtc.ramp)) {
                    // Where it shows nothing now, or another screen, it gets what that of the ramp had.
                    (known, Some(of)) => display.set(&crtc, &known.unwrap_or(of).ramp)?,
                    (Some(_), None) => restored = Restored::AsThePersonSetIt,
                    (None, None) => {}
                }
            }
            Ok(restored)
        });
        match restored.await {
            Err(DisplayError::Gone(_)) => Ok(Restored::AsFound),
            other => Ok(other?),
        }
    }

    async fn changes(&self, tell: mpsc::Sender<Change>) {
        let listener = match self.listen().await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, backend = ROW.id, "cannot listen to screens that change");
                return std::future::pending().await;
            }
        };
        loop {
            // What changed before the first look is told as well.
            if let Some(change) = self.look().await
                && tell.send(change).await.is_err()
            {
                return;
            }
            tokio::select! {
                heard = listener.next() => if heard.is_err() {
                    return std::future::pending().await;
                },
                () = self.overwritten.notified() => {
                    if tell.send(Change::ByThePerson).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Has, Kept, Light, Output, Ramp, Screen};

    fn output(name: &str) -> Output {
        Output { name: name.to_owned(), edid: None }
    }

    /// A screen whose calibration takes some blue away.
    fn calibrated(name: &str) -> Screen {
        let ramp = Ramp::linear(64).in_light(Light { dim: 0, warmth: Some(5500) });
        Screen { output: output(name), ramp }
    }

    const NOW: Light = Light { dim: 20, warmth: None };
    const EARLIER: Light = Light { dim: 40, warmth: Some(3400) };

    fn kept() -> Kept {
        let other = Screen { output: output("HDMI-1"), ramp: Ramp::linear(64) };
        Kept {
            found: Found { display: ":0".to_owned(), screens: vec![calibrated("DP-1"), other] },
            set: NOW,
            ours: vec![NOW, EARLIER],
            told: Vec::new(),
        }
    }

    #[test]
    fn knows_whose_a_ramp_is() {
        let kept = kept();
        let screen = calibrated("DP-1");
        let has = |ramp: &Ramp| kept.compare(&screen, ramp);
        assert_eq!(has(&screen.ramp.in_light(NOW)), Has::Set);
        assert_eq!(has(&screen.ramp.in_light(EARLIER)), Has::Ours);
        assert_eq!(has(&screen.ramp), Has::Found);
        // Set up anew by the server.
        assert_eq!(has(&Ramp::linear(64)), Has::Found);
        // The CRTC showed the other screen before.
        assert_eq!(has(&Ramp::linear(64).in_light(NOW)), Has::Ours);
        assert_eq!(has(&Ramp::linear(64).in_light(Light { dim: 60, warmth: None })), Has::Theirs);
        assert_eq!(has(&Ramp::linear(256)), Has::Found);
    }

    #[test]
    fn nothing_to_do_is_not_ours() {
        let kept = Kept { set: Light::default(), ours: vec![Light::default()], ..kept() };
        let screen = calibrated("DP-1");
        assert_eq!(kept.compare(&screen, &screen.ramp), Has::Set);
    }
}
