//! `Whole`: every layer of a network, those inside of others as well, against what its moments make of what goes in.

use super::record::{Record, Source, State, measured};
use super::sums::Sums;
use crate::check::Failure;
use crate::layer::outputs;
use crate::{InitMoments, Layer, Moments, Passed, Role, Structure};

/// Kinds whose outputs depend on how neighbouring pixels or steps hang together, or on a random lookup, which no forecast follows.
const NOT_FOLLOWED: [&str; 9] =
    ["average_pool2d", "max_pool2d", "multi_head_attention", "softmax", "embedding", "recurrent", "rnn", "lstm", "gru"];
/// Kinds that leave a normal law about normal.
const KEEP_NORMAL: [&str; 6] = ["identity", "flatten", "channels_last", "layer_norm", "rms_norm", "batch_norm"];
/// All layers of a network that can be judged, and what was seen of them so far.
#[derive(Debug, Default)]
pub(super) struct Whole {
    records: Vec<Record>,
    sums: Vec<Sums>,
    next: [usize; 2],
}

impl Whole {
    /// One more network: its layers from the input on, each with its name, what a pass left of it, and the moments that are claimed of its
    /// parameters.
    pub(super) fn watch<'a>(
        &mut self,
        rows: usize,
        layers: impl Iterator<Item = (&'a str, &'a dyn Layer<f64>, Passed<'a, f64>, Vec<Option<InitMoments>>)>,
    ) {
        self.next = [0, 0];
        let input = vec![Moments { mean: 0.0, second: 1.0 }];
        let mut state = State { rows: vec![input; rows], is_normal: true, is_fresh: false, channels: None };
        for (name, layer, passed, claims) in layers {
            state = self.layer(name, layer, &passed, &claims, state);
        }
    }

    /// How many networks it takes for every layer to show `fewest` numbers.
    pub(super) fn networks(&self, fewest: usize) -> usize {
        let units = self.records.iter().map(Record::units).chain(self.sums.iter().map(Sums::units)).min();
        units.map_or(0, |units| fewest.div_ceil(units.max(1)))
    }

    /// How many tests it makes.
    pub(super) fn tests(&self) -> usize {
        2 * (self.records.len() + self.sums.len())
    }

    /// Fails for the first layer, from the input on, that does not do what its moments say: first of all the sums, whose law is exact.
    pub(super) fn judge(&self, allowed: f64) -> Result<(), Failure> {
        self.sums.iter().try_for_each(|sums| sums.judge(allowed))?;
        self.records.iter().try_for_each(|record| record.judge(allowed))
    }

    fn layer(
        &mut self,
        name: &str,
        layer: &dyn Layer<f64>,
        passed: &Passed<'_, f64>,
        claims: &[Option<InitMoments>],
        state: State,
    ) -> State {
        let channels = passed.plan.channels.or(state.channels.filter(|_| passed.plan.n_out == passed.x.cols()));
        let inside = layer.inside(passed);
        if !inside.is_empty() {
            let made = self.inside(name, layer, passed, claims, &state, inside);
            return State { channels, ..made };
        }
        let unknown = || State { rows: measured(passed.y, None), is_normal: false, is_fresh: state.is_fresh, channels };
        let known: Option<Vec<InitMoments>> = claims.iter().copied().collect();
        let Some(drawn) = known.filter(|_| !NOT_FOLLOWED.contains(&layer.kind())) else { return unknown() };
        match layer.structure() {
            Structure::Sums if passed.plan.params.first().is_some_and(|param| param.role == Role::Weight) => {
                self.linear(name, passed, &drawn, channels)
            }
            Structure::Convolution => {
                let weight = drawn[0];
                if weight.mean != 0.0 {
                    return unknown();
                }
                let x = if state.channels.is_some() { measured(passed.x, state.channels) } else { state.rows.clone() };
                let Some(y) = mapped(layer, passed, &x, &drawn) else { return unknown() };
                let units = passed.plan.channels.unwrap_or(1);
                self.record(name, passed, &y, units, None);
                State { rows: y, is_normal: true, is_fresh: true, channels }
            }
            structure => {
                let kind = layer.kind();
                let is_pointwise = layer.pointwise().is_some();
                if is_pointwise && !state.is_normal && !KEEP_NORMAL.contains(&kind) {
                    return unknown();
                }
                // Dropout treats every number alike, whatever its law: what really goes in says more than what should have.
                let x = if structure == Structure::Mask { measured(passed.x, channels) } else { state.rows.clone() };
                let Some(y) = mapped(layer, passed, &x, &drawn) else { return unknown() };
                let map = |x: Moments| layer.moments(passed.plan, x, &drawn).map(|made| made.y);
                let units = channels.unwrap_or(passed.plan.n_out);
                self.record(name, passed, &y, units, Some(Source { state: &state, is_pointwise, map: &map }));
                let has_weights = passed.plan.params.iter().any(|param| param.role == Role::Weight);
                let is_normal = has_weights || state.is_normal && KEEP_NORMAL.contains(&kind);
                State { rows: y, is_normal, is_fresh: state.is_fresh || has_weights, channels }
            }
        }
    }

    /// Sums, whose moments follow from what really goes in.
    fn linear(
        &mut self,
        name: &str,
        passed: &Passed<'_, f64>,
        drawn: &[InitMoments],
        channels: Option<usize>,
    ) -> State {
        let none = InitMoments { mean: 0.0, variance: 0.0, kurtosis: None };
        let (weight, bias) = (drawn[0], drawn.get(1).copied().unwrap_or(none));
        let row = |x: &[f64]| {
            let (sum, squares) = x.iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
            let mean = sum * weight.mean + bias.mean;
            vec![Moments { mean, second: mean * mean + squares * weight.variance + bias.variance }]
        };
        let rows = passed.x.iter().map(row).collect();
        if self.next[1] == self.sums.len() {
            self.sums.push(Sums::new(name.to_owned(), passed.plan.n_out, weight, bias));
        }
        // Rows share their weights: the first one stands for all.
        let (x, y) = (&passed.x.data()[..passed.x.cols()], &passed.y.data()[..passed.y.cols()]);
        self.sums[self.next[1]].watch(x, y);
        self.next[1] += 1;
        State { rows, is_normal: true, is_fresh: true, channels }
    }

    /// A layer made of others: each by itself, and what it makes of them.
    fn inside(
        &mut self,
        name: &str,
        layer: &dyn Layer<f64>,
        passed: &Passed<'_, f64>,
        mut claims: &[Option<InitMoments>],
        state: &State,
        inside: Vec<crate::PassedInside<'_, f64>>,
    ) -> State {
        let path = |inner: &str| if inner.is_empty() { name.to_owned() } else { format!("{name}.{inner}") };
        let mut of = |whole: &mut Self, inner: &crate::PassedInside<'_, f64>, state: State| {
            let claims = claims.split_off(..inner.passed.plan.params.len()).unwrap_or_default();
            whole.layer(&path(&inner.name), inner.layer, &inner.passed, claims, state)
        };
        match layer.structure() {
            Structure::InTurn => inside.iter().fold(state.clone(), |state, inner| of(self, inner, state)),
            Structure::Residual => {
                let branch = of(self, &inside[0], State { is_fresh: false, ..state.clone() });
                let skip = match inside.get(1) {
                    Some(inner) => of(self, inner, state.clone()),
                    None => State { rows: measured(passed.x, None), ..state.clone() },
                };
                let of_branch = inside[0].passed.y.data();
                let around = inside.get(1).map_or(passed.x, |inner| inner.passed.y).data();
                let scale = scale_of(of_branch, around, passed.y.data());
                let y = joined(&skip.rows, &branch.rows, scale);
                match y.filter(|_| branch.is_fresh) {
                    Some(y) => {
                        self.record(name, passed, &y, passed.plan.n_out, None);
                        let is_normal = skip.is_normal && branch.is_normal;
                        State { rows: y, is_normal, is_fresh: true, channels: None }
                    }
                    None => State { rows: measured(passed.y, None), is_normal: false, ..state.clone() },
                }
            }
            _ => {
                // Steps, each a row to the layer inside.
                let mut last = state.clone();
                for inner in &inside {
                    let rows = measured(inner.passed.x, None);
                    let is_normal = state.is_normal && rows.len() == state.rows.len();
                    last = of(self, inner, State { rows, is_normal, channels: None, ..last });
                }
                let each = (last.rows.len() / state.rows.len()).max(1);
                let rows = last.rows.chunks(each).map(|steps| steps.concat()).collect();
                State { rows, ..last }
            }
        }
    }

    /// What one network shows of a layer; `from` is what went in, whether the layer treats every number by itself, and its map.
    fn record(
        &mut self,
        name: &str,
        passed: &Passed<'_, f64>,
        y: &[Vec<Moments>],
        units: usize,
        from: Option<Source<'_>>,
    ) {
        if self.next[0] == self.records.len() {
            let is_pointwise = from.as_ref().is_some_and(|from| from.is_pointwise);
            self.records.push(Record::new(name.to_owned(), units, is_pointwise));
        }
        self.records[self.next[0]].watch(passed, y, from);
        self.next[0] += 1;
    }
}

/// What a branch was multiplied by before it was added.
fn scale_of(branch: &[f64], skip: &[f64], y: &[f64]) -> f64 {
    let add = |(products, squares): (f64, f64), ((f, skip), y): ((&f64, &f64), &f64)| {
        (products + f * (y - skip), squares + f * f)
    };
    let (products, squares) = branch.iter().zip(skip).zip(y).fold((0.0, 0.0), add);
    if squares == 0.0 { 0.0 } else { products / squares }
}

/// The moments of the sum of both ways: weights inside of the branch, drawn for it alone, leave it nothing in common with the way around it
/// but the means.
fn joined(skip: &[Vec<Moments>], branch: &[Vec<Moments>], scale: f64) -> Option<Vec<Vec<Moments>>> {
    let both = |(skip, branch): (&Vec<Moments>, &Vec<Moments>)| {
        let alike = [skip.len(), branch.len()].contains(&1);
        let at = |of: &[Moments], position: usize| if of.len() == 1 { of[0] } else { of[position] };
        let sum = |position: usize| {
            let (skip, branch) = (at(skip, position), at(branch, position));
            let common = 2.0 * scale * skip.mean * branch.mean;
            Moments {
                mean: skip.mean + scale * branch.mean,
                second: skip.second + scale * scale * branch.second + common,
            }
        };
        let positions = skip.len().max(branch.len());
        (alike || skip.len() == branch.len()).then(|| (0..positions).map(sum).collect())
    };
    skip.iter().zip(branch).map(both).collect()
}

/// What a layer's moments make of every row.
fn mapped(
    layer: &dyn Layer<f64>,
    passed: &Passed<'_, f64>,
    x: &[Vec<Moments>],
    drawn: &[InitMoments],
) -> Option<Vec<Vec<Moments>>> {
    x.iter().map(|row| outputs(layer, passed.plan, row, drawn)).collect()
}
