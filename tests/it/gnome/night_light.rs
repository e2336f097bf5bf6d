//! Night Light.

use super::*;

const ID: &str = "gnome-night-light";
const FOLDER: &str = "/org/gnome/settings-daemon/plugins/color/night-light-";

async fn color(world: &World, own: &[(&str, Value)]) -> GnomeColor {
    let (off, home) = (format!("{FOLDER}enabled"), world.config_home());
    let off = (&*off, Value::Bool(false));
    let color = GnomeColor::start(world.bus.address(), &home, off).await.unwrap();
    let own = own.iter().cloned().map(|(key, value)| (format!("{FOLDER}{key}"), Some(value)));
    color.dconf.change(&own.collect()).await;
    color
}

fn warm(kelvin: u16) -> Desired {
    Desired { warmth: Some(kelvin), ..Desired::default() }
}

fn setting(color: &GnomeColor, name: &str) -> Option<Value> {
    color.dconf.settings().remove(&format!("{FOLDER}{name}"))
}

/// The system bus too, for colord.
async fn open_with_a_system_bus(world: &World) -> Box<dyn Backend> {
    let desktop = world.later().await;
    open(ID, &Desktop { system: Some(desktop.session.clone()), ..desktop })
}

#[tokio::test]
async fn it_is_ready_where_a_screen_takes_it_and_colord_runs() {
    let world = World::new().await;
    let backend = open_with_a_system_bus(&world).await;
    assert!(matches!(backend.probe().await, Probe::Deferred(_)));
    let mut there = color(&world, &[]).await;
    assert_eq!(backend.probe().await, Probe::Ready("GNOME Night Light".to_owned()));
    assert!(matches!(open(ID, &world.desktop).probe().await, Probe::Unsupported(_)));
    there.forget_the_ramps();
    assert!(matches!(backend.probe().await, Probe::Unsupported(why) if why.contains("No screen")));
    there.stop().await;
    let (bus, home) = (world.bus.address(), world.config_home());
    let _without = GnomeColor::start_with(bus, &home, ("/a/b", Value::Bool(true)), false).await;
    assert!(matches!(backend.probe().await, Probe::Unsupported(why) if why.contains("colord")));
}

#[tokio::test]
async fn it_is_warm_all_day_and_comes_back_exactly() {
    let world = World::new().await;
    let own = [("schedule-from", Value::Double(22.25)), ("temperature", Value::Uint(3000))];
    let color = color(&world, &own).await;
    let before = color.state().await;
    let backend = open(ID, &world.desktop);
    let first = put_in_force(&*backend, &warm(3400)).await;
    for (name, value) in [
        ("enabled", Value::Bool(true)),
        // It was off, so how warm it would be is nobody's choice for now.
        ("temperature", Value::Uint(3400)),
        ("schedule-automatic", Value::Bool(false)),
        ("schedule-from", Value::Double(0.0)),
        ("schedule-to", Value::Double(24.0)),
    ] {
        assert_eq!(setting(&color, name), Some(value), "{name}");
    }
    let second = through_disk(&backend.capture(&warm(4500), Some(&first)).await.unwrap());
    let later = open(ID, &world.later().await);
    assert_eq!(later.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(color.state().await, before);
}

#[tokio::test]
async fn an_evening_that_is_warmer_stays_so() {
    for (own, wanted, kelvin) in [
        (Some(Value::Uint(2500)), 3400, 2500),
        (Some(Value::Uint(4200)), 3400, 3400),
        // Unset is 2700.
        (None, 3400, 2700),
        // Nothing Night Light takes.
        (Some(Value::Uint(1)), 3400, 2700),
        (Some(Value::Str("warm".to_owned())), 2000, 2000),
    ] {
        let world = World::new().await;
        let color = color(&world, &[("enabled", Value::Bool(true))]).await;
        let key = format!("{FOLDER}temperature");
        color.dconf.change(&[(key, own.clone())].into()).await;
        let before = color.state().await;
        let backend = open(ID, &world.desktop);
        let receipt = put_in_force(&*backend, &warm(wanted)).await;
        assert_eq!(setting(&color, "temperature"), Some(Value::Uint(kelvin)), "{own:?}");
        assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
        assert_eq!(color.state().await, before);
    }
}

#[tokio::test]
async fn put_off_until_tomorrow_is_left_alone_and_said() {
    let world = World::new().await;
    let color = color(&world, &[("enabled", Value::Bool(true))]).await;
    color.put_off(true);
    let before = color.state().await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &warm(3400)).await;
    assert_eq!(color.state().await, before);
    let (tell, mut heard) = mpsc::channel(8);
    tokio::select! {
        () = backend.changes(tell) => panic!("it stopped listening"),
        change = tokio::time::timeout(LONG, heard.recv()) => {
            assert_eq!(change, Ok(Some(Change::ByThePerson)));
        }
    }
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsFound));
    assert_eq!(color.state().await, before);
}

#[tokio::test]
async fn put_off_while_it_is_in_force_the_rest_comes_back() {
    let world = World::new().await;
    let color = color(&world, &[]).await;
    let backend = open(ID, &world.desktop);
    let first = put_in_force(&*backend, &warm(3400)).await;
    color.put_off(true);
    // Quiet goes on in another phase; what was set is as it was found.
    let second = through_disk(&backend.capture(&warm(3900), Some(&first)).await.unwrap());
    backend.apply(&warm(3900), &second).await.unwrap();
    assert_eq!(setting(&color, "enabled"), None);
    assert_eq!(backend.restore(&second).await, Ok(Restored::AsFound));
    assert_eq!(color.state().await, "");
}

#[tokio::test]
async fn the_switch_in_the_menu_is_the_persons() {
    let world = World::new().await;
    let color = color(&world, &[]).await;
    let backend = open(ID, &world.desktop);
    let receipt = put_in_force(&*backend, &warm(3400)).await;
    assert_eq!(told(&*backend, || color.person_changes()).await, Change::ByThePerson);
    assert_eq!(backend.restore(&receipt).await, Ok(Restored::AsThePersonSetIt));
    assert_eq!(color.state().await, format!("{FOLDER}enabled=false"));
}
