//! When nobody was auditing: between a stop, or a crash, and the next start.

use std::collections::VecDeque;

use serde::Serialize;

use super::moment::Moment;

/// The newest are listed, all are counted.
const LISTED: usize = 100;

/// A time without an auditor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Silence {
    pub from: Moment,
    pub to: Moment,
    pub seconds: u64,
    pub cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It was stopped, and said so.
    Stopped,
    /// It ended without a word, some time after its last record.
    Ended,
    /// From before the first record of the journal.
    BeforeJournal,
}

#[derive(Clone, Debug, Serialize)]
pub struct Silences {
    pub count: u64,
    pub seconds: u64,
    pub starts: u64,
    pub stops: u64,
    pub listed: Vec<Silence>,
}

/// Follows starts and stops through the journal.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    since: Moment,
    until: Moment,
    state: State,
    count: u64,
    seconds: u64,
    starts: u64,
    stops: u64,
    listed: VecDeque<Silence>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was read yet.
    Blank,
    /// Somebody was auditing at this moment.
    Running(Moment),
    Stopped(Moment),
}

// === impl Cause ===

impl Cause {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Ended => "ended",
            Self::BeforeJournal => "before_journal",
        }
    }
}

// === impl Watch ===

impl Watch {
    /// Only what is between the two moments counts.
    pub(super) fn new(since: Moment, until: Moment) -> Self {
        Self {
            since,
            until,
            state: State::Blank,
            count: 0,
            seconds: 0,
            starts: 0,
            stops: 0,
            listed: VecDeque::new(),
        }
    }

    /// A record of any kind was written at this moment.
    pub(super) fn heard(&mut self, at: Moment) {
        match self.state {
            State::Blank => {
                // Without a beginning there is no saying how long nobody listened.
                if self.since > Moment::default() {
                    self.silent(self.since, at, Cause::BeforeJournal);
                }
                self.state = State::Running(at);
            }
            State::Running(last) => self.state = State::Running(last.max(at)),
            State::Stopped(_) => {}
        }
    }

    pub(super) fn started(&mut self, at: Moment) {
        match self.state {
            State::Blank => self.heard(at),
            State::Running(last) => self.silent(last, at, Cause::Ended),
            State::Stopped(stop) => self.silent(stop, at, Cause::Stopped),
        }
        self.starts += u64::from(self.counts(at));
        self.state = State::Running(at);
    }

    pub(super) fn stopped(&mut self, at: Moment) {
        self.stops += u64::from(self.counts(at));
        self.state = State::Stopped(at);
    }

    /// `growing`: a daemon is writing to the journal just now.
    pub(super) fn finish(mut self, growing: bool) -> Silences {
        match self.state {
            State::Stopped(stop) => self.silent(stop, self.until, Cause::Stopped),
            State::Running(last) if !growing => self.silent(last, self.until, Cause::Ended),
            State::Blank | State::Running(_) => {}
        }
        Silences {
            count: self.count,
            seconds: self.seconds,
            starts: self.starts,
            stops: self.stops,
            listed: self.listed.into(),
        }
    }

    fn counts(&self, at: Moment) -> bool {
        self.since <= at && at < self.until
    }

    fn silent(&mut self, from: Moment, to: Moment, cause: Cause) {
        let (from, to) = (from.max(self.since), to.min(self.until));
        if from >= to {
            return;
        }
        let seconds = to.seconds_since(from);
        self.count += 1;
        self.seconds += seconds;
        if self.listed.len() == LISTED {
            self.listed.pop_front();
        }
        self.listed.push_back(Silence {
            from,
            to,
            seconds,
            cause,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::of_seconds(seconds)
    }

    fn silences(
        since: u64,
        tell: impl FnOnce(&mut Watch),
        growing: bool,
    ) -> Vec<(u64, u64, Cause)> {
        let mut watch = Watch::new(at(since), at(1000));
        tell(&mut watch);
        let silences = watch.finish(growing);
        let seconds: u64 = silences.listed.iter().map(|silence| silence.seconds).sum();
        assert_eq!(
            (silences.count, silences.seconds),
            (silences.listed.len() as u64, seconds)
        );
        let bounds = |s: &Silence| (s.from.0 / 1_000_000_000, s.to.0 / 1_000_000_000, s.cause);
        silences.listed.iter().map(bounds).collect()
    }

    #[test]
    fn a_stop_and_a_crash_are_told_apart() {
        let tell = |watch: &mut Watch| {
            watch.started(at(100));
            watch.heard(at(200));
            watch.stopped(at(300));
            watch.started(at(350));
            watch.heard(at(400));
            watch.started(at(450));
        };
        assert_eq!(
            silences(0, tell, true),
            [(300, 350, Cause::Stopped), (400, 450, Cause::Ended)]
        );
    }

    #[test]
    fn who_is_not_running_now_is_silent_until_the_end() {
        let stop = |watch: &mut Watch| {
            watch.started(at(100));
            watch.stopped(at(900));
        };
        assert_eq!(silences(0, stop, false), [(900, 1000, Cause::Stopped)]);
        let crash = |watch: &mut Watch| watch.started(at(800));
        assert_eq!(silences(0, crash, false), [(800, 1000, Cause::Ended)]);
        assert_eq!(silences(0, crash, true), []);
    }

    #[test]
    fn only_the_period_counts() {
        let tell = |watch: &mut Watch| {
            watch.heard(at(500));
            watch.stopped(at(600));
            watch.started(at(700));
        };
        assert_eq!(silences(650, tell, true), [(650, 700, Cause::Stopped)]);
        assert_eq!(
            silences(400, tell, true),
            [(400, 500, Cause::BeforeJournal), (600, 700, Cause::Stopped)]
        );
    }
}
