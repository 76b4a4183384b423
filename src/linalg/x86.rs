//! The vectors of x86-64: AVX2 and AVX-512.

use std::arch::x86_64::*;

use super::simd::{Isa, Simd};

/// AVX2 with fused multiply-add: sixteen registers of 256 bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2;

/// AVX-512: 32 registers of 512 bits, and masks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512;

impl Isa for Avx2 {
    const FMA: bool = true;
    type F32 = Avx2F32;
    type F64 = Avx2F64;
}

impl Isa for Avx512 {
    const FMA: bool = true;
    type F32 = Avx512F32;
    type F64 = Avx512F64;
}

/// Implements [`Simd`] for one type of number in one instruction set; a macro, since intrinsics differ in name by type and width.
macro_rules! vectors {
    ($name:ident, $number:ty, $vector:ty, $mask:ty, $lanes:literal, $rows:literal, $first:expr,
     $zero:ident, $splat:ident, $load:ident, $store:ident, $fma:ident,
     |$from:ident, $load_mask:ident| $load_part:expr, |$to:ident, $store_mask:ident, $stored:ident| $store_part:expr,
     $transpose:item) => {
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $name;

        // SAFETY of all bodies: they run where the processor has the instructions, and where the pointers are valid for the numbers
        // that are read and written: both are the caller's promise. Masked loads and stores touch no others.
        impl Simd for $name {
            type Number = $number;
            type Vector = $vector;
            type Mask = $mask;
            const LANES: usize = $lanes;
            const ROWS: usize = $rows;

            #[inline(always)]
            unsafe fn first(count: usize) -> $mask {
                let first: fn(usize) -> $mask = $first;
                first(count)
            }
            #[inline(always)]
            unsafe fn zero() -> $vector {
                // SAFETY: see above.
                unsafe { $zero() }
            }
            #[inline(always)]
            unsafe fn splat(number: $number) -> $vector {
                // SAFETY: see above.
                unsafe { $splat(number) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $number) -> $vector {
                // SAFETY: see above.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn load_part($from: *const $number, $load_mask: $mask) -> $vector {
                // SAFETY: see above.
                unsafe { $load_part }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $number, vector: $vector) {
                // SAFETY: see above.
                unsafe { $store(to, vector) }
            }
            #[inline(always)]
            unsafe fn store_part($to: *mut $number, $store_mask: $mask, $stored: $vector) {
                // SAFETY: see above.
                unsafe { $store_part }
            }
            #[inline(always)]
            unsafe fn mul_add(a: $vector, b: $vector, c: $vector) -> $vector {
                // SAFETY: see above.
                unsafe { $fma(a, b, c) }
            }
            $transpose
        }
    };
}

// For the masks of AVX2, which are vectors: all bits of the first `count` lanes. A window into this table.
static LANES32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
static LANES64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

#[rustfmt::skip]
vectors!(Avx512F32, f32, __m512, __mmask16, 16, 8, |count| if count < 16 { (1 << count) - 1 } else { !0 },
    _mm512_setzero_ps, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps,
    |from, mask| _mm512_maskz_loadu_ps(mask, from), |to, mask, vector| _mm512_mask_storeu_ps(to, mask, vector),
    #[inline(always)]
    unsafe fn transpose(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
        // SAFETY: see above; `transpose16` reads and writes what the caller promised.
        unsafe { transpose16(from, stride, to, to_stride) }
    }
);

#[rustfmt::skip]
vectors!(Avx512F64, f64, __m512d, __mmask8, 8, 8, |count| if count < 8 { (1 << count) - 1 } else { !0 },
    _mm512_setzero_pd, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd,
    |from, mask| _mm512_maskz_loadu_pd(mask, from), |to, mask, vector| _mm512_mask_storeu_pd(to, mask, vector),
    #[inline(always)]
    unsafe fn transpose(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
        // SAFETY: see above; `transpose8` reads and writes what the caller promised.
        unsafe { transpose8(from, stride, to, to_stride) }
    }
);

#[rustfmt::skip]
vectors!(Avx2F32, f32, __m256, usize, 8, 4, |count| count,
    _mm256_setzero_ps, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps,
    |from, count| if count >= 8 { _mm256_loadu_ps(from) } else {
        _mm256_maskload_ps(from, _mm256_loadu_si256(LANES32.as_ptr().add(8 - count).cast()))
    },
    |to, count, vector| if count >= 8 { _mm256_storeu_ps(to, vector) } else {
        _mm256_maskstore_ps(to, _mm256_loadu_si256(LANES32.as_ptr().add(8 - count).cast()), vector);
    },
    #[inline(always)]
    unsafe fn transpose(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
        for (p, j) in [(0, 0), (0, 4), (4, 0), (4, 4)] {
            // SAFETY: see above; the four quarters of what the caller promised.
            unsafe { transpose4(from.add(j * stride + p), stride, to.add(p * to_stride + j), to_stride) }
        }
    }
);

#[rustfmt::skip]
vectors!(Avx2F64, f64, __m256d, usize, 4, 4, |count| count,
    _mm256_setzero_pd, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd,
    |from, count| if count >= 4 { _mm256_loadu_pd(from) } else {
        _mm256_maskload_pd(from, _mm256_loadu_si256(LANES64.as_ptr().add(4 - count).cast()))
    },
    |to, count, vector| if count >= 4 { _mm256_storeu_pd(to, vector) } else {
        _mm256_maskstore_pd(to, _mm256_loadu_si256(LANES64.as_ptr().add(4 - count).cast()), vector);
    },
    #[inline(always)]
    unsafe fn transpose(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
        // SAFETY: see above; four rows of four.
        unsafe {
            let (a, b) = (_mm256_loadu_pd(from), _mm256_loadu_pd(from.add(stride)));
            let (c, d) = (_mm256_loadu_pd(from.add(2 * stride)), _mm256_loadu_pd(from.add(3 * stride)));
            let (ab, cd) = (_mm256_unpacklo_pd(a, b), _mm256_unpacklo_pd(c, d));
            let (ba, dc) = (_mm256_unpackhi_pd(a, b), _mm256_unpackhi_pd(c, d));
            _mm256_storeu_pd(to, _mm256_permute2f128_pd::<0x20>(ab, cd));
            _mm256_storeu_pd(to.add(to_stride), _mm256_permute2f128_pd::<0x20>(ba, dc));
            _mm256_storeu_pd(to.add(2 * to_stride), _mm256_permute2f128_pd::<0x31>(ab, cd));
            _mm256_storeu_pd(to.add(3 * to_stride), _mm256_permute2f128_pd::<0x31>(ba, dc));
        }
    }
);

/// Four rows of four `f32` into four columns.
#[inline(always)]
unsafe fn transpose4(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: the caller's promise: processor and pointers.
    unsafe {
        let (a, b) = (_mm_loadu_ps(from), _mm_loadu_ps(from.add(stride)));
        let (c, d) = (_mm_loadu_ps(from.add(2 * stride)), _mm_loadu_ps(from.add(3 * stride)));
        let (ab, cd) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
        let (ba, dc) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
        _mm_storeu_ps(to, _mm_movelh_ps(ab, cd));
        _mm_storeu_ps(to.add(to_stride), _mm_movehl_ps(cd, ab));
        _mm_storeu_ps(to.add(2 * to_stride), _mm_movelh_ps(ba, dc));
        _mm_storeu_ps(to.add(3 * to_stride), _mm_movehl_ps(dc, ba));
    }
}

/// Sixteen rows of sixteen `f32` into sixteen columns.
///
/// The quarters of four rows, 4, 8 and 12 apart, are put into one register while they are loaded, so that what is left to do stays
/// within quarters: two rounds of shuffles instead of four.
#[inline(always)]
unsafe fn transpose16(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: the caller's promise: processor and pointers.
    unsafe {
        for p in [0, 4, 8, 12] {
            let from = from.add(p);
            let (a, b) = (quarters16(from, stride), quarters16(from.add(stride), stride));
            let (c, d) = (quarters16(from.add(2 * stride), stride), quarters16(from.add(3 * stride), stride));
            let (ab, cd) = (_mm512_castps_pd(_mm512_unpacklo_ps(a, b)), _mm512_castps_pd(_mm512_unpacklo_ps(c, d)));
            let (ba, dc) = (_mm512_castps_pd(_mm512_unpackhi_ps(a, b)), _mm512_castps_pd(_mm512_unpackhi_ps(c, d)));
            let to = to.add(p * to_stride);
            _mm512_storeu_ps(to, _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)));
            _mm512_storeu_ps(to.add(to_stride), _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)));
            _mm512_storeu_ps(to.add(2 * to_stride), _mm512_castpd_ps(_mm512_unpacklo_pd(ba, dc)));
            _mm512_storeu_ps(to.add(3 * to_stride), _mm512_castpd_ps(_mm512_unpackhi_pd(ba, dc)));
        }
    }
}

/// Four numbers of each of the rows 0, 4, 8 and 12, side by side.
#[inline(always)]
unsafe fn quarters16(from: *const f32, stride: usize) -> __m512 {
    // SAFETY: the caller's promise: processor and pointers.
    unsafe {
        let all = _mm512_castps128_ps512(_mm_loadu_ps(from));
        let all = _mm512_mask_broadcast_f32x4(all, 0x00f0, _mm_loadu_ps(from.add(4 * stride)));
        let all = _mm512_mask_broadcast_f32x4(all, 0x0f00, _mm_loadu_ps(from.add(8 * stride)));
        _mm512_mask_broadcast_f32x4(all, 0xf000, _mm_loadu_ps(from.add(12 * stride)))
    }
}

/// Eight rows of eight `f64` into eight columns; as [`transpose16`].
#[inline(always)]
unsafe fn transpose8(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
    // SAFETY: the caller's promise: processor and pointers.
    unsafe {
        for p in [0, 2, 4, 6] {
            let (from, to) = (from.add(p), to.add(p * to_stride));
            let (a, b) = (quarters8(from, stride), quarters8(from.add(stride), stride));
            _mm512_storeu_pd(to, _mm512_unpacklo_pd(a, b));
            _mm512_storeu_pd(to.add(to_stride), _mm512_unpackhi_pd(a, b));
        }
    }
}

/// Two numbers of each of the rows 0, 2, 4 and 6, side by side.
#[inline(always)]
unsafe fn quarters8(from: *const f64, stride: usize) -> __m512d {
    // SAFETY: the caller's promise: processor and pointers.
    unsafe {
        let all = _mm512_castpd128_pd512(_mm_loadu_pd(from));
        let all = _mm512_mask_broadcast_f64x2(all, 0b0000_1100, _mm_loadu_pd(from.add(2 * stride)));
        let all = _mm512_mask_broadcast_f64x2(all, 0b0011_0000, _mm_loadu_pd(from.add(4 * stride)));
        _mm512_mask_broadcast_f64x2(all, 0b1100_0000, _mm_loadu_pd(from.add(6 * stride)))
    }
}
