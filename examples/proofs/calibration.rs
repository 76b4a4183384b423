//! Are 95 % of networks within the bars of 95 %?

use std::thread;

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::Proof;
use crate::common::{Failure, activation};

/// A family of networks: one row and one stack of random depth and width each, of which one layer is looked at, so that all are independent.
#[derive(Debug, Clone, Copy)]
struct Family {
    activation: &'static str,
    start: Start,
    /// The variance of weights, times n_in, and that of biases.
    variances: [f64; 2],
    /// Whether theory tells the scatter of gradients as well.
    back: bool,
}

/// What draws the weights.
#[derive(Debug, Clone, Copy)]
enum Start {
    Normal,
    Uniform,
    Truncated,
    /// From one width to another.
    Orthogonal,
}

const fn family(start: Start, activation: &'static str, variances: [f64; 2], back: bool) -> Family {
    Family { activation, start, variances, back }
}

const FAMILIES: [Family; 22] = [
    family(Start::Normal, "relu", [2.0, 0.0], true),
    family(Start::Normal, "leaky_relu", [2.0, 0.0], true),
    family(Start::Normal, "identity", [1.0, 0.0], true),
    family(Start::Normal, "tanh", [1.76, 0.05], false),
    family(Start::Normal, "tanh", [3.0, 0.0], false),
    family(Start::Normal, "gelu", [2.0, 0.05], false),
    family(Start::Normal, "silu", [2.0, 0.05], false),
    family(Start::Normal, "mish", [2.0, 0.05], false),
    family(Start::Normal, "selu", [1.0, 0.0], false),
    family(Start::Normal, "elu", [1.55, 0.0], false),
    family(Start::Normal, "sigmoid", [3.4, 0.0], false),
    family(Start::Normal, "softplus", [1.0, 0.0], false),
    family(Start::Normal, "softsign", [4.0, 0.05], false),
    family(Start::Uniform, "relu", [2.0, 0.0], true),
    family(Start::Uniform, "tanh", [1.76, 0.05], false),
    family(Start::Truncated, "relu", [2.0, 0.0], true),
    family(Start::Orthogonal, "relu", [2.0, 0.0], true),
    family(Start::Orthogonal, "leaky_relu", [2.0, 0.0], true),
    family(Start::Orthogonal, "tanh", [1.76, 0.05], false),
    family(Start::Orthogonal, "gelu", [2.0, 0.05], false),
    family(Start::Orthogonal, "selu", [1.0, 0.0], false),
    family(Start::Orthogonal, "elu", [1.55, 0.0], false),
];

/// Beyond that variance logarithms are far from normal; below, there is none but of rounding.
const VARIANCE: std::ops::Range<f64> = 1e-12..0.25;

/// Every family, on two threads.
pub fn run(networks: u64, say: &mut impl FnMut(Proof)) -> Result<(), Failure> {
    for family in FAMILIES {
        let half = networks / 2;
        let [one, other] = thread::scope(|scope| {
            [0..half, half..networks]
                .map(|range| scope.spawn(move || count(&family, range).map_err(|error| error.to_string())))
                .map(|thread| thread.join().map_err(|_| "a thread panicked".to_owned()))
        });
        let (one, other) = (one??, other??);
        let share = |at: usize| (one[at] + other[at]) as f64 / networks as f64;
        let fine = |share: f64| (0.025..=0.08).contains(&share);
        let back = if family.back { format!(", of gradients {:.2} %", 100.0 * share(1)) } else { String::new() };
        say(Proof {
            of: format!("{:?} {} {:?}", family.start, family.activation, family.variances),
            found: format!("outside 95 %: of signals {:.2} %{back}", 100.0 * share(0)),
            holds: fine(share(0)) && (!family.back || fine(share(1))),
        });
    }
    Ok(())
}

/// How many signals and gradients are outside.
fn count(family: &Family, networks: std::ops::Range<u64>) -> Result<[u64; 2], Failure> {
    let mut outside = [0, 0];
    for index in networks {
        let mut generator = Generator::numbered(1, family.activation, index);
        let comparison = compared(family, index, &mut generator)?;
        let mut look = |deviations: Vec<f64>| {
            let any = !deviations.is_empty();
            u64::from(any && deviations[generator.random_range(0..deviations.len())].abs() > 1.96)
        };
        outside[0] += look(comparison[0].clone());
        outside[1] += look(comparison[1].clone());
    }
    Ok(outside)
}

/// By how many deviations the signals, and the gradients, of one network are off, wherever there are bars to look at.
fn compared(family: &Family, index: u64, generator: &mut Generator) -> Result<[Vec<f64>; 2], Failure> {
    let width = generator.random_range(24..=96);
    let depth = generator.random_range(1..=6);
    let [gain, deviation] = family.variances.map(f64::sqrt);
    let weights: Box<dyn Initializer<f64>> = match family.start {
        Start::Normal => Box::new(LeCun::normal().gain(gain)?),
        Start::Uniform => Box::new(LeCun::uniform().gain(gain)?),
        Start::Truncated => Box::new(LeCun::truncated().gain(gain)?),
        Start::Orthogonal => Box::new(Orthogonal::new(gain)?),
    };
    let mut network = Network::<f64>::builder(width).weights(weights).biases(Normal::new(0.0, deviation)?);
    for _ in 0..depth {
        let units = if matches!(family.start, Start::Orthogonal) { generator.random_range(24..=96) } else { width };
        network = network.layer(Linear::new(units)).boxed(activation(family.activation)?);
    }
    let network = network.layer(Linear::new(width)).seed(generator.random()).build()?;
    let row: Vec<f64> = (0..width).map(|_| generator.sample(StandardNormal)).collect();
    let rows = Rows::new(&row, width)?;
    let forecast = Forecast::builder(&network).rows(rows)?.build()?;
    let comparison = forecast.compare(&Measured::of(&network, rows, OutputGradient::Random(index))?)?;
    let known = |spread: Option<Spread>| spread.is_some_and(|spread| VARIANCE.contains(&spread.log_variance));
    let both = forecast.layers.iter().zip(&comparison.layers);
    Ok([
        both.clone().filter(|(of, _)| known(of.spread)).filter_map(|(_, found)| found.signal_deviations).collect(),
        both.filter(|(of, _)| known(of.gradient_spread)).filter_map(|(_, found)| found.gradient_deviations).collect(),
    ])
}
