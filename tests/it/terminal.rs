//! Questions at a terminal: what is typed is kept, and no answer is never a yes.

use std::process::Stdio;

use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, time::timeout};

use crate::house::{House, PATIENCE};

/// What Ctrl-D sends.
const END: &[u8] = b"\x04";

/// Runs quietctl at a terminal of its own (script(1)) where somebody types; what it says, and its exit code.
async fn typed(house: &House, arguments: &str, keys: &[u8]) -> (i32, String) {
    let run = format!("exec {} {arguments}", env!("CARGO_BIN_EXE_quietctl"));
    let mut command = house.dress("script");
    command.args(["-qec", &run, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().unwrap();
    let mut into = child.stdin.take().unwrap();
    into.write_all(keys).await.unwrap();
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("an end in time");
    drop(into);
    let output = output.unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn notes(house: &House) -> Vec<Value> {
    let output = house.quietctl(&["notes", "--format", "json"]).await;
    serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap()
}

#[tokio::test]
async fn what_is_typed_is_kept() {
    let house = House::new().await;
    let quietd = house.start().await;
    let (code, said) =
        typed(&house, "note", b"one\nsch\xf6n\nthree\n\nseven\n11\n7\nlong\n7h30m\nwhy?\n").await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("could not be read") && said.contains("«seven» is not"), "{said}");
    let kept = notes(&house).await;
    assert_eq!(kept[0]["text"], "one\nsch\u{fffd}n\nthree");
    assert_eq!((&kept[0]["mood"], &kept[0]["ask"]), (&7.into(), &"why?".into()));

    // More than one note holds: a terminal's line ends at 4,095 bytes, so it is several.
    let line = format!("{}\n", "word ".repeat(300));
    let (code, said) =
        typed(&house, "note", format!("{}\n\n\n\n", line.repeat(3)).as_bytes()).await;
    assert_eq!(code, 0, "{said}");
    let kept = notes(&house).await;
    let texts = kept[1..].iter().map(|note| note["text"].as_str().unwrap());
    assert_eq!(texts.map(|text| text.matches("word").count()).sum::<usize>(), 900);

    // Nobody is asked for words that cannot be kept.
    let (code, said) = typed(&house, "note --session nope", END).await;
    assert!(code == 2 && said.contains("«nope»") && !said.contains("A few words"), "{said}");
    quietd.stop().await;
}

#[tokio::test]
async fn no_answer_is_no_yes() {
    let house = House::new().await;
    let quietd = house.start().await;
    assert!(house.quietctl(&["log", "a-kind-of-mine"]).await.status.success());
    let before = std::fs::read_dir(house.home.path()).unwrap().count();
    let (_, said) = typed(&house, "report", &END.repeat(9)).await;
    assert!(said.contains("[Y/n]") && !said.contains("Written"), "{said}");
    assert_eq!(std::fs::read_dir(house.home.path()).unwrap().count(), before, "{said}");
    let (_, said) = typed(&house, "erase --all", END).await;
    assert!(said.contains("[y/N] \r\n"), "what follows begins a line: {said}");
    let sessions = house.quietctl(&["sessions", "--format", "json"]).await.stdout;
    assert!(String::from_utf8_lossy(&sessions).contains("a-kind-of-mine"));
    quietd.stop().await;
}

#[tokio::test]
async fn standard_input_is_read_only_where_nothing_is_said() {
    let house = House::new().await;
    let quietd = house.start().await;
    let mut command = house.dress(env!("CARGO_BIN_EXE_quietctl"));
    command.args(["note", "--mood", "5"]).stdin(Stdio::piped());
    // It is held open: who waits for its end waits for ever.
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().unwrap();
    let _open = child.stdin.take().unwrap();
    let status = timeout(PATIENCE, child.wait()).await.expect("an end in time").unwrap();
    assert!(status.success());
    assert_eq!(notes(&house).await[0]["mood"], 5);
    quietd.stop().await;
}
