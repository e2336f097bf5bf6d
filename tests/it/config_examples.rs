//! Everything a person may copy is valid: each TOML block of the README, each file in `config/`, each line in them that
//! is commented out as an example.

use std::{
    fs,
    path::{Path, PathBuf},
};

use quietd::config::{Config, Installed, Kinds, Parsed, Source, parse, parse_all};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Parses a text; a warning is as bad as a mistake in something people copy.
fn flawless(text: &str, name: &str) -> Config {
    match parse(text, name) {
        Ok(Parsed { config, warnings, .. }) => {
            let drawn = quietd::config::render_warnings(name, text, &warnings, false);
            assert!(warnings.is_empty(), "{drawn}");
            config
        }
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

/// Takes the `#` from lines in which no space follows it.
fn with_examples(text: &str) -> String {
    let line = |line: &str| match line.trim_start().strip_prefix('#') {
        Some(example) if !example.is_empty() && !example.starts_with([' ', '#']) => {
            example.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

fn config_files() -> Vec<PathBuf> {
    let mut folders = vec![root().join("config")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn toml_blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in markdown.lines() {
        match (&mut open, line.trim_start()) {
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), _) => block.extend([line, "\n"]),
            (None, "```toml") => open = Some(String::new()),
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}

#[test]
fn every_file_in_config_is_valid() {
    let files = config_files();
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap()).collect();
    for expected in
        ["after-a-talk.toml", "builtin.toml", "quiet-day.toml", "quiet-evening.toml", "quietd.toml"]
    {
        assert!(names.iter().any(|name| *name == expected), "{expected} is missing: {names:?}");
    }
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        flawless(&text, &path.display().to_string());
    }
}

#[test]
fn every_example_in_them_is_valid_once_it_is_no_longer_commented_out() {
    let mut changed = 0;
    for path in config_files() {
        let text = fs::read_to_string(&path).unwrap();
        let examples = with_examples(&text);
        changed += usize::from(examples != text);
        flawless(&examples, &path.display().to_string());
    }
    assert!(changed >= 2, "the starter and a ready profile have examples");
}

#[test]
fn the_starter_has_the_phases_of_the_built_in_profiles_and_shows_every_key() {
    let text = fs::read_to_string(root().join("config/quietd.toml")).unwrap();
    let config = flawless(&text, "quietd.toml");
    let [rule] = config.after.as_slice() else { panic!("{:?}", config.after) };
    assert_eq!(rule.session, Kinds::Any);
    let phases: Vec<_> =
        rule.phases.iter().map(|phase| (phase.lasts.as_hours(), phase.profile.as_str())).collect();
    assert_eq!(phases, [(4, "settle"), (20, "quiet"), (48, "ease")]);
    assert!(config.weekly.is_empty() && config.places.is_empty());

    let config = flawless(&with_examples(&text), "quietd.toml");
    assert_eq!((config.after.len(), config.weekly.len(), config.places.len()), (2, 2, 3));
    for key in [
        "session",
        "phases",
        "for",
        "profile",
        "name",
        "days",
        "from",
        "until",
        "network",
        "monitor",
        "dock",
        "notifications",
        "dim",
        "warmth",
        "greyscale",
        "lock",
        "wait",
        "breaks",
        "every",
        "a-day",
        "hours",
        "apps",
        "sites",
        "categories",
    ] {
        assert!(text.contains(&format!("{key} = ")), "{key} is not shown");
    }
}

#[test]
fn ready_profiles_are_whole_and_say_what_is_judgement() {
    for path in config_files().iter().filter(|path| path.parent().unwrap().ends_with("profiles")) {
        let text = fs::read_to_string(path).unwrap();
        let config = flawless(&text, &path.display().to_string());
        assert!(!config.after.is_empty(), "{}", path.display());
        for rule in &config.after {
            for phase in &rule.phases {
                let own = format!("[profiles.{}]", phase.profile);
                assert!(text.contains(&own), "{}: {own} is not in it", path.display());
            }
        }
        assert!(text.contains("judgement"), "{}", path.display());
        let words = text.to_lowercase();
        for word in
            ["treatment", "therap", "ketamin", "patient", "clinic", "dose", "symptom", "heal"]
        {
            assert!(!words.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn every_toml_block_of_the_readme_is_valid() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let blocks = toml_blocks(&readme);
    assert_eq!(blocks.len(), readme.matches("```toml\n").count(), "each block is found");
    for (number, block) in blocks.iter().enumerate() {
        flawless(block, &format!("README.md, block {}", number + 1));
    }
}

#[test]
fn every_plan_in_the_readme_would_be_taken_over() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let plans: Vec<&str> = readme
        .split("```toml plan\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(!plans.is_empty());
    for text in plans {
        let own = Source { name: "config.toml", text: "" };
        let plan = Source { name: "README.md", text };
        let whole = parse_all(own, &[plan], &Installed::default());
        let whole = whole.unwrap_or_else(|files| panic!("{}", files[0].render(false)));
        assert!(whole.plans[0].name.is_some());
        let warned: Vec<String> = whole.warnings.iter().map(|file| file.render(false)).collect();
        assert!(warned.is_empty(), "{warned:?}");
    }
}
