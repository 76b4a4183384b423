//! How exact the activations are: the largest error of each against its formula in much more digits, in units of the last place.
//!
//! ```text
//! cargo bench --bench accuracy             every f32 between the infinities, a million f64
//! cargo bench --bench accuracy 100000000   as many f64 as that
//! cargo bench --bench accuracy -- --test   few of both
//! ```
//!
//! The reference of f32 is `f64`, whose own errors are 2^-29 of an f32's; that of f64 is arithmetic with two f64 a number.

#[path = "accuracy/double.rs"]
mod double;

use double::Double;
use evenkeel::*;

/// The largest error that a function showed, and where.
struct Worst {
    ulps: f64,
    at: f64,
}

impl Worst {
    const NONE: Self = Self { ulps: 0.0, at: 0.0 };

    fn see(&mut self, ulps: f64, at: f64) {
        // Written this way round, a NaN is the worst of all.
        if !(ulps <= self.ulps) && !self.ulps.is_nan() {
            *self = Self { ulps, at };
        }
    }
}

/// How far `found` is from `exact`, in steps between numbers of the size of `exact` with so many bits and so small a smallest one.
fn ulps(found: f64, exact: Double, bits: i32, smallest: f64) -> f64 {
    if found == exact.high {
        // Infinities, too.
        return if exact.low == 0.0 { 0.0 } else { (exact.low / step(exact.high, bits, smallest)).abs() };
    }
    ((found - exact.high) - exact.low).abs() / step(exact.high, bits, smallest)
}

fn step(number: f64, bits: i32, smallest: f64) -> f64 {
    let exponent = ((number.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    // Of numbers below 2^-1022 the exponent reads -1023.
    2.0_f64.powi(exponent.max(-1022) - bits / 2 + 1).max(0.0) * 2.0_f64.powi(-(bits - bits / 2)).max(0.0) + smallest * 0.0
}

fn main() {}
