//! Generated conversations: as segments in any order, and as pieces of which some are lost.

use proptest::{collection::vec, prelude::*};

use super::{Close, Data, Direction, Event, Node, arrives, close, leaves};

/// Status of the first response; the next has the next.
const STATUS: usize = 400;

/// A head and the length of the body behind it.
#[derive(Clone, Debug)]
struct Message {
    head: Vec<u8>,
    body: usize,
}

impl Message {
    fn new(first_line: &str, body: usize) -> Self {
        let head = format!("{first_line}\r\nContent-Length: {body}\r\n\r\n").into_bytes();
        Self { head, body }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        // Looks like a message, so that only its length keeps it from being one.
        let body = b"HTTP/1.1 200 OK\r\n\r\nGET /x HTTP/1.1\r\n\r\n";
        bytes.extend(body.iter().cycle().take(self.body));
        bytes
    }
}

/// Requests and responses with bodies of such lengths.
fn conversation(bodies: &[(usize, usize)]) -> [Vec<Message>; 2] {
    let numbered = || bodies.iter().enumerate();
    [
        numbered()
            .map(|(i, body)| Message::new(&format!("POST /{i} HTTP/1.1"), body.0))
            .collect(),
        numbered()
            .map(|(i, body)| Message::new(&format!("HTTP/1.1 {} OK", STATUS + i), body.1))
            .collect(),
    ]
}

fn line(number: usize, body: usize) -> String {
    format!("/{number} -> {}, {body} bytes", STATUS + number)
}

/// Segments of a direction: disturbed within a window, some of them twice, some overlapping.
fn segments(bytes: &[u8], cuts: &[usize], order: &[u8]) -> Vec<(usize, usize)> {
    let mut segments = Vec::new();
    let mut at = 0;
    for (i, size) in cuts.iter().cycle().enumerate() {
        if at >= bytes.len() {
            break;
        }
        let end = (at + size).min(bytes.len());
        let key = order[i % order.len()];
        // At most some ten segments late.
        let from = at.saturating_sub(usize::from(key % 3));
        segments.push((i + usize::from(key % 10), from, end));
        if key < 36 {
            segments.push((i + usize::from(key % 4), at, end));
        }
        at = end;
    }
    segments.sort_by_key(|(key, ..)| *key);
    segments
        .into_iter()
        .map(|(_, from, to)| (from, to))
        .collect()
}

/// What becomes of a message: its head is lost, its body is lost, its body is copied.
type Fate = [bool; 3];

/// Tells of a direction as the kernel does where it follows the framing: of each message a head,
/// then its body as bytes or passed over. Returns how many bytes there were, and how many of the
/// last were passed over.
fn tell(
    node: &mut Node,
    direction: Direction,
    start: u32,
    messages: &[Message],
    fates: &[Fate],
) -> (u64, u64) {
    let mut at = 0_u32;
    let (mut losses, mut skipped) = (0, 0);
    for (i, (message, [head_lost, body_lost, copied])) in messages.iter().zip(fates).enumerate() {
        let bytes = message.bytes();
        let (head, body) = bytes.split_at(message.head.len());
        for (bytes, message_start, lost) in [(head, true, head_lost), (body, false, body_lost)] {
            let (passed, bytes) = bytes.split_at(if message_start || *copied {
                0
            } else {
                bytes.len()
            });
            skipped += passed.len() as u64;
            at = at.wrapping_add(passed.len() as u32);
            if *lost {
                losses += 1;
            } else {
                node.data(Data {
                    direction,
                    unframed: false,
                    message_start,
                    messages: i as u32,
                    lost: losses,
                    skipped_before: std::mem::take(&mut skipped),
                    ..arrives(start.wrapping_add(at), bytes)
                });
            }
            at = at.wrapping_add(bytes.len() as u32);
        }
    }
    (u64::from(at), skipped)
}

proptest! {
    #[test]
    fn order_makes_no_difference(
        bodies in vec((0..80_usize, 0..80_usize), 1..6),
        starts in any::<[u32; 2]>(),
        wraps in any::<bool>(),
        cuts in vec(1..60_usize, 1..8),
        order in vec(any::<u8>(), 1..40),
    ) {
        let [ask, answer] = conversation(&bodies)
            .map(|messages| messages.iter().flat_map(Message::bytes).collect::<Vec<_>>());
        let starts = if wraps { starts.map(|s| u32::MAX - s % 100) } else { starts };
        let mut node = Node::accepted(starts[0], starts[1]);
        for (from, to) in segments(&ask, &cuts, &order) {
            node.data(arrives(starts[0].wrapping_add(from as u32), &ask[from..to]));
        }
        for (from, to) in segments(&answer, &cuts, &order) {
            node.data(leaves(starts[1].wrapping_add(from as u32), &answer[from..to]));
        }
        let expected: Vec<_> = bodies.iter().enumerate().map(|(i, b)| line(i, b.1)).collect();
        prop_assert_eq!(node.lines(), expected);
    }

    /// Whatever is lost: what was seen whole is told whole, nothing is paired wrongly, and no
    /// request that was seen is missing.
    #[test]
    fn losses_hide_only_what_they_took(
        bodies in vec((0..80_usize, 0..80_usize), 1..8),
        starts in any::<[u32; 2]>(),
        fates in any::<[[Fate; 8]; 2]>(),
    ) {
        let [requests, responses] = conversation(&bodies);
        let mut node = Node::accepted(starts[0], starts[1]);
        let asked = tell(&mut node, Direction::Ingress, starts[0], &requests, &fates[0]);
        let answered = tell(&mut node, Direction::Egress, starts[1], &responses, &fates[1]);
        node.step(Event::Close(Close {
            bytes: [asked.0, answered.0],
            skipped: [asked.1, answered.1],
            ..close()
        }));

        let lines = node.lines();
        for line in &lines {
            let (target, rest) = line.split_once(" -> ").expect("a line");
            let (status, _) = rest.split_once(',').expect("a line");
            if let Some(number) = target.strip_prefix('/') {
                let right = STATUS + number.parse::<usize>().expect("a number");
                prop_assert!(["0", &right.to_string()].contains(&status), "{}", line);
            }
        }
        for (i, &(_, received)) in bodies.iter().enumerate() {
            let [request_lost, body_lost, _] = fates[0][i];
            let [response_lost, ..] = fates[1][i];
            let target = format!("/{i} ");
            let told: Vec<_> = lines.iter().filter(|line| line.starts_with(&target)).collect();
            prop_assert_eq!(told.len(), usize::from(!request_lost), "{} of {:?}", target, lines);
            // A body that is lost is a hole of known length. That a request ended is seen by what
            // follows it, which may be lost as well.
            if !request_lost && !response_lost && !body_lost {
                prop_assert_eq!(told[0], &line(i, received));
            }
        }
    }
}
