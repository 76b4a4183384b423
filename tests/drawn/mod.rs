//! Cases that are drawn, the same ones on every run.
#![allow(dead_code, reason = "each test file uses its own part")]

use evenkeel::Generator;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseResult, TestRunner};
use rand::RngExt;

/// Widths and rows on both sides of the tiles of the kernels, and one.
pub const SIZES: [usize; 9] = [1, 2, 5, 7, 8, 9, 16, 17, 33];

/// A size.
pub fn size() -> impl Strategy<Value = usize> {
    prop::sample::select(&SIZES[..])
}

/// Runs `check` on 64 drawn cases; the smallest one that fails is told.
pub fn check<S: Strategy>(strategy: S, check: impl Fn(S::Value) -> TestCaseResult) {
    let config = ProptestConfig {
        cases: 64,
        rng_seed: RngSeed::Fixed(20_240_607),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if let Err(failure) = TestRunner::new(config).run(&strategy, check) {
        panic!("{failure}");
    }
}

/// Numbers equally likely anywhere between `-spread` and `spread`.
pub fn numbers(len: usize, spread: f64, seed: u64, name: &str) -> Vec<f64> {
    let mut generator = Generator::named(seed, name);
    (0..len).map(|_| generator.random_range(-spread..spread)).collect()
}
