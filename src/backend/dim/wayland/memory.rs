//! Memory that the compositor can read.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::OwnedFd,
};

use nix::sys::memfd::{MFdFlags, memfd_create};

/// Makes a file in memory that holds what `fill` writes, and nothing more.
pub fn file_with(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<OwnedFd> {
    let memory = File::from(memfd_create("quietd", MFdFlags::MFD_CLOEXEC)?);
    let mut writer = io::BufWriter::new(memory);
    fill(&mut writer)?;
    Ok(writer.into_inner().map_err(io::IntoInnerError::into_error)?.into())
}
