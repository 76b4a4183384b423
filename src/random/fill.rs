//! Many draws at once: blocks of random bits, each turned into numbers by a loop that becomes vectors.

use std::marker::PhantomData;

use super::streams::{LANES, Streams};
use super::{Generator, normal, uniform};
use crate::Float;
use crate::linalg::{Isa, Work, dispatch};

/// How many numbers are drawn together: enough for the loops to run smoothly, few enough to stay in the nearest cache. Part of what a
/// seed means, since the two normal numbers of one radius are half a block apart.
const BLOCK: usize = 16 * LANES;

impl Generator {
    /// Fills `out` with `low + width * u`, with u uniform between 0 and 1.
    pub(crate) fn fill_uniform<T: Float>(&mut self, low: f64, width: f64, out: &mut [T]) {
        dispatch(Fill::<Uniform, T>::new(self, low, width, out));
    }

    /// Fills `out` with `mean + std * z`, with z of N(0, 1).
    pub(crate) fn fill_normal<T: Float>(&mut self, mean: f64, std: f64, out: &mut [T]) {
        dispatch(Fill::<Normal, T>::new(self, mean, std, out));
    }
}

/// What random bits become.
trait Law {
    /// The numbers of one block.
    fn draw(bits: &[u64; BLOCK], numbers: &mut [f64; BLOCK]);
}

/// Between 0 and 1.
struct Uniform;

impl Law for Uniform {
    #[inline(always)]
    fn draw(bits: &[u64; BLOCK], numbers: &mut [f64; BLOCK]) {
        for (number, &bits) in numbers.iter_mut().zip(bits) {
            *number = uniform::between_0_and_1(bits);
        }
    }
}

/// N(0, 1).
struct Normal;

impl Law for Normal {
    #[inline(always)]
    fn draw(bits: &[u64; BLOCK], numbers: &mut [f64; BLOCK]) {
        let (radius, angle) = bits.split_at(BLOCK / 2);
        let (first, second) = numbers.split_at_mut(BLOCK / 2);
        for (((first, second), &radius), &angle) in first.iter_mut().zip(second).zip(radius).zip(angle) {
            [*first, *second] = normal::two(radius, angle);
        }
    }
}

/// `offset + scale * d` in every place of `out`, with d drawn from a law.
///
/// Drawn in `f64` and rounded, a whole block at a time: so neither the type nor the number of places changes what is in the first ones.
struct Fill<'a, L, T> {
    streams: Streams,
    offset: f64,
    scale: f64,
    out: &'a mut [T],
    law: PhantomData<L>,
}

impl<'a, L: Law, T: Float> Fill<'a, L, T> {
    fn new(generator: &mut Generator, offset: f64, scale: f64, out: &'a mut [T]) -> Self {
        Self { streams: Streams::seeded(generator), offset, scale, out, law: PhantomData }
    }
}

impl<L: Law, T: Float> Work for Fill<'_, L, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        let (mut bits, mut numbers) = ([0; BLOCK], [0.0; BLOCK]);
        for part in self.out.chunks_mut(BLOCK) {
            self.streams.fill(&mut bits);
            L::draw(&bits, &mut numbers);
            for (place, number) in part.iter_mut().zip(numbers) {
                *place = T::of(self.offset + self.scale * number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Level;

    fn filled<L: Law, T: Float>(level: Level, count: usize) -> (Vec<T>, Generator) {
        let (mut generator, mut out) = (Generator::named(3, "fill"), vec![T::zero(); count]);
        level.run(Fill::<L, T>::new(&mut generator, 0.1, 1.7, &mut out));
        (out, generator)
    }

    fn same_on_every_level<L: Law, T: Float>() {
        let expected = filled::<L, T>(Level::best(), 100 * BLOCK + 3);
        for level in Level::all() {
            assert_eq!(filled::<L, T>(level, 100 * BLOCK + 3), expected, "{level:?}");
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        same_on_every_level::<Uniform, f32>();
        same_on_every_level::<Uniform, f64>();
        same_on_every_level::<Normal, f32>();
        same_on_every_level::<Normal, f64>();
    }

    fn starts_the_same<L: Law>() {
        let (long, after) = filled::<L, f64>(Level::best(), 3 * BLOCK);
        for count in (0..20).chain([BLOCK / 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7]) {
            // Nor does the generator tell afterwards how many were drawn.
            assert_eq!(filled::<L, f64>(Level::best(), count), (long[..count].to_vec(), after.clone()));
            let single = filled::<L, f32>(Level::best(), count).0;
            assert!(single.into_iter().zip(&long).all(|(single, &double)| single == double as f32));
        }
    }

    #[test]
    fn fewer_are_the_start_of_more_in_either_type() {
        starts_the_same::<Uniform>();
        starts_the_same::<Normal>();
    }
}
