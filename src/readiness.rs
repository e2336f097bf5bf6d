//! Waiting for the kernel to have something to say.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use tokio::io::{Interest, unix::AsyncFd};

/// Lets tokio wait on a file, under a second number of its own; an error where the kernel has nothing to say of files of
/// its kind.
pub fn wait_on(file: &impl AsFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    let file = file.as_fd().try_clone_to_owned()?;
    #[allow(
        deprecated,
        reason = "its successor is unsafe to call; an OwnedFd keeps what that one asks for"
    )]
    AsyncFd::with_interest(file, interest)
}
