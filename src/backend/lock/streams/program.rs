//! A program that is run to be read from, with limits on what it may say. It ends, with all that it started, when it is
//! dropped.

use std::{
    future::poll_fn,
    io,
    path::Path,
    pin::Pin,
    process::Stdio,
    task::{Poll, ready},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncRead as _, ReadBuf},
    process::{Child, ChildStdout, Command},
};

use crate::env::Env;

/// The most that is kept of what a program says, in bytes: a thousand streams of `pw-dump`, and more.
pub const SAYS_AT_MOST: usize = 4 << 20;

/// How much is read at once, in bytes.
const READ_AT_ONCE: usize = 16 << 10;

/// A program that runs.
#[derive(Debug)]
pub struct Program {
    child: Child,
    out: ChildStdout,
    chunk: Vec<u8>,
}

impl Program {
    /// Starts it, in a process group of its own.
    pub fn start(program: &Path, args: &[&str], env: &Env) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // What is read is in the language of the programmers.
        command.env("LC_ALL", "C").process_group(0).kill_on_drop(true);
        if let Some(runtime) = &env.runtime_dir {
            command.env("XDG_RUNTIME_DIR", runtime);
        }
        let mut child = command.spawn()?;
        let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { child, out, chunk: vec![0; READ_AT_ONCE] })
    }

    /// The next part of what it says; empty when it has said all.
    pub async fn next(&mut self) -> io::Result<&[u8]> {
        let Self { out, chunk, .. } = self;
        let length = poll_fn(|context| {
            let mut buffer = ReadBuf::new(chunk);
            ready!(Pin::new(&mut *out).poll_read(context, &mut buffer))?;
            Poll::Ready(io::Result::Ok(buffer.filled().len()))
        })
        .await?;
        Ok(&self.chunk[..length])
    }

    /// All that it says.
    pub async fn all(mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let part = self.next().await?;
            if part.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(part);
            if all.len() > SAYS_AT_MOST {
                return Err(io::Error::other("it says more than it can have to say"));
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Nobody has waited for it, so the number is still its own.
        if let Some(group) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}
