//! The kernel's own word of programs that begin: process events over netlink, those of `execve(2)` alone.
//!
//! `Documentation/driver-api/connector.rst` and `linux/cn_proc.h`; for people who are not root from Linux 6.6 on, and in
//! the machine's own namespaces only: elsewhere the kernel refuses, or takes the request and never answers. So nothing is
//! believed before it has acknowledged. What a message says is never trusted either: it only tells where in `/proc` to look.

use std::{collections::BTreeSet, io, os::fd::OwnedFd, time::Duration};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind,
        netlink::{CONNECTOR, SocketAddrNetlink},
        recv, send, socket_with,
    },
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::readiness::wait_on;

/// `CN_IDX_PROC` and `CN_VAL_PROC`: the group to join, and the address of what is asked.
const PROC: u32 = 1;
/// `PROC_CN_MCAST_LISTEN`.
const LISTEN: u32 = 1;
/// `PROC_EVENT_NONE`, which is the answer to a request.
const ANSWER: u32 = 0;
/// `PROC_EVENT_EXEC`.
const EXEC: u32 = 2;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// Where the event begins in a message: after `struct nlmsghdr` and `struct cn_msg`.
const EVENT: usize = 36;
/// Where its own part begins: after kind, processor and time.
const DATA: usize = EVENT + 16;

/// The longest the kernel may take to acknowledge.
const ANSWER_AT_MOST: Duration = Duration::from_millis(200);
/// How many messages are taken before others have their turn.
const AT_ONCE: usize = 256;

/// Programs as they begin, of everybody on this machine.
#[derive(Debug)]
pub struct Execs {
    socket: AsyncFd<OwnedFd>,
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// These processes began a program, or ended meanwhile.
    Began(BTreeSet<u32>),
    /// Some were lost: whatever runs is to be looked at.
    Lost,
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Began(u32),
    Answered(u32),
    Other,
}

impl Execs {
    /// Asks the kernel; an error where it refuses, or does not answer in time.
    pub async fn open() -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(CONNECTOR))?;
        bind(&socket, &SocketAddrNetlink::new(0, PROC))?;
        let execs = Self { socket: wait_on(&socket, Interest::READABLE)? };
        execs.ask(&[LISTEN])?;
        tokio::time::timeout(ANSWER_AT_MOST, execs.answered())
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        // That one is not answered. A kernel that does not know it goes on to tell of everything.
        execs.ask(&[LISTEN, EXEC])?;
        Ok(execs)
    }

    /// Waits for the next programs to begin.
    pub async fn next(&self) -> io::Result<Told> {
        loop {
            let mut ready = self.socket.readable().await?;
            let (mut began, mut lost) = (BTreeSet::new(), false);
            for taken in 0.. {
                match self.read() {
                    Ok(Message::Began(pid)) => drop(began.insert(pid)),
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(Errno::NOBUFS) => lost = true,
                    Err(Errno::AGAIN) => {
                        ready.clear_ready();
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
                if taken >= AT_ONCE {
                    break;
                }
            }
            if lost {
                return Ok(Told::Lost);
            }
            if !began.is_empty() {
                return Ok(Told::Began(began));
            }
        }
    }

    async fn answered(&self) -> io::Result<()> {
        loop {
            let mut ready = self.socket.readable().await?;
            match self.read() {
                Ok(Message::Answered(0)) => return Ok(()),
                Ok(Message::Answered(error)) => {
                    return Err(io::Error::from_raw_os_error(error.cast_signed()));
                }
                Ok(_) | Err(Errno::INTR | Errno::NOBUFS) => {}
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn ask(&self, words: &[u32]) -> io::Result<()> {
        let message = request(words);
        Ok(send(self.socket.get_ref(), &message, SendFlags::empty()).map(|_| ())?)
    }

    fn read(&self) -> Result<Message, Errno> {
        let mut bytes = [0_u8; 512];
        let (length, _) = recv(self.socket.get_ref(), &mut bytes[..], RecvFlags::empty())?;
        Ok(parse(bytes.get(..length).unwrap_or_default()))
    }
}

/// `struct nlmsghdr`, `struct cn_msg` and what is asked, in the machine's own byte order.
fn request(words: &[u32]) -> Vec<u8> {
    let asked: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let sizes = (u32::try_from(EVENT + asked.len()), u16::try_from(asked.len()));
    let (whole, own) = (sizes.0.unwrap_or_default(), sizes.1.unwrap_or_default());
    let mut bytes = Vec::with_capacity(EVENT + asked.len());
    bytes.extend(whole.to_ne_bytes());
    bytes.extend(DONE.to_ne_bytes());
    // No flags, number 0, from nobody in particular.
    bytes.extend([0; 2 + 4 + 4]);
    bytes.extend(PROC.to_ne_bytes());
    bytes.extend(PROC.to_ne_bytes());
    bytes.extend([0; 4 + 4]);
    bytes.extend(own.to_ne_bytes());
    bytes.extend([0; 2]);
    bytes.extend(asked);
    bytes
}

fn parse(bytes: &[u8]) -> Message {
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
    match (word(EVENT), word(DATA), word(DATA + 4)) {
        (Some(ANSWER), Some(error), _) => Message::Answered(error),
        // The first is the thread's number, the second the process's.
        (Some(EXEC), _, Some(pid)) => Message::Began(pid),
        _ => Message::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_as_the_kernel_reads_it() {
        let bytes = request(&[LISTEN, EXEC]);
        assert_eq!(bytes.len(), 44);
        assert_eq!(&bytes[..6], [&44_u32.to_ne_bytes()[..], &3_u16.to_ne_bytes()].concat());
        assert_eq!(&bytes[16..24], [1_u32.to_ne_bytes(), 1_u32.to_ne_bytes()].concat());
        assert_eq!(&bytes[32..36], [8_u16.to_ne_bytes(), [0; 2]].concat());
        assert_eq!(&bytes[36..], [1_u32.to_ne_bytes(), 2_u32.to_ne_bytes()].concat());
    }

    #[test]
    fn only_whole_messages_are_read() {
        let message = |kind: u32, data: [u32; 2]| {
            let words = [kind, 0, 0, 0, data[0], data[1]];
            [vec![0; EVENT], words.iter().flat_map(|word| word.to_ne_bytes()).collect()].concat()
        };
        assert_eq!(parse(&message(EXEC, [8, 7])), Message::Began(7));
        assert_eq!(parse(&message(ANSWER, [1, 0])), Message::Answered(1));
        assert_eq!(parse(&message(1, [8, 7])), Message::Other);
        assert_eq!(parse(&message(EXEC, [8, 7])[..EVENT + 20]), Message::Other);
    }

    /// Where the kernel tells nobody, it is to say so at once: then they are looked for.
    async fn open() -> Option<Execs> {
        match Execs::open().await {
            Ok(execs) => Some(execs),
            Err(error) => {
                let known = [
                    io::ErrorKind::TimedOut,
                    io::ErrorKind::ConnectionRefused,
                    io::ErrorKind::PermissionDenied,
                ];
                assert!(known.contains(&error.kind()), "{error}");
                eprintln!("the kernel does not tell of programs here: {error}");
                None
            }
        }
    }

    #[tokio::test]
    async fn a_program_is_told_when_it_begins() {
        let Some(execs) = open().await else { return };
        let mut child = std::process::Command::new("/bin/cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        loop {
            let told = tokio::time::timeout(Duration::from_secs(10), execs.next()).await;
            match told.unwrap().unwrap() {
                Told::Began(pids) if pids.contains(&child.id()) => break,
                Told::Began(_) => {}
                Told::Lost => break,
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn more_than_can_be_kept_is_said_to_be_lost() {
        let Some(execs) = open().await else { return };
        for _ in 0..1_000 {
            std::process::Command::new("/bin/true").status().unwrap();
        }
        loop {
            let told = tokio::time::timeout(Duration::from_secs(10), execs.next()).await;
            if told.unwrap().unwrap() == Told::Lost {
                break;
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&bytes);
        }
    }
}
