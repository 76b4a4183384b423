//! `Matrix`: a borrowed matrix with strides, and how its numbers are asked for before they are wanted.

/// A borrowed matrix with strides: swapping them transposes it at no cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(super) data: &'a [T],
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) row_stride: usize,
    pub(super) col_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix of `cols` columns.
    pub(crate) fn new(data: &'a [T], cols: usize) -> Self {
        debug_assert!(cols > 0 && data.len().is_multiple_of(cols));
        Self { data, rows: data.len() / cols, cols, row_stride: cols, col_stride: 1 }
    }

    /// `rows` rows of `cols` neighbours each, `stride` apart: a part of a wider row-major matrix, from its first number on.
    pub(crate) fn strided(data: &'a [T], rows: usize, cols: usize, stride: usize) -> Self {
        debug_assert!(cols > 0 && cols <= stride);
        Self { data, rows, cols, row_stride: stride, col_stride: 1 }
    }

    /// Its transpose.
    pub(crate) fn transposed(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }

    /// `count` of its columns, from `first` on; of a row-major matrix.
    pub(crate) fn columns(self, first: usize, count: usize) -> Self {
        debug_assert!(self.col_stride == 1 && first + count <= self.cols);
        Self { data: &self.data[first..], cols: count, ..self }
    }

    /// One number, `rows` x `cols` times: of ones, a product sums the rows of its other factor.
    pub(crate) fn repeated(number: &'a T, rows: usize, cols: usize) -> Self {
        Self { data: std::slice::from_ref(number), rows, cols, row_stride: 0, col_stride: 0 }
    }

    /// The rows before `row`, and the others.
    pub(super) fn split_rows(self, row: usize) -> (Self, Self) {
        let below = &self.data[row * self.row_stride..];
        (Self { rows: row, ..self }, Self { data: below, rows: self.rows - row, ..self })
    }

    /// Where entry (`row`, `col`) stands, for an entry that there is.
    #[inline(always)]
    pub(super) fn at(&self, row: usize, col: usize) -> *const T {
        debug_assert!(row < self.rows && col < self.cols);
        // In bounds by the assertion of `multiply`; `wrapping_add` needs no more than that to be sound.
        self.data.as_ptr().wrapping_add(row * self.row_stride + col * self.col_stride)
    }
}

impl<T> Matrix<'_, T> {
    /// The block that is packed next.
    #[inline(always)]
    pub(super) fn ahead(&self, (row, rows): (usize, usize), (col, cols): (usize, usize)) -> Ahead<T> {
        let from = self.at(row, col);
        if self.col_stride == 1 {
            Ahead { from, lines: rows, stride: self.row_stride, len: cols }
        } else {
            Ahead { from, lines: cols, stride: self.col_stride, len: rows }
        }
    }
}

/// Numbers that will be wanted soon: `lines` of `len` neighbours each. They are asked for while tiles are computed, since packing, which
/// only copies, would wait for each of them.
pub(super) struct Ahead<T> {
    from: *const T,
    lines: usize,
    stride: usize,
    len: usize,
}

impl<T> Ahead<T> {
    /// Asks for the share of them that falls to the rows `done` of `all`.
    #[inline(always)]
    pub(super) fn fetch(&self, done: std::ops::Range<usize>, all: usize) {
        for line in self.lines * done.start / all..self.lines * done.end / all {
            for at in (0..self.len).step_by(64 / size_of::<T>()) {
                prefetch(self.from.wrapping_add(line * self.stride + at));
            }
        }
    }
}

/// Asks for the cache line of a number, which need not be there: into the second level, since the first is full of what is in use.
#[inline(always)]
pub(super) fn prefetch<T>(from: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction, and it never faults, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(from.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = from;
}
