//! Appointments that become sessions: the real daemon, its reader, and files as calendars leave them.

use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use quietd::{
    api::PlannedEntry,
    standin::{Dunst, DunstVersion},
};

use crate::house::House;

const CONFIG: &str = r#"
[[after]]
session = "appointment"
phases = [{ for = "4h", profile = "held" }]
[profiles.held]
notifications = "urgent"
[calendar]
path = "~/Calendars"
category = "Quiet"
"#;

async fn house() -> (House, Dunst) {
    let house = House::new().await;
    house.write_config(CONFIG);
    fs::create_dir_all(house.path("Calendars/mine")).unwrap();
    let dunst = Dunst::start(house.bus.address(), DunstVersion::New, 0).await.unwrap();
    (house, dunst)
}

fn from_now(by: SignedDuration) -> Timestamp {
    let now = std::process::Command::new("date").arg("+%s").output().unwrap();
    let now: i64 = String::from_utf8(now.stdout).unwrap().trim().parse().unwrap();
    Timestamp::from_second(now).unwrap() + by
}

/// An appointment as a program that syncs calendars leaves it: under another name first, then in place.
fn write(house: &House, uid: &str, ends: Timestamp, more: &str) {
    write_in(house, uid, uid, ends, more);
}

fn write_in(house: &House, file: &str, uid: &str, ends: Timestamp, more: &str) {
    let starts = (ends - SignedDuration::from_hours(1)).strftime("%Y%m%dT%H%M%SZ");
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:a secret\r\nCATEGORIES:quiet\r\n\
         DTSTART:{starts}\r\nDTEND:{}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n",
        ends.strftime("%Y%m%dT%H%M%SZ")
    );
    let path = house.path("Calendars/mine").join(format!("{file}.ics"));
    fs::write(path.with_extension("tmp"), text).unwrap();
    fs::rename(path.with_extension("tmp"), path).unwrap();
}

async fn planned(house: &House) -> Vec<PlannedEntry> {
    house.quiet().call("Planned", &()).await.unwrap()
}

async fn next_change(house: &House, ends: Timestamp) {
    let usec = u64::try_from(ends.as_microsecond()).unwrap();
    house.until("the plan changes", async || house.get::<u64>("NextChange").await == usec).await;
}

async fn sessions(house: &House) -> serde_json::Value {
    let listed = house.quietctl(&["sessions", "--format", "json"]).await;
    serde_json::from_slice(&listed.stdout).unwrap()
}

#[tokio::test]
async fn an_appointment_begins_by_itself_and_is_logged_once() {
    let (house, _dunst) = house().await;
    let quietd = house.start().await;
    write(&house, "soon", from_now(SignedDuration::from_secs(4)), "");
    house.until("it begins", async || house.get::<bool>("Quiet").await).await;
    let logged = sessions(&house).await;
    assert_eq!(logged.as_array().unwrap().len(), 1);
    assert_eq!(logged[0]["kind"], "appointment");
    let id = logged[0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("cal-"), "{id}");
    assert_eq!(planned(&house).await, []);
    quietd.kill().await;

    let quietd = house.start().await;
    assert!(house.get::<bool>("Quiet").await);
    write(&house, "later", from_now(SignedDuration::from_hours(2)), "");
    let read = async || planned(&house).await.len() == 1;
    house.quiet().call::<_, ()>("ForgetSession", &id).await.unwrap();
    house.until("the calendar is read", read).await;
    assert!(!house.get::<bool>("Quiet").await, "what was erased does not come back");
    assert_eq!(sessions(&house).await.as_array().unwrap().len(), 0);
    quietd.stop().await;
}

#[tokio::test]
async fn what_the_person_decides_stays_over_updates_and_a_restart() {
    let (house, _dunst) = house().await;
    let ends = from_now(SignedDuration::from_hours(2));
    write(&house, "one", ends, "");
    let quietd = house.start().await;
    next_change(&house, ends).await;
    let later = ends + SignedDuration::from_mins(30);
    write(&house, "one", later, "SEQUENCE:1\r\n");
    next_change(&house, later).await;
    let plan = house.quietctl(&["plan"]).await;
    let plan = String::from_utf8(plan.stdout).unwrap();
    assert!(plan.contains("planned, from your calendar"), "{plan}");

    assert!(house.quietctl(&["planned", "move", "next", "in 3h"]).await.status.success());
    let moved = planned(&house).await;
    assert_eq!((moved.len(), &*moved[0].state), (1, "moved"));
    assert_eq!(moved[0].written, u64::try_from(later.as_microsecond()).unwrap());
    write(&house, "one", ends, "SEQUENCE:2\r\n");
    write(&house, "two", ends, "");
    next_change(&house, ends).await;
    let two = planned(&house).await;
    assert_eq!((&*two[0].state, &*two[1].state), ("planned", "moved"), "{two:?}");
    assert_eq!(two[1].ends, moved[0].ends, "the person moved it");

    assert!(house.quietctl(&["planned", "drop", "next"]).await.status.success());
    assert_eq!(house.get::<u64>("NextChange").await, moved[0].ends);
    quietd.kill().await;
    let quietd = house.start().await;
    let usec = moved[0].ends;
    house.until("it is read again", async || house.get::<u64>("NextChange").await == usec).await;
    let kept = planned(&house).await;
    assert_eq!((&*kept[0].state, &*kept[1].state), ("dropped", "moved"));
    assert!(house.quietctl(&["planned", "confirm", &kept[0].id]).await.status.success());
    assert_eq!(planned(&house).await[0].state, "confirmed");

    write(&house, "one", ends, "SEQUENCE:3\r\nSTATUS:CANCELLED\r\n");
    write(&house, "two", ends, "SEQUENCE:3\r\nSTATUS:CANCELLED\r\n");
    house.until("nothing is planned", async || house.get::<u64>("NextChange").await == 0).await;
    assert_eq!(planned(&house).await, []);
    assert_eq!(house.quietctl(&["planned", "drop", "next"]).await.status.code(), Some(1));
    quietd.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_without_a_name_and_the_rest_is_read() {
    let (house, _dunst) = house().await;
    let ends = from_now(SignedDuration::from_hours(2));
    write(&house, "good", ends, "");
    let at = |name: &str| house.path("Calendars").join(name);
    fs::write(at("secret-large.ics"), vec![b'x'; 11 << 20]).unwrap();
    fs::write(at("secret-binary.ics"), [0, 159, 146, 150]).unwrap();
    fs::write(at("secret-text.ics"), "hello").unwrap();
    let endless = "RRULE:FREQ=SECONDLY\r\n";
    write(&house, "endless", from_now(SignedDuration::from_hours(90)), endless);
    let quietd = house.start().await;
    next_change(&house, ends).await;
    let status = house.quietctl(&["status"]).await;
    let status = String::from_utf8(status.stdout).unwrap();
    for said in ["larger than 10 MiB", "not text", "no calendar", "repeats by the hour"] {
        assert!(
            status.split_whitespace().collect::<Vec<_>>().join(" ").contains(said),
            "{said}: {status}"
        );
    }
    assert!(!status.contains("secret"), "{status}");
    let check = house.quietctl(&["check"]).await;
    let check = String::from_utf8(check.stdout).unwrap();
    assert!(check.contains("~/Calendars/secret-large.ics"), "{check}");
    assert_eq!(planned(&house).await.len(), 2);
    quietd.stop().await;
}

/// The files in which one of these stands, but for the calendar itself.
fn with(folder: &Path, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() && !path.ends_with("Calendars") {
            found.extend(with(&path, words));
        } else if path.is_file() {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let stand = words.iter().filter(|word| text.contains(&**word));
            found.extend(stand.map(|word| format!("{}: {word}", path.display())));
        }
    }
    found
}

#[tokio::test]
async fn of_an_erased_appointment_no_time_stays_and_it_does_not_begin_again() {
    for (what, with_daemon) in [
        (&["erase", "--all", "--yes"][..], true),
        (&["erase", "--all", "--yes"], false),
        (&["erase", "--before", "1h ago", "--yes"], true),
        (&["erase", "--before", "1h ago", "--yes"], false),
        (&["erase", "--yes", "--session"], true),
        (&["erase", "--yes", "--session"], false),
        (&["forget"], true),
        (&["forget"], false),
    ] {
        let (house, _dunst) = house().await;
        let [ends, to_come, third] = [-2, 2, 3].map(|by| from_now(SignedDuration::from_hours(by)));
        write(&house, "past", ends, "");
        write(&house, "to-come", to_come, "");
        let mut quietd = Some(house.start().await);
        house.until("it begins", async || house.get::<bool>("Quiet").await).await;
        assert!(house.quietctl(&["planned", "drop", "next"]).await.status.success());
        let logged = sessions(&house).await;
        let id = logged[0]["id"].as_str().unwrap();
        let times = ["%Y%m%d", "%FT%H:%M"].map(|form| ends.strftime(form).to_string());
        assert!(!with(house.home.path(), &times).is_empty());
        if !with_daemon && let Some(quietd) = quietd.take() {
            quietd.kill().await;
        }
        let id = if what.contains(&"--session") || what[0] == "forget" { &[id][..] } else { &[] };
        let ran = house.quietctl(&[what, id].concat()).await;
        assert!(ran.status.success(), "{what:?}: {ran:?}");
        assert_eq!(with(house.home.path(), &times), [""; 0], "{what:?}, {with_daemon}");

        let quietd = match quietd {
            Some(quietd) => quietd,
            None => house.start().await,
        };
        write(&house, "third", third, "");
        next_change(&house, third).await;
        assert!(!house.get::<bool>("Quiet").await, "{what:?}: it does not begin again");
        assert_eq!(sessions(&house).await.as_array().unwrap().len(), 0);
        let states: Vec<String> = planned(&house).await.into_iter().map(|it| it.state).collect();
        assert_eq!(states, ["dropped", "planned"], "{what:?}: what is to come stays as it was");
        quietd.stop().await;
        assert_eq!(with(house.home.path(), &times), [""; 0], "{what:?}, {with_daemon}");
    }
}

#[tokio::test]
async fn an_erased_appointment_does_not_begin_under_another_name() {
    let erase = ["erase", "--yes", "--session"];
    for (what, with_daemon, begun_as) in [
        (&["erase", "--all", "--yes"][..], true, "past"),
        (&["erase", "--all", "--yes"], false, "past"),
        (&erase, true, "past"),
        (&erase, true, "renamed"),
        (&erase, false, "renamed"),
        (&["forget"], true, "renamed"),
        (&["forget"], false, "renamed"),
    ] {
        let (house, _dunst) = house().await;
        let [ends, second, third] = [-90, 60, 30].map(|by| from_now(SignedDuration::from_mins(by)));
        write(&house, "past", ends, "");
        let mut quietd = Some(house.start().await);
        house.until("it begins", async || house.get::<bool>("Quiet").await).await;
        write_in(&house, "past", begun_as, ends, "");
        write(&house, "second", second, "");
        next_change(&house, second).await;
        let logged = sessions(&house).await;
        assert_eq!(logged.as_array().unwrap().len(), 1);
        if !with_daemon && let Some(quietd) = quietd.take() {
            quietd.kill().await;
        }
        let id = [logged[0]["id"].as_str().unwrap()];
        let id = if what.contains(&"--all") { &[] } else { &id[..] };
        let ran = house.quietctl(&[what, id].concat()).await;
        assert!(ran.status.success(), "{what:?}: {ran:?}");
        let times = ["%Y%m%d", "%FT%H:%M"].map(|form| ends.strftime(form).to_string());
        assert_eq!(with(house.home.path(), &times), [""; 0], "{what:?}, {with_daemon}");

        write_in(&house, "past", "anew", ends, "");
        let _quietd = match quietd {
            Some(quietd) => quietd,
            None => house.start().await,
        };
        write(&house, "third", third, "");
        next_change(&house, third).await;
        assert!(!house.get::<bool>("Quiet").await, "{what:?}: it does not begin again");
        assert_eq!(sessions(&house).await.as_array().unwrap().len(), 0);
        assert_eq!(with(house.home.path(), &times), [""; 0], "{what:?}, {with_daemon}");
    }
}

#[tokio::test]
async fn a_file_that_somebody_still_writes_changes_nothing() {
    let (house, _dunst) = house().await;
    let ends = from_now(SignedDuration::from_hours(2));
    write(&house, "one", ends, "");
    let quietd = house.start().await;
    next_change(&house, ends).await;
    let path = house.path("Calendars/mine/one.ics");
    let whole = fs::read_to_string(&path).unwrap();
    // Written in place, and not yet up to its end.
    fs::write(&path, &whole[..whole.find("DTEND").unwrap()]).unwrap();
    let told = async || {
        let status = house.quietctl(&["status"]).await;
        String::from_utf8(status.stdout).unwrap().contains("incomplete")
    };
    house.until("it is told", told).await;
    let usec = u64::try_from(ends.as_microsecond()).unwrap();
    assert_eq!(planned(&house).await.iter().map(|it| it.ends).collect::<Vec<_>>(), [usec]);

    let later = ends + SignedDuration::from_mins(30);
    write(&house, "one", later, "SEQUENCE:1\r\n");
    next_change(&house, later).await;
    quietd.stop().await;
}

#[tokio::test]
async fn a_calendar_that_is_not_there_is_named() {
    let (house, _dunst) = house().await;
    fs::remove_dir_all(house.path("Calendars")).unwrap();
    let check = house.quietctl(&["check"]).await;
    let check = String::from_utf8(check.stdout).unwrap();
    assert!(check.contains("~/Calendars: There is nothing"), "{check}");
}
