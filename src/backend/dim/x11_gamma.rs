//! Gamma ramps on X11: darker and warmer by multiplying what each screen has, so that a calibration stays one.
//!
//! The X server keeps a ramp when the one who set it ends: what was there is in the receipt, for each screen by itself.
//! X tells nobody when a ramp is written. Another program's ramp is noticed at the next look: a screen that changed, a
//! phase that ends; it is then left alone. Programs that write theirs again every few seconds (redshift, gammastep) are
//! left alone from the beginning. When the X server ends, so do its ramps.

use std::{io, sync::Arc};

use async_trait::async_trait;
use tokio::{
    io::Interest,
    net::UnixStream,
    sync::{Mutex, mpsc},
};

use super::{
    glide::{Glide, Look, STEPS},
    motion::{self, Pace},
    others::{self, Program},
    ramp::Light,
    randr::{self, Display, DisplayError, Failed},
    x11_glide::{Gliding, News, Way},
    x11_kept::{Found, Has, Kept, steps},
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
    cannot: "While redshift or gammastep runs, which would undo it within seconds, the screens are left to that.",
    seen: &[
        (Environment::Xfce, Known::Real("Xvfb 21.1")),
        (Environment::Cinnamon, Known::Real("Xvfb 21.1")),
        (Environment::Mate, Known::Real("Xvfb 21.1")),
        (Environment::Budgie, Known::Real("Xvfb 21.1")),
        (Environment::Lxqt, Known::Real("Xvfb 21.1")),
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
    in_force: Mutex<InForce>,
    news: Arc<News>,
}

#[derive(Debug, Default)]
struct InForce {
    kept: Option<Kept>,
    gliding: Option<Gliding>,
}

impl InForce {
    /// Ends a glide where it is.
    async fn stop_gliding(&mut self) -> Result<(), BackendError> {
        match self.gliding.take() {
            Some(gliding) => gliding.stop().await,
            None => Ok(()),
        }
    }
}

/// What an apply began.
struct Begun {
    /// A ramp that is neither ours nor what was there was left alone.
    overwritten: bool,
    /// What is still on its way.
    glide: Option<(Display, Vec<Way>)>,
}

impl X11Gamma {
    /// Opens it.
    pub fn new(desktop: &Desktop) -> Self {
        Self { desktop: desktop.clone(), in_force: Mutex::default(), news: Arc::default() }
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
        let gliding = in_force.gliding.as_mut().is_some_and(Gliding::is_running);
        let kept = in_force.kept.as_mut()?;
        let looked = randr::on(&kept.found.display, |display| {
            // First, so that a glide that ends meanwhile is known.
            let steps = steps(&display.glide()?);
            Ok((steps, display.crtcs()?))
        });
        let (steps, crtcs) = looked.await.ok()?;
        let mut change = None;
        for crtc in crtcs {
            let Some(output) = &crtc.output else { continue };
            match kept.screen(output).map(|screen| kept.compare(screen, &crtc.ramp, &steps)) {
                Some(Has::Set) => {}
                // What is lost on the way, the glide itself tells.
                Some(Has::Ours(_)) if gliding => {}
                Some(Has::Theirs) => {
                    in_force.kept = None;
                    return Some(Change::ByThePerson);
                }
                Some(Has::Ours(_) | Has::Found) => change = Some(Change::Again),
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
        let looked = randr::on(name, |display| {
            let steps = steps(&display.glide()?);
            Ok((steps, display.crtcs()?))
        });
        let (steps, crtcs) = looked.await?;
        let set =
            Light { dim: desired.dim, warmth: desired.warmth, but_panel: desired.dim_but_panel };
        let mut kept = match held {
            Some(held) => Kept::read(held)?,
            None => Kept {
                found: Found { display: name.to_owned(), screens: Vec::new() },
                set,
                ours: Vec::new(),
                told: Vec::new(),
            },
        };
        kept.found.screens.extend(kept.newcomers(crtcs, &steps));
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
        in_force.stop_gliding().await?;
        if let Some(before) = &in_force.kept {
            kept.told.clone_from(&before.told);
        }
        let pace = motion::wanted(&self.desktop).await;
        let (before, new) = (in_force.kept.clone(), kept.clone());
        let procfs = self.desktop.env.procfs.clone();
        let begun = randr::on(&kept.found.display, move |display| {
            match Program::running(&procfs, others::X11) {
                Some(program) => Ok(Err(program)),
                None => begin(display, before.as_ref(), &new, pace).map(Ok),
            }
        });
        let begun = match begun.await? {
            Ok(begun) => begun,
            Err(program) => {
                in_force.kept = None;
                return Err(BackendError::Refused(format!(
                    "{program}, which would undo this within seconds"
                )));
            }
        };
        if begun.overwritten {
            self.news.overwritten.notify_one();
            in_force.kept = None;
            return Ok(());
        }
        if let Some((display, ways)) = begun.glide {
            let gliding = Gliding::begin(display, ways, self.news.clone());
            let gliding = gliding.map_err(|error| BackendError::Refused(error.to_string()))?;
            in_force.gliding = Some(gliding);
        }
        in_force.kept = Some(kept);
        Ok(())
    }

    async fn restore(&self, receipt: &Receipt) -> Result<Restored, BackendError> {
        let kept = Kept::read(receipt)?;
        let mut in_force = self.in_force.lock().await;
        in_force.stop_gliding().await?;
        in_force.kept = None;
        let name = kept.found.display.clone();
        let restored = randr::on(&name, move |display| give_back(&display, &kept));
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
                () = self.news.lost.notified() => {
                    if tell.send(Change::Again).await.is_err() {
                        return;
                    }
                }
                () = self.news.overwritten.notified() => {
                    if tell.send(Change::ByThePerson).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// Sets each screen's first step, or at once all of it.
fn begin(display: Display, before: Option<&Kept>, new: &Kept, pace: Pace) -> Result<Begun, Failed> {
    let to = Look::from(new.set);
    let steps = steps(&display.glide()?);
    let mut overwritten = false;
    let mut ways = Vec::new();
    for crtc in display.crtcs()? {
        let known = crtc.output.as_ref().and_then(|output| new.screen(output));
        let Some(screen) = known else { continue };
        // A screen that has lost our ramp gets it again; one that has lost it when another is due was given back by hand.
        let may_begin = before
            .is_none_or(|before| before.set == new.set || before.screen(&screen.output).is_none());
        let from = match new.compare(screen, &crtc.ramp, &steps) {
            Has::Set => continue,
            Has::Ours(look) => look,
            Has::Found if may_begin => Look::default(),
            Has::Found | Has::Theirs => {
                overwritten = true;
                continue;
            }
        };
        let own = screen.ramp.sized_as(&crtc.ramp);
        let glide = Glide { from: screen.output.in_look(&from), to: screen.output.in_look(&to) };
        ways.push(Way { crtc, own, glide });
    }
    let is_soft = pace == Pace::Soft && !overwritten && !ways.is_empty();
    let step = if is_soft {
        let mut beginnings: Vec<Look> = ways.iter().map(|way| way.glide.from).collect();
        beginnings.dedup();
        display.begin_glide(&to, &beginnings)?;
        1
    } else {
        STEPS
    };
    for way in &mut ways {
        way.set(&display, step)?;
    }
    if !is_soft {
        display.end_glide()?;
    }
    Ok(Begun { overwritten, glide: is_soft.then_some((display, ways)) })
}

fn give_back(display: &Display, kept: &Kept) -> Result<Restored, Failed> {
    let steps = steps(&display.glide()?);
    let mut restored = Restored::AsFound;
    for crtc in display.crtcs()? {
        let known = crtc.output.as_ref().and_then(|output| kept.screen(output));
        let was = known.map(|screen| screen.ramp.sized_as(&crtc.ramp));
        if was.as_ref() == Some(&crtc.ramp) {
            continue;
        }
        // The first steps of a glide are hardly other than what was found, but other.
        match (was, kept.ours_of(&crtc.ramp, &steps)) {
            (Some(was), Some(_)) => display.set(&crtc, &was)?,
            // Where it shows nothing now, or another screen, it gets what that of the ramp had.
            (None, Some((of, _))) => display.set(&crtc, &of.ramp.sized_as(&crtc.ramp))?,
            (Some(was), None) if !was.is_like(&crtc.ramp) => restored = Restored::AsThePersonSetIt,
            (_, None) => {}
        }
    }
    display.end_glide()?;
    Ok(restored)
}
