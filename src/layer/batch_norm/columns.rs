//! Sums over columns, and functions with constants a column: rows of any width, sixteen numbers at a time.

use super::super::groups::cut;
use crate::Float;
use crate::linalg::{Isa, PIECE, Work, dispatch, half, join, padded};

/// How many numbers are taken at once.
pub(super) const LANES: usize = 16;

/// What is known of the channels of sixteen lanes.
pub(super) type Block<T> = [[T; LANES]; 10];

/// The mean, in two parts.
pub(super) const HIGH: usize = 0;
pub(super) const LOW: usize = 1;
/// The gain over the deviation.
pub(super) const SCALE: usize = 2;
pub(super) const BIAS: usize = 3;
/// One over the deviation.
pub(super) const ROOT: usize = 4;
pub(super) const VARIANCE: usize = 5;
/// What backward adds: the derivatives by gain and bias, and what mean and deviation hand back.
pub(super) const GAIN_GRADIENT: usize = 6;
pub(super) const BIAS_GRADIENT: usize = 7;
pub(super) const OF_MEAN: usize = 8;
pub(super) const OF_DEVIATION: usize = 9;

/// Two terms of a lane's sums. `of` is to be `#[inline(always)]`.
pub(super) trait Terms<T>: Copy + Sync {
    fn of(&self, x: T, dy: T, lane: usize) -> [f64; 2];
}

/// A function of a number, with constants of its channel. `at` is to be `#[inline(always)]`.
pub(super) trait Map<T>: Copy + Sync {
    fn at(&self, x: T, dy: T, block: &Block<T>, lane: usize) -> T;
}

/// The blocks in what a pass saves.
pub(super) fn blocks<T>(saved: &[T]) -> &[Block<T>] {
    saved.as_chunks().0.as_chunks().0
}

/// The same, to write.
pub(super) fn blocks_mut<T>(saved: &mut [T]) -> &mut [Block<T>] {
    saved.as_chunks_mut().0.as_chunks_mut().0
}

/// Numbers whose channel is their index modulo `channels`.
///
/// They are taken in strips: of one row of channels, which is cut into blocks of sixteen lanes, of which the last one overlaps the one before
/// where the channels are no multiple of sixteen; or of as many rows as fit sixteen lanes, so that few channels fill vectors, too. Lanes
/// beyond a strip belong to the next one. So every lane does the same for its channel, and equal channels stay equal, bit by bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub(super) channels: usize,
}

impl Columns {
    /// How many numbers all blocks together have.
    pub(super) fn saved(self) -> usize {
        self.channels.div_ceil(LANES).saturating_mul(size_of::<Block<u8>>())
    }

    /// How many numbers a strip has.
    fn strip(self) -> usize {
        if self.channels < LANES { LANES / self.channels * self.channels } else { self.channels }
    }

    /// Where in a strip a block starts.
    #[inline(always)]
    fn start(self, block: usize) -> usize {
        (block * LANES).min(self.channels.saturating_sub(LANES))
    }

    /// The channel of a lane.
    pub(super) fn channel(self, block: usize, lane: usize) -> usize {
        (self.start(block) + lane) % self.channels
    }

    /// A block and a lane that hold a channel.
    pub(super) fn place(self, channel: usize) -> (usize, usize) {
        let block = channel / LANES;
        (block, channel - self.start(block))
    }

    /// The first number of each lane's channel.
    pub(super) fn first<T: Float>(self, x: &[T], block: usize) -> [T; LANES] {
        std::array::from_fn(|lane| x[self.channel(block, lane)])
    }

    /// Does something for each block, given its index, on as many threads as are idle; `len` numbers are read for all of them.
    pub(super) fn each_block<T: Float>(
        self,
        len: usize,
        blocks: &mut [Block<T>],
        work: &(impl Fn(usize, &mut Block<T>) + Sync),
    ) {
        self.each_block_from(0, len, blocks, work);
    }

    fn each_block_from<T: Float>(
        self,
        first: usize,
        len: usize,
        blocks: &mut [Block<T>],
        work: &(impl Fn(usize, &mut Block<T>) + Sync),
    ) {
        let upper = blocks.len() / 2;
        if upper == 0 || len <= PIECE {
            return blocks.iter_mut().enumerate().for_each(|(index, block)| work(first + index, block));
        }
        let (left, right) = blocks.split_at_mut(upper);
        join(
            || self.each_block_from(first, len / 2, left, work),
            || self.each_block_from(first + upper, len / 2, right, work),
        );
    }

    /// Two sums over all values of each lane's channel.
    pub(super) fn sums<T: Float>(self, x: &[T], dy: &[T], block: usize, terms: impl Terms<T>) -> Sums {
        let (strip, start) = (self.strip(), self.start(block));
        let count = if x.len() < start + LANES { 0 } else { (x.len() - start - LANES) / strip + 1 };
        let from = start.min(x.len());
        let mut sums = Strips { x: &x[from..], dy: &dy[from..], count, strip, terms }.shared();
        if self.channels < LANES {
            // Fewer than sixteen numbers are left.
            for (lane, (&x, &dy)) in x.iter().zip(dy).skip(count * strip).enumerate() {
                let [first, second] = terms.of(x, dy, lane);
                sums[0][lane] += first;
                sums[1][lane] += second;
            }
            for sums in &mut sums {
                for channel in 0..self.channels {
                    let sum = sums[channel..strip].iter().step_by(self.channels).sum();
                    sums[channel..].iter_mut().step_by(self.channels).for_each(|lane| *lane = sum);
                }
            }
        }
        sums
    }

    /// `out[i] = map(x[i], dy[i])`, on as many threads as are idle.
    pub(super) fn map<T: Float>(self, map: impl Map<T>, x: &[T], dy: &[T], blocks: &[Block<T>], out: &mut [T]) {
        let Some(at) = cut(x.len(), self.strip()) else {
            return dispatch(Mapped { columns: self, map, x, dy, blocks, out });
        };
        let ((x, right_x), (dy, right_dy), (out, right_out)) = (x.split_at(at), dy.split_at(at), out.split_at_mut(at));
        join(|| self.map(map, x, dy, blocks, out), || self.map(map, right_x, right_dy, blocks, right_out));
    }
}

/// Two sums a lane.
pub(super) type Sums = [[f64; LANES]; 2];

/// The first sixteen numbers of `count` strips.
#[derive(Clone, Copy)]
struct Strips<'a, T, F> {
    x: &'a [T],
    dy: &'a [T],
    count: usize,
    strip: usize,
    terms: F,
}

impl<T: Float, F: Terms<T>> Strips<'_, T, F> {
    /// Their sums, in a tree that depends on the count alone.
    fn shared(self) -> Sums {
        if self.count <= PIECE / LANES {
            return dispatch(self);
        }
        let upper = half(self.count * LANES) / LANES;
        let (x, dy) = (&self.x[upper * self.strip..], &self.dy[upper * self.strip..]);
        let below = Self { x, dy, count: self.count - upper, ..self };
        let (mut sums, more) = join(|| Self { count: upper, ..self }.shared(), || below.shared());
        sums.as_flattened_mut().iter_mut().zip(more.as_flattened()).for_each(|(sum, more)| *sum += more);
        sums
    }
}

impl<T: Float, F: Terms<T>> Work for Strips<'_, T, F> {
    type Output = Sums;

    #[inline(always)]
    fn run<I: Isa>(self) -> Sums {
        let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
        for at in (0..self.count).map(|index| index * self.strip) {
            let (x, dy) = (&self.x[at..at + LANES], &self.dy[at..at + LANES]);
            for lane in 0..LANES {
                let terms = self.terms.of(x[lane], dy[lane], lane);
                first[lane] += terms[0];
                second[lane] += terms[1];
            }
        }
        [first, second]
    }
}

struct Mapped<'a, T, F> {
    columns: Columns,
    map: F,
    x: &'a [T],
    dy: &'a [T],
    blocks: &'a [Block<T>],
    out: &'a mut [T],
}

impl<T: Float, F: Map<T>> Mapped<'_, T, F> {
    #[inline(always)]
    fn sixteen(&self, x: &[T; LANES], dy: &[T; LANES], block: &Block<T>) -> [T; LANES] {
        let mut out = [T::zero(); LANES];
        for lane in 0..LANES {
            out[lane] = self.map.at(x[lane], dy[lane], block, lane);
        }
        out
    }
}

impl<T: Float, F: Map<T>> Work for Mapped<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for strip in (0..self.x.len()).step_by(self.columns.strip()) {
            for (index, block) in self.blocks.iter().enumerate() {
                let at = strip + self.columns.start(index);
                let (x, dy) = (&self.x[at..], &self.dy[at..]);
                if let (Some(x), Some(dy)) = (x.first_chunk(), dy.first_chunk()) {
                    let sixteen = self.sixteen(x, dy, block);
                    self.out[at..at + LANES].copy_from_slice(&sixteen);
                } else {
                    let sixteen = self.sixteen(&padded(x), &padded(dy), block);
                    self.out[at..].copy_from_slice(&sixteen[..x.len()]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use proptest::prelude::*;
    use rand::RngExt;

    #[derive(Clone, Copy)]
    struct Plain;

    impl<T: Float> Terms<T> for Plain {
        fn of(&self, x: T, dy: T, _: usize) -> [f64; 2] {
            [x.get(), x.get() * dy.get()]
        }
    }

    impl<T: Float> Map<T> for Plain {
        fn at(&self, x: T, dy: T, block: &Block<T>, lane: usize) -> T {
            x * dy + block[BIAS][lane]
        }
    }

    proptest! {
        #[test]
        fn sums_agree_with_one_loop_a_channel(channels in 1_usize..40, values in 1_usize..50, seed: u64) {
            let mut generator = Generator::named(seed, "columns");
            // Whole numbers, so that every sum is exact.
            let mut draw = || (0..channels * values).map(|_| generator.random_range(-9_i32..9) as f32).collect::<Vec<_>>();
            let (x, dy, columns) = (draw(), draw(), Columns { channels });
            for block in 0..channels.div_ceil(LANES) {
                let sums = columns.sums(&x, &dy, block, Plain);
                for (lane, &found) in sums[0].iter().enumerate() {
                    let channel = columns.channel(block, lane);
                    let plain = x.iter().zip(&dy).skip(channel).step_by(channels);
                    let (sum, product) = plain.fold((0.0, 0.0), |(s, p), (x, dy)| (s + x, p + x * dy));
                    prop_assert_eq!((found, sums[1][lane]), (f64::from(sum), f64::from(product)));
                    prop_assert!(columns.channel(columns.place(channel).0, columns.place(channel).1) == channel);
                }
            }
        }

        #[test]
        fn maps_agree_with_one_loop(channels in 1_usize..40, values in 1_usize..50, seed: u64) {
            let mut generator = Generator::named(seed, "columns");
            let mut draw = || (0..channels * values).map(|_| generator.random_range(-9.0..9.0)).collect::<Vec<f64>>();
            let (x, dy, columns) = (draw(), draw(), Columns { channels });
            let mut saved = vec![0.0; columns.saved()];
            for (index, block) in blocks_mut(&mut saved).iter_mut().enumerate() {
                for (lane, bias) in block[BIAS].iter_mut().enumerate() {
                    *bias = columns.channel(index, lane) as f64;
                }
            }
            let mut out = vec![f64::NAN; x.len()];
            columns.map(Plain, &x, &dy, blocks(&saved), &mut out);
            for (at, out) in out.iter().enumerate() {
                prop_assert_eq!(*out, x[at] * dy[at] + (at % channels) as f64);
            }
        }
    }

    #[test]
    fn long_columns_are_summed_in_pieces() {
        for channels in [1, 3, 17] {
            let columns = Columns { channels };
            let x = vec![1.0_f32; channels * 3 * PIECE / 2 + channels];
            let sums = columns.sums(&x, &x, 0, Plain);
            assert_eq!(sums, [[(x.len() / channels) as f64; LANES]; 2]);
        }
    }
}
