//! Which units of a layer are identical: equal incoming *and* equal outgoing weights.

use crate::Float;
use crate::linalg::vectorized;

/// How far the weights of two units may differ, in units of the machine epsilon times the unit's largest weight.
///
/// Tied units receive the same updates; what may separate them is rounding, at most some ulps a step in sums of some ten terms.
const TOLERANCE: f64 = 64.0;

/// Which of the units of one layer are alike, as far as the matrices looked at so far can tell.
///
/// Looking at another matrix can only tell more of them apart. All memory is taken when it is made.
#[derive(Debug, Clone)]
pub(super) struct Likeness {
    /// The class of each unit, named after one of its members.
    class: Vec<u32>,
    next: Vec<u32>,
    order: Vec<u32>,
    keys: Vec<f64>,
    largest: Vec<f64>,
    /// Whether incoming weights, and outgoing ones, were looked at since the last start.
    pub(super) incoming: bool,
    pub(super) outgoing: bool,
}

/// Where the weights of a unit stand: from one unit to the next, from one weight to the next, and how many there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strides {
    pub(super) unit: usize,
    pub(super) entry: usize,
    pub(super) entries: usize,
}

impl Likeness {
    pub(super) fn new(units: usize) -> Self {
        let (numbers, places) = (vec![0.0; units], vec![0; units]);
        Self {
            class: places.clone(),
            next: places.clone(),
            order: places,
            keys: numbers.clone(),
            largest: numbers,
            incoming: false,
            outgoing: false,
        }
    }

    pub(super) fn units(&self) -> usize {
        self.class.len()
    }

    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        let places = self.class.capacity() + self.next.capacity() + self.order.capacity();
        places * size_of::<u32>() + (self.keys.capacity() + self.largest.capacity()) * size_of::<f64>()
    }

    /// Takes all units for alike again.
    pub(super) fn start(&mut self) {
        self.class.fill(0);
        (self.incoming, self.outgoing) = (false, false);
    }

    /// Tells apart the units whose weights differ.
    ///
    /// Units are first sorted by a fixed projection of their weights: those that are equal then stand side by side, so that only
    /// neighbours are compared entry by entry, and the time is about that of one pass over the matrix.
    pub(super) fn look<T: Float>(&mut self, weights: &[T], strides: Strides) {
        let Self { class, next, order, keys, largest, .. } = self;
        let Strides { unit: across, entry: along, entries } = strides;
        let at = |unit: usize, entry: usize| weights[unit * across + entry * along].get();
        let factors = vectorized(|| project(weights, strides, keys, largest));
        order.iter_mut().zip(0..).for_each(|(order, unit)| *order = unit);
        order.sort_unstable_by(|&a, &b| {
            let (x, y) = (a as usize, b as usize);
            class[x].cmp(&class[y]).then(keys[x].total_cmp(&keys[y])).then(a.cmp(&b))
        });
        for (position, &unit) in order.iter().enumerate() {
            let unit = unit as usize;
            next[unit] = unit as u32;
            for &other in order[..position].iter().rev() {
                let other = other as usize;
                let near = TOLERANCE * T::epsilon().get() * largest[unit].max(largest[other]);
                // The keys of equal units differ by no more than this, rounding included.
                if class[unit] != class[other] || keys[unit] - keys[other] > 2.0 * near * factors {
                    break;
                }
                if (0..entries).all(|entry| (at(unit, entry) - at(other, entry)).abs() <= near) {
                    next[unit] = next[other];
                    break;
                }
            }
        }
        std::mem::swap(class, next);
    }

    /// How many units are like another one, and how many different units there are in all.
    pub(super) fn count(&mut self) -> (usize, usize) {
        self.order.copy_from_slice(&self.class);
        self.order.sort_unstable();
        let sizes = || self.order.chunk_by(|a, b| a == b).map(<[u32]>::len);
        (sizes().filter(|&size| size > 1).sum(), sizes().count())
    }
}

/// How many entries are taken at once, and how many sums of one unit are kept side by side.
const BLOCK: usize = 32;
const LANES: usize = 8;

/// The projection of the weights of each unit, and the largest of them; gives the sum of the factors. Of both ways weights stand in memory, one is
/// next to the other, and is gone along.
#[inline(always)]
fn project<T: Float>(weights: &[T], strides: Strides, keys: &mut [f64], largest: &mut [f64]) -> f64 {
    let Strides { unit: across, entry: along, entries } = strides;
    keys.fill(0.0);
    largest.fill(0.0);
    let mut sum = 0.0;
    for start in (0..entries).step_by(BLOCK) {
        let count = BLOCK.min(entries - start);
        // Any fixed numbers without a pattern will do; these follow the golden ratio.
        let factor = |at: usize| ((start + at) as f64 * 0.618_033_988_749_894_9).fract() + 0.5;
        let factors: [f64; BLOCK] = std::array::from_fn(|at| if at < count { factor(at) } else { 0.0 });
        sum += factors.iter().sum::<f64>();
        for (unit, (key, largest)) in keys.iter_mut().zip(&mut *largest).enumerate().filter(|_| across != 1) {
            let (mut keys, mut sizes) = ([0.0; LANES], [0.0; LANES]);
            let mut numbers = [0.0; BLOCK];
            let own = weights[unit * across + start * along..].iter().step_by(along);
            numbers[..count].iter_mut().zip(own).for_each(|(number, weight)| *number = weight.get());
            for (factors, numbers) in factors.as_chunks::<LANES>().0.iter().zip(numbers.as_chunks::<LANES>().0) {
                for lane in 0..LANES {
                    keys[lane] += factors[lane] * numbers[lane];
                    sizes[lane] = larger(sizes[lane], numbers[lane].abs());
                }
            }
            *key += keys.iter().sum::<f64>();
            *largest = sizes.into_iter().fold(*largest, larger);
        }
        if across == 1 {
            for (at, factor) in factors[..count].iter().enumerate() {
                let row = &weights[(start + at) * along..][..keys.len()];
                for ((key, largest), weight) in keys.iter_mut().zip(&mut *largest).zip(row) {
                    let weight = weight.get();
                    *key += factor * weight;
                    *largest = larger(*largest, weight.abs());
                }
            }
        }
    }
    sum
}

/// The larger one of two sizes, in one instruction: a NaN among weights, which the projection keeps, need not be kept here as well.
#[inline(always)]
fn larger(one: f64, other: f64) -> f64 {
    if other > one { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use proptest::prelude::*;
    use rand::RngExt;

    /// The plain reference: every unit against every other.
    fn naive(weights: &[f32], units: usize, entries: usize) -> (usize, usize) {
        let near = |a: usize, b: usize| {
            let at = |unit: usize, entry: usize| f64::from(weights[entry * units + unit]);
            let largest = |unit| (0..entries).fold(0.0_f64, |l, entry| l.max(at(unit, entry).abs()));
            let near = TOLERANCE * f64::from(f32::EPSILON) * largest(a).max(largest(b));
            (0..entries).all(|entry| (at(a, entry) - at(b, entry)).abs() <= near)
        };
        let tied = (0..units).filter(|&a| (0..units).any(|b| b != a && near(a, b))).count();
        let distinct = (0..units).filter(|&a| (0..a).all(|b| !near(a, b))).count();
        (tied, distinct)
    }

    proptest! {
        #[test]
        fn agrees_with_comparing_all(units in 1_usize..40, entries in 1_usize..20, kinds in 1_usize..40, seed: u64) {
            let mut generator = Generator::named(seed, "kinds");
            let kinds: Vec<Vec<f32>> =
                (0..kinds).map(|_| (0..entries).map(|_| generator.random_range(-1.0..1.0)).collect()).collect();
            let chosen: Vec<usize> = (0..units).map(|_| generator.below(kinds.len() as u64) as usize).collect();
            let weights: Vec<f32> =
                (0..entries).flat_map(|entry| chosen.iter().map(move |&kind| (entry, kind))).map(|(e, k)| kinds[k][e]).collect();
            let mut likeness = Likeness::new(units);
            likeness.start();
            likeness.look(&weights, Strides { unit: 1, entry: units, entries });
            prop_assert_eq!(likeness.count(), naive(&weights, units, entries));
        }
    }

    #[test]
    fn rounding_does_not_tell_apart_but_more_does() {
        for (factor, tied) in [(1.0 + 32.0 * f32::EPSILON, 2), (1.0 + 200.0 * f32::EPSILON, 0)] {
            let mut likeness = Likeness::new(2);
            likeness.start();
            likeness.look(&[0.7_f32, 0.7 * factor, -0.3, -0.3 * factor], Strides { unit: 1, entry: 2, entries: 2 });
            assert_eq!(likeness.count().0, tied);
        }
    }

    #[test]
    fn a_second_matrix_tells_more_apart() {
        let mut likeness = Likeness::new(3);
        likeness.start();
        likeness.look(&[0.5_f64, 0.5, 0.5], Strides { unit: 1, entry: 3, entries: 1 });
        assert_eq!(likeness.count(), (3, 1));
        // Outgoing weights: the units are rows.
        likeness.look(&[1.0_f64, 2.0, 1.0, 2.0, 1.0, -2.0], Strides { unit: 2, entry: 1, entries: 2 });
        assert_eq!(likeness.count(), (2, 2));
    }

    #[test]
    fn a_nan_is_like_nothing() {
        let mut likeness = Likeness::new(2);
        likeness.start();
        likeness.look(&[f64::NAN; 2], Strides { unit: 1, entry: 2, entries: 1 });
        assert_eq!(likeness.count(), (0, 2));
    }
}
