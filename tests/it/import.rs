//! `quietctl import` and the daemon: a plan of somebody else's, taken over and taken away.

use std::fs;

use crate::house::House;

const OWN: &str = r#"
[[after]]
session = "any"
phases = [{ for = "4h", profile = "mine" }]
[profiles.mine]
notifications = "urgent"
"#;

const PLAN: &str = r#"
[plan]
name = "A quiet week"
from = "the practice"
[[after]]
session = "any"
phases = [{ for = "2h", profile = "theirs" }]
[profiles.theirs]
notifications = "batched"
"#;

/// Two windows that meet, noon and midnight.
const ALL_WEEK: &str = r#"
[[weekly]]
name = "am"
days = "daily"
from = "00:00"
until = "12:00"
profile = "x"
[[weekly]]
name = "pm"
days = "daily"
from = "12:00"
until = "00:00"
profile = "x"
[profiles.x]
notifications = "urgent"
lock = ["@news"]
"#;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

async fn run(house: &House, arguments: &[&str]) -> Ran {
    let output = house.quietctl(arguments).await;
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file beside the home's config that is not in force.
fn plan(house: &House, text: &str) -> String {
    let path = house.path("from-them.toml");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

async fn start(house: &House) -> Result<String, zbus::Error> {
    let started: Result<String, _> = house.quiet().call("Start", &("theirs", 60_000_000_u64)).await;
    started.map_err(|error| zbus::Error::Failure(error.to_string()))
}

#[tokio::test]
async fn a_plan_counts_after_a_yes_and_no_longer_once_it_is_taken_away() {
    let house = House::new().await;
    house.write_config(OWN);
    let file = plan(&house, PLAN);
    let quietd = house.start().await;
    let kept = house.path(".config/quietd/plans/plan-1.toml");

    let asked = run(&house, &["import", &file]).await;
    assert_eq!(asked.code, 2, "{}", asked.err);
    assert!(asked.err.contains("nobody here to say yes") && asked.err.contains("--yes"));
    let looked = run(&house, &["import", &file, "--dry-run"]).await;
    assert_eq!(looked.code, 0, "{}", looked.err);
    assert!(looked.out.starts_with("A quiet week, from the practice\n"), "{}", looked.out);
    assert!(looked.out.contains("Before: mine for 4 hours"), "{}", looked.out);
    assert!(!kept.exists());
    assert!(start(&house).await.is_err(), "nothing was changed");

    let taken = run(&house, &["import", &file, "--yes"]).await;
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert!(taken.out.contains("~/.config/quietd/plans/plan-1.toml"), "{}", taken.out);
    assert_eq!(fs::read_to_string(&kept).unwrap(), PLAN);
    assert!(start(&house).await.is_ok(), "it counts at once");
    assert_eq!(fs::read_to_string(house.path(".config/quietd/config.toml")).unwrap(), OWN);
    let again = run(&house, &["import", &file, "--yes", "--format", "json"]).await;
    assert!(again.out.contains("\"same\"") && !again.out.contains("\"replaced\""), "{}", again.out);
    assert!(again.out.contains("plan-1.toml"), "the same plan keeps its file: {}", again.out);
    assert!(run(&house, &["import"]).await.out.contains("A quiet week, from the practice"));
    assert!(run(&house, &["check"]).await.out.contains("with the plan beside it"));

    let gone = run(&house, &["import", "--remove", "a quiet week"]).await;
    assert_eq!(gone.code, 0, "{}", gone.err);
    assert!(!kept.exists() && start(&house).await.is_err());
    assert_eq!(run(&house, &["import", "--remove", "plan-1"]).await.code, 1);
    quietd.stop().await;
}

#[tokio::test]
async fn what_a_plan_may_not_do_is_refused_by_name() {
    let house = House::new().await;
    house.write_config(OWN);
    for (text, why) in [
        (
            "[profiles.x]\nlock = [\"org.gnome.Console\"]\n",
            "\"org.gnome.Console\" can never be locked",
        ),
        ("[profiles.x]\nlock = [\"us.zoom.Zoom\"]\n", "can never be locked"),
        (
            "[[after]]\nsession = \"any\"\nphases = [{ for = \"5000h\", profile = \"settle\" }]\n",
            "72 hours after a session at the latest",
        ),
        (ALL_WEEK, "the windows of \"am\" and \"pm\" leave no hour open"),
        ("[profiles.x]\ndim = 90\n", "`dim = 90` is taken as 75"),
        ("[never]\napps = [\"steam\"]\n", "a plan cannot say \"never\""),
        ("[profiles.x\n", "a heading is not closed"),
        ("# nothing\n", "a plan of nothing"),
        ("\0\0\0", ""),
    ] {
        let file = plan(&house, text);
        let refused = run(&house, &["import", &file, "--yes"]).await;
        assert_eq!(refused.code, 1, "{text}: {}", refused.err);
        assert!(refused.err.contains(why), "{text}: {}", refused.err);
        assert!(!house.path(".config/quietd/plans").exists(), "{text}");
    }
    let file = plan(&house, &"x".repeat(2_000_000));
    assert_eq!(run(&house, &["import", &file, "--yes"]).await.code, 2);
    assert_eq!(run(&house, &["import", "/nowhere.toml", "--yes"]).await.code, 2);
}

#[tokio::test]
async fn a_broken_plan_never_replaces_what_is_good() {
    let house = House::new().await;
    house.write_config(OWN);
    let plans = house.path(".config/quietd/plans");
    fs::create_dir_all(&plans).unwrap();
    fs::write(plans.join("plan-1.toml"), PLAN).unwrap();
    fs::write(plans.join("plan-2.toml"), "[profiles.broken\n").unwrap();
    let quietd = house.start().await;
    let error: String = house.get("ConfigError").await;
    assert!(error.contains("~/.config/quietd/plans/plan-2.toml, line 1"), "{error}");
    assert!(start(&house).await.is_ok(), "the sound one counts from the start");
    house.quiet().call::<_, ()>("Off", &()).await.unwrap();

    fs::write(plans.join("plan-1.toml"), "what = 1\n").unwrap();
    let told = async || house.get::<String>("ConfigError").await.contains("plan-1.toml");
    house.until("the plan is read again", told).await;
    assert!(start(&house).await.is_ok(), "what was in use stays");
    fs::remove_file(plans.join("plan-1.toml")).unwrap();
    fs::remove_file(plans.join("plan-2.toml")).unwrap();
    house
        .until("it is whole again", async || house.get::<String>("ConfigError").await.is_empty())
        .await;
    assert!(start(&house).await.is_err(), "and the plan is gone");
    quietd.stop().await;
}
