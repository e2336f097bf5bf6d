//! The ways people, editors and dotfile tools really change a file, in a table.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    time::Duration,
};

use tempfile::TempDir;

use super::*;

const WITHIN: Duration = Duration::from_secs(10);

/// A home folder with `.config/quietd/config.toml` in it, or not yet.
struct Home {
    root: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn config(&self) -> PathBuf {
        self.at(".config/quietd/config.toml")
    }

    /// Writes a file the way a shell does, with the folders it is in.
    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn link(&self, target: impl AsRef<Path>, path: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        symlink(target, self.at(path)).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at(from), self.at(to)).unwrap();
    }
}

const CONFIG: &str = ".config/quietd/config.toml";

/// One way to change a file: how things stand, what is done, and what the file says then (none if it is gone).
struct Way {
    name: &'static str,
    before: fn(&Home),
    edit: fn(&Home),
    says: Option<&'static str>,
}

fn plain(home: &Home) {
    home.write(CONFIG, "old");
}

/// As GNU stow does: the file is a link into a folder of dotfiles.
fn stowed(home: &Home) {
    home.write("dotfiles/quietd/config.toml", "old");
    home.link("../../dotfiles/quietd/config.toml", CONFIG);
}

/// As stow does with a whole folder.
fn folded(home: &Home) {
    home.write("dotfiles/quietd/config.toml", "old");
    home.link("../dotfiles/quietd", ".config/quietd");
}

/// As home-manager does: a link to a link through a profile into a store.
fn generations(home: &Home) {
    home.write("store/1-files/config.toml", "old");
    home.write("store/2-files/config.toml", "new");
    home.link(home.at("store/1-files"), "profile/current");
    home.link(home.at("profile/current/config.toml"), CONFIG);
}

const WAYS: &[Way] = &[
    Way {
        name: "written in place",
        before: plain,
        edit: |home| home.write(CONFIG, "new"),
        says: Some("new"),
    },
    Way {
        name: "appended to",
        before: plain,
        edit: |home| {
            let mut file = OpenOptions::new().append(true).open(home.config()).unwrap();
            file.write_all(b" and new").unwrap();
        },
        says: Some("old and new"),
    },
    Way {
        name: "vim: the old one is renamed to a backup, a new one is written, the backup is deleted",
        before: plain,
        edit: |home| {
            home.rename(CONFIG, ".config/quietd/config.toml~");
            home.write(CONFIG, "new");
            fs::remove_file(home.at(".config/quietd/config.toml~")).unwrap();
        },
        says: Some("new"),
    },
    Way {
        name: "emacs, GNOME Text Editor, sed -i: a temporary file is renamed over it",
        before: plain,
        edit: |home| {
            home.write(".config/quietd/.config.toml.1234", "new");
            home.rename(".config/quietd/.config.toml.1234", CONFIG);
        },
        says: Some("new"),
    },
    Way {
        name: "a backup is a hard link, and another file is renamed over it",
        before: plain,
        edit: |home| {
            fs::hard_link(home.config(), home.at(".config/quietd/backup")).unwrap();
            home.write("elsewhere", "new");
            home.rename("elsewhere", CONFIG);
        },
        says: Some("new"),
    },
    Way {
        name: "swapped with another by two moves",
        before: |home| {
            plain(home);
            home.write(".config/quietd/other.toml", "new");
        },
        edit: |home| {
            home.rename(CONFIG, ".config/quietd/swap");
            home.rename(".config/quietd/other.toml", CONFIG);
            home.rename(".config/quietd/swap", ".config/quietd/other.toml");
        },
        says: Some("new"),
    },
    Way {
        name: "replaced while an editor still has the old one open",
        before: plain,
        edit: |home| {
            let open = fs::File::open(home.config()).unwrap();
            home.write("elsewhere", "new");
            home.rename("elsewhere", CONFIG);
            // Stays open for the rest of the test.
            std::mem::forget(open);
        },
        says: Some("new"),
    },
    Way {
        name: "deleted",
        before: plain,
        edit: |home| fs::remove_file(home.config()).unwrap(),
        says: None,
    },
    Way {
        name: "deleted and written again",
        before: plain,
        edit: |home| {
            fs::remove_file(home.config()).unwrap();
            home.write(CONFIG, "new");
        },
        says: Some("new"),
    },
    Way {
        name: "written for the first time",
        before: |home| fs::create_dir_all(home.at(".config/quietd")).unwrap(),
        edit: |home| home.write(CONFIG, "new"),
        says: Some("new"),
    },
    Way {
        name: "written for the first time, with its folders",
        before: |_| {},
        edit: |home| home.write(CONFIG, "new"),
        says: Some("new"),
    },
    Way {
        name: "linked for the first time",
        before: |home| home.write("dotfiles/config.toml", "new"),
        edit: |home| home.link(home.at("dotfiles/config.toml"), CONFIG),
        says: Some("new"),
    },
    Way {
        name: "the folder is moved away",
        before: plain,
        edit: |home| home.rename(".config/quietd", ".config/quietd.old"),
        says: None,
    },
    Way {
        name: "the folder above is swapped for another",
        before: |home| {
            plain(home);
            home.write(".config.new/quietd/config.toml", "new");
        },
        edit: |home| {
            home.rename(".config", ".config.old");
            home.rename(".config.new", ".config");
        },
        says: Some("new"),
    },
    Way {
        name: "the folder is deleted and comes back",
        before: plain,
        edit: |home| {
            fs::remove_dir_all(home.at(".config")).unwrap();
            home.write(CONFIG, "new");
        },
        says: Some("new"),
    },
    Way {
        name: "stow: the target is written in place",
        before: stowed,
        edit: |home| home.write("dotfiles/quietd/config.toml", "new"),
        says: Some("new"),
    },
    Way {
        name: "stow: git checks out another target",
        before: stowed,
        edit: |home| {
            fs::remove_file(home.at("dotfiles/quietd/config.toml")).unwrap();
            home.write("dotfiles/quietd/config.toml", "new");
        },
        says: Some("new"),
    },
    Way {
        name: "stow: the target's folder is swapped",
        before: stowed,
        edit: |home| {
            home.write("dotfiles/new/config.toml", "new");
            home.rename("dotfiles/quietd", "dotfiles/old");
            home.rename("dotfiles/new", "dotfiles/quietd");
        },
        says: Some("new"),
    },
    Way {
        name: "stow: the link is deleted and made anew",
        before: stowed,
        edit: |home| {
            home.write("dotfiles/new.toml", "new");
            fs::remove_file(home.config()).unwrap();
            home.link(home.at("dotfiles/new.toml"), CONFIG);
        },
        says: Some("new"),
    },
    Way {
        name: "ln -sfn: another link is renamed over it",
        before: stowed,
        edit: |home| {
            home.write("dotfiles/new.toml", "new");
            home.link(home.at("dotfiles/new.toml"), ".config/quietd/.link");
            home.rename(".config/quietd/.link", CONFIG);
        },
        says: Some("new"),
    },
    Way {
        name: "a link is replaced by a file",
        before: stowed,
        edit: |home| {
            home.write("elsewhere", "new");
            home.rename("elsewhere", CONFIG);
        },
        says: Some("new"),
    },
    Way {
        name: "stow of a folder: the folder's link is retargeted",
        before: folded,
        edit: |home| {
            home.write("dotfiles/other/config.toml", "new");
            home.link("../dotfiles/other", ".config/.link");
            home.rename(".config/.link", ".config/quietd");
        },
        says: Some("new"),
    },
    Way {
        name: "stow of a folder: the folder's link becomes a folder",
        before: folded,
        edit: |home| {
            fs::remove_file(home.at(".config/quietd")).unwrap();
            home.write(CONFIG, "new");
        },
        says: Some("new"),
    },
    Way {
        name: "home-manager: the profile is switched to another generation",
        before: generations,
        edit: |home| {
            home.link(home.at("store/2-files"), "profile/next");
            home.rename("profile/next", "profile/current");
        },
        says: Some("new"),
    },
    Way {
        name: "home-manager: the link leads nowhere for a while",
        before: generations,
        edit: |home| {
            fs::remove_file(home.at("profile/current")).unwrap();
            home.link(home.at("store/2-files"), "profile/current");
        },
        says: Some("new"),
    },
    Way {
        name: "a link that led nowhere gets a target",
        before: |home| home.link(home.at("later/config.toml"), CONFIG),
        edit: |home| home.write("later/config.toml", "new"),
        says: Some("new"),
    },
];

/// Waits until the file says so, or is gone.
async fn until(watch: &mut Watch, path: &Path, says: Option<&str>) {
    let wanted = || match read_config(path) {
        ReadConfig::Text(text) => Some(text.as_str()) == says,
        ReadConfig::Missing => says.is_none(),
        _ => false,
    };
    watch.changed().await;
    while !wanted() {
        watch.changed().await;
    }
}

fn is_silent(watch: &Watch) -> bool {
    matches!(watch.laid.inotify.read_events(), Err(Errno::EAGAIN))
}

#[tokio::test]
async fn a_config_is_seen_to_change_in_every_way_people_change_it() {
    for Way { name, before, edit, says } in WAYS {
        let home = Home::new();
        before(&home);
        let config = home.config();
        let mut watch = Watch::file(&config).unwrap();
        edit(&home);
        let seen = tokio::time::timeout(WITHIN, until(&mut watch, &config, *says)).await;
        assert!(seen.is_ok(), "{name}: {:?}", read_config(&config));

        // It is watched as well as before.
        home.write(CONFIG, "newer");
        let seen = tokio::time::timeout(WITHIN, until(&mut watch, &config, Some("newer"))).await;
        assert!(seen.is_ok(), "{name}, and then in place: {:?}", read_config(&config));
    }
}

#[tokio::test]
async fn changes_in_two_steps_are_seen_after_each() {
    for Way { name, before, edit, says } in WAYS {
        let home = Home::new();
        let config = home.config();
        let mut watch = Watch::file(&config).unwrap();
        before(&home);
        // What is set up here is a change already, if the file is there then.
        if matches!(read_config(&config), ReadConfig::Text(_)) {
            let seen = tokio::time::timeout(WITHIN, until(&mut watch, &config, Some("old"))).await;
            assert!(seen.is_ok(), "{name}, before: {:?}", read_config(&config));
        }
        edit(&home);
        let seen = tokio::time::timeout(WITHIN, until(&mut watch, &config, *says)).await;
        assert!(seen.is_ok(), "{name}: {:?}", read_config(&config));
    }
}

#[tokio::test]
async fn a_burst_is_told_once() {
    let home = Home::new();
    plain(&home);
    let mut watch = Watch::file(&home.config()).unwrap();
    for text in ["1", "2", "3", "4"] {
        home.write(CONFIG, text);
        home.rename(CONFIG, ".config/quietd/moved");
        home.rename(".config/quietd/moved", CONFIG);
    }
    tokio::time::timeout(WITHIN, watch.changed()).await.unwrap();
    assert_eq!(read_config(&home.config()), ReadConfig::Text("4".to_owned()));
    assert!(is_silent(&watch));
}

#[tokio::test]
async fn nobody_elses_writes_wake_us() {
    let home = Home::new();
    plain(&home);
    let mut watch = Watch::file(&home.config()).unwrap();
    let others = |home: &Home| {
        home.write(".config/other/file", "x");
        home.write(".config/file", "x");
        home.write(".config/quietd/notes.txt", "x");
        home.write("file", "x");
        fs::read(home.config()).unwrap();
        fs::remove_file(home.at(".config/file")).unwrap();
    };
    others(&home);
    assert!(is_silent(&watch));
    home.write(CONFIG, "new");
    tokio::time::timeout(WITHIN, until(&mut watch, &home.config(), Some("new"))).await.unwrap();
    others(&home);
    assert!(is_silent(&watch));
}

#[tokio::test]
async fn a_file_that_may_be_read_later_is_seen_then() {
    let home = Home::new();
    plain(&home);
    fs::set_permissions(home.config(), Permissions::from_mode(0o000)).unwrap();
    let mut watch = Watch::file(&home.config()).unwrap();
    fs::set_permissions(home.config(), Permissions::from_mode(0o600)).unwrap();
    tokio::time::timeout(WITHIN, until(&mut watch, &home.config(), Some("old"))).await.unwrap();
}

/// A change to the session log, by name.
type Step = (&'static str, fn(&Home));

#[tokio::test]
async fn a_folder_is_watched_for_its_files() {
    let home = Home::new();
    let log = home.at("share/quietd/log");
    let mut watch = Watch::folder(&log).unwrap();
    let steps: [Step; 6] = [
        ("a file is written", |home| home.write("share/quietd/log/this.jsonl", "1\n")),
        ("a file is appended to", |home| {
            let path = home.at("share/quietd/log/this.jsonl");
            OpenOptions::new().append(true).open(path).unwrap().write_all(b"2\n").unwrap();
        }),
        ("another machine's file is renamed in", |home| {
            home.write("share/quietd/log/.syncthing.other.tmp", "3\n");
            home.rename("share/quietd/log/.syncthing.other.tmp", "share/quietd/log/other.jsonl");
        }),
        ("a file is deleted", |home| {
            fs::remove_file(home.at("share/quietd/log/other.jsonl")).unwrap();
        }),
        ("the folder is moved away", |home| home.rename("share/quietd", "share/gone")),
        ("it comes back", |home| home.rename("share/gone", "share/quietd")),
    ];
    for (name, step) in steps {
        step(&home);
        let seen = tokio::time::timeout(WITHIN, watch.changed()).await;
        assert!(seen.is_ok(), "{name}");
    }
    assert!(is_silent(&watch));
    home.write("share/quietd/log/.hidden", "x");
    let laid = &watch.laid;
    let events = laid.inotify.read_events().unwrap();
    assert!(!events.iter().any(|event| laid.matters(event)), "hidden files are temporary ones");
}

#[tokio::test]
async fn links_that_go_round_are_watched_as_far_as_they_go() {
    let home = Home::new();
    home.link("b", "a");
    home.link("a", "b");
    let path = home.at("a");
    let mut watch = Watch::file(&path).unwrap();
    assert!(matches!(read_config(&path), ReadConfig::Unreadable(_)));
    fs::remove_file(home.at("b")).unwrap();
    home.write("b", "new");
    tokio::time::timeout(WITHIN, until(&mut watch, &path, Some("new"))).await.unwrap();
}

#[test]
fn what_is_not_a_config_is_told_apart() {
    let home = Home::new();
    let path = home.config();
    assert_eq!(read_config(&path), ReadConfig::Missing);
    fs::create_dir_all(&path).unwrap();
    assert_eq!(read_config(&path), ReadConfig::Folder);
    assert_eq!(read_config(&home.at(CONFIG).join("x")), ReadConfig::Missing);
    fs::remove_dir(&path).unwrap();

    let why = |path: &Path| match read_config(path) {
        ReadConfig::Unreadable(why) => why,
        other => panic!("{other:?}"),
    };
    home.link("nowhere.toml", CONFIG);
    assert!(why(&path).ends_with("it is a link to nowhere.toml, which is not there."));
    fs::remove_file(&path).unwrap();

    fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
    assert!(why(&path).ends_with("it is not UTF-8 text in line 2."));
    fs::write(&path, vec![b'#'; TEXT_AT_MOST + 1]).unwrap();
    assert!(why(&path).ends_with("it is larger than 1 MiB."));
    fs::write(&path, vec![b'#'; TEXT_AT_MOST]).unwrap();
    assert!(matches!(read_config(&path), ReadConfig::Text(_)));

    assert!(why(Path::new("/dev/null")).ends_with("it is not a regular file."));
    nix::unistd::mkfifo(&home.at("pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    assert!(
        why(&home.at("pipe")).ends_with("it is not a regular file."),
        "and it is not waited for"
    );
}
