//! `Kernel`: which instructions a kernel is compiled for, chosen when the program runs.

use super::multiply::{Matrix, multiply_tiled};

/// The kernels that are compiled once an element type and instruction set. Sealed: implemented for `f32` and `f64` alone.
pub trait Kernel: Sized {
    /// `c = a b`, or `c += a b` where `add`; `c` is row-major and contiguous. Shapes are the caller's duty.
    #[doc(hidden)]
    fn multiply_kernel(a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut [Self], add: bool);
}

/// Implements [`Kernel`] for a type whose registers hold `$half` numbers in 256 bits and `$full` in 512.
///
/// A macro and not a function, since `#[target_feature]` must stand on a function that names its tile as constants.
macro_rules! kernel {
    ($float:ty, $half:literal, $full:literal) => {
        impl Kernel for $float {
            fn multiply_kernel(a: Matrix<'_, Self>, b: Matrix<'_, Self>, c: &mut [Self], add: bool) {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx512f,avx2,fma")]
                    fn avx512(a: Matrix<'_, $float>, b: Matrix<'_, $float>, c: &mut [$float], add: bool) {
                        multiply_tiled::<$float, 8, { 2 * $full }, true>(a, b, c, add);
                    }

                    #[target_feature(enable = "avx2,fma")]
                    fn avx2(a: Matrix<'_, $float>, b: Matrix<'_, $float>, c: &mut [$float], add: bool) {
                        multiply_tiled::<$float, 4, { 2 * $half }, true>(a, b, c, add);
                    }

                    let fma = std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
                    if fma && std::arch::is_x86_feature_detected!("avx512f") {
                        // SAFETY: the processor has every feature that `avx512` is compiled for: just detected.
                        return unsafe { avx512(a, b, c, add) };
                    }
                    if fma {
                        // SAFETY: the processor has every feature that `avx2` is compiled for: just detected.
                        return unsafe { avx2(a, b, c, add) };
                    }
                }
                #[cfg(target_arch = "aarch64")]
                return multiply_tiled::<$float, 4, { 2 * $half }, true>(a, b, c, add);
                #[cfg(not(target_arch = "aarch64"))]
                multiply_tiled::<$float, 4, $half, false>(a, b, c, add);
            }
        }
    };
}

kernel!(f32, 8, 16);
kernel!(f64, 4, 8);
