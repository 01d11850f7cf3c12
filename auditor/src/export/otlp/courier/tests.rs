use tokio::sync::watch;
use tokio::time::Instant;

use super::script::{DONE, Script, batch, numbers, unavailable};
use super::*;

fn accepted(rejected: u64) -> Accepted {
    Accepted {
        rejected,
        message: "too old".into(),
    }
}

fn too_large() -> Result<Accepted, Failure> {
    Err(Failure::TooLarge {
        reason: "too large".into(),
    })
}

fn delivery(acknowledged: u64, rejected: u64, undelivered: u64) -> Delivery {
    Delivery {
        acknowledged,
        rejected,
        undelivered,
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_can_be_found_in_the_batch() {
    let permanent = || {
        let reason = "not this".into();
        Err(Failure::Permanent { reason })
    };
    // All four, then the first two, of which one; then each of the last two.
    let answers = [permanent(), Ok(accepted(1)), permanent(), DONE, permanent()];
    let (mut courier, _) = Script::courier(answers);
    let (_set, deadline) = watch::channel(None);
    let mut drain = Drain::new(deadline);
    let done = courier.deliver(&batch(0..4), &mut drain).await;
    assert_eq!(
        (done, courier.refused()),
        (delivery(2, 2, 0), &[0..2, 3..4][..])
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_day_without_a_collector_every_record_is_taken_once() {
    // Half of the longest wait is the least, so this is more than a day.
    const TRIES: usize = 24 * 60 * 4;
    let away = std::iter::repeat_with(unavailable).take(TRIES);
    let (mut courier, sent) = Script::courier(away.chain([DONE, DONE, DONE]));
    let (_set, deadline) = watch::channel(None);
    let began = Instant::now();
    let done = courier
        .deliver(&batch(0..1500), &mut Drain::new(deadline))
        .await;
    assert_eq!(done, delivery(1500, 0, 0));
    assert!(
        began.elapsed() > Duration::from_hours(24),
        "{:?}",
        began.elapsed()
    );
    let sent = numbers(&sent);
    assert_eq!(sent.len(), TRIES + 3);
    let taken: Vec<_> = sent[TRIES..].concat();
    assert_eq!(taken, (0..1500).collect::<Vec<_>>());
}

/// Delivers with a deadline a day away.
async fn deliver(
    answers: impl IntoIterator<Item = Result<Accepted, Failure>>,
    records: u64,
) -> (Delivery, Vec<Vec<u64>>) {
    let (mut courier, sent) = Script::courier(answers);
    let day = Duration::from_hours(24);
    let (_set, deadline) = watch::channel(Some(Instant::now() + day));
    let delivery = courier
        .deliver(&batch(0..records), &mut Drain::new(deadline))
        .await;
    (delivery, numbers(&sent))
}

#[tokio::test(start_paused = true)]
async fn tries_the_same_request_again_until_it_is_taken() {
    let answers = [unavailable(), unavailable(), unavailable(), DONE];
    let start = Instant::now();
    let (outcome, sent) = deliver(answers, 3).await;
    assert_eq!(outcome, delivery(3, 0, 0));
    assert_eq!(sent, vec![vec![0, 1, 2]; 4]);
    // 0.2 + 0.4 + 0.8 seconds, at least half and at most all of it.
    assert!(
        (700..=1400).contains(&start.elapsed().as_millis()),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_the_server_asks() {
    let after = Some(Duration::from_secs(42));
    let answers = [
        Err(Failure::Again {
            after,
            reason: "busy".into(),
        }),
        DONE,
    ];
    let start = Instant::now();
    assert_eq!(deliver(answers, 1).await.0, delivery(1, 0, 0));
    assert!(start.elapsed() >= Duration::from_secs(42));
    assert!(start.elapsed() < Duration::from_secs(43));
}

#[tokio::test(start_paused = true)]
async fn a_partial_success_is_split_exactly() {
    assert_eq!(deliver([Ok(accepted(3))], 10).await.0, delivery(7, 3, 0));
    assert_eq!(deliver([Ok(accepted(0))], 10).await.0, delivery(10, 0, 0));
    // More than it was sent.
    assert_eq!(deliver([Ok(accepted(99))], 10).await.0, delivery(0, 10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_costs_the_record_that_causes_it_and_no_other() {
    let permanent = || {
        Err(Failure::Permanent {
            reason: "bad".into(),
        })
    };
    // The third of four.
    let answers = [permanent(), DONE, permanent(), permanent(), DONE];
    let (outcome, sent) = deliver(answers, 4).await;
    assert_eq!(outcome, delivery(3, 1, 0));
    assert_eq!(
        sent,
        [vec![0, 1, 2, 3], vec![0, 1], vec![2, 3], vec![2], vec![3]]
    );
}

#[tokio::test(start_paused = true)]
async fn who_is_denied_tries_again() {
    let denied = Err(Failure::Denied {
        reason: "HTTP 401".into(),
    });
    let (outcome, sent) = deliver([denied, DONE], 2).await;
    assert_eq!(outcome, delivery(2, 0, 0));
    assert_eq!(sent.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_sent_in_halves_in_order() {
    let answers = [too_large(), DONE, too_large(), DONE, DONE];
    let (outcome, sent) = deliver(answers, 5).await;
    assert_eq!(outcome, delivery(5, 0, 0));
    assert_eq!(
        sent,
        [
            vec![0, 1, 2, 3, 4],
            vec![0, 1],
            vec![2, 3, 4],
            vec![2],
            vec![3, 4]
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_single_record_too_large_is_rejected_alone() {
    let answers = [too_large(), too_large(), DONE];
    let (outcome, sent) = deliver(answers, 2).await;
    assert_eq!(outcome, delivery(1, 1, 0));
    assert_eq!(sent, [vec![0, 1], vec![0], vec![1]]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_leaves_the_rest_undelivered() {
    let (outcome, _) = deliver([DONE, too_large()], 1100).await;
    assert_eq!(outcome, delivery(512, 0, 588));
}

#[tokio::test(start_paused = true)]
async fn what_was_put_off_is_tried_when_the_daemon_stops() {
    // By then the next try is up to 30 seconds away.
    let away = std::iter::repeat_with(unavailable).take(10);
    let (mut courier, _) = Script::courier(away.chain([DONE]));
    let (set, deadline) = watch::channel(None);
    let mut drain = Drain::new(deadline);
    let records = batch(0..5);
    let delivering = courier.deliver(&records, &mut drain);
    let stopping = async {
        // 0.2 + 0.4 … seconds, at least half of it: the eighth wait is under way.
        tokio::time::sleep(Duration::from_secs(26)).await;
        let _ = set.send(Some(Instant::now() + Duration::from_secs(10)));
        Instant::now()
    };
    let (outcome, stopped) = tokio::join!(delivering, stopping);
    assert_eq!(outcome, delivery(5, 0, 0));
    assert!(stopped.elapsed() <= Duration::from_secs(3), "{stopped:?}");
}

#[tokio::test(start_paused = true)]
async fn after_the_deadline_nothing_is_tried() {
    let (mut courier, sent) = Script::courier([DONE]);
    let (_set, deadline) = watch::channel(Some(Instant::now()));
    let outcome = courier
        .deliver(&batch(0..5), &mut Drain::new(deadline))
        .await;
    assert_eq!(outcome, delivery(0, 0, 5));
    assert!(numbers(&sent).is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_record_has_one_outcome_whatever_the_answers() {
    let mut state = 7_u32;
    for _ in 0..200 {
        let answers: Vec<_> = (0..40)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                match state >> 29 {
                    0 => unavailable(),
                    1 => too_large(),
                    2 => Ok(accepted(u64::from(state >> 16 & 0xff))),
                    3 => Err(Failure::Permanent {
                        reason: "bad".into(),
                    }),
                    _ => DONE,
                }
            })
            .collect();
        assert_eq!(deliver(answers, 1300).await.0.total(), 1300);
    }
}
