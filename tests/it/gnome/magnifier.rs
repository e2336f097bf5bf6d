//! The magnifier at factor 1.

use super::*;

use quietd::dbus::dconf::Settings as Written;

const ID: &str = "gnome-magnifier";

fn double(shell: &GnomeShell, name: &str) -> Option<f64> {
    match shell.dconf.settings().get(&format!("{MAGNIFIER}{name}")) {
        Some(Value::Double(value)) => Some(*value),
        _ => None,
    }
}

fn is(value: Option<f64>, wanted: f64) -> bool {
    value.is_some_and(|value| (value - wanted).abs() < 1e-9)
}

#[tokio::test]
async fn it_is_ready_where_the_shell_runs() {
    let world = World::new().await;
    let backend = open(ID, &world.desktop);
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let shell = world.shell().await;
    assert_eq!(backend.probe().await, Probe::Ready("GNOME Shell 43.9".to_owned()));
    shell.fault(Fault::OddType).await;
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    shell.fault(Fault::Hangs).await;
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
}

#[tokio::test]
async fn phases_follow_each_other_and_all_comes_back() {
    let world = World::new().await;
    let shell = world.shell().await;
    let own = [
        (format!("{MAGNIFIER}color-saturation"), Some(Value::Double(0.3))),
        (format!("{MAGNIFIER}mag-factor"), Some(Value::Double(4.0))),
        (ENABLED.to_owned(), Some(Value::Bool(false))),
    ];
    shell.dconf.change(&own.into()).await;
    let before = shell.state().await;
    let backend = open(ID, &world.desktop);

    let strict = Desired { dim: 40, warmth: Some(3400), greyscale: true, ..Desired::default() };
    let first = put_in_force(&*backend, &strict).await;
    assert_eq!(shell.dconf.settings()[ENABLED], Value::Bool(true));
    assert!(is(double(&shell, "mag-factor"), 1.0));
    assert!(is(double(&shell, "brightness-red"), -0.4));
    assert!(double(&shell, "brightness-blue").unwrap() < -0.6);
    assert!(is(double(&shell, "color-saturation"), 0.0));

    // Without greyscale the colours are plain, not those of a magnifier that was off.
    let second = through_disk(&backend.capture(&dim(20), Some(&first)).await.unwrap());
    backend.apply(&dim(20), &second).await.unwrap();
    for channel in ["red", "green", "blue"] {
        assert!(is(double(&shell, &format!("brightness-{channel}")), -0.2));
    }
    assert!(is(double(&shell, "color-saturation"), 1.0));

    // A crash between writing the third receipt and acting on it.
    let third = through_disk(&backend.capture(&dim(10), Some(&second)).await.unwrap());
    let later = open(ID, &world.later().await);
    assert_eq!(later.restore(&third).await, Ok(Restored::AsFound));
    assert_eq!(shell.state().await, before);
    assert_eq!(later.restore(&third).await, Ok(Restored::AsFound));
    assert_eq!(shell.state().await, before);
}

#[tokio::test]
async fn a_magnifier_in_use_keeps_its_factor_and_is_the_base() {
    let world = World::new().await;
    let shell = world.shell().await;
    let own = [
        (ENABLED.to_owned(), Some(Value::Bool(true))),
        (format!("{MAGNIFIER}mag-factor"), Some(Value::Double(3.0))),
        (format!("{MAGNIFIER}brightness-red"), Some(Value::Double(-0.5))),
    ];
    shell.dconf.change(&own.into()).await;
    let before = shell.state().await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    assert!(is(double(&shell, "mag-factor"), 3.0));
    assert!(is(double(&shell, "brightness-red"), -0.7));
    assert!(is(double(&shell, "brightness-green"), -0.4));
    assert_eq!(double(&shell, "color-saturation"), None);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(shell.state().await, before);
}

/// Tells whether a shell that acts on the keys of each change in any order ever enlarges.
fn may_enlarge(changes: &[Written]) -> bool {
    let factor = format!("{MAGNIFIER}mag-factor");
    let enlarges = |settings: &Written| {
        let is_on = settings.get(ENABLED) == Some(&Some(Value::Bool(true)));
        is_on && settings.get(&factor) != Some(&Some(Value::Double(1.0)))
    };
    let mut now = Written::new();
    changes.iter().any(|change| {
        let first = [ENABLED, &factor].into_iter().filter_map(|key| change.get_key_value(key));
        let heard: Vec<Written> = first
            .map(|(key, value)| {
                let one = [(key.clone(), value.clone())];
                now.clone().into_iter().chain(one).collect()
            })
            .collect();
        now.extend(change.clone());
        heard.iter().chain([&now]).any(enlarges)
    })
}

#[tokio::test]
async fn it_never_enlarges_not_even_for_a_moment() {
    let world = World::new().await;
    let shell = world.shell().await;
    let backend = open(ID, &world.desktop);
    let first = put_in_force(&*backend, &dim(40)).await;
    let second = through_disk(&backend.capture(&dim(20), Some(&first)).await.unwrap());
    backend.apply(&dim(20), &second).await.unwrap();
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    let changes = shell.dconf.changes();
    assert!(!may_enlarge(&changes), "{changes:#?}");
    // All at once, as it would be without that care.
    let at_once = changes.iter().take(2).flatten().map(|(key, value)| (key.clone(), value.clone()));
    assert!(may_enlarge(&[at_once.collect()]));
}

#[tokio::test]
async fn each_key_is_judged_by_itself() {
    let world = World::new().await;
    let green = format!("{MAGNIFIER}brightness-green");
    let shell = world.shell_of(&green, Value::Double(0.25)).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    assert_eq!(told(&*backend, || shell.person_changes()).await, Change::ByThePerson);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(shell.state().await, format!("{green}=0.25"));
}

#[tokio::test]
async fn what_the_settings_daemon_answers_is_put_right() {
    for found in [None, Some(Value::Bool(false)), Some(Value::Bool(true))] {
        let world = World::new().await;
        let shell = world.shell().await;
        let echo = A11ySettings::start(&world.later().await, world.bus.address()).await.unwrap();
        shell.dconf.change(&[(TOOLKIT.to_owned(), found.clone())].into()).await;
        let before = shell.state().await;
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &dim(40)).await;
        let on = async {
            while shell.dconf.settings().get(TOOLKIT) != Some(&Value::Bool(true)) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, on).await.unwrap();
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(shell.state().await, before, "{found:?}");
        echo.stop().await;
    }
}

#[tokio::test]
async fn a_screen_reader_that_came_meanwhile_keeps_what_it_needs() {
    let world = World::new().await;
    let shell = world.shell().await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    let reader = "/org/gnome/desktop/a11y/applications/screen-reader-enabled";
    let own = [TOOLKIT, reader].map(|key| (key.to_owned(), Some(Value::Bool(true))));
    shell.dconf.change(&own.into()).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(shell.state().await, format!("{reader}=true\n{TOOLKIT}=true"));
}

#[tokio::test]
async fn a_restore_cut_short_is_finished_by_the_next() {
    let world = World::new().await;
    let shell = world.shell().await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    // As a crash leaves it after the magnifier went off: the daemon's answer is there, the journal too.
    let journal = format!("{JOURNAL}{ID}");
    let half = shell.dconf.settings().into_keys().filter(|key| *key != journal);
    shell.dconf.change(&half.map(|key| (key, None)).collect()).await;
    shell.dconf.change(&[(TOOLKIT.to_owned(), Some(Value::Bool(false)))].into()).await;
    let later = open(ID, &world.later().await);
    assert_eq!(later.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(shell.state().await, "");
}

#[tokio::test]
async fn the_journal_stands_in_for_a_lost_receipt() {
    let world = World::new().await;
    let shell = world.shell().await;
    put_in_force(&*open(ID, &world.desktop), &dim(40)).await;
    let backend = open(ID, &world.later().await);
    let receipt = put_in_force(&*backend, &dim(10)).await;
    assert!(is(double(&shell, "brightness-red"), -0.1));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(shell.state().await, "");
}

#[tokio::test]
async fn a_writer_that_fails_is_said() {
    let world = World::new().await;
    let shell = world.shell().await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    let in_force = shell.state().await;
    for (fault, wanted) in
        [(Fault::Refuses, "Refused"), (Fault::OddType, "Refused"), (Fault::Hangs, "TimedOut")]
    {
        shell.fault(fault).await;
        let error = backend.restore(&receipt).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(wanted), "{fault:?}: {error:?}");
        assert_eq!(shell.state().await, in_force);
    }
    shell.fault(Fault::None).await;
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(shell.state().await, "");
}
