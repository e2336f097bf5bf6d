//! How mistakes look: values.

use insta::assert_snapshot;

use crate::config::parse;

fn drawn(text: &str) -> String {
    parse(text, "config.toml").unwrap_err().render(false)
}

#[test]
fn batches_that_are_none() {
    let many: Vec<String> = (0..25).map(|at| format!("'{}:{}0'", at / 2, at % 2)).collect();
    let many = drawn(&format!("batches = [{}]", many.join(", ")));
    assert!(many.contains("there are more than 24 batches"), "{many}");
    assert_snapshot!(drawn("batches = []"), @r#"
    error: an empty list of batches lets nothing through at any time
     --> config.toml:1:11
      |
    1 | batches = []
      |           ^^ `batches` takes times of day
      |
      = help: Write for example `batches = ["09:00", "13:00", "18:00"]`.

    1 mistake in config.toml.
    "#);
    assert_snapshot!(drawn("batches = ['24:00', '13.00', 9]\n[profiles.mine]\nbatches = ['09:00']"), @r#"
    error: "24:00" is not a time of day
     --> config.toml:1:12
      |
    1 | batches = ['24:00', '13.00', 9]
      |            ^^^^^^^ no such time
      |
      = help: Midnight is "00:00".

    error: "13.00" is not a time of day
     --> config.toml:1:21
      |
    1 | batches = ['24:00', '13.00', 9]
      |                     ^^^^^^^ no such time
      |
      = help: Write hours and minutes from "00:00" to "23:59", for example `batches = ["09:00", "13:00", "18:00"]`.

    error: `batches` takes times of day, not a whole number
     --> config.toml:1:30
      |
    1 | batches = ['24:00', '13.00', 9]
      |                              ^ this is a whole number
      |
      = help: Write for example `batches = ["09:00", "13:00", "18:00"]`.

    error: unknown key "batches" in a profile
     --> config.toml:3:1
      |
    3 | batches = ['09:00']
      | ^^^^^^^ not known here
      |
      = help: Write it at the top of the file, above the first heading; there it is for all profiles.

    4 mistakes in config.toml.
    "#);
}

#[test]
fn wrong_types_come_with_an_example() {
    assert_snapshot!(drawn(r#"[[weekly]]
name = "evenings"
days = 5
from = 2130
until = "07:00"
profile = ["ease"]

[profiles.settle]
notifications = false
dim = "40%"
warmth = 3400.5
greyscale = "yes"
lock = [1, "@news"]
"#), @r#"
    error: `days` takes days of the week, not a whole number
     --> config.toml:3:8
      |
    3 | days = 5
      |        ^ this is a whole number
      |
      = help: Write for example `days = ["mon-thu", "sun"]`.

    error: `from` takes a time of day, not a whole number
     --> config.toml:4:8
      |
    4 | from = 2130
      |        ^^^^ this is a whole number
      |
      = help: Write for example `from = "21:30"`.

    error: `profile` takes the name of a profile, not a list
     --> config.toml:6:11
      |
    6 | profile = ["ease"]
      |           ^^^^^^^^ this is a list
      |
      = help: Write for example `profile = "quiet"`.

    error: `notifications` takes "all", "batched" or "urgent", not true or false
     --> config.toml:9:17
      |
    9 | notifications = false
      |                 ^^^^^ this is true or false
      |
      = help: Write for example `notifications = "urgent"`.

    error: `dim` takes whole percent from 0 to 75, not text
      --> config.toml:10:7
       |
    10 | dim = "40%"
       |       ^^^^^ this is text
       |
       = help: Write for example `dim = 40`.

    error: `warmth` takes whole kelvin from 1000 to 6500, not a number with a fraction
      --> config.toml:11:10
       |
    11 | warmth = 3400.5
       |          ^^^^^^ this is a number with a fraction
       |
       = help: Write for example `warmth = 3400`.

    error: `greyscale` takes true or false, not text
      --> config.toml:12:13
       |
    12 | greyscale = "yes"
       |             ^^^^^ this is text
       |
       = help: Write for example `greyscale = true`.

    error: `lock` takes groups, apps and sites, not a whole number
      --> config.toml:13:9
       |
    13 | lock = [1, "@news"]
       |         ^ this is a whole number
       |
       = help: Write for example `lock = ["@social", "reddit.com"]`.

    8 mistakes in config.toml.
    "#);
}

#[test]
fn times_and_days_that_there_are_not() {
    assert_snapshot!(drawn(r#"[[weekly]]
name = "evenings"
days = ["sun-thu", "fryday"]
from = "25:00"
until = "24:00"
profile = "ease"

[[weekly]]
name = "noon"
days = "daily"
from = "12:00"
until = "12:00"
profile = "ease"
"#), @r#"
    error: "fryday" is no day of the week
     --> config.toml:3:20
      |
    3 | days = ["sun-thu", "fryday"]
      |                    ^^^^^^^^ not a day
      |
      = help: Write mon, tue, wed, thu, fri, sat or sun, two of them with a hyphen ("sun-thu"), "weekdays", "weekend" or "daily".

    error: "25:00" is not a time of day
     --> config.toml:4:8
      |
    4 | from = "25:00"
      |        ^^^^^^^ no such time
      |
      = help: Write hours and minutes from "00:00" to "23:59", for example `from = "21:30"`.

    error: "24:00" is not a time of day
     --> config.toml:5:9
      |
    5 | until = "24:00"
      |         ^^^^^^^ no such time
      |
      = help: Midnight is "00:00".

    error: a weekly window begins and ends at the same time
      --> config.toml:12:9
       |
    12 | until = "12:00"
       |         ^^^^^^^ the same as `from`
       |
       = help: Write another time; one before `from` is on the day after.

    4 mistakes in config.toml.
    "#);
}

#[test]
fn durations_that_cannot_be() {
    assert_snapshot!(drawn(r#"[[after]]
session = "any"
phases = [
  { for = "0h", profile = "settle" },
  { for = "20", profile = "quiet" },
  { for = "half a day", profile = "ease" },
]

[profiles.mine]
wait = "2m"
breaks = { every = "5m", for = "5m" }
"#), @r#"
    error: `for = "0h"` lasts no time at all
     --> config.toml:4:11
      |
    4 |   { for = "0h", profile = "settle" },
      |           ^^^^ `for` takes a duration
      |
      = help: Write for example `for = "4h"`.

    error: "20" has a number without a unit
     --> config.toml:5:11
      |
    5 |   { for = "20", profile = "quiet" },
      |           ^^^^ `for` takes a duration
      |
      = help: Write for example "20s", "15m", "4h", "1h 30m" or "2 days".

    error: "half a day" is not a duration
     --> config.toml:6:11
      |
    6 |   { for = "half a day", profile = "ease" },
      |           ^^^^^^^^^^^^ `for` takes a duration
      |
      = help: Write for example "20s", "15m", "4h", "1h 30m" or "2 days".

    error: `wait = "2m"` is longer than a minute
      --> config.toml:10:8
       |
    10 | wait = "2m"
       |        ^^^^ `wait` takes at most 60 seconds
       |
       = help: Write for example `wait = "20s"`.

    error: a break of 5m every 5m leaves no time between
      --> config.toml:11:32
       |
    11 | breaks = { every = "5m", for = "5m" }
       |                                ^^^^ not shorter than `every`
       |
       = help: Write for example `breaks = { every = "20m", for = "20s" }`.

    5 mistakes in config.toml.
    "#);
}

#[test]
fn numbers_and_words_out_of_range() {
    assert_snapshot!(drawn(r#"[profiles.mine]
notifications = "urgnt"
dim = 140
warmth = 200
"#), @r#"
    error: "urgnt" does not say which notifications come through
     --> config.toml:2:17
      |
    2 | notifications = "urgnt"
      |                 ^^^^^^^ not one of the three
      |
      = help: Did you mean "urgent"?

    error: `dim = 140` is out of range
     --> config.toml:3:7
      |
    3 | dim = 140
      |       ^^^ `dim` takes whole percent from 0 to 75
      |
      = help: Write for example `dim = 40`.

    error: `warmth = 200` is out of range
     --> config.toml:4:10
      |
    4 | warmth = 200
      |          ^^^ `warmth` takes whole kelvin from 1000 to 6500
      |
      = help: Write for example `warmth = 3400`.

    3 mistakes in config.toml.
    "#);
}

#[test]
fn what_is_missing() {
    assert_snapshot!(drawn(r#"[[after]]
phases = [{ for = "4h" }]

[[weekly]]
name = "evenings"

[[place]]
profile = "ease"
"#), @r#"
    error: a rule under [[after]] needs the key `session`
     --> config.toml:1:1
      |
    1 | [[after]]
      | ^^^^^^^^^ `session` is missing
      |
      = help: Add for example `session = "any"`.

    error: a phase needs the key `profile`
     --> config.toml:2:11
      |
    2 | phases = [{ for = "4h" }]
      |           ^^^^^^^^^^^^^^ `profile` is missing
      |
      = help: Add for example `profile = "quiet"`.

    error: a rule under [[weekly]] needs the key `from`
     --> config.toml:4:1
      |
    4 | [[weekly]]
      | ^^^^^^^^^^ `from` is missing
      |
      = help: Add for example `from = "21:30"`.

    error: a rule under [[weekly]] needs the key `until`
     --> config.toml:4:1
      |
    4 | [[weekly]]
      | ^^^^^^^^^^ `until` is missing
      |
      = help: Add for example `until = "07:00"`.

    error: a rule under [[weekly]] needs the key `days`
     --> config.toml:4:1
      |
    4 | [[weekly]]
      | ^^^^^^^^^^ `days` is missing
      |
      = help: Add for example `days = ["mon-thu", "sun"]`.

    error: a rule under [[weekly]] needs the key `profile`
     --> config.toml:4:1
      |
    4 | [[weekly]]
      | ^^^^^^^^^^ `profile` is missing
      |
      = help: Add for example `profile = "quiet"`.

    error: a rule under [[place]] needs the key `name`
     --> config.toml:7:1
      |
    7 | [[place]]
      | ^^^^^^^^^ `name` is missing
      |
      = help: Add for example `name = "evenings"`.

    error: a rule under [[place]] needs one of the keys `network`, `monitor` and `dock`
     --> config.toml:7:1
      |
    7 | [[place]]
      | ^^^^^^^^^ nothing says where this is
      |
      = help: Add for example `network = "Bedroom"`, `monitor = "DELL U2720Q"` or `dock = true`.

    8 mistakes in config.toml.
    "#);
}

#[test]
fn what_a_place_goes_by() {
    assert_snapshot!(drawn(r#"[[place]]
name = "desk"
dock = false
profile = "ease"

[[place]]
name = "office"
monitor = "DELL U2720Q"
dock = true
network = "Office"
profile = "ease"

[[place]]
name = "studio"
monitor = ["DP-1", "DP-2"]
profile = "ease"

[[place]]
name = "dock"
dock = "yes"
monitors = "DP-1"
profile = "ease"
"#), @r#"
    error: `dock = false` does not say where it is quiet
     --> config.toml:3:8
      |
    3 | dock = false
      |        ^^^^^ only `true` is a sign
      |
      = help: Write `dock = true`, or name a `network` or a `monitor` instead.

    error: a place goes by one sign, and this one has 3
      --> config.toml:10:11
       |
    10 | network = "Office"
       |           ^^^^^^^^ one too many
       |
       = help: Keep one of them. A second [[place]] with another one makes it quiet at either.

    error: `monitor` takes the name of a monitor, not a list
      --> config.toml:15:11
       |
    15 | monitor = ["DP-1", "DP-2"]
       |           ^^^^^^^^^^^^^^^^ this is a list
       |
       = help: Write for example `monitor = "DELL U2720Q"`.

    error: `dock` takes true, not text
      --> config.toml:20:8
       |
    20 | dock = "yes"
       |        ^^^^^ this is text
       |
       = help: Write for example `dock = true`.

    error: unknown key "monitors" in a rule under [[place]]
      --> config.toml:21:1
       |
    21 | monitors = "DP-1"
       | ^^^^^^^^ not known here
       |
       = help: Did you mean `monitor`?

    5 mistakes in config.toml.
    "#);
}
