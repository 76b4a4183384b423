//! `Column`: what the numbers of one column are like.

use crate::{Float, Rows};

/// What the numbers of one column are like.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Column {
    /// The smallest; NaN where one of them is.
    pub smallest: f64,
    /// The largest; NaN where one of them is.
    pub largest: f64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (with divisor n).
    pub deviation: f64,
    /// Whether all of them are whole numbers.
    pub whole: bool,
}

impl Column {
    /// Every column of some rows.
    ///
    /// ```
    /// use evenkeel::{Rows, recipe::Column};
    /// let columns = Column::all(Rows::new(&[1.0_f32, 0.5, 3.0, 0.5], 2)?);
    /// assert_eq!((columns[0].mean, columns[0].deviation, columns[0].whole), (2.0, 1.0, true));
    /// assert_eq!((columns[1].smallest, columns[1].largest, columns[1].whole), (0.5, 0.5, false));
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    pub fn all<T: Float>(rows: Rows<'_, T>) -> Vec<Self> {
        (0..rows.cols()).map(|at| Self::of(rows.iter().map(|row| row[at].get()))).collect()
    }

    fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let first = numbers.clone().next().unwrap_or(f64::NAN);
        let start = (first, first, 0.0, 0.0, true);
        let (smallest, largest, sum, count, whole) = numbers.clone().fold(start, |so_far, x| {
            let (smallest, largest, sum, count, whole) = so_far;
            // A NaN stays: it is neither smaller nor larger than anything.
            let smallest = if x >= smallest { smallest } else { x };
            let largest = if x <= largest { largest } else { x };
            (smallest, largest, sum + x, count + 1.0, whole && x.fract() == 0.0)
        });
        let mean = sum / count;
        let variance = numbers.map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        Self { smallest, largest, mean, deviation: variance.sqrt(), whole }
    }

    /// The largest size of a number.
    pub fn largest_size(&self) -> f64 {
        self.smallest.abs().max(self.largest.abs())
    }

    /// The root of the mean of the squares.
    pub fn root_mean_square(&self) -> f64 {
        self.mean.hypot(self.deviation)
    }
}
