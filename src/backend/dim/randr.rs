//! The gamma ramps of an X11 display (`RandR` 1.3), read and written on a connection of its own.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::oneshot;
use x11rb::{
    connection::{Connection, RequestConnection},
    errors::{ConnectError, ConnectionError, ReplyError},
    protocol::{
        randr::{self, ConnectionExt as _, NotifyMask},
        xproto::{AtomEnum, ConnectionExt as _, PropMode},
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{glide::Look, is_panel, ramp::Ramp};
use crate::backend::{BackendError, CALL_AT_MOST};

/// A display, connected to.
pub(super) struct Display {
    connection: RustConnection,
    root: u32,
    /// Nobody waits for what is being done: nothing more is written.
    pub(super) abandoned: Arc<AtomicBool>,
}

/// The property of the root window that tells of a glide that is not over: see [`Display::begin_glide`].
const GLIDE: &[u8] = b"_QUIETD_GLIDE";

/// A look in that property: light, light of a panel, red, green, blue, each in 65535ths.
const LOOK: usize = 5;

/// How long that property may be, in its values: no glide has as many beginnings, one for each way screens looked.
const VALUES_AT_MOST: u32 = 16 * 5;

/// One CRTC and what it shows.
pub(super) struct Crtc {
    id: randr::Crtc,
    /// None where it shows nothing.
    pub(super) output: Option<Output>,
    pub(super) ramp: Ramp,
}

/// A screen: where it is plugged in, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Output {
    /// "DP-1".
    pub(super) name: String,
    /// A fingerprint of its EDID, where it has one.
    pub(super) edid: Option<String>,
}

impl Output {
    /// How this screen looks where all of them look so.
    pub(super) fn in_look(&self, look: &Look) -> Look {
        look.on(is_panel(&self.name))
    }
}

/// Why the display could not do something.
#[derive(Debug, thiserror::Error)]
pub(super) enum DisplayError {
    /// There is none, or it went away.
    #[error("the X11 display {0} is not there")]
    Gone(String),
    /// It did not answer, and nobody waits any longer.
    #[error("the X11 display {0}")]
    TimedOut(String),
    /// It said no.
    #[error("the X11 display {0} refused: {1}")]
    Refused(String, String),
}

impl From<DisplayError> for BackendError {
    fn from(error: DisplayError) -> Self {
        let text = error.to_string();
        match error {
            DisplayError::Gone(_) => Self::Absent(text),
            DisplayError::TimedOut(_) => Self::TimedOut(text),
            DisplayError::Refused(..) => Self::Refused(text),
        }
    }
}

/// Why one request failed, before it is known of which display.
#[derive(Debug)]
pub(super) enum Failed {
    Gone,
    Abandoned,
    Refused(String),
}

impl From<ConnectionError> for Failed {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::IoError(_) => Self::Gone,
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<ReplyError> for Failed {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Refused(format!("{:?}", error.error_kind)),
        }
    }
}

/// Does some work on a display within [`CALL_AT_MOST`], on a thread of its own: connecting blocks. A thread that comes
/// too late writes nothing more.
pub(super) async fn on<T, W>(name: &str, work: W) -> Result<T, DisplayError>
where
    T: Send + 'static,
    W: FnOnce(Display) -> Result<T, Failed> + Send + 'static,
{
    let (tell, told) = oneshot::channel();
    let abandoned = Arc::new(AtomicBool::new(false));
    let (display, flag) = (name.to_owned(), abandoned.clone());
    let worker = move || {
        // Nobody waits for it any longer: what it found does not matter.
        let _ = tell.send(Display::open(&display, flag).and_then(work));
    };
    let refused = |text: String| DisplayError::Refused(name.to_owned(), text);
    std::thread::Builder::new()
        .name("x11".to_owned())
        .spawn(worker)
        .map_err(|error| refused(error.to_string()))?;
    match tokio::time::timeout(CALL_AT_MOST, told).await {
        Ok(Ok(Ok(done))) => Ok(done),
        Ok(Ok(Err(Failed::Gone))) => Err(DisplayError::Gone(name.to_owned())),
        Ok(Ok(Err(Failed::Refused(text)))) => Err(refused(text)),
        Ok(Ok(Err(Failed::Abandoned)) | Err(_)) => Err(refused("the connection broke".to_owned())),
        Err(_) => {
            abandoned.store(true, Ordering::SeqCst);
            Err(DisplayError::TimedOut(name.to_owned()))
        }
    }
}

impl Display {
    fn open(name: &str, abandoned: Arc<AtomicBool>) -> Result<Self, Failed> {
        let (connection, screen) =
            RustConnection::connect(Some(name)).map_err(|error| match error {
                ConnectError::IoError(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound
                            | io::ErrorKind::ConnectionRefused
                            | io::ErrorKind::ConnectionReset
                            | io::ErrorKind::BrokenPipe
                            | io::ErrorKind::UnexpectedEof
                    ) =>
                {
                    Failed::Gone
                }
                other => Failed::Refused(other.to_string()),
            })?;
        let root = match connection.setup().roots.get(screen) {
            Some(screen) => screen.root,
            None => return Err(Failed::Refused("it has no such screen".to_owned())),
        };
        if connection.extension_information(randr::X11_EXTENSION_NAME)?.is_none() {
            return Err(Failed::Refused("it has no RandR".to_owned()));
        }
        connection.randr_query_version(1, 3)?.reply()?;
        Ok(Self { connection, root, abandoned })
    }

    /// Tells whether it only passes windows on to a Wayland compositor, which has the screens.
    pub(super) fn is_xwayland(&self) -> Result<bool, Failed> {
        Ok(self.connection.query_extension(b"XWAYLAND")?.reply()?.present)
    }

    /// Reads every CRTC that has a ramp.
    pub(super) fn crtcs(&self) -> Result<Vec<Crtc>, Failed> {
        let x = &self.connection;
        let resources = x.randr_get_screen_resources_current(self.root)?.reply()?;
        let at = resources.config_timestamp;
        let edid = x.intern_atom(true, b"EDID")?.reply()?.atom;
        let mut asked = Vec::new();
        for id in resources.crtcs {
            asked.push((id, x.randr_get_crtc_info(id, at)?, x.randr_get_crtc_gamma(id)?));
        }
        let mut crtcs = Vec::new();
        for (id, info, gamma) in asked {
            let (info, gamma) = (info.reply()?, gamma.reply()?);
            let Some(mut ramp) = Ramp::new(gamma.red, gamma.green, gamma.blue) else { continue };
            // A server that nobody has given a ramp yet may answer zeros (Xvfb does) while it shows everything. Given
            // back, they could leave the screen black.
            if ramp.is_black() {
                ramp = ramp.made_linear();
            }
            let output = match info.outputs.first() {
                Some(output) => Some(self.output(*output, at, edid)?),
                None => None,
            };
            crtcs.push(Crtc { id, output, ramp });
        }
        Ok(crtcs)
    }

    fn output(&self, id: randr::Output, at: u32, edid: u32) -> Result<Output, Failed> {
        let x = &self.connection;
        let name = x.randr_get_output_info(id, at)?.reply()?.name;
        let edid = match edid {
            // No output ever had one.
            0 => None,
            atom => {
                let longest = 64 * 4; // in units of 4 bytes: three extension blocks and the base
                let value = x
                    .randr_get_output_property(id, atom, AtomEnum::ANY, 0, longest, false, false)?
                    .reply()?
                    .data;
                (!value.is_empty()).then(|| fingerprint(&value))
            }
        };
        Ok(Output { name: String::from_utf8_lossy(&name).into_owned(), edid })
    }

    /// Writes a ramp; it is there when this returns.
    pub(super) fn set(&self, crtc: &Crtc, ramp: &Ramp) -> Result<(), Failed> {
        if self.abandoned.load(Ordering::SeqCst) {
            return Err(Failed::Abandoned);
        }
        let [red, green, blue] = ramp.tables();
        Ok(self.connection.randr_set_crtc_gamma(crtc.id, red, green, blue)?.check()?)
    }

    /// Reads the ramp of one CRTC; none where it has none any more.
    pub(super) fn ramp(&self, crtc: &Crtc) -> Result<Option<Ramp>, Failed> {
        let gamma = self.connection.randr_get_crtc_gamma(crtc.id)?.reply()?;
        Ok(Ramp::new(gamma.red, gamma.green, gamma.blue))
    }

    /// Notes on the display itself, before the first step of a glide, where it leads and where it begins. X keeps our
    /// ramps when we die, and this with them: so the steps between can be told from anybody else's ramps.
    pub(super) fn begin_glide(&self, to: &Look, from: &[Look]) -> Result<(), Failed> {
        let values: Vec<u32> = std::iter::once(to).chain(from).flat_map(packed).collect();
        let x = &self.connection;
        let glide = x.intern_atom(false, GLIDE)?.reply()?.atom;
        let kind = AtomEnum::CARDINAL;
        Ok(x.change_property32(PropMode::REPLACE, self.root, glide, kind, &values)?.check()?)
    }

    /// Takes that note away: the last step was made, or all is as it was found.
    pub(super) fn end_glide(&self) -> Result<(), Failed> {
        let x = &self.connection;
        let glide = x.intern_atom(true, GLIDE)?.reply()?.atom;
        if glide != 0 {
            x.delete_property(self.root, glide)?.check()?;
        }
        Ok(())
    }

    /// Where a glide that is not over leads, and where it began; nothing if there is none.
    pub(super) fn glide(&self) -> Result<Vec<Look>, Failed> {
        let x = &self.connection;
        let glide = x.intern_atom(true, GLIDE)?.reply()?.atom;
        if glide == 0 {
            return Ok(Vec::new());
        }
        let kind = AtomEnum::CARDINAL;
        let reply = x.get_property(false, self.root, glide, kind, 0, VALUES_AT_MOST)?.reply()?;
        let values: Vec<u32> = reply.value32().into_iter().flatten().collect();
        Ok(values.chunks_exact(LOOK).filter_map(unpacked).collect())
    }

    /// Asks to be told when a screen comes, goes or is set up anew.
    pub(super) fn listen(&self) -> Result<(), Failed> {
        let what = NotifyMask::SCREEN_CHANGE | NotifyMask::CRTC_CHANGE | NotifyMask::OUTPUT_CHANGE;
        Ok(self.connection.randr_select_input(self.root, what)?.check()?)
    }

    /// What becomes readable when something was told; not to be read from.
    pub(super) fn socket(&self) -> io::Result<OwnedFd> {
        self.connection.stream().as_fd().try_clone_to_owned()
    }

    /// Takes what was told so far; tells whether there was anything. Does not block.
    pub(super) fn take_told(&self) -> Result<bool, Failed> {
        let mut any = false;
        while self.connection.poll_for_event()?.is_some() {
            any = true;
        }
        Ok(any)
    }
}

fn packed(look: &Look) -> [u32; LOOK] {
    let [red, green, blue] = look.tint;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and u16::MAX"
    )]
    [look.light, look.panel_light, red, green, blue]
        .map(|part| (part.clamp(0.0, 1.0) * f64::from(u16::MAX)).round() as u32)
}

fn unpacked(values: &[u32]) -> Option<Look> {
    let part = |nth: usize| {
        let value = u16::try_from(*values.get(nth)?).ok()?;
        Some(f64::from(value) / f64::from(u16::MAX))
    };
    let tint = [part(2)?, part(3)?, part(4)?];
    Some(Look { light: part(0)?, panel_light: part(1)?, tint, grey: 0.0 })
}

/// FNV-1a, 64 bits: to tell one screen from another, not to keep what it says of itself.
fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::{Look, fingerprint, packed, unpacked};

    #[test]
    fn a_look_comes_back_from_the_display_as_it_was() {
        let look = Look { light: 0.6, panel_light: 1.0, tint: [1.0, 0.75, 0.5], grey: 0.0 };
        let back = unpacked(&packed(&look)).unwrap();
        for panel in [true, false] {
            let (is, was) = (back.on(panel).channels(), look.on(panel).channels());
            for (is, was) in is.into_iter().zip(was) {
                assert!((is - was).abs() < 1e-4, "{is} {was}");
            }
        }
        assert_eq!(unpacked(&[1, 2, 3]), None);
        assert_eq!(unpacked(&[70_000, 0, 0, 0]), None);
    }

    #[test]
    fn fingerprints_are_those_of_fnv_1a() {
        assert_eq!(fingerprint(b""), "cbf29ce484222325");
        assert_eq!(fingerprint(b"a"), "af63dc4c8601ec8c");
    }
}
