use super::*;
use crate::backend::lock::identity::plain;

fn process(pid: u32, parent: u32, exe: &str) -> Process {
    let name = base(Path::new(exe)).chars().take(15).collect();
    Process { pid, parent, exe: exe.into(), started: u64::from(pid), name, ..Process::default() }
}

fn with_script(pid: u32, exe: &str, script: &str) -> Process {
    let line = format!("{exe}\0{script}\0--flag\0");
    let script = script_in(&base(Path::new(exe)), line.as_bytes());
    Process { script, ..process(pid, 1, exe) }
}

fn programs(apps: &[&str], folders: &[PathBuf]) -> Programs {
    Programs::of(folders, &apps.iter().map(|app| plain(app)).collect())
}

#[test]
fn the_line_of_a_process_is_read_past_odd_names() {
    let line = "42 (a) b (c d) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2";
    assert_eq!(parse_stat(line), Some(("a) b (c d".to_owned(), 7, 98765)));
    assert_eq!(parse_stat("42 (x) S"), None);
    assert_eq!(parse_stat(""), None);
}

#[test]
fn one_whose_program_cannot_be_read_has_begun_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let one = folder.path().join("42");
    fs::create_dir(&one).unwrap();
    let line =
        "42 ((sd-exec)) S 7 42 42 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 98765 9 9 18446744073709551615";
    fs::write(one.join("stat"), line).unwrap();
    assert_eq!(started(folder.path(), 42), Some(98765));
    assert_eq!(Processes::read_some(folder.path(), &[42]).iter().count(), 0);
    assert_eq!(started(folder.path(), 43), None);
}

#[test]
fn a_name_in_the_config_is_a_programs_name() {
    let known = programs(&["discord", "lutris", "Game.exe"], &[]);
    let app = |process: &Process| known.app(process).map(str::to_owned);
    assert_eq!(app(&process(9, 1, "/usr/share/discord/Discord")).unwrap(), "discord");
    assert_eq!(app(&with_script(9, "/usr/bin/python3.11", "/usr/games/lutris")).unwrap(), "lutris");
    assert_eq!(app(&with_script(9, "/usr/bin/bash", "/opt/bin/discord")).unwrap(), "discord");
    let archive = "/usr/lib/discord/app.asar";
    assert_eq!(app(&with_script(9, "/usr/lib/electron33/electron", archive)).unwrap(), "discord");
    let archive = "/opt/discord/resources/app.asar";
    assert_eq!(app(&with_script(9, "/usr/bin/electron", archive)).unwrap(), "discord");
    let wine =
        Process { name: "Game.exe".to_owned(), ..process(9, 1, "/usr/bin/wine64-preloader") };
    assert_eq!(app(&wine).unwrap(), "game.exe");

    for other in [
        process(9, 1, "/usr/bin/discord-canary"),
        process(9, 1, "/usr/bin/python3"),
        with_script(9, "/usr/bin/python3", "-m"),
        with_script(9, "/usr/bin/bash", "-c"),
        with_script(9, "/usr/bin/env", "X=discord"),
        with_script(9, "/usr/bin/python3", "/home/a/discord.py"),
        // A shell that calls itself so is still a shell.
        Process { name: "discord".to_owned(), ..process(9, 1, "/usr/bin/bash") },
    ] {
        assert_eq!(known.app(&other), None, "{other:?}");
    }
}

#[test]
fn boxes_and_images_say_which_app_is_in_them() {
    let info =
        "[Application]\nname=org.example.Chat\nruntime=runtime/org.x/1\n\n[Instance]\nname=other\n";
    assert_eq!(flatpak_in(info).as_deref(), Some("org.example.chat"));
    assert_eq!(flatpak_in("[Instance]\nname=org.example.Chat\n"), None);
    let variables = b"A=b\0APPIMAGE=/home/a/Apps/Notes-1.2.AppImage\0MY_APPIMAGE=/x\0";
    let image = image_in(variables).unwrap();
    assert_eq!(image, Path::new("/home/a/Apps/Notes-1.2.AppImage"));
    assert_eq!(image_in(b"APPIMAGE=notes\0"), None);
    assert_eq!(image_in(b""), None);

    let mut known = programs(&["org.example.Chat"], &[]);
    known.add("notes", &Program { file: Some(image.clone()), ..Program::default() });
    let boxed =
        |id: &str| Process { flatpak: Some(id.to_owned()), ..process(9, 1, "/app/bin/anything") };
    assert_eq!(known.app(&boxed("org.example.chat")), Some("org.example.chat"));
    assert_eq!(known.app(&boxed("org.example.chat.beta")), None);
    let mounted =
        |image| Process { image, ..process(9, 1, "/tmp/.mount_NotesAb12/usr/bin/electron-notes") };
    assert_eq!(known.app(&mounted(Some(image))), Some("notes"));
    assert_eq!(known.app(&mounted(Some("/home/a/Apps/Other.AppImage".into()))), None);
    assert_eq!(known.app(&mounted(None)), None);
}

#[test]
fn runners_terminals_and_the_session_are_never_an_app() {
    let known = programs(&["bash", "python3", "foot", "gnome-shell", "electron", "quietd"], &[]);
    for exe in ["bash", "python3", "foot", "gnome-shell", "electron", "quietd"] {
        let other = process(9, 1, &format!("/usr/bin/{exe}"));
        assert_eq!(known.app(&other), None, "{exe}");
    }
}

#[test]
fn a_desktop_entry_leads_to_the_program() {
    let share = tempfile::tempdir().unwrap();
    let entry = |id: &str, exec: &str| {
        let folder = share.path().join("applications");
        fs::create_dir_all(&folder).unwrap();
        let text = format!("[Desktop Entry]\nType=Application\nName=x\nExec={exec}\n");
        fs::write(folder.join(format!("{id}.desktop")), text).unwrap();
    };
    entry("org.example.Chat", "/opt/chat/chat-launcher %U");
    entry("org.example.Shell", "bash -c \"chat\"");
    let known = programs(&["org.example.Chat", "org.example.Shell"], &[share.path().to_owned()]);
    let by_name = process(9, 1, "/elsewhere/chat-launcher");
    assert_eq!(known.app(&by_name), Some("org.example.chat"));
    assert_eq!(known.app(&process(9, 1, "/usr/bin/bash")), None);
    assert_eq!(known.app(&process(9, 1, "/usr/bin/chat")), None);
}

#[test]
fn a_folder_of_its_own_holds_only_the_apps_programs() {
    let folder = Some(PathBuf::from("/opt/google/chrome"));
    let mut known = Programs::default();
    known.add("chrome", &Program { folder, ..Program::default() });
    assert_eq!(known.app(&process(9, 1, "/opt/google/chrome/chrome_crashpad")), Some("chrome"));
    assert_eq!(known.app(&process(9, 1, "/opt/google/chrome-beta/chrome")), None);
    assert_eq!(known.app(&with_script(9, "/usr/bin/bash", "/usr/bin/chrome")), None);
    let wrapper = with_script(9, "/usr/bin/bash", "/opt/google/chrome/google-chrome");
    assert_eq!(known.app(&wrapper), Some("chrome"));
}

#[test]
fn trees_lines_and_tops_are_told() {
    let mut all = vec![
        process(1, 0, "/sbin/init"),
        process(10, 1, "/bin/app"),
        process(11, 10, "/bin/child"),
        process(12, 11, "/bin/grandchild"),
        process(13, 10, "/bin/other"),
        process(14, 13, "/bin/others-child"),
        process(20, 1, "/bin/else"),
    ];
    for process in &mut all[1..5] {
        process.unit = Some("app-x-1.scope".to_owned());
    }
    let by_pid = all.into_iter().map(|process| (process.pid, process)).collect();
    let processes = Processes { by_pid };
    assert_eq!(processes.tree_of(10, &|_| true), [10, 11, 13, 12, 14]);
    assert_eq!(processes.tree_of(10, &|process| process.pid != 13), [10, 11, 12]);
    assert_eq!(processes.line_of(12), [1, 10, 11, 12].into());
    let tops: Vec<u32> = processes.tops_of("app-x-1.scope").iter().map(|it| it.pid).collect();
    assert_eq!(tops, [10]);
    assert!(processes.get(10, 10).is_some());
    assert!(processes.get(10, 11).is_none(), "another process that got the number later");
}

#[test]
fn this_process_is_among_the_persons_own() {
    let processes = Processes::read(Path::new(PROC));
    let own = std::process::id();
    let myself = processes.iter().find(|process| process.pid == own).unwrap();
    assert!(myself.started > 0);
    assert!(processes.line_of(own).contains(&own));
    assert_eq!(Processes::read_some(Path::new(PROC), &[own]).iter().count(), 1);
}
