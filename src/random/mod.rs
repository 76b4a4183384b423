//! The crate's random generator: portable, named, one stream a purpose.

mod cut_normal;
mod fill;
mod normal;
mod streams;
mod uniform;

pub(crate) use cut_normal::CutNormal;
pub(crate) use streams::{GOLDEN, mixed};

use std::convert::Infallible;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng, TryRng};

/// The crate's random generator: xoshiro256++, seeded from a number and a name.
///
/// Every random choice of a run has a stream of its own, whose start is a stable hash (64-bit FNV-1a) of the run's seed and
/// the name of what is drawn: a parameter, the shuffle of an epoch. So adding a layer does not shift the draws of the others,
/// and two layers never share theirs. The generator gives the same bits on every platform; it implements [`rand::Rng`], so any
/// distribution of `rand` and `rand_distr` can draw from it.
///
/// ```
/// use evenkeel::Generator;
/// use rand::RngExt;
/// let mut weights = Generator::named(7, "0.linear.weight");
/// let mut biases = Generator::named(7, "0.linear.bias");
/// assert_ne!(weights.random::<u64>(), biases.random::<u64>());
/// ```
///
/// # Notes
/// Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generator(Xoshiro256PlusPlus);

impl Generator {
    /// The generator of what `name` says, in the run of that `seed`.
    pub fn named(seed: u64, name: &str) -> Self {
        Self::hashed(seed.to_le_bytes().into_iter().chain(name.bytes()))
    }

    /// The generator of the `number`-th thing of that name, such as the order of the rows in an epoch.
    pub fn numbered(seed: u64, name: &str, number: u64) -> Self {
        Self::hashed(seed.to_le_bytes().into_iter().chain(name.bytes()).chain(number.to_le_bytes()))
    }

    fn hashed(bytes: impl Iterator<Item = u8>) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
        Self(Xoshiro256PlusPlus::seed_from_u64(hash))
    }

    /// A whole number below `bound`, each equally likely; 0 where `bound` is 0.
    ///
    /// # Notes
    /// The multiply-and-reject method of Lemire, "Fast random integer generation in an interval", 2019. Written out here, so
    /// that a shuffle never changes with a version of `rand`.
    pub fn below(&mut self, bound: u64) -> u64 {
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            let low = product as u64;
            // Only where the low half is below `bound` can the draw be one of the 2^64 mod bound surplus values.
            if low >= bound || low >= bound.wrapping_neg().checked_rem(bound).unwrap_or(0) {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts `items` in an order in which every permutation is equally likely (Fisher and Yates).
    pub fn shuffle<I>(&mut self, items: &mut [I]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_name_same_stream() {
        let draw = |seed, name| Generator::named(seed, name).next_u64();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }

    #[test]
    fn values_are_stable() {
        // Value-breaking if this changes: it must then be said in the CHANGELOG.
        let mut generator = Generator::named(1, "0.linear.weight");
        let drawn: Vec<u64> = (0..3).map(|_| generator.next_u64()).collect();
        assert_eq!(drawn, [17_407_408_413_088_411_522, 11_040_776_974_477_220_132, 2_504_609_104_702_402_153]);
    }

    #[test]
    fn below_is_uniform() {
        // 60,000 draws over 6 values: the chi-square with 5 degrees of freedom exceeds 38 with probability 4e-7.
        let mut generator = Generator::named(3, "die");
        let mut counts = [0_f64; 6];
        for _ in 0..60_000 {
            counts[generator.below(6) as usize] += 1.0;
        }
        let chi_square: f64 = counts.iter().map(|n| (n - 1e4).powi(2) / 1e4).sum();
        assert!(chi_square < 38.0, "chi-square {chi_square}");
    }

    #[test]
    fn below_an_edge() {
        let mut generator = Generator::named(3, "edge");
        assert_eq!((generator.below(0), generator.below(1)), (0, 0));
        assert!(generator.below(u64::MAX) < u64::MAX);
    }

    #[test]
    fn shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Generator::named(5, "order").shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
