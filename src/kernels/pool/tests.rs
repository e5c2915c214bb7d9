use super::*;

#[test]
fn every_unit_runs_once() {
    for threads in [1, 2, 3, 8] {
        let pool = Pool::new(threads).unwrap();
        assert_eq!(pool.threads(), threads);
        for n_units in [0, 1, 2, 7, 300] {
            for _ in 0..50 {
                let counts: Vec<_> = (0..n_units).map(|_| AtomicUsize::new(0)).collect();
                pool.for_each(n_units, &|idx| {
                    counts[idx].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|n| n.load(Ordering::Relaxed) == 1));
            }
        }
    }
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
    let pool = Pool::new(2).unwrap();
    for round in 0..20 {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            pool.for_each(16, &|idx| assert!(idx != 5, "unit {idx}"));
        }));
        assert!(caught.is_err(), "round {round}");
        let done = AtomicUsize::new(0);
        pool.for_each(16, &|_| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.load(Ordering::Relaxed), 16);
    }
}
