//! Images divided between threads.

use crate::Float;
use crate::linalg::{join, threads_for};

/// How many operations a number costs that passes through memory.
pub(super) const PASSING: usize = 10;

/// Computes so many images, on as many threads as so many operations in all are worth: `read` and `write` are cut between images, and each
/// part is given to `work`.
pub(super) fn by_images<T: Float, const R: usize, const W: usize>(
    images: usize,
    operations: usize,
    read: [&[T]; R],
    write: [&mut [T]; W],
    work: &(impl Fn([&[T]; R], [&mut [T]; W]) + Sync),
) {
    parts(threads_for(operations).min(images), images, read, write, work);
}

fn parts<T: Float, const R: usize, const W: usize>(
    count: usize,
    images: usize,
    read: [&[T]; R],
    write: [&mut [T]; W],
    work: &(impl Fn([&[T]; R], [&mut [T]; W]) + Sync),
) {
    if count < 2 {
        return work(read, write);
    }
    let (first, upper) = (count / 2, images * (count / 2) / count);
    let cut = |len: usize| len / images * upper;
    let (read, below_read) =
        (read.map(|numbers| &numbers[..cut(numbers.len())]), read.map(|numbers| &numbers[cut(numbers.len())..]));
    let mut below_write: [&mut [T]; W] = std::array::from_fn(|_| Default::default());
    let mut below = below_write.iter_mut();
    let write = write.map(|numbers| {
        let (above, rest) = numbers.split_at_mut(cut(numbers.len()));
        if let Some(below) = below.next() {
            *below = rest;
        }
        above
    });
    join(
        || parts(first, upper, read, write, work),
        || parts(count - first, images - upper, below_read, below_write, work),
    );
}
