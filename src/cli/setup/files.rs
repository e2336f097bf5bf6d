//! The files that `setup` puts in place, and what they say here.
//!
//! Pure: paths and text in, paths and text out.

use std::path::{Path, PathBuf};

use crate::env::Env;

/// The config to begin with; it is the person's from then on.
pub const STARTER: &str = include_str!("../../../config/quietd.toml");

const UNIT: &str = include_str!("../../../systemd/quietd.service");
const ACTIVATION: &str = include_str!("../../../systemd/org.quietd.Quiet1.service");
const ENTRY: &str = include_str!("../../../systemd/org.quietd.Quietd.desktop");
const ICON: &str = include_str!("../../../systemd/org.quietd.Quietd.svg");

/// One file that is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What people call it.
    pub title: &'static str,
    /// Where it goes.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// Every file that `setup` writes and `setup --remove` takes away; the config and the log are not among them. `folder` is
/// where the programs are.
pub fn files(env: &Env, folder: &Path) -> [File; 4] {
    let file = |title, path: PathBuf, text: &str, quote: fn(&str) -> String| File {
        title,
        path,
        text: with_programs(text, folder, quote),
    };
    [
        file("the unit", env.config_home.join("systemd/user/quietd.service"), UNIT, for_unit),
        file(
            "the D-Bus activation file",
            env.data_home.join("dbus-1/services/org.quietd.Quiet1.service"),
            ACTIVATION,
            for_shell,
        ),
        file(
            "the desktop entry",
            env.data_home.join("applications/org.quietd.Quietd.desktop"),
            ENTRY,
            for_entry,
        ),
        file(
            "the icon",
            env.data_home.join("icons/hicolor/scalable/apps/org.quietd.Quietd.svg"),
            ICON,
            str::to_owned,
        ),
    ]
}

/// Names the programs by their whole path wherever a line runs one.
fn with_programs(text: &str, folder: &Path, quote: fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.split_once('=') {
            Some((key, command)) if key.starts_with("Exec") || key == "TryExec" => {
                out.push_str(key);
                out.push('=');
                out.push_str(&in_folder(command, folder, quote));
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// A command line, its program with the whole path if it is one of ours.
fn in_folder(command: &str, folder: &Path, quote: fn(&str) -> String) -> String {
    let end = command.find(char::is_whitespace).unwrap_or(command.len());
    let (program, arguments) = command.split_at(end);
    // systemd's prefixes: "-" for "its failure does not matter", and the like.
    let bare = program.trim_start_matches(['-', '@', ':', '+', '!']);
    let prefix = &program[..program.len() - bare.len()];
    match Path::new(bare).file_name().and_then(|name| name.to_str()) {
        Some(name @ ("quietd" | "quietctl")) => {
            let path = quote(&folder.join(name).display().to_string());
            format!("{prefix}{path}{arguments}")
        }
        _ => command.to_owned(),
    }
}

/// systemd.service(5): `%` begins a specifier, and a space ends a word; in a program's path `$` is a letter.
fn for_unit(path: &str) -> String {
    let path = path.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    if path.contains(' ') { format!("\"{path}\"") } else { path }
}

/// D-Bus Specification, "Message Bus Starting Services": words as a shell splits them.
fn for_shell(path: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/-_.+:@%".contains(letter);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// Desktop Entry Specification 1.5: `%` begins a field code; what has odd characters is quoted, escaped twice.
fn for_entry(path: &str) -> String {
    let odd = |letter: char| " \t\n\"'\\><~|&;$*?#()`".contains(letter);
    let path = path.replace('%', "%%");
    if !path.contains(odd) {
        return path;
    }
    let mut quoted = String::from("\"");
    for letter in path.chars() {
        match letter {
            '"' | '`' | '$' => quoted.extend(["\\\\", &letter.to_string()]),
            '\\' => quoted.push_str("\\\\\\\\"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        Env::from_lookup(&|name| (name == "HOME").then(|| "/home/ann".into()))
    }

    #[test]
    fn programs_are_named_by_their_whole_path() {
        let text = "[Service]\nExecStart=/usr/bin/quietd\nExecStopPost=-quietctl restore\nExecReload=/bin/true\n# quietd=1\n";
        insta::assert_snapshot!(with_programs(text, Path::new("/home/ann/my bin"), for_unit), @r#"
        [Service]
        ExecStart="/home/ann/my bin/quietd"
        ExecStopPost=-"/home/ann/my bin/quietctl" restore
        ExecReload=/bin/true
        # quietd=1
        "#);
        insta::assert_snapshot!(with_programs(text, Path::new("/opt/100%/q$"), for_entry), @r#"
        [Service]
        ExecStart="/opt/100%%/q\\$/quietd"
        ExecStopPost=-"/opt/100%%/q\\$/quietctl" restore
        ExecReload=/bin/true
        # quietd=1
        "#);
    }

    #[test]
    fn no_file_names_another_program_of_ours() {
        for file in files(&env(), Path::new("/opt/quietd/bin")) {
            assert!(file.path.starts_with("/home/ann/"), "{}", file.path.display());
            for line in file.text.lines().filter(|line| line.starts_with("Exec")) {
                let elsewhere = line.contains("/usr/bin/quiet") || line.contains("=quiet");
                assert!(!elsewhere, "{line}");
            }
        }
    }

    #[test]
    fn the_unit_starts_and_restores() {
        let [unit, activation, ..] = files(&env(), Path::new("/opt/quietd/bin"));
        assert!(unit.text.contains("ExecStart=/opt/quietd/bin/quietd\n"), "{}", unit.text);
        assert!(unit.text.contains("/opt/quietd/bin/quietctl restore\n"), "{}", unit.text);
        assert!(activation.text.contains("SystemdService=quietd.service\n"), "{}", activation.text);
    }
}
