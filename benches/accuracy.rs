//! How exact the activations are: the largest error of each against its formula in many more digits, in units in the last place.
//!
//! ```text
//! cargo bench --bench accuracy                 every f32, a million f64
//! cargo bench --bench accuracy -- 100000000    as many f64 as that
//! cargo bench --bench accuracy -- --test       few of both
//! ```
//!
//! The reference of f64 is arithmetic of two f64 a number; that of f32 is f64. GELU is measured in f32 only.

#[path = "accuracy/double.rs"]
mod double;

use double::Double;
use evenkeel::*;

/// So many numbers are computed at a time.
const BLOCK: usize = 1 << 12;

/// The largest error that a function showed, and where.
#[derive(Clone, Copy)]
struct Worst {
    ulps: f64,
    at: f64,
}

impl Worst {
    fn see(&mut self, ulps: f64, at: f64) {
        if ulps > self.ulps || ulps.is_nan() {
            *self = Self { ulps, at };
        }
    }
}

/// What an ulp is of, in a type of number.
trait Digits: Float {
    /// The distance to the next number, of numbers of the size of `x`.
    fn ulp(x: f64) -> f64;
    /// The number with these bits, of which the lower 64 or 32 count.
    fn with_bits(bits: u64) -> Self;
}

impl Digits for f32 {
    fn ulp(x: f64) -> f64 {
        ulp_of_f64(x).max(2_f64.powi(-149 - 29)) * 2_f64.powi(29)
    }
    fn with_bits(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }
}

impl Digits for f64 {
    fn ulp(x: f64) -> f64 {
        ulp_of_f64(x)
    }
    fn with_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

fn ulp_of_f64(x: f64) -> f64 {
    let x = x.abs().min(f64::MAX / 2.0);
    f64::from_bits(x.to_bits() + 1) - x
}

/// The largest errors of an activation on numbers that come in blocks: where the result is well among the normal numbers, and where it
/// is not.
fn measure<T: Digits>(
    activation: &impl Activation,
    exact: impl Fn(T) -> Double,
    mut numbers: impl Iterator<Item = T>,
) -> [Worst; 2] {
    let mut worst = [Worst { ulps: 0.0, at: 0.0 }; 2];
    let (mut block, mut found) = (Vec::with_capacity(BLOCK), vec![T::zero(); BLOCK]);
    loop {
        block.clear();
        block.extend(numbers.by_ref().take(BLOCK));
        if block.is_empty() {
            return worst;
        }
        activation.values(&block, &mut found[..block.len()]);
        for (&x, &y) in block.iter().zip(&found) {
            let right = exact(x);
            // Both beyond the largest number, or both the same.
            if y == T::of(right.high) && (y.is_infinite() || right.low == 0.0 && y.get() == right.high) {
                continue;
            }
            let small = right.high.abs() < 1024.0 * T::min_positive_value().get();
            worst[usize::from(small)].see(((y.get() - right.high) - right.low).abs() / T::ulp(right.high), x.get());
        }
    }
}

/// Every finite f32 whose bits are a multiple of `stride`.
fn singles(stride: u64) -> impl Iterator<Item = f32> {
    (0..1_u64 << 32).step_by(stride as usize).map(f32::with_bits).filter(|x| x.is_finite())
}

/// So many f64: as many in each binade from 2^-1074 to 2^11, of both signs, evenly spread but for noise; the binades around 1, where
/// the functions bend, ten times as many.
fn doubles(count: u64) -> impl Iterator<Item = f64> {
    let binades: Vec<u64> = (0..1034).chain((1000..1034).flat_map(|exponent| [exponent; 60])).collect();
    let each = count.div_ceil(2 * binades.len() as u64).max(1);
    let mut state = 1_u64;
    binades.into_iter().flat_map(move |exponent| {
        (0..2 * each).map(move |at| {
            // Knuth's generator: its upper bits are noise enough.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407 + exponent);
            let place = ((1_u64 << 52) / each) * (at / 2) + ((state >> 12) / each);
            f64::from_bits((at % 2) << 63 | exponent << 52 | place)
        })
    })
}

fn share(x: Double) -> Double {
    let m = (-magnitude(x)).exp();
    (if x.high > 0.0 { Double::new(1.0) } else { m }) / (Double::new(1.0) + m)
}

fn magnitude(x: Double) -> Double {
    if x.high < 0.0 { -x } else { x }
}

fn tanh(x: Double) -> Double {
    let t = (Double::new(-2.0) * magnitude(x)).exp_less_one();
    let magnitude = -t / (Double::new(2.0) + t);
    if x.high < 0.0 { -magnitude } else { magnitude }
}

fn softplus(x: Double) -> Double {
    let rest = (-magnitude(x)).exp().log_one_plus();
    if x.high > 0.0 { x + rest } else { rest }
}

fn mish(x: Double) -> Double {
    x * tanh(softplus(x))
}

fn elu(x: Double) -> Double {
    if x.high > 0.0 { x } else { x.exp_less_one() }
}

fn share_f64(x: f64) -> f64 {
    let m = (-x.abs()).exp();
    (if x > 0.0 { 1.0 } else { m }) / (1.0 + m)
}

fn softplus_f64(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn show<T: Digits>(name: &str, [normal, small]: [Worst; 2]) {
    let bits = 8 * size_of::<T>();
    println!(
        "{name:>12} f{bits}: {:.3} ulp at {:e}; near the smallest numbers {:.3} at {:e}",
        normal.ulps, normal.at, small.ulps, small.at
    );
}

fn f32_of(activation: impl Activation, exact: fn(f64) -> f64, stride: u64) {
    let worst = measure(&activation, |x: f32| Double::new(exact(x.get())), singles(stride));
    show::<f32>(activation.name(), worst);
}

fn f64_of(activation: impl Activation, exact: fn(Double) -> Double, count: u64) {
    let worst = measure(&activation, |x: f64| exact(Double::new(x)), doubles(count));
    show::<f64>(activation.name(), worst);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let test = arguments.iter().any(|argument| argument == "--test");
    let given = arguments.iter().find_map(|argument| argument.parse().ok());
    let (stride, count) = if test { (99_991, 10_000) } else { (1, given.unwrap_or(1_000_000)) };
    f64_of(Exponential, Double::exp, count);
    f64_of(Tanh, tanh, count);
    f64_of(Sigmoid, share, count);
    f64_of(Softplus, softplus, count);
    f64_of(Elu::default(), elu, count);
    f64_of(Silu, |x| x * share(x), count);
    f64_of(Mish, mish, count);
    f32_of(Exponential, f64::exp, stride);
    f32_of(Tanh, f64::tanh, stride);
    f32_of(Sigmoid, share_f64, stride);
    f32_of(Softplus, softplus_f64, stride);
    f32_of(Elu::default(), |x| if x > 0.0 { x } else { x.exp_m1() }, stride);
    f32_of(Silu, |x| x * share_f64(x), stride);
    f32_of(Mish, |x| x * softplus_f64(x).tanh(), stride);
    f32_of(Gelu, |x| 0.5 * x * libm::erfc(-x / 2_f64.sqrt()), stride);
}
