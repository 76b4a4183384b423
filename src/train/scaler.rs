//! `Scaler`: brings columns of data to a common size.

use crate::{Error, Float, Rows, RowsMut};

/// Shifts and scales every column on its own: x <- (x - shift) * factor.
///
/// Fit it on the training part and apply it to every part, so that nothing about the others leaks into training.
///
/// ```
/// use evenkeel::{Rows, RowsMut, Scaler};
/// let mut x = [1.0_f64, 5.0, 3.0, 5.0];
/// let scaler = Scaler::standardize(Rows::new(&x, 2)?)?;
/// scaler.apply(RowsMut::new(&mut x, 2)?)?;
/// assert_eq!(x, [-1.0, 0.0, 1.0, 0.0]); // a column that never changes becomes 0
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    /// Shift and factor of each column.
    columns: Vec<(f64, f64)>,
}

impl Scaler {
    /// To mean 0 and variance 1 (the variance with divisor n).
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows; [`Error::Data`] for a number that is not finite; [`Error::Argument`] where a column spreads so little
    /// (below 1e-308) or so much that its factor is no usual number.
    pub fn standardize<T: Float>(rows: Rows<'_, T>) -> Result<Self, Error> {
        Self::fit(rows, |column| {
            let count = column.len() as f64;
            let mean = column.iter().sum::<f64>() / count;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            (mean, variance.sqrt())
        })
    }

    /// To the range from 0 to 1.
    ///
    /// # Errors
    /// As [`standardize`](Self::standardize).
    pub fn min_max<T: Float>(rows: Rows<'_, T>) -> Result<Self, Error> {
        Self::fit(rows, |column| {
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            (low, column.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low)
        })
    }

    /// With the shift and the width that `measure` finds for each column.
    fn fit<T: Float>(rows: Rows<'_, T>, measure: impl Fn(&[f64]) -> (f64, f64)) -> Result<Self, Error> {
        if rows.rows() == 0 {
            return Err(Error::Empty { what: "a data set" });
        }
        let columns = (0..rows.cols()).map(|at| {
            let column: Vec<f64> = rows.iter().map(|row| row[at].get()).collect();
            if let Some(row) = column.iter().position(|x| !x.is_finite()) {
                return Err(Error::Data { what: "the data to scale", row, column: at, value: column[row] });
            }
            // A column that never changes has no width to divide by; rounding must not give it one.
            if column.iter().all(|&x| x == column[0]) {
                return Ok((column[0], 1.0));
            }
            // Measured relative to a power of two near the largest entry: exact, and no square overflows or vanishes.
            let largest = column.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
            let size = largest.log2().floor().clamp(-1000.0, 1000.0).exp2();
            let (shift, width) = measure(&column.iter().map(|x| x / size).collect::<Vec<_>>());
            let factor = 1.0 / width / size;
            let must = "spread neither so little nor so much that dividing by it leaves the finite numbers";
            Error::require(factor.is_normal(), "Scaler", "column", at as f64, must)?;
            Ok((shift * size, factor))
        });
        Ok(Self { columns: columns.collect::<Result<_, _>>()? })
    }

    /// Scales rows in place.
    ///
    /// # Errors
    /// [`Error::Size`] where the rows are not as long as those it was fitted on.
    pub fn apply<T: Float>(&self, mut rows: RowsMut<'_, T>) -> Result<(), Error> {
        Error::same_size("the columns of the scaler", self.columns.len(), rows.cols())?;
        for row in rows.iter_mut() {
            for (x, &(shift, factor)) in row.iter_mut().zip(&self.columns) {
                *x = T::of((x.get() - shift) * factor);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brings_to_the_range_from_0_to_1() {
        let mut x = [2.0_f32, 7.0, 4.0, 7.0, 3.0, 7.0];
        let scaler = Scaler::min_max(Rows::new(&x, 2).unwrap()).unwrap();
        scaler.apply(RowsMut::new(&mut x, 2).unwrap()).unwrap();
        assert_eq!(x, [0.0, 0.0, 1.0, 0.0, 0.5, 0.0]);
    }

    #[test]
    fn scales_what_is_huge_or_tiny() {
        for size in [1e200_f64, 1e-200] {
            let mut x = [size, -size];
            let scaler = Scaler::standardize(Rows::new(&x, 1).unwrap()).unwrap();
            scaler.apply(RowsMut::new(&mut x, 1).unwrap()).unwrap();
            assert!((x[0] - 1.0).abs() < 1e-12 && (x[1] + 1.0).abs() < 1e-12, "{x:?}");
        }
        let nan = Scaler::min_max(Rows::new(&[1.0, f64::NAN], 1).unwrap());
        assert!(matches!(nan, Err(Error::Data { row: 1, column: 0, .. })));
    }

    #[test]
    fn refuses_other_rows() {
        let scaler = Scaler::standardize(Rows::new(&[1.0_f32, 2.0], 1).unwrap()).unwrap();
        let refused = scaler.apply(RowsMut::new(&mut [1.0_f32, 2.0], 2).unwrap());
        assert_eq!(refused, Err(Error::Size { what: "the columns of the scaler", expected: 1, found: 2 }));
        assert!(matches!(Scaler::min_max(Rows::<f32>::new(&[], 3).unwrap()), Err(Error::Empty { .. })));
    }
}
