//! Matrix multiply, elementwise kernels and norms: the only place with `unsafe`, and the only runtime dispatch.
#![allow(unsafe_code)]

mod columns;
pub(crate) mod elementwise;
mod matrix;
mod moments;
mod multiply;
mod norm;
mod norm_of_order;
mod pack;
mod reflections;
mod simd;
mod sum;
mod threads;
mod tile;
pub(crate) mod winograd;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use columns::{Places, idle_columns};
pub(crate) use matrix::Matrix;
pub(crate) use moments::{Moments, moments};
use multiply::Product;
pub(crate) use multiply::multiply;
pub(crate) use norm::{BLOCK, Norm, Squares, first_non_finite, norm};
pub(crate) use norm_of_order::norm_of_order;
pub(crate) use reflections::orthonormal;
#[cfg(test)]
pub(crate) use simd::Level;
pub(crate) use simd::{Isa, Simd, Work, dispatch, padded, vectorized};
#[cfg(feature = "parallel")]
pub use threads::shared_pieces;
pub(crate) use threads::{PIECE, half, in_pool, join, threads_for};
pub(crate) use tile::Start;

/// What the kernels need to know of a number. Sealed: implemented for `f32` and `f64` alone.
pub trait Kernel: Sized + elementwise::Elementary {
    /// The vectors of such numbers in an instruction set.
    #[doc(hidden)]
    type Lanes<I: Isa>: Simd<Number = Self>;

    /// Computes a product. A method of the type, so that its many tiles are compiled once, with this crate, and not with every crate that
    /// uses it.
    #[doc(hidden)]
    fn multiply(product: Product<'_, Self>);
}

impl Kernel for f32 {
    type Lanes<I: Isa> = I::F32;

    fn multiply(product: Product<'_, Self>) {
        product.compute();
    }
}

impl Kernel for f64 {
    type Lanes<I: Isa> = I::F64;

    fn multiply(product: Product<'_, Self>) {
        product.compute();
    }
}
