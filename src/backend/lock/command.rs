//! What a command line starts, where something else starts it: through `env`, an interpreter, `flatpak run`. Pure.
//!
//! Only what cannot be anything else is told. A wrapper's option that is not known here, `sh -c`, a wrong guess of any
//! kind could end with another program locked; then an app is known by its unit alone.

use std::path::{Path, PathBuf};

use super::spared;

/// What a command line starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Starts {
    /// A program, by its name or path.
    Program(PathBuf),
    /// What an interpreter runs: a script, an archive, or an app's folder.
    Script(PathBuf),
    /// A flatpak, by its id.
    Flatpak(String),
    /// A snap, by its name.
    Snap(String),
}

/// Programs that only start the command that follows them.
const WRAPPERS: &[&str] =
    &["setsid", "nohup", "nice", "ionice", "gamemoderun", "mangohud", "prime-run"];

/// Tells what the words of an `Exec` key start. None where they open something in a program that is an app of its own:
/// a page in a browser, a game in its launcher.
pub fn starts(words: &[String]) -> Option<Starts> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = unwrapped(&words)?;
    let (command, rest) = words.split_first()?;
    let opens = |word: &&str| {
        word.contains("://")
            || ["--app=", "--app-id=", "--application-mode"].iter().any(|it| word.starts_with(it))
    };
    if rest.iter().any(opens) {
        return None;
    }
    let path = Path::new(command);
    let snap = |name: &str| name.split('.').next().map(|name| Starts::Snap(name.to_owned()));
    if let Ok(name) = path.strip_prefix("/snap/bin") {
        return snap(name.to_str()?);
    }
    let argument = || rest.iter().skip(1).find(|word| !word.starts_with('-'));
    match (&*name(path), rest.first()) {
        ("flatpak", Some(&"run")) => argument().map(|id| Starts::Flatpak((*id).to_owned())),
        ("snap", Some(&"run")) => argument().and_then(|name| snap(name)),
        // A script's own name is often `main.py`: only where it lies is it told from others.
        (runner, _) if spared::is_runner(runner) => {
            script(runner, rest).filter(|path| path.is_absolute()).map(Starts::Script)
        }
        _ => Some(Starts::Program(path.to_owned())),
    }
}

/// Tells what an interpreter's arguments have it run.
pub fn script(runner: &str, arguments: &[&str]) -> Option<PathBuf> {
    let is_option = |word: &&&str| word.starts_with('-');
    let word = if runner.starts_with("java") {
        after_jar(arguments)?
    } else if runner.starts_with("electron") {
        // Each of Chromium's options is one word.
        arguments.iter().find(|word| !is_option(word))?
    } else if runner.starts_with("python") {
        let flags = |word: &&&str| {
            word.strip_prefix('-').is_some_and(|flags| {
                !flags.is_empty() && flags.chars().all(|c| "uIOBEsSPbvq".contains(c))
            })
        };
        let rest = &arguments[arguments.iter().take_while(flags).count()..];
        match rest {
            ["-m", module, ..] => module,
            _ => rest.first()?,
        }
    } else {
        arguments.first()?
    };
    if word.is_empty() || word.starts_with('-') || word.contains('=') {
        return None;
    }
    let path = Path::new(word);
    // An Electron app's archive has the name of all of them; its folder has the app's.
    if path.extension().is_some_and(|end| end == "asar") {
        let folder = path.parent()?;
        let generic = folder.file_name().is_some_and(|name| name == "resources");
        return if generic { folder.parent().map(Path::to_owned) } else { Some(folder.to_owned()) };
    }
    Some(path.to_owned())
}

/// The archive after `-jar`, where only options of the machine itself stand before it.
fn after_jar<'a>(arguments: &'a [&'a str]) -> Option<&'a &'a str> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match *word {
            "-jar" => return words.next(),
            "-cp" | "-classpath" | "--class-path" | "-p" | "--module-path" => drop(words.next()),
            option if option.starts_with('-') => {}
            _ => return None,
        }
    }
    None
}

/// The command without what only starts it.
fn unwrapped<'a, 'w>(mut words: &'w [&'a str]) -> Option<&'w [&'a str]> {
    loop {
        let (first, rest) = words.split_first()?;
        let name = name(Path::new(first));
        words = match &*name {
            "env" => after_env(rest)?,
            name if WRAPPERS.contains(&name) => rest,
            _ => return Some(words),
        };
        if words.first()?.starts_with('-') {
            return None;
        }
    }
}

/// The command after `env`'s options and assignments.
fn after_env<'a, 'w>(mut words: &'w [&'a str]) -> Option<&'w [&'a str]> {
    loop {
        words = match words {
            ["-u" | "--unset" | "-C" | "--chdir", _, rest @ ..]
            | ["-i" | "-" | "--ignore-environment", rest @ ..] => rest,
            [word, rest @ ..]
                if word.starts_with("--unset=") || !word.starts_with('-') && word.contains('=') =>
            {
                rest
            }
            [] => return None,
            _ => return Some(words),
        };
    }
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(line: &str) -> Option<Starts> {
        starts(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn wrappers_and_interpreters_are_seen_through() {
        let program = |path: &str| Some(Starts::Program(path.into()));
        let script = |path: &str| Some(Starts::Script(path.into()));
        let flatpak = |id: &str| Some(Starts::Flatpak(id.to_owned()));
        let snap = |name: &str| Some(Starts::Snap(name.to_owned()));
        for (line, expected) in [
            ("firefox %u", program("firefox")),
            ("/opt/chat/chat --flag %U", program("/opt/chat/chat")),
            ("env GDK_BACKEND=x11 gimp %U", program("gimp")),
            ("/usr/bin/env -u QT_STYLE -i A=1 B= app", program("app")),
            ("gamemoderun mangohud game", program("game")),
            ("env A=1 setsid app", program("app")),
            ("python3 /usr/share/meld/bin.py %F", script("/usr/share/meld/bin.py")),
            ("python3 -u -OO /opt/a/run", script("/opt/a/run")),
            ("bash /opt/idea/idea.sh %f", script("/opt/idea/idea.sh")),
            (
                "/usr/lib/electron33/electron --no-sandbox /usr/lib/obsidian/app.asar",
                script("/usr/lib/obsidian"),
            ),
            ("electron /opt/Slack/resources/app.asar", script("/opt/Slack")),
            (
                "java -Xmx2g -cp /a:/b -jar /usr/share/tl/launcher.jar",
                script("/usr/share/tl/launcher.jar"),
            ),
            (
                "gjs /usr/share/org.gnome.Maps/org.gnome.Maps",
                script("/usr/share/org.gnome.Maps/org.gnome.Maps"),
            ),
            (
                "/usr/bin/flatpak run --branch=stable --command=foo org.a.Foo @@u %U @@",
                flatpak("org.a.Foo"),
            ),
            (
                "env BAMF_DESKTOP_FILE_HINT=/x /snap/bin/telegram-desktop.app -- %u",
                snap("telegram-desktop"),
            ),
            ("snap run firefox", snap("firefox")),
        ] {
            assert_eq!(of(line), expected, "{line}");
        }
    }

    #[test]
    fn what_could_be_anything_is_nothing() {
        for line in [
            "sh -c app",
            "bash -c app",
            "python3 -m app",
            "python3 main.py",
            "python3 -c pass",
            "python3 -X dev /opt/app",
            "java Main",
            "java -cp /a Main -jar /b.jar",
            "env -S app",
            "env A=1",
            "env",
            "nice -n 10 app",
            "flatpak run",
            "flatpak update",
            "xdg-open https://example.org",
            "timeout 10 app",
            "",
            // These open something in a program that is an app of its own.
            "steam steam://rungameid/620",
            "/opt/google/chrome/google-chrome --profile-directory=Default --app-id=abc",
            "chromium --app=https://example.org",
            "epiphany --application-mode --profile=/x",
            "firefox https://example.org",
            "lutris lutris:rungameid/1://x",
        ] {
            let found = of(line);
            let harmless =
                matches!(&found, Some(Starts::Program(path)) if spared::is_runner(&name(path)));
            assert!(found.is_none() || harmless || line.is_empty(), "{line}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(words in proptest::collection::vec("(env|python3|java|-jar|electron|-u|A=b|/x|\\PC{0,6})", 0..8)) {
            let _ = starts(&words);
        }
    }
}
