//! The monitors that are connected, and whether the machine is in a dock.
//!
//! What is there is read from the kernel's files; when to look, udev tells to whoever listens, of whatever desktop
//! (`NETLINK_KOBJECT_UEVENT`, the group it passes events on to; systemd 252 to 258). The kernel drops there what is not of
//! screens, so batteries and disks wake nobody. logind tells of docks when it is asked, and of their changes nothing.

use std::{
    collections::BTreeSet, future::pending, io, os::fd::OwnedFd, path::Path, sync::Arc,
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SocketFlags, SocketType, bind,
        netlink::{KOBJECT_UEVENT, SocketAddrNetlink},
        recv, socket_with,
    },
};
use socket2::{SockFilter, SockRef};
use tokio::{
    io::{Interest, unix::AsyncFd},
    sync::{Notify, mpsc, oneshot},
};
use zbus::Connection;

use crate::{
    backend::dim::connectors::{Connected, connected},
    dbus::Peer,
    engine::Event,
    readiness::wait_on,
};

/// udev's own group, as a mask; the kernel's, before udev, is the one below.
const UDEV: u32 = 2;

/// Loads four bytes from a place in the message, as a number in network order.
const LOAD: u16 = 0x20;
/// Goes on with the next step if they are equal to a number, else so many steps farther.
const IS_EQUAL: u16 = 0x15;
/// Ends, with how much of the message is to be kept.
const KEEP: u16 = 0x06;

/// Lets through what udev tells of screens: its mark, then the hash (`MurmurHash2`) of the subsystem's name, "drm".
const OF_SCREENS: [SockFilter; 6] = [
    SockFilter::new(LOAD, 0, 0, 8),
    SockFilter::new(IS_EQUAL, 0, 3, 0xfeed_cafe),
    SockFilter::new(LOAD, 0, 0, 24),
    SockFilter::new(IS_EQUAL, 0, 1, 0x1666_4179),
    SockFilter::new(KEEP, 0, 0, u32::MAX),
    SockFilter::new(KEEP, 0, 0, 0),
];

/// After an event it is looked at once and as long after the look before: many a driver asks a screen for its name, and
/// notices that one has gone, only when the compositor looks.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(2_500)];

/// What udev tells of screens.
#[derive(Debug)]
struct Udev(AsyncFd<OwnedFd>);

impl Udev {
    fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(KOBJECT_UEVENT))?;
        SockRef::from(&socket).attach_filter(&OF_SCREENS)?;
        bind(&socket, &SocketAddrNetlink::new(0, UDEV))?;
        Ok(Self(wait_on(&socket, Interest::READABLE)?))
    }

    /// Waits until something is told of a screen; what, the kernel's files say better. Only root can send here.
    async fn tells(&self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            let mut any = false;
            loop {
                match recv(self.0.get_ref(), &mut [0_u8][..], RecvFlags::empty()) {
                    // More was told than there is room for.
                    Ok(_) | Err(Errno::NOBUFS) => any = true,
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            ready.clear_ready();
            if any {
                return Ok(());
            }
        }
    }
}

/// Asks logind whether it sees a dock; where it does not say, there is none. An external monitor is one to it as well.
pub async fn is_docked(system: &Connection) -> bool {
    let (name, path) = ("org.freedesktop.login1", "/org/freedesktop/login1");
    let docked =
        Peer::new(system, name, path, "org.freedesktop.login1.Manager").get("Docked").await;
    docked.unwrap_or_else(|error| {
        tracing::debug!(%error, "logind does not say whether this machine is in a dock");
        false
    })
}

/// Tells the names of what is connected and whether the machine is docked, and each time either is another one. Looks
/// when udev tells of a screen, and when it is told to look again.
pub async fn on_monitors(
    sysfs: Arc<Path>,
    system: Option<Connection>,
    look_again: Arc<Notify>,
    tell: mpsc::Sender<Event>,
) {
    let mut udev = Udev::open().map_err(|error| not_told(&error)).ok();
    let mut again = AGAIN_AFTER.iter();
    let mut in_dock = false;
    let mut told = None;
    loop {
        let all = look(Arc::clone(&sysfs)).await;
        let names: BTreeSet<String> =
            all.iter().flat_map(Connected::names).map(str::to_owned).collect();
        let has_external = all.iter().any(Connected::is_external);
        in_dock &= !has_external;
        // Names are told before logind is asked, which may hang.
        for ask in [false, true] {
            if ask
                && !has_external
                && let Some(system) = &system
            {
                in_dock = is_docked(system).await;
            }
            let now = (names.clone(), has_external || in_dock);
            if told.as_ref() != Some(&now) {
                let (names, docked) = now.clone();
                told = Some(now);
                let _ = tell.send(Event::Monitors { names, docked }).await;
            }
        }
        let heard = async {
            match &udev {
                Some(udev) => udev.tells().await,
                None => pending().await,
            }
        };
        let later = async {
            match again.next() {
                Some(after) => tokio::time::sleep(*after).await,
                None => pending().await,
            }
        };
        tokio::select! {
            heard = heard => {
                again = AGAIN_AFTER.iter();
                if let Err(error) = heard {
                    not_told(&error);
                    udev = None;
                }
            }
            () = look_again.notified() => again = AGAIN_AFTER.iter(),
            () = later => {}
        }
    }
}

fn not_told(error: &io::Error) {
    tracing::warn!(%error, "udev does not tell of monitors; they are looked for when the machine wakes from suspend");
}

/// Reads on a thread of its own: a driver may hold the answer back while it asks a screen.
async fn look(sysfs: Arc<Path>) -> Vec<Connected> {
    let (tell, told) = oneshot::channel();
    let looking = std::thread::Builder::new().name("monitors".to_owned()).spawn(move || {
        // Nobody waits for it where the places are others by now.
        let _ = tell.send(connected(&sysfs));
    });
    if let Err(error) = looking {
        tracing::warn!(%error, "could not look which monitors are connected");
    }
    told.await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;

    /// A message as udev writes it (`libudev-monitor`, systemd 257): its mark and hashes in network order, the rest not.
    fn told(mark: u32, hash: u32) -> Vec<u8> {
        let mut message = b"libudev\0".to_vec();
        message.extend(mark.to_be_bytes());
        for number in [40_u32, 40, 14] {
            message.extend(number.to_ne_bytes());
        }
        for number in [hash, 0, 0, 0] {
            message.extend(number.to_be_bytes());
        }
        message.extend(b"SUBSYSTEM=drm\0");
        message
    }

    /// As its authors published it, without a seed.
    fn murmur_hash_2(text: &[u8]) -> u32 {
        const MIX: u32 = 0x5bd1_e995;
        let (words, rest) = text.as_chunks::<4>();
        let mut hash = u32::try_from(text.len()).unwrap();
        for word in words {
            let word = u32::from_le_bytes(*word).wrapping_mul(MIX);
            hash = hash.wrapping_mul(MIX) ^ (word ^ word >> 24).wrapping_mul(MIX);
        }
        if !rest.is_empty() {
            for (nth, byte) in rest.iter().enumerate() {
                hash ^= u32::from(*byte) << (8 * nth);
            }
            hash = hash.wrapping_mul(MIX);
        }
        hash = (hash ^ hash >> 13).wrapping_mul(MIX);
        hash ^ hash >> 15
    }

    #[test]
    fn the_kernel_drops_what_is_not_of_screens() {
        let (udev, us) = UnixDatagram::pair().unwrap();
        us.set_nonblocking(true).unwrap();
        SockRef::from(&us).attach_filter(&OF_SCREENS).unwrap();
        let passes = |message: &[u8]| {
            udev.send(message).unwrap();
            us.recv(&mut [0; 64]).is_ok()
        };
        let of = |subsystem: &str| told(0xfeed_cafe, murmur_hash_2(subsystem.as_bytes()));
        assert!(passes(&of("drm")));
        for other in ["power_supply", "block", "usb", "drm_dp_aux_dev", "dr", ""] {
            assert!(!passes(&of(other)), "{other}");
        }
        assert!(!passes(&told(0xcafe_feed, murmur_hash_2(b"drm"))));
        assert!(!passes(b"change@/devices/pci0000:00/0000:00:02.0/drm/card0\0SUBSYSTEM=drm\0"));
        assert!(!passes(b"libudev\0") && !passes(b"x"));
    }

    #[tokio::test]
    async fn anybody_may_listen() {
        let udev = Udev::open().unwrap();
        tokio::select! {
            biased;
            heard = udev.tells() => heard.unwrap(),
            () = tokio::task::yield_now() => {}
        }
    }
}
