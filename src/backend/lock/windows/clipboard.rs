//! X11: whose the clipboard is. Who pastes asks the program that was copied from, and waits while that stands still.
//!
//! A clipboard manager takes it over when it is asked to (`SAVE_TARGETS` of freedesktop.org's `ClipboardManager`). What is
//! merely marked (`PRIMARY`) is left as it is. On Wayland nobody is told whose the clipboard is.

use std::{
    collections::BTreeSet,
    io::{self, IoSlice},
    os::fd::AsFd as _,
    time::Duration,
};

use tokio::{io::Interest, net::UnixStream};
use x11rb::{
    CURRENT_TIME,
    connection::{Connection as _, RequestConnection as _},
    protocol::{
        Event,
        xproto::{ConnectionExt as _, CreateWindowAux, WindowClass},
    },
};

use super::{Trouble, apart, in_time, x11::Display};
use crate::backend::Desktop;

/// The longest a lock waits to be told whose it is, and then for a clipboard manager to take it over.
const ASK_AT_MOST: Duration = Duration::from_millis(100);
const SAVE_AT_MOST: Duration = Duration::from_millis(300);

/// The person's clipboard, where it is X11's alone.
#[derive(Clone, Debug)]
pub struct Clipboard {
    display: Option<String>,
}

impl Clipboard {
    /// Names it; does no I/O. Beside Wayland an X server may not run yet, and would be started by the asking.
    pub fn new(desktop: &Desktop) -> Self {
        let env = &desktop.env;
        Self { display: env.display.clone().filter(|_| env.wayland_display.is_none()) }
    }

    /// The one of some processes whose it is and stays: where there is a clipboard manager, that has taken it over then.
    pub async fn owner(&self, pids: impl FnOnce() -> BTreeSet<u32>) -> Option<u32> {
        let display = self.display.clone()?;
        let pids = Some(pids()).filter(|pids| !pids.is_empty())?;
        match owner(display, pids).await {
            Ok(owner) => owner,
            Err(trouble) => {
                tracing::debug!(measure = "apps", %trouble, "nobody says whose the clipboard is");
                None
            }
        }
    }

    /// Waits until it is another process's than this; for ever where nobody tells.
    pub async fn leaves(&self, pid: u32) {
        if let Some(display) = self.display.clone()
            && let Err(trouble) = leaves(display, pid).await
        {
            tracing::debug!(measure = "apps", %trouble, "nobody tells when somebody copies");
        } else if self.display.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

async fn owner(display: String, pids: BTreeSet<u32>) -> Result<Option<u32>, Trouble> {
    let asked = in_time(
        ASK_AT_MOST,
        apart(move || {
            let x = Selections::open(&display)?;
            let Some(pid) = x.owner()?.filter(|pid| pids.contains(pid)) else { return Ok(None) };
            let has_manager = x.ask_to_save()?;
            Ok(Some((x, pid, has_manager)))
        }),
    );
    let Some((x, pid, has_manager)) = asked.await? else { return Ok(None) };
    if !has_manager {
        return Ok(Some(pid));
    }
    let answer = x.next(|event| matches!(event, Event::SelectionNotify(_)));
    if in_time(SAVE_AT_MOST, answer).await.is_err() {
        return Ok(Some(pid));
    }
    in_time(ASK_AT_MOST, apart(move || Ok(x.owner()?.filter(|now| *now == pid)))).await
}

async fn leaves(display: String, pid: u32) -> Result<(), Trouble> {
    let (mut x, changed) = apart(move || {
        let x = Selections::open(&display)?;
        let changed = x.listen()?;
        Ok((x, changed))
    })
    .await?;
    loop {
        // It may have been another's before anybody listened.
        let (asked, now) = apart(move || {
            let now = x.owner()?;
            Ok((x, now))
        })
        .await?;
        if now != Some(pid) {
            return Ok(());
        }
        x = asked;
        x.next(|event| matches!(event, Event::Unknown(text) if text.first() == Some(&changed)))
            .await?;
    }
}

/// A display, and its clipboard's name.
struct Selections {
    x: Display,
    clipboard: u32,
}

impl Selections {
    fn open(display: &str) -> Result<Self, Trouble> {
        let x = Display::open(display)?;
        let clipboard = x.atom("CLIPBOARD")?;
        Ok(Self { x, clipboard })
    }

    /// The process whose it is.
    fn owner(&self) -> Result<Option<u32>, Trouble> {
        match self.x.connection.get_selection_owner(self.clipboard)?.reply()?.owner {
            x11rb::NONE => Ok(None),
            window => self.x.pid(window),
        }
    }

    /// Asks the clipboard manager, if there is one, to take over what was copied.
    fn ask_to_save(&self) -> Result<bool, Trouble> {
        let (x, root) = (&self.x.connection, self.x.root);
        let manager = self.x.atom("CLIPBOARD_MANAGER")?;
        if x.get_selection_owner(manager)?.reply()?.owner == x11rb::NONE {
            return Ok(false);
        }
        let save = self.x.atom("SAVE_TARGETS")?;
        let answer = self.x.atom("QUIETD_SAVED")?;
        let window = x.generate_id().map_err(|error| Trouble::Odd(error.to_string()))?;
        // The answer goes to a window; of input alone it has no depth, and nobody sees it.
        let (class, aux) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        x.create_window(0, window, root, -1, -1, 1, 1, 0, class, 0, &aux)?.check()?;
        x.convert_selection(window, manager, save, answer, CURRENT_TIME)?.check()?;
        Ok(true)
    }

    /// Asks to be told when somebody else has it; answers the code of the event. This is `XFixes` 1.0, written by hand:
    /// with the crate's own come two more extensions that nobody needs.
    fn listen(&self) -> Result<u8, Trouble> {
        let (x, root) = (&self.x.connection, self.x.root);
        let fixes = x.extension_information("XFIXES")?.ok_or(Trouble::Gone)?;
        // The opcodes of the extension, and the request's length in words.
        let request = |minor: u8, length: u16, words: &[u32]| {
            let mut bytes = vec![fixes.major_opcode, minor];
            bytes.extend(length.to_ne_bytes());
            bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
            bytes
        };
        let version = request(0, 3, &[1, 0]);
        x.send_request_with_reply::<u32>(&[IoSlice::new(&version)], Vec::new())?.reply()?;
        // Another owner, a window that is gone, a program that has ended.
        let select = request(2, 4, &[root, self.clipboard, 0b111]);
        x.send_request_without_reply(&[IoSlice::new(&select)], Vec::new())?.check()?;
        Ok(fixes.first_event)
    }

    /// Waits for an event.
    async fn next(&self, is_it: impl Fn(&Event) -> bool) -> Result<(), Trouble> {
        let socket = self.x.connection.stream().as_fd().try_clone_to_owned()?;
        let ready = UnixStream::from_std(socket.into())?;
        let take = || {
            let mut any = false;
            while let Some(event) = self.x.connection.poll_for_event()? {
                any |= is_it(&event);
            }
            Ok::<bool, Trouble>(any)
        };
        loop {
            // What came with an answer is there already, and nothing becomes readable for it.
            if take()? {
                return Ok(());
            }
            ready.readable().await?;
            let taken = ready.try_io(Interest::READABLE, || match take() {
                Ok(false) => Err(io::ErrorKind::WouldBlock.into()),
                taken => Ok(taken),
            });
            if let Ok(taken) = taken {
                return taken.map(drop);
            }
        }
    }
}
