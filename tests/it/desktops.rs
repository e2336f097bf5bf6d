//! `docs/desktops.md`, made of the registry.

use std::{fmt::Write as _, fs, path::Path};

use quietd::{
    backend::{Environment, Known, REGISTRY, Row},
    plan::Measure,
};

/// The page is what the registry says; a new one lies ready where they differ.
#[test]
fn the_page_is_what_the_registry_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = page();
    if fs::read_to_string(root.join("docs/desktops.md")).unwrap_or_default() != page {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("desktops.md");
        fs::write(&new, page).unwrap();
        panic!(
            "docs/desktops.md is not what the registry says. To bring it up to date:\n  cp {} docs/desktops.md",
            new.display()
        );
    }
}

/// Who says that the real thing was seen has a case of the lab that shows it.
#[test]
fn what_was_seen_on_the_real_thing_has_a_case_in_the_lab() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/cases");
    let mut without = Vec::new();
    for row in REGISTRY {
        for (environment, known) in row.seen {
            let shown = cases_of(*environment).iter().any(|case| cases.join(case).exists());
            if matches!(known, Known::Real(_)) && !shown {
                without.push(format!("{} on {}", row.id, environment.name()));
            }
        }
    }
    assert_eq!(without, [""; 0]);
}

/// Every row serves somewhere, and no desktop is named twice in one.
#[test]
fn every_row_names_its_desktops_once_and_in_order() {
    for row in REGISTRY {
        let order: Vec<_> = row.seen.iter().map(|(environment, _)| environment).collect();
        assert!(!order.is_empty(), "{} serves nowhere", row.id);
        assert!(order.is_sorted_by(|one, next| one < next), "{}: {order:?}", row.id);
    }
}

fn cases_of(environment: Environment) -> &'static [&'static str] {
    match environment {
        Environment::Gnome43 | Environment::Gnome47 | Environment::Gnome49 => {
            &["gnome", "gnome-x11", "browsers"]
        }
        // The newer one on a newer Debian: `tests/run newer`.
        Environment::Plasma5 | Environment::Plasma6 => &["kde", "kde-backlight"],
        Environment::Sway => &["sway-dunst", "sway-mako", "sway-swaync"],
        Environment::Xfce => &["x11-xfce"],
        Environment::X11 => &["x11-dunst", "x11-xfce"],
        Environment::Cinnamon => &["cinnamon"],
        Environment::Mate => &["x11-mate"],
        Environment::Budgie => &["x11-budgie"],
        Environment::Lxqt => &["x11-lxqt"],
        _ => &[],
    }
}

fn page() -> String {
    let mut out = String::from(
        "# Desktops\n\n\
         What serves each measure where. Made of the registry (`src/backend/registry.rs`) and held to it by a test; \
         `quietctl doctor` says the same of the desktop it runs on. Where several are named, the first that is there \
         serves.\n\n\
         - **seen**: a case of the lab ran quietd on the real thing, of the version named below, and read back what \
         it did from the desktop itself\n\
         - **stand-in**: it passes every check of the contract against a stand-in that behaves as the service was seen \
         or read to; it was not run on the real thing\n\
         - **source**: known from the service's source, or from its being the same elsewhere\n\n",
    );
    let measures: Vec<Measure> = Measure::ALL
        .into_iter()
        .filter(|measure| REGISTRY.iter().any(|row| row.measures.contains(measure)))
        .collect();
    out.push('|');
    for title in std::iter::once("desktop").chain(measures.iter().map(|measure| measure.name())) {
        write!(out, " {title} |").unwrap();
    }
    out.push_str("\n|");
    out.push_str(&"---|".repeat(measures.len() + 1));
    out.push('\n');
    for environment in Environment::ALL {
        write!(out, "| {} |", environment.name()).unwrap();
        for measure in &measures {
            write!(out, " {} |", cell(environment, *measure)).unwrap();
        }
        out.push('\n');
    }
    out.push_str("\n## What each of them is\n\n| name | serves | versions | seen on | what it cannot do |\n|---|---|---|---|---|\n");
    for row in REGISTRY {
        let measures: Vec<_> = row.measures.iter().map(|measure| measure.name()).collect();
        writeln!(
            out,
            "| {} (`{}`) | {} | {} | {} | {} |",
            row.title,
            row.id,
            measures.join(", "),
            or_dash(row.since),
            or_dash(&seen(row)),
            or_dash(row.cannot),
        )
        .unwrap();
    }
    out
}

fn cell(environment: Environment, measure: Measure) -> String {
    let ways: Vec<String> = REGISTRY
        .iter()
        .filter(|row| row.measures.contains(&measure))
        .filter_map(|row| {
            let (_, known) = row.seen.iter().find(|(of, _)| *of == environment)?;
            let how = match known {
                Known::Real(_) => "**seen**",
                Known::StandIn => "stand-in",
                Known::Source => "source",
            };
            Some(format!("{}: {how}", row.title))
        })
        .collect();
    or_dash(&ways.join("<br>")).to_owned()
}

/// The versions it was seen with, each once.
fn seen(row: &Row) -> String {
    let mut versions: Vec<&str> = Vec::new();
    for (_, known) in row.seen {
        if let Known::Real(version) = known
            && !versions.contains(version)
        {
            versions.push(version);
        }
    }
    versions.join(", ")
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}
