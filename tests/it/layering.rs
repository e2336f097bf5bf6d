//! The architecture, held by reading the sources: the pure core names nothing of the world, files stay small, and every
//! folder says what lives in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders of the pure core.
const PURE: [&str; 10] = [
    "breaks",
    "calendar",
    "config",
    "notes",
    "people",
    "plan",
    "report",
    "schedule",
    "screen_time",
    "suggestions",
];

/// Modules of ours that the pure core may not name.
const WORLD: [&str; 9] =
    ["engine", "backend", "source", "dbus", "store", "cli", "clock", "env", "api"];

/// What else it may not name.
const IMPURE: [&str; 8] = [
    "tokio",
    "zbus",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "futures_util",
];

/// Words that may not stand anywhere in it.
const WORDS: [&str; 4] = ["async", "await", "SystemTime", "Instant"];

/// The longest a source file may be, in lines.
const LINES_AT_MOST: usize = 520;

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file and folder below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut all = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            all.extend(below(&path));
        }
        all.push(path);
    }
    all.sort();
    all
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = below(folder);
    files.retain(|path| path.extension().is_some_and(|end| end == "rs"));
    assert!(!files.is_empty(), "there is no source in {}", folder.display());
    files
}

/// One word or sign of the code.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(char),
    /// `::`
    Path,
}

/// Reads code without its comments, strings and characters.
fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_string(rest) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else if rest.starts_with("::") {
            tokens.push(Token::Path);
            2
        } else if first.is_alphanumeric() || first == '_' {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_owned()));
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

fn raw_string(code: &str) -> Option<usize> {
    let after = code.strip_prefix("br").or_else(|| code.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inner = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
    Some(code.len() - inner.len() + length)
}

/// Tells a character from a lifetime.
fn is_character(code: &str) -> bool {
    let mut chars = code.chars().skip(1);
    matches!((chars.next(), chars.next()), (Some('\\'), _) | (Some(_), Some('\'')))
}

fn quoted(code: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in code.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    code.len()
}

/// Every path in the code, groups in `use` spelled out.
fn paths(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    // What stands before each open brace: a path that ends with `::` in a group, else nothing.
    let mut groups: Vec<String> = Vec::new();
    let mut path = String::new();
    let mut before = None;
    for token in tokens {
        let outer = groups.last().map_or("", String::as_str);
        match token {
            Token::Path => path.push_str("::"),
            Token::Word(word) if path.is_empty() || path.ends_with("::") => path.push_str(word),
            Token::Word(word) => {
                found.push(format!("{outer}{path}"));
                path.clone_from(word);
            }
            Token::Sign('{') if before == Some(&Token::Path) => {
                groups.push(format!("{outer}{path}"));
                path.clear();
            }
            Token::Sign(sign) => {
                found.push(format!("{outer}{path}"));
                path.clear();
                match sign {
                    '{' => groups.push(String::new()),
                    '}' => drop(groups.pop()),
                    _ => {}
                }
            }
        }
        before = Some(token);
    }
    found.push(path);
    found.iter().map(|path| path.trim_start_matches("::").to_owned()).collect()
}

/// What some code names that it may not: those modules of ours that are `forbidden`, and what does I/O. `depth` is how many `super` lead
/// from it to the crate's root.
fn impurities(code: &str, depth: usize, forbidden: &[&str]) -> Vec<String> {
    let tokens = tokens(code);
    let is_below = |path: &str, top: &str| {
        path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let of_ours = |path: &str| {
        let mut parts = path.split("::").peekable();
        let mut supers = 0;
        while parts.next_if_eq(&"super").is_some() {
            supers += 1;
        }
        let at_the_root = match supers {
            0 => parts.next_if(|part| ["crate", "quietd"].contains(part)).is_some(),
            supers => supers >= depth,
        };
        at_the_root && parts.next().is_some_and(|module| forbidden.contains(&module))
    };
    let mut named = paths(&tokens);
    named.retain(|path| of_ours(path) || IMPURE.iter().any(|top| is_below(path, top)));
    named.extend(tokens.into_iter().filter_map(|token| match token {
        Token::Word(word) if WORDS.contains(&&*word) => Some(word),
        _ => None,
    }));
    named
}

/// How many `super` lead from a file to the crate's root.
fn depth(file: &Path) -> usize {
    let parts = file.strip_prefix(src()).unwrap().components().count();
    if file.ends_with("mod.rs") { parts - 1 } else { parts }
}

#[test]
fn the_reader_of_sources_sees_what_it_is_to_see() {
    let seen = |code: &str| impurities(code, 2, &WORLD);
    for impure in [
        "use std::fs;",
        "use std::{collections::BTreeMap, fs::File};",
        "use std::{io, net::{TcpStream, UdpSocket}};",
        "use crate::{config::Config, store::Receipt};",
        "use crate::{\n    config::{Config, Phase},\n    plan::Desired, store,\n};",
        "fn f() -> crate::backend::Probe { todo() }",
        "pub use crate::engine;",
        "use crate::{plan, store as kept};",
        "use super::super::store::Receipt;",
        "fn f() { let x: Vec<::zbus::Error> = tokio::spawn(g()); }",
        "use std::time::Instant;",
        "async fn f() {}",
        "fn f() { std::process::exit(1) }",
        "mod a { mod b {} } use std::env;",
        "fn f() { match x { '{' => std::fs::read(y), '\\'' => z } }",
        "const A: &str = r#\"\"#; use quietd::dbus::Peer;",
    ] {
        assert!(!seen(impure).is_empty(), "{impure}");
    }
    for pure in [
        "//! Reading is [`crate::source`]'s.\nuse crate::config::Config; // not std::fs",
        "use std::{collections::BTreeMap, fmt};",
        "const A: &str = \"use std::fs;\"; /* async */ const B: &str = r#\"crate::store \"x\" \"#;",
        "use super::store; fn f<'a>(environment: &'a str) -> char { '\"' }",
        "use crate::schedule::{Evaluation, Facts}; mod source; use source::Spans;",
        "fn f() { let fs = x::fs(); zbus_like::call(); }",
        "const A: &[u8] = b\"tokio::spawn\"; const B: char = '\\u{1f}';",
    ] {
        assert_eq!(seen(pure), Vec::<String>::new(), "{pure}");
    }
}

#[test]
fn the_core_is_pure() {
    let named_in = |files: Vec<PathBuf>, forbidden: &[&str]| {
        let mut found = Vec::new();
        for file in files {
            let code = fs::read_to_string(&file).unwrap();
            let named = impurities(&code, depth(&file), forbidden);
            found.extend(named.iter().map(|name| format!("{} names {name}", file.display())));
        }
        found
    };
    let core = PURE.iter().flat_map(|name| sources(&src().join(name))).collect();
    let mut found = named_in(core, &WORLD);

    let cli = src().join("cli");
    let mut render = sources(&cli);
    render.retain(|file| {
        let name = file.strip_prefix(&cli).unwrap().to_string_lossy().into_owned();
        name.starts_with("render")
    });
    // What people read is rendered from what travels on the bus.
    let world = WORLD.into_iter().filter(|module| !["api", "cli"].contains(module));
    found.extend(named_in(render, &world.collect::<Vec<_>>()));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_file_is_too_long() {
    let mut files = sources(&src());
    files.retain(|file| fs::read_to_string(file).unwrap().lines().count() > LINES_AT_MOST);
    assert!(files.is_empty(), "more than {LINES_AT_MOST} lines: {files:#?}");
}

#[test]
fn every_folder_says_what_lives_there() {
    let mut folders = below(&src());
    folders.retain(|path| path.is_dir() && !path.ends_with("src/bin"));
    assert!(folders.len() >= PURE.len(), "{folders:?}");
    // A folder below one file, `logind/` below `logind.rs`, is what that file says.
    folders.retain(|folder| {
        ![folder.join("mod.rs"), folder.with_extension("rs")]
            .iter()
            .any(|file| fs::read_to_string(file).is_ok_and(|says| says.starts_with("//!")))
    });
    assert!(
        folders.is_empty(),
        "neither mod.rs nor a file beside it begins with //!: {folders:#?}"
    );
    assert!(fs::read_to_string(src().join("lib.rs")).unwrap().starts_with("//!"));
}
