//! Matrix multiply: in tiles of registers, every entry summed in one and the same order.

use std::mem::MaybeUninit;
use std::ptr;

use super::matrix::Matrix;
use super::simd::{Isa, Level, Simd, Work};
use super::threads::{join, threads_for};
use super::tile::{Column, Start, WIDE, tile_rows};
use crate::Float;

/// `c = start + a b`.
///
/// `a` is m x k, `b` k x n, `c` m x n, row-major. Every entry of `c` is summed over k in ascending order, wherever in the matrix it
/// stands: so two equal columns of `b` (or rows of `a`) give equal columns (or rows) of `c`, bit by bit, and units that are
/// tied stay tied.
pub(crate) fn multiply<T: Float>(a: Matrix<'_, T>, b: Matrix<'_, T>, c: &mut [T], start: Start<'_, T>) {
    let shapes = a.cols == b.rows && a.rows.checked_mul(b.cols) == Some(c.len());
    assert!(shapes, "the shapes of a product were checked when it was planned");
    for matrix in [&a, &b] {
        let last =
            matrix.rows.saturating_sub(1) * matrix.row_stride + matrix.cols.saturating_sub(1) * matrix.col_stride;
        let empty = matrix.rows == 0 || matrix.cols == 0;
        assert!(empty || last < matrix.data.len(), "a matrix lies within its numbers");
    }
    if let Start::Row(row) = start {
        assert_eq!(row.len(), b.cols, "one start a column");
    }
    T::multiply(Product { a, b, c, start });
}

/// A product, its shapes checked.
#[derive(Debug)]
pub struct Product<'a, T> {
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    c: &'a mut [T],
    start: Start<'a, T>,
}

impl<T: Float> Product<'_, T> {
    /// Computes it, on as many threads as are worth it.
    pub(super) fn compute(self) {
        let operations = 2 * self.a.rows.saturating_mul(self.a.cols).saturating_mul(self.b.cols);
        self.shared(threads_for(operations));
    }

    /// Computes the rows of `c` in as many parts at once.
    fn shared(self, parts: usize) {
        let rows = self.a.rows;
        // Whole tiles, so that only the last part has a partial one.
        let upper = (rows * (parts / 2) / parts).next_multiple_of(8).min(rows);
        if parts < 2 || upper == 0 || upper == rows {
            return self.blocked(Level::best());
        }
        let Self { a, b, c, start } = self;
        let (above, below) = c.split_at_mut(upper * b.cols);
        let (a_above, a_below) = a.split_rows(upper);
        join(
            || Product { a: a_above, b, c: above, start }.shared(parts / 2),
            || Product { a: a_below, b, c: below, start }.shared(parts - parts / 2),
        );
    }
}

/// How much of k is summed before the sums go back to memory. With three vectors a row, a panel of `b` of that depth takes 48 KiB in
/// AVX-512 and 24 KiB in AVX2. That may be more than the first-level cache has: three lines come from the second level for every 24
/// multiplications, and cost less than moving the sums more often.
const DEEP: usize = 256;
/// How many bytes of `a` are packed at once: 256 rows of f32 or 128 of f64, well inside the second-level cache.
const TALL: usize = DEEP * 1024;
/// The most numbers that a row of a panel has: three vectors of sixteen.
const PANEL: usize = WIDE * 16;
/// A transposed `a` is read where it stands if a block of it spans at most so many bytes: then the first-level cache holds it.
const NEAR: usize = 16 << 10;
/// So is `b`, if a block of it spans at most so many: then its panels do not drive each other out of the cache.
const FAR: usize = 128 << 10;

/// Room for numbers, aligned as a cache line.
#[repr(align(64))]
struct Room<const BYTES: usize>([MaybeUninit<u8>; BYTES]);

impl<T: Float> Product<'_, T> {
    /// The product in blocks that fit the caches. A factor whose numbers stand as the tiles want them is read in place, so that a small
    /// product costs nothing but its arithmetic; else it is packed, block by block, on the stack.
    fn blocked(self, level: Level) {
        let Self { a, b, .. } = &self;
        let depth = a.cols.min(DEEP);
        if depth == 0 {
            return self.nothing();
        }
        // Neighbours in a column of `a` are neighbours in memory only where it is transposed; then they come in single cache lines, far
        // apart, which are to be fetched once and not again for every panel.
        let transposed = a.row_stride == 1;
        let pack_a = transposed && a.col_stride * depth * size_of::<T>() > NEAR && b.cols > PANEL;
        // Rows a multiple of a page apart fall onto the same lines of the cache; side by side they do not.
        let apart = a.row_stride * size_of::<T>();
        let copy_a = a.col_stride == 1 && a.rows >= 8 && apart > 0 && apart.is_multiple_of(4096);
        let pack_b = b.col_stride != 1 || (b.row_stride * depth * size_of::<T>() > FAR && a.rows >= 64);
        match (pack_a, copy_a && !transposed, pack_b) {
            (true, _, false) => level.run(Blocked::<T, TILES, false>(self)),
            (true, _, true) => level.run(Blocked::<T, TILES, true>(self)),
            (_, true, false) => level.run(Blocked::<T, ROWS, false>(self)),
            (_, true, true) => level.run(Blocked::<T, ROWS, true>(self)),
            (_, _, false) => level.run(Blocked::<T, IN_PLACE, false>(self)),
            (_, _, true) => level.run(Blocked::<T, IN_PLACE, true>(self)),
        }
    }

    /// The sum of no terms.
    fn nothing(self) {
        match self.start {
            Start::Zero => self.c.fill(T::zero()),
            Start::There => {}
            Start::Row(row) => self.c.chunks_exact_mut(row.len().max(1)).for_each(|c| c.copy_from_slice(row)),
        }
    }

    #[inline(always)]
    fn sweep<S: Simd<Number = T>, const A: u8, const PACK_B: bool>(&mut self) {
        // What the rooms, and the shapes of the tiles, rest on.
        const { assert!(S::LANES * size_of::<T>() <= 64 && (S::ROWS == 4 || S::ROWS == 8)) };
        let (m, k, n) = (self.a.rows, self.a.cols, self.b.cols);
        // What is not packed takes no room: the compiler drops it.
        let mut a_room = MaybeUninit::<Room<TALL>>::uninit();
        let mut b_room = MaybeUninit::<Room<{ DEEP * PANEL * 4 }>>::uninit();
        let (a_room, b_room) = (a_room.as_mut_ptr().cast::<T>(), b_room.as_mut_ptr().cast::<T>());
        let tall = if A != IN_PLACE { TALL / DEEP / size_of::<T>() } else { m.max(1) };
        let depths = k.div_ceil(DEEP);
        let vectors = n.div_ceil(S::LANES);
        let panels = vectors.div_ceil(WIDE);
        // As even as possible: the last block would else be a small one, and cost as much traffic as a full one.
        let block_of = |block: usize| (k * block / depths, k * (block + 1) / depths - k * block / depths);
        let panel_of = |panel: usize| {
            let (first, last) = (vectors * panel / panels, vectors * (panel + 1) / panels);
            (first * S::LANES, n.min(last * S::LANES) - first * S::LANES, last - first)
        };
        // The rows of `c` outside, so that those of a block stay in the cache while k passes.
        for i0 in (0..m).step_by(tall) {
            let height = tall.min(m - i0);
            for block in 0..depths {
                let (k0, depth) = block_of(block);
                if A != IN_PLACE {
                    // SAFETY: `depth` x `height` numbers, at most `TALL` bytes, of a block that lies within `a`.
                    unsafe { self.a.pack_left::<S>(a_room, (i0, height), (k0, depth)) };
                }
                for panel in 0..panels {
                    let (j0, width, count) = panel_of(panel);
                    // Rows of `b` are copied by the first tile, as it reads them: in the shade of its multiplications.
                    let rows_of_b = self.b.col_stride == 1;
                    let by_tile = PACK_B && rows_of_b && height >= 4;
                    let packed = (b_room.cast_const(), count * S::LANES);
                    let (b, b_row) = if PACK_B && !rows_of_b {
                        // SAFETY: `depth` x `count` vectors, at most `DEEP` x `WIDE` of 64 bytes, of a block that lies within `b`.
                        unsafe { self.b.pack_right::<S>(b_room, (j0, width, count), (k0, depth)) };
                        packed
                    } else {
                        (self.b.at(k0, j0), self.b.row_stride)
                    };
                    let mut column = Column::<S> {
                        depth,
                        a: a_room,
                        a_row: self.a.row_stride,
                        a_depth: self.a.col_stride,
                        b,
                        b_row,
                        copy: if by_tile { b_room } else { ptr::null_mut() },
                        c: self.c.as_mut_ptr().wrapping_add(i0 * n + j0),
                        c_row: n,
                        // SAFETY: inside `dispatch`.
                        last: unsafe { S::first(width - (count - 1) * S::LANES) },
                        start: match self.start {
                            _ if block > 0 => Start::There,
                            Start::Row(row) => Start::Row(&row[j0..]),
                            other => other,
                        },
                    };
                    let over = i0 + height == m && block + 1 == depths && panel + 1 == panels;
                    let ahead = (PACK_B && !over).then(|| {
                        let last = panel + 1 == panels;
                        let (block, panel) = if last { ((block + 1) % depths, 0) } else { (block, panel + 1) };
                        let ((k0, depth), (j0, width, _)) = (block_of(block), panel_of(panel));
                        self.b.ahead((k0, depth), (j0, width))
                    });
                    // A single vector a row leaves registers for twice the rows, and so for as many sums as hide their latency. There is
                    // but one panel then, and `a` is not packed in tiles.
                    let tallest = if count == 1 && !by_tile { 2 * S::ROWS } else { S::ROWS };
                    let mut i = 0;
                    while i < height {
                        let rows = tile_rows(height - i, tallest);
                        (column.a, column.a_row, column.a_depth) = match A {
                            TILES => (a_room.wrapping_add(i * depth).cast_const(), 1, rows),
                            ROWS => (a_room.wrapping_add(i * depth).cast_const(), depth, 1),
                            _ => (self.a.at(i0 + i, k0), self.a.row_stride, self.a.col_stride),
                        };
                        if let Some(ahead) = &ahead {
                            ahead.fetch(i..i + rows, height);
                        }
                        // SAFETY: `rows` rows of `count` vectors, the last one masked, lie within `c`; the factors within theirs or,
                        // packed, within their rooms.
                        unsafe { column.tile(rows, count) };
                        column.c = column.c.wrapping_add(rows * n);
                        if by_tile {
                            ((column.b, column.b_row), column.copy) = (packed, ptr::null_mut());
                        }
                        i += rows;
                    }
                }
            }
        }
    }
}

/// How `a` is read: in place, from rows copied side by side, or from tiles of a transposed one.
const IN_PLACE: u8 = 0;
const ROWS: u8 = 1;
const TILES: u8 = 2;

/// A product with either factor packed, or read in place: each way is compiled on its own, so that only those that pack have their room on
/// the stack.
struct Blocked<'a, T, const A: u8, const PACK_B: bool>(Product<'a, T>);

impl<T: Float, const A: u8, const PACK_B: bool> Work for Blocked<'_, T, A, PACK_B> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        self.0.sweep::<T::Lanes<I>, A, PACK_B>();
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

    /// Compares the product in every instruction set, from every start, with three loops.
    fn agrees_with_naive<T: Float>(m: usize, k: usize, n: usize, form: u8, seed: u64) {
        let (a, b) = (draw::<T>(m * k, seed), draw::<T>(k * n, seed + 1));
        let a = if form & 1 == 0 { Matrix::new(&a, k) } else { Matrix::new(&a, m).transposed() };
        let b = if form & 2 == 0 { Matrix::new(&b, n) } else { Matrix::new(&b, k).transposed() };
        let (before, row) = (draw::<T>(m * n, seed + 2), draw::<T>(n, seed + 3));
        for level in Level::all() {
            for start in [Start::Zero, Start::There, Start::Row(&row)] {
                let mut c = before.clone();
                Product { a, b, c: &mut c, start }.blocked(level);
                for (at, &c) in c.iter().enumerate() {
                    let (sum, size) = naive(a, b, at / n, at % n);
                    let start = match start {
                        Start::Zero => 0.0,
                        Start::There => before[at].get(),
                        Start::Row(row) => row[at % n].get(),
                    };
                    // k products and sums, each rounded once: the usual bound, with one more for the addition to the start.
                    let bound = (k as f64 + 2.0) * T::epsilon().get() * (size + start.abs());
                    let right = (c.get() - (sum + start)).abs() <= bound;
                    assert!(right, "{level:?}, {m}x{k}x{n}, form {form}, at {at}: {c} is not {}", sum + start);
                }
            }
        }
    }

    #[test]
    fn large_and_narrow_products_agree_too() {
        // Beyond every block, with every way of packing; and the shapes of a narrow output.
        for (m, k, n) in
            [(130, 300, 180), (300, 33, 65), (70, 600, 49), (66, 300, 700), (1, 600, 1), (9, 1, 200), (17, 257, 10)]
        {
            for form in 0..4 {
                agrees_with_naive::<f32>(m, k, n, form, 1);
                agrees_with_naive::<f64>(m, k, n, form, 2);
            }
        }
    }

    #[test]
    fn a_repeated_number_is_never_copied_out_of_its_bounds() {
        let x = draw::<f32>(200 * 300, 1);
        let mut sums = vec![0.0; 9 * 300];
        multiply(Matrix::repeated(&1.0, 9, 200), Matrix::new(&x, 300), &mut sums, Start::Zero);
        for row in sums.chunks(300) {
            for (column, sum) in row.iter().enumerate() {
                let plain: f32 = x.iter().skip(column).step_by(300).sum();
                assert!((sum - plain).abs() <= 202.0 * f32::EPSILON * 200.0);
            }
        }
    }

    #[test]
    fn rows_are_summed_by_a_factor_of_ones() {
        let x = draw::<f64>(7 * 5, 1);
        let mut sums = [1.0; 5];
        multiply(Matrix::repeated(&1.0, 1, 7), Matrix::new(&x, 5), &mut sums, Start::There);
        for (column, sum) in sums.iter().enumerate() {
            let plain: f64 = x.iter().skip(column).step_by(5).sum();
            assert!((sum - (1.0 + plain)).abs() <= 9.0 * f64::EPSILON * 8.0);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_three_loops(
            m in 1_usize..80, k in 1_usize..400, n in 1_usize..70, form in 0_u8..4, seed: u64,
        ) {
            let seed = seed / 2;
            agrees_with_naive::<f32>(m, k, n, form, seed);
            agrees_with_naive::<f64>(m, k, n, form, seed);
        }

        #[test]
        fn equal_columns_stay_equal(m in 1_usize..20, k in 1_usize..600, n in 2_usize..70, seed: u64) {
            // One column, repeated: wherever the tile or its edge computes it, the sum must have the same bits.
            let (a, column) = (draw::<f32>(m * k, seed), draw::<f32>(k, seed / 2));
            let b: Vec<f32> = column.iter().flat_map(|&x| std::iter::repeat_n(x, n)).collect();
            let mut c = vec![0.0; m * n];
            multiply(Matrix::new(&a, k), Matrix::new(&b, n), &mut c, Start::Zero);
            for row in c.chunks(n) {
                prop_assert!(row.iter().all(|x| x.to_bits() == row[0].to_bits()));
            }
            // And as rows of the left factor.
            let mut c = vec![0.0; n * m];
            multiply(Matrix::new(&b, n).transposed(), Matrix::new(&a, k).transposed(), &mut c, Start::Zero);
            for row in c.chunks(m) {
                prop_assert!(row.iter().zip(&c[..m]).all(|(x, y)| x.to_bits() == y.to_bits()));
            }
        }
    }

    #[test]
    fn keeps_a_nan() {
        let mut c = [0.0_f32; 4];
        multiply(Matrix::new(&[f32::NAN, 0.0, 1.0, 1.0], 2), Matrix::new(&[0.0; 4], 2), &mut c, Start::Zero);
        assert!(c[0].is_nan() && c[1].is_nan() && c[2] == 0.0 && c[3] == 0.0);
    }
}
