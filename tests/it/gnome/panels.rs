//! The backlights of the compositor.

use super::*;

const ID: &str = "mutter-backlight";

fn laptop(raw: i32) -> Screen {
    Screen { connector: "eDP-1", min: 10, max: 1000, raw }
}

fn monitor(raw: i32) -> Screen {
    Screen { connector: "DP-3", min: 10, max: 210, raw }
}

async fn mutter(world: &World, screens: &[Screen]) -> Mutter {
    Mutter::start(world.bus.address(), screens).await.unwrap()
}

/// Makes the kernel show a panel.
fn in_kernel(sysfs: &Path, raw: i32) {
    let folder = sysfs.join("class/backlight/intel_backlight");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("max_brightness"), "1000\n").unwrap();
    std::fs::write(folder.join("brightness"), format!("{raw}\n")).unwrap();
}

/// Waits for something told, while something is done.
async fn hears(backend: &dyn Backend, act: impl Future<Output = ()>) -> Change {
    let (tell, mut heard) = mpsc::channel(8);
    let acting = async {
        act.await;
        heard.recv().await.unwrap()
    };
    tokio::select! {
        () = backend.changes(tell) => panic!("it stopped listening"),
        change = tokio::time::timeout(LONG, acting) => change.expect("nothing was told"),
    }
}

#[tokio::test]
async fn it_is_ready_where_there_is_a_backlight() {
    let world = World::new().await;
    let backend = open(ID, &world.desktop);
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let mutter = mutter(&world, &[laptop(700), monitor(100)]).await;
    assert_eq!(backend.probe().await, Probe::Ready("GNOME Shell, on DP-3, eDP-1".to_owned()));
    mutter.replug(&[]).await;
    assert!(matches!(backend.probe().await, Probe::Unsupported(_)));
    assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
    // Without steps it is no backlight; what makes no sense is none either.
    for (min, max, raw) in [(5, 5, 5), (10, 5, 7), (0, 100, 101), (-1, 100, 50)] {
        mutter.replug(&[Screen { min, max, ..laptop(raw) }]).await;
        assert!(matches!(backend.probe().await, Probe::Unsupported(_)), "{min} {max} {raw}");
    }
    mutter.forget_the_property();
    assert!(matches!(backend.probe().await, Probe::Unsupported(why) if why.contains("47")));
    assert!(matches!(backend.capture(&dim(40), None).await, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn every_screen_is_dimmed_by_a_part_of_its_own() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(803), monitor(60)]).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    assert_eq!((mutter.raw("eDP-1"), mutter.raw("DP-3")), (482, 53));
    let writes = mutter.writes();
    backend.apply(&dim(40), &receipt).await.unwrap();
    assert_eq!(mutter.writes(), writes, "what is so already is not written again");
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!((mutter.raw("eDP-1"), mutter.raw("DP-3")), (803, 60));
}

#[tokio::test]
async fn what_the_slider_did_before_is_seen_though_the_property_is_old() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(900)]).await;
    mutter.slide_silently("eDP-1", 503);
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    assert_eq!(mutter.raw("eDP-1"), 303);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    // All that is told is a percent.
    assert!((mutter.raw("eDP-1") - 503).abs() <= 5, "{}", mutter.raw("eDP-1"));
}

#[tokio::test]
async fn the_kernel_knows_the_raw_value() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(900)]).await;
    mutter.slide_silently("eDP-1", 503);
    let sysfs = tempfile::tempdir().unwrap();
    in_kernel(sysfs.path(), 503);
    let desktop = world.later().await;
    let env = Env { sysfs: sysfs.path().to_owned(), ..(*desktop.env).clone() };
    let backend = open(ID, &Desktop { env: Arc::new(env), ..desktop });
    let receipt = put_in_force(&*backend, &dim(40)).await;
    assert_eq!(mutter.raw("eDP-1"), 302);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(mutter.raw("eDP-1"), 503);
}

#[tokio::test]
async fn what_the_slider_did_meanwhile_stays() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(803), monitor(100)]).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    assert_eq!(hears(&*backend, mutter.slide("eDP-1", 950)).await, Change::ByThePerson);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!((mutter.raw("eDP-1"), mutter.raw("DP-3")), (950, 100));

    // GNOME 49 says nothing; and darker is theirs as well.
    let receipt = put_in_force(&*backend, &dim(40)).await;
    mutter.slide_silently("eDP-1", 120);
    let later = open(ID, &world.later().await);
    later.apply(&dim(40), &receipt).await.unwrap();
    assert_eq!(mutter.raw("eDP-1"), 120);
    assert_eq!(later.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!((mutter.raw("eDP-1"), mutter.raw("DP-3")), (120, 100));
}

#[tokio::test]
async fn a_serial_that_moved_is_read_again() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(803)]).await;
    let backend = open(ID, &world.desktop);
    let receipt = through_disk(&backend.capture(&dim(40), None).await.unwrap());
    mutter.replug_silently(&[laptop(803), monitor(100)]);
    backend.apply(&dim(40), &receipt).await.unwrap();
    assert_eq!(mutter.raw("eDP-1"), 482);
}

#[tokio::test]
async fn a_new_screen_is_dimmed_too_and_comes_back() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(803)]).await;
    let backend = open(ID, &world.desktop);
    let first = put_in_force(&*backend, &dim(40)).await;
    let now = [laptop(mutter.raw("eDP-1")), monitor(100)];
    assert_eq!(hears(&*backend, mutter.replug(&now)).await, Change::Again);
    let second = through_disk(&backend.capture(&dim(40), Some(&first)).await.unwrap());
    backend.apply(&dim(40), &second).await.unwrap();
    assert_eq!((mutter.raw("eDP-1"), mutter.raw("DP-3")), (482, 60));
    // It is unplugged again; the panel is given back without it.
    mutter.replug(&[laptop(482)]).await;
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(mutter.raw("eDP-1"), 803);
    mutter.replug(&[]).await;
    assert!(matches!(backend.restore(&second).await, Err(BackendError::Absent(_))));
}

#[tokio::test]
async fn what_gnome_dims_itself_is_not_taken_for_the_persons() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(803)]).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &dim(40)).await;
    mutter.become_idle(140_000).await;
    assert_eq!(mutter.raw("eDP-1"), 307);
    backend.apply(&dim(40), &receipt).await.unwrap();
    assert_eq!(mutter.raw("eDP-1"), 307, "nothing is written while nobody is there");
    assert!(matches!(backend.restore(&receipt).await, Err(BackendError::TimedOut(_))));
    let back = async {
        mutter.is_asked_for_idleness().await;
        mutter.become_idle(0).await;
    };
    assert_eq!(hears(&*backend, back).await, Change::Again);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(mutter.raw("eDP-1"), 803);
}

#[tokio::test]
async fn a_screen_found_dimmed_by_gnome_waits_for_the_person() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(803)]).await;
    mutter.become_idle(200_000).await;
    let backend = open(ID, &world.desktop);
    let first = put_in_force(&*backend, &dim(40)).await;
    assert_eq!((mutter.raw("eDP-1"), mutter.writes()), (307, 0));
    assert_eq!(hears(&*backend, mutter.become_idle(0)).await, Change::Again);
    let second = through_disk(&backend.capture(&dim(40), Some(&first)).await.unwrap());
    backend.apply(&dim(40), &second).await.unwrap();
    assert_eq!(mutter.raw("eDP-1"), 482);
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(mutter.raw("eDP-1"), 803);
}

#[tokio::test]
async fn a_shell_that_takes_it_back_is_said() {
    let world = World::new().await;
    let mutter = mutter(&world, &[laptop(803)]).await;
    mutter.be_stubborn();
    let backend = open(ID, &world.desktop);
    let receipt = backend.capture(&dim(40), None).await.unwrap();
    assert!(matches!(backend.apply(&dim(40), &receipt).await, Err(BackendError::Refused(_))));
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
}
