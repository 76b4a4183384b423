//! `Walk`: the moments of signal and gradient, layer by layer.

use std::cell::LazyCell;
use std::ops::Range;

use super::LayerForecast;
use super::batch::{Others, Takes, overlap};
use super::copied::{Composed, Copied, Law, is_sparse, sums_few};
use super::nested::Drawn;
use super::parts::{Part, holds};
use super::spread::{Carried, Laws};
use crate::layer::{mean_of, mean_square_of};
use crate::network::Design;
use crate::{
    Draws, Expectations, Float, GradientByPosition, InitMoments, Layer, Moments, Plan, Pointwise, Role, Signal,
    Structure, Through,
};

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
    pub(super) squares: Option<Vec<f64>>,
    /// Which of its parameters is its first weight, and how many numbers that has.
    weight: Option<(usize, f64)>,
    /// The moments of its input.
    pub(super) x: Option<Moments>,
    /// Of a pointwise layer, what it makes of them; `None` where dropout has left some of them out.
    pub(super) of: Option<Expectations>,
    /// Whether its output is beyond `f64`, or vanishes in it.
    pub(super) beyond: bool,
    pub(super) back: Option<f64>,
    /// How many times as large the square of its slope is where the layer behind it lets a gradient through as it is anywhere.
    pub(super) chosen: f64,
    /// The sum of the squares of the gradients by all its parameters, relative to that by an output of the network.
    by_parameters: Option<f64>,
    /// What it makes of a gradient, position by position.
    by_position: ByPosition<'a>,
    /// Whether it tells positions apart that are alike to the layer behind it.
    tells_apart: bool,
    /// How the scatter of a gradient passes through the layers inside, where it is made of others.
    scatter: Option<Scatter<'a>>,
    /// What rows of its input have in common.
    pub(super) shared: Option<f64>,
    /// What its derivative does to what gradients of a batch have in common.
    pub(super) takes: Takes,
    /// What [`overlap`](Self::overlap) tells of a convolution, which is asked for it only where gradients hang together.
    overlap: LazyCell<f64, Overlap<'a>>,
}

/// The share of the taps of a pixel that two of them have in common.
type Overlap<'a> = Box<dyn FnOnce() -> f64 + 'a>;

/// From the scatter of a gradient by the outputs of a layer to that by its inputs.
type Scatter<'a> = Box<dyn Fn(&mut Laws, Carried) -> Carried + 'a>;

/// The gradient by the inputs of a layer and by its parameters, from that by its outputs.
type ByPosition<'a> = Box<dyn Fn(&[f64]) -> Option<GradientByPosition> + 'a>;

impl<'a> Walk<'a> {
    pub(super) fn of<T: Float>(design: &'a Design<'a, T>, input: Signal<'a>, correlation: Option<f64>) -> Self {
        let mut walk = Self { steps: Vec::new(), layers: Vec::new() };
        let mut laws = Laws::default();
        walk.forward(design, input, correlation, &mut laws);
        walk.backward(&mut laws);
        walk
    }

    fn forward<T: Float>(
        &mut self,
        design: &'a Design<'a, T>,
        input: Signal<'a>,
        correlation: Option<f64>,
        laws: &mut Laws,
    ) {
        let mut signal = Some(input);
        let input = input.moments;
        let asks = design.each().map(|(_, layer, ..)| layer.asks_what_is_shared()).collect::<Vec<_>>();
        let mut n_in = design.n_in();
        // Its positions, where they are not alike.
        let mut positions: Option<Vec<Moments>> = None;
        let mut carried = Carried::certain(input.second);
        let mut covariance = correlation.map(|c| c * input.second);
        let mut law = Law::Normal;
        for (index, (name, layer, plan, drawn)) in design.each().enumerate() {
            let asked = asks[index..].contains(&true);
            signal = signal.map(|x| Signal { shared: x.shared.filter(|_| asked), ..x });
            let x = signal.map(|x| x.moments);
            let is_masked = signal.is_some_and(|x| x.kept < 1.0);
            let moments: Option<Vec<_>> = drawn.iter().map(|target| target.moments).collect();
            let draws = drawn.first().map_or(Draws::Independent, |target| target.draws);
            let sparse = is_sparse(plan, drawn);
            let copied = if sparse { Copied::by(layer, plan, drawn) } else { None };
            // Of sparse weights two numbers are not enough to know their sums by.
            let moments = moments.filter(|_| !sparse || copied.is_some());
            // Of sums of few products they are known, and nothing that asks for their law: not in the layers that have functions inside.
            let few = sums_few(drawn);
            let has_functions =
                !matches!(layer.structure(), Structure::Sums | Structure::Convolution | Structure::Lookup);
            let moments = moments.filter(|_| !few || !has_functions);
            let part = if sparse || few { Part::Other } else { Part::of(layer, plan, moments.as_deref(), draws) };
            let (mut of, mut of_kept, mut through, mut composed) = (None, None, None, None);
            if let Some((signal, x)) = signal.zip(x) {
                if let Some(copied) = copied {
                    let known = moments.as_deref().unwrap_or_default();
                    through = Some(copied.through(signal, layer.gradient_squares(plan, x, known)));
                } else if let (Part::Pointwise(function), Law::Function { .. } | Law::Unknown) = (part, law) {
                    composed = Composed::of(function, x, law, index);
                    through = composed.map(|composed| composed.through(signal));
                } else if let Part::Pointwise(function) = part {
                    let kept = signal.of_kept();
                    let known = self.known(function, x).filter(|_| !is_masked);
                    let mut expected = known.unwrap_or_else(|| function.expected(kept.mean, kept.variance()));
                    // Of an odd function rounding alone is left, which no weights should make larger.
                    if expected.mean.abs() <= 1e-14 * expected.second.sqrt() {
                        expected.mean = 0.0;
                    }
                    let (made, whole) = signal.through_function(function, expected);
                    (through, of, of_kept) = (Some(made), Some(whole), Some(expected));
                } else {
                    through = moments.as_deref().and_then(|moments| layer.propagate(plan, signal, moments));
                }
            }
            // Where the gradient goes the function decides that is in front, be it of copies.
            let before = match law {
                Law::Function { layer, .. } if composed.is_some() => self.steps.get_mut(layer),
                _ => self.steps.last_mut(),
            };
            if let (Some(before), Some(through)) = (before, &through) {
                before.chosen *= through.chooses;
            }
            let alike = x.map(|x| vec![x]);
            let seen = positions.take().or(alike).unwrap_or_default();
            let same = copied.or(composed.and_then(Composed::copies));
            // Of a mask a layer is told nothing but by the signal, which does not tell positions apart.
            let is_masked_function = is_masked && matches!(part, Part::Pointwise(_)) && same.is_none();
            let by_position = match same {
                Some(copied) => copied.by_position(&seen),
                None if composed.is_some() || is_masked_function => None,
                None => moments
                    .as_deref()
                    .zip(through.as_mut())
                    .filter(|_| !seen.is_empty())
                    .and_then(|(moments, through)| by_positions(layer, plan, &seen, moments, through)),
            };
            let tells_apart = by_position.is_some();
            let y = through.as_ref().map(|through| through.y.moments);
            let nested = !layer.children().is_empty();
            carried = match x.zip(y) {
                Some((x, _)) if nested => {
                    let inside = Drawn { layer, plan, targets: drawn }.forward(laws, x, carried);
                    inside.map_or(Carried::Unknown, |(_, carried)| carried)
                }
                Some(both) => laws.forward(carried, &part, both, of, plan.n_out),
                None => Carried::Unknown,
            };
            // Of two inputs a unit has in common what rows have; but of a batch, and of pixels, two numbers do not say enough.
            let both = signal.zip(covariance).map(|(signal, c)| Signal { shared: Some(c), ..signal });
            let both = both.filter(|_| !layer.asks_what_is_shared());
            covariance = both.and_then(|both| {
                let through = match (copied, composed, part) {
                    (Some(copied), ..) => copied.through(both, None),
                    (None, Some(composed), _) => composed.through(both),
                    (None, None, Part::Pointwise(function)) => both.through_function(function, of_kept?).0,
                    // The same pixel of two images sees all taps of either.
                    (None, None, Part::Convolution(_)) => {
                        let c = Moments { second: both.shared?, ..both.moments };
                        return Some(layer.moments(plan, c, moments.as_deref()?)?.y.second);
                    }
                    _ if holds(layer, |structure| structure == Structure::Convolution) => return None,
                    _ => layer.propagate(plan, both, moments.as_deref()?)?,
                };
                through.y.shared
            });
            law = match (&part, copied, composed) {
                (_, Some(copied), _) => copied.law(law),
                (.., Some(composed)) => composed.law,
                (Part::Pointwise(_), ..) if is_masked => Law::Unknown,
                (Part::Pointwise(function), ..) => x.map_or(Law::Unknown, |x| Law::of(*function, x, index)),
                // Normal numbers of which some are left out the signal tells of; of others no more is known.
                (Part::Dropout(kept), ..) if *kept < 1.0 && !matches!(law, Law::Normal) => Law::Unknown,
                (Part::Dropout(_), ..) => law,
                _ if few => Law::Unknown,
                _ => Law::Normal,
            };
            let lost = |x: Moments, y: Moments| {
                let tiny = y.second < f64::MIN_POSITIVE && x.second > 0.0 && !is_zero(&part);
                tiny || !y.second.is_finite() || !y.mean.is_finite()
            };
            let beyond = x.zip(y).is_some_and(|(x, y)| lost(x, y));
            self.layers.push(LayerForecast {
                name: name.to_owned(),
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
            let known = moments.as_deref().unwrap_or_default();
            let squares = match (x, &through) {
                (_, Some(through)) => through.squares.clone(),
                (Some(x), None) => layer.gradient_squares(plan, x, known),
                (None, _) => plan.params.is_empty().then(Vec::new),
            };
            let takes = Takes::of(layer, plan, n_in, known, signal, back);
            n_in = plan.n_out;
            let weight = plan.params.iter().position(|param| param.role == Role::Weight);
            let weight = weight.and_then(|at| Some((at, plan.params[at].count()? as f64)));
            let by_input: ByPosition<'a> = Box::new(move |dy| {
                let told = layer.gradient_by_position(plan, &seen, moments.as_deref()?, dy);
                let told = told.filter(|_| !seen.is_empty() && !is_masked_function);
                if let Some(same) = same { same.gradient(dy, told) } else { told }
            });
            let scatter: Option<Scatter<'a>> = nested.then(|| -> Scatter<'a> {
                Box::new(move |laws, carried| Drawn { layer, plan, targets: drawn }.backward(laws, carried))
            });
            self.steps.push(Step {
                part,
                trains: !plan.params.is_empty(),
                squares,
                weight,
                x,
                of: of.filter(|_| !is_masked),
                beyond,
                back,
                chosen: 1.0,
                by_parameters: None,
                by_position: by_input,
                tells_apart,
                scatter,
                shared: signal.and_then(|x| x.shared),
                takes,
                overlap: LazyCell::new(Box::new(move || overlap(layer, plan).unwrap_or(1.0))),
            });
            // What is behind numbers that f64 cannot hold nobody can tell.
            signal = through.map(|through| through.y).filter(|_| !beyond);
            positions = by_position.filter(|made| made.len() > 1);
        }
    }

    /// What one of the last functions made of the same moments, if it was the same: at a fixed point they come again and again.
    fn known(&self, function: &dyn Pointwise, x: Moments) -> Option<Expectations> {
        // Two functions are taken for one where they have the same values and slopes all over what nodes of an integral would see.
        let deviation = x.variance().sqrt();
        let points = (-16..=16).map(|half| x.mean + deviation * f64::from(half) / 2.0);
        let same = |other: &dyn Pointwise| {
            points.clone().all(|at| other.value_and_slope(at) == function.value_and_slope(at))
                && other.breaks() == function.breaks()
        };
        let last = self.steps.iter().rev().take(8).filter(|step| step.x == Some(x));
        last.filter_map(|step| match step.part {
            Part::Pointwise(other) if same(other) => step.of,
            _ => None,
        })
        .next()
    }

    fn backward(&mut self, laws: &mut Laws) {
        let (mut gradient, mut carried) = (Some(vec![1.0]), Carried::certain(1.0));
        let mut others = Others::APART;
        for index in (0..self.layers.len()).rev() {
            let is_masked = index > 0 && matches!(self.steps[index - 1].part, Part::Dropout(_));
            let step = &mut self.steps[index];
            let layer = &mut self.layers[index];
            layer.gradient = gradient.as_deref().map(mean_square_of);
            layer.gradient_spread = layer.gradient.and(carried.spread());
            let told = gradient.as_deref().filter(|dy| step.tells_apart || dy.len() > 1);
            let told = told.filter(|_| !step.beyond).and_then(|dy| (step.by_position)(dy));
            let of_one = match (&step.part, layer.gradient, step.x, &told) {
                (Part::Linear(_), Some(gradient), Some(x), _) => Some(gradient * x.second),
                (.., Some(told)) => step.weight.and_then(|(at, count)| Some(told.by_parameters.get(at)? / count)),
                (_, gradient, ..) => step.weight_square().zip(gradient).map(|(square, gradient)| square * gradient),
            };
            let factor = layer.gradient.and_then(|square| match others.is_apart() {
                true => Some(1.0),
                false => others.factor_of_weights(step, square).filter(|_| step.is_sums()),
            });
            layer.weight_gradient = of_one.zip(factor).map(|(of_one, factor)| of_one * factor);
            let squares = match (&told, layer.gradient) {
                (Some(told), _) => Some(told.by_parameters.clone()),
                (None, Some(square)) => {
                    step.squares.as_ref().map(|squares| squares.iter().map(|of| of * square).collect::<Vec<_>>())
                }
                (None, None) => step.squares.clone().filter(Vec::is_empty),
            };
            step.by_parameters = match layer.gradient {
                Some(square) => others.by_parameters(step, layer.units, square, squares.as_deref()),
                None => squares.map(|_| 0.0),
            };
            gradient = match told {
                Some(told) => Some(told.by_input),
                None => layer.gradient.zip(step.back).map(|(gradient, back)| vec![gradient * back]),
            };
            gradient.iter_mut().flatten().for_each(|square| *square *= step.chosen);
            let square_in = gradient.as_deref().map(mean_square_of);
            others = layer
                .gradient
                .zip(square_in)
                .map_or(Others::UNKNOWN, |(square, square_in)| others.in_front_of(step, square, square_in));
            carried = match &step.scatter {
                // What is left out has another slope than what is not.
                None if is_masked && matches!(step.part, Part::Pointwise(_)) => Carried::Unknown,
                Some(scatter) => scatter(laws, carried),
                None => laws.backward(carried, &step.part, layer.units),
            };
        }
    }

    /// How many times as large the mean square of a gradient is in front of these layers as behind them.
    pub(super) fn handed_back(&self, layers: Range<usize>) -> Option<f64> {
        self.steps[layers].iter().map(|step| Some(step.back? * step.chosen)).product()
    }

    /// The sum of the squares of all parameters' gradients, relative to that by an output.
    pub(super) fn squared_norm(&self) -> Option<f64> {
        let sum = self.steps.iter().map(|step| step.by_parameters).sum::<Option<f64>>();
        sum.filter(|sum| sum.is_finite())
    }
}

impl Step<'_> {
    /// Whether it is a layer that starts at 0, as the last one may, and then has the only gradient.
    pub(super) fn is_zero(&self) -> bool {
        self.trains && is_zero(&self.part)
    }

    /// Whether its parameters are the weights of sums of its inputs, and maybe biases.
    pub(super) fn is_sums(&self) -> bool {
        matches!(self.part, Part::Linear(_)) || self.takes == Takes::Sums
    }

    /// The share of the taps of one pixel that it has in common with another.
    pub(super) fn overlap(&self) -> f64 {
        if self.takes == Takes::Sums { *self.overlap } else { 1.0 }
    }

    /// The mean square of the gradient by a weight, where that by an output is 1.
    fn weight_square(&self) -> Option<f64> {
        let (at, count) = self.weight?;
        self.squares.as_ref()?.get(at).map(|square| square / count)
    }
}

/// What a layer makes of each position, where it tells them apart; the signal behind it is then their mean. What pixels have in common they do
/// not tell: that the signal knows, and it makes each as much larger as it does all.
fn by_positions<T: Float>(
    layer: &dyn Layer<T>,
    plan: &Plan,
    seen: &[Moments],
    weights: &[InitMoments],
    through: &mut Through<'_>,
) -> Option<Vec<Moments>> {
    let mut made = layer.moments_by_position(plan, seen, weights)?;
    let alone = layer.moments(plan, mean_of(seen), weights).map(|alone| alone.y.second);
    let larger =
        alone.map(|alone| through.y.moments.second / alone).filter(|larger| larger.is_finite() && *larger != 1.0);
    for position in made.iter_mut() {
        position.second *= larger.unwrap_or(1.0);
    }
    let moments = mean_of(&made);
    let shared = through.y.shared.map(|shared| shared * (moments.second / through.y.moments.second));
    through.y = Signal { moments, shared: shared.filter(|shared| shared.is_finite()), ..through.y };
    Some(made)
}

/// Whether a layer is to say nothing but 0: then that is no loss of digits.
fn is_zero(part: &Part<'_>) -> bool {
    match part {
        Part::Linear(dense) => [dense.weight, dense.bias].iter().all(|of| of.mean == 0.0 && of.variance == 0.0),
        Part::Pointwise(function) => function.value_and_slope(1.0) == (0.0, 0.0),
        _ => false,
    }
}
