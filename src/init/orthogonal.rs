//! `Orthogonal`: columns, or rows, at right angles to each other.

use super::{Draws, InitMoments, Initializer, check_size, squarable};
use crate::linalg::orthonormal;
use crate::{Error, Float, Generator, Param};

/// A matrix drawn uniformly from all with orthonormal columns, or orthonormal rows where it is wider than tall, times a gain.
///
/// ```text
/// W^T W = gain^2 I  (rows >= columns)          W W^T = gain^2 I  (rows <= columns)
/// ```
///
/// ```
/// use evenkeel::{Generator, Initializer, Orthogonal, Param};
/// let mut weight = [0.0_f64; 6];
/// Orthogonal::new(2.0)?.fill(&Param::weight(3, 2), &mut weight, &mut Generator::named(1, "weight"))?;
/// let dot = |a: usize, b: usize| (0..3).map(|row| weight[2 * row + a] * weight[2 * row + b]).sum::<f64>();
/// assert!((dot(0, 0) - 4.0).abs() < 1e-14 && (dot(1, 1) - 4.0).abs() < 1e-14 && dot(0, 1).abs() < 1e-14);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// A square one keeps the length of every vector, forwards and backwards, so a product of any number of them neither vanishes nor
/// explodes: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2014.
///
/// The matrix is the factor Q of a matrix of normal numbers, with the signs that make the diagonal of R positive: without them it would not be
/// uniform (Mezzadri, "How to generate random matrices from the classical compact groups", 2007). What a reflection leaves of the next
/// column is again a column of independent normal numbers, so those are drawn at once, and no decomposition is needed: Stewart, "The
/// efficient generation of random orthogonal matrices with an application to condition estimators", 1980. Computed in `f64` and rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orthogonal {
    gain: f64,
}

impl Orthogonal {
    /// With that gain: the length of its columns, or rows.
    ///
    /// # Errors
    /// [`Error::Argument`] where `gain` is neither 0 nor between 1e-140 and 1e140.
    pub fn new(gain: f64) -> Result<Self, Error> {
        Error::not_negative("Orthogonal", "gain", gain)?;
        squarable("Orthogonal", "gain", gain).map(|gain| Self { gain })
    }
}

impl Default for Orthogonal {
    /// With a gain of 1.
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl<T: Float> Initializer<T> for Orthogonal {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        fill_orthogonal(self.gain, param.rows, param.cols, out, rng)
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        let longer = param.rows.max(param.cols) as f64;
        let variance = self.gain * self.gain / longer;
        // E[q^4] = 3 / (n (n + 2)) for an entry q of a vector drawn uniformly from the unit sphere in n dimensions.
        let kurtosis = (variance > 0.0).then_some(3.0 * longer / (longer + 2.0));
        Some(InitMoments { mean: 0.0, variance, kurtosis })
    }

    fn draws(&self, _: &Param) -> Draws {
        Draws::Orthogonal
    }
}

/// Fills `out` with a matrix of so many rows and columns, drawn uniformly from all with orthonormal columns, or rows, times a gain.
pub(super) fn fill_orthogonal<T: Float>(
    gain: f64,
    rows: usize,
    cols: usize,
    out: &mut [T],
    rng: &mut Generator,
) -> Result<(), Error> {
    let (longer, shorter) = (rows.max(cols), rows.min(cols));
    let columns = orthonormal(longer, shorter, |_, vectors| rng.fill_normal(0.0, 1.0, vectors))?;
    columns.write(gain, cols > rows, out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_gains_that_make_no_sense() {
        for gain in [-1.0, f64::NAN, f64::INFINITY, 1e200, 1e-200] {
            assert!(matches!(Orthogonal::new(gain), Err(Error::Argument { argument: "gain", .. })));
        }
    }

    #[test]
    fn a_gain_of_nothing_is_zeros() {
        let mut out = [1.0_f32; 6];
        let param = Param::weight(2, 3);
        Orthogonal::new(0.0).unwrap().fill(&param, &mut out, &mut Generator::named(1, "w")).unwrap();
        assert!(out.iter().all(|w| *w == 0.0));
        assert_eq!(Initializer::<f32>::moments(&Orthogonal::new(0.0).unwrap(), &param).unwrap().kurtosis, None);
    }
}
