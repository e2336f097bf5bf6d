//! Several files: the person's own config, and plans that they took over.

use crate::config::{Config, Installed, Kinds, Mistakes, Source, Whole, parse, parse_all};

fn all(own: &str, plans: &[&str]) -> Result<Whole, Vec<Mistakes>> {
    let names = ["plan-1.toml", "plan-2.toml", "plan-3.toml"];
    let plans: Vec<_> = plans.iter().zip(names).map(|(text, name)| Source { name, text }).collect();
    parse_all(Source { name: "config.toml", text: own }, &plans, &Installed::default())
}

fn config(own: &str, plans: &[&str]) -> Config {
    all(own, plans).unwrap_or_else(|files| panic!("{}", files[0].render(false))).config
}

fn titles(files: &[Mistakes]) -> Vec<(&str, usize, &str)> {
    files
        .iter()
        .flat_map(|file| file.diagnostics.iter().map(|it| (&*file.name, it.line, &*it.title)))
        .collect()
}

const OWN: &str = r#"[[after]]
session = "any"
phases = [{ for = "4h", profile = "settle" }]
[[after]]
session = ["talk", "exam"]
phases = [{ for = "1h", profile = "mine" }]
[[weekly]]
name = "evenings"
days = "daily"
from = "21:30"
until = "07:00"
profile = "mine"
[profiles.mine]
dim = 10
"#;

#[test]
fn a_plan_takes_the_place_of_what_has_its_name() {
    let plan = r#"
        [plan]
        name = "A week"
        [[after]]
        session = "Talk"
        phases = [{ for = "2h", profile = "mine" }]
        [[weekly]]
        name = "evenings"
        days = "sun"
        from = "20:00"
        until = "21:00"
        profile = "mine"
        [profiles.mine]
        dim = 30
    "#;
    let config = config(OWN, &[plan]);
    let kinds: Vec<_> = config.after.iter().map(|rule| rule.session.clone()).collect();
    let these = |kind: &str| Kinds::These([kind.to_owned()].into());
    assert_eq!(kinds, [Kinds::Any, these("exam"), these("talk")]);
    assert_eq!(config.weekly.len(), 1);
    assert_eq!(config.weekly[0].measures.dim, 30);
    assert_eq!(config.profiles["mine"].measures.dim, 30);
}

#[test]
fn without_a_plan_it_is_as_ever_and_a_later_one_counts_for_more() {
    assert_eq!(config(OWN, &[]), parse(OWN, "config.toml").unwrap().config);
    let dim = |dim: u8| format!("[profiles.mine]\ndim = {dim}\n");
    assert_eq!(config(OWN, &[&dim(20), &dim(5)]).profiles["mine"].measures.dim, 5);
    let none = config("", &[&dim(20)]);
    assert_eq!(none.profiles["mine"].measures.dim, 20);
}

#[test]
fn a_mistake_is_told_with_its_own_file_and_line() {
    let plan = "\n\n[profiles.mine]\ndim = 400\n";
    let files = all(OWN, &["[plan]\nname = \"x\"\n", plan]).unwrap_err();
    assert_eq!(titles(&files), [("plan-2.toml", 4, "`dim = 400` is out of range")]);
    let drawn = files[0].render(false);
    assert!(drawn.contains("plan-2.toml:4:7") && drawn.contains("4 | dim = 400"), "{drawn}");
    let files = all("dim = 3\n", &[plan, "what"]).unwrap_err();
    let names: Vec<_> = files.iter().map(|file| &*file.name).collect();
    assert!(names.contains(&"config.toml") && names.contains(&"plan-2.toml"), "{names:?}");
}

#[test]
fn a_plan_says_no_more_than_it_may() {
    let plan = r#"
[never]
apps = ["steam"]
[[place]]
name = "desk"
dock = true
profile = "ease"
[plans]
"#;
    let files = all(OWN, &[plan]).unwrap_err();
    assert_eq!(
        titles(&files),
        [
            ("plan-1.toml", 2, "a plan cannot say \"never\""),
            ("plan-1.toml", 4, "a plan cannot say \"place\""),
            ("plan-1.toml", 8, "unknown key \"plans\" in a plan"),
        ]
    );
    let terminal = "[profiles.x]\nlock = [\"org.gnome.Console\", \"988lifeline.org\"]\n";
    let files = all("", &[terminal]).unwrap_err();
    assert_eq!(
        titles(&files),
        [
            ("plan-1.toml", 2, "\"org.gnome.Console\" can never be locked"),
            ("plan-1.toml", 2, "\"988lifeline.org\" can never be locked"),
        ]
    );
    assert_eq!(files[0].diagnostics[0].label, "a terminal");
}

#[test]
fn what_the_person_keeps_open_stays_open_whatever_a_plan_says() {
    let plan = "[profiles.x]\nlock = [\"steam\", \"reddit.com\"]\n";
    let whole = all("[never]\napps = [\"Steam\"]\n", &[plan]).unwrap();
    assert_eq!(whole.config.profiles["x"].measures.lock.apps.len(), 0);
    assert_eq!(whole.config.profiles["x"].measures.lock.sites.len(), 1);
    let said = titles(&whole.warnings);
    assert_eq!((said.len(), said[0].0, said[0].1), (1, "plan-1.toml", 2));
}

#[test]
fn what_is_clamped_is_a_warning_in_the_plans_own_file() {
    let plan = "[[after]]\nsession = \"x\"\nphases = [{ for = \"100h\", profile = \"settle\" }]\n";
    let whole = all(OWN, &[plan]).unwrap();
    let said = titles(&whole.warnings);
    assert_eq!((said[0].0, said[0].1), ("plan-1.toml", 3));
    assert!(said[0].2.contains("72 hours"), "{said:?}");
}

#[test]
fn what_a_plan_says_of_itself_is_bounded() {
    let long = format!("[plan]\nname = \"{}\"\n", "x".repeat(101));
    assert_eq!(titles(&all("", &[&long]).unwrap_err())[0].1, 2);
    let large = format!("#{}\n", "x".repeat(700_000));
    assert!(all(&large, &[&large]).is_ok());
    assert!(all(&large, &[&large, &large]).is_err());
    let mark = "\u{feff}[plan]\nname = \"x\"\n";
    assert_eq!(all(OWN, &[mark]).unwrap().plans[0].name.as_deref(), Some("x"));
}

#[test]
fn a_plan_may_suggest_breaks() {
    let plan = "[breaks]\nevery = \"30m\"\nfor = \"5m\"\n";
    let whole = all("[breaks]\nevery = \"1h\"\nfor = \"1m\"\n", &[plan]).unwrap();
    assert!(whole.plans[0].breaks && !whole.plans[0].is_empty());
    assert_eq!(whole.config.breaks.unwrap().breaks.every.as_mins(), 30);
}
