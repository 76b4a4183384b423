//! Faults that are put into a run are found, where and when they were put there: a hundred of a hundred.

use evenkeel::*;
use rand::RngExt;

/// Four hidden layers of six units, seen through slices, as a loop of another library would.
struct Run {
    network: Network<f64>,
    monitor: Monitor,
    ids: Vec<ParameterId>,
    outputs: Vec<ActivationId>,
}

/// More than a series keeps exactly at its start.
const STEPS: u64 = 60;

type OfGradients<'a> = Box<dyn FnMut(u64, &mut [f64]) + 'a>;
type OfOutputs<'a> = Box<dyn FnMut(u64, usize, &mut [f64]) + 'a>;
type OfUpdate<'a> = Box<dyn FnMut(u64, &[f64], &mut Network<f64>) + 'a>;
type OfNetwork<'a> = Box<dyn FnMut(u64, &mut Network<f64>) + 'a>;

/// What is made, given the step, of what the monitor is shown.
struct Faults<'a> {
    gradients: OfGradients<'a>,
    /// Of the outputs of the layer of that number.
    outputs: OfOutputs<'a>,
    /// Of the network, given its parameters before the update: as part of the update.
    update: OfUpdate<'a>,
    /// Of the network, behind the back of the update.
    afterwards: OfNetwork<'a>,
    /// Whether the gradient of each parameter is tried on its own.
    tries: bool,
}

impl Default for Faults<'_> {
    fn default() -> Self {
        Self {
            gradients: Box::new(|_, _| {}),
            outputs: Box::new(|_, _, _| {}),
            update: Box::new(|_, _, _| {}),
            afterwards: Box::new(|_, _| {}),
            tries: false,
        }
    }
}

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
        let width = |at: usize| if at + 1 == names.len() { 2 } else { 6 };
        let outputs =
            (0..names.len()).map(|at| monitor.watch_activation(&names[at], width(at), Bounds::NONE)).collect();
        Self { network, monitor, ids, outputs }
    }

    /// Descends with those faults. Gives the report, and what trying the gradients found.
    fn tried(mut self, mut faults: Faults<'_>) -> (StabilityReport, Vec<Finding>) {
        let x: Vec<f64> = (0..24).map(|at| (f64::from(at) * 0.7).sin()).collect();
        let t: Vec<f64> = (0..16).map(|at| (f64::from(at) * 1.3).cos()).collect();
        let (x, t) = (Rows::new(&x, 3).unwrap(), Targets::Values(Rows::new(&t, 2).unwrap()));
        let mut workspace = self.network.workspace(8).unwrap();
        let mut findings = Vec::new();
        for step in 0..STEPS {
            self.monitor.begin(step);
            self.network.forward(x, Mode::Train, &mut workspace).unwrap();
            for (at, (name, id)) in self.network.layer_names().iter().zip(&self.outputs).enumerate() {
                let rows = workspace.activation(name).unwrap();
                let (mut seen, width) = (rows.data().to_vec(), rows.cols());
                (faults.outputs)(step, at, &mut seen);
                self.monitor.activations(*id, Rows::new(&seen, width).unwrap()).unwrap();
            }
            let loss = self.network.loss(&MeanSquared::new(), t, &mut workspace).unwrap();
            self.network.backward(&mut workspace).unwrap();
            let mut gradients = workspace.gradients().to_vec();
            (faults.gradients)(step, &mut gradients);
            if faults.tries {
                let loss = MeanSquared::new();
                let slopes = slopes(&mut self.network, &mut workspace, x, t, &loss, &gradients).unwrap();
                findings.extend(Slope::finding(&slopes, step));
            }
            let before = self.network.parameters().to_vec();
            let parameters = self.network.parameters_mut().iter_mut();
            parameters.zip(&gradients).filter(|(_, g)| g.is_finite()).for_each(|(w, g)| *w -= 0.05 * g);
            (faults.update)(step, &before, &mut self.network);
            let moved = |range: std::ops::Range<usize>, network: &Network<f64>| -> f64 {
                let weights = network.parameters()[range.clone()].iter();
                weights.zip(&before[range]).map(|(w, b)| (w - b).powi(2)).sum::<f64>().sqrt()
            };
            let slots = self.network.layout().slots().to_vec();
            let moved: Vec<f64> = slots.iter().map(|slot| moved(slot.range.clone(), &self.network)).collect();
            (faults.afterwards)(step, &mut self.network);
            for ((slot, id), moved) in slots.iter().zip(&self.ids).zip(moved) {
                let range = slot.range.clone();
                self.monitor.gradient(*id, &gradients[range.clone()]).unwrap();
                self.monitor.weights(*id, &self.network.parameters()[range], moved).unwrap();
            }
            self.monitor.end(loss);
        }
        (self.monitor.report(), findings)
    }

    fn report(self, faults: Faults<'_>) -> StabilityReport {
        self.tried(faults).0
    }
}

/// A hundred places: a seed, a step, and a draw from so many things.
fn places(name: &str, things: usize, last_step: u64) -> impl Iterator<Item = (u64, u64, usize)> {
    let mut generator = Generator::named(1, name);
    (0..100).map(move |seed| (seed, generator.random_range(1..last_step), generator.random_range(0..things)))
}

#[test]
pub fn nothing_is_found_where_nothing_was_put() {
    for seed in 0..100 {
        let (report, tried) = Run::new(seed).tried(Faults { tries: true, ..Faults::default() });
        assert!(report.findings.is_empty() && tried.is_empty(), "{tried:?}\n{report}");
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
            let report = run.report(Faults {
                gradients: Box::new(|now, gradients| {
                    if !in_weights && now == step {
                        gradients[at] = bad(seed);
                    }
                }),
                update: Box::new(|now, _, network| {
                    if in_weights && now == step {
                        network.parameters_mut()[at] = bad(seed);
                    }
                }),
                ..Faults::default()
            });
            let first = &report.non_finite[0];
            assert_eq!((first.kind, first.step), (if in_weights { "weights" } else { "gradient" }, step));
            assert_eq!((&first.what, first.index), (&slot.param.name, at - slot.range.start));
            assert_eq!(report.findings[0].symptom, Symptom::NonFinite);
        }
    }
}

#[test]
fn outputs_that_are_not_finite() {
    let bad = |seed: u64| [f64::INFINITY, f64::NEG_INFINITY, f64::NAN][seed as usize % 3];
    for (seed, step, layer) in places("outputs", 9, STEPS - 1) {
        let run = Run::new(seed);
        let name = run.network.layer_names()[layer].clone();
        let numbers = 8 * if layer == 8 { 2 } else { 6 };
        let at = (31 * seed as usize + 7) % numbers;
        let report = run.report(Faults {
            outputs: Box::new(|now, of, outputs| {
                if (now, of) == (step, layer) {
                    outputs[at] = bad(seed);
                }
            }),
            ..Faults::default()
        });
        let first = &report.non_finite[0];
        assert_eq!((first.kind, first.step, first.index), ("activation", step, at));
        assert_eq!(first.layer, name);
        let finding = report.finding(Symptom::NonFinite).unwrap_or_else(|| panic!("{seed} {step} {layer}\n{report}"));
        assert_eq!((&finding.layers[..], finding.step), (&[name][..], step));
    }
}

/// What multiplies the weights, and is no update.
#[test]
pub fn a_layer_that_is_scaled() {
    for (seed, step, layer) in places("scaled", 5, STEPS - 1) {
        let factor = [100.0, 0.01, 1.5, 0.5][seed as usize % 4];
        let report = Run::new(seed).report(Faults {
            afterwards: Box::new(|now, network| {
                if now == step {
                    let mut weight = network.parameter_mut(&format!("{}.linear.weight", 2 * layer)).unwrap();
                    weight.data_mut().iter_mut().for_each(|w| *w *= factor);
                }
            }),
            ..Faults::default()
        });
        let finding =
            report.finding(Symptom::ForeignChange).unwrap_or_else(|| panic!("{seed} {step} {layer}\n{report}"));
        assert_eq!((&finding.layers, finding.step), (&vec![format!("{}.linear", 2 * layer)], step));
        let number = |what: &str| finding.evidence.iter().find(|evidence| evidence.what == what).unwrap().value;
        // But for the update that came before it.
        let found = number("norm_after") / number("norm_before");
        assert!(
            (found / factor - 1.0).abs() <= number("norm_of_updates") / number("norm_before") + 1e-12,
            "{found} {factor}"
        );
    }
}

/// The weights of a layer learn uphill from some step on.
#[test]
fn a_gradient_of_the_wrong_sign() {
    for (seed, step, layer) in places("flipped", 5, STEPS - 1) {
        let run = Run::new(seed);
        let name = format!("{}.linear", 2 * layer);
        let weight = format!("{name}.weight");
        let range = run.network.layout().slots().iter().find(|slot| slot.param.name == weight).unwrap().range.clone();
        let (_, tried) = run.tried(Faults {
            gradients: Box::new(|now, gradients| {
                if now >= step {
                    gradients[range.clone()].iter_mut().for_each(|g| *g = -*g);
                }
            }),
            tries: true,
            ..Faults::default()
        });
        let finding = tried.first().unwrap_or_else(|| panic!("{seed} {step} {layer}"));
        assert_eq!((&finding.layers[..], finding.step), (&[name.clone()][..], step));
        assert!((finding.evidence[0].value + 1.0).abs() < 1e-3, "{finding}");
        // And at every step from there on, nothing else.
        assert_eq!(tried.len() as u64, STEPS - step);
        assert!(tried.iter().all(|finding| finding.layers == [name.clone()]));
    }
}

#[test]
pub fn a_layer_that_stands_still() {
    for (seed, step, layer) in places("frozen", 5, STEPS - 8) {
        let run = Run::new(seed);
        let slots: Vec<Slot> =
            run.network.layout().slots().iter().filter(|slot| slot.layer == 2 * layer).cloned().collect();
        let report = run.report(Faults {
            update: Box::new(|now, before, network| {
                for slot in slots.iter().filter(|_| now >= step) {
                    network.parameters_mut()[slot.range.clone()].copy_from_slice(&before[slot.range.clone()]);
                }
            }),
            ..Faults::default()
        });
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
        let report = Run::new(seed).report(Faults {
            update: Box::new(|now, _, network| {
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
            }),
            ..Faults::default()
        });
        let finding =
            report.finding(Symptom::SymmetricUnits).unwrap_or_else(|| panic!("{seed} {step} {layer}\n{report}"));
        assert_eq!((&finding.layers, finding.step), (&vec![format!("{}.linear", 2 * layer)], step));
    }
}
