//! Other programs that control the screens' colours.
//!
//! They are known by the name the kernel has for them, of which it keeps 15 bytes. Processes are looked through where
//! something was refused, or (on X11, where nothing is) before ramps are written; never in between.

use std::{
    fmt, fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Those of Wayland.
pub const WAYLAND: &[&str] = &[
    "wlsunset",
    "gammastep",
    "hyprsunset",
    "sunsetr",
    "wl-gammarelay",
    "wl-gammarelay-r",
    "redshift",
];

/// Those of X11 that write their ramps again every few seconds.
pub const X11: &[&str] = &["redshift", "gammastep", "gammy", "xflux"];

/// One of them that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    name: &'static str,
    comm: PathBuf,
}

impl Program {
    /// Finds the first of these that the person runs.
    pub fn running(procfs: &Path, names: &[&'static str]) -> Option<Self> {
        let own = fs::metadata(procfs.join("self")).ok().map(|own| own.uid());
        fs::read_dir(procfs).ok()?.filter_map(Result::ok).find_map(|entry| {
            let is_process = entry.file_name().to_str()?.bytes().all(|byte| byte.is_ascii_digit());
            if !is_process || entry.metadata().ok().map(|of| of.uid()) != own {
                return None;
            }
            let comm = entry.path().join("comm");
            let name = name(&comm)?;
            let name = names.iter().find(|known| **known == name)?;
            Some(Self { name, comm })
        })
    }

    /// Tells whether it still runs.
    pub fn still_runs(&self) -> bool {
        name(&self.comm).is_some_and(|name| name == self.name)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "another program controls the screens' colours: {}", self.name)
    }
}

fn name(comm: &Path) -> Option<String> {
    Some(fs::read_to_string(comm).ok()?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_its_name_for_as_long_as_it_runs() {
        let root = tempfile::tempdir().unwrap();
        for (pid, name) in [("self", "quietd"), ("7", "bash"), ("42", "wlsunset")] {
            fs::create_dir(root.path().join(pid)).unwrap();
            fs::write(root.path().join(pid).join("comm"), format!("{name}\n")).unwrap();
        }
        assert_eq!(Program::running(root.path(), X11), None);
        let found = Program::running(root.path(), WAYLAND).unwrap();
        assert!(found.to_string().ends_with(": wlsunset"), "{found}");
        assert!(found.still_runs());
        // Its number was given to another.
        fs::write(root.path().join("42/comm"), "vim\n").unwrap();
        assert!(!found.still_runs());
        fs::remove_dir_all(root.path().join("42")).unwrap();
        assert!(!found.still_runs());
        assert_eq!(Program::running(Path::new("/nonexistent"), WAYLAND), None);
    }

    #[test]
    fn names_are_as_long_as_the_kernel_keeps_them() {
        assert!(WAYLAND.iter().chain(X11).all(|name| name.len() <= 15));
    }
}
