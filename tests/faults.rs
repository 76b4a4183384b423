//! Faults that are put into a run are found, where and when they were put there: a hundred of a hundred.

use evenkeel::*;
use rand::RngExt;

/// Four hidden layers of six units, seen through slices, as a loop of another library would.
struct Run {
    network: Network<f64>,
    monitor: Monitor,
    ids: Vec<ParameterId>,
}

/// More than a series keeps exactly at its start.
const STEPS: u64 = 60;

impl Run {
    fn new(seed: u64) -> Self {
        let mut builder = Network::builder(3).seed(seed);
        for _ in 0..4 {
            builder = builder.layer(Linear::new(6)).layer(Tanh);
        }
        let network = builder.layer(Linear::new(2)).build().unwrap();
        let mut monitor = Monitor::new().period(1).unwrap();
        let names = network.layer_names();
        let slots = network.layout().slots();
        let ids = slots.iter().map(|slot| monitor.watch_parameter(&names[slot.layer], &slot.param)).collect();
        Self { network, monitor, ids }
    }

    /// Descends, with what `on_gradient` makes of the gradients and `on_weights` of the weights after an update, given the step.
    fn report(
        mut self,
        mut on_gradient: impl FnMut(u64, &mut [f64]),
        mut on_weights: impl FnMut(u64, &[f64], &mut Network<f64>),
    ) -> StabilityReport {
        let x: Vec<f64> = (0..24).map(|at| (f64::from(at) * 0.7).sin()).collect();
        let t: Vec<f64> = (0..16).map(|at| (f64::from(at) * 1.3).cos()).collect();
        let (x, t) = (Rows::new(&x, 3).unwrap(), Targets::Values(Rows::new(&t, 2).unwrap()));
        let mut workspace = self.network.workspace(8).unwrap();
        for step in 0..STEPS {
            self.monitor.begin(step);
            self.network.forward(x, Mode::Train, &mut workspace).unwrap();
            let loss = self.network.loss(&MeanSquared::new(), t, &mut workspace).unwrap();
            self.network.backward(&mut workspace).unwrap();
            let mut gradients = workspace.gradients().to_vec();
            on_gradient(step, &mut gradients);
            let before = self.network.parameters().to_vec();
            let parameters = self.network.parameters_mut().iter_mut();
            parameters.zip(&gradients).filter(|(_, g)| g.is_finite()).for_each(|(w, g)| *w -= 0.05 * g);
            on_weights(step, &before, &mut self.network);
            for (slot, id) in self.network.layout().slots().iter().zip(&self.ids) {
                let range = slot.range.clone();
                let weights = &self.network.parameters()[range.clone()];
                let moved: f64 = weights.iter().zip(&before[range.clone()]).map(|(w, b)| (w - b).powi(2)).sum();
                self.monitor.gradient(*id, &gradients[range]).unwrap();
                self.monitor.weights(*id, weights, moved.sqrt()).unwrap();
            }
            self.monitor.end(loss);
        }
        self.monitor.report()
    }
}

/// A hundred places: a seed, a step, and a draw from so many things.
fn places(name: &str, things: usize, last_step: u64) -> impl Iterator<Item = (u64, u64, usize)> {
    let mut generator = Generator::named(1, name);
    (0..100).map(move |seed| (seed, generator.random_range(1..last_step), generator.random_range(0..things)))
}

#[test]
fn nothing_is_found_where_nothing_was_put() {
    for seed in 0..100 {
        let report = Run::new(seed).report(|_, _| {}, |_, _, _| {});
        assert!(report.findings.is_empty(), "{report}");
    }
}

#[test]
fn numbers_that_are_not_finite() {
    let bad = |seed: u64| [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][seed as usize % 3];
    let count = Run::new(0).network.layout().len();
    for in_weights in [false, true] {
        for (seed, step, at) in places("bad", count, STEPS - 1) {
            let run = Run::new(seed);
            let layout = run.network.layout().clone();
            let slot = layout.slots().iter().find(|slot| slot.range.contains(&at)).unwrap();
            let report = run.report(
                |now, gradients| {
                    if !in_weights && now == step {
                        gradients[at] = bad(seed);
                    }
                },
                |now, _, network| {
                    if in_weights && now == step {
                        network.parameters_mut()[at] = bad(seed);
                    }
                },
            );
            let first = &report.non_finite[0];
            assert_eq!((first.kind, first.step), (if in_weights { "weights" } else { "gradient" }, step));
            assert_eq!((&first.what, first.index), (&slot.param.name, at - slot.range.start));
            assert_eq!(report.findings[0].symptom, Symptom::NonFinite);
        }
    }
}

#[test]
fn a_layer_that_stands_still() {
    for (seed, step, layer) in places("frozen", 5, STEPS - 8) {
        let run = Run::new(seed);
        let slots: Vec<Slot> =
            run.network.layout().slots().iter().filter(|slot| slot.layer == 2 * layer).cloned().collect();
        let report = run.report(
            |_, _| {},
            |now, before, network| {
                for slot in slots.iter().filter(|_| now >= step) {
                    network.parameters_mut()[slot.range.clone()].copy_from_slice(&before[slot.range.clone()]);
                }
            },
        );
        let finding = report.finding(Symptom::FrozenLayer).unwrap_or_else(|| panic!("{seed} {step} {layer}\n{report}"));
        assert_eq!((&finding.layers, finding.step), (&vec![format!("{}.linear", 2 * layer)], step));
    }
}

#[test]
fn two_units_that_are_made_equal() {
    // Units count as equal once they have been at all of the last looks: chance ties do not last.
    for (seed, step, layer) in places("equal", 4, STEPS - Series::RECENT as u64) {
        let (one, other) = (seed as usize % 6, (seed as usize / 6 + 1 + seed as usize) % 6);
        let other = if one == other { (one + 1) % 6 } else { other };
        let report = Run::new(seed).report(
            |_, _| {},
            |now, _, network| {
                if now != step {
                    return;
                }
                let name = |layer: usize, parameter: &str| format!("{}.linear.{parameter}", 2 * layer);
                let mut weight = network.parameter_mut(&name(layer, "weight")).unwrap();
                for row in 0..weight.rows() {
                    weight.row_mut(row)[other] = weight.row_mut(row)[one];
                }
                let mut bias = network.parameter_mut(&name(layer, "bias")).unwrap();
                bias.data_mut()[other] = bias.data_mut()[one];
                let mut after = network.parameter_mut(&name(layer + 1, "weight")).unwrap();
                let outgoing = after.row_mut(one).to_vec();
                after.row_mut(other).copy_from_slice(&outgoing);
            },
        );
        let finding =
            report.finding(Symptom::SymmetricUnits).unwrap_or_else(|| panic!("{seed} {step} {layer}\n{report}"));
        assert_eq!((&finding.layers, finding.step), (&vec![format!("{}.linear", 2 * layer)], step));
    }
}
