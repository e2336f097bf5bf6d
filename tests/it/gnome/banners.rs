//! GNOME Shell's banners.

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
    std::fs::write(etc.join("db/office"), include_bytes!("../data/dconf-locked")).unwrap();
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
    let Probe::Elsewhere(text) = open(ID, &world.desktop).probe().await else { panic!() };
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
