//! `Whole`: every layer of a network, those inside of others as well, against what its moments make of what goes in.

use super::claim::Claim;
use super::record::{Record, measured, moments_of, overall};
use super::residual;
use super::sums::Sums;
use super::weights::Weights;
use crate::check::Failure;
use crate::layer::outputs;
use crate::{Generator, InitMoments, Layer, Moments, Param, Passed, Pointwise, Role, Structure};

/// How many normal numbers a network's function is asked for.
const NORMAL: usize = 256;
/// How far a function's output may be from what it says of a single number, relative to that and to 1: it may be computed in other ways.
const SAME: f64 = 1e-9;
/// How far theory of wide layers may be off in one of finite width, as a multiple of the share of one unit; and where that says nothing.
const FINITE_WIDTH: f64 = 4.0;
const MOST: f64 = 0.5;

/// What is known of the numbers between two layers.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// Whether the weights that they come from are inside of the residual branch that is being looked at.
    pub(super) is_fresh: bool,
    /// How many numbers a position has, where it is known.
    pub(super) channels: Option<usize>,
}

/// A layer, what a pass left of it, and what is claimed of its parameters.
pub(super) struct Seen<'a> {
    pub(super) name: &'a str,
    pub(super) layer: &'a dyn Layer<f64>,
    pub(super) passed: Passed<'a, f64>,
    pub(super) claims: &'a [Claim],
}

/// All that can be judged of a network, and what was seen of it so far.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) records: Vec<Record>,
    pub(super) sums: Vec<Sums>,
    pub(super) weights: Vec<Weights>,
    /// The layers of which theory says nothing.
    pub(super) unknown: Vec<String>,
    next: [usize; 3],
}

impl Whole {
    /// Makes ready for one more network.
    pub(super) fn restart(&mut self) {
        self.next = [0; 3];
    }

    /// The numbers of the next parameter, of which something is claimed.
    pub(super) fn parameter(&mut self, param: &Param, numbers: &[f64], claim: Claim) {
        let at = self.next[2];
        if at == self.weights.len() {
            let Some(weights) = Weights::new(&param.name, numbers.len(), claim) else { return };
            self.weights.push(weights);
        }
        if self.weights[at].name() == param.name {
            self.weights[at].watch(numbers);
            self.next[2] += 1;
        }
    }

    /// How many networks it takes for every layer and every parameter to show `fewest` numbers.
    pub(super) fn networks(&self, fewest: usize) -> usize {
        let units = self.records.iter().map(Record::units).chain(self.sums.iter().map(Sums::units));
        let units = units.chain(self.weights.iter().filter_map(Weights::units)).min();
        units.map_or(0, |units| fewest.div_ceil(units.max(1)))
    }

    /// How many tests it makes.
    pub(super) fn tests(&self) -> usize {
        let random = self.weights.iter().filter(|weights| weights.units().is_some()).count();
        2 * (self.records.len() + self.sums.len() + random)
    }

    /// Fails for the first layer, from the input on, that does not do what its moments say: first of all the sums, whose law is exact.
    pub(super) fn judge(&self, allowed: f64) -> Result<(), Failure> {
        self.sums.iter().try_for_each(|sums| sums.judge(allowed))?;
        self.weights.iter().try_for_each(|weights| weights.judge(allowed))?;
        self.records.iter().try_for_each(|record| record.judge(allowed))
    }

    /// The next layer, from the input on.
    pub(super) fn layer(&mut self, seen: &Seen<'_>, state: State, generator: &mut Generator) -> State {
        let Seen { layer, passed, .. } = seen;
        let channels = passed.plan.channels.or(state.channels.filter(|_| passed.plan.n_out == passed.x.cols()));
        if !layer.inside(passed).is_empty() {
            return State { channels, ..self.inside(seen, state, generator) };
        }
        let weights = || passed.plan.params.iter().zip(seen.claims).filter(|(param, _)| param.role == Role::Weight);
        let mixes = weights().all(|(_, claim)| claim.mixes_inputs());
        let drawn: Option<Vec<InitMoments>> = seen.claims.iter().map(|claim| claim.moments).collect();
        let is_followed = drawn.filter(|_| mixes).is_some_and(|drawn| self.leaf(seen, state, &drawn, generator));
        if !is_followed {
            self.leaves_out(seen.name);
        }
        let is_joint = matches!(layer.structure(), Structure::Joint | Structure::Pooling);
        State { is_fresh: mixes && (state.is_fresh || !is_joint && weights().next().is_some()), channels }
    }

    fn leaves_out(&mut self, name: &str) {
        if !self.unknown.iter().any(|known| known == name) {
            self.unknown.push(name.to_owned());
        }
    }

    /// A layer that is made of no others; says whether theory follows it.
    fn leaf(&mut self, seen: &Seen<'_>, state: State, drawn: &[InitMoments], generator: &mut Generator) -> bool {
        let Seen { layer, passed, .. } = *seen;
        let plan = passed.plan;
        if let Some(function) = layer.pointwise() {
            return self.function(seen, function, drawn, generator);
        }
        let (width, mut slack) = (plan.n_out.min(passed.x.cols()), 0.0);
        let (units, rows) = match layer.structure() {
            Structure::Joint | Structure::Pooling => return false,
            Structure::Sums if plan.params.first().is_some_and(|param| param.role == Role::Weight) => {
                self.linear(seen, drawn);
                return true;
            }
            Structure::Convolution => {
                // Given the pixels, of which only the squares count where weights have mean 0.
                let Some(depth) = plan.params.first().and_then(depth).filter(|_| drawn[0].mean == 0.0) else {
                    return false;
                };
                if !passed.x.cols().is_multiple_of(depth) {
                    return false;
                }
                (plan.channels.unwrap_or(1), measured(passed.x, Some(depth)))
            }
            // What is brought to the same size by its own statistics is not normal, and exactly known for that.
            Structure::RowNorm { .. } if !plan.params.is_empty() => {
                (plan.n_out, measured_apart(passed.x.data().chunks(plan.params[0].cols.max(1))))
            }
            Structure::BatchNorm if !plan.state.is_empty() => (plan.n_out, of_columns(&passed, plan.state.len() / 2)),
            Structure::Mask | Structure::Lookup => (width, measured(passed.x, state.channels)),
            _ => {
                slack = FINITE_WIDTH / width.max(1) as f64;
                (width, measured(passed.x, state.channels))
            }
        };
        let expected: Option<Vec<_>> = rows.iter().map(|row| outputs(layer, plan, row, drawn)).collect();
        let Some(expected) = expected.filter(|_| slack <= MOST) else { return false };
        self.record(seen.name, units, slack).watch(moments_of(passed.y.data()), overall(&expected));
        true
    }

    /// A function of single numbers: whether it does what it says, and whether it says what normal numbers of about that size show.
    ///
    /// Those that went in are normal only in wide layers, and far from it behind norms.
    fn function(
        &mut self,
        seen: &Seen<'_>,
        function: &dyn Pointwise,
        drawn: &[InitMoments],
        generator: &mut Generator,
    ) -> bool {
        let Passed { plan, x, y, .. } = seen.passed;
        let measured = moments_of(x.data());
        // Where the mean is far beyond the deviation a function may be seen by stragglers alone.
        let mean = measured.mean.clamp(-(measured.second / 2.0).sqrt(), (measured.second / 2.0).sqrt());
        let normal = Moments { mean, ..measured };
        let Some(says) = seen.layer.moments(plan, normal, drawn) else { return false };
        let mut numbers = [0.0; NORMAL];
        generator.fill_normal(normal.mean, normal.variance().sqrt(), &mut numbers);
        numbers.iter_mut().for_each(|z| *z = function.value_and_slope(*z).0);
        let record = self.record(seen.name, NORMAL, 0.0);
        record.watch(moments_of(&numbers), says.y);
        let differs = |(x, y): &(&f64, &f64)| {
            let value = function.value_and_slope(**x).0;
            let is_near = value == **y || (value - **y).abs() <= SAME * (1.0 + value.abs());
            let is_same = is_near || value.is_nan() && y.is_nan();
            !is_same
        };
        if let Some((x, y)) = x.data().iter().zip(y.data()).find(differs) {
            record.breaks(format!("{y:e} of {x:e}, of which it makes {:e}", function.value_and_slope(*x).0));
        }
        true
    }

    /// Sums, whose law follows from what really goes in.
    fn linear(&mut self, seen: &Seen<'_>, drawn: &[InitMoments]) {
        let Passed { plan, x, y, .. } = seen.passed;
        let none = InitMoments { mean: 0.0, variance: 0.0, kurtosis: None };
        if self.next[1] == self.sums.len() {
            let (weight, bias) = (drawn[0], drawn.get(1).copied().unwrap_or(none));
            self.sums.push(Sums::new(seen.name.to_owned(), plan.n_out, weight, bias));
        }
        // Rows share their weights: the first one stands for all.
        self.sums[self.next[1]].watch(&x.data()[..x.cols()], &y.data()[..y.cols()]);
        self.next[1] += 1;
    }

    /// A layer made of others: each by itself, and what it makes of them.
    fn inside(&mut self, seen: &Seen<'_>, state: State, generator: &mut Generator) -> State {
        let Seen { name, layer, passed, mut claims } = *seen;
        let inside = layer.inside(&passed);
        let mut of = |whole: &mut Self, inner: &crate::PassedInside<'_, f64>, state: State| {
            let claims = claims.split_off(..inner.passed.plan.params.len()).unwrap_or_default();
            let name = if inner.name.is_empty() { name.to_owned() } else { format!("{name}.{}", inner.name) };
            whole.layer(&Seen { name: &name, layer: inner.layer, passed: inner.passed, claims }, state, generator)
        };
        match layer.structure() {
            Structure::Residual => {
                let branch = of(self, &inside[0], State { is_fresh: false, ..state });
                let skip = inside.get(1).map_or(state, |inner| of(self, inner, state));
                let around = inside.get(1).map_or(passed.x, |inner| inner.passed.y);
                let channels = branch.channels.or(skip.channels);
                let expected = residual::expected(inside[0].passed.y, around, passed.y, channels);
                match expected.filter(|_| branch.is_fresh) {
                    Some(expected) => {
                        self.record(name, passed.plan.n_out, 0.0).watch(moments_of(passed.y.data()), expected);
                    }
                    None => self.leaves_out(name),
                }
                State { is_fresh: state.is_fresh || branch.is_fresh, channels: None }
            }
            Structure::InTurn => inside.iter().fold(state, |state, inner| of(self, inner, state)),
            // Steps, each a row to the layer inside.
            _ => inside.iter().fold(State { channels: None, ..state }, |state, inner| of(self, inner, state)),
        }
    }

    /// The record of the next layer.
    fn record(&mut self, name: &str, units: usize, slack: f64) -> &mut Record {
        let at = self.next[0];
        if at == self.records.len() {
            self.records.push(Record::new(name.to_owned(), units, slack));
        }
        self.next[0] += 1;
        &mut self.records[at]
    }
}

/// How many channels the image has that a convolution with such a weight passes over: a row a tap and channel of a group, and as many units see
/// a channel as the fan-out has a tap.
fn depth(weight: &Param) -> Option<usize> {
    let links = weight.rows.checked_mul(weight.cols)?;
    let fan_out = weight.fans.fan_out;
    (fan_out > 0 && links > 0 && links.is_multiple_of(fan_out)).then(|| links / fan_out)
}

/// The moments of every group of numbers, each taken for a row of its own.
fn measured_apart<'a>(groups: impl Iterator<Item = &'a [f64]>) -> Vec<Vec<Moments>> {
    groups.map(|group| vec![moments_of(group)]).collect()
}

/// The same of the numbers that each channel has in all rows.
fn of_columns(passed: &Passed<'_, f64>, channels: usize) -> Vec<Vec<Moments>> {
    let of = |channel: usize| vec![moments_of(passed.x.data().iter().skip(channel).step_by(channels))];
    (0..channels).map(of).collect()
}
