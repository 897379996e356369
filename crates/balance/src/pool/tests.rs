//! Which nodes get requests: shares, trials, ejections and panic.

use super::*;

fn address(number: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], number))
}

/// A pool of nodes with these weights, on ports from 1, all up.
fn pool(settings: &Settings, weights: &[u32]) -> Pool {
    let pool = Pool::new(settings);
    let wanted: Vec<_> = (1..).map(address).zip(weights.iter().copied()).collect();
    for node in pool.replace(&wanted) {
        pool.checked(&node, Ok(()), Instant::now());
    }
    pool
}

fn counts(pool: &Pool, picks: usize) -> Vec<u64> {
    for _ in 0..picks {
        drop(pool.pick(&[], Instant::now()));
    }
    pool.status().iter().map(|node| node.requests).collect()
}

fn eject(pool: &Pool, node: &Arc<Node>) {
    eject_because(pool, node, Failure::Broken);
}

fn eject_because(pool: &Pool, node: &Arc<Node>, why: Failure) {
    for _ in 0..Ejection::default().failures {
        let mut pick = Pick::new(node, Attempt::Regular, Instant::now());
        pool.failed(&mut pick, why, Instant::now());
    }
}

/// The request that decides whether this node returns, if it is not in flight yet.
fn trial_of(pool: &Pool, node: &Arc<Node>) -> Option<Pick> {
    let picks = (0..4).filter_map(|_| pool.pick(&[], Instant::now()));
    let mut trials = picks.filter(Pick::is_trial);
    trials.find(|pick| Arc::ptr_eq(pick.node(), node))
}

/// A pool of three nodes. The first one is on trial.
fn with_a_trial() -> (Pool, Arc<Node>) {
    let pool = pool(&Settings::default(), &[1, 1, 1]);
    let first = Arc::clone(&pool.nodes()[0]);
    eject(&pool, &first);
    pool.tick(Instant::now() + Ejection::default().first);
    (pool, first)
}

#[test]
fn requests_go_around_and_weights_are_shares() {
    let settings = Settings::default();
    assert_eq!(counts(&pool(&settings, &[1, 1, 1]), 300), [100, 100, 100]);
    assert_eq!(counts(&pool(&settings, &[3, 1]), 400), [300, 100]);
}

#[test]
fn the_node_with_the_fewest_requests_in_flight_for_its_weight_is_next() {
    let settings = Settings {
        policy: Policy::LeastOutstanding,
        ..Settings::default()
    };
    let pool = pool(&settings, &[1, 2]);
    let pick = || pool.pick(&[], Instant::now()).unwrap();
    let held: Vec<Pick> = (0..30).map(|_| pick()).collect();
    let outstanding: Vec<u32> = pool.nodes().iter().map(|node| node.outstanding()).collect();
    assert_eq!(outstanding, [10, 20]);
    drop(held);
    assert_eq!(counts(&pool, 30)[0] - 10, 10, "in turn among equals");
}

#[test]
fn a_request_is_not_repeated_on_a_node_that_it_was_sent_to() {
    let pool = pool(&Settings::default(), &[1, 1]);
    for _ in 0..4 {
        let pick = pool.pick(&[address(1)], Instant::now()).unwrap();
        assert_eq!(pick.node().address(), address(2));
    }
    assert!(
        pool.pick(&[address(1), address(2)], Instant::now())
            .is_none()
    );
}

#[test]
fn an_ejected_node_gets_one_request_at_a_time_when_its_period_is_over() {
    let pool = pool(&Settings::default(), &[1, 1, 1]);
    let first = Arc::clone(&pool.nodes()[0]);
    eject(&pool, &first);
    assert_eq!(counts(&pool, 30), [3, 15, 15]);
    pool.tick(Instant::now() + Ejection::default().first);
    let mut picks: Vec<Pick> = (0..30)
        .filter_map(|_| pool.pick(&[], Instant::now()))
        .collect();
    let mut trials = picks.iter_mut().filter(|pick| pick.is_trial());
    let trial = trials.next().unwrap();
    assert!(trials.next().is_none());
    pool.succeeded(trial, Instant::now());
    drop(picks);
    let before = counts(&pool, 0);
    let after = counts(&pool, 30);
    let added = after
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before);
    assert_eq!(added.collect::<Vec<_>>(), [10, 10, 10]);
}

#[test]
fn a_trial_by_a_request_that_goes_on_ends_when_it_is_decided() {
    let (pool, first) = with_a_trial();
    let mut stream = trial_of(&pool, &first).unwrap();
    pool.succeeded(&mut stream, Instant::now());
    eject(&pool, &first);
    pool.tick(Instant::now() + Ejection::default().longest);
    let trial = trial_of(&pool, &first).unwrap();
    // The end of the old stream does not free the place of the new trial.
    drop(stream);
    assert!(trial_of(&pool, &first).is_none());
    drop(trial);
    assert!(trial_of(&pool, &first).is_some());
}

#[test]
fn requests_that_began_before_an_ejection_do_not_decide_the_trial() {
    let pool = pool(&Settings::default(), &[1, 1, 1]);
    let first = Arc::clone(&pool.nodes()[0]);
    let mut before = Pick::new(&first, Attempt::Regular, Instant::now());
    eject(&pool, &first);
    pool.tick(Instant::now() + Ejection::default().first);
    pool.succeeded(&mut before, Instant::now());
    assert_eq!(first.status().state, "trial");
}

#[test]
fn when_all_nodes_are_on_trial_all_requests_are_served() {
    let pool = pool(&Settings::default(), &[1, 1]);
    for node in pool.nodes() {
        eject(&pool, &node);
    }
    pool.tick(Instant::now() + Ejection::default().first);
    let picks: Vec<Pick> = (0..20)
        .filter_map(|_| pool.pick(&[], Instant::now()))
        .collect();
    assert_eq!(picks.len(), 20);
    assert_eq!(picks.iter().filter(|pick| pick.is_trial()).count(), 2);
}

#[test]
fn nodes_whose_connections_fail_get_nothing_while_another_one_works() {
    let pool = pool(&Settings::default(), &[1, 1, 1]);
    let nodes = pool.nodes();
    for node in &nodes[1..] {
        eject_because(&pool, node, Failure::Connect);
    }
    let before = counts(&pool, 0);
    assert_eq!(counts(&pool, 30), [before[0] + 30, before[1], before[2]]);
}

#[test]
fn the_turns_of_a_node_that_is_passed_over_are_shared_by_all_others() {
    let (pool, first) = with_a_trial();
    let _trial = trial_of(&pool, &first).unwrap();
    let before = counts(&pool, 0);
    let after = counts(&pool, 30);
    assert_eq!((after[1] - before[1], after[2] - before[2]), (15, 15));
}

#[test]
fn a_node_keeps_its_health_and_its_requests_when_its_weight_changes() {
    let pool = pool(&Settings::default(), &[1, 1]);
    let held = pool.pick(&[], Instant::now()).unwrap();
    assert!(pool.replace(&[(address(1), 3), (address(2), 1)]).is_empty());
    assert_eq!(held.node().outstanding(), 1);
    let before = counts(&pool, 0);
    let after = counts(&pool, 40);
    assert_eq!((after[0] - before[0], after[1] - before[1]), (30, 10));
}

#[test]
fn when_most_nodes_look_unhealthy_those_that_may_work_are_used() {
    let pool = pool(&Settings::default(), &[1, 1, 1, 1]);
    let nodes = pool.nodes();
    let down = |node, why| {
        for _ in 0..Checks::default().fall {
            pool.checked(node, Err(why), Instant::now());
        }
    };
    down(&nodes[0], CheckFailure::Unreachable);
    eject(&pool, &nodes[1]);
    down(&nodes[2], CheckFailure::Silent);
    // One of three is usable, which is less than half.
    assert_eq!(counts(&pool, 30), [0, 13, 10, 10]);
}

#[test]
fn nodes_that_refuse_or_are_not_ready_get_nothing_even_if_no_other_is_left() {
    let pool = pool(&Settings::default(), &[1, 1]);
    let nodes = pool.nodes();
    for _ in 0..Checks::default().fall {
        pool.checked(&nodes[0], Err(CheckFailure::Unreachable), Instant::now());
        pool.checked(&nodes[1], Err(CheckFailure::NotReady), Instant::now());
    }
    assert!(pool.pick(&[], Instant::now()).is_none() && !pool.has_usable());
}

#[test]
fn a_node_that_comes_up_gets_a_growing_share() {
    let settings = Settings {
        slow_start: Duration::from_secs(10),
        ..Settings::default()
    };
    let pool = pool(&settings, &[1, 1]);
    let nodes = pool.nodes();
    *nodes[0].warming_since.lock() = None;
    let began = Instant::now();
    *nodes[1].warming_since.lock() = Some(began);
    let share_after = |seconds: u64| {
        let before = nodes[1].status().requests;
        for _ in 0..400 {
            drop(pool.pick(&[], began + Duration::from_secs(seconds)));
        }
        nodes[1].status().requests - before
    };
    assert_eq!(share_after(1), 20);
    assert_eq!(share_after(5), 100);
    assert_eq!(share_after(11), 200);
}

#[test]
fn nodes_that_stay_keep_their_health_and_a_removed_one_gets_nothing() {
    let pool = pool(&Settings::default(), &[1, 1]);
    let added = pool.replace(&[(address(2), 1), (address(3), 1), (address(3), 1)]);
    assert_eq!(added.len(), 1);
    assert_eq!(
        counts(&pool, 10),
        [10, 0],
        "the new one was not checked yet"
    );
    pool.checked(&added[0], Ok(()), Instant::now());
    assert_eq!(counts(&pool, 10), [15, 5]);
}

#[test]
fn requests_in_flight_are_counted_until_they_end() {
    let pool = pool(&Settings::default(), &[1]);
    let pick = pool.pick(&[], Instant::now()).unwrap();
    assert_eq!(pick.node().outstanding(), 1);
    let node = Arc::clone(pick.node());
    drop(pick);
    assert_eq!(node.outstanding(), 0);
}
