//! Numbers of twice the digits of an `f64`: the reference that an `f64` function is measured against.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// The sum of two `f64`, of which the second is below half a unit in the last place of the first: some 105 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Double {
    pub high: f64,
    pub low: f64,
}

/// log(2) to 160 bits: the first part has 42, so that its products with exponents are exact.
const LN_2: [f64; 3] = [
    f64::from_bits(0x3fe6_2e42_fefa_3800),
    f64::from_bits(0x3d2e_f357_93c7_6730),
    f64::from_bits(0x398f_97b5_7a07_9a19),
];

impl Double {
    pub const fn new(high: f64) -> Self {
        Self { high, low: 0.0 }
    }

    /// a + b where |a| >= |b|.
    fn fast_sum(a: f64, b: f64) -> Self {
        let high = a + b;
        // An infinite sum has no rest.
        Self { high, low: if high.is_finite() { b - (high - a) } else { 0.0 } }
    }

    /// a + b, exactly.
    fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Self { high, low: if high.is_finite() { (a - (high - part)) + (b - part) } else { 0.0 } }
    }

    /// Times a power of two; rounded only where the result is subnormal, and then once in each part.
    fn scaled(self, exponent: i32) -> Self {
        let (half, rest) = (exponent / 2, exponent - exponent / 2);
        let scale = |x: f64| x * 2_f64.powi(half) * 2_f64.powi(rest);
        Self { high: scale(self.high), low: scale(self.low) }
    }

    /// exp(self) - 1 for |self| < 0.5, by its series.
    fn small_exp_less_one(self) -> Self {
        let mut sum = Self::new(1.0);
        // self (1 + self / 2 (1 + self / 3 (...)))
        for n in (2..=27).rev() {
            sum = Self::new(1.0) + self * sum / Self::new(f64::from(n));
        }
        self * sum
    }

    /// exp(self) as a number near 1 and a power of two.
    fn exp_parts(self) -> (Self, i32) {
        let k = (self.high * std::f64::consts::LOG2_E).round();
        let r = Self::sum(self.high, -k * LN_2[0]) + Self::new(self.low);
        let r = r - Self::new(k) * Self { high: LN_2[1], low: LN_2[2] };
        (Self::new(1.0) + r.small_exp_less_one(), k as i32)
    }

    pub fn exp(self) -> Self {
        if self.high.abs() > 800.0 {
            return Self::new(self.high.exp());
        }
        let (near_one, k) = self.exp_parts();
        near_one.scaled(k)
    }

    pub fn exp_less_one(self) -> Self {
        if self.high.abs() < 0.4 { self.small_exp_less_one() } else { self.exp() - Self::new(1.0) }
    }

    /// log(1 + self) for self from 0 to 1.
    pub fn log_one_plus(self) -> Self {
        if self.high < 1e-40 {
            return self;
        }
        let guess = Self::new(self.high.ln_1p());
        // Newton's step for exp(y) - 1 = self, whose error is the square of that of the guess.
        let found = guess.exp_less_one();
        guess + (self - found) / (Self::new(1.0) + found)
    }
}

impl Neg for Double {
    type Output = Self;
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Add for Double {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (Self::sum(self.high, other.high), Self::sum(self.low, other.low));
        let sum = Self::fast_sum(high.high, high.low + low.high);
        Self::fast_sum(sum.high, sum.low + low.low)
    }
}

impl Sub for Double {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Double {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let high = self.high * other.high;
        let low = self.high.mul_add(other.high, -high);
        Self::fast_sum(high, low + (self.high * other.low + self.low * other.high))
    }
}

impl Div for Double {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        if !first.is_normal() {
            return Self::new(first);
        }
        let rest = self - other * Self::new(first);
        let second = rest.high / other.high;
        let rest = rest - other * Self::new(second);
        Self::fast_sum(first, second) + Self::new(rest.high / other.high)
    }
}
