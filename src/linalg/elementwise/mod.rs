//! Elementwise functions: exponentials and what is made of them, in plain Rust that the compiler turns into vectors.
//!
//! Each is written once, as a [`Function`] of one number without branches or calls, and compiled for every instruction set. A number's
//! result depends on it alone, not on its place in a slice; with fused and with separate multiply and add it may differ in its last bits.

mod coefficients;
mod elu;
mod exp;
mod gelu;
mod log;
mod mish;
mod sigmoid;
mod softplus;
mod tanh;
#[cfg(test)]
mod tests;

pub(crate) use elu::{Elu, EluSlope};
pub(crate) use exp::Exp;
pub(crate) use gelu::{Gelu, GeluSlope};
pub(crate) use log::{Log, LogOfSum, log_one_plus};
pub(crate) use mish::{Mish, MishSlope};
pub(crate) use sigmoid::{Sigmoid, Silu, SiluSlope};
pub(crate) use softplus::Softplus;
pub(crate) use tanh::Tanh;

pub(crate) use coefficients::Elementary;

use super::simd::{Isa, Work, dispatch, padded};
use crate::Float;

/// A function of one number. `at`, and what it calls, is to be `#[inline(always)]`.
pub(crate) trait Function<T> {
    /// Its value; `FMA` says whether a multiply and an add are one instruction.
    fn at<const FMA: bool>(&self, x: T) -> T;
}

/// `y[i] = f(x[i])`.
pub(crate) fn map<T: Float>(f: impl Function<T>, x: &[T], y: &mut [T]) {
    dispatch(Map { f, x, y });
}

/// `dx[i] = dy[i] * slope(x[i])`.
pub(crate) fn pull_back<T: Float>(slope: impl Function<T>, x: &[T], dy: &[T], dx: &mut [T]) {
    dispatch(PullBack { slope, x, dy, dx });
}

/// `x[i] = f(x[i])`, inside a [`Work`].
#[inline(always)]
pub(crate) fn replace<I: Isa, T: Float>(f: &impl Function<T>, x: &mut [T]) {
    let (blocks, rest) = x.as_chunks_mut::<BLOCK>();
    for block in blocks {
        for x in block {
            *x = at::<I, T>(f, *x);
        }
    }
    if !rest.is_empty() {
        let mut block: [T; BLOCK] = padded(rest);
        for x in &mut block {
            *x = at::<I, T>(f, *x);
        }
        rest.copy_from_slice(&block[..rest.len()]);
    }
}

/// The value at `x` with the instructions of `I`.
#[inline(always)]
pub(crate) fn at<I: Isa, T: Float>(f: &impl Function<T>, x: T) -> T {
    if I::FMA { f.at::<true>(x) } else { f.at::<false>(x) }
}

/// The largest number, NaN left out; minus infinity of none.
#[inline(always)]
pub(crate) fn largest<T: Float>(x: &[T]) -> T {
    lanes(x, T::neg_infinity(), |largest, x| if largest < x { x } else { largest })
}

/// The sum, in an order that the length alone decides.
#[inline(always)]
pub(crate) fn sum<T: Float>(x: &[T]) -> T {
    lanes(x, T::zero(), |sum, x| sum + x)
}

/// Puts numbers together: one after the other where they are few, else in lanes of which each takes every 16th.
#[inline(always)]
fn lanes<T: Float>(x: &[T], start: T, add: impl Fn(T, T) -> T) -> T {
    let (chunks, rest) = x.as_chunks::<16>();
    let mut total = start;
    if !chunks.is_empty() {
        let mut lanes = [start; 16];
        for chunk in chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                *lane = add(*lane, x);
            }
        }
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                lanes[lane] = add(lanes[lane], lanes[lane + half]);
            }
        }
        total = lanes[0];
    }
    for &x in rest {
        total = add(total, x);
    }
    total
}

/// How many numbers are computed at a time: some vectors of every instruction set. What is left over at the end of a slice is computed
/// as a whole block too, which is faster than one by one.
const BLOCK: usize = 32;

struct Map<'a, F, T> {
    f: F,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Float, F: Function<T>> Work for Map<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (x, x_rest) = self.x.as_chunks();
        let (y, y_rest) = self.y.as_chunks_mut();
        for (x, y) in x.iter().zip(y) {
            map_block::<I, T>(&self.f, x, y);
        }
        if !y_rest.is_empty() {
            let mut block = [T::zero(); BLOCK];
            map_block::<I, T>(&self.f, &padded(x_rest), &mut block);
            y_rest.copy_from_slice(&block[..y_rest.len()]);
        }
    }
}

#[inline(always)]
fn map_block<I: Isa, T: Float>(f: &impl Function<T>, x: &[T; BLOCK], y: &mut [T; BLOCK]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = at::<I, T>(f, x);
    }
}

struct PullBack<'a, F, T> {
    slope: F,
    x: &'a [T],
    dy: &'a [T],
    dx: &'a mut [T],
}

impl<T: Float, F: Function<T>> Work for PullBack<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (x, x_rest) = self.x.as_chunks();
        let (dy, dy_rest) = self.dy.as_chunks();
        let (dx, dx_rest) = self.dx.as_chunks_mut();
        for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
            pull_back_block::<I, T>(&self.slope, x, dy, dx);
        }
        if !dx_rest.is_empty() {
            let mut block = [T::zero(); BLOCK];
            pull_back_block::<I, T>(&self.slope, &padded(x_rest), &padded(dy_rest), &mut block);
            dx_rest.copy_from_slice(&block[..dx_rest.len()]);
        }
    }
}

#[inline(always)]
fn pull_back_block<I: Isa, T: Float>(slope: &impl Function<T>, x: &[T; BLOCK], dy: &[T; BLOCK], dx: &mut [T; BLOCK]) {
    for ((dx, &dy), &x) in dx.iter_mut().zip(dy).zip(x) {
        *dx = dy * at::<I, T>(slope, x);
    }
}

/// a b + c: rounded once where the processor can, else twice; never by a call.
#[inline(always)]
pub(crate) fn mul_add<T: Float, const FMA: bool>(a: T, b: T, c: T) -> T {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The polynomial with these coefficients, lowest power first, by Horner's rule.
#[inline(always)]
fn polynomial<T: Float, const FMA: bool>(coefficients: &[T], x: T) -> T {
    let mut value = coefficients[coefficients.len() - 1];
    for &coefficient in coefficients[..coefficients.len() - 1].iter().rev() {
        value = mul_add::<T, FMA>(value, x, coefficient);
    }
    value
}
