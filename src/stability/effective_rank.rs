//! `effective_rank`: in how many directions rows differ.

use crate::{Float, Rows};

/// How many rows are compared, and how many of their numbers, evenly spaced: 30,000 products a look at most.
const ROWS: usize = 16;
const NUMBERS: usize = 256;

/// What is left of a variance that is none, after rounding, as a share of all.
const NOTHING: f64 = 1e-12;

/// In how many directions some rows differ from each other: their effective rank.
///
/// ```text
/// exp(-sum over i of p_i ln p_i),  p_i the eigenvalues of the covariance of the rows, divided by their sum
/// ```
///
/// 1 where all rows lie on one line; as many as there are directions where they spread evenly in all. At most 16 rows and 256 numbers of
/// each are looked at, evenly spaced, so that 15 is the most there can be, and the cost is bounded whatever the width. `None` where the
/// rows do not differ, or are not finite.
///
/// ```
/// use evenkeel::{Rows, effective_rank};
/// let line = [1.0, 2.0, 2.0, 4.0, 3.0, 6.0];
/// assert!((effective_rank(Rows::new(&line, 2)?).unwrap() - 1.0).abs() < 1e-9);
/// let square = [1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0];
/// assert!((effective_rank(Rows::new(&square, 2)?).unwrap() - 2.0).abs() < 1e-9);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Roy and Vetterli, "The effective rank: a measure of effective dimensionality", 2007. That it falls with depth in networks without
/// normalization: Daneshmand et al., "Batch normalization provably avoids rank collapse", 2020.
pub fn effective_rank<T: Float>(rows: Rows<'_, T>) -> Option<f64> {
    let count = rows.rows().min(ROWS);
    let stride = rows.cols().div_ceil(NUMBERS).max(1);
    let row = |at: usize| rows.row(at * rows.rows() / count);
    let mut centered = [[0.0; ROWS]; ROWS];
    for column in (0..rows.cols()).step_by(stride) {
        let mut numbers = [0.0; ROWS];
        (0..count).for_each(|at| numbers[at] = row(at)[column].get());
        let mean = numbers[..count].iter().sum::<f64>() / count as f64;
        numbers[..count].iter_mut().for_each(|number| *number -= mean);
        for (sums, one) in centered.iter_mut().zip(numbers) {
            sums.iter_mut().zip(numbers).for_each(|(sum, other)| *sum += one * other);
        }
    }
    let eigenvalues = eigenvalues(centered)?;
    let sum: f64 = eigenvalues.iter().filter(|value| **value > 0.0).sum();
    let shares = eigenvalues.iter().map(|value| value / sum).filter(|share| *share > NOTHING);
    let entropy: f64 = shares.map(|share| -share * share.ln()).sum();
    (sum > 0.0 && entropy.is_finite()).then(|| entropy.exp())
}

/// The eigenvalues of a symmetric matrix, by Jacobi's rotations; `None` where it is not finite.
fn eigenvalues(mut matrix: [[f64; ROWS]; ROWS]) -> Option<[f64; ROWS]> {
    /// Far more sweeps than any needs: convergence is quadratic.
    const SWEEPS: usize = 30;
    let trace: f64 = (0..ROWS).map(|at| matrix[at][at]).sum();
    if !trace.is_finite() {
        return None;
    }
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..ROWS {
            for q in p + 1..ROWS {
                let beside = matrix[p][q];
                // Beside the diagonal that is rounding, which no rotation makes smaller.
                if beside.abs() <= 1e-15 * trace {
                    continue;
                }
                rotated = true;
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * beside);
                let tangent = 1.0_f64.copysign(theta) / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                for row in &mut matrix {
                    (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
                }
                let (above, below) = matrix.split_at_mut(q);
                for (above, below) in above[p].iter_mut().zip(&mut below[0]) {
                    (*above, *below) = (cosine * *above - sine * *below, sine * *above + cosine * *below);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    Some(std::array::from_fn(|at| matrix[at][at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_known_spectra() {
        // Sixteen rows along axes of their own, pairwise opposite: the covariance has eight equal eigenvalues.
        let mut rows = [0.0_f64; 16 * 300];
        for at in 0..16 {
            // Of 300 columns every second one is looked at.
            rows[at * 300 + 2 * (at / 2)] = if at % 2 == 0 { 3.0 } else { -3.0 };
        }
        let rank = effective_rank(Rows::new(&rows, 300).unwrap()).unwrap();
        assert!((rank - 8.0).abs() < 1e-9, "{rank}");
        // Two axes, of which one has nine times the variance of the other: shares of 0.9 and 0.1.
        let two = [3.0, 0.0, -3.0, 0.0, 0.0, 1.0, 0.0, -1.0];
        let expected = (-0.9 * 0.9_f64.ln() - 0.1 * 0.1_f64.ln()).exp();
        let rank = effective_rank(Rows::new(&two, 2).unwrap()).unwrap();
        assert!((rank - expected).abs() < 1e-9, "{rank}");
    }

    #[test]
    fn nothing_to_tell_is_none() {
        for value in [1.0, f64::NAN, f64::INFINITY, 1e300] {
            let rows = if value == 1e300 { vec![value, -value, 0.0, 0.0] } else { vec![value; 4] };
            assert_eq!(effective_rank(Rows::new(&rows, 2).unwrap()), None);
        }
        assert_eq!(effective_rank(Rows::<f32>::new(&[1.0, 2.0], 2).unwrap()), None);
    }
}
