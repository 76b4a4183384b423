//! Clippers: the crate's, and planted mistakes.

use evenkeel::check::clipper;
use evenkeel::*;

#[test]
fn the_crates_own_pass() {
    // The last is near the largest number of f32, where squares overflow.
    for limit in [1e-3, 1.0, 50.0, 1e38] {
        let global = GlobalNorm::new(limit).unwrap();
        clipper(|| global).limit(limit).keeps_direction().identity_below(limit).run::<f32>().unwrap();
        clipper(|| global).limit(limit).keeps_direction().identity_below(limit).run::<f64>().unwrap();
        let layers = PerLayerNorm::new(limit).unwrap();
        clipper(|| layers).layer_limit(limit).identity_below(limit).run::<f32>().unwrap();
        clipper(|| layers).layer_limit(limit).identity_below(limit).run::<f64>().unwrap();
        let value = ByValue::new(limit).unwrap();
        clipper(|| value).value_limit(limit).identity_below(limit).run::<f32>().unwrap();
        clipper(|| value).value_limit(limit).identity_below(limit).run::<f64>().unwrap();
    }
}

#[test]
fn those_that_look_at_weights_or_blocks_pass() {
    for share in [1e-3, 0.01, 0.5] {
        clipper(|| AdaptiveNorm::new(share).unwrap()).run::<f32>().unwrap();
        clipper(|| AdaptiveNorm::new(share).unwrap()).run::<f64>().unwrap();
    }
    for limit in [1e-3, 1.0, 50.0] {
        // The norm of a block of n gradients is sqrt(n) times their root mean square.
        clipper(|| BlockRms::new(limit).unwrap()).identity_below(limit).run::<f32>().unwrap();
        clipper(|| BlockRms::new(limit).unwrap()).identity_below(limit).run::<f64>().unwrap();
    }
}

#[test]
fn those_that_remember_pass() {
    for percentile in [0.0, 10.0, 95.0, 100.0] {
        let clip = || PercentileNorm::new(percentile).unwrap().window(100).unwrap();
        clipper(clip).keeps_direction().run::<f32>().unwrap();
        clipper(clip).keeps_direction().run::<f64>().unwrap();
    }
    // The largest norm of all clips nothing, whatever came before.
    clipper(|| PercentileNorm::new(100.0).unwrap()).identity_below(f64::INFINITY).run::<f64>().unwrap();
    for threshold in [0.5, 2.5] {
        let clip = || ZScoreNorm::new(threshold).unwrap();
        clipper(clip).keeps_direction().run::<f32>().unwrap();
        clipper(clip).keeps_direction().run::<f64>().unwrap();
    }
}

#[test]
fn chains_pass() {
    fn chain<T: Float>() -> Chain<T> {
        let remembers = PercentileNorm::new(50.0).unwrap().window(20).unwrap();
        let chain = Chain::new().then(AdaptiveNorm::new(0.1).unwrap()).then(remembers);
        chain.then(ZScoreNorm::new(2.5).unwrap()).then(GlobalNorm::new(0.5).unwrap())
    }
    clipper(chain::<f32>).limit(0.5).run::<f32>().unwrap();
    // Each touches entries of its own.
    fn of_some<T: Float>() -> Chain<T> {
        Chain::new().then(ByValue::new(0.7).unwrap()).then(PerLayerNorm::new(1.5).unwrap())
    }
    clipper(of_some::<f32>).value_limit(0.7).layer_limit(1.5).run::<f32>().unwrap();
    clipper(of_some::<f64>).value_limit(0.7).layer_limit(1.5).run::<f64>().unwrap();
    clipper(chain::<f64>).limit(0.5).run::<f64>().unwrap();
    clipper(Chain::<f32>::new).keeps_direction().identity_below(f64::INFINITY).run::<f32>().unwrap();
}

#[test]
fn orders_pass() {
    for order in [1.0, 2.0, 3.0, f64::INFINITY] {
        let global = GlobalNorm::new(1.0).unwrap().order(order).unwrap();
        // Of n numbers, the Euclidean norm is at most n^(1/2 - 1/p) times that of a higher order p, and at most that of a lower one.
        let most = 69.0_f64.powf((0.5 - order.recip()).max(0.0));
        clipper(|| global).limit(most).keeps_direction().run::<f32>().unwrap();
        clipper(|| global).limit(most).keeps_direction().run::<f64>().unwrap();
    }
}

#[test]
fn claims_that_do_not_hold_are_refused() {
    let broken = |outcome: Result<(), check::Failure>, named: &str| {
        let failure = outcome.unwrap_err().to_string();
        assert!(failure.contains(named), "{failure}");
    };
    let value = || ByValue::new(1.0).unwrap();
    let global = || GlobalNorm::new(1.0).unwrap();
    broken(clipper(value).limit(1.0).run::<f64>(), "norm afterwards");
    broken(clipper(value).keeps_direction().run::<f64>(), "same direction");
    broken(clipper(|| PerLayerNorm::new(1.0).unwrap()).keeps_direction().run::<f64>(), "same direction");
    broken(clipper(global).identity_below(2.0).run::<f64>(), "no change below");
    broken(clipper(global).layer_limit(0.5).run::<f64>(), "norm of a layer");
    broken(clipper(global).value_limit(0.1).run::<f64>(), "largest gradient");
    // As new they clip nothing; once they have seen ordinary gradients they do.
    broken(clipper(|| PercentileNorm::new(10.0).unwrap()).identity_below(1e20).run::<f32>(), "no change below");
    broken(clipper(|| ZScoreNorm::new(2.5).unwrap()).identity_below(1e20).run::<f32>(), "no change below");
    let slow = || ZScoreNorm::new(2.5).unwrap().warm_up(100).unwrap();
    clipper(slow).identity_below(1e20).run::<f32>().unwrap();
    broken(clipper(slow).warm_up(128).identity_below(1e20).run::<f32>(), "no change below");
}

#[test]
fn what_judges_nothing_is_no_success() {
    let global = || GlobalNorm::new(1.0).unwrap();
    for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for check in [
            clipper(global).limit(nonsense),
            clipper(global).layer_limit(nonsense),
            clipper(global).value_limit(nonsense),
            clipper(global).identity_below(if nonsense > 0.0 { f64::NAN } else { nonsense }),
        ] {
            let failure = check.run::<f32>().unwrap_err();
            assert!(matches!(failure, check::Failure::Network(Error::Argument { .. })), "{failure}");
        }
    }
    assert!(clipper(global).warm_up(0).run::<f32>().is_err());
    // No f32 is that large, or that small.
    for check in [
        clipper(global).limit(1e300),
        clipper(global).layer_limit(1e300),
        clipper(global).value_limit(1e300),
        clipper(global).identity_below(1e-300),
    ] {
        let failure = check.run::<f32>().unwrap_err().to_string();
        assert!(failure.contains("nothing was judged"), "{failure}");
    }
}

/// What is wrong with a clipper by global norm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// The norm is squared in the type of the gradients, where it overflows.
    Overflow,
    /// Gradients that are not finite are multiplied as well.
    TouchesNaN,
    /// Nobody is told of them.
    SilentNaN,
    /// The norm after is that before.
    StaleReport,
    /// Divides by the norm, whatever it is.
    DividesByZero,
    /// Two copies do not do the same.
    Random,
    /// What it touched is not said.
    NotTouched,
    /// One entry is said to be touched, more than there are, or all of them where nothing was done.
    TouchedOne,
    TouchedMore,
    TouchedAlways,
    /// A NaN is said to have been dealt with.
    TouchedNaN,
    VanishedNaN,
}

#[derive(Debug, Clone)]
struct Planted(Bug);

impl GradientClipper<f32> for Planted {
    fn clip(&mut self, gradients: &mut Gradients<'_, f32>) -> Clipped {
        let before = gradients.norm();
        let bug = self.0;
        if let Some(place) = gradients.first_non_finite() {
            if bug == Bug::TouchesNaN {
                gradients.values_mut().iter_mut().for_each(|g| *g *= 0.5);
            }
            let non_finite = Some(place).filter(|_| bug != Bug::SilentNaN);
            let outcome = Clipped { non_finite, ..Clipped::untouched(before) };
            return match bug {
                Bug::TouchedNaN => Clipped { touched: 5, ..outcome },
                Bug::VanishedNaN => Clipped { norm_after: 0.0, ..outcome },
                _ => outcome,
            };
        }
        let norm = match bug {
            Bug::Overflow => f64::from(gradients.values().iter().map(|g| g * g).sum::<f32>().sqrt()),
            _ => before,
        };
        if norm <= 1.0 && bug != Bug::DividesByZero {
            let touched = if bug == Bug::TouchedAlways { gradients.values().len() } else { 0 };
            return Clipped { touched, ..Clipped::untouched(before) };
        }
        let mut factor = 1.0 / norm;
        if bug == Bug::Random {
            use std::sync::atomic::{AtomicU64, Ordering};
            static CALLS: AtomicU64 = AtomicU64::new(1);
            factor /= CALLS.fetch_add(1, Ordering::Relaxed) as f64;
        }
        gradients.values_mut().iter_mut().for_each(|g| *g = (f64::from(*g) * factor) as f32);
        let norm_after = if bug == Bug::StaleReport { before } else { gradients.norm() };
        let touched = match bug {
            Bug::NotTouched => 0,
            Bug::TouchedOne => 1,
            Bug::TouchedMore => 77,
            _ => gradients.values().len(),
        };
        Clipped { norm_before: before, norm_after, pending: 1.0, touched, non_finite: None }
    }
}

#[test]
fn planted_mistakes_are_named() {
    let outcome = |bug| clipper(|| Planted(bug)).limit(1.0).keeps_direction().identity_below(1.0).run();
    outcome(Bug::None).unwrap();
    for (bug, named) in [
        (Bug::Overflow, "something left"),
        (Bug::TouchesNaN, "as they were"),
        (Bug::SilentNaN, "a report of that entry"),
        (Bug::StaleReport, "norm_after"),
        (Bug::DividesByZero, "finite gradients afterwards"),
        (Bug::Random, "another clipper"),
        (Bug::NotTouched, "`touched`"),
        (Bug::TouchedOne, "`touched`"),
        (Bug::TouchedMore, "`touched`"),
        (Bug::TouchedAlways, "`touched`: expected 0"),
        (Bug::TouchedNaN, "`touched`: expected 0"),
        (Bug::VanishedNaN, "norm_after: expected no finite norm"),
    ] {
        let failure = outcome(bug).unwrap_err().to_string();
        assert!(failure.contains(named), "{bug:?}: {failure}");
    }
}

/// Of one that changes some entries, all others are not touched, however few there are.
#[test]
fn entries_that_stay_are_not_touched() {
    #[derive(Debug)]
    struct All(ByValue);
    impl GradientClipper<f64> for All {
        fn clip(&mut self, gradients: &mut Gradients<'_, f64>) -> Clipped {
            let outcome = self.0.clip(gradients);
            Clipped { touched: if outcome.touched > 0 { gradients.values().len() } else { 0 }, ..outcome }
        }
    }
    let failure = clipper(|| All(ByValue::new(1.0).unwrap())).value_limit(1.0).run().unwrap_err().to_string();
    assert!(failure.contains("`touched`"), "{failure}");
}

/// What is wrong with a memory: that of a clipper by the largest norm so far.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Forgets {
    Nothing,
    /// Says nothing of what it remembers.
    Hides,
    /// Gives half of it back.
    Halves,
    /// Refuses what it gave.
    Refuses,
    /// One NaN makes every later limit NaN.
    TakesNaN,
    /// The same, unseen.
    TakesNaNHidden,
    /// An infinity lifts the limit for good.
    TakesInfinity,
    /// Zeros bring it down to nothing.
    TakesZeros,
}

#[derive(Debug)]
struct LargestSoFar {
    forgets: Forgets,
    norm: f64,
}

impl GradientClipper<f64> for LargestSoFar {
    fn clip(&mut self, gradients: &mut Gradients<'_, f64>) -> Clipped {
        let (norm, forgets) = (gradients.norm(), self.forgets);
        match gradients.first_non_finite() {
            Some(place) => {
                match forgets {
                    Forgets::TakesNaN | Forgets::TakesNaNHidden if norm.is_nan() => self.norm = norm,
                    Forgets::TakesInfinity => self.norm = 1e300,
                    _ => {}
                }
                return Clipped { non_finite: Some(place), ..Clipped::untouched(norm) };
            }
            None if norm == 0.0 && forgets == Forgets::TakesZeros => self.norm = 1e-100,
            None if self.norm == 0.0 => self.norm = norm,
            None => {}
        }
        let limit = self.norm;
        // Grows a little with what it sees.
        self.norm = if norm > limit { 1.1 * limit } else { self.norm };
        if limit == 0.0 || limit.is_nan() || norm <= limit {
            return Clipped::untouched(norm);
        }
        gradients.values_mut().iter_mut().for_each(|g| *g = *g / norm * limit);
        let touched = gradients.values().len();
        Clipped { norm_before: norm, norm_after: gradients.norm(), pending: 1.0, touched, non_finite: None }
    }

    fn memory(&self) -> Vec<f64> {
        match self.forgets {
            Forgets::Hides | Forgets::TakesNaNHidden => Vec::new(),
            Forgets::Halves => vec![self.norm / 2.0],
            _ => vec![self.norm],
        }
    }

    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        match (self.forgets, memory) {
            (Forgets::Hides | Forgets::TakesNaNHidden, []) => Ok(()),
            (Forgets::Refuses, _) => Err(Error::Foreign { what: "the clipper's memory" }),
            (_, &[norm]) => {
                self.norm = norm;
                Ok(())
            }
            _ => Err(Error::Foreign { what: "the clipper's memory" }),
        }
    }
}

#[test]
fn memories_that_are_wrong_are_named() {
    let check = |forgets| clipper(move || LargestSoFar { forgets, norm: 0.0 }).keeps_direction();
    check(Forgets::Nothing).run().unwrap();
    for (forgets, named) in [
        (Forgets::Hides, "given the memory of one that is warm"),
        (Forgets::Halves, "given the memory of one that is warm: memory"),
        (Forgets::Refuses, "that it takes it"),
        (Forgets::TakesNaN, "a memory of finite numbers"),
        (Forgets::TakesNaNHidden, "given the memory of one that is warm"),
        (Forgets::TakesInfinity, "after some with a"),
        (Forgets::TakesZeros, "after some with nothing but zeros"),
    ] {
        let failure = check(forgets).run().unwrap_err().to_string();
        assert!(failure.contains(named), "{forgets:?}: {failure}");
    }
    // Who says so may react to them, as long as it says how.
    check(Forgets::TakesInfinity).remembers_bad_steps().run().unwrap();
    check(Forgets::TakesZeros).remembers_bad_steps().run().unwrap();
    let failure = check(Forgets::TakesNaN).remembers_bad_steps().run().unwrap_err().to_string();
    assert!(failure.contains("a memory of finite numbers"), "{failure}");
}
