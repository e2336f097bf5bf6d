//! A program in a terminal, for what is started without one.

use std::{io, path::PathBuf, process::Stdio};

use crate::env::Env;

/// Terminals, with what comes before the program. First those that go by what the person prefers: `xdg-terminal-exec`
/// (the proposed Default Terminal Execution Specification) and Debian's alternative.
const TERMINALS: &[(&str, &[&str])] = &[
    ("xdg-terminal-exec", &[]),
    ("x-terminal-emulator", &["-e"]),
    ("ptyxis", &["--"]),
    ("kgx", &["--"]),
    ("gnome-terminal", &["--"]),
    ("konsole", &["-e"]),
    ("xfce4-terminal", &["-x"]),
    ("mate-terminal", &["-x"]),
    ("qterminal", &["-e"]),
    ("io.elementary.terminal", &["-x"]),
    ("foot", &[]),
    ("kitty", &[]),
    ("alacritty", &["-e"]),
    ("ghostty", &["-e"]),
    ("wezterm", &["start", "--"]),
    ("xterm", &["-e"]),
];

/// A terminal that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    program: PathBuf,
    before: &'static [&'static str],
}

impl Terminal {
    /// Looks for one.
    pub fn find(env: &Env) -> Option<Self> {
        let installed = |(name, before): &(&str, &'static [&'static str])| {
            env.program(name).map(|program| Self { program, before })
        };
        TERMINALS.iter().find_map(installed)
    }

    /// Runs this very program in it, with some arguments; it goes on when this process has ended.
    pub fn run_ourselves(&self, arguments: &[&str]) -> io::Result<()> {
        std::process::Command::new(&self.program)
            .args(self.before)
            .arg(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn what_the_person_prefers_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env { path: vec![folder.path().to_owned()], ..Env::from_lookup(&|_| None) };
        assert_eq!(Terminal::find(&env), None);
        for (name, before) in [("xterm", &["-e"][..]), ("foot", &[]), ("xdg-terminal-exec", &[])] {
            let program = folder.path().join(name);
            fs::write(&program, "").unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(Terminal::find(&env), Some(Terminal { program, before }));
        }
    }
}
