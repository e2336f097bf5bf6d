//! A window manager's socket: what is sent on it, and what was heard so far.

use std::{io, path::Path};

use tokio::net::UnixStream;

/// The longest message that is read, in bytes; a tree of a hundred windows has a tenth of a megabyte.
const LONGEST: usize = 16 << 20;

/// One that is connected to.
pub struct Socket {
    stream: UnixStream,
    heard: Vec<u8>,
}

impl Socket {
    pub async fn connect(path: &Path) -> io::Result<Self> {
        Ok(Self { stream: UnixStream::connect(path).await?, heard: Vec::new() })
    }

    pub async fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until more was heard; an error where it ended.
    async fn hear(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.heard.extend_from_slice(&chunk[..read]);
                    let is_odd = self.heard.len() > LONGEST;
                    return if is_odd { Err(io::Error::other("it never ends")) } else { Ok(()) };
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for a line; it has its newline.
    pub async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut looked = 0;
        loop {
            let newline = self.heard[looked..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = newline {
                return Ok(self.heard.drain(..=looked + end).collect());
            }
            looked = self.heard.len();
            self.hear().await?;
        }
    }

    /// Waits for so many bytes.
    pub async fn bytes(&mut self, many: usize) -> io::Result<Vec<u8>> {
        if many > LONGEST {
            return Err(io::Error::other("it speaks another protocol"));
        }
        while self.heard.len() < many {
            self.hear().await?;
        }
        Ok(self.heard.drain(..many).collect())
    }

    /// Waits for all there is until it ends.
    pub async fn rest(mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.hear().await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(self.heard),
                Err(error) => return Err(error),
            }
        }
    }
}
