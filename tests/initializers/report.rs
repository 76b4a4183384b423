//! The report of how every parameter started: what is wrong is named, what is right is not.

use evenkeel::{
    Constant, Conv2d, Critical, DeltaOrthogonal, Dirac, Error, Eye, Float, Generator, Gru, He, InitMoments,
    InitVerdict, Initializer, LeCun, Linear, Lstm, Network, Normal, Orthogonal, Param, Relu, Rnn, Scaled, Siren,
    Sparse, Tanh, TruncatedNormal, Uniform, VarianceScaling, Xavier, Zeros,
};
use rand::RngExt;

use super::Laplace;

/// An initializer with a mistake, of a uniform He of fan-in.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// Between plus and minus the standard deviation.
    MissingRoot3,
    /// The variance of Xavier's limit: 1 / n_in.
    MissingFactor2,
    /// Off by a twentieth of its standard deviation.
    Mean,
    SwappedFans,
}

impl<T: Float> Initializer<T> for Mistake {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        let (fan_in, fan_out) = (param.fans.fan_in as f64, param.fans.fan_out as f64);
        let std = match self {
            Self::MissingFactor2 => (1.0 / fan_in).sqrt(),
            Self::SwappedFans => (2.0 / fan_out).sqrt(),
            _ => (2.0 / fan_in).sqrt(),
        };
        let bound = if *self == Self::MissingRoot3 { std } else { 3_f64.sqrt() * std };
        let mean = if *self == Self::Mean { std / 20.0 } else { 0.0 };
        out.iter_mut().for_each(|w| *w = T::of(mean + rng.random_range(-bound..bound)));
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        Some(InitMoments { mean: 0.0, variance: 2.0 / param.fans.fan_in as f64, kurtosis: Some(1.8) })
    }
}

fn network<T: Float>(weights: impl Initializer<T> + 'static, seed: u64) -> Network<T> {
    Network::builder(256).layer(Linear::new(512).weights(weights)).seed(seed).build().unwrap()
}

fn verdict<T: Float>(weights: impl Initializer<T> + 'static, seed: u64) -> InitVerdict {
    network(weights, seed).init_report().parameters[0].verdict
}

#[test]
fn mistakes_are_named() {
    for seed in 0..20 {
        assert_eq!(verdict::<f32>(Mistake::None, seed), InitVerdict::OnTarget);
        assert_eq!(verdict::<f32>(Mistake::MissingRoot3, seed), InitVerdict::VarianceOff);
        assert_eq!(verdict::<f32>(Mistake::MissingFactor2, seed), InitVerdict::VarianceOff);
        assert_eq!(verdict::<f32>(Mistake::SwappedFans, seed), InitVerdict::VarianceOff);
        assert_eq!(verdict::<f32>(Mistake::Mean, seed), InitVerdict::MeanOff);
    }
    // What the network itself would refuse may still come about later.
    let mut broken = network::<f32>(Mistake::None, 1);
    broken.parameters_mut()[7] = f32::INFINITY;
    let report = broken.init_report();
    assert_eq!(report.parameters[0].verdict, InitVerdict::NonFinite);
    assert_eq!(report.off_target().map(|record| &*record.name).collect::<Vec<_>>(), ["0.linear.weight"]);
    let table = report.to_string();
    assert!(table.contains("NOT FINITE") && table.ends_with("off target: 0.linear.weight"), "{table}");
    // Normal and skewed weights, twice as far as their tolerances.
    for factor in [1.1, 0.9] {
        let mut scaled = network::<f32>(He::normal(), 1);
        scaled.parameters_mut().iter_mut().for_each(|w| *w *= factor);
        assert_eq!(scaled.init_report().parameters[0].verdict, InitVerdict::VarianceOff);
    }
}

/// Every initializer of the crate that draws from a known distribution, right.
fn right(number: usize) -> (&'static str, Box<dyn Initializer<f32>>) {
    let cut = |low: f64, high: f64| TruncatedNormal::new(0.3, 0.1).unwrap().bounds(low, high).unwrap();
    match number % 20 {
        0 => ("xavier normal", Box::new(Xavier::normal())),
        1 => ("xavier uniform", Box::new(Xavier::uniform())),
        2 => ("he truncated", Box::new(He::truncated())),
        3 => ("lecun uniform", Box::new(LeCun::uniform())),
        4 => ("normal", Box::new(Normal::new(-2.0, 0.5).unwrap())),
        5 => ("uniform", Box::new(Uniform::new(0.25, 1.0).unwrap())),
        6 => ("truncated", Box::new(cut(-2.0, 2.0))),
        7 => ("one side", Box::new(cut(-1.0, f64::INFINITY))),
        8 => ("half", Box::new(cut(0.0, f64::INFINITY))),
        9 => ("tail", Box::new(cut(3.0, f64::INFINITY))),
        10 => ("far tail", Box::new(cut(8.0, 9.0))),
        11 => ("farthest tail", Box::new(cut(-1000.0, -40.0))),
        12 => ("laplace", Box::new(Xavier::with(Laplace).kurtosis(6.0).unwrap())),
        13 => ("orthogonal", Box::new(Orthogonal::new(1.3).unwrap())),
        14 => ("eye", Box::new(Eye::default())),
        15 => ("siren", Box::new(Siren::hidden(30.0).unwrap())),
        16 => ("sparse", Box::new(Sparse::new(15, 1.0).unwrap())),
        17 => ("fixup", Box::new(Scaled::fixup(20, 3).unwrap())),
        18 => ("critical", Box::new(Critical::of(&Tanh, 0.05).unwrap())),
        _ => ("constant", Box::new(Constant::new(0.1).unwrap())),
    }
}

#[test]
fn a_thousand_right_starts_raise_no_alarm() {
    // Each with a probability of 1e-6 at most, so 1e-3 for all of them by the bounds; which are larger than that of the normal distribution,
    // by which 5.6 deviations, of a mean, make 2e-8.
    for number in 0..1000 {
        let (name, weights) = right(number);
        let (n_in, n_out) = if number % 3 == 0 { (256, 512) } else { (7 + number % 50, 3 + number % 31) };
        let network = Network::<f32>::builder(n_in).layer(Linear::new(n_out)).weights(weights);
        let network = network.biases(right(number / 20).1).seed(number as u64).build().unwrap();
        let report = network.init_report();
        assert!(report.is_on_target(), "{name}, {n_in} x {n_out}:\n{report}");
    }
}

#[test]
fn the_tolerance_is_not_too_wide() {
    // Of 256 x 512 numbers a deviation of the mean of 1.6 % of theirs is seen, and 3 % of variance of those with the lightest tails.
    let record = |weights: Box<dyn Initializer<f64>>| network(weights, 1).init_report().parameters.swap_remove(0);
    for weights in [Box::new(He::normal()) as Box<dyn Initializer<f64>>, Box::new(He::uniform())] {
        let record = record(weights);
        let target = record.target.unwrap();
        assert!(record.mean_tolerance.unwrap() < 0.016 * target.variance.sqrt(), "{record:?}");
        assert!(record.variance_tolerance.unwrap() < 0.03 * target.variance, "{record:?}");
    }
    let tail = TruncatedNormal::new(0.0, 1.0).unwrap().bounds(8.0, 9.0).unwrap();
    let record = record(Box::new(tail));
    assert!(record.variance_tolerance.unwrap() < 0.12 * record.target.unwrap().variance, "{record:?}");
}

#[test]
fn what_is_exact_has_to_be() {
    for weights in [
        Box::new(Orthogonal::default()) as Box<dyn Initializer<f32>>,
        Box::new(Eye::new(0.5).unwrap()),
        Box::new(Constant::new(0.1).unwrap()),
        Box::new(Zeros),
    ] {
        let name = format!("{weights:?}");
        let mut network = network(weights, 3);
        assert!(network.init_report().is_on_target(), "{name}");
        // One of 131,072 numbers changed: by a thousandth of the length of a column.
        network.parameters_mut()[0] += 0.05;
        assert!(network.init_report().parameters[0].verdict.is_off(), "{name}");
    }
    let mut network = network::<f32>(Constant::new(0.1).unwrap(), 3);
    network.parameter_mut("0.linear.weight").unwrap().data_mut().fill(0.2);
    assert_eq!(network.init_report().parameters[0].verdict, InitVerdict::MeanOff);
}

#[test]
fn what_is_not_known_is_said() {
    #[derive(Debug)]
    struct Untold;
    impl Initializer<f32> for Untold {
        fn fill(&self, _: &Param, out: &mut [f32], rng: &mut Generator) -> Result<(), Error> {
            out.iter_mut().for_each(|w| *w = rng.random());
            Ok(())
        }
        fn moments(&self, _: &Param) -> Option<InitMoments> {
            None
        }
    }
    assert_eq!(verdict(Untold, 1), InitVerdict::Unknown);
    // A distribution of the user's whose kurtosis nobody stated.
    assert_eq!(verdict::<f32>(Xavier::with(Laplace), 1), InitVerdict::MeanOnTarget);
    let report = network::<f32>(Xavier::with(Laplace), 1).init_report();
    assert!(report.is_on_target() && report.to_string().contains("kurtosis not known"), "{report}");
    assert!(report.parameters[0].variance_tolerance.is_none());
}

#[test]
fn every_layer_starts_as_it_says() {
    let images = Network::<f32>::builder(12 * 12 * 4)
        .layer(Conv2d::new((12, 12, 4), 16, 3).weights(DeltaOrthogonal::new((3, 3), 1.0).unwrap()))
        .layer(Relu)
        .layer(Conv2d::new((10, 10, 16), 16, 3).groups(4).weights(Dirac::new((3, 3), 1.0).unwrap()))
        .layer(Conv2d::new((8, 8, 16), 8, 3))
        .layer(Linear::new(10))
        .seed(1)
        .build()
        .unwrap();
    let report = images.init_report();
    assert!(report.parameters.iter().all(|record| record.verdict == InitVerdict::OnTarget), "{report}");
    let sequences = Network::<f32>::builder(20 * 6)
        .layer(Gru::new(20, 6, 16).unwrap())
        .layer(Lstm::new(20, 16, 8).unwrap().last())
        .layer(Rnn::new(1, 8, 8).unwrap().relu())
        .build()
        .unwrap();
    assert!(sequences.init_report().is_on_target(), "{}", sequences.init_report());
    // A network that takes over another's numbers takes over where they came from.
    let (mut zeros, other) = (network::<f32>(Zeros, 1), network::<f32>(He::normal(), 2));
    zeros.copy_from(&other).unwrap();
    assert!(zeros.init_report().is_on_target());
    assert_eq!(zeros.init_moments().next().unwrap().unwrap().variance, 2.0 / 256.0);
    let own = VarianceScaling::new(1.5, evenkeel::FanMode::GeometricMean, evenkeel::UnitTruncatedNormal).unwrap();
    assert_eq!(verdict::<f64>(own, 1), InitVerdict::OnTarget);
}
