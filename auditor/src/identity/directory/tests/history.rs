//! Random histories of pods that take over each other's addresses, told late and with gaps: an
//! answer is right or there is none.

use proptest::prelude::*;

use super::{Index, boot_ns, moment, wall_s};
use crate::config::PeerScope;
use crate::identity::directory::{Directory, Peer};
use crate::identity::known::Known;
use crate::identity::metadata::{Pod, Source, Update};

/// How late a source tells.
const LAG_MS: u64 = 3_000;

/// One pod's time at its address, in milliseconds since the release before it.
#[derive(Clone, Debug)]
struct Stay {
    free_ms: u64,
    held_ms: u64,
    /// How long before it got its address it was created.
    pending_ms: u64,
    told_after_ms: u64,
    gone_after_ms: u64,
    ends_by_itself: bool,
}

/// What really happened to one pod, and when it is told.
#[derive(Clone, Debug)]
struct Truth {
    pod: Pod,
    address: usize,
    held_ms: std::ops::Range<u64>,
    /// When it is told with which state; `None`: gone.
    told: Vec<(u64, Option<Pod>)>,
}

#[derive(Clone, Debug)]
struct Outage {
    at_ms: u64,
    length_ms: u64,
    list_after: bool,
}

fn stay() -> impl Strategy<Value = Stay> {
    (
        0..2_000_u64,
        300..15_000_u64,
        prop_oneof![0..2_000_u64, 0..30_000_u64],
        0..LAG_MS,
        0..LAG_MS,
        any::<bool>(),
    )
        .prop_map(
            |(free_ms, held_ms, pending_ms, told_after_ms, gone_after_ms, ends_by_itself)| Stay {
                free_ms,
                held_ms,
                pending_ms,
                told_after_ms,
                gone_after_ms,
                ends_by_itself,
            },
        )
}

fn outage() -> impl Strategy<Value = Outage> {
    (0..100_000_u64, 0..20_000_u64, any::<bool>()).prop_map(|(at_ms, length_ms, list_after)| {
        Outage {
            at_ms,
            length_ms,
            list_after,
        }
    })
}

/// `skew_s` is what the cluster's clock is ahead.
fn truths(address: usize, stays: &[Stay], skew_s: i64) -> Vec<Truth> {
    let mut free_at_ms = 30_000;
    let mut truths = Vec::new();
    for (number, stay) in stays.iter().enumerate() {
        let begin = free_at_ms + stay.free_ms;
        let end = begin + stay.held_ms;
        free_at_ms = end;
        let created = begin.saturating_sub(stay.pending_ms);
        let bare = Pod {
            uid: format!("{address}-{number}").into(),
            created: Some(wall_s(created) + skew_s),
            ..Pod::default()
        };
        let running = Pod {
            addresses: vec![format!("10.0.0.{address}").parse().unwrap()],
            running_since: Some(wall_s(begin) + 1 + 10 * skew_s),
            ..bare.clone()
        };
        let last = Pod {
            ended: stay.ends_by_itself,
            deleting: !stay.ends_by_itself,
            ..running.clone()
        };
        let gone = end + stay.gone_after_ms;
        let told = begin + stay.told_after_ms;
        let mut states = vec![(created, Some(bare))];
        if told < end {
            states.push((told, Some(running.clone())));
            states.push((end + stay.gone_after_ms / 2, Some(last)));
        } else {
            states.push((told.min(gone), Some(last)));
        }
        states.push((gone, None));
        truths.push(Truth {
            pod: running,
            address,
            held_ms: begin..end,
            told: states,
        });
    }
    truths
}

/// What the source says, in order.
fn updates(truths: &[Truth], start_ms: u64, outages: &[Outage]) -> Vec<(u64, Update)> {
    let mut told: Vec<_> = truths
        .iter()
        .flat_map(|truth| {
            truth
                .told
                .iter()
                .map(move |(at, state)| (*at, truth, state))
        })
        .collect();
    told.sort_by_key(|(at, ..)| *at);
    let update = |truth: &Truth, state: &Option<Pod>| match state {
        Some(pod) => Update::Pod(Source::Kubernetes, pod.clone().into()),
        None => Update::PodGone(Source::Kubernetes, truth.pod.uid.clone()),
    };
    let list = |at: u64| {
        let mut updates = vec![(at, Update::ListBegin(Source::Kubernetes))];
        for truth in truths {
            let state = truth.told.iter().rfind(|(told, _)| *told <= at);
            if let Some((_, state @ Some(_))) = state {
                updates.push((at, update(truth, state)));
            }
        }
        updates.push((at, Update::ListEnd(Source::Kubernetes)));
        updates
    };
    let mut updates = list(start_ms);
    let mut since = start_ms;
    let mut outages = outages.to_vec();
    outages.sort_by_key(|outage| outage.at_ms);
    outages.push(Outage {
        at_ms: u64::MAX / 2,
        length_ms: 0,
        list_after: true,
    });
    for outage in outages {
        let begin = outage.at_ms.max(since);
        let end = begin + outage.length_ms;
        let between = |from: u64, to: u64| {
            let within = told.iter().filter(move |(at, ..)| *at > from && *at <= to);
            within.map(|(at, truth, state)| (*at, update(truth, state)))
        };
        updates.extend(between(since, begin));
        updates.push((begin, Update::Away(Source::Kubernetes, String::new())));
        if outage.list_after {
            updates.extend(list(end));
        } else {
            updates.push((end, Update::Back(Source::Kubernetes)));
            updates.extend(between(begin, end).map(|(_, update)| (end, update)));
        }
        since = end;
    }
    updates
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn never_the_wrong_pod(
        first in prop::collection::vec(stay(), 1..12),
        second in prop::collection::vec(stay(), 1..12),
        skew_s in -3..=3_i64,
        start_ms in 20_000..90_000_u64,
        outages in prop::collection::vec(outage(), 0..3),
    ) {
        let mut truths = self::truths(1, &first, skew_s);
        truths.extend(self::truths(2, &second, skew_s));
        let updates = updates(&truths, start_ms, &outages);
        let mut index = Index(Directory::new(PeerScope::Node));
        let mut updates = updates.into_iter().peekable();
        for asked_ms in (start_ms..200_000).step_by(250) {
            while let Some((at, update)) = updates.next_if(|(at, _)| *at <= asked_ms) {
                index.0.apply(update, moment(at));
            }
            // Fresh records wait for the source, late ones come at any time.
            for age_ms in [LAG_MS, LAG_MS + 700, 9_000, 40_000] {
                let at_ms = asked_ms - age_ms;
                for address in [1, 2] {
                    let holder = truths.iter().find(|truth| {
                        truth.address == address && truth.held_ms.contains(&at_ms)
                    });
                    // Nobody speaks from an address that nobody has.
                    let Some(holder) = holder else { continue };
                    let ip = format!("10.0.0.{address}").parse().unwrap();
                    if let Known::Value(Peer::Pod(pod, _)) = index.0.peer(ip, boot_ns(at_ms)) {
                        prop_assert_eq!(&pod.uid, &holder.pod.uid, "at {} ms", at_ms);
                    }
                }
            }
        }
    }
}
