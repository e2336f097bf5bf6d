//! X11: windows are iconified, and mapped again.
//!
//! Whose a window is, the server says (`XRes` 1.2): what a client says of itself (`_NET_WM_PID`) is wrong for one in a
//! sandbox. Seen on openbox.

use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    errors::{ConnectError, ConnectionError, ReplyError},
    protocol::{
        res::{self, ClientIdMask, ClientIdSpec, ConnectionExt as _},
        xproto::{AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask},
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{Act, Owners, Trouble, Way, Window};

/// The states of ICCCM 4.1.3.1.
const NORMAL: u32 = 1;
const ICONIC: u32 = 3;

/// How many windows are looked at.
const AT_MOST: u32 = 4096;

impl From<ConnectionError> for Trouble {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::IoError(error) => error.into(),
            other => Self::Odd(other.to_string()),
        }
    }
}

impl From<ReplyError> for Trouble {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Odd(format!("{:?}", error.error_kind)),
        }
    }
}

/// A display with a window manager.
pub(super) struct Display {
    pub(super) connection: RustConnection,
    pub(super) root: u32,
}

/// The windows of some processes that can be hidden.
pub fn list(display: &str, owners: &Owners) -> Result<Vec<Window>, Trouble> {
    let x = Display::open(display)?;
    let mut windows = Vec::new();
    for window in x.cardinals(x.root, "_NET_CLIENT_LIST", AtomEnum::WINDOW)? {
        let (Ok(Some(pid)), Ok(false)) = (x.pid(window), x.is_iconic(window)) else { continue };
        if owners.pids.contains(&pid) {
            windows.push(Window {
                way: Way::X11(display.to_owned()),
                id: window.to_string(),
                pid,
                started: 0,
                // It has its desktop, its size and its place while it is iconic.
                place: serde_json::Value::Null,
            });
        }
    }
    Ok(windows)
}

/// Hides or shows windows.
pub fn act(display: &str, windows: &[Window], act: Act) -> Result<(), Trouble> {
    let x = Display::open(display)?;
    let is_openbox = act == Act::Show && x.window_manager()? == "Openbox";
    for window in windows {
        let id: u32 = window.id.parse().unwrap_or(0);
        // A window that is gone has no owner, and its number may be another's.
        if !x.pid(id).is_ok_and(|pid| pid == Some(window.pid)) {
            continue;
        }
        match (act, x.is_iconic(id)?) {
            (Act::Hide, false) => x.ask_for(id, ICONIC)?,
            // It has a word of its own for this; mapped, the window would take the focus.
            (Act::Show, true) if is_openbox => x.ask_for(id, NORMAL)?,
            (Act::Show, true) => x.connection.map_window(id)?.check()?,
            // The person has shown it meanwhile.
            _ => {}
        }
    }
    // The server has it all when it answers.
    Ok(x.connection.sync()?)
}

impl Display {
    pub(super) fn open(name: &str) -> Result<Self, Trouble> {
        let (connection, screen) =
            RustConnection::connect(Some(name)).map_err(|error| match error {
                ConnectError::IoError(error) => error.into(),
                other => Trouble::Odd(other.to_string()),
            })?;
        let root = connection.setup().roots.get(screen).ok_or(Trouble::Gone)?.root;
        // Windows passed on to a Wayland compositor are the compositor's.
        let passed_on = connection.query_extension(b"XWAYLAND")?.reply()?.present;
        if passed_on || connection.extension_information(res::X11_EXTENSION_NAME)?.is_none() {
            return Err(Trouble::Gone);
        }
        connection.res_query_version(1, 2)?.reply()?;
        Ok(Self { connection, root })
    }

    pub(super) fn atom(&self, name: &str) -> Result<u32, Trouble> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }

    fn cardinals(&self, of: u32, name: &str, kind: impl Into<u32>) -> Result<Vec<u32>, Trouble> {
        let name = self.atom(name)?;
        let reply = self.connection.get_property(false, of, name, kind, 0, AT_MOST)?.reply()?;
        Ok(reply.value32().into_iter().flatten().collect())
    }

    pub(super) fn pid(&self, window: u32) -> Result<Option<u32>, Trouble> {
        let spec = ClientIdSpec { client: window, mask: ClientIdMask::LOCAL_CLIENT_PID };
        let reply = self.connection.res_query_client_ids(&[spec])?.reply()?;
        Ok(reply.ids.first().and_then(|id| id.value.first()).copied())
    }

    fn is_iconic(&self, window: u32) -> Result<bool, Trouble> {
        let state = self.cardinals(window, "WM_STATE", AtomEnum::ANY)?;
        Ok(state.first() == Some(&ICONIC))
    }

    fn ask_for(&self, window: u32, state: u32) -> Result<(), Trouble> {
        let change = self.atom("WM_CHANGE_STATE")?;
        let event = ClientMessageEvent::new(32, window, change, [state, 0, 0, 0, 0]);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        Ok(self.connection.send_event(false, self.root, to, event)?.check()?)
    }

    /// What the window manager calls itself.
    fn window_manager(&self) -> Result<String, Trouble> {
        let check = self.cardinals(self.root, "_NET_SUPPORTING_WM_CHECK", AtomEnum::WINDOW)?;
        let Some(window) = check.first() else { return Ok(String::new()) };
        let name = self.atom("_NET_WM_NAME")?;
        let name = self.connection.get_property(false, *window, name, AtomEnum::ANY, 0, 64)?;
        Ok(String::from_utf8_lossy(&name.reply()?.value).into_owned())
    }
}
