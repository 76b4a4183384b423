//! `Streams`: the generator several times side by side, a lane of a vector each.

use rand::Rng;

use super::Generator;

/// How many generators step at once: the 64-bit lanes of the widest vectors. Part of what a seed means, so the same on every processor.
pub(super) const LANES: usize = 16;

/// `LANES` generators xoshiro256++, from each of which a number is taken in turn.
#[derive(Debug)]
pub(super) struct Streams {
    /// The four words of each state; by word, then by lane.
    words: [[u64; LANES]; 4],
}

impl Streams {
    /// Each lane started from a number of `generator`, which so moves on by `LANES` numbers however many are drawn from the lanes.
    ///
    /// By SplitMix64, as the inventors of xoshiro advise: states of one linear generator drawn from another might be related.
    pub(super) fn seeded(generator: &mut Generator) -> Self {
        let mut words = [[0; LANES]; 4];
        for lane in 0..LANES {
            let mut state = generator.next_u64();
            for word in &mut words {
                word[lane] = split_mix(&mut state);
            }
        }
        Self { words }
    }

    /// Fills `bits`, whose length is to be a multiple of `LANES`.
    #[inline(always)]
    pub(super) fn fill(&mut self, bits: &mut [u64]) {
        let [mut a, mut b, mut c, mut d] = self.words;
        for lanes in bits.chunks_exact_mut(LANES) {
            for lane in 0..LANES {
                lanes[lane] = a[lane].wrapping_add(d[lane]).rotate_left(23).wrapping_add(a[lane]);
                let shifted = b[lane] << 17;
                c[lane] ^= a[lane];
                d[lane] ^= b[lane];
                b[lane] ^= c[lane];
                a[lane] ^= d[lane];
                c[lane] ^= shifted;
                d[lane] = d[lane].rotate_left(45);
            }
        }
        self.words = [a, b, c, d];
    }
}

/// The next number of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GOLDEN);
    mixed(*state)
}

/// 2^64 over the golden ratio: what SplitMix64 counts by, since its multiples lie far from each other.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Numbers that have something in common, such as successive ones, made into numbers that have not: the second half of SplitMix64.
pub(crate) fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    #[test]
    fn each_lane_is_the_generator_of_rand() {
        let (mut generator, mut seeds) = (Generator::named(1, "lanes"), Generator::named(1, "lanes"));
        let mut streams = Streams::seeded(&mut generator);
        let mut lanes: Vec<_> = (0..LANES).map(|_| Xoshiro256PlusPlus::seed_from_u64(seeds.next_u64())).collect();
        assert_eq!(generator, seeds);
        // In two parts, the second of which goes on where the first ended.
        let mut bits = [0; 100 * LANES];
        let (first, second) = bits.split_at_mut(30 * LANES);
        streams.fill(first);
        streams.fill(second);
        for (at, bits) in bits.into_iter().enumerate() {
            assert_eq!(bits, lanes[at % LANES].next_u64(), "number {at}");
        }
    }
}
