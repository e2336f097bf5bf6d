//! LXQt and COSMIC: a value in a file that is the person's, among other things of theirs.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

use quietd::{
    backend::{
        Backend, BackendError, Change, Probe, Restored, Row,
        notifications::{cosmic, lxqt},
    },
    plan::Desired,
    standin::{InFile, PrivateBus, StandIn, Which},
    store::Receipt,
};
use tokio::sync::mpsc;

use crate::contract::{desktop_with, in_time};

/// A person's file, with all that a rewrite could lose.
const THEIRS: &str = concat!(
    "; mine\r\n[General]\r\n__userfile__=true\r\nwidth=300\r\n",
    "\r\n[Other]\r\na=\"x;y\"\r\n"
);

struct World {
    file: PathBuf,
    backend: Box<dyn Backend>,
    stand_in: InFile,
    folder: tempfile::TempDir,
    _bus: PrivateBus,
}

impl World {
    async fn of(row: &Row, which: Which, text: Option<&str>) -> Self {
        let (bus, folder) = (PrivateBus::start().unwrap(), tempfile::tempdir().unwrap());
        let stand_in =
            InFile::start(bus.address(), which, &folder.path().join("config"), text).await.unwrap();
        let desktop = desktop_with(&bus, |env| {
            env.config_home = folder.path().join("config");
            env.data_dirs = vec![folder.path().join("share")];
        })
        .await;
        let file = folder.path().join("config").join(match which {
            Which::Lxqt => "lxqt/notifications.conf",
            Which::Cosmic => "cosmic/com.system76.CosmicNotifications/v1/do_not_disturb",
        });
        Self { file, backend: (row.open)(&desktop), stand_in, folder, _bus: bus }
    }

    async fn lxqt(text: &str) -> Self {
        Self::of(&lxqt::ROW, Which::Lxqt, Some(text)).await
    }

    async fn cosmic(text: Option<&str>) -> Self {
        Self::of(&cosmic::ROW, Which::Cosmic, text).await
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }

    async fn put_in_force(&self) -> Receipt {
        let receipt = self.backend.capture(&Desired::default(), None).await.unwrap();
        self.backend.apply(&Desired::default(), &receipt).await.unwrap();
        receipt
    }

    async fn refuses(&self) -> String {
        match self.backend.capture(&Desired::default(), None).await {
            Err(BackendError::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn lxqt_loses_nothing_of_the_file() {
    let world = World::lxqt(THEIRS).await;
    assert_eq!(world.backend.probe().await, Probe::Ready("lxqt-notificationd 1.2.0".to_owned()));
    let receipt = world.put_in_force().await;
    let heading = "[General]\r\n";
    let quiet = THEIRS.replace(heading, &format!("{heading}doNotDisturb=true\r\n"));
    assert_eq!(world.text(), quiet);
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.text(), THEIRS);
}

#[tokio::test]
async fn what_another_program_writes_meanwhile_stays() {
    let world = World::lxqt("[General]\ndoNotDisturb=false\n").await;
    let receipt = world.put_in_force().await;
    fs::write(&world.file, "[General]\nwidth=500\ndoNotDisturb=true\n").unwrap();
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.text(), "[General]\nwidth=500\ndoNotDisturb=false\n");
}

#[tokio::test]
async fn a_link_stays_a_link_and_the_mode_stays() {
    for (world, quiet) in [
        (World::lxqt("doNotDisturb=0\n").await, "doNotDisturb=true\n"),
        (World::cosmic(Some("false\n")).await, "true"),
    ] {
        let theirs = world.folder.path().join("dotfiles");
        fs::rename(&world.file, &theirs).unwrap();
        symlink(&theirs, &world.file).unwrap();
        fs::set_permissions(&theirs, fs::Permissions::from_mode(0o640)).unwrap();
        let before = world.text();
        let receipt = world.put_in_force().await;
        assert_eq!(fs::read_to_string(&theirs).unwrap(), quiet);
        assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(world.text(), before);
        assert_eq!(fs::read_link(&world.file).unwrap(), theirs);
        assert_eq!(fs::metadata(&theirs).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

#[tokio::test]
async fn lxqt_does_not_hear_of_a_file_that_was_deleted() {
    let world = World::lxqt("").await;
    fs::remove_file(&world.file).unwrap();
    let receipt = world.backend.capture(&Desired::default(), None).await.unwrap();
    match world.backend.apply(&Desired::default(), &receipt).await {
        Err(BackendError::Refused(why)) => assert!(why.contains("is not there"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(!world.file.exists());
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!world.file.exists());
}

#[tokio::test]
async fn cosmic_is_told_that_it_is_over_where_nothing_was_set() {
    let mut world = World::cosmic(None).await;
    let receipt = world.put_in_force().await;
    assert_eq!(world.text(), "true");
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(world.text(), "false");

    // Where nobody has it in mind any more, or there is something else to fall back to, nothing is nothing again.
    fs::remove_file(&world.file).unwrap();
    let default = world.folder.path().join("share/cosmic/com.system76.CosmicNotifications/v1");
    let receipt = world.put_in_force().await;
    fs::create_dir_all(&default).unwrap();
    fs::write(default.join("do_not_disturb"), "false").unwrap();
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!world.file.exists());
    fs::remove_dir_all(&default).unwrap();
    let receipt = world.put_in_force().await;
    world.stand_in.stop().await;
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert!(!world.file.exists());
}

#[tokio::test]
async fn says_what_is_wrong_with_the_file_and_leaves_it() {
    let world = World::lxqt("[General]\ndoNotDisturb=perhaps\n").await;
    assert!(world.refuses().await.contains("has `perhaps` where true or false should be"));
    fs::write(&world.file, b"[General]\nname=\xff\n").unwrap();
    let why = world.refuses().await;
    assert!(why.contains("it is not UTF-8 text in line 2"), "{why}");
    assert_eq!(world.backend.probe().await, Probe::Unsupported(why));
    assert_eq!(fs::read(&world.file).unwrap(), b"[General]\nname=\xff\n");
    fs::remove_file(&world.file).unwrap();
    fs::create_dir(&world.file).unwrap();
    assert!(world.refuses().await.ends_with("is a folder and should be a file; move it away."));

    let world = World::cosmic(Some("")).await;
    assert!(world.refuses().await.contains("has `` where"));
}

#[tokio::test]
async fn what_cannot_be_written_is_said_and_stays() {
    let world = World::lxqt(THEIRS).await;
    // As in a folder that is full or can only be read, no file can be written beside it.
    fs::create_dir(world.file.with_file_name(".notifications.conf.new")).unwrap();
    let receipt = world.backend.capture(&Desired::default(), None).await.unwrap();
    match world.backend.apply(&Desired::default(), &receipt).await {
        Err(BackendError::Refused(why)) => assert!(why.contains("could not be written"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.text(), THEIRS);
    assert_eq!(world.backend.restore(&receipt).await, Ok(Restored::AsFound));
}

#[tokio::test]
async fn hears_of_every_way_of_writing_the_file() {
    for how in ["in place", "by a rename", "deleted"] {
        let world = World::lxqt("[General]\n").await;
        world.put_in_force().await;
        let (tell, mut told) = mpsc::channel(8);
        tokio::select! {
            () = world.backend.changes(tell) => panic!("it listens for as long as it is polled"),
            () = async {
                // What changes nothing of ours is not told.
                fs::write(&world.file, "[General]\nwidth=1\ndoNotDisturb=true\n").unwrap();
                let beside = world.file.with_file_name("new");
                match how {
                    "in place" => fs::write(&world.file, "doNotDisturb=false\n").unwrap(),
                    "by a rename" => {
                        fs::write(&beside, "doNotDisturb=false\n").unwrap();
                        fs::rename(&beside, &world.file).unwrap();
                    }
                    _ => fs::remove_file(&world.file).unwrap(),
                }
                let change = in_time("changes", told.recv()).await;
                assert_eq!(change, Some(Change::ByThePerson), "{how}");
            } => {}
        }
    }
}
