//! How mistakes and warnings look: what is not TOML, what does less than is written, and the drawing itself.

use insta::assert_snapshot;

use crate::config::{Diagnostic, Parsed, parse, render_warnings};

fn drawn(text: &str) -> String {
    parse(text, "config.toml").unwrap_err().render(false)
}

#[test]
fn what_is_not_toml() {
    assert_snapshot!(drawn(r#"[[after]]
session = any
phases = [
  { for = "4h" profile = "settle" },
  { for = "20h", profile = "quite" },
]

[profiles.mine]
dim 40
dim = 400
dim = 40
"#), @r#"
    error: text stands without quotes
     --> config.toml:2:11
      |
    2 | session = any
      |           ^^^ not in quotes
      |
      = help: Write it as "any".

    error: a comma is missing
     --> config.toml:4:16
      |
    4 |   { for = "4h" profile = "settle" },
      |                ^ a comma belongs here
      |
      = help: Write a comma between the two.

    error: a key has no value
     --> config.toml:9:5
      |
    9 | dim 40
      |     ^ a value is missing
      |
      = help: Write `key = value`; text goes between quotes.

    3 mistakes in config.toml.
    "#);
}

#[test]
fn a_list_that_is_never_closed_hides_what_follows_and_not_what_precedes() {
    assert_snapshot!(drawn(r#"[profiles.mine]
dim = 400

[[after]]
session = "any"
phases = [
  { for = "4h", profile = "settle" },

[[weekly]]
name = "evenings"
days = ["sun-thu"]
"#), @r#"
    error: `dim = 400` is out of range
     --> config.toml:2:7
      |
    2 | dim = 400
      |       ^^^ `dim` takes whole percent from 0 to 75
      |
      = help: Write for example `dim = 40`.

    error: a list is opened and never closed
     --> config.toml:6:10
      |
    6 | phases = [
      |          ^ opened here
      |
      = help: Write `]` where it ends.

    2 mistakes in config.toml.
    "#);
}

#[test]
fn quotes_that_are_missing() {
    assert_snapshot!(drawn(r#"[[place]]
name = "bedroom
network = "Bedroom"
profile = 'ease"
[groups.x]
apps = ["a, "b"]
"#), @r#"
    error: text has no closing quote
     --> config.toml:2:16
      |
    2 | name = "bedroom
      |                ^ a quote is missing
      |
      = help: Write text between two quotes, on one line.

    error: text has no closing quote
     --> config.toml:4:17
      |
    4 | profile = 'ease"
      |                 ^ a quote is missing
      |
      = help: Write text between two quotes, on one line.

    error: a comma is missing
     --> config.toml:6:14
      |
    6 | apps = ["a, "b"]
      |              ^ a comma belongs here
      |
      = help: Write a comma between the two.

    3 mistakes in config.toml.
    "#);
}

#[test]
fn what_is_valid_and_does_less_than_is_written() {
    let text = r#"[[after]]
session = "any"
phases = [
  { for = "4h", profile = "ease" },
  { for = "20h", profile = "dark" },
  { for = "5000h", profile = "dark" },
]

[profiles.dark]
notifications = "urgent"
dim = 90
warmth = 8000
lock = ["@social", "@news"]
wait = "30s"
breaks = { every = "15m", for = "5m" }

[never]
sites = ["old.reddit.com"]
"#;
    let Parsed { warnings, .. } = parse(text, "config.toml").unwrap();
    assert_snapshot!(render_warnings("config.toml", text, &warnings, false), @r#"
    warning: phase 2 would be stricter than the phase before it
     --> config.toml:5:28
      |
    5 |   { for = "20h", profile = "dark" },
      |                            ^^^^^^ stricter than "ease"
      |
      = help: Phases only ease off, so this is kept as it is in the phase before: notifications, dim (10, not 75), lock ("4chan.org" and 64 more stay open), wait (10s, not 30s), breaks.

    warning: quiet ends 14 days after a session at the latest
     --> config.toml:6:11
      |
    6 |   { for = "5000h", profile = "dark" },
      |           ^^^^^^^ this phase would end 209 days 8h after it
      |
      = help: What is written beyond that is left out.

    warning: the strong part of "dark" ends 72 hours after a session at the latest
     --> config.toml:6:11
      |
    6 |   { for = "5000h", profile = "dark" },
      |           ^^^^^^^ this phase ends 209 days 8h after it
      |
      = help: From then on nothing is locked and notifications come in batches; dim, warmth and breaks stay.

    warning: `dim = 90` is taken as 75
      --> config.toml:11:7
       |
    11 | dim = 90
       |       ^^ a quarter of the light always stays
       |
       = help: Write 75 or less.

    warning: `warmth = 8000` does not warm anything
      --> config.toml:12:10
       |
    12 | warmth = 8000
       |          ^^^^ colder than daylight
       |
       = help: Write less than 6500, or take the line out.

    warning: "reddit.com" stays open as well
      --> config.toml:18:10
       |
    18 | sites = ["old.reddit.com"]
       |          ^^^^^^^^^^^^^^^^ "old.reddit.com" is part of it
       |
       = help: A site is locked with all its subdomains, so one of which a part must stay open is not locked.

    6 warnings in config.toml.
    "#);
}

#[test]
fn the_summary_is_one_line() {
    let summary = |text| parse(text, "~/.config/quietd/config.toml").unwrap_err().summary();
    assert_snapshot!(
        summary("[profiles.a]\ndim = 140\n"),
        @"1 mistake in ~/.config/quietd/config.toml, line 2: `dim = 140` is out of range"
    );
    assert_snapshot!(
        summary("\n\n[profiles.a]\ndim = 140\nwait = 3\n"),
        @"2 mistakes in ~/.config/quietd/config.toml; the first, in line 4: `dim = 140` is out of range"
    );
}

#[test]
fn colour_changes_nothing_but_colour() {
    let mistakes = parse("[profiles.a]\ndim = 140\n", "config.toml").unwrap_err();
    let coloured = mistakes.render(true);
    assert!(coloured.contains("\u{1b}["));
    let mut parts = coloured.split("\u{1b}[");
    let mut plain = parts.next().unwrap().to_owned();
    parts.for_each(|part| plain.push_str(part.split_once('m').unwrap().1));
    assert_eq!(plain, mistakes.render(false));
}

#[test]
fn mistakes_are_told_as_json() {
    let mistakes = parse("[profiles.a]\ndim = 140\n", "config.toml").unwrap_err();
    let first: &Diagnostic = &mistakes.diagnostics[0];
    assert_snapshot!(
        serde_json::to_string(first).unwrap(),
        @r#"{"line":2,"column":7,"span":{"start":19,"end":22},"title":"`dim = 140` is out of range","label":"`dim` takes whole percent from 0 to 75","help":"Write for example `dim = 40`."}"#
    );
}

#[test]
fn a_line_no_one_can_read_is_not_drawn() {
    let text = format!("x = [{}]", "\u{1b}[31m, ".repeat(1000));
    let drawn = drawn(&text);
    assert!(!drawn.contains('\u{1b}'), "{drawn}");
    assert!(drawn.len() < 100_000);
}
