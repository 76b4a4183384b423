//! `Kernel`: which instructions a kernel is compiled for, chosen when the program runs.

use super::multiply::{Matrix, multiply_tiled, plain_tile};

/// The kernels that are compiled once an element type and instruction set. Sealed: implemented for `f32` and `f64` alone.
pub trait Kernel: Sized {
    /// `c = a b`, or `c += a b` where `add`; `c` is row-major and contiguous. Shapes are the caller's duty.
    #[doc(hidden)]
    fn multiply_kernel(a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut [Self], add: bool);
}

/// A tile of a product in registers: `MR` rows by two vectors, each entry summed over the depth of the two panels in ascending order.
///
/// A macro and not a function: intrinsics differ in name by type and width, and `#[target_feature]` takes literals.
#[cfg(target_arch = "x86_64")]
macro_rules! tile {
    ($name:ident, $features:literal, $float:ty, $rows:literal, $lanes:literal,
     $zero:ident, $load:ident, $spread:ident, $fma:ident, $store:ident) => {
        #[target_feature(enable = $features)]
        pub(super) fn $name(a: &[$float], b: &[$float], tile: &mut [[$float; 2 * $lanes]; $rows]) {
            use std::arch::x86_64::*;
            let mut sums = [[$zero(); 2]; $rows];
            for (a, b) in a.as_chunks::<$rows>().0.iter().zip(b.as_chunks::<{ 2 * $lanes }>().0) {
                // SAFETY: `b` is an array of twice as many numbers as a vector has, and loads need no alignment.
                let b = unsafe { [$load(b.as_ptr()), $load(b.as_ptr().add($lanes))] };
                for (sums, &a) in sums.iter_mut().zip(a) {
                    let a = $spread(a);
                    *sums = [$fma(a, b[0], sums[0]), $fma(a, b[1], sums[1])];
                }
            }
            for (row, sums) in tile.iter_mut().zip(sums) {
                // SAFETY: `row` is an array of twice as many numbers as a vector has, and stores need no alignment.
                unsafe {
                    $store(row.as_mut_ptr(), sums[0]);
                    $store(row.as_mut_ptr().add($lanes), sums[1]);
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
mod tiles {
    tile!(f32_avx512, "avx512f", f32, 8, 16,
        _mm512_setzero_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps);
    tile!(f64_avx512, "avx512f", f64, 8, 8,
        _mm512_setzero_pd, _mm512_loadu_pd, _mm512_set1_pd, _mm512_fmadd_pd, _mm512_storeu_pd);
    tile!(f32_avx2, "avx2,fma", f32, 4, 8,
        _mm256_setzero_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps);
    tile!(f64_avx2, "avx2,fma", f64, 4, 4,
        _mm256_setzero_pd, _mm256_loadu_pd, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_storeu_pd);
}

/// Implements [`Kernel`] for a type, given its tiles; a macro, since the tiles differ in name.
macro_rules! kernel {
    ($float:ty, $avx512:ident, $avx2:ident, $portable_width:literal) => {
        impl Kernel for $float {
            fn multiply_kernel(a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut [Self], add: bool) {
                #[cfg(target_arch = "x86_64")]
                {
                    if std::arch::is_x86_feature_detected!("avx512f") {
                        // SAFETY: the processor has the one feature that this tile is compiled for: just detected.
                        return multiply_tiled(a, b, c, add, |a, b, tile| unsafe { tiles::$avx512(a, b, tile) });
                    }
                    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                        // SAFETY: the processor has both features that this tile is compiled for: just detected.
                        return multiply_tiled(a, b, c, add, |a, b, tile| unsafe { tiles::$avx2(a, b, tile) });
                    }
                }
                multiply_tiled(a, b, c, add, plain_tile::<$float, 4, $portable_width>);
            }
        }
    };
}

kernel!(f32, f32_avx512, f32_avx2, 8);
kernel!(f64, f64_avx512, f64_avx2, 4);

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::Float;

    /// The dispatch picks one tile; each that this processor can run must agree with the plain one.
    fn agrees<T: Float, const MR: usize, const NR: usize>(tile: impl Fn(&[T], &[T], &mut [[T; NR]; MR])) {
        for depth in [1, 2, 7, 64, 256] {
            let a: Vec<T> = (0..depth * MR).map(|i| T::of(((i * 37 + 11) % 101) as f64 / 101.0 - 0.5)).collect();
            let b: Vec<T> = (0..depth * NR).map(|i| T::of(((i * 53 + 29) % 103) as f64 / 103.0 - 0.5)).collect();
            let (mut fast, mut plain) = ([[T::zero(); NR]; MR], [[T::zero(); NR]; MR]);
            tile(&a, &b, &mut fast);
            plain_tile(&a, &b, &mut plain);
            for (&fast, &plain) in fast.as_flattened().iter().zip(plain.as_flattened()) {
                // Entries of at most 1/4, summed with one rounding a product and one a sum.
                assert!((fast - plain).abs().get() <= depth as f64 * depth as f64 * 0.25 * T::epsilon().get());
            }
        }
    }

    #[test]
    fn every_tile_agrees_with_the_plain_one() {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: just detected.
            agrees(|a, b, tile| unsafe { tiles::f64_avx512(a, b, tile) });
            // SAFETY: just detected.
            agrees(|a, b, tile| unsafe { tiles::f32_avx512(a, b, tile) });
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            // SAFETY: just detected.
            agrees(|a, b, tile| unsafe { tiles::f64_avx2(a, b, tile) });
            // SAFETY: just detected.
            agrees(|a, b, tile| unsafe { tiles::f32_avx2(a, b, tile) });
        }
    }
}
