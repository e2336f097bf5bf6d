//! How mistakes look: names, keys and what may not be locked.

use insta::assert_snapshot;

use crate::config::parse;

fn drawn(text: &str) -> String {
    parse(text, "config.toml").unwrap_err().render(false)
}

#[test]
fn unknown_profiles_and_groups_come_with_what_was_meant() {
    assert_snapshot!(drawn(r#"[[after]]
session = "any"
phases = [
  { for = "4h", profile = "settle" },
  { for = "20h", profile = "quite" },
  { for = "48h", profile = "landing" },
]

[profiles.settle]
lock = ["@socail", "@upsetting", "reddit.com"]
"#), @r#"
    error: there is no profile "quite"
     --> config.toml:5:28
      |
    5 |   { for = "20h", profile = "quite" },
      |                            ^^^^^^^ no profile has this name
      |
      = help: Did you mean "quiet"?

    error: there is no profile "landing"
     --> config.toml:6:28
      |
    6 |   { for = "48h", profile = "landing" },
      |                            ^^^^^^^^^ no profile has this name
      |
      = help: Write "ease", "quiet" or "settle", or add a profile of that name under [profiles].

    error: there is no group "@socail"
      --> config.toml:10:9
       |
    10 | lock = ["@socail", "@upsetting", "reddit.com"]
       |         ^^^^^^^^^ no group has this name
       |
       = help: Did you mean "@social"?

    error: there is no group "@upsetting"
      --> config.toml:10:20
       |
    10 | lock = ["@socail", "@upsetting", "reddit.com"]
       |                    ^^^^^^^^^^^^ no group has this name
       |
       = help: Write "@chat", "@games", "@mail", "@news", "@shopping", "@social", "@video" or "@work", or add a group of that name under [groups].

    4 mistakes in config.toml.
    "#);
}

#[test]
fn unknown_keys_come_with_the_ones_there_are() {
    assert_snapshot!(drawn(r#"[[afer]]
session = "any"

[profiles.settle]
grayscale = true
tint = 3400
breaks = { every = "15m", duration = "5m" }

[groups.social]
app = ["discord"]
"#), @r#"
    error: unknown key "afer" in the file
     --> config.toml:1:3
      |
    1 | [[afer]]
      |   ^^^^ not known here
      |
      = help: Did you mean `after`?

    error: unknown key "grayscale" in a profile
     --> config.toml:5:1
      |
    5 | grayscale = true
      | ^^^^^^^^^ not known here
      |
      = help: Did you mean `greyscale`?

    error: unknown key "tint" in a profile
     --> config.toml:6:1
      |
    6 | tint = 3400
      | ^^^^ not known here
      |
      = help: Take it out; a profile takes `notifications`, `dim`, `warmth`, `greyscale`, `lock`, `wait`, `grace`, `breaks`.

    error: the table of breaks needs the key `for`
     --> config.toml:7:10
      |
    7 | breaks = { every = "15m", duration = "5m" }
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `for` is missing
      |
      = help: Add for example `for = "20s"`.

    error: unknown key "duration" in the table of breaks
     --> config.toml:7:27
      |
    7 | breaks = { every = "15m", duration = "5m" }
      |                           ^^^^^^^^ not known here
      |
      = help: Take it out; the table of breaks takes `every`, `for`.

    error: unknown key "app" in a group
      --> config.toml:10:1
       |
    10 | app = ["discord"]
       | ^^^ not known here
       |
       = help: Did you mean `apps`?

    6 mistakes in config.toml.
    "#);
}

#[test]
fn rules_that_overlap() {
    assert_snapshot!(drawn(r#"[[after]]
session = ["emdr", "talk"]
phases = [{ for = "4h", profile = "settle" }]

[[after]]
session = "EMDR"
phases = []

[[after]]
session = "any"
phases = [{ for = "4h", profile = "settle" }]

[[after]]
session = ["any", "retreat"]
phases = [{ for = "1h", profile = "ease" }]
"#), @r#"
    error: two rules follow the same kind of session, so their phases overlap
     --> config.toml:6:11
      |
    6 | session = "EMDR"
      |           ^^^^^^ followed by the rule of line 2 already
      |
      = help: Put the phases into one rule, or take the kind out of one of the two.

    error: an empty list of phases keeps nothing quiet
     --> config.toml:7:10
      |
    7 | phases = []
      |          ^^ `phases` takes a list of tables
      |
      = help: Write for example `phases = [{ for = "4h", profile = "settle" }]`.

    error: two rules follow any session, so their phases overlap
      --> config.toml:14:12
       |
    14 | session = ["any", "retreat"]
       |            ^^^^^ followed by the rule of line 10 already
       |
       = help: Put the phases into one rule, or take the kind out of one of the two.

    error: "any" means every kind, so nothing is to be named beside it
      --> config.toml:14:12
       |
    14 | session = ["any", "retreat"]
       |            ^^^^^ every kind
       |
       = help: Keep "any" alone, or take it out.

    4 mistakes in config.toml.
    "#);
}

#[test]
fn what_can_never_be_locked() {
    assert_snapshot!(drawn(r#"[profiles.settle]
lock = ["org.kde.konsole", "google.com", "findahelpline.com", "site:org.example.page"]

[groups.mine]
apps = ["org.signal.Signal.desktop", "org.mozilla.Thunderbird"]
sites = ["www.doctolib.de"]

[never]
apps = ["org.mozilla.thunderbird"]
"#), @r#"
    error: "org.kde.konsole" can never be locked
     --> config.toml:2:9
      |
    2 | lock = ["org.kde.konsole", "google.com", "findahelpline.com", "site:org.example.page"]
      |         ^^^^^^^^^^^^^^^^^ a terminal
      |
      = help: Take it out: what a person may need at any time always stays open.

    error: "google.com" cannot be locked as a whole: "meet.google.com" is part of it
     --> config.toml:2:28
      |
    2 | lock = ["org.kde.konsole", "google.com", "findahelpline.com", "site:org.example.page"]
      |                            ^^^^^^^^^^^^ holds calls
      |
      = help: Name the parts you mean, such as "news.google.com".

    error: "findahelpline.com" can never be locked
     --> config.toml:2:42
      |
    2 | lock = ["org.kde.konsole", "google.com", "findahelpline.com", "site:org.example.page"]
      |                                          ^^^^^^^^^^^^^^^^^^^ help in a crisis
      |
      = help: Take it out: what a person may need at any time always stays open.

    error: "org.signal.Signal" can never be locked
     --> config.toml:5:9
      |
    5 | apps = ["org.signal.Signal.desktop", "org.mozilla.Thunderbird"]
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ calls
      |
      = help: Take it out: what a person may need at any time always stays open.

    error: "org.mozilla.Thunderbird" is to be locked and stands under [never]
     --> config.toml:5:38
      |
    5 | apps = ["org.signal.Signal.desktop", "org.mozilla.Thunderbird"]
      |                                      ^^^^^^^^^^^^^^^^^^^^^^^^^ never locked
      |
      = help: Take it out here, or under [never].

    error: "www.doctolib.de" begins with "www."; subdomains are meant anyway
     --> config.toml:6:10
      |
    6 | sites = ["www.doctolib.de"]
      |          ^^^^^^^^^^^^^^^^^ not a name that can be locked
      |
      = help: Write "doctolib.de".

    6 mistakes in config.toml.
    "#);
}

#[test]
fn what_is_no_app_and_no_site() {
    assert_snapshot!(drawn(r#"[groups.mine]
apps = ["/usr/share/applications/steam.desktop", "*"]
sites = [
  "https://www.reddit.com/r/all",
  "www.x.com",
  "*.tumblr.com",
  "example.com:8080",
  "reddit",
  "bücher.de",
  "192.168.0.1",
]
"#), @r#"
    error: "/usr/share/applications/steam.desktop" is a path, not the id of an app
     --> config.toml:2:9
      |
    2 | apps = ["/usr/share/applications/steam.desktop", "*"]
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not a name that can be locked
      |
      = help: Write "steam".

    error: "*" has a wildcard; apps are named one by one
     --> config.toml:2:50
      |
    2 | apps = ["/usr/share/applications/steam.desktop", "*"]
      |                                                  ^^^ not a name that can be locked

    error: "https://www.reddit.com/r/all" is an address with a scheme, not a host name
     --> config.toml:4:3
      |
    4 |   "https://www.reddit.com/r/all",
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not a name that can be locked
      |
      = help: Write "reddit.com".

    error: "www.x.com" begins with "www."; subdomains are meant anyway
     --> config.toml:5:3
      |
    5 |   "www.x.com",
      |   ^^^^^^^^^^^ not a name that can be locked
      |
      = help: Write "x.com".

    error: "*.tumblr.com" has a wildcard; subdomains are meant anyway
     --> config.toml:6:3
      |
    6 |   "*.tumblr.com",
      |   ^^^^^^^^^^^^^^ not a name that can be locked
      |
      = help: Write "tumblr.com".

    error: "example.com:8080" has a port; a site is locked on every port
     --> config.toml:7:3
      |
    7 |   "example.com:8080",
      |   ^^^^^^^^^^^^^^^^^^ not a name that can be locked
      |
      = help: Write "example.com".

    error: "reddit" is not a whole host name
     --> config.toml:8:3
      |
    8 |   "reddit",
      |   ^^^^^^^^ not a name that can be locked
      |
      = help: Write "reddit.com".

    error: "bücher.de" has letters beyond a–z; write the name's ASCII form, which begins with "xn--"
     --> config.toml:9:3
      |
    9 |   "bücher.de",
      |   ^^^^^^^^^^^ not a name that can be locked

    error: "192.168.0.1" is an address of numbers; only sites with a name can be locked
      --> config.toml:10:3
       |
    10 |   "192.168.0.1",
       |   ^^^^^^^^^^^^^ not a name that can be locked

    9 mistakes in config.toml.
    "#);
}
