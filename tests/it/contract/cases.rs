//! The table: each row of the registry with each stand-in for its service.

use jiff::SignedDuration;
use quietd::{
    backend::{Change, REGISTRY, notifications::swaync_dnd::DND},
    clock::{Clock, SystemClock},
    config::Notifications,
    dbus::dconf::{Settings, Value},
    env::Env,
    plan::Desired,
    standin::{
        Budgie, ByThePerson, Dconf, Deepin, DeepinVersion, Dunst, DunstVersion, GnomeColor,
        GnomePower, GnomeShell, InFile, Kwin, KwinIs, Mako, MakoVersion, OldSwaync, PercentOf,
        PercentPanel, Plasma, PlasmaPower, PlasmaScreens, Program, SettingReader, StandIn, Swaync,
        Systemd, Which, Xfce,
        ddcutil::{Ddcutil, Monitor},
        logind::Logind,
        mutter::{Mutter, Screen},
    },
};

use super::{Begin, Case, checks};
use crate::{
    compositor::{ALL, Offers, Screens, TakesBack, still},
    x11::XServer,
};

const SHOW_BANNERS: &str = "/org/gnome/desktop/notifications/show-banners";
const SHOWN: (&str, Value) = (SHOW_BANNERS, Value::Bool(true));
const MATE: (&str, Value) = ("/org/mate/notification-daemon/do-not-disturb", Value::Bool(false));
const CINNAMON: (&str, Value) =
    ("/org/cinnamon/desktop/notifications/display-notifications", Value::Bool(true));
const PANTHEON: (&str, Value) = ("/io/elementary/notifications/do-not-disturb", Value::Bool(false));
const ENABLED: &str = "/org/gnome/desktop/a11y/applications/screen-magnifier-enabled";
const FACTOR: &str = "/org/gnome/desktop/a11y/magnifier/mag-factor";
const GREEN: (&str, Value) =
    ("/org/gnome/desktop/a11y/magnifier/brightness-green", Value::Double(0.25));
const GREEN_BY_THE_PERSON: &str = "/org/gnome/desktop/a11y/magnifier/brightness-green=0.25";

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
    bus mako: notifications("mako", |bus, env| Box::pin(mako(bus, env, MakoVersion::Tells, &OURS, &[])));
    bus mako_1_7: Case { tells: None, ..notifications("mako", |bus, env| {
        Box::pin(mako(bus, env, MakoVersion::Silent, &OURS, &[]))
    }) };
    bus mako_by_the_persons_own_mode: notifications("mako", |bus, env| {
        Box::pin(mako(bus, env, MakoVersion::Tells, &THEIRS, &[]))
    });
    bus mako_quiet_by_hand: Case { already: true, ..notifications("mako", |bus, env| {
        Box::pin(mako(bus, env, MakoVersion::Tells, &THEIRS, &["do-not-disturb"]))
    }) };
    bus swaync: notifications("swaync", |bus, _| {
        Box::pin(async { Box::new(Swaync::start(bus, false).await.unwrap()) as _ })
    });
    bus swaync_quiet_by_hand: notifications("swaync", |bus, _| {
        Box::pin(async { Box::new(Swaync::start(bus, true).await.unwrap()) as _ })
    });
    bus swaync_0_7_unset: swaync_0_7(|bus, env| Box::pin(old_swaync(bus, env, None)));
    bus swaync_0_7_off: swaync_0_7(|bus, env| Box::pin(old_swaync(bus, env, Some(false))));
    bus swaync_0_7_on_by_hand: Case { already: true, ..swaync_0_7(|bus, env| {
        Box::pin(old_swaync(bus, env, Some(true)))
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
    bus budgie: notifications("budgie", |bus, _| {
        Box::pin(async { Box::new(Budgie::start(bus, false).await.unwrap()) as _ })
    });
    bus budgie_quiet_by_hand: Case { already: true, ..notifications("budgie", |bus, _| {
        Box::pin(async { Box::new(Budgie::start(bus, true).await.unwrap()) as _ })
    }) };
    bus deepin: notifications("deepin", |bus, _| Box::pin(deepin(bus, DeepinVersion::New, [false; 3])));
    bus deepin_5: notifications("deepin", |bus, _| Box::pin(deepin(bus, DeepinVersion::Old, [false; 3])));
    bus deepin_at_some_hours: Case { left: Some("[false, false, true]"), ..notifications("deepin", |bus, _| {
        Box::pin(deepin(bus, DeepinVersion::New, [false, false, true]))
    }) };
    bus deepin_while_locked: Case { left: Some("[false, true, false]"), ..notifications("deepin", |bus, _| {
        Box::pin(deepin(bus, DeepinVersion::New, [true, true, false]))
    }) };
    bus deepin_quiet_by_hand: Case { already: true, ..notifications("deepin", |bus, _| {
        Box::pin(deepin(bus, DeepinVersion::New, [true, false, false]))
    }) };
    bus lxqt_unset: in_file("lxqt", |bus, env| Box::pin(file(bus, env, Which::Lxqt, None)));
    bus lxqt_off: in_file("lxqt", |bus, env| Box::pin(file(bus, env, Which::Lxqt, Some(LXQT))));
    bus lxqt_on_by_hand: Case { already: true, ..in_file("lxqt", |bus, env| {
        Box::pin(file(bus, env, Which::Lxqt, Some("doNotDisturb=true\n[Other]\na=1\n")))
    }) };
    bus cosmic_unset: in_file("cosmic", |bus, env| Box::pin(file(bus, env, Which::Cosmic, None)));
    bus cosmic_off: in_file("cosmic", |bus, env| {
        Box::pin(file(bus, env, Which::Cosmic, Some("false\n")))
    });
    bus cosmic_on_by_hand: Case { already: true, ..in_file("cosmic", |bus, env| {
        Box::pin(file(bus, env, Which::Cosmic, Some("true")))
    }) };
    other x11_gamma: Case {
        row: "x11-gamma",
        begin: |_, env| Box::pin(async {
            let server = XServer::start();
            // What is on its way cannot be compared; `x11_glide.rs` has what moves.
            still(env);
            env.display = Some(server.display());
            Box::new(server) as _
        }),
        desired: Desired { dim: 40, warmth: Some(3400), ..Desired::default() },
        renewed: Desired { dim: 20, ..Desired::default() },
        ..Case::plain()
    };
    bus systemd_freeze: Case {
        row: "systemd-freeze",
        begin: |bus, env| Box::pin(async {
            let systemd = Systemd::start(bus, &env.sysfs).await.unwrap();
            for app in ["Chat", "Game", "Mail"] {
                let unit = format!("app-gnome-org.example.{app}-1.scope");
                systemd.start_unit(&unit, &[]).await.unwrap();
            }
            Box::new(systemd) as _
        }),
        desired: locked(&["org.example.Chat", "org.example.Game"]),
        renewed: locked(&["org.example.Game", "org.example.Mail"]),
        ..Case::plain()
    };
    bus gnome_notifications_unset: banners(|bus, env| Box::pin(shell(bus, env, &[], SHOWN)));
    bus gnome_notifications_shown: banners(|bus, env| Box::pin(shell(bus, env, &[SHOWN], SHOWN)));
    bus gnome_notifications_off_by_hand: Case { already: true, ..banners(|bus, env| {
        Box::pin(shell(bus, env, &[(SHOW_BANNERS, Value::Bool(false))], SHOWN))
    }) };
    bus mate_unset: setting("mate", |bus, env| Box::pin(reads(bus, env, Program::MATE, &[], MATE)));
    bus mate_shown: setting("mate", |bus, env| {
        Box::pin(reads(bus, env, Program::MATE, &[MATE], MATE))
    });
    bus mate_off_by_hand: Case { already: true, ..setting("mate", |bus, env| {
        Box::pin(reads(bus, env, Program::MATE, &[(MATE.0, Value::Bool(true))], MATE))
    }) };
    bus cinnamon_unset: setting("cinnamon", |bus, env| {
        Box::pin(reads(bus, env, Program::CINNAMON, &[], CINNAMON))
    });
    bus cinnamon_shown: setting("cinnamon", |bus, env| {
        Box::pin(reads(bus, env, Program::CINNAMON, &[CINNAMON], CINNAMON))
    });
    bus cinnamon_off_by_hand: Case { already: true, ..setting("cinnamon", |bus, env| {
        Box::pin(reads(bus, env, Program::CINNAMON, &[(CINNAMON.0, Value::Bool(false))], CINNAMON))
    }) };
    bus pantheon_unset: setting("pantheon", |bus, env| {
        Box::pin(reads(bus, env, Program::PANTHEON, &[], PANTHEON))
    });
    bus pantheon_off_by_hand: Case { already: true, ..setting("pantheon", |bus, env| {
        Box::pin(reads(bus, env, Program::PANTHEON, &[(PANTHEON.0, Value::Bool(true))], PANTHEON))
    }) };
    bus gnome_backlight: backlight(|bus, _| {
        Box::pin(async { Box::new(GnomePower::start(bus, 60).await.unwrap()) as _ })
    });
    bus gnome_backlight_dark_by_hand: Case { already: true, ..backlight(|bus, _| {
        Box::pin(async { Box::new(GnomePower::start(bus, 20).await.unwrap()) as _ })
    }) };
    bus mate_backlight: percent("mate-backlight", |bus, _| {
        Box::pin(async { Box::new(PercentPanel::start(bus, PercentOf::Mate, Some(60), 100).await.unwrap()) as _ })
    });
    bus cinnamon_backlight: percent("cinnamon-backlight", |bus, _| Box::pin(async {
        Box::new(PercentPanel::start(bus, PercentOf::Cinnamon, Some(60), 100).await.unwrap()) as _
    }));
    bus cinnamon_backlight_dark_by_hand: Case {
        already: true,
        ..percent("cinnamon-backlight", |bus, _| Box::pin(async {
            Box::new(PercentPanel::start(bus, PercentOf::Cinnamon, Some(20), 100).await.unwrap()) as _
        }))
    };
    bus mutter_backlight: Case { left: Some("eDP-1=1000\nDP-3=110"), ..screens_of(|bus, _| {
        Box::pin(async { Box::new(Mutter::start(bus, &[panel_at(803), monitor_at(110)]).await.unwrap()) as _ })
    }) };
    bus mutter_backlight_dark_by_hand: Case { already: true, ..screens_of(|bus, _| {
        Box::pin(async { Box::new(Mutter::start(bus, &[panel_at(200)]).await.unwrap()) as _ })
    }) };
    bus logind_backlight: panel(|bus, env| {
        Box::pin(async { Box::new(Logind::start(bus, &env.sysfs, 803).await.unwrap()) as _ })
    });
    bus logind_backlight_dark_by_hand: Case { already: true, ..panel(|bus, env| {
        Box::pin(async { Box::new(Logind::start(bus, &env.sysfs, 200).await.unwrap()) as _ })
    }) };
    bus plasma_backlight: displays("plasma-backlight", |bus, env| {
        Box::pin(async { Box::new(PlasmaPower::start(bus, &env.sysfs, 800).await.unwrap()) as _ })
    });
    bus plasma_backlight_dark_by_hand: Case { already: true, ..displays("plasma-backlight", |bus, env| {
        Box::pin(async { Box::new(PlasmaPower::start(bus, &env.sysfs, 100).await.unwrap()) as _ })
    }) };
    bus plasma_screens: displays("plasma-screens", |bus, _| {
        Box::pin(async {
            let screens = [("Built-in Screen", 10_000, 7_000), ("Dell U2720Q", 10_000, 10_000)];
            Box::new(PlasmaScreens::start(bus, &screens).await.unwrap()) as _
        })
    });
    bus plasma_screens_dark_by_hand: Case { already: true, ..displays("plasma-screens", |bus, _| {
        Box::pin(async {
            Box::new(PlasmaScreens::start(bus, &[("Panel", 999, 199)]).await.unwrap()) as _
        })
    }) };
    bus ddcutil: displays("ddcutil", |bus, _| {
        Box::pin(async {
            let monitors = vec![Monitor::of("Dell U2720Q", 80), Monitor::of("EIZO", 50)];
            Box::new(Ddcutil::start(bus, monitors).await.unwrap()) as _
        })
    });
    bus gnome_night_light_unset: Case {
        left: Some("/org/gnome/settings-daemon/plugins/color/night-light-enabled=false"),
        ..night_light(|bus, env| Box::pin(color(bus, env, &[])))
    };
    bus gnome_night_light_in_the_evening: Case {
        left: Some(concat!(
            "/org/gnome/settings-daemon/plugins/color/night-light-enabled=false\n",
            "/org/gnome/settings-daemon/plugins/color/night-light-schedule-automatic=false\n",
            "/org/gnome/settings-daemon/plugins/color/night-light-schedule-from=21.5\n",
            "/org/gnome/settings-daemon/plugins/color/night-light-temperature=uint32 4000",
        )),
        ..night_light(|bus, env| {
            Box::pin(async move {
                let own = [
                    ("enabled", Value::Bool(true)),
                    ("temperature", Value::Uint(4000)),
                    ("schedule-automatic", Value::Bool(false)),
                    ("schedule-from", Value::Double(21.5)),
                ];
                color(bus, env, &own).await
            })
        })
    };
    bus gnome_magnifier_unset: Case { left: Some(GREEN_BY_THE_PERSON), ..magnifier(|bus, env| {
        Box::pin(shell(bus, env, &[], GREEN))
    }) };
    bus gnome_magnifier_off: Case {
        left: Some(concat!(
            "/org/gnome/desktop/a11y/applications/screen-magnifier-enabled=false\n",
            "/org/gnome/desktop/a11y/magnifier/brightness-green=0.25\n",
            "/org/gnome/desktop/a11y/magnifier/mag-factor=4.0",
        )),
        ..magnifier(|bus, env| {
            let own = [(ENABLED, Value::Bool(false)), (FACTOR, Value::Double(4.0))];
            Box::pin(async move { shell(bus, env, &own, GREEN).await })
        })
    };
    bus gnome_magnifier_on_by_hand: Case {
        left: Some(concat!(
            "/org/gnome/desktop/a11y/applications/screen-magnifier-enabled=true\n",
            "/org/gnome/desktop/a11y/magnifier/brightness-green=0.25\n",
            "/org/gnome/desktop/a11y/magnifier/mag-factor=3.0",
        )),
        ..magnifier(|bus, env| {
            let own = [(ENABLED, Value::Bool(true)), (FACTOR, Value::Double(3.0))];
            Box::pin(async move { shell(bus, env, &own, GREEN).await })
        })
    };
    bus gnome_proxy_unset: Case {
        left: Some("/system/proxy/mode=\"manual\""),
        ..sites(|bus, env| Box::pin(proxy(bus, env, &[])))
    };
    bus gnome_proxy_none: Case {
        left: Some("/system/proxy/autoconfig-url=\"\"\n/system/proxy/mode=\"manual\""),
        ..sites(|bus, env| {
            Box::pin(proxy(bus, env, &[("mode", "none"), ("autoconfig-url", "")]))
        })
    };
    bus night_color_unset: Case {
        left: Some("[NightColor]\nNightTemperature=5000\n\n6500 K, effects [] of []"),
        ..night_color(|bus, env| Box::pin(kwin(bus, env, KwinIs::FIVE, "")))
    };
    bus night_color_off: Case {
        left: Some(concat!(
            "# mine\n[Windows]\nk=1\n\n[NightColor]\nActive=false\nMode = Times\nNightTemperature=5000\n\n",
            "[Xwayland]\nScale=1\n\n6500 K, effects [] of []",
        )),
        ..night_color(|bus, env| Box::pin(kwin(bus, env, KwinIs::FIVE, OFF)))
    };
    bus night_color_on: Case {
        desired: Desired { warmth: Some(2700), ..Desired::default() },
        renewed: Desired { warmth: Some(2800), ..Desired::default() },
        left: Some("[NightColor]\nActive=true\nNightTemperature=5000\n\n5000 K, effects [] of []"),
        ..night_color(|bus, env| {
            Box::pin(kwin(bus, env, KwinIs::FIVE, "[NightColor]\nActive=true\nNightTemperature=3000\n"))
        })
    };
    bus night_color_warmer_by_hand: Case { already: true, ..night_color(|bus, env| {
        let own = "[NightColor]\nActive=true\nDayTemperature=2000\nNightTemperature=2000\n";
        Box::pin(kwin(bus, env, KwinIs::FIVE, own))
    }) };
    bus night_color_6: Case {
        left: Some("[NightColor]\nNightTemperature=5000\n\n6500 K, effects [] of []"),
        ..night_color(|bus, env| Box::pin(kwin(bus, env, KwinIs::SIX, "")))
    };
    bus kwin_grey: grey(|bus, env| Box::pin(kwin(bus, env, KwinIs::FIVE, GREY)));
    bus kwin_grey_6: grey(|bus, env| Box::pin(kwin(bus, env, KwinIs::SIX, GREY)));
    other wl_gamma: compositor("wl-gamma", |_, env| {
        Box::pin(async { Box::new(screens(env, ALL, TakesBack::Gamma)) as _ })
    });
    other wl_overlay: compositor("wl-overlay", |_, env| {
        Box::pin(async { Box::new(screens(env, ALL, TakesBack::Overlays)) as _ })
    });
    other hyprland_ctm: Case {
        desired: Desired {
            dim: 40,
            warmth: Some(3400),
            greyscale: true,
            ..Desired::default()
        },
        tells: None,
        // There is nothing a person could change.
        left: Some("ramps {}, overlays [], {}"),
        ..compositor("hyprland-ctm", |_, env| Box::pin(async {
            let hyprland = Offers { matrices: Some(2), ..ALL };
            Box::new(screens(env, hyprland, TakesBack::Nothing)) as _
        }))
    };
}

fn locked(apps: &[&str]) -> Desired {
    Desired { apps: apps.iter().map(|app| (*app).to_owned()).collect(), ..Desired::default() }
}

/// A case of sites, whose rule ends when quiet does.
fn sites(begin: Begin) -> Case {
    let now = SystemClock.now();
    let desired = |sites: &[&str], hours| Desired {
        sites: sites.iter().map(|site| (*site).to_owned()).collect(),
        until: Some(now + SignedDuration::from_hours(hours)),
        ..Desired::default()
    };
    Case {
        row: "gnome-proxy",
        begin,
        desired: desired(&["reddit.com", "x.com"], 4),
        renewed: desired(&["x.com"], 5),
        tells: Some(Change::ByThePerson),
        reads_without_it: true,
        ..Case::plain()
    }
}

/// dconf's proxy setting as its person has it, who will set it to proxies of their own.
async fn proxy(
    bus: &str,
    env: &Env,
    own: &'static [(&'static str, &'static str)],
) -> Box<dyn StandIn> {
    let manual = ("/system/proxy/mode", Value::Str("manual".to_owned()));
    let dconf = Dconf::start(bus, &env.config_home, manual).await.unwrap();
    let own = own.iter().map(|(key, value)| {
        (format!("/system/proxy/{key}"), Some(Value::Str((*value).to_owned())))
    });
    dconf.change(&own.collect()).await;
    Box::new(dconf)
}

/// What a person's file may be like.
const LXQT: &str = "; mine\n[General]\n__userfile__=true\n doNotDisturb = false ; for now\n\n[Other]\ndoNotDisturb=x\n";

/// A case of a value in a watched file.
fn in_file(row: &'static str, begin: Begin) -> Case {
    Case { restores_without_it: true, ..notifications(row, begin) }
}

async fn file(bus: &str, env: &Env, which: Which, text: Option<&str>) -> Box<dyn StandIn> {
    Box::new(InFile::start(bus, which, &env.config_home, text).await.unwrap())
}

async fn deepin(bus: &str, version: DeepinVersion, settings: [bool; 3]) -> Box<dyn StandIn> {
    Box::new(Deepin::start(bus, version, settings).await.unwrap())
}

/// A case of GNOME Shell's banners: the journal goes whatever the person does.
fn banners(begin: Begin) -> Case {
    Case {
        reads_without_it: true,
        left: Some("/org/gnome/desktop/notifications/show-banners=true"),
        ..notifications("gnome-notifications", begin)
    }
}

/// A case of a desktop with one setting for this: the journal goes whatever the person does.
fn setting(row: &'static str, begin: Begin) -> Case {
    let left = match row {
        "mate" => "/org/mate/notification-daemon/do-not-disturb=false",
        "cinnamon" => "/org/cinnamon/desktop/notifications/display-notifications=true",
        _ => "/io/elementary/notifications/do-not-disturb=false",
    };
    Case { reads_without_it: true, left: Some(left), ..notifications(row, begin) }
}

/// A section of mako's config for our own mode, and one for its person's.
const OURS: [&str; 2] = ["[mode=quietd]", "invisible=1"];
const THEIRS: [&str; 2] = ["[mode=do-not-disturb]", "invisible=1"];

/// mako with a config, whose person has some modes on.
async fn mako(
    bus: &str,
    env: &Env,
    version: MakoVersion,
    config: &[&str],
    on: &[&str],
) -> Box<dyn StandIn> {
    let folder = env.config_home.join("mako");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config"), config.join("\n")).unwrap();
    Box::new(Mako::start(bus, version, on).await.unwrap())
}

/// A case of swaync before it had inhibitors: the journal goes whatever the person does.
fn swaync_0_7(begin: Begin) -> Case {
    Case {
        reads_without_it: true,
        left: Some("/org/erikreider/swaync/dnd-state=false"),
        ..notifications("swaync-dnd", begin)
    }
}

/// swaync 0.7, whose person has do-not-disturb on, off or unset, and will switch it off.
async fn old_swaync(bus: &str, env: &Env, has: Option<bool>) -> Box<dyn StandIn> {
    let swaync = OldSwaync::start(bus, &env.config_home, (DND, Value::Bool(false))).await.unwrap();
    if let Some(has) = has {
        let own = (DND.to_owned(), Some(Value::Bool(has)));
        swaync.dconf.change(&Settings::from([own])).await;
    }
    Box::new(swaync)
}

/// A case of GNOME's own way to the backlight.
fn backlight(begin: Begin) -> Case {
    Case { row: "gnome-backlight", begin, tells: Some(Change::ByThePerson), ..darker() }
}

/// A case of a service that tells and takes the panel's light in percent.
fn percent(row: &'static str, begin: Begin) -> Case {
    Case { row, begin, tells: Some(Change::ByThePerson), ..darker() }
}

/// A case of the compositor's own way to GNOME's backlights.
fn screens_of(begin: Begin) -> Case {
    Case { row: "mutter-backlight", begin, tells: Some(Change::ByThePerson), ..darker() }
}

/// A laptop's panel.
fn panel_at(raw: i32) -> Screen {
    Screen { connector: "eDP-1", min: 10, max: 1000, raw }
}

/// A monitor whose brightness the compositor makes.
fn monitor_at(raw: i32) -> Screen {
    Screen { connector: "DP-3", min: 10, max: 210, raw }
}

/// A case of Night Light.
fn night_light(begin: Begin) -> Case {
    Case {
        row: "gnome-night-light",
        begin,
        desired: Desired { warmth: Some(3400), ..Desired::default() },
        renewed: Desired { warmth: Some(3900), ..Desired::default() },
        tells: Some(Change::ByThePerson),
        reads_without_it: true,
        ..Case::plain()
    }
}

/// A case of the kernel's backlight, in a folder of plain files: the kernel tells nothing of those.
fn panel(begin: Begin) -> Case {
    Case { row: "logind-backlight", begin, reads_without_it: true, ..darker() }
}

/// A case of displays behind a service that tells of changes.
fn displays(row: &'static str, begin: Begin) -> Case {
    Case { row, begin, tells: Some(Change::ByThePerson), ..darker() }
}

/// A case of GNOME Shell's magnifier.
fn magnifier(begin: Begin) -> Case {
    Case {
        row: "gnome-magnifier",
        begin,
        desired: Desired { warmth: Some(3400), greyscale: true, ..darker().desired },
        tells: Some(Change::ByThePerson),
        reads_without_it: true,
        ..darker()
    }
}

/// A case of a compositor.
fn compositor(row: &'static str, begin: Begin) -> Case {
    Case {
        row,
        begin,
        desired: Desired { warmth: Some(3400), ..darker().desired },
        tells: Some(Change::Again),
        ends_with_us: true,
        reads_without_it: true,
        ..darker()
    }
}

/// A case of `KWin`'s warmth, which is in a file that it reads.
fn night_color(begin: Begin) -> Case {
    Case {
        row: "night-color",
        begin,
        desired: Desired { warmth: Some(3400), ..Desired::default() },
        renewed: Desired { warmth: Some(4000), ..Desired::default() },
        tells: Some(Change::ByThePerson),
        restores_without_it: true,
        ..Case::plain()
    }
}

/// A case of `KWin`'s effects. There is nothing in between with and without colour.
fn grey(begin: Begin) -> Case {
    let desired = Desired { greyscale: true, ..Desired::default() };
    Case {
        row: "kwin-grey",
        begin,
        renewed: desired.clone(),
        desired,
        tells: Some(Change::Again),
        left: Some("[Compositing]\nOpenGLIsUnsafe=false\n\n6500 K, effects [] of []"),
        ..Case::plain()
    }
}

/// Dimming, then less of it.
fn darker() -> Case {
    Case {
        desired: Desired { dim: 40, ..Desired::default() },
        renewed: Desired { dim: 20, ..Desired::default() },
        ..Case::plain()
    }
}

/// GNOME Shell whose person has set these keys, and will set one.
async fn shell(
    bus: &str,
    env: &Env,
    own: &[(&str, Value)],
    by_the_person: (&str, Value),
) -> Box<dyn StandIn> {
    let shell = GnomeShell::start(bus, &env.config_home, by_the_person).await.unwrap();
    let own = own.iter().cloned().map(|(key, value)| (key.to_owned(), Some(value)));
    shell.dconf.change(&own.collect()).await;
    Box::new(shell)
}

/// As [`shell`], of a desktop that only reads its setting.
async fn reads(
    bus: &str,
    env: &Env,
    program: Program,
    own: &'static [(&'static str, Value)],
    by_the_person: (&'static str, Value),
) -> Box<dyn StandIn> {
    let home = &env.config_home;
    let reader = SettingReader::start(bus, home, program, by_the_person).await.unwrap();
    let own = own.iter().cloned().map(|(key, value)| (key.to_owned(), Some(value)));
    reader.dconf.change(&own.collect()).await;
    Box::new(reader)
}

/// Night Light as its person has set it, who will switch it off.
async fn color(bus: &str, env: &Env, own: &[(&str, Value)]) -> Box<dyn StandIn> {
    let folder = "/org/gnome/settings-daemon/plugins/color/night-light-";
    let off = (format!("{folder}enabled"), Value::Bool(false));
    let color = GnomeColor::start(bus, &env.config_home, (&off.0, off.1)).await.unwrap();
    let own = own.iter().cloned().map(|(key, value)| (format!("{folder}{key}"), Some(value)));
    color.dconf.change(&own.collect()).await;
    Box::new(color)
}

/// kwinrc of somebody who has tried Night Color and switched it off.
const OFF: &str =
    "# mine\n[Windows]\nk=1\n\n[NightColor]\nActive=false\nMode = Times\n\n[Xwayland]\nScale=1\n";

/// kwinrc in the cases of the effect, which has nothing in it of that.
const GREY: &str = "[Compositing]\nOpenGLIsUnsafe=false\n";

/// `KWin` with what its person has in kwinrc; nothing for no file.
async fn kwin(bus: &str, env: &Env, is: KwinIs, kwinrc: &str) -> Box<dyn StandIn> {
    std::fs::create_dir_all(&env.config_home).unwrap();
    if !kwinrc.is_empty() {
        std::fs::write(env.config_home.join("kwinrc"), kwinrc).unwrap();
    }
    let person =
        if kwinrc == GREY { ByThePerson::ChangesSomethingElse } else { ByThePerson::SetsTheNight };
    Box::new(Kwin::start(bus, env, is, person).await.unwrap())
}

fn screens(env: &mut Env, offers: Offers, takes_back: TakesBack) -> Screens {
    // What is on its way cannot be compared; `wl_gamma.rs` and `wl_overlay.rs` have what moves.
    still(env);
    env.wayland_display = Some("wayland-7".to_owned());
    let folder = env.runtime_dir.as_ref().expect("a folder for sockets");
    Screens::start(&folder.join("wayland-7"), offers, takes_back)
}

/// A case of holding notifications, on a service that tells of changes.
fn notifications(row: &'static str, begin: Begin) -> Case {
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
        tells: Some(Change::ByThePerson),
        ..Case::plain()
    }
}
