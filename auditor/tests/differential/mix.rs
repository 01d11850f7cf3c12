//! The traffic: many connections at a time, each with a mix of shapes of its own.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::thread;

use crate::client::Client;
use crate::random::Random;
use crate::shapes::{self, Shape};

const CLIENTS: u64 = 16;
const CONNECTIONS: usize = 150;
/// Exchanges that leave the connection open, at most so many each.
const MAX_OPEN: usize = 10;

/// Which shapes each connection had, in order.
#[derive(Default)]
pub(crate) struct Played {
    shapes: HashMap<SocketAddr, Vec<&'static str>>,
    connections: usize,
}

/// Plays everything, and returns when all connections are closed at this end.
pub(crate) fn play(port: u16, seed: u64) -> Played {
    let played = Mutex::new(Played::default());
    thread::scope(|scope| {
        for n in 0..CLIENTS {
            let random = Random::new(seed.wrapping_add(n));
            let played = &played;
            scope.spawn(move || client(port, random, played));
        }
    });
    played.into_inner().expect("no client panicked")
}

fn client(port: u16, mut random: Random, played: &Mutex<Played>) {
    for _ in 0..CONNECTIONS {
        let loopback = if random.once_in(4) {
            IpAddr::V6(Ipv6Addr::LOCALHOST)
        } else {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        };
        let mut client = connect((loopback, port), played);
        let shapes = connection(&mut client, &mut random);
        let mut played = played.lock().expect("no client panicked");
        played.shapes.insert(client.address, shapes);
    }
}

/// Connects from an address that was not used before, so that it names the connection.
fn connect(server: (IpAddr, u16), played: &Mutex<Played>) -> Client {
    loop {
        let client = Client::connect(server);
        let mut played = played.lock().expect("no client panicked");
        played.connections += 1;
        if played.shapes.insert(client.address, Vec::new()).is_none() {
            return client;
        }
    }
}

fn connection(client: &mut Client, random: &mut Random) -> Vec<&'static str> {
    let open = random.below(MAX_OPEN + 1);
    let mut shapes: Vec<Shape> = (0..open).map(|_| random.pick(shapes::OPEN)).collect();
    if open == 0 || random.once_in(2) {
        shapes.push(random.pick(shapes::CLOSING));
    }
    let mut names = Vec::new();
    for shape in shapes {
        if client.is_open() {
            (shape.play)(client, random);
            names.push(shape.name);
        }
    }
    names
}

// === impl Played ===

impl Played {
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// How many different shapes there were.
    pub(crate) fn shapes(&self) -> usize {
        self.counts().len()
    }

    pub(crate) fn of(&self, client: &str) -> &[&'static str] {
        let client = client.parse().ok();
        client
            .and_then(|client: SocketAddr| self.shapes.get(&client))
            .map_or(&[], Vec::as_slice)
    }

    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for shape in self.shapes.values().flatten() {
            *counts.entry(*shape).or_default() += 1;
        }
        counts
    }
}
