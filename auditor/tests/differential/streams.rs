//! The same application asked over HTTP/2: many streams at a time on each connection.

use bytes::Bytes;
use h2::client::{self, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{AGENTS, HOSTS};
use crate::random::Random;

pub(crate) const CONNECTIONS: usize = 4;
const ROUNDS: usize = 120;
/// Streams of a round, all at a time.
const STREAMS: usize = 16;

/// What a client does on a stream.
struct Plan {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    /// Sizes of the pieces of the body.
    body: &'static [usize],
    trailers: bool,
    gives_up: GivesUp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GivesUp {
    Never,
    /// Before the body is whole.
    Asking,
    /// When the first bytes of the answer are there.
    Reading,
}

const fn get(name: &'static str, target: &'static str) -> Plan {
    Plan {
        name,
        method: "GET",
        target,
        body: &[],
        trailers: false,
        gives_up: GivesUp::Never,
    }
}

const fn post(name: &'static str, target: &'static str, body: &'static [usize]) -> Plan {
    Plan {
        method: "POST",
        body,
        ..get(name, target)
    }
}

static PLANS: &[Plan] = &[
    get("get", "/length/7"),
    get("get-empty", "/length/0"),
    get("get-100kb", "/length/102400"),
    get("get-1mb", "/length/1048576"),
    get("get-chunked", "/chunked/102400"),
    get("get-trailers", "/trailers/12000"),
    get("get-until-end", "/close/5000"),
    get("get-slow", "/slow/200"),
    get("get-hints", "/hints/9"),
    get("get-204", "/status/204"),
    get("get-304", "/status/304"),
    get("get-404", "/error/404"),
    get("get-503", "/error/503"),
    get("upstream-gone", "/empty/0"),
    get("upstream-reset", "/reset/0"),
    get("query", "/length/9?token=secret&page=2&flag"),
    get("root", "/"),
    get("escaped", "/length/9/a%20b/%2e%2e/..//c;d"),
    Plan {
        method: "HEAD",
        ..get("head", "/length/5000")
    },
    Plan {
        method: "OPTIONS",
        ..get("options", "/length/3")
    },
    Plan {
        method: "DELETE",
        ..post("delete", "/length/3", &[5])
    },
    Plan {
        method: "PUT",
        ..post("put-1mb", "/length/3", &[1_048_576])
    },
    post("post", "/length/11", &[11]),
    post("post-empty-end", "/length/3", &[0]),
    post(
        "post-pieces",
        "/length/3",
        &[1, 1, 16_384, 16_385, 40_000, 7],
    ),
    Plan {
        trailers: true,
        ..post("post-trailers", "/length/3", &[5])
    },
    Plan {
        trailers: true,
        ..post("only-trailers", "/length/3", &[])
    },
    Plan {
        gives_up: GivesUp::Asking,
        ..post("gone-while-asking", "/length/3", &[1000])
    },
    Plan {
        gives_up: GivesUp::Asking,
        ..post("gone-at-once", "/never/0", &[])
    },
    Plan {
        gives_up: GivesUp::Reading,
        ..get("gone-while-reading", "/half/5000")
    },
];

/// Plays everything, and returns how many streams there were when all connections are closed.
pub(crate) fn play(port: u16, seed: u64) -> usize {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("threads can be made").block_on(async {
        let mut clients = JoinSet::new();
        for n in 0..CONNECTIONS as u64 {
            clients.spawn(client(port, Random::new(seed.wrapping_add(n))));
        }
        clients.join_all().await;
    });
    CONNECTIONS * ROUNDS * STREAMS
}

async fn client(port: u16, mut random: Random) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await;
    let stream = stream.expect("envoy listens");
    let handshake = client::handshake(stream).await;
    let (requests, connection) = handshake.expect("envoy speaks HTTP/2");
    let connection = tokio::spawn(connection);
    for round in 0..ROUNDS {
        let mut streams = JoinSet::new();
        for number in 0..STREAMS {
            let plan = &PLANS[random.below(PLANS.len())];
            let id = format!("{}-{round}-{number}", plan.name);
            let head = head(&mut random, plan, &id);
            streams.spawn(exchange(requests.clone(), plan, head));
        }
        streams.join_all().await;
    }
    drop(requests);
    // It ends when nobody wants anything of it.
    let _ = connection.await;
}

fn head(random: &mut Random, plan: &Plan, id: &str) -> Request<()> {
    let host = random.pick(&HOSTS);
    let mut head = Request::builder()
        .method(plan.method)
        .uri(format!("http://{host}{}", plan.target))
        .header("x-request-id", id);
    if !random.once_in(4) {
        head = head.header("user-agent", random.pick(&AGENTS));
    }
    if random.once_in(3) {
        let (a, b) = (random.below(256), random.below(256));
        head = head.header("x-forwarded-for", format!("203.0.113.{a}, 10.0.0.{b}"));
    }
    if random.once_in(2) {
        // Values that no table holds yet.
        head = head.header("x-noise", format!("{:016x}", random.next()).repeat(4));
    }
    head.body(()).expect("these are a head")
}

/// Errors are part of what is tested: Envoy's line says what came of it.
async fn exchange(requests: SendRequest<Bytes>, plan: &Plan, head: Request<()>) {
    let _ = try_exchange(requests, plan, head).await;
}

async fn try_exchange(
    requests: SendRequest<Bytes>,
    plan: &Plan,
    head: Request<()>,
) -> Result<(), h2::Error> {
    let mut requests = requests.ready().await?;
    let is_over = plan.body.is_empty() && !plan.trailers && plan.gives_up != GivesUp::Asking;
    let (answer, mut body) = requests.send_request(head, is_over)?;
    if !is_over {
        ask(&mut body, plan)?;
    }
    if plan.gives_up == GivesUp::Asking {
        body.send_reset(Reason::CANCEL);
        return Ok(());
    }
    let mut answer = answer.await?.into_body();
    if plan.gives_up == GivesUp::Reading {
        let _ = answer.data().await;
        body.send_reset(Reason::CANCEL);
        return Ok(());
    }
    read(&mut answer).await
}

fn ask(body: &mut SendStream<Bytes>, plan: &Plan) -> Result<(), h2::Error> {
    let ends = plan.gives_up == GivesUp::Never && !plan.trailers;
    for (n, size) in plan.body.iter().enumerate() {
        let is_last = ends && n + 1 == plan.body.len();
        body.send_data(Bytes::from(vec![b'b'; *size]), is_last)?;
    }
    if plan.trailers {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        body.send_trailers(trailers)?;
    }
    Ok(())
}

async fn read(answer: &mut RecvStream) -> Result<(), h2::Error> {
    while let Some(data) = answer.data().await {
        answer.flow_control().release_capacity(data?.len())?;
    }
    answer.trailers().await.map(drop)
}
