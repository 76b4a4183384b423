//! Two pieces of work at once, with the feature `parallel`; else one after the other.
//!
//! Threads divide the *output* of an operation, never a sum: how work is cut may depend on how many threads there are, but every number
//! is computed by one of them, in the same order of operations. Sums over long slices are taken in a fixed tree of pieces.

/// How many multiplications and additions are worth a second thread: waking one takes some microseconds, in which a core does about a
/// million of them.
#[cfg(feature = "parallel")]
const WORTH_OPERATIONS: usize = 4_000_000;

/// How many numbers a pass over memory takes at once: 128 KiB of f32, half of which is worth a thread of its own.
pub(crate) const PIECE: usize = 1 << 15;

/// Where to cut so many numbers into two: at whole pieces.
pub(crate) fn half(len: usize) -> usize {
    (len.div_ceil(PIECE) / 2) * PIECE
}

/// Computes both, at once where a thread of the pool is idle. Outside of the pool one after the other: see [`in_pool`].
#[cfg(feature = "parallel")]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let here = rayon::current_thread_index();
    if here.is_none() {
        return (a(), b());
    }
    rayon::join(a, move || {
        if rayon::current_thread_index() != here {
            SHARED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        b()
    })
}

/// Computes both, one after the other.
#[cfg(not(feature = "parallel"))]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let a = a();
    (a, b())
}

/// How many threads of the pool that we are in are worth it for so many operations; one where we are in none.
#[cfg(feature = "parallel")]
pub(crate) fn threads_for(operations: usize) -> usize {
    let worth = operations / WORTH_OPERATIONS;
    if worth < 2 || rayon::current_thread_index().is_none() { 1 } else { worth.min(rayon::current_num_threads()) }
}

/// One: there is no pool.
#[cfg(not(feature = "parallel"))]
pub(crate) fn threads_for(_: usize) -> usize {
    1
}

/// Computes on a thread of the pool, if there is that much to do: from there sharing costs far less than from outside.
#[cfg(feature = "parallel")]
pub(crate) fn in_pool<O: Send>(operations: usize, work: impl FnOnce() -> O + Send) -> O {
    // Work that is not worth it does not even ask for the pool, which would start it.
    let worth = operations / WORTH_OPERATIONS;
    if worth < 2 || rayon::current_thread_index().is_some() || rayon::current_num_threads() == 1 {
        return work();
    }
    rayon::join(work, || ()).0
}

/// Computes here: there is no pool.
#[cfg(not(feature = "parallel"))]
pub(crate) fn in_pool<O: Send>(_: usize, work: impl FnOnce() -> O + Send) -> O {
    work()
}

#[cfg(feature = "parallel")]
static SHARED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// How many times so far a piece of the crate's work ran on another thread than the one that it was cut from.
///
/// ```
/// let before = evenkeel::shared_pieces();
/// // ... training ...
/// let shared = evenkeel::shared_pieces() - before;
/// # let _ = shared;
/// ```
///
/// # Notes
/// Only with the feature `parallel`; counted for the whole process. The pool is rayon's: the global one, or that in whose `install` the
/// call is made.
#[cfg(feature = "parallel")]
pub fn shared_pieces() -> u64 {
    SHARED.load(std::sync::atomic::Ordering::Relaxed)
}
