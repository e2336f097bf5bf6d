//! The table: each row of the registry with each stand-in for its service.

use quietd::{
    backend::REGISTRY,
    config::Notifications,
    plan::Desired,
    standin::{Dunst, DunstVersion, Plasma, Systemd, Xfce},
};

use super::{Case, checks};
use crate::x11::XServer;

/// A new row needs one line here: what it talks to (`bus` for a service that can refuse and answer oddly, `other` for
/// what cannot be made to), a name for the tests, and the case.
macro_rules! contract {
    ($($kind:ident $name:ident: $case:expr;)*) => {
        $(mod $name {
            use super::*;
            contract!(@checks $case;
                puts_in_force_and_gives_back_exactly
                is_restored_by_another_process
                renews_and_keeps_what_was_found
                knows_its_own_after_a_crash_between_writing_and_applying
                gives_back_nothing_that_was_never_applied
                is_absent_with_its_service
                is_put_in_force_again_after_a_restart
                leaves_what_the_person_changed
                leaves_what_the_person_changed_while_nobody_listened
                tells_nothing_of_its_own_writes
                ends_in_time_where_the_service_hangs
            );
            contract!(@$kind $case);
        })*

        #[test]
        fn every_row_has_a_case() {
            let cases = [$($case.row),*];
            let without: Vec<_> =
                REGISTRY.iter().map(|row| row.id).filter(|id| !cases.contains(id)).collect();
            assert_eq!(without, [""; 0]);
        }
    };
    (@bus $case:expr) => {
        contract!(@checks $case; says_that_it_was_refused says_that_an_answer_was_odd);
    };
    (@other $case:expr) => {};
    (@checks $case:expr; $($check:ident)*) => {
        $(#[tokio::test]
        async fn $check() {
            checks::$check(&$case).await;
        })*
    };
}

contract! {
    bus plasma: Case { ends_with_us: true, ..notifications("plasma", |bus, _| {
        Box::pin(async { Box::new(Plasma::start(bus, false).await.unwrap()) as _ })
    }) };
    bus plasma_quiet_by_hand: Case { ends_with_us: true, already: true, ..notifications("plasma", |bus, _| {
        Box::pin(async { Box::new(Plasma::start(bus, true).await.unwrap()) as _ })
    }) };
    bus dunst: notifications("dunst", |bus, _| {
        Box::pin(async { Box::new(Dunst::start(bus, DunstVersion::New, 0).await.unwrap()) as _ })
    });
    bus dunst_with_a_low_level: notifications("dunst", |bus, _| {
        Box::pin(async { Box::new(Dunst::start(bus, DunstVersion::New, 20).await.unwrap()) as _ })
    });
    bus dunst_paused_by_hand: Case { already: true, ..notifications("dunst", |bus, _| {
        Box::pin(async { Box::new(Dunst::start(bus, DunstVersion::New, 100).await.unwrap()) as _ })
    }) };
    bus dunst_1_9: notifications("dunst", |bus, _| {
        Box::pin(async { Box::new(Dunst::start(bus, DunstVersion::Old, 0).await.unwrap()) as _ })
    });
    bus dunst_1_9_paused_by_hand: Case { already: true, ..notifications("dunst", |bus, _| {
        Box::pin(async { Box::new(Dunst::start(bus, DunstVersion::Old, 100).await.unwrap()) as _ })
    }) };
    bus xfce_unset: notifications("xfce", |bus, _| {
        Box::pin(async { Box::new(Xfce::start(bus, None).await.unwrap()) as _ })
    });
    bus xfce_off: notifications("xfce", |bus, _| {
        Box::pin(async { Box::new(Xfce::start(bus, Some(false.into())).await.unwrap()) as _ })
    });
    bus xfce_on_by_hand: Case { already: true, ..notifications("xfce", |bus, _| {
        Box::pin(async { Box::new(Xfce::start(bus, Some(true.into())).await.unwrap()) as _ })
    }) };
    other x11_gamma: Case {
        row: "x11-gamma",
        begin: |_, env| Box::pin(async {
            let server = XServer::start();
            env.display = Some(server.display());
            Box::new(server) as _
        }),
        desired: Desired { dim: 40, warmth: Some(3400), ..Desired::default() },
        renewed: Desired { dim: 20, ..Desired::default() },
        tells: false,
        ends_with_us: false,
        already: false,
    };
    bus systemd_freeze: Case {
        row: "systemd-freeze",
        begin: |bus, env| Box::pin(async {
            env.sysfs = tempfile::tempdir().unwrap().keep();
            let systemd = Systemd::start(bus, &env.sysfs).await.unwrap();
            for app in ["Chat", "Game", "Mail"] {
                let unit = format!("app-gnome-org.example.{app}-1.scope");
                systemd.start_unit(&unit, &[]).await.unwrap();
            }
            Box::new(systemd) as _
        }),
        desired: locked(&["org.example.Chat", "org.example.Game"]),
        renewed: locked(&["org.example.Game", "org.example.Mail"]),
        tells: false,
        ends_with_us: false,
        already: false,
    };
}

fn locked(apps: &[&str]) -> Desired {
    Desired { apps: apps.iter().map(|app| (*app).to_owned()).collect(), ..Desired::default() }
}

/// A case of holding notifications, on a service that tells of changes.
fn notifications(
    row: &'static str,
    begin: for<'a> fn(
        &'a str,
        &'a mut quietd::env::Env,
    )
        -> futures_util::future::BoxFuture<'a, Box<dyn quietd::standin::StandIn>>,
) -> Case {
    let until = |time: &str| Some(time.parse().unwrap());
    Case {
        row,
        begin,
        desired: Desired {
            notifications: Notifications::Urgent,
            until: until("2099-06-01T16:00:00Z"),
            ..Desired::default()
        },
        renewed: Desired {
            notifications: Notifications::Batched,
            until: until("2099-06-02T17:00:00Z"),
            ..Desired::default()
        },
        tells: true,
        ends_with_us: false,
        already: false,
    }
}
