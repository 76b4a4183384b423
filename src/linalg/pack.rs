//! Packing: blocks of the factors of a product, copied to where the tiles read them fastest.

use super::matrix::Matrix;
use super::simd::Simd;
use super::tile::tile_rows;
use crate::Float;

impl<T: Float> Matrix<'_, T> {
    /// Copies a block of `a`: row by row or, where it is transposed, tile by tile and column by column, as its numbers stand.
    #[inline(always)]
    pub(super) unsafe fn pack_left<S: Simd<Number = T>>(
        &self,
        to: *mut T,
        (i0, height): (usize, usize),
        (k0, depth): (usize, usize),
    ) {
        if self.row_stride != 1 {
            for i in 0..height {
                // SAFETY: `depth` neighbours in a row of `a` (its column stride is 1) into the caller's room.
                unsafe { self.at(i0 + i, k0).copy_to_nonoverlapping(to.add(i * depth), depth) };
            }
            return;
        }
        let mut i = 0;
        while i < height {
            let rows = tile_rows(height - i, S::ROWS);
            let to = to.wrapping_add(i * depth);
            for p in 0..depth {
                let (from, to) = (self.at(i0 + i, k0 + p), to.wrapping_add(p * rows));
                // SAFETY: `rows` neighbours in a column of `a` (its row stride is 1) into the caller's room.
                unsafe {
                    match rows {
                        8 => copy::<T, 8>(from, to),
                        4 => copy::<T, 4>(from, to),
                        _ => from.copy_to_nonoverlapping(to, rows),
                    }
                }
            }
            i += rows;
        }
    }

    /// Copies a panel of a `b` that is transposed, padded to `count` whole vectors a row. (Where it is not, the first tile copies it.)
    #[inline(always)]
    pub(super) unsafe fn pack_right<S: Simd<Number = T>>(
        &self,
        to: *mut T,
        (j0, width, count): (usize, usize, usize),
        (k0, depth): (usize, usize),
    ) {
        let row = count * S::LANES;
        for v in 0..count {
            let j = v * S::LANES;
            let columns = S::LANES.min(width - j);
            let mut p = 0;
            while p < depth {
                let (from, to) = (self.at(k0 + p, j0 + j), to.wrapping_add(p * row + j));
                if columns == S::LANES && depth - p >= S::LANES && self.row_stride == 1 {
                    // SAFETY: a square of `LANES` by `LANES` that lies within `b` and the caller's room.
                    unsafe { S::transpose(from, self.col_stride, to, row) };
                    p += S::LANES;
                } else {
                    for j in 0..S::LANES {
                        // SAFETY: one of `columns` columns of `b`, or zero, into the caller's room.
                        unsafe { *to.add(j) = if j < columns { *from.add(j * self.col_stride) } else { T::zero() } };
                    }
                    p += 1;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn copy<T: Copy, const N: usize>(from: *const T, to: *mut T) {
    // SAFETY: the caller's pointers are valid for `N` numbers.
    unsafe { to.cast::<[T; N]>().write_unaligned(from.cast::<[T; N]>().read_unaligned()) }
}
