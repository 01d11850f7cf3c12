//! Telling the kernel programs what is still wanted of a connection.

use auditor_common::{Direction, Directive, FlowDirective};
use aya::{
    Pod,
    maps::{HashMap, MapData},
};

/// `Directive` with the mark that aya asks for.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Value(Directive);

// SAFETY: `repr(C)` integers without padding, see `auditor_common::layout`.
unsafe impl Pod for Value {}

/// What the kernel shall do with a direction whose framing it does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowAction {
    /// `skip` bytes from `sequence` on are body, then a message begins.
    Resume {
        sequence: u32,
        skip: u64,
        messages: u32,
    },
    /// `skip` bytes from `sequence` on are not wanted, then a frame of HTTP/2 begins. `stream` is
    /// the highest that the direction of requests has begun before.
    Frames {
        sequence: u32,
        skip: u64,
        stream: u32,
    },
    /// Nothing more is wanted.
    Stop,
    /// Go on copying.
    Continue,
}

/// Writes the directive map.
pub struct DirectiveWriter {
    map: HashMap<MapData, u64, Value>,
}

impl DirectiveWriter {
    pub(super) fn new(map: HashMap<MapData, u64, Value>) -> Self {
        Self { map }
    }

    /// Gives a directive for one direction; false if the map is full, which only costs copying.
    pub fn give(&mut self, cookie: u64, direction: Direction, action: FlowAction) -> bool {
        let mut directive = self
            .map
            .get(&cookie, 0)
            .map_or(Directive::default(), |v| v.0);
        let flow = &mut directive.flows[direction as usize];
        *flow = FlowDirective {
            version: flow.version.wrapping_add(1).max(1),
            ..encode(action)
        };
        self.map.insert(cookie, Value(directive), 0).is_ok()
    }

    /// Forgets a connection. The kernel does so too at the close; this catches a directive that
    /// was given after it.
    pub fn forget(&mut self, cookie: u64) {
        // Not there is the usual case.
        let _ = self.map.remove(&cookie);
    }
}

fn encode(action: FlowAction) -> FlowDirective {
    let (action, sequence, skip, messages) = match action {
        FlowAction::Resume {
            sequence,
            skip,
            messages,
        } => (FlowDirective::RESUME, sequence, skip, messages),
        FlowAction::Frames {
            sequence,
            skip,
            stream,
        } => (FlowDirective::FRAMES, sequence, skip, stream),
        FlowAction::Stop => (FlowDirective::STOP, 0, 0, 0),
        FlowAction::Continue => (FlowDirective::CONTINUE, 0, 0, 0),
    };
    FlowDirective {
        skip,
        sequence,
        action,
        messages,
        ..FlowDirective::default()
    }
}
