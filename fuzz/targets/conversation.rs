//! What two ends say to each other, in any pieces, with any holes: HTTP/1, HTTP/2 with its header
//! compression, gRPC and TLS. No panic, and no more memory than libFuzzer is told to allow.

#![no_main]

use auditor::protocol::{Conversation, Ending, Reason, Side, Span};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

#[derive(Debug, Arbitrary)]
enum Step<'a> {
    Says(From, &'a [u8]),
    Skips(From, u16),
    Loses(From, u16),
    Truncates(From, u16),
    Resumes(From, u8),
    ResumesFrames(From),
    MayResume(From, &'a [u8]),
    IsFollowed(bool),
    Looks,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum From {
    Client,
    Server,
}

impl From {
    fn side(self) -> Side {
        match self {
            Self::Client => Side::Request,
            Self::Server => Side::Response,
        }
    }
}

fuzz_target!(|input: (bool, Vec<Step<'_>>)| {
    let (joined, steps) = input;
    let mut conversation = if joined {
        Conversation::joined_midway()
    } else {
        Conversation::new()
    };
    let mut done = Vec::new();
    let mut at = 0;
    for step in steps {
        at += 1;
        match step {
            Step::Says(from, bytes) => {
                conversation.feed(from.side(), Span::Bytes(bytes), at, &mut done);
            }
            Step::Skips(from, n) => {
                conversation.feed(from.side(), Span::Skipped(n.into()), at, &mut done);
            }
            Step::Loses(from, n) => conversation.hole(from.side(), n.into(), at, &mut done),
            Step::Truncates(from, n) => {
                conversation.truncated(from.side(), n.into(), at, &mut done);
            }
            Step::Resumes(from, messages) => conversation.resume(from.side(), messages.into()),
            Step::ResumesFrames(from) => conversation.resume_frames(from.side(), at, &mut done),
            Step::MayResume(from, bytes) => conversation.try_resume(from.side(), bytes),
            Step::IsFollowed(followed) => conversation.set_followed(followed),
            Step::Looks => {
                let _ = conversation.ongoing(at);
                let _ = conversation.want(Side::Request);
                let _ = conversation.want(Side::Response);
            }
        }
        for exchange in done.drain(..) {
            assert!(exchange.ended >= exchange.began());
        }
    }
    let ending = Ending {
        at,
        request_ended: Some(at),
        response_ended: None,
        cause: Reason::ConnectionClosed,
    };
    conversation.close(&ending, &mut done);
});
