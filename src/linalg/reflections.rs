//! Householder reflections, multiplied out in blocks: how orthonormal columns come out of vectors.

use super::matrix::Matrix;
use super::multiply::multiply;
use super::tile::Start;
use crate::{Error, Float};

/// How many reflections are applied together. More make the products deeper, and more of their triangles is computed in vain. Measured, as
/// is the width of a stripe: of 1024 columns 32 ms, where twice as many of either take 34, and of both 37.
const BLOCK: usize = 32;
/// How many columns stand side by side: whole panels of a product in every instruction set.
const STRIPE: usize = 48;

/// Orthonormal columns, in stripes of neighbours: the rows of a stripe from any row on are one slice, as a product wants them.
#[derive(Debug)]
pub(crate) struct Orthonormal {
    rows: usize,
    cols: usize,
    numbers: Vec<f64>,
}

/// The first `cols` columns of H_0 H_1 ... H_(cols - 1) D, where the reflection H_k turns the vector x_k onto the k-th axis and leaves the
/// entries before k alone, and the signs D are those that make every H_k x_k D_kk a positive multiple of the axis.
///
/// So if x_k is what the reflections before k leave of the k-th column of a matrix, this is the factor Q of its QR decomposition with a
/// positive diagonal of R, which is unique. A vector of zeros gives no reflection and keeps its sign: no column is ever zero.
///
/// `vectors` is called with a number `first` and rows of `rows - first` numbers each, and fills them with the vectors from `first` on, each
/// beginning at entry `first`; what stands there before entry k of vector k is ignored. It is called for the last vectors first.
///
/// Reflections are applied by blocks, as H_0 H_1 ... = I - V T V^T with a triangular T: nearly all of the work is matrix products. There are
/// at least as many rows as columns.
///
/// # Notes
/// Schreiber and Van Loan, "A storage-efficient WY representation for products of Householder transformations", 1989.
pub(crate) fn orthonormal(
    rows: usize,
    cols: usize,
    mut vectors: impl FnMut(usize, &mut [f64]),
) -> Result<Orthonormal, Error> {
    assert!(rows >= cols, "columns longer than there are of them");
    let mut columns = Orthonormal { rows, cols, numbers: room(rows.saturating_mul(cols))? };
    if cols == 0 {
        return Ok(columns);
    }
    let block = BLOCK.min(cols);
    let mut room_across = room(rows.saturating_mul(block))?;
    let mut room_along = room(rows.saturating_mul(block))?;
    let mut room_inner = room(2 * block * STRIPE + 2 * block * block)?;
    for first in (0..cols).step_by(BLOCK).rev() {
        let (count, len) = (BLOCK.min(cols - first), rows - first);
        let across = &mut room_across[..count * len];
        let along = &mut room_along[..count * len];
        let (inner, squares) = room_inner.split_at_mut(2 * block * STRIPE);
        let (gram, triangle) = squares.split_at_mut(block * block);
        let (gram, triangle) = (&mut gram[..count * count], &mut triangle[..count * count]);

        vectors(first, across);
        for (at, vector) in across.chunks_exact_mut(len).enumerate() {
            vector[..at].fill(0.0);
            let (sign, factor) = reflection(&mut vector[at..]);
            triangle[at * count + at] = factor;
            *columns.at(first + at, first + at) = sign;
        }
        transpose(across, len, along);
        let (across, along) = (Matrix::new(across, len), Matrix::new(along, count));
        multiply(across, along, gram, Start::Zero);
        join(gram, triangle, count);
        for (width, stripe) in columns.stripes_from(first) {
            let (inner, turned) = inner.split_at_mut(block * STRIPE);
            let (inner, turned) = (&mut inner[..count * width], &mut turned[..count * width]);
            multiply(across, Matrix::new(stripe, width), inner, Start::Zero);
            multiply(Matrix::new(triangle, count), Matrix::new(inner, width), turned, Start::Zero);
            multiply(along, Matrix::new(turned, width), stripe, Start::There);
        }
    }
    Ok(columns)
}

/// Zeros, where there is memory for them.
fn room(len: usize) -> Result<Vec<f64>, Error> {
    let mut numbers = Vec::new();
    let bytes = (len as u64).saturating_mul(size_of::<f64>() as u64);
    let refused = |_| Error::OutOfMemory { what: "orthonormal columns", bytes };
    numbers.try_reserve_exact(len).map_err(refused)?;
    numbers.resize(len, 0.0);
    Ok(numbers)
}

/// Makes x into the v of the reflection H = I + f v v^T that turns it onto the first axis, with f = -2 / v^T v; and says f after the sign
/// of (H x)_0.
fn reflection(x: &mut [f64]) -> (f64, f64) {
    let first = x[0];
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    if norm == 0.0 {
        return (1.0, 0.0);
    }
    // Turned to the other side than it points: so that nothing cancels. The sign of a zero counts as well.
    x[0] = first + norm.copysign(first);
    (-1.0_f64.copysign(first), -1.0 / (norm * (norm + first.abs())))
}

/// Fills the triangle above the factors on its diagonal, so that H_0 H_1 ... = I + V T V^T, from all products of two vectors.
fn join(gram: &[f64], triangle: &mut [f64], count: usize) {
    for col in 1..count {
        let factor = triangle[col * count + col];
        for row in 0..col {
            // T^-1 + T^-T = -V^T V, column by column.
            let terms = (row..col).map(|at| triangle[row * count + at] * gram[at * count + col]);
            triangle[row * count + col] = factor * terms.sum::<f64>();
        }
    }
    for row in 1..count {
        triangle[row * count..row * count + row].fill(0.0);
    }
}

/// Writes rows of `len` numbers as columns.
fn transpose(from: &[f64], len: usize, to: &mut [f64]) {
    let count = from.len() / len;
    // Eight columns at a time: as much as a line of the cache takes.
    for start in (0..len).step_by(8) {
        let end = len.min(start + 8);
        for (row, numbers) in from.chunks_exact(len).enumerate() {
            for (col, &number) in (start..end).zip(&numbers[start..end]) {
                to[col * count + row] = number;
            }
        }
    }
}

impl Orthonormal {
    /// The stripes that have columns from `first` on: the width of each, and its rows from there on.
    fn stripes_from(&mut self, first: usize) -> impl Iterator<Item = (usize, &mut [f64])> {
        let (rows, cols, stripe) = (self.rows, self.cols, first / STRIPE);
        self.numbers.chunks_mut((rows * STRIPE).max(1)).enumerate().skip(stripe).map(move |(at, numbers)| {
            let width = STRIPE.min(cols - at * STRIPE);
            (width, &mut numbers[first * width..])
        })
    }

    fn at(&mut self, row: usize, col: usize) -> &mut f64 {
        let first = col / STRIPE * STRIPE;
        let width = STRIPE.min(self.cols - first);
        &mut self.numbers[first * self.rows + row * width + (col - first)]
    }

    /// The columns times a factor, in place of what stands in `out`: row by row, of the transpose where that is asked for.
    pub(crate) fn write<T: Float>(&self, factor: f64, transposed: bool, out: &mut [T]) {
        let (rows, cols) = (self.rows, self.cols);
        for (at, stripe) in self.numbers.chunks((rows * STRIPE).max(1)).enumerate() {
            let first = at * STRIPE;
            let width = STRIPE.min(cols - first);
            if transposed {
                for start in (0..rows).step_by(8) {
                    let end = rows.min(start + 8);
                    for col in 0..width {
                        let to = &mut out[(first + col) * rows..][start..end];
                        let from = stripe[start * width + col..].iter().step_by(width);
                        to.iter_mut().zip(from).for_each(|(to, from)| *to = T::of(factor * from));
                    }
                }
            } else {
                for (row, from) in stripe.chunks_exact(width).enumerate() {
                    let to = &mut out[row * cols + first..][..width];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = T::of(factor * from));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use proptest::prelude::*;

    /// The vectors of a QR decomposition, and its factor Q times the signs of R's diagonal, one reflection after the other: the plain
    /// reference.
    struct Plain {
        vectors: Vec<Vec<f64>>,
        q: Vec<f64>,
    }

    fn plain(a: &[f64], rows: usize, cols: usize) -> Plain {
        let mut rest = a.to_vec();
        let (mut vectors, mut turned, mut signs) = (Vec::new(), Vec::new(), Vec::new());
        for k in 0..cols {
            let x: Vec<f64> = (0..rows).map(|row| if row < k { 0.0 } else { rest[row * cols + k] }).collect();
            let mut v = x.clone();
            let (sign, factor) = reflection(&mut v[k..]);
            reflect(&v, factor, &mut rest, cols);
            vectors.push(x);
            turned.push((v, factor));
            signs.push(sign);
        }
        let mut q = vec![0.0; rows * cols];
        for (k, sign) in signs.into_iter().enumerate() {
            q[k * cols + k] = sign;
        }
        turned.iter().rev().for_each(|(v, factor)| reflect(v, *factor, &mut q, cols));
        Plain { vectors, q }
    }

    fn reflect(v: &[f64], factor: f64, a: &mut [f64], cols: usize) {
        for col in 0..cols {
            let dot: f64 = v.iter().enumerate().map(|(row, v)| v * a[row * cols + col]).sum();
            v.iter().enumerate().for_each(|(row, v)| a[row * cols + col] += factor * dot * v);
        }
    }

    fn blocked(vectors: &[Vec<f64>], rows: usize, cols: usize) -> Vec<f64> {
        let columns = orthonormal(rows, cols, |first, out| {
            for (at, row) in out.chunks_exact_mut(rows - first).enumerate() {
                row.copy_from_slice(&vectors[first + at][first..]);
                // What is to be ignored.
                row[..at].fill(f64::NAN);
            }
        });
        let columns = columns.unwrap();
        let (mut q, mut across) = (vec![f64::NAN; rows * cols], vec![f64::NAN; rows * cols]);
        columns.write(1.0, false, &mut q);
        columns.write(1.0, true, &mut across);
        for row in 0..rows {
            (0..cols).for_each(|col| assert_eq!(q[row * cols + col], across[col * rows + row]));
        }
        q
    }

    fn drawn(len: usize, seed: u64) -> Vec<f64> {
        let mut numbers = vec![0.0; len];
        Generator::named(seed, "reflections").fill_normal(0.0, 1.0, &mut numbers);
        numbers
    }

    fn agrees(rows: usize, cols: usize, seed: u64) -> Result<(), TestCaseError> {
        let a = drawn(rows * cols, seed);
        let Plain { vectors, q } = plain(&a, rows, cols);
        let found = blocked(&vectors, rows, cols);
        // Each reflection adds a few roundings of numbers up to 1; so do the sums, over as many rows.
        let allowed = 4.0 * f64::EPSILON * (rows + cols) as f64;
        for (found, q) in found.iter().zip(&q) {
            prop_assert!((found - q).abs() <= allowed, "{found} is not {q}");
        }
        // R = Q^T A is upper triangular with a positive diagonal: so Q is the factor, whichever way it came about.
        let size = (rows as f64).sqrt() * 10.0;
        for i in 0..cols {
            for j in 0..=i {
                let r: f64 = (0..rows).map(|row| found[row * cols + i] * a[row * cols + j]).sum();
                prop_assert!(if i == j { r > 0.0 } else { r.abs() <= size * allowed }, "R[{i}, {j}] = {r}");
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn agrees_with_one_reflection_after_the_other(cols in 1_usize..=40, more in 0_usize..40, seed: u64) {
            agrees(cols + more, cols, seed)?;
        }
    }

    #[test]
    fn agrees_around_whole_blocks_and_stripes() {
        for (rows, cols) in [
            (1, 1),
            (2, 1),
            (32, 32),
            (33, 33),
            (48, 47),
            (49, 49),
            (64, 64),
            (65, 65),
            (95, 63),
            (96, 96),
            (97, 97),
            (130, 128),
            (200, 129),
            (193, 193),
            (300, 65),
        ] {
            agrees(rows, cols, 7).unwrap();
        }
    }

    #[test]
    fn signs_are_those_of_a_positive_diagonal() {
        // torch.linalg.qr of this matrix, Q times the signs of R's diagonal.
        let Plain { vectors, .. } = plain(&[1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 3, 2);
        let expected = [
            0.7071067811865472,
            -0.40824829046386296,
            0.7071067811865475,
            0.40824829046386296,
            0.0,
            0.8164965809277261,
        ];
        for (found, expected) in blocked(&vectors, 3, 2).into_iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-15, "{found} is not {expected}");
        }
    }

    /// PyTorch 2.15.0 multiplies Q by the signs of R's diagonal, which is -1.41 and -4.7e-17 for this matrix, and 0 where rounding has it so: a sign
    /// of 0 makes a column of zeros.
    #[test]
    fn equal_columns_give_orthonormal_ones() {
        let Plain { vectors, .. } = plain(&[1.0, 1.0, 1.0, 1.0], 2, 2);
        for rest in [vectors[1][1], 0.0, -0.0, -4.744268532930663e-17] {
            let q = blocked(&[vectors[0].clone(), vec![0.0, rest]], 2, 2);
            let dot = |i: usize, j: usize| q[i] * q[j] + q[2 + i] * q[2 + j];
            assert!((dot(0, 0) - 1.0).abs() < 1e-15 && (dot(1, 1) - 1.0).abs() < 1e-15, "{q:?}");
            assert!(dot(0, 1).abs() < 1e-15 && q[0] > 0.0, "{q:?}");
        }
    }

    #[test]
    fn no_column_is_zero_where_a_vector_is() {
        for vectors in [vec![vec![0.0, 0.0], vec![0.0, 0.0]], vec![vec![1.0, 1.0], vec![0.0, 0.0]]] {
            let q = blocked(&vectors, 2, 2);
            for col in 0..2 {
                let square = q[col] * q[col] + q[2 + col] * q[2 + col];
                assert!((square - 1.0).abs() < 1e-15, "{q:?}");
            }
        }
    }

    #[test]
    fn nothing_at_all_is_fine() {
        let mut none: [f32; 0] = [];
        orthonormal(0, 0, |_, _| unreachable!()).unwrap().write(1.0, false, &mut none);
        orthonormal(5, 0, |_, _| unreachable!()).unwrap().write(1.0, true, &mut none);
    }
}
