//! From products of queries and keys to shares, and back.

use crate::Float;
use crate::linalg::{Isa, Work, elementwise};

/// Softmax of the products of some queries with `keys` keys each.
pub(super) struct Shares<'a, T> {
    /// Products, to become shares.
    pub(super) shares: &'a mut [T],
    pub(super) keys: usize,
    /// The step of the first query, where queries see no later step: what they do not see has a share of 0.
    pub(super) causal: Option<usize>,
    pub(super) scale: T,
}

impl<T: Float> Work for Shares<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (query, row) in self.shares.chunks_exact_mut(self.keys).enumerate() {
            let seen = self.causal.map_or(self.keys, |first| first + query + 1);
            let largest = elementwise::largest(&row[..seen]);
            for product in &mut row[..seen] {
                *product = (*product - largest) * self.scale;
            }
            // Its exponential is 0, exactly.
            row[seen..].fill(T::neg_infinity());
        }
        // All at once, so that short rows fill vectors too.
        elementwise::replace::<I, T>(&elementwise::Exp, self.shares);
        for row in self.shares.chunks_exact_mut(self.keys) {
            let share = T::one() / elementwise::sum(row);
            for exponential in row {
                *exponential *= share;
            }
        }
    }
}

/// The derivative by products, from that by shares: scale share_j (d_j - sum over i of d_i share_i).
pub(super) struct Slopes<'a, T> {
    pub(super) shares: &'a [T],
    /// The derivatives by the shares, to become those by the products.
    pub(super) slopes: &'a mut [T],
    pub(super) keys: usize,
    pub(super) scale: T,
}

impl<T: Float> Work for Slopes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (shares, slopes) in self.shares.chunks_exact(self.keys).zip(self.slopes.chunks_exact_mut(self.keys)) {
            for (slope, &share) in slopes.iter_mut().zip(shares) {
                *slope *= share;
            }
            let mean = elementwise::sum(slopes);
            for (slope, &share) in slopes.iter_mut().zip(shares) {
                *slope = (*slope - share * mean) * self.scale;
            }
        }
    }
}
