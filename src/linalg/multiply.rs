//! Matrix multiply: packed, tiled, every column summed in one and the same order.

use crate::Float;

/// A borrowed matrix with strides: swapping them transposes it at no cost.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix of `cols` columns.
    pub(crate) fn new(data: &'a [T], cols: usize) -> Self {
        debug_assert!(cols > 0 && data.len().is_multiple_of(cols));
        Self { data, rows: data.len() / cols, cols, row_stride: cols, col_stride: 1 }
    }

    /// Its transpose.
    pub(crate) fn transposed(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }
}

/// `c = a b`, or `c += a b` where `add`.
///
/// `a` is m x k, `b` k x n, `c` m x n, row-major. Every entry of `c` is summed over k in ascending order by one accumulator a
/// block of k, wherever in the matrix it stands: so two equal columns of `b` (or rows of `a`) give equal columns (or rows) of
/// `c`, bit by bit, and units that are tied stay tied.
pub(crate) fn multiply<T: Float>(a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T], add: bool) {
    assert!(a.cols == b.rows && c.len() == a.rows * b.cols, "the shapes of a product were checked when it was planned");
    T::multiply_kernel(a, b, c, add);
}

/// Rows of `a` packed at once: with `DEEP` columns 64 KiB of f32, so that they stay in the second-level cache.
const TALL: usize = 64;
/// How much of k is packed at once: `DEEP` x one tile of `b` stays in the first-level cache.
const DEEP: usize = 256;
/// The same for small products, whose time would else go into clearing the panels.
const SHALLOW: usize = 64;
/// The widest tile of any instruction set.
const WIDEST: usize = 32;

/// The product in tiles of `MR` x `NR` entries, each computed by `tile` from two packed panels.
///
/// Both factors are copied into panels that the innermost loop reads front to back, padded with zeros to whole tiles; so edges
/// run through the same instructions as the inside, and no index is checked in the loop. The panels stand on the stack: at most 96 KiB for
/// f32 and 192 KiB for f64.
pub(super) fn multiply_tiled<T: Float, const MR: usize, const NR: usize>(
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: &mut [T],
    add: bool,
    tile: impl Fn(&[T], &[T], &mut [[T; NR]; MR]),
) {
    if a.cols <= SHALLOW {
        multiply_packed::<T, MR, NR, SHALLOW>(a, b, c, add, tile);
    } else {
        multiply_packed::<T, MR, NR, DEEP>(a, b, c, add, tile);
    }
}

/// As [`multiply_tiled`], `DEPTH` of k at a time.
fn multiply_packed<T: Float, const MR: usize, const NR: usize, const DEPTH: usize>(
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    c: &mut [T],
    add: bool,
    tile: impl Fn(&[T], &[T], &mut [[T; NR]; MR]),
) {
    const { assert!(TALL.is_multiple_of(MR) && NR <= WIDEST) };
    let (m, k, n) = (a.rows, a.cols, b.cols);
    if k == 0 && !add {
        c.fill(T::zero());
    }
    let (mut a_panels, mut b_panel) = ([[T::zero(); TALL]; DEPTH], [[T::zero(); WIDEST]; DEPTH]);
    let (a_panels, b_panel) = (a_panels.as_flattened_mut(), b_panel.as_flattened_mut());
    let mut sums = [[T::zero(); NR]; MR];
    for k0 in (0..k).step_by(DEPTH) {
        let depth = DEPTH.min(k - k0);
        let add = add || k0 > 0;
        for i0 in (0..m).step_by(TALL) {
            let height = TALL.min(m - i0);
            let panels = a_panels.chunks_exact_mut(MR * depth);
            for (i, panel) in (i0..i0 + height).step_by(MR).zip(panels) {
                pack::<T, MR>(panel, a.data, (i, a.rows, a.row_stride), (k0, a.col_stride));
            }
            for j0 in (0..n).step_by(NR) {
                let b_panel = &mut b_panel[..NR * depth];
                pack::<T, NR>(b_panel, b.data, (j0, b.cols, b.col_stride), (k0, b.row_stride));
                let panels = a_panels.chunks_exact(MR * depth);
                for (i, panel) in (i0..i0 + height).step_by(MR).zip(panels) {
                    tile(panel, b_panel, &mut sums);
                    let width = NR.min(n - j0);
                    for (row, sums) in sums.iter().enumerate().take(m - i) {
                        let start = (i + row) * n + j0;
                        let out = &mut c[start..start + width];
                        if add {
                            out.iter_mut().zip(sums).for_each(|(c, &sum)| *c += sum);
                        } else {
                            out.copy_from_slice(&sums[..width]);
                        }
                    }
                }
            }
        }
    }
}

/// Copies `W` lines of a matrix side by side: `panel[p * W + lane]` is entry `p` of line `first + lane`, or zero past the end.
///
/// `across` is (first line, number of lines, stride from line to line), `along` (first entry, stride from entry to entry).
#[inline(always)]
fn pack<T: Float, const W: usize>(
    panel: &mut [T],
    data: &[T],
    (first, lines, across): (usize, usize, usize),
    (start, along): (usize, usize),
) {
    let width = W.min(lines - first);
    if width == W && across == 1 {
        for (p, out) in panel.chunks_exact_mut(W).enumerate() {
            let from = (start + p) * along + first;
            out.copy_from_slice(&data[from..from + W]);
        }
        return;
    }
    for (p, out) in panel.chunks_exact_mut(W).enumerate() {
        let from = (start + p) * along + first * across;
        for (lane, out) in out.iter_mut().enumerate() {
            *out = if lane < width { data[from + lane * across] } else { T::zero() };
        }
    }
}

/// One tile of the product in plain Rust: the reference, and the path of processors without a tile of their own.
pub(super) fn plain_tile<T: Float, const MR: usize, const NR: usize>(a: &[T], b: &[T], tile: &mut [[T; NR]; MR]) {
    *tile = [[T::zero(); NR]; MR];
    for (a, b) in a.as_chunks::<MR>().0.iter().zip(b.as_chunks::<NR>().0) {
        for (sums, &a) in tile.iter_mut().zip(a) {
            sums.iter_mut().zip(b).for_each(|(sum, &b)| *sum += a * b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use proptest::prelude::*;
    use rand::RngExt;

    /// The plain reference: three loops, summed in f64.
    fn naive<T: Float>(a: Matrix<'_, T>, b: Matrix<'_, T>, i: usize, j: usize) -> (f64, f64) {
        let at = |m: &Matrix<'_, T>, i: usize, j: usize| m.data[i * m.row_stride + j * m.col_stride].get();
        let terms = (0..a.cols).map(|p| at(&a, i, p) * at(&b, p, j));
        terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
    }

    fn draw<T: Float>(len: usize, seed: u64) -> Vec<T> {
        let mut generator = Generator::named(seed, "matrix");
        (0..len).map(|_| T::of(generator.random_range(-1.0..1.0))).collect()
    }

    fn agrees_with_naive<T: Float>(m: usize, k: usize, n: usize, form: u8, add: bool, seed: u64) {
        let (a, b) = (draw::<T>(m * k, seed), draw::<T>(k * n, seed + 1));
        let a = if form & 1 == 0 { Matrix::new(&a, k) } else { Matrix::new(&a, m).transposed() };
        let b = if form & 2 == 0 { Matrix::new(&b, n) } else { Matrix::new(&b, k).transposed() };
        let before = draw::<T>(m * n, seed + 2);
        let mut c = before.clone();
        multiply(a, b, &mut c, add);
        for (at, (&c, &before)) in c.iter().zip(&before).enumerate() {
            let (sum, size) = naive(a, b, at / n, at % n);
            let start = if add { before.get() } else { 0.0 };
            // k products and sums, each rounded once: the usual bound, with one more for the addition to what was there.
            let bound = (k as f64 + 2.0) * T::epsilon().get() * (size + start.abs());
            assert!((c.get() - (sum + start)).abs() <= bound, "{m}x{k}x{n} at {at}: {c} is not {}", sum + start);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_three_loops(
            m in 1_usize..80, k in 1_usize..300, n in 1_usize..70, form in 0_u8..4, add: bool, seed: u64,
        ) {
            let seed = seed / 2;
            agrees_with_naive::<f32>(m, k, n, form, add, seed);
            agrees_with_naive::<f64>(m, k, n, form, add, seed);
        }

        #[test]
        fn equal_columns_stay_equal(m in 1_usize..20, k in 1_usize..600, n in 2_usize..70, seed: u64) {
            // One column, repeated: wherever the tile or its edge computes it, the sum must have the same bits.
            let (a, column) = (draw::<f32>(m * k, seed), draw::<f32>(k, seed / 2));
            let b: Vec<f32> = column.iter().flat_map(|&x| std::iter::repeat_n(x, n)).collect();
            let mut c = vec![0.0; m * n];
            multiply(Matrix::new(&a, k), Matrix::new(&b, n), &mut c, false);
            for row in c.chunks(n) {
                prop_assert!(row.iter().all(|x| x.to_bits() == row[0].to_bits()));
            }
            // And as rows of the left factor.
            let mut c = vec![0.0; n * m];
            multiply(Matrix::new(&b, n).transposed(), Matrix::new(&a, k).transposed(), &mut c, false);
            for row in c.chunks(m) {
                prop_assert!(row.iter().zip(&c[..m]).all(|(x, y)| x.to_bits() == y.to_bits()));
            }
        }
    }

    #[test]
    fn keeps_a_nan() {
        let mut c = [0.0_f32; 4];
        multiply(Matrix::new(&[f32::NAN, 0.0, 1.0, 1.0], 2), Matrix::new(&[0.0; 4], 2), &mut c, false);
        assert!(c[0].is_nan() && c[1].is_nan() && c[2] == 0.0 && c[3] == 0.0);
    }

    #[test]
    fn the_plain_tile_agrees_with_three_loops() {
        let (a, b) = (draw::<f64>(37 * 300, 1), draw::<f64>(300 * 29, 2));
        let (a, b) = (Matrix::new(&a, 300), Matrix::new(&b, 29));
        let mut c = vec![0.0; 37 * 29];
        multiply_tiled(a, b, &mut c, false, plain_tile::<f64, 4, 4>);
        for (at, &c) in c.iter().enumerate() {
            let (sum, size) = naive(a, b, at / 29, at % 29);
            assert!((c - sum).abs() <= 302.0 * f64::EPSILON * size);
        }
    }
}
