//! `Walk`: the moments of signal and gradient, layer by layer.

use super::LayerForecast;
use super::parts::{Layers, Part, pair};
use super::spread::{Carried, Laws};
use crate::{Draws, Expectations, Float, Moments, Network, Pointwise, Role, Signal, Through};

/// What is known of each layer once the signal has passed and the gradient has come back.
pub(super) struct Walk<'a> {
    pub(super) steps: Vec<Step<'a>>,
    pub(super) layers: Vec<LayerForecast>,
}

/// One layer on the way.
pub(super) struct Step<'a> {
    pub(super) part: Part<'a>,
    pub(super) trains: bool,
    /// The sums of the squares of the gradients by its parameters, where the mean square of that by an output is 1.
    squares: Option<Vec<f64>>,
    /// Which of its parameters is its first weight, and how many numbers that has.
    weight: Option<(usize, f64)>,
    /// The moments of its input.
    pub(super) x: Option<Moments>,
    /// Of a pointwise layer, what it makes of them.
    pub(super) of: Option<Expectations>,
    /// Whether its output is beyond `f64`, or vanishes in it.
    pub(super) beyond: bool,
    back: Option<f64>,
}

impl<'a> Walk<'a> {
    pub(super) fn of<T: Float>(network: &'a Network<T>, input: Signal<'a>, correlation: Option<f64>) -> Self {
        let mut walk = Self { steps: Vec::new(), layers: Vec::new() };
        let mut laws = Laws::default();
        walk.forward(network, input, correlation, &mut laws);
        walk.backward(&mut laws);
        walk
    }

    fn forward<T: Float>(
        &mut self,
        network: &'a Network<T>,
        input: Signal<'a>,
        correlation: Option<f64>,
        laws: &mut Laws,
    ) {
        let mut signal = Some(input);
        let input = input.moments;
        // What rows have in common costs milliseconds a layer, and only some layers ask for it.
        let asks = network.layers().map(|layer| asks_what_is_shared(layer.kind())).collect::<Vec<_>>();
        let mut carried = Carried::certain(input.second);
        let mut covariance = correlation.map(|c| c * input.second);
        for (index, ((layer, plan, drawn), name)) in Layers::of(network).each().zip(network.layer_names()).enumerate() {
            let asked = asks[index..].contains(&true);
            signal = signal.map(|x| Signal { shared: x.shared.filter(|_| asked), ..x });
            let x = signal.map(|x| x.moments);
            let moments: Option<Vec<_>> = drawn.iter().map(|target| target.moments).collect();
            let draws = drawn.first().map_or(Draws::Independent, |target| target.draws);
            let part = Part::of(layer, plan, moments.as_deref(), draws);
            let (mut of, mut through) = (None, None);
            if let Some((signal, x)) = signal.zip(x) {
                if let Part::Pointwise(function) = part {
                    let expected = self.known(function, x).unwrap_or_else(|| function.expected(x.mean, x.variance()));
                    of = Some(expected);
                    // Of an odd function rounding alone is left, which no weights should make larger.
                    let rounding = expected.mean.abs() <= 1e-14 * expected.second.sqrt();
                    let y = Moments { mean: if rounding { 0.0 } else { expected.mean }, second: expected.second };
                    let y = signal.through_function(function, y);
                    through =
                        Some(Through { y, back: Some(expected.slope_second), chooses: 1.0, squares: Some(Vec::new()) });
                } else {
                    through = moments.as_deref().and_then(|moments| layer.propagate(plan, signal, moments));
                }
            }
            if let (Some(before), Some(through)) = (self.steps.last_mut(), &through) {
                before.back = before.back.map(|back| back * through.chooses);
            }
            let y = through.as_ref().map(|through| through.y.moments);
            carried = match x.zip(y) {
                Some(both) => laws.forward(carried, &part, both, of, plan.n_out),
                None => Carried::Unknown,
            };
            covariance = x.zip(covariance).zip(y).and_then(|((x, c), y)| covaried(&part, x, c, y));
            let lost = |x: Moments, y: Moments| {
                let tiny = y.second < f64::MIN_POSITIVE && x.second > 0.0 && !is_zero(&part);
                tiny || !y.second.is_finite() || !y.mean.is_finite()
            };
            let beyond = x.zip(y).is_some_and(|(x, y)| lost(x, y));
            self.layers.push(LayerForecast {
                name: name.clone(),
                units: plan.n_out,
                moments: y,
                spread: carried.spread().filter(|_| !beyond),
                gradient: None,
                gradient_spread: None,
                weight_gradient: None,
                correlation: covariance.zip(y).map(|(c, y)| c / y.second).filter(|c| c.is_finite()),
            });
            let back = match part {
                // What it does to a gradient does not depend on its input.
                Part::Linear(dense) => Some(dense.n_out as f64 * dense.weight_second()),
                _ => through.as_ref().and_then(|through| through.back).filter(|_| !beyond),
            };
            let drawn = moments.as_deref().unwrap_or_default();
            let squares = match (x, &through) {
                (_, Some(through)) => through.squares.clone(),
                (Some(x), None) => layer.gradient_squares(plan, x, drawn),
                (None, _) => plan.params.is_empty().then(Vec::new),
            };
            let weight = plan.params.iter().position(|param| param.role == Role::Weight);
            let weight = weight.and_then(|at| Some((at, plan.params[at].count()? as f64)));
            self.steps.push(Step { part, trains: !plan.params.is_empty(), squares, weight, x, of, beyond, back });
            // What is behind numbers that f64 cannot hold nobody can tell.
            signal = through.map(|through| through.y).filter(|_| !beyond);
        }
    }

    /// What one of the last functions made of the same moments, if it was the same: at a fixed point they come again and again.
    fn known(&self, function: &dyn Pointwise, x: Moments) -> Option<Expectations> {
        // What prints itself the same may still differ in what it does not print.
        let probes = [-1.3, 0.7, 2.9];
        let same = |other: &dyn Pointwise| {
            probes.iter().all(|&at| other.value_and_slope(at) == function.value_and_slope(at))
                && format!("{other:?}") == format!("{function:?}")
        };
        let last = self.steps.iter().rev().take(8).filter(|step| step.x == Some(x));
        last.filter_map(|step| match step.part {
            Part::Pointwise(other) if same(other) => step.of,
            _ => None,
        })
        .next()
    }

    fn backward(&mut self, laws: &mut Laws) {
        let (mut gradient, mut carried) = (Some(1.0), Carried::certain(1.0));
        for index in (0..self.layers.len()).rev() {
            let step = &self.steps[index];
            let layer = &mut self.layers[index];
            layer.gradient = gradient;
            layer.gradient_spread = gradient.and(carried.spread());
            layer.weight_gradient = match (&step.part, gradient, step.x) {
                (Part::Linear(_), Some(gradient), Some(x)) => Some(gradient * x.second),
                _ => step.weight_square().zip(gradient).map(|(square, gradient)| square * gradient),
            };
            gradient = gradient.zip(step.back).map(|(gradient, back)| gradient * back);
            carried = laws.backward(carried, &step.part, layer.units);
        }
    }

    /// The sum of the squares of all parameters' gradients, relative to that by an output.
    pub(super) fn squared_norm(&self) -> Option<f64> {
        let sum = self.steps.iter().zip(&self.layers).map(|(step, layer)| {
            let squares = step.squares.as_ref()?;
            if squares.is_empty() { Some(0.0) } else { Some(squares.iter().sum::<f64>() * layer.gradient?) }
        });
        sum.sum::<Option<f64>>().filter(|sum| sum.is_finite())
    }
}

impl Step<'_> {
    /// The mean square of the gradient by a weight, where that by an output is 1.
    fn weight_square(&self) -> Option<f64> {
        let (at, count) = self.weight?;
        self.squares.as_ref()?.get(at).map(|square| square / count)
    }
}

/// Whether a layer of that kind, or one inside it, may ask what rows have in common.
fn asks_what_is_shared(kind: &str) -> bool {
    matches!(
        kind,
        "batch_norm"
            | "max_pool2d"
            | "multi_head_attention"
            | "average_pool2d"
            | "sequential"
            | "residual"
            | "per_step"
    )
}

/// Whether a layer is to say nothing but 0: then that is no loss of digits.
fn is_zero(part: &Part<'_>) -> bool {
    match part {
        Part::Linear(dense) => [dense.weight, dense.bias].iter().all(|of| of.mean == 0.0 && of.variance == 0.0),
        Part::Pointwise(function) => function.value_and_slope(1.0) == (0.0, 0.0),
        _ => false,
    }
}

/// E\[x x'\] of the outputs of two inputs.
fn covaried(part: &Part<'_>, x: Moments, covariance: f64, y: Moments) -> Option<f64> {
    match part {
        Part::Linear(dense) if dense.is_centred() => Some(dense.weight_variance() * covariance + dense.bias.variance),
        Part::Pointwise(function) if x.mean == 0.0 && x.second > 0.0 => {
            let correlation = (covariance / x.second).clamp(-1.0, 1.0);
            // Of one input twice it is the second moment, rounded the same way.
            let product = if correlation == 1.0 { y.second } else { pair(*function, x.second, correlation).product };
            Some(product)
        }
        Part::Dropout => Some(covariance),
        _ => None,
    }
}
