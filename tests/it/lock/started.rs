//! Apps that are started while they are locked, from anywhere.

use super::*;

/// A backend with something in force, and who hears what it tells.
async fn locked(lab: &Lab, how: How, apps: &[&str]) -> (Arc<SystemdFreeze>, Receipt, Ear) {
    let backend = Arc::new(lab.backend().noticing(how));
    let receipt = put_in_force(&backend, &lock(apps), None).await;
    let ear = Ear::of(&backend);
    (backend, receipt, ear)
}

fn scope_of(app: &str, echo: &Echo) -> String {
    format!("app-quietd-{}-{}.scope", app.replace('-', "\\x2d"), echo.pid())
}

/// Starts a program in no unit while it is locked.
async fn a_program_in_no_unit_is_caught(how: How, name: &str) {
    let (lab, systemd) = Lab::with_systemd().await;
    let (backend, receipt, mut ear) = locked(&lab, how, &[name]).await;
    let program = lab.program(name);
    let mut other = Echo::start(&lab.program("quiet-lab-bystander"));
    // As a shell in a terminal does, and a window manager: the program follows in a process that was another before.
    let mut app = Echo::spawn(&program);
    let caught = ear.catches().await;
    assert_eq!((caught.app.as_str(), &caught.unit), (name, &scope_of(name, &app)));
    assert_eq!(systemd.processes(&caught.unit), [app.pid()]);
    app.stands_still().await;
    other.say("hello");
    assert_eq!(other.hears().await, "hello", "nobody else is touched");

    app.say("said while it was locked");
    drop((ear, backend));
    // After a crash nothing but the receipt is left, and that was written before this one ran.
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(app.hears().await, "said while it was locked");
}

#[tokio::test]
async fn a_program_in_no_unit_is_caught_as_it_begins() {
    // By the kernel's events where there are any.
    a_program_in_no_unit_is_caught(How::here().await, "quiet-lab-begins").await;
}

#[tokio::test]
async fn a_program_in_no_unit_is_caught_by_looking() {
    a_program_in_no_unit_is_caught(How::Looking, "quiet-lab-looked-for").await;
}

#[tokio::test]
async fn a_program_in_a_unit_of_another_name_is_caught() {
    let (lab, systemd) = Lab::with_systemd().await;
    let app = Echo::start(&lab.program("quiet-lab-unnamed"));
    let (_backend, _receipt, mut ear) = {
        let backend = Arc::new(lab.backend().noticing(How::Looking));
        // It is not running yet, as far as anybody can see.
        let receipt = put_in_force(&backend, &lock(&["quiet-lab-unnamed"]), None).await;
        let ear = Ear::of(&backend);
        (backend, receipt, ear)
    };
    systemd.start_unit("run-u7.service", &[app.pid()]).await.unwrap();
    let scope = scope_of("quiet-lab-unnamed", &app);
    while !systemd.is_frozen(&scope) {
        ear.catches().await;
    }
}

#[tokio::test]
async fn a_storm_of_starts_is_caught_and_nothing_else() {
    const STARTS: u32 = 150;
    let (lab, systemd) = Lab::with_apps().await;
    let (_backend, _receipt, mut ear) =
        locked(&lab, How::here().await, &["org.example.Storm"]).await;
    let storm = |number: u32| format!("app-gnome-org.example.Storm-{number}.scope");
    // All at once: more than a connection keeps for one who does not listen.
    for number in 0..STARTS {
        systemd.start_unit(&storm(number), &[]).await.unwrap();
        systemd
            .start_unit(&format!("app-gnome-org.example.Calm-{number}.scope"), &[])
            .await
            .unwrap();
    }
    let mut caught = BTreeSet::new();
    while caught.len() < STARTS as usize {
        caught.insert(ear.catches().await.unit);
    }
    assert!((0..STARTS).all(|number| systemd.is_frozen(&storm(number))));
    let calm = |line: &str| !line.contains("Storm") && line.ends_with("frozen");
    assert!(!systemd.state().await.lines().any(calm));
}

#[tokio::test]
async fn a_program_is_found_among_many_that_come_and_go() {
    let (lab, systemd) = Lab::with_systemd().await;
    let name = "quiet-lab-in-the-crowd";
    let (_backend, _receipt, mut ear) = locked(&lab, How::here().await, &[name]).await;
    let program = lab.program(name);
    let crowd = tokio::task::spawn_blocking(|| {
        for _ in 0..300 {
            Command::new("/bin/true").status().unwrap();
        }
    });
    let app = Echo::spawn(&program);
    assert_eq!(ear.catches().await.unit, scope_of(name, &app));
    crowd.await.unwrap();
    assert!(systemd.is_frozen(&scope_of(name, &app)));
}

#[tokio::test]
async fn a_receipt_stays_small_however_often_an_app_is_started() {
    let (lab, systemd) = Lab::with_apps().await;
    let backend = lab.backend();
    let desired = lock(&["org.example.Chat"]);
    let mut receipt = put_in_force(&backend, &desired, None).await;
    let mut sizes = BTreeSet::new();
    for number in 100..130 {
        let unit = format!("app-gnome-org.example.Chat-{number}.scope");
        systemd.start_unit(&unit, &[]).await.unwrap();
        receipt = put_in_force(&backend, &desired, Some(&receipt)).await;
        assert!(systemd.is_frozen(&unit));
        systemd.end_unit(&unit);
        sizes.insert(serde_json::to_string(&receipt).unwrap().len());
    }
    assert_eq!(sizes.len(), 1, "{receipt:?}");
    assert_eq!(receipt.earlier, [serde_json::Value::Null; 0]);

    // What was locked before is still ours.
    let unit = "app-gnome-org.example.Chat-200.scope";
    systemd.start_unit(unit, &[]).await.unwrap();
    put_in_force(&backend, &desired, Some(&receipt)).await;
    let other = lock(&["org.example.Mail"]);
    let receipt = from_disk(&backend.capture(&other, Some(&receipt)).await.unwrap());
    assert_eq!(receipt.earlier.len(), 1);
    assert_eq!(lab.backend().restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.is_frozen(CHAT) && !systemd.is_frozen(unit));
}

#[tokio::test]
async fn odd_names_are_nothing_to_anybody() {
    let (lab, systemd) = Lab::with_apps().await;
    let (_backend, _receipt, mut ear) = locked(&lab, How::Looking, &["org.example.Chat"]).await;
    let long = format!("app-{}.scope", "a".repeat(10_000));
    for name in ["../../etc/passwd", "app-a/b-1.scope", "app-..-1.scope", "\"'`$(x)", "", &long] {
        systemd.tell_of(name).await.unwrap();
    }
    systemd.start_unit("app-org.example.Chat@odd.service", &[]).await.unwrap();
    assert_eq!(ear.catches().await.unit, "app-org.example.Chat@odd.service");
}

#[tokio::test]
async fn one_that_is_gone_when_it_is_looked_at_is_forgotten() {
    let (lab, systemd) = Lab::with_apps().await;
    let (backend, receipt, mut ear) = locked(&lab, How::Looking, &["org.example.Chat"]).await;
    for number in 0..50 {
        let unit = format!("app-gnome-org.example.Chat-9{number}.scope");
        systemd.start_unit(&unit, &[]).await.unwrap();
        systemd.end_unit(&unit);
    }
    systemd.start_unit("app-org.example.Chat@last.service", &[]).await.unwrap();
    while ear.catches().await.unit != "app-org.example.Chat@last.service" {}
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!systemd.state().await.contains("frozen"));
}

#[tokio::test]
async fn what_is_unlocked_is_not_caught() {
    let (lab, systemd) = Lab::with_apps().await;
    let (backend, receipt, mut ear) =
        locked(&lab, How::Looking, &["org.example.Chat", "org.example.Game"]).await;
    let receipt = put_in_force(&backend, &lock(&["org.example.Game"]), Some(&receipt)).await;
    let free = "app-gnome-org.example.Chat-50.scope";
    systemd.start_unit(free, &[]).await.unwrap();
    systemd.start_unit("app-gnome-org.example.Game-51.scope", &[]).await.unwrap();
    assert_eq!(ear.catches().await.unit, "app-gnome-org.example.Game-51.scope");
    assert!(!systemd.is_frozen(free) && !systemd.is_frozen(CHAT));

    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    let after = "app-gnome-org.example.Game-52.scope";
    systemd.start_unit(after, &[]).await.unwrap();
    let receipt = put_in_force(&backend, &lock(&["org.example.Mail"]), None).await;
    systemd.start_unit("app-org.example.Mail@2.service", &[]).await.unwrap();
    assert_eq!(ear.catches().await.app, "org.example.mail");
    assert!(!systemd.is_frozen(after));
    backend.restore(&receipt).await.unwrap();
}
