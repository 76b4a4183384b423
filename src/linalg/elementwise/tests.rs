//! What every function is held to: its formula in `f64`, one number at a time, at every instruction set of this processor; values at
//! the ends of the line; and the same bits wherever in a slice a number stands.

use std::fmt::Debug;

use proptest::prelude::*;

use super::*;
use crate::linalg::simd::Level;

/// `f` of all numbers, at one level.
fn all<T: Float>(level: Level, f: impl Function<T>, x: &[T]) -> Vec<T> {
    let mut y = vec![T::nan(); x.len()];
    level.run(Map { f, x, y: &mut y });
    y
}

/// Numbers of every size, thickest where functions bend.
fn numbers() -> Vec<f64> {
    let sizes = (-1022..1024).flat_map(|exponent| [1.0, 1.37, 1.81].map(|m| m * 2_f64.powi(exponent)));
    let middle = (1..4000).map(|i| f64::from(i) * 0.02713);
    sizes.chain(middle).flat_map(|x| [x, -x]).collect()
}

/// Checks a function in both types against `exact`: within `ulps` of the size of its result, or `floor` of the smallest numbers.
pub(super) fn agrees(
    f: impl Function<f32> + Function<f64> + Copy + Debug,
    ulps: f64,
    floor: f64,
    exact: impl Fn(f64) -> f64,
) {
    agrees_in::<f32>(f, ulps, floor, &exact);
    // The formula in f64 has roundings of its own, and more the more of them there are.
    agrees_in::<f64>(f, ulps + 4.0, floor, &exact);
}

fn agrees_in<T: Float>(f: impl Function<T> + Copy + Debug, ulps: f64, floor: f64, exact: impl Fn(f64) -> f64) {
    let x: Vec<T> = numbers().into_iter().map(T::of).filter(|x| x.is_finite()).collect();
    let smallest = T::min_positive_value().get() * T::epsilon().get();
    for level in Level::all() {
        for (&x, y) in x.iter().zip(all(level, f, &x)) {
            let exact = exact(x.get());
            let bound = ulps * T::epsilon().get() * exact.abs() + floor * smallest;
            let right = y == T::of(exact) || (y.get() - exact).abs() <= bound;
            assert!(right, "{f:?} of {x} = {y}, not {exact}, at {level:?}");
        }
    }
}

/// Checks a function in both types against `exact`, absolutely: within 8 machine epsilons.
pub(super) fn near(f: impl Function<f32> + Function<f64> + Copy + Debug, exact: impl Fn(f64) -> f64) {
    fn near_in<T: Float>(f: impl Function<T> + Copy + Debug, exact: impl Fn(f64) -> f64) {
        let x: Vec<T> = numbers().into_iter().map(T::of).filter(|x| x.is_finite()).collect();
        for level in Level::all() {
            for (&x, y) in x.iter().zip(all(level, f, &x)) {
                let exact = exact(x.get());
                assert!(
                    (y.get() - exact).abs() <= 8.0 * T::epsilon().get(),
                    "{f:?} of {x} = {y}, not {exact}, at {level:?}"
                );
            }
        }
    }
    near_in::<f32>(f, &exact);
    near_in::<f64>(f, &exact);
}

/// Checks the values at the ends of the line and in its middle, in both types, and that a NaN stays one.
pub(super) fn has(f: impl Function<f32> + Function<f64> + Copy + Debug, values: &[(f64, f64)]) {
    for level in Level::all() {
        for &(x, expected) in values {
            let (single, double) = (all(level, f, &[x as f32])[0], all(level, f, &[x])[0]);
            for y in [f64::from(single), double] {
                let same = y == expected && y.is_sign_negative() == expected.is_sign_negative();
                assert!(same || y.is_nan() && expected.is_nan(), "{f:?} of {x} = {y}, not {expected}, at {level:?}");
            }
        }
        assert!(all(level, f, &[f32::NAN])[0].is_nan() && all(level, f, &[-f64::NAN])[0].is_nan(), "{f:?}");
        let odd_nan = [f32::from_bits(0x7f80_0001), f32::from_bits(0xff80_0001)];
        assert!(all(level, f, &odd_nan).iter().all(|y| y.is_nan()), "{f:?}");
    }
}

proptest! {
    #[test]
    fn bits_do_not_depend_on_the_place(x in proptest::collection::vec(-20.0_f64..20.0, 1..150), from in 0_usize..40) {
        fn same<T: Float>(x: &[f64], from: usize, f: impl Function<T> + Copy) {
            let x: Vec<T> = x.iter().map(|&x| T::of(x)).collect();
            for level in Level::all() {
                let whole = all(level, f, &x);
                assert_eq!(all(level, f, &x[from..]), whole[from..]);
                for (&x, &y) in x.iter().zip(&whole) {
                    assert_eq!(all(level, f, &[x]), [y]);
                }
            }
        }
        let from = from.min(x.len());
        same::<f32>(&x, from, Tanh);
        same::<f64>(&x, from, Tanh);
        same::<f32>(&x, from, Gelu);
        same::<f64>(&x, from, Softplus);
        same::<f32>(&x, from, MishSlope);
    }
}

#[test]
fn every_way_of_going_through_a_slice_gives_the_same() {
    for count in [0, 1, 31, 32, 33, 100] {
        let x: Vec<f32> = (0..count).map(|i| i as f32 * 0.1 - 3.0).collect();
        let dy: Vec<f32> = x.iter().map(|x| x * 0.7 + 1.0).collect();
        let (mut y, mut dx) = (vec![0.0; count], vec![0.0; count]);
        map(Exp, &x, &mut y);
        pull_back(Exp, &x, &dy, &mut dx);
        assert!(dx.iter().zip(&y).zip(&dy).all(|((dx, y), dy)| *dx == y * dy));
        struct Replace<'a>(&'a mut [f32]);
        impl Work for Replace<'_> {
            type Output = ();
            #[inline(always)]
            fn run<I: Isa>(self) {
                replace::<I, f32>(&Exp, self.0);
            }
        }
        let mut there = x.clone();
        dispatch(Replace(&mut there));
        assert_eq!(there, y);
    }
}

#[test]
fn largest_and_sum_of_any_length() {
    for count in 0..70_usize {
        let x: Vec<f64> = (0..count).map(|i| ((i * 37) % 71) as f64).collect();
        assert_eq!(sum(&x), x.iter().sum::<f64>());
        assert_eq!(largest(&x), x.iter().fold(f64::NEG_INFINITY, |largest, &x| largest.max(x)));
    }
}
