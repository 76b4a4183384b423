//! Long sums whose error does not grow with their length.

use super::norm::BLOCK;

/// The sum of terms that come block by block: what a pass over memory that has them anyway can carry along.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sums: [f64; 8],
    /// What rounding took from each sum.
    errors: [f64; 8],
}

impl Sum {
    /// Adds a block: eight at a time, by pairs, so that each term goes through three additions only.
    #[inline(always)]
    pub(super) fn add(&mut self, terms: [[f64; 8]; BLOCK / 8]) {
        let [a, b, c, d, e, f, g, h] = terms;
        let block = std::array::from_fn(|lane| {
            ((a[lane] + b[lane]) + (c[lane] + d[lane])) + ((e[lane] + f[lane]) + (g[lane] + h[lane]))
        });
        self.add_sums(block);
    }

    #[inline(always)]
    fn add_sums(&mut self, sums: [f64; 8]) {
        for (lane, more) in sums.into_iter().enumerate() {
            // The rounding error of a sum, exact whichever of the two is larger (Knuth).
            let sum = self.sums[lane] + more;
            let of_more = sum - self.sums[lane];
            self.errors[lane] += (self.sums[lane] - (sum - of_more)) + (more - of_more);
            self.sums[lane] = sum;
        }
    }

    /// The sum over what both have seen.
    pub(super) fn merged(mut self, other: Self) -> Self {
        self.add_sums(other.sums);
        self.errors.iter_mut().zip(other.errors).for_each(|(error, more)| *error += more);
        self
    }

    /// The sum; not finite where a term was not, or where it is beyond `f64`.
    pub(super) fn value(&self) -> f64 {
        let mut sum = Compensated::default();
        self.sums.iter().chain(&self.errors).for_each(|&part| sum.add(part));
        // An infinite sum leaves infinity - infinity among the errors.
        let plain: f64 = self.sums.iter().sum();
        if plain.is_finite() { sum.value() } else { plain }
    }
}

/// A sum with its rounding error carried along (Neumaier).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compensated {
    sum: f64,
    error: f64,
}

impl Compensated {
    pub(super) fn add(&mut self, term: f64) {
        let next = self.sum + term;
        let larger_is_sum = self.sum.abs() >= term.abs();
        self.error += if larger_is_sum { (self.sum - next) + term } else { (term - next) + self.sum };
        self.sum = next;
    }

    pub(super) fn value(&self) -> f64 {
        // An infinite sum leaves infinity - infinity in `error`.
        if self.sum.is_finite() { self.sum + self.error } else { self.sum }
    }
}
