//! Tiles of a product in registers: the innermost loops.

use super::matrix::prefetch;
use super::simd::Simd;

/// What the sums of a product start from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a, T> {
    /// Nothing: `c = a b`.
    Zero,
    /// What is there: `c += a b`.
    There,
    /// The same row everywhere: `c = row + a b`.
    Row(&'a [T]),
}

/// The most vectors that a row of a tile has.
pub(super) const WIDE: usize = 3;

/// How many rows the next tile has, where so many are left: as many as it may have, and then by halves.
#[inline(always)]
pub(super) fn tile_rows(left: usize, tallest: usize) -> usize {
    if left >= tallest { tallest } else { 1 << left.ilog2() }
}

/// One column of tiles: a panel of `b`, past which the rows of `a` go.
pub(super) struct Column<'a, S: Simd> {
    pub(super) depth: usize,
    pub(super) a: *const S::Number,
    pub(super) a_row: usize,
    pub(super) a_depth: usize,
    pub(super) b: *const S::Number,
    pub(super) b_row: usize,
    /// Where a tile of at least four rows copies the panel to as it reads it: null unless it does.
    pub(super) copy: *mut S::Number,
    pub(super) c: *mut S::Number,
    pub(super) c_row: usize,
    /// Which numbers of the last vector of a row there are.
    pub(super) last: S::Mask,
    pub(super) start: Start<'a, S::Number>,
}

impl<S: Simd> Column<'_, S> {
    #[inline(always)]
    pub(super) unsafe fn tile(&self, rows: usize, vectors: usize) {
        // SAFETY: the caller's promise, for each of them.
        unsafe {
            match vectors {
                1 if rows == 16 => self.sums::<16, 1, false>(),
                1 => self.tile_of::<1>(rows),
                2 => self.tile_of::<2>(rows),
                _ => self.tile_of::<WIDE>(rows),
            }
        }
    }

    #[inline(always)]
    unsafe fn tile_of<const V: usize>(&self, rows: usize) {
        // SAFETY: the caller's promise, for each of them.
        unsafe {
            match rows {
                8 if !self.copy.is_null() => self.sums::<8, V, true>(),
                4 if !self.copy.is_null() => self.sums::<4, V, true>(),
                8 => self.sums::<8, V, false>(),
                4 => self.sums::<4, V, false>(),
                2 => self.sums::<2, V, false>(),
                _ => self.sums::<1, V, false>(),
            }
        }
    }

    /// A tile of `R` rows by `V` vectors, in registers: each number of `a` is spread over a vector, and meets `V` vectors of `b`.
    #[inline(always)]
    unsafe fn sums<const R: usize, const V: usize, const COPY: bool>(&self) {
        // SAFETY: the caller's promise: all of these numbers are there, but for those of the last vector that `last` leaves out.
        unsafe {
            let load = |row: *const S::Number, v: usize| {
                let from = row.add(v * S::LANES);
                if v == V - 1 { S::load_part(from, self.last) } else { S::load(from) }
            };
            let mut sums = [[S::zero(); V]; R];
            match self.start {
                Start::Zero => {}
                Start::There => {
                    for (r, sums) in sums.iter_mut().enumerate() {
                        for (v, sum) in sums.iter_mut().enumerate() {
                            *sum = load(self.c.add(r * self.c_row), v);
                        }
                    }
                }
                Start::Row(row) => {
                    for (v, start) in (0..V).map(|v| (v, load(row.as_ptr(), v))) {
                        sums.iter_mut().for_each(|sums| sums[v] = start);
                    }
                }
            }
            // A pointer for every four rows: from one pointer the compiler would reach the rows by a chain of additions, each of which waits
            // for the one before, and the sums for the last of them.
            let mut a: [_; R] = std::array::from_fn(|r| self.a.wrapping_add(r / 4 * 4 * self.a_row));
            let mut b = self.b;
            let mut copy = self.copy;
            // The next tile would wait for its sums, which stand in rows far apart.
            for r in R..2 * R {
                for v in 0..V {
                    prefetch(self.c.wrapping_add(r * self.c_row + v * S::LANES));
                }
            }
            for _ in 0..self.depth {
                let mut vectors = [S::zero(); V];
                for (v, vector) in vectors.iter_mut().enumerate() {
                    *vector = load(b, v);
                    if COPY {
                        S::store(copy.add(v * S::LANES), *vector);
                    }
                }
                if COPY {
                    copy = copy.wrapping_add(V * S::LANES);
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let number = S::splat(*a[r / 4 * 4].add(r % 4 * self.a_row));
                    for (sum, vector) in sums.iter_mut().zip(vectors) {
                        *sum = S::mul_add(number, vector, *sum);
                    }
                }
                a = a.map(|a| a.wrapping_add(self.a_depth));
                b = b.wrapping_add(self.b_row);
            }
            for (r, sums) in sums.into_iter().enumerate() {
                for (v, sum) in sums.into_iter().enumerate() {
                    let to = self.c.add(r * self.c_row + v * S::LANES);
                    if v == V - 1 { S::store_part(to, self.last, sum) } else { S::store(to, sum) }
                }
            }
        }
    }
}
