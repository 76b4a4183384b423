//! Initializers: the crate's, and planted mistakes that were once made elsewhere.

use evenkeel::check::{Failure, initializer};
use evenkeel::*;
use rand::RngExt;

#[test]
fn the_crates_own_pass() {
    let fan_in = |param: &Param| 1.0 / param.fans.fan_in as f64;
    let both = |param: &Param| 2.0 / (param.fans.fan_in + param.fans.fan_out) as f64;
    initializer(&Xavier::normal()).variance(both).run::<f32>().unwrap();
    initializer(&Xavier::uniform()).variance(both).run::<f64>().unwrap();
    initializer(&He::normal()).variance(|param| 2.0 * fan_in(param)).run::<f32>().unwrap();
    initializer(&He::uniform()).variance(|param| 2.0 * fan_in(param)).run::<f32>().unwrap();
    initializer(&LeCun::normal()).variance(fan_in).run::<f32>().unwrap();
    initializer(&LeCun::uniform()).variance(fan_in).run::<f64>().unwrap();
    initializer(&Zeros).mean(|_| 0.0).variance(|_| 0.0).run::<f32>().unwrap();
    initializer(&Constant::new(0.1).unwrap()).mean(|_| 0.1).variance(|_| 0.0).run::<f32>().unwrap();
    initializer(&Normal::new(0.3, 0.5).unwrap()).mean(|_| 0.3).variance(|_| 0.25).run::<f32>().unwrap();
    initializer(&Xavier::truncated()).variance(both).run::<f32>().unwrap();
    initializer(&He::truncated()).variance(|param| 2.0 * fan_in(param)).run::<f64>().unwrap();
    let longer = |param: &Param| 1.0 / param.rows.max(param.cols) as f64;
    initializer(&Orthogonal::default()).mean(|_| 0.0).variance(longer).run::<f32>().unwrap();
    initializer(&Sparse::new(15, 1.0).unwrap()).variance(|param| 15.0 / param.rows as f64).run::<f32>().unwrap();
    initializer(&Siren::first()).variance(|param| (param.fans.fan_in as f64).powi(-2) / 3.0).run::<f32>().unwrap();
    initializer(&Scaled::fixup(9, 2).unwrap())
        .variance(|param| 2.0 / param.fans.fan_out as f64 / 9.0)
        .run::<f32>()
        .unwrap();
    let tail = TruncatedNormal::new(0.0, 1.0).unwrap().bounds(3.0, f64::INFINITY).unwrap();
    initializer(&tail).mean(|_| 3.283_098_654_930_436_5).run::<f64>().unwrap();
    let uniform = Uniform::new(-1.0, 2.0).unwrap();
    let check = initializer(&uniform).mean(|_| 0.5).variance(|_| 0.75);
    check.follows(|_, w| ((w + 1.0) / 3.0).clamp(0.0, 1.0)).run::<f64>().unwrap();
}

/// Weights, and a convolution's: each initializer is refused the other.
const PIXELS: Fans = Fans { fan_in: 72, fan_out: 216 };

#[test]
fn fixed_starts_pass_and_are_held_to_their_moments() {
    let weights = [Param::weight(48, 112), Param::weight(112, 48), Param::weight(80, 80)];
    let eye = Eye::new(0.5).unwrap();
    initializer(&eye).params(&weights).run::<f32>().unwrap();
    initializer(&eye).params(&weights).run::<f64>().unwrap();
    let convolution = [Param { fans: PIXELS, ..Param::weight(72, 24) }];
    let dirac = Dirac::new((3, 3), 1.5).unwrap();
    initializer(&dirac).params(&convolution).run::<f32>().unwrap();
    initializer(&Scaled::new(-2.0, dirac).unwrap()).params(&convolution).run::<f64>().unwrap();
    let share = |param: &Param| 0.5 / param.rows.max(param.cols) as f64;
    initializer(&eye).params(&weights).mean(share).run::<f32>().unwrap();
    // A thousandth more is no chance.
    let more = |param: &Param| 1.001 * share(param);
    assert!(initializer(&eye).params(&weights).mean(more).run::<f32>().is_err());
    #[derive(Debug)]
    struct Said(f64, Draws);
    impl Initializer<f64> for Said {
        fn fill(&self, param: &Param, out: &mut [f64], rng: &mut Generator) -> Result<(), Error> {
            Eye::default().fill(param, out, rng)?;
            if self.0 < 0.0 {
                out.fill_with(|| rng.random());
            }
            Ok(())
        }
        fn moments(&self, param: &Param) -> Option<InitMoments> {
            let known = Initializer::<f64>::moments(&Eye::default(), param)?;
            Some(InitMoments { variance: known.variance * self.0.abs(), ..known })
        }
        fn draws(&self, _: &Param) -> Draws {
            self.1
        }
    }
    let named = |said: Said, named: &str| {
        let failure = initializer(&said).params(&weights).run().unwrap_err().to_string();
        assert!(failure.contains(named), "{failure}");
    };
    initializer(&Said(1.0, Draws::Fixed)).params(&weights).run().unwrap();
    named(Said(1.001, Draws::Fixed), "variance, the same for every seed");
    named(Said(-1.0, Draws::Fixed), "two seeds");
    named(Said(1.0, Draws::FixedNorm), "two seeds");
}

#[test]
fn a_mean_is_judged_without_a_variance() {
    #[derive(Debug)]
    struct Untold;
    impl Initializer<f64> for Untold {
        fn fill(&self, param: &Param, out: &mut [f64], rng: &mut Generator) -> Result<(), Error> {
            Normal::new(0.0, 1.0)?.fill(param, out, rng)
        }
        fn moments(&self, _: &Param) -> Option<InitMoments> {
            None
        }
    }
    initializer(&Untold).mean(|_| 0.0).run().unwrap();
    // Of 80,000 numbers a fortieth of a deviation is seven standard errors.
    for wrong in [5.0, 0.025, -0.025] {
        let failure = initializer(&Untold).mean(|_| wrong).run().unwrap_err();
        assert!(matches!(&failure, Failure::Unlikely { what, .. } if what.ends_with("mean")), "{failure}");
    }
    // And a variance without a mean, around the one that is measured.
    initializer(&Untold).variance(|_| 1.0).run().unwrap();
    assert!(initializer(&Untold).variance(|_| 1.1).run().is_err());
}

#[test]
fn what_judges_nothing_is_no_success() {
    #[derive(Debug)]
    struct Untold;
    impl Initializer<f64> for Untold {
        fn fill(&self, _: &Param, out: &mut [f64], rng: &mut Generator) -> Result<(), Error> {
            out.fill_with(|| rng.random());
            Ok(())
        }
        fn moments(&self, _: &Param) -> Option<InitMoments> {
            None
        }
    }
    let failure = initializer(&Untold).run().unwrap_err();
    assert!(matches!(failure, Failure::Broken { .. }), "{failure}");
    initializer(&Untold).follows(|_, w| w.clamp(0.0, 1.0)).run().unwrap();
    for rate in [f64::NAN, -1.0, 0.0, 1.0, 2.0] {
        let failure = initializer(&He::normal()).rate(rate).run::<f64>().unwrap_err();
        assert!(matches!(failure, Failure::Network(Error::Argument { argument: "rate", .. })), "{failure}");
        let failure = check::propagation(|_| Network::builder(3).layer(Linear::new(3)).build()).rate(rate).run();
        assert!(matches!(failure, Err(Failure::Network(Error::Argument { argument: "rate", .. }))), "{failure:?}");
    }
    let failure = initializer(&He::normal()).params(&[]).run::<f64>().unwrap_err();
    assert!(matches!(failure, Failure::Network(Error::Empty { .. })), "{failure}");
    let failure = initializer(&Normal::new(0.0, 1.0).unwrap()).params(&[Param::weight(0, 3)]).run::<f64>();
    assert!(matches!(failure, Err(Failure::Network(Error::Empty { .. }))), "{failure:?}");
    for claim in [f64::NAN, f64::INFINITY] {
        assert!(initializer(&He::normal()).mean(|_| claim).run::<f64>().is_err());
        assert!(initializer(&He::normal()).variance(|_| claim).run::<f64>().is_err());
    }
}

/// What is wrong with an initializer that claims variance 2 / n_in, uniform.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// Between -std and std: a third of the variance.
    MissingRoot3,
    /// 1 / n_in.
    MissingFactor2,
    /// 2 / n_out.
    SwappedFans,
    /// Off centre by a twentieth of the standard deviation.
    Mean,
    /// The right mean and variance, of a normal distribution.
    Law,
    /// The last number is left as it was.
    Unwritten,
    /// The same numbers for every seed.
    SeedIgnored,
    /// Another number than the seed decides as well.
    Hidden,
}

#[derive(Debug)]
struct Planted(Bug);

impl Initializer<f64> for Planted {
    fn fill(&self, param: &Param, out: &mut [f64], rng: &mut Generator) -> Result<(), Error> {
        let (fan_in, fan_out) = (param.fans.fan_in as f64, param.fans.fan_out as f64);
        let std = match self.0 {
            Bug::MissingFactor2 => (1.0 / fan_in).sqrt(),
            Bug::SwappedFans => (2.0 / fan_out).sqrt(),
            _ => (2.0 / fan_in).sqrt(),
        };
        let bound = if self.0 == Bug::MissingRoot3 { std } else { 3.0_f64.sqrt() * std };
        let mut fixed = Generator::named(1, "fixed");
        let count = if self.0 == Bug::Unwritten { out.len() - 1 } else { out.len() };
        for w in &mut out[..count] {
            *w = match self.0 {
                Bug::SeedIgnored => fixed.random_range(-bound..bound),
                Bug::Law => std * rng.sample::<f64, _>(rand_distr::StandardNormal),
                Bug::Mean => rng.random_range(-bound..bound) + std / 20.0,
                _ => rng.random_range(-bound..bound),
            };
        }
        if self.0 == Bug::Hidden {
            use std::sync::atomic::{AtomicU64, Ordering};
            static CALLS: AtomicU64 = AtomicU64::new(0);
            out[0] = 1e-3 * CALLS.fetch_add(1, Ordering::Relaxed) as f64;
        }
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        Some(InitMoments { mean: 0.0, variance: 2.0 / param.fans.fan_in as f64, kurtosis: Some(1.8) })
    }
}

fn outcome(bug: Bug) -> Result<(), Failure> {
    let law = |param: &Param, w: f64| {
        let bound = (6.0 / param.fans.fan_in as f64).sqrt();
        ((w + bound) / (2.0 * bound)).clamp(0.0, 1.0)
    };
    initializer(&Planted(bug)).follows(law).run()
}

#[test]
fn planted_mistakes_are_named() {
    outcome(Bug::None).unwrap();
    for (bug, named) in [
        (Bug::MissingRoot3, "variance"),
        (Bug::MissingFactor2, "variance"),
        (Bug::SwappedFans, "variance"),
        (Bug::Mean, "mean"),
        (Bug::Law, "share of the numbers"),
    ] {
        let failure = outcome(bug).unwrap_err();
        assert!(failure.to_string().contains(named), "{bug:?}: {failure}");
        assert!(matches!(failure, Failure::Unlikely { probability, .. } if probability < 1e-8), "{bug:?}: {failure}");
    }
    for (bug, named) in
        [(Bug::Unwritten, "NaN in entry 5375"), (Bug::SeedIgnored, "two seeds"), (Bug::Hidden, "one seed")]
    {
        let failure = outcome(bug).unwrap_err();
        assert!(matches!(failure, Failure::Broken { .. }) && failure.to_string().contains(named), "{bug:?}: {failure}");
    }
}

#[test]
fn moments_that_share_the_mistake_do_not_hide_it() {
    let claim = |param: &Param| 2.0 / param.fans.fan_in as f64;
    let failure = initializer(&LeCun::normal()).variance(claim).run::<f32>().unwrap_err();
    assert!(failure.to_string().contains("variance by `moments`"), "{failure}");
}

#[test]
fn what_is_right_fails_as_seldom_as_the_rate_says() {
    // A rate of 1/2 is shared by two parameters with three tests each, of which mean and variance are made, each with a probability that
    // is doubled: one of the four fails with probability 1 - (23 / 24)^4 = 0.157. So 31 of 200 calls are expected to, with a standard
    // deviation of 5.1; here are five and more, to either side (below 1e-6).
    let small = [Param::weight(40, 50), Param::weight(50, 40)];
    let failed =
        (0..200).filter(|&seed| initializer(&He::uniform()).params(&small).rate(0.5).seed(seed).run::<f64>().is_err());
    let failed = failed.count();
    assert!((4..=60).contains(&failed), "{failed} of 200");
}
