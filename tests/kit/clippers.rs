//! Clippers: the crate's, and planted mistakes.

use evenkeel::check::clipper;
use evenkeel::*;

#[test]
fn the_crates_own_pass() {
    for limit in [1e-3, 1.0, 50.0] {
        let global = GlobalNorm::new(limit).unwrap();
        clipper(&global).limit(limit).keeps_direction().identity_below(limit).run::<f32>().unwrap();
        clipper(&global).limit(limit).keeps_direction().identity_below(limit).run::<f64>().unwrap();
        let layers = PerLayerNorm::new(limit).unwrap();
        clipper(&layers).layer_limit(limit).identity_below(limit).run::<f32>().unwrap();
        clipper(&layers).layer_limit(limit).identity_below(limit).run::<f64>().unwrap();
        let value = ByValue::new(limit).unwrap();
        clipper(&value).value_limit(limit).identity_below(limit).run::<f32>().unwrap();
        clipper(&value).value_limit(limit).identity_below(limit).run::<f64>().unwrap();
    }
}

#[test]
fn claims_that_do_not_hold_are_refused() {
    let broken = |outcome: Result<(), check::Failure>, named: &str| {
        let failure = outcome.unwrap_err().to_string();
        assert!(failure.contains(named), "{failure}");
    };
    let value = ByValue::new(1.0).unwrap();
    broken(clipper(&value).limit(1.0).run::<f64>(), "norm afterwards");
    broken(clipper(&value).keeps_direction().run::<f64>(), "same direction");
    broken(clipper(&PerLayerNorm::new(1.0).unwrap()).keeps_direction().run::<f64>(), "same direction");
    broken(clipper(&GlobalNorm::new(1.0).unwrap()).identity_below(2.0).run::<f64>(), "no change below");
    broken(clipper(&GlobalNorm::new(1.0).unwrap()).layer_limit(0.5).run::<f64>(), "norm of a layer");
    broken(clipper(&GlobalNorm::new(1.0).unwrap()).value_limit(0.1).run::<f64>(), "largest gradient");
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
            return Clipped { non_finite, ..Clipped::untouched(before) };
        }
        let norm = match bug {
            Bug::Overflow => f64::from(gradients.values().iter().map(|g| g * g).sum::<f32>().sqrt()),
            _ => before,
        };
        if norm <= 1.0 && bug != Bug::DividesByZero {
            return Clipped::untouched(before);
        }
        let mut factor = 1.0 / norm;
        if bug == Bug::Random {
            use std::sync::atomic::{AtomicU64, Ordering};
            static CALLS: AtomicU64 = AtomicU64::new(1);
            factor /= CALLS.fetch_add(1, Ordering::Relaxed) as f64;
        }
        gradients.values_mut().iter_mut().for_each(|g| *g = (f64::from(*g) * factor) as f32);
        let norm_after = if bug == Bug::StaleReport { before } else { gradients.norm() };
        let touched = if bug == Bug::NotTouched { 0 } else { gradients.values().len() };
        Clipped { norm_before: before, norm_after, pending: 1.0, touched, non_finite: None }
    }
}

#[test]
fn planted_mistakes_are_named() {
    let outcome = |bug| clipper(&Planted(bug)).limit(1.0).keeps_direction().identity_below(1.0).run();
    outcome(Bug::None).unwrap();
    for (bug, named) in [
        (Bug::Overflow, "something left"),
        (Bug::TouchesNaN, "as they were"),
        (Bug::SilentNaN, "a report of that entry"),
        (Bug::StaleReport, "norm_after"),
        (Bug::DividesByZero, "finite gradients afterwards"),
        (Bug::Random, "a copy of the clipper"),
        (Bug::NotTouched, "`touched`"),
    ] {
        let failure = outcome(bug).unwrap_err().to_string();
        assert!(failure.contains(named), "{bug:?}: {failure}");
    }
}
