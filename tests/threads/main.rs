//! Threads change the time that training takes, and not one bit of what comes of it.
//!
//! A test binary of its own, since how often threads shared is counted for the whole process; and one test at a time.

mod images;
mod networks;
mod normalization;
mod recurrent;

use std::sync::{Mutex, MutexGuard, PoisonError};

use evenkeel::shared_pieces;

fn one_at_a_time() -> MutexGuard<'static, ()> {
    static RUNNING: Mutex<()> = Mutex::new(());
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has one, two and seven threads run the same: they must leave the same, alone and shared.
fn leaves_the_same<N: PartialEq + Send>(run: impl Fn() -> N + Sync) -> N {
    let in_pool = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let before = shared_pieces();
        let left = pool.install(&run);
        (left, shared_pieces() - before)
    };
    let (alone, shared) = in_pool(1);
    assert_eq!(shared, 0, "one thread has nobody to share with");
    for threads in [2, 7] {
        // On a busy machine a second thread may wake too late to get anything: so again, until there was something to test.
        let shared = (0..100).any(|_| {
            let (of_threads, shared) = in_pool(threads);
            assert!(alone == of_threads, "{threads} threads leave other bits than one");
            shared > 0
        });
        assert!(shared, "{threads} threads shared nothing, so nothing was tested");
    }
    alone
}
