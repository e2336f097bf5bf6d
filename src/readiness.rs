//! Waiting for the kernel to have something to say.

use std::{io, os::fd::OwnedFd};

use tokio::io::{Interest, unix::AsyncFd};

/// Lets tokio wait on a file; an error where the kernel has nothing to say of files of its kind.
pub fn wait_on(file: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    #[allow(
        deprecated,
        reason = "its successor is unsafe to call; an OwnedFd keeps what that one asks for"
    )]
    AsyncFd::with_interest(file, interest)
}
