//! `NetworkManager`, as far as it says which connections are up (1.42).

use std::collections::{BTreeMap, HashMap};

use zbus::{Message, ObjectPath, Variant};

use super::served::{OnBus, PROPERTIES, Served, Service, error, is, reply, unknown};

const NAME: &str = "org.freedesktop.NetworkManager";
const PATH: &str = "/org/freedesktop/NetworkManager";
const ACTIVE: &str = "org.freedesktop.NetworkManager.Connection.Active";
const ACCESS_POINT: &str = "org.freedesktop.NetworkManager.AccessPoint";

/// Stands in for `NetworkManager`; its person is who connects and disconnects.
#[derive(Debug)]
pub struct NetworkManager {
    served: Served<State>,
}

/// What is up.
#[derive(Debug, Default)]
pub struct State {
    /// By number: those of active connections and of access points are not given twice.
    connections: BTreeMap<u32, Connection>,
    last: u32,
    asked: u32,
}

#[derive(Debug)]
struct Connection {
    id: String,
    /// None for a wire.
    ssid: Option<Vec<u8>>,
    state: u32,
}

impl NetworkManager {
    /// Takes its name on a bus; nothing is up but the machine's own loopback.
    pub async fn start(address: &str) -> zbus::Result<Self> {
        Ok(Self { served: Served::start(address, State::default()).await? })
    }

    /// A connection by wire comes up, as the real one tells it: listed, being activated, activated.
    pub async fn plug(&self, id: &str) {
        self.up(id, None).await;
    }

    /// A connection by Wi-Fi comes up.
    pub async fn join(&self, id: &str, ssid: &[u8]) {
        self.up(id, Some(ssid)).await;
    }

    async fn up(&self, id: &str, ssid: Option<&[u8]>) {
        self.served
            .change(|state| {
                state.last += 1;
                let number = state.last;
                let connection =
                    Connection { id: id.to_owned(), ssid: ssid.map(<[u8]>::to_owned), state: 1 };
                state.connections.insert(number, connection);
                let mut signals = vec![state.listed()?, state.told(number)?];
                if let Some(connection) = state.connections.get_mut(&number) {
                    connection.state = 2;
                }
                signals.push(state.told(number)?);
                Ok(signals)
            })
            .await;
    }

    /// Every connection of a name goes down.
    pub async fn down(&self, id: &str) {
        self.served
            .change(|state| {
                state.connections.retain(|_, connection| connection.id != id);
                Ok(vec![state.listed()?])
            })
            .await;
    }

    /// It hears so many access points, with all that it says of each.
    pub async fn hear(&self, access_points: u32) {
        self.served
            .change(|_| {
                let strength = |number: u32| {
                    let path = format!("{PATH}/AccessPoint/{}", 10_000 + number);
                    let strength = Variant::from(u8::try_from(number % 100).unwrap_or(0));
                    changed(&path, ACCESS_POINT, "Strength", strength)
                };
                (0..access_points).map(strength).collect()
            })
            .await;
    }

    /// How many calls it was asked to answer so far.
    pub async fn asked(&self) -> u32 {
        self.served.look(|state| state.asked).await
    }
}

impl State {
    fn paths(&self) -> Vec<ObjectPath<'static>> {
        let numbers = self.connections.keys().chain([&0]);
        numbers
            .filter_map(|number| ObjectPath::try_from(path("ActiveConnection", *number)).ok())
            .collect()
    }

    fn listed(&self) -> zbus::Result<Message> {
        changed(PATH, NAME, "ActiveConnections", Variant::from(self.paths()))
    }

    fn told(&self, number: u32) -> zbus::Result<Message> {
        let state = self.connections.get(&number).map_or(4, |it| it.state);
        changed(&path("ActiveConnection", number), ACTIVE, "State", Variant::from(state))
    }

    fn properties(&self, number: u32) -> Option<HashMap<&'static str, Variant<'static>>> {
        let (id, kind, state, point) = match self.connections.get(&number) {
            _ if number == 0 => ("lo", "loopback", 2, None),
            None => return None,
            Some(it) if it.ssid.is_some() => (&*it.id, "802-11-wireless", it.state, Some(number)),
            Some(it) => (&*it.id, "802-3-ethernet", it.state, None),
        };
        let point = point.map_or_else(|| "/".to_owned(), |number| path("AccessPoint", number));
        Some(HashMap::from([
            ("Id", Variant::from(id.to_owned())),
            ("Type", Variant::from(kind.to_owned())),
            ("State", Variant::from(state)),
            ("SpecificObject", Variant::from(ObjectPath::try_from(point).ok()?)),
        ]))
    }
}

fn path(what: &str, number: u32) -> String {
    format!("{PATH}/{what}/{number}")
}

fn changed(path: &str, interface: &str, name: &str, value: Variant<'_>) -> zbus::Result<Message> {
    let body = (interface, HashMap::from([(name, value)]), Vec::<String>::new());
    Message::signal(path, PROPERTIES, "PropertiesChanged").build(&body)
}

impl Service for State {
    fn names(&self) -> &'static [&'static str] {
        &[NAME]
    }

    fn answer(&mut self, call: &Message) -> zbus::Result<Vec<Message>> {
        self.asked += 1;
        let header = call.header();
        let path = header.path().map(ObjectPath::as_str).unwrap_or_default();
        let number = |what: &str| path.strip_prefix(&format!("{PATH}/{what}/"))?.parse().ok();
        if path == PATH && is(call, PROPERTIES, "Get") {
            return reply(call, &Variant::from(self.paths()));
        } else if let Some(all) = number("ActiveConnection").and_then(|it| self.properties(it))
            && is(call, PROPERTIES, "GetAll")
        {
            return reply(call, &all);
        } else if let Some(point) = number("AccessPoint").and_then(|it| self.connections.get(&it))
            && let Some(ssid) = &point.ssid
            && is(call, PROPERTIES, "Get")
        {
            return reply(call, &Variant::from(ssid.clone()));
        } else if path.starts_with(PATH) {
            let text = format!("Object does not exist at path \"{path}\"");
            return error(call, "org.freedesktop.DBus.Error.UnknownMethod", &text);
        }
        unknown(call)
    }
}

impl OnBus for NetworkManager {
    type Service = State;

    fn served(&self) -> &Served<State> {
        &self.served
    }

    fn served_mut(&mut self) -> &mut Served<State> {
        &mut self.served
    }
}
