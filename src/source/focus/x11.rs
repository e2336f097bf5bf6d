//! X11: the window manager's word for the window that has the focus (`_NET_ACTIVE_WINDOW`, EWMH 1.3), and what that window
//! calls itself (`WM_CLASS`). Seen on openbox 3.6.1.

use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask},
    },
};

use crate::{
    screen_time::{Focus, Sense, Teller, Told},
    source::x11::{Display, Ended, Say},
};

const BY: Teller = Teller {
    title: "the window manager (_NET_ACTIVE_WINDOW)",
    cannot: "Apps are known by what their windows call themselves, which is not always their id.",
};

/// The longest property that is read, in words of four bytes.
const LONGEST: u32 = 256;

/// The atoms that are asked for.
struct Atoms {
    active: u32,
    state: u32,
    full_screen: u32,
}

/// Tells until the display goes.
pub fn follow(x: &Display, say: Say<'_>) -> Result<(), Ended> {
    // Windows passed on to a Wayland compositor are the compositor's.
    if !x.has(x11rb::protocol::sync::X11_EXTENSION_NAME)? {
        return Ok(());
    }
    let atoms = Atoms::of(x)?;
    let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    x.connection.change_window_attributes(x.root, &mask)?.check()?;
    say(Told::By { sense: Sense::Focus, by: Some(BY) });
    let mut told = look(x, &atoms)?;
    say(Told::Focus(told.clone()));
    loop {
        match x.connection.wait_for_event()? {
            Event::PropertyNotify(event) if event.atom == atoms.active => {}
            _ => continue,
        }
        let now = look(x, &atoms)?;
        if now != told {
            say(Told::Focus(now.clone()));
            told = now;
        }
    }
}

/// Tells whether what has the focus fills the screen now; none where nothing has it. A window that comes to fill the screen
/// later, or does so no more, says nothing on the root window.
pub fn fills_the_screen(x: &Display) -> Result<Option<bool>, Ended> {
    Ok(look(x, &Atoms::of(x)?)?.full_screen)
}

impl Atoms {
    fn of(x: &Display) -> Result<Self, Ended> {
        let atom = |name: &[u8]| -> Result<u32, Ended> {
            Ok(x.connection.intern_atom(false, name)?.reply()?.atom)
        };
        Ok(Self {
            active: atom(b"_NET_ACTIVE_WINDOW")?,
            state: atom(b"_NET_WM_STATE")?,
            full_screen: atom(b"_NET_WM_STATE_FULLSCREEN")?,
        })
    }
}

fn look(x: &Display, atoms: &Atoms) -> Result<Focus, Ended> {
    let get = |window: u32, name: u32, kind: AtomEnum| -> Result<_, Ended> {
        Ok(x.connection.get_property(false, window, name, kind, 0, LONGEST)?.reply().ok())
    };
    let active = get(x.root, atoms.active, AtomEnum::WINDOW)?;
    let active = active.and_then(|it| it.value32()?.next()).filter(|window| *window != 0);
    let Some(window) = active else { return Ok(Focus::default()) };
    // A window that has gone meanwhile has neither.
    let class = get(window, AtomEnum::WM_CLASS.into(), AtomEnum::STRING)?;
    let state = get(window, atoms.state, AtomEnum::ATOM)?;
    let fills = state.is_some_and(|it| {
        it.value32().is_some_and(|mut all| all.any(|state| state == atoms.full_screen))
    });
    Ok(Focus { app: class.and_then(|it| class_in(&it.value)), full_screen: Some(fills) })
}

/// The class in `WM_CLASS`, or the instance where it has none; and where both are one id, the instance: GTK writes the class
/// with a capital.
fn class_in(value: &[u8]) -> Option<String> {
    let mut parts = value.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let instance = parts.next()?;
    let class = parts.next().unwrap_or(instance);
    let is_id = instance.contains(&b'.') && instance.eq_ignore_ascii_case(class);
    Some(String::from_utf8_lossy(if is_id { instance } else { class }).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_the_second_part() {
        assert_eq!(class_in(b"Navigator\0firefox-esr\0").as_deref(), Some("firefox-esr"));
        assert_eq!(class_in(b"xterm\0").as_deref(), Some("xterm"));
        let gtk = b"org.gnome.Maps\0Org.gnome.Maps\0";
        assert_eq!(class_in(gtk).as_deref(), Some("org.gnome.Maps"));
        assert_eq!(class_in(b"xterm\0XTerm\0").as_deref(), Some("XTerm"));
        assert_eq!(class_in(b"\0\0"), None);
        assert_eq!(class_in(b""), None);
    }
}
