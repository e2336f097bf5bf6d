//! Groups by the menu's categories, with the real daemon; and `quietctl groups`, which needs none.

use quietd::standin::Systemd;

use crate::{house::House, quiet_stand_in::Desk};

const PLAY: &str = r#"
[[after]]
session = "any"
phases = [{ for = "4h", profile = "rest" }]
[profiles.rest]
lock = ["@play"]
[groups.play]
categories = ["Game"]
[never]
apps = ["org.example.Mine"]
"#;

const CHESS: &str = "app-gnome-org.example.Chess-1.scope";
const MUD: &str = "app-gnome-org.example.Mud-2.scope";
const MINE: &str = "app-gnome-org.example.Mine-3.scope";

fn install(house: &House, id: &str, categories: &str) {
    let folder = house.path(".local/share/applications");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "[Desktop Entry]\nType=Application\nName=x\nExec=/nowhere/{id}\nCategories={categories}\n"
    );
    // As package managers do: complete at once.
    let file = folder.join(format!(".{id}.new"));
    std::fs::write(&file, text).unwrap();
    std::fs::rename(file, folder.join(format!("{id}.desktop"))).unwrap();
}

async fn log(house: &House) {
    let no_options = std::collections::HashMap::<&str, zbus::Variant<'_>>::new();
    let _: String =
        house.quiet().call("LogSession", &("a long day", 0_u64, no_options)).await.unwrap();
}

#[tokio::test]
async fn a_game_that_is_installed_later_counts_at_once_and_stays_locked_over_a_crash() {
    let house = House::new().await;
    house.write_config(PLAY);
    let systemd = Systemd::start(house.bus.address(), &house.path("sys")).await.unwrap();
    for unit in [CHESS, MUD, MINE] {
        systemd.start_unit(unit, &[]).await.unwrap();
    }
    install(&house, "org.example.Mud", "Game;TerminalEmulator;");
    install(&house, "org.example.Mine", "Game;");
    let quietd = house.start().await;
    log(&house).await;
    assert!(!systemd.is_frozen(CHESS));

    install(&house, "org.example.Chess", "Game;BoardGame;");
    house.until("the game is locked", async || systemd.is_frozen(CHESS)).await;
    assert!(!systemd.is_frozen(MUD), "a terminal is never locked");
    assert!(!systemd.is_frozen(MINE), "nor is what stands under [never]");

    quietd.kill().await;
    let quietd = house.start().await;
    assert!(systemd.is_frozen(CHESS));
    let calls = systemd.calls();
    assert!(!calls.iter().any(|call| call.contains("ThawUnit")), "{calls:?}");

    std::fs::remove_file(house.path(".local/share/applications/org.example.Chess.desktop"))
        .unwrap();
    house.until("it is open again", async || !systemd.is_frozen(CHESS)).await;
    quietd.stop().await;
}

#[tokio::test]
async fn groups_are_shown_without_the_daemon() {
    let desk = Desk::without_daemon();
    let all = desk.run(&["groups"]).await;
    assert_eq!(all.code, 0, "{all:?}");
    for group in ["@chat", "@games", "@mail", "@news", "@shopping", "@social", "@video", "@work"] {
        assert!(all.out.contains(group), "{group}: {}", all.out);
    }
    desk.write(
        ".local/share/applications/org.example.Chess.desktop",
        "[Desktop Entry]\nType=Application\nName=Chess by Example\nCategories=Game;\n",
    );
    let games = desk.run(&["groups", "@games"]).await;
    assert!(games.out.contains("Chess by Example (org.example.Chess, by its"), "{}", games.out);
    assert!(games.out.contains("quiet, settle"), "{}", games.out);
    let json = desk.run(&["groups", "games", "--format", "json"]).await.json();
    assert_eq!((&json["name"], &json["written"]), (&"games".into(), &"built-in".into()));
    assert_eq!(desk.run(&["groups", "--format", "json"]).await.json().as_array().unwrap().len(), 8);

    // What is pasted and changed is then the person's.
    let toml = desk.run(&["groups", "games", "--toml"]).await;
    assert!(toml.out.contains("[groups.games]") && toml.out.contains("# Every"), "{}", toml.out);
    desk.write(".config/quietd/config.toml", &toml.out.replace("\"chess.com\",", ""));
    let json = desk.run(&["groups", "games", "--format", "json"]).await.json();
    assert_eq!(json["written"], "config");
    assert!(!json["sites"].as_array().unwrap().contains(&"chess.com".into()));

    let unknown = desk.run(&["groups", "gmaes"]).await;
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("Did you mean «games»?"), "{}", unknown.err);
    assert_eq!(desk.run(&["groups", "--toml"]).await.code, 2);
    desk.write(".config/quietd/config.toml", "[groups.a]\nappps = []\n");
    let broken = desk.run(&["groups"]).await;
    assert_eq!(broken.code, 1);
    assert!(broken.err.contains("quietctl check"), "{}", broken.err);
}
