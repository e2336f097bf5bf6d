//! GNOME's backends against stand-ins: the contract, and what each must do beyond it.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use quietd::{
    backend::{Backend, BackendError, Change, Desktop, Probe, REGISTRY, Restored},
    config::Notifications,
    dbus::dconf::{Dconf as Settings, JOURNAL, Value, journalled},
    env::Env,
    plan::{Desired, Measure},
    standin::{A11ySettings, Dconf, Fault, GnomePower, GnomeShell, PrivateBus, StandIn},
    store::Receipt,
};
use tokio::sync::mpsc;

const SHOW_BANNERS: &str = "/org/gnome/desktop/notifications/show-banners";
const MAGNIFIER: &str = "/org/gnome/desktop/a11y/magnifier/";
const ENABLED: &str = "/org/gnome/desktop/a11y/applications/screen-magnifier-enabled";
const TOOLKIT: &str = "/org/gnome/desktop/interface/toolkit-accessibility";
const LONG: Duration = Duration::from_secs(10);

/// A person's desktop with nothing on it yet.
struct World {
    bus: PrivateBus,
    home: tempfile::TempDir,
    desktop: Desktop,
}

impl World {
    async fn new() -> Self {
        let bus = PrivateBus::start().unwrap();
        let home = tempfile::tempdir().unwrap();
        let desktop = desktop(&bus, home.path()).await;
        Self { bus, home, desktop }
    }

    fn config_home(&self) -> std::path::PathBuf {
        self.home.path().join(".config")
    }

    async fn shell(&self) -> GnomeShell {
        self.shell_of(SHOW_BANNERS, Value::Bool(true)).await
    }

    async fn shell_of(&self, key: &str, value: Value) -> GnomeShell {
        GnomeShell::start(self.bus.address(), &self.config_home(), (key, value)).await.unwrap()
    }

    /// The same desktop, as another process of ours meets it.
    async fn later(&self) -> Desktop {
        desktop(&self.bus, self.home.path()).await
    }
}

async fn desktop(bus: &PrivateBus, home: &Path) -> Desktop {
    let home = home.as_os_str().to_owned();
    let env =
        Env::from_lookup(&|name| (name == "HOME" || name == "XDG_DATA_DIRS").then(|| home.clone()));
    Desktop { session: bus.connect().await.unwrap(), system: None, env: Arc::new(env) }
}

fn open(id: &str, desktop: &Desktop) -> Box<dyn Backend> {
    (REGISTRY.iter().find(|row| row.id == id).unwrap().open)(desktop)
}

/// What is written to disk between a capture and an apply, read again.
fn through_disk(receipt: &Receipt) -> Receipt {
    serde_json::from_str(&serde_json::to_string(receipt).unwrap()).unwrap()
}

fn quiet() -> Desired {
    Desired { notifications: Notifications::Urgent, ..Desired::default() }
}

fn dim(dim: u8) -> Desired {
    Desired { dim, ..Desired::default() }
}

async fn put_in_force(backend: &dyn Backend, desired: &Desired) -> Receipt {
    let receipt = through_disk(&backend.capture(desired, None).await.unwrap());
    backend.apply(desired, &receipt).await.unwrap();
    receipt
}

/// Has the person change something, again and again, until it is told; then what was told.
async fn told<F: Future<Output = ()>>(backend: &dyn Backend, mut act: impl FnMut() -> F) -> Change {
    let (tell, mut heard) = mpsc::channel(64);
    let acting = async {
        loop {
            act().await;
            if let Ok(change) = heard.try_recv() {
                return change;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it stopped listening"),
        change = tokio::time::timeout(LONG, acting) => change.expect("nothing was told"),
    }
}

/// Everything told while something is done, up to the first change by the person, which is then made.
async fn told_meanwhile(
    backend: &dyn Backend,
    meanwhile: impl Future<Output = ()>,
    at_last: impl Future<Output = ()>,
) -> Vec<Change> {
    let (tell, mut heard) = mpsc::channel(64);
    let acting = async {
        meanwhile.await;
        at_last.await;
        let mut all = vec![heard.recv().await.unwrap()];
        while *all.last().unwrap() != Change::ByThePerson {
            all.push(heard.recv().await.unwrap());
        }
        all
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it stopped listening"),
        all = tokio::time::timeout(LONG, acting) => all.expect("nothing was told"),
    }
}

mod banners {
    use super::*;

    const ID: &str = "gnome-notifications";

    #[tokio::test]
    async fn it_is_ready_where_the_shell_shows_notifications() {
        let world = World::new().await;
        let backend = open(ID, &world.desktop);
        assert!(matches!(backend.probe().await, Probe::Deferred(_)));
        let mut shell = world.shell().await;
        assert_eq!(backend.probe().await, Probe::Ready("GNOME Shell 43.9".to_owned()));
        shell.fault(Fault::OddType).await;
        assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
        shell.fault(Fault::Hangs).await;
        assert!(matches!(backend.probe().await, Probe::Deferred(_)));
        shell.fault(Fault::None).await;
        shell.stop().await;
        assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    }

    #[tokio::test]
    async fn a_locked_key_or_a_damaged_file_is_said() {
        let world = World::new().await;
        let _shell = world.shell().await;
        let etc = world.home.path().join("etc");
        std::fs::create_dir_all(etc.join("db")).unwrap();
        std::fs::create_dir_all(etc.join("profile")).unwrap();
        std::fs::write(etc.join("profile/user"), "user-db:user\nsystem-db:office\n").unwrap();
        std::fs::write(etc.join("db/office"), include_bytes!("data/dconf-locked")).unwrap();
        let dconf = Settings::with_system(&world.desktop, &etc);
        let backend = quietd::backend::notifications::gnome::Gnome::new(&world.desktop, dconf);
        let Probe::Unsupported(text) = backend.probe().await else { panic!() };
        assert!(text.contains("show-banners is locked by the administrator"), "{text}");
        let receipt = backend.capture(&quiet(), None).await.unwrap();
        let refused = backend.apply(&quiet(), &receipt).await.unwrap_err();
        assert!(matches!(refused, BackendError::Refused(_)));

        std::fs::write(world.config_home().join("dconf/user"), "torn").unwrap();
        let backend = open(ID, &world.desktop);
        let Probe::Unsupported(text) = backend.probe().await else { panic!() };
        assert!(text.contains("is damaged"), "{text}");
        assert!(matches!(backend.capture(&quiet(), None).await, Err(BackendError::Refused(_))));
    }

    #[tokio::test]
    async fn what_was_found_comes_back_in_a_new_process_too() {
        for found in [None, Some(Value::Bool(true)), Some(Value::Str("odd".to_owned()))] {
            let world = World::new().await;
            let shell = world.shell().await;
            let key = || SHOW_BANNERS.to_owned();
            shell.dconf.change(&[(key(), found.clone())].into()).await;
            let before = shell.state().await;

            let backend = open(ID, &world.desktop);
            let receipt = put_in_force(&*backend, &quiet()).await;
            assert_eq!(shell.dconf.settings()[SHOW_BANNERS], Value::Bool(false));
            let in_force = shell.state().await;
            backend.apply(&quiet(), &receipt).await.unwrap();
            assert_eq!(shell.state().await, in_force);

            let later = open(ID, &world.later().await);
            assert_eq!(later.restore(&receipt).await, Ok(Restored::AsFound));
            assert_eq!(shell.state().await, before);
            assert_eq!(later.restore(&receipt).await, Ok(Restored::AsFound));
            assert_eq!(shell.state().await, before);
        }
    }

    #[tokio::test]
    async fn where_it_was_off_already_nothing_is_touched() {
        let world = World::new().await;
        let shell = world.shell().await;
        shell.dconf.change(&[(SHOW_BANNERS.to_owned(), Some(Value::Bool(false)))].into()).await;
        let before = shell.state().await;
        let backend = open(ID, &world.desktop);
        shell.fault(Fault::Refuses).await;
        let receipt = put_in_force(&*backend, &quiet()).await;
        assert_eq!(shell.state().await, before);
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(shell.state().await, before);
    }

    #[tokio::test]
    async fn what_the_person_sets_is_told_and_stays() {
        let world = World::new().await;
        let shell = world.shell().await;
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &quiet()).await;
        assert_eq!(told(&*backend, || shell.person_changes()).await, Change::ByThePerson);
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
        assert_eq!(shell.state().await, format!("{SHOW_BANNERS}=true"));
    }

    #[tokio::test]
    async fn own_writes_are_not_told() {
        let world = World::new().await;
        let shell = world.shell().await;
        let backend = open(ID, &world.desktop);
        let own = async {
            let receipt = put_in_force(&*backend, &quiet()).await;
            backend.restore(&receipt).await.unwrap();
            put_in_force(&*backend, &quiet()).await;
        };
        let all = told_meanwhile(&*backend, own, shell.person_changes()).await;
        assert_eq!(all, [Change::ByThePerson]);
    }

    #[tokio::test]
    async fn a_writer_that_fails_is_said() {
        let world = World::new().await;
        let mut shell = world.shell().await;
        let backend = open(ID, &world.desktop);
        let receipt = backend.capture(&quiet(), None).await.unwrap();
        for (fault, wanted) in
            [(Fault::Refuses, "Refused"), (Fault::OddType, "Refused"), (Fault::Hangs, "TimedOut")]
        {
            shell.fault(fault).await;
            let error = backend.apply(&quiet(), &receipt).await.unwrap_err();
            assert!(format!("{error:?}").starts_with(wanted), "{fault:?}: {error:?}");
        }
        shell.fault(Fault::None).await;
        shell.stop().await;
        let error = backend.apply(&quiet(), &receipt).await.unwrap_err();
        assert!(matches!(error, BackendError::Absent(_)), "{error:?}");
        StandIn::start(&mut shell).await;
        backend.apply(&quiet(), &receipt).await.unwrap();
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(shell.state().await, "");
    }

    #[tokio::test]
    async fn it_outlasts_a_restart() {
        let world = World::new().await;
        let mut shell = world.shell().await;
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &quiet()).await;
        shell.stop().await;
        StandIn::start(&mut shell).await;
        backend.apply(&quiet(), &receipt).await.unwrap();
        assert_eq!(shell.dconf.settings()[SHOW_BANNERS], Value::Bool(false));
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(shell.state().await, "");
    }

    #[tokio::test]
    async fn the_journal_stands_in_for_a_lost_receipt() {
        let world = World::new().await;
        let shell = world.shell().await;
        let lost = put_in_force(&*open(ID, &world.desktop), &quiet()).await;
        let later = world.later().await;
        assert_eq!(journalled(&later).unwrap(), [lost]);

        // A new period after the loss: what was found is what the person had, not what we left.
        let backend = open(ID, &later);
        let receipt = put_in_force(&*backend, &quiet()).await;
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(shell.state().await, "");
        assert_eq!(journalled(&later), Ok(Vec::new()));
    }

    #[tokio::test]
    async fn the_journal_counts_only_for_what_is_still_ours() {
        let world = World::new().await;
        let shell = world.shell().await;
        put_in_force(&*open(ID, &world.desktop), &quiet()).await;
        shell.person_changes().await;
        let backend = open(ID, &world.later().await);
        let receipt = put_in_force(&*backend, &quiet()).await;
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(shell.state().await, format!("{SHOW_BANNERS}=true"));
    }

    #[tokio::test]
    async fn an_unreadable_journal_is_passed_over() {
        let world = World::new().await;
        let shell = world.shell().await;
        let journal = format!("{JOURNAL}{ID}");
        shell.dconf.change(&[(journal, Some(Value::Str("{".to_owned())))].into()).await;
        assert_eq!(journalled(&world.desktop), Ok(Vec::new()));
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &quiet()).await;
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(shell.state().await, "");
    }

    #[tokio::test]
    async fn another_notification_service_is_left_to_its_own_row() {
        let world = World::new().await;
        let other = world.bus.connect().await.unwrap();
        other.object_server().at("/org/freedesktop/Notifications", Other).await.unwrap();
        other.request_name("org.freedesktop.Notifications").await.unwrap();
        let Probe::Unsupported(text) = open(ID, &world.desktop).probe().await else { panic!() };
        assert!(text.contains("shown by other,"), "{text}");
    }

    struct Other;

    #[zbus::interface(name = "org.freedesktop.Notifications")]
    impl Other {
        #[allow(clippy::unused_self)]
        fn get_server_information(&self) -> (&str, &str, &str, &str) {
            ("other", "others", "1", "1.2")
        }
    }
}

mod magnifier {
    use super::*;

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
            let echo =
                A11ySettings::start(&world.later().await, world.bus.address()).await.unwrap();
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
}

mod backlight {
    use super::*;

    const ID: &str = "gnome-backlight";

    async fn power(world: &World, percent: i32) -> GnomePower {
        GnomePower::start(world.bus.address(), percent).await.unwrap()
    }

    #[tokio::test]
    async fn it_is_ready_where_there_is_a_backlight() {
        let world = World::new().await;
        let backend = open(ID, &world.desktop);
        assert!(matches!(backend.probe().await, Probe::Deferred(_)));
        let mut without = power(&world, -1).await;
        assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
        assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
        without.stop().await;
        let power = power(&world, 60).await;
        assert_eq!(backend.probe().await, Probe::Ready("GNOME Settings".to_owned()));
        power.fault(Fault::OddType).await;
        assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
        power.fault(Fault::Hangs).await;
        assert!(matches!(backend.probe().await, Probe::Deferred(_)));
        power.fault(Fault::None).await;
        power.forget_the_interface();
        assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
        assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
    }

    #[tokio::test]
    async fn phases_follow_each_other_and_it_comes_back() {
        let world = World::new().await;
        let power = power(&world, 60).await;
        let backend = open(ID, &world.desktop);
        let first = put_in_force(&*backend, &dim(40)).await;
        assert_eq!(power.percent(), 36);
        backend.apply(&dim(40), &first).await.unwrap();
        assert_eq!(power.percent(), 36);
        let second = through_disk(&backend.capture(&dim(20), Some(&first)).await.unwrap());
        let later = open(ID, &world.later().await);
        assert_eq!(later.restore(&second).await, Ok(Restored::AsFound));
        assert_eq!(power.percent(), 60);
        assert_eq!(later.restore(&second).await, Ok(Restored::AsFound));
        assert_eq!(power.percent(), 60);
    }

    #[tokio::test]
    async fn what_the_person_sets_is_told_and_stays() {
        let world = World::new().await;
        let power = power(&world, 60).await;
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &dim(40)).await;
        assert_eq!(told(&*backend, || power.person_changes()).await, Change::ByThePerson);
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
        assert_eq!(power.percent(), 91);
    }

    #[tokio::test]
    async fn own_writes_are_not_told() {
        let world = World::new().await;
        let power = power(&world, 60).await;
        let backend = open(ID, &world.desktop);
        let own = async {
            let receipt = put_in_force(&*backend, &dim(40)).await;
            backend.restore(&receipt).await.unwrap();
            put_in_force(&*backend, &dim(20)).await;
        };
        let all = told_meanwhile(&*backend, own, power.person_changes()).await;
        assert_eq!(all, [Change::ByThePerson]);
    }

    #[tokio::test]
    async fn what_gnome_dims_itself_is_not_taken_for_the_persons() {
        let world = World::new().await;
        let power = power(&world, 60).await;
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &dim(40)).await;
        power.become_idle(299_000, 30).await;
        assert!(matches!(backend.restore(&receipt).await, Err(BackendError::TimedOut(_))));
        // The person is back: the daemon sets what was there before.
        let mut idle = [(299_000, 30), (0, 36)].into_iter().cycle();
        let back = || {
            let (milliseconds, percent) = idle.next().unwrap();
            power.become_idle(milliseconds, percent)
        };
        assert_eq!(told(&*backend, back).await, Change::Again);
        power.press(36).await;
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(power.percent(), 60);

        power.become_idle(299_000, 30).await;
        assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
    }

    #[tokio::test]
    async fn a_daemon_that_fails_is_said() {
        let world = World::new().await;
        let mut power = power(&world, 60).await;
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &dim(40)).await;
        for (fault, wanted) in
            [(Fault::Refuses, "Refused"), (Fault::OddType, "Refused"), (Fault::Hangs, "TimedOut")]
        {
            power.fault(fault).await;
            let error = backend.restore(&receipt).await.unwrap_err();
            assert!(format!("{error:?}").starts_with(wanted), "{fault:?}: {error:?}");
        }
        power.fault(Fault::None).await;
        power.stop().await;
        assert!(matches!(backend.restore(&receipt).await, Err(BackendError::Absent(_))));
        StandIn::start(&mut power).await;
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(power.percent(), 60);
    }
}

#[test]
fn the_backlight_is_preferred_to_the_magnifier() {
    let dims: Vec<_> = REGISTRY
        .iter()
        .filter(|row| row.measures.contains(&Measure::Dim) && row.id.starts_with("gnome"))
        .map(|row| row.id)
        .collect();
    assert_eq!(dims, ["gnome-backlight", "gnome-magnifier"]);
    let ids: BTreeSet<_> = REGISTRY.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), REGISTRY.len());
}

#[tokio::test]
async fn a_change_of_several_keys_is_one() {
    let world = World::new().await;
    let standin = Dconf::start(world.bus.address(), &world.config_home(), ("/a/b", Value::Uint(1)))
        .await
        .unwrap();
    let dconf = Settings::new(&world.desktop);
    let all = [
        ("/a/b".to_owned(), Some(Value::Int(-7))),
        ("/a/c".to_owned(), Some(Value::Uint(7))),
        ("/d".to_owned(), Some(Value::Str("ü".repeat(300)))),
    ];
    dconf.change(&all.clone().into()).await.unwrap();
    let now = dconf.read().unwrap();
    for (key, value) in &all {
        assert_eq!(now.get(key), Ok(value.clone()));
    }
    standin.person_changes().await;
    assert_eq!(dconf.read().unwrap().get("/a/b"), Ok(Some(Value::Uint(1))));
    dconf.change(&all.map(|(key, _)| (key, None)).into()).await.unwrap();
    assert_eq!(standin.state().await, "");
}
