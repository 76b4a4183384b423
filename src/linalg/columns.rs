//! Columns that stay where they do not react.

use super::simd::{Isa, Work, dispatch, padded};
use crate::{Float, Rows};

/// Where a number counts as off, as low and as high; without a number there is no such place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Places {
    /// Off is within `margin` of this.
    pub(crate) off: Option<f64>,
    pub(crate) margin: f64,
    /// Low is at most this.
    pub(crate) low: Option<f64>,
    /// High is at least this.
    pub(crate) high: Option<f64>,
}

/// How many columns are off on every row, and how many are low or high on at least `nearly_all` rows; one that is both on a row counts
/// twice there. A NaN is at no place.
pub(crate) fn idle_columns<T: Float>(rows: Rows<'_, T>, places: Places, nearly_all: usize) -> (usize, usize) {
    dispatch(Idle { rows, places, nearly_all })
}

/// How many columns are counted side by side: some vectors of every instruction set.
const COLUMNS: usize = 16;

struct Idle<'a, T> {
    rows: Rows<'a, T>,
    places: Places,
    nearly_all: usize,
}

impl<T: Float> Work for Idle<'_, T> {
    type Output = (usize, usize);

    #[inline(always)]
    fn run<I: Isa>(self) -> (usize, usize) {
        let Places { off, margin, low, high } = self.places;
        // Nothing is within any distance of a NaN, nor on either side of it.
        let [off, low, high] = [off, low, high].map(|place| place.unwrap_or(f64::NAN));
        let (all, nearly_all) = (self.rows.rows() as f64, self.nearly_all as f64);
        let cols = self.rows.cols();
        let (mut dead, mut flat) = (0, 0);
        for start in (0..cols).step_by(COLUMNS) {
            let end = cols.min(start + COLUMNS);
            // Counted in f64, as wide as the numbers are compared: exact for any number of rows that there can be.
            let (mut at_off, mut at_edge) = ([0.0; COLUMNS], [0.0; COLUMNS]);
            for row in self.rows.iter() {
                let y: [T; COLUMNS] = padded(&row[start..end]);
                for lane in 0..COLUMNS {
                    let y = y[lane].get();
                    at_off[lane] += if (y - off).abs() <= margin { 1.0 } else { 0.0 };
                    at_edge[lane] += if y <= low { 1.0 } else { 0.0 };
                    at_edge[lane] += if y >= high { 1.0 } else { 0.0 };
                }
            }
            dead += at_off[..end - start].iter().filter(|&&count| count == all).count();
            flat += at_edge[..end - start].iter().filter(|&&count| count >= nearly_all).count();
        }
        (dead, flat)
    }
}

#[cfg(test)]
mod tests {
    use super::super::simd::Level;
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    /// The plain reference: column by column, row by row.
    fn naive<T: Float>(rows: Rows<'_, T>, places: Places, nearly_all: usize) -> (usize, usize) {
        let count = |column: usize, is: &dyn Fn(f64) -> bool| rows.iter().filter(|row| is(row[column].get())).count();
        let columns = || 0..rows.cols();
        let is_off = |y: f64| places.off.is_some_and(|off| (y - off).abs() <= places.margin);
        let is_low = |y: f64| places.low.is_some_and(|low| y <= low);
        let is_high = |y: f64| places.high.is_some_and(|high| y >= high);
        let flat = columns().filter(|&at| count(at, &is_low) + count(at, &is_high) >= nearly_all).count();
        (columns().filter(|&at| count(at, &is_off) == rows.rows()).count(), flat)
    }

    fn agrees<T: Float>(x: &[f64], cols: usize, places: Places, nearly_all: usize) -> Result<(), TestCaseError> {
        let x: Vec<T> = x.iter().map(|&x| T::of(x)).collect();
        let rows = Rows::new(&x, cols).unwrap();
        for level in Level::all() {
            prop_assert_eq!(level.run(Idle { rows, places, nearly_all }), naive(rows, places, nearly_all));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn agrees_with_counting_one_by_one(
            count in 1_usize..40,
            cols in select(vec![1, 2, 7, 8, 9, 15, 16, 17, 33, 64]),
            // Few values, so that whole columns are idle.
            kinds in proptest::collection::vec((any::<u8>(), any::<u8>()), 64),
            off in proptest::option::of(select(vec![0.0, -1.0])),
            low in proptest::option::of(select(vec![-1.0, 0.0, f64::NEG_INFINITY])),
            high in proptest::option::of(select(vec![1.0, -0.5])),
            margin in select(vec![0.0, 0.25]),
            nearly_all in 0_usize..40,
        ) {
            const VALUES: [f64; 8] = [0.0, -0.0, 0.125, -1.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            let value = |row: usize, column: usize| {
                let (usual, other) = kinds[column];
                // Most columns have one value on all rows but some.
                let kind = if (row * 7 + column) % 13 == usize::from(other % 17) { other } else { usual };
                VALUES[usize::from(kind % 8)]
            };
            let x: Vec<f64> = (0..count * cols).map(|at| value(at / cols, at % cols)).collect();
            let places = Places { off, margin, low, high };
            agrees::<f64>(&x, cols, places, nearly_all)?;
            agrees::<f32>(&x, cols, places, nearly_all)?;
        }
    }
}
