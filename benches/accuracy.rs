//! How exact the activations are: the largest error of each against its formula in many more digits, in units in the last place.
//!
//! ```text
//! cargo bench --bench accuracy                 every f32, a million f64
//! cargo bench --bench accuracy -- 100000000    as many f64 as that
//! cargo bench --bench accuracy -- --test       few of both
//! ```
//!
//! The reference is arithmetic of two f64 a number; for GELU, which is measured in f32 only, it is f64.

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

/// The largest error of an activation on numbers that come in blocks. Values beyond the largest number count as infinite.
fn measure<T: Digits>(
    activation: &impl Activation,
    exact: fn(Double) -> Double,
    numbers: impl Iterator<Item = T>,
) -> Worst {
    let mut worst = Worst { ulps: 0.0, at: 0.0 };
    let (mut block, mut found) = (Vec::with_capacity(BLOCK), vec![T::zero(); BLOCK]);
    let mut numbers = numbers.peekable();
    while numbers.peek().is_some() {
        block.clear();
        block.extend(numbers.by_ref().take(BLOCK));
        activation.values(&block, &mut found[..block.len()]);
        for (&x, &y) in block.iter().zip(&found) {
            let right = exact(Double::new(x.get()));
            let nearest = T::of(right.high);
            if y == nearest && (y.is_infinite() || right.low == 0.0 && y.get() == right.high) {
                continue;
            }
            worst.see(((y.get() - right.high) - right.low).abs() / T::ulp(right.high), x.get());
        }
    }
    worst
}

/// Every finite f32 whose bits are a multiple of `stride`, but the outermost, on which nothing happens, only one in 256.
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

/// Through f64, whose error is 2^-20 ulps of an f32 even in the tail.
fn gelu(x: Double) -> Double {
    Double::new(0.5 * x.high * libm::erfc(-x.high / 2_f64.sqrt()))
}

fn show<T: Digits>(name: &str, worst: Worst) {
    println!("{name:>12} {}: {:.3} ulp at {:e}", if size_of::<T>() == 4 { "f32" } else { "f64" }, worst.ulps, worst.at);
}

fn both(activation: impl Activation, exact: fn(Double) -> Double, stride: u64, count: u64) {
    show::<f32>(activation.name(), measure(&activation, exact, singles(stride)));
    show::<f64>(activation.name(), measure(&activation, exact, doubles(count)));
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let test = arguments.iter().any(|argument| argument == "--test");
    let given = arguments.iter().find_map(|argument| argument.parse().ok());
    let (stride, count) = if test { (99_991, 10_000) } else { (1, given.unwrap_or(1_000_000)) };
    both(Exponential, Double::exp, stride, count);
    both(Tanh, tanh, stride, count);
    both(Sigmoid, share, stride, count);
    both(Softplus, softplus, stride, count);
    both(Elu::default(), elu, stride, count);
    both(Silu, |x| x * share(x), stride, count);
    both(Mish, mish, stride, count);
    show::<f32>("gelu", measure(&Gelu, gelu, singles(stride)));
}
