use super::*;

fn process(pid: u32, parent: u32, exe: &str, unit: &str) -> Process {
    let unit = Some(unit.to_owned());
    Process { pid, parent, started: 7, exe: exe.into(), unit, ..Process::default() }
}

fn programs(apps: &[&str]) -> Programs {
    Programs::of(&[], &apps.iter().map(|app| plain(app)).collect())
}

const TERMINAL: &str = "app-org.kde.konsole-5.scope";
const SESSION: &str = "session-2.scope";

#[test]
fn a_child_of_the_window_manager_is_adopted_with_its_tree() {
    let processes = Processes::from_iter([
        process(5, 1, "/usr/bin/sway", SESSION),
        process(10, 5, "/usr/bin/discord", SESSION),
        process(11, 10, "/usr/bin/discord", SESSION),
        process(12, 10, "/usr/bin/helper", SESSION),
        process(13, 12, "/usr/bin/foot", SESSION),
        process(14, 10, "/usr/bin/slack", SESSION),
        process(15, 10, "/usr/bin/else", "app-else-3.scope"),
        process(16, 10, "/usr/bin/gpg-agent", SESSION),
        process(20, 5, "/usr/bin/other", SESSION),
    ]);
    let known = programs(&["discord", "slack"]);
    let choice = choose(&processes, &known, &BTreeSet::new());
    assert_eq!(choice.units, BTreeSet::new());
    let scopes: Vec<&str> = choice.adopt.iter().map(|it| it.scope.as_str()).collect();
    assert_eq!(scopes, ["app-quietd-discord-10.scope", "app-quietd-slack-14.scope"]);
    let scope = scope_of(&choice.adopt[0], &processes, &known, &BTreeSet::new()).unwrap();
    assert_eq!(scope.pids, [10, 11, 12]);
}

#[test]
fn one_in_its_own_unit_needs_nothing() {
    let processes = Processes::from_iter([
        process(10, 1, "/usr/bin/discord", "app-gnome-discord-10.scope"),
        process(11, 1, "/usr/bin/discord", "app-quietd-discord-11.scope"),
    ]);
    assert_eq!(choose(&processes, &programs(&["discord"]), &BTreeSet::new()), Choice::default());
}

#[test]
fn what_the_bus_started_for_others_goes_on() {
    let search = "dbus-:1.2-org.example.Notes.SearchProvider@1.service";
    let itself = "dbus-:1.2-org.example.Notes@2.service";
    let named = "dbus-:1.2-notes.app@3.service";
    let processes = Processes::from_iter([
        process(10, 1, "/usr/bin/notes", search),
        process(20, 1, "/usr/bin/notes", itself),
        process(30, 1, "/usr/bin/notes", named),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let entries = folder.path().join("applications");
    std::fs::create_dir(&entries).unwrap();
    for (id, exec) in [("org.example.Notes", "notes"), ("notes.app", "other")] {
        let text = format!("[Desktop Entry]\nType=Application\nName=Notes\nExec={exec}\n");
        std::fs::write(entries.join(format!("{id}.desktop")), text).unwrap();
    }
    let apps = BTreeSet::from(["notes".to_owned()]);
    let programs = Programs::of(&[folder.path().to_owned()], &apps);
    let choice = choose(&processes, &programs, &BTreeSet::new());
    assert_eq!(choice.units, BTreeSet::from([itself.to_owned(), named.to_owned()]));
    assert_eq!(choice.adopt, []);
}

#[test]
fn one_in_a_terminal_or_in_anothers_unit_is_taken_out_of_it() {
    let processes = Processes::from_iter([
        process(5, 1, "/usr/bin/konsole", TERMINAL),
        process(6, 5, "/usr/bin/bash", TERMINAL),
        process(10, 6, "/usr/bin/discord", TERMINAL),
        process(20, 1, "/usr/bin/mail", "app-mail-20.scope"),
        process(21, 20, "/usr/bin/discord", "app-mail-20.scope"),
    ]);
    let choice = choose(&processes, &programs(&["discord"]), &BTreeSet::new());
    assert_eq!(choice.units, BTreeSet::new());
    assert_eq!(choice.adopt.iter().map(|it| it.pid).collect::<Vec<_>>(), [10, 21]);
}

#[test]
fn a_unit_with_nothing_else_in_it_is_frozen_as_it_is() {
    let processes = Processes::from_iter([
        process(10, 1, "/usr/bin/discord", "app-niri-launcher-9.scope"),
        process(11, 10, "/usr/bin/helper", "app-niri-launcher-9.scope"),
        process(30, 1, "/usr/bin/bwrap", "app-flatpak-com.discordapp.Discord-30.scope"),
        process(31, 30, "/app/discord/Discord", "app-flatpak-com.discordapp.Discord-30.scope"),
        // Left behind alone by the terminal it was started from: the unit is still the terminal's.
        process(40, 1, "/usr/bin/discord", TERMINAL),
    ]);
    let choice = choose(&processes, &programs(&["discord"]), &BTreeSet::new());
    let units: Vec<&str> = choice.units.iter().map(String::as_str).collect();
    assert_eq!(units, ["app-flatpak-com.discordapp.Discord-30.scope", "app-niri-launcher-9.scope"]);
    assert_eq!(choice.adopt.iter().map(|it| it.pid).collect::<Vec<_>>(), [40]);
}

#[test]
fn we_and_those_we_came_from_are_left_alone() {
    let processes = Processes::from_iter([
        process(10, 1, "/usr/bin/discord", SESSION),
        process(11, 10, "/usr/bin/bash", SESSION),
        process(12, 10, "/usr/bin/helper", SESSION),
    ]);
    let known = programs(&["discord"]);
    let choice = choose(&processes, &known, &[10, 11].into());
    assert_eq!(choice, Choice::default());
    let adoption = choose(&processes, &known, &[11].into()).adopt.remove(0);
    let scope = scope_of(&adoption, &processes, &known, &[11].into()).unwrap();
    assert_eq!(scope.pids, [10, 12]);
    assert!(ourselves(Path::new("/proc")).contains(&std::process::id()));
}

#[test]
fn an_adoption_is_of_one_process_and_done_once() {
    let known = programs(&["discord"]);
    let before = Processes::from_iter([process(10, 1, "/usr/bin/discord", SESSION)]);
    let adoption = choose(&before, &known, &BTreeSet::new()).adopt.remove(0);
    let later =
        |process| scope_of(&adoption, &Processes::from_iter([process]), &known, &BTreeSet::new());
    let same_number = Process { started: 8, ..process(10, 1, "/usr/bin/innocent", SESSION) };
    assert_eq!(later(same_number), None);
    assert_eq!(later(process(10, 1, "/usr/bin/discord", "app-quietd-discord-10.scope")), None);
    assert_eq!(later(process(10, 1, "/usr/bin/discord", SESSION)).unwrap().pids, [10]);
}

#[test]
fn what_is_never_frozen_is_moved_out_of_a_unit() {
    let unit = "app-gnome-thunderbird-10.scope";
    let processes = Processes::from_iter([
        process(10, 1, "/usr/bin/thunderbird", unit),
        process(11, 1, "/usr/bin/gpg-agent", unit),
        process(12, 11, "/usr/lib/gnupg/scdaemon", unit),
        process(13, 10, "/usr/bin/foot", unit),
        process(14, 13, "/usr/bin/bash", unit),
        // The user manager's child before it is the app.
        process(15, 1, "/usr/lib/systemd/systemd-executor", unit),
    ]);
    let scopes = spared_among(&processes);
    let told: Vec<_> = scopes.iter().map(|it| (it.name.as_str(), it.pids.as_slice())).collect();
    assert_eq!(
        told,
        [
            ("app-quietd-gpg\\x2dagent-11.scope", &[11, 12][..]),
            ("app-quietd-foot-13.scope", &[13, 14][..]),
        ]
    );
}

#[test]
fn what_began_during_the_move_gets_a_scope_beside_it() {
    let known = programs(&["discord"]);
    let before = Processes::from_iter([
        process(6, 1, "/usr/bin/bash", TERMINAL),
        process(10, 6, "/usr/bin/discord", TERMINAL),
    ]);
    let adoption = choose(&before, &known, &BTreeSet::new()).adopt.remove(0);
    let moved = "app-quietd-discord-10.scope";
    let after = Processes::from_iter([
        process(6, 1, "/usr/bin/bash", TERMINAL),
        process(10, 6, "/usr/bin/discord", moved),
        process(11, 10, "/usr/bin/helper", moved),
        process(12, 10, "/usr/bin/helper", TERMINAL),
        process(13, 10, "/usr/bin/else", "app-else-1.scope"),
    ]);
    let scope = scope_of(&adoption, &after, &known, &BTreeSet::new()).unwrap();
    assert_eq!(scope.name, "app-quietd-discord-12.scope");
    assert_eq!(scope.pids, [12]);
}
