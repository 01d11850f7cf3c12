//! Any bytes as events of the ring, through every stage up to the sealed record: what comes out is
//! a record of OTLP, whatever went in.

#![no_main]

#[path = "../../auditor/benches/pipeline/stages.rs"]
mod stages;

use std::cell::RefCell;

use auditor::kernel::EventBatch;
use auditor_common::{Close, Data, Header, Open, Owner, Tuple};
use bytemuck::bytes_of;
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;
use stages::Stages;

#[derive(Debug, Arbitrary)]
enum Event<'a> {
    Any(&'a [u8]),
    Open {
        cookie: u8,
        role: u8,
        port: u8,
        next: [u8; 2],
    },
    Data {
        cookie: u8,
        direction: u8,
        flags: u8,
        sequence: u16,
        skipped: [u8; 2],
        lost: u8,
        messages: u8,
        bytes: &'a [u8],
    },
    Close {
        cookie: u8,
        flags: u8,
        bytes: [u16; 2],
        skipped: [u8; 2],
    },
}

thread_local! {
    /// One node that lives through all inputs, as a daemon does.
    static STAGES: RefCell<Stages> = RefCell::new(Stages::new());
}

fuzz_target!(|events: Vec<Event<'_>>| {
    let mut batch = EventBatch::with_capacity(64 * 1024);
    for event in &events {
        write(event, &mut batch);
    }
    let mut sealed = Vec::new();
    STAGES.with_borrow_mut(|stages| stages.take(&batch, &mut sealed));
    for record in sealed {
        LogRecord::decode(record.record()).expect("a record is one of OTLP");
    }
});

fn write(event: &Event<'_>, batch: &mut EventBatch) {
    match *event {
        Event::Any(bytes) => batch.push(bytes),
        Event::Open {
            cookie,
            role,
            port,
            next,
        } => {
            let open = Open {
                header: header(1, 0, 0, 0, cookie),
                tuple: tuple(port),
                owner: OWNER,
                receive_next: next[0].into(),
                send_next: next[1].into(),
                role: role % 4,
                reserved: [0; 7],
            };
            batch.push(bytes_of(&open));
        }
        Event::Data {
            cookie,
            direction,
            flags,
            sequence,
            skipped,
            lost,
            messages,
            bytes,
        } => {
            let data = Data {
                header: header(2, direction % 2, flags.into(), bytes.len() as u32, cookie),
                skipped_before: skipped[0].into(),
                cgroup_id: 0,
                sequence: sequence.into(),
                skipped_after: skipped[1].into(),
                lost: lost.into(),
                messages: messages.into(),
            };
            batch.push(&[bytes_of(&data), bytes].concat());
        }
        Event::Close {
            cookie,
            flags,
            bytes,
            skipped,
        } => {
            let close = Close {
                header: header(4, 0, flags.into(), 0, cookie),
                tuple: tuple(cookie),
                owner: OWNER,
                opened_ns: 1,
                bytes: bytes.map(u64::from),
                ended_ns: [0, 2],
                skipped: skipped.map(u64::from),
                lost: [0; 2],
                smoothed_rtt_us: 1,
                retransmits: 0,
                role: cookie % 3,
                previous_state: 1,
                reserved: [0; 6],
            };
            batch.push(bytes_of(&close));
        }
    }
}

const OWNER: Owner = Owner {
    cgroup_id: 0,
    netns_cookie: 1,
    pid: 1,
    uid: 0,
    comm: [b'x'; 16],
};

fn header(kind: u8, direction: u8, flags: u16, captured: u32, cookie: u8) -> Header {
    Header {
        kind,
        direction,
        flags,
        captured,
        time_ns: 1_000_000,
        // Few, so that events meet.
        cookie: u64::from(cookie % 4),
    }
}

fn tuple(port: u8) -> Tuple {
    Tuple {
        local_address: [10; 16],
        peer_address: [10; 16],
        local_port: 80 + u16::from(port % 2),
        peer_port: 80 + u16::from(port / 2 % 2),
        family: 2,
        reserved: 0,
    }
}
