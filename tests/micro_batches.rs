//! A batch that goes through the network in parts is the same batch: to rounding, and to the bit where nothing is rounded.

use super::drawn;

use std::sync::{Arc, Mutex};

use drawn::{check, numbers, size};
use evenkeel::*;
use proptest::prelude::*;

/// Multiplies each number by 1/2 or 3/2: by noise that is a function of layer, step and row.
#[derive(Debug)]
struct Noise;

impl Noise {
    fn factors<T: Float>(pass: &Pass<'_, T>, row: usize) -> impl Iterator<Item = T> + use<T> {
        let row = (pass.first_row + row) as u64;
        let mut generator = Generator::numbered(pass.seed.wrapping_add(pass.step), "row", row);
        std::iter::repeat_with(move || T::of(0.5 + generator.below(2) as f64))
    }
}

impl<T: Float> Layer<T> for Noise {
    fn kind(&self) -> &'static str {
        "noise"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        for (row, (y, x)) in y.iter_mut().zip(x.iter()).enumerate() {
            y.iter_mut().zip(x).zip(Self::factors(pass, row)).for_each(|((y, &x), factor)| *y = factor * x);
        }
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let Some(mut dx) = dx else { return };
        for (row, (dx, dy)) in dx.iter_mut().zip(dy.iter()).enumerate() {
            dx.iter_mut().zip(dy).zip(Self::factors(pass, row)).for_each(|((dx, &dy), factor)| *dx = factor * dy);
        }
    }
}

/// y = g x, which adds its gradients to those that are there, and does not know how to write them.
#[derive(Debug)]
struct Gain;

impl<T: Float> Layer<T> for Gain {
    fn kind(&self) -> &'static str {
        "gain"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::gain(n_in)))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        for (y, x) in y.iter_mut().zip(x.iter()) {
            y.iter_mut().zip(x).zip(pass.params).for_each(|((y, &x), &gain)| *y = gain * x);
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        for (x, dy) in x.iter().zip(dy.iter()) {
            gradients.iter_mut().zip(x.iter().zip(dy)).for_each(|(gradient, (&x, &dy))| *gradient += x * dy);
        }
        let Some(mut dx) = dx else { return };
        for (dx, dy) in dx.iter_mut().zip(dy.iter()) {
            dx.iter_mut().zip(dy).zip(pass.params).for_each(|((dx, &dy), &gain)| *dx = gain * dy);
        }
    }
}

/// A network in which nothing cancels: inputs, weights, slopes and noise are above zero, and so are outputs, above their targets. So no
/// number is off by more than the roundings on the way to it, each of half an epsilon of the number itself.
fn positive<T: Float>(n_in: usize, width: usize, seed: u64) -> Network<T> {
    let start = || Uniform::new(0.1, 1.0).unwrap();
    let builder = Network::builder(n_in).layer(Linear::new(width)).layer(Softplus).layer(Noise).layer(Gain);
    let builder = builder.layer(Linear::new(width)).layer(Softplus).layer(Linear::new(2));
    builder.weights(start()).biases(start()).seed(seed).build().unwrap()
}

/// How far a gradient may be from the same one computed in another order, as a share of it: both by half an epsilon for every rounding.
/// Forward and back there are three products with sums of up to `widest` terms, and a handful of operations around each; then comes a sum
/// over rows.
fn limit<T: Float>(widest: usize, rows: usize) -> f64 {
    let roundings = 2 * 3 * (widest + 8) + rows + 8;
    roundings as f64 * T::epsilon().get()
}

fn above_zero<T: Float>(len: usize, seed: u64, name: &str) -> Vec<T> {
    numbers(len, 1.0, seed, name).into_iter().map(|x| T::of(x.abs() + 0.01)).collect()
}

fn close(found: f64, expected: f64, limit: f64) -> Result<(), TestCaseError> {
    prop_assert!(expected > 0.0 && (found - expected).abs() <= limit * expected, "{} is not {}", found, expected);
    Ok(())
}

/// Takes the rows forward and back in parts; gives the sum of the shares of the loss.
fn in_parts<T: Float>(
    network: &Network<T>,
    loss: &dyn Loss<T>,
    (x, t): (Rows<'_, T>, Rows<'_, T>),
    workspace: &mut Workspace<T>,
) -> Result<f64, Error> {
    let part = workspace.capacity();
    let divisor = loss.divisor(Targets::Values(t));
    let parts = x.data().chunks(part * x.cols()).zip(t.data().chunks(part * t.cols()));
    let mut sum = 0.0;
    for (at, (one, targets)) in parts.enumerate() {
        network.forward_part(Rows::new(one, x.cols())?, part * at, workspace)?;
        sum += network.loss_part(loss, Targets::Values(Rows::new(targets, t.cols())?), divisor, workspace)?;
        network.backward(workspace)?;
    }
    Ok(sum)
}

fn parts_agree<T: Float>(
    loss: &dyn Loss<T>,
    [rows, part, n_in, width]: [usize; 4],
    seed: u64,
) -> Result<(), TestCaseError> {
    let network = positive::<T>(n_in, width, seed);
    let x = above_zero(rows * n_in, seed, "inputs");
    let t: Vec<T> = above_zero(rows * 2, seed, "targets").into_iter().map(|t: T| -t).collect();
    let (x, t) = (Rows::new(&x, n_in).unwrap(), Rows::new(&t, 2).unwrap());
    let mut whole = network.workspace(rows).unwrap();
    network.forward(x, Mode::Train, &mut whole).unwrap();
    let expected = network.loss(loss, Targets::Values(t), &mut whole).unwrap();
    network.backward(&mut whole).unwrap();

    let limit = limit::<T>(width.max(n_in), rows);
    let mut workspace = network.workspace(part).unwrap();
    close(in_parts(&network, loss, (x, t), &mut workspace).unwrap(), expected, limit)?;
    for (found, expected) in workspace.gradients().iter().zip(whole.gradients()) {
        close(found.get(), expected.get(), limit)?;
    }
    // The norms are those of what was added up, not of the last part.
    for (norm, slot) in workspace.gradient_norms().zip(network.layout().slots()) {
        let squares = workspace.gradients()[slot.range.clone()].iter().map(|g| g.get().powi(2)).sum::<f64>();
        close(norm, squares.sqrt(), slot.range.len() as f64 * f64::EPSILON)?;
    }
    // A batch that is not applied leaves nothing behind: the next begins with its first row.
    let first: Vec<T> = workspace.gradients().to_vec();
    in_parts(&network, loss, (x, t), &mut workspace).unwrap();
    prop_assert_eq!(workspace.gradients(), first);
    Ok(())
}

#[test]
fn parts_add_up_to_the_whole() {
    check(([size(), size(), size(), size()], any::<u64>(), any::<bool>()), |(sizes, seed, summed)| {
        if summed {
            parts_agree::<f64>(&SumSquared::new(), sizes, seed)?;
            return parts_agree::<f32>(&SumSquared::new(), sizes, seed);
        }
        parts_agree::<f64>(&MeanSquared::new(), sizes, seed)?;
        parts_agree::<f32>(&MeanSquared::new(), sizes, seed)
    });
}

/// Lets every gradient pass, and keeps the last one to be looked at.
#[derive(Debug, Clone, Default)]
struct Spy(Arc<Mutex<Vec<f64>>>);

impl GradientClipper<f64> for Spy {
    fn clip(&mut self, gradients: &mut Gradients<'_, f64>) -> Clipped {
        *self.0.lock().unwrap() = gradients.values().to_vec();
        Clipped::untouched(gradients.norm())
    }
}

/// An epoch of 19 rows in batches of eight: what clipper and monitor see of each, and the loss.
fn epoch(micro: Option<usize>, width: usize, seed: u64) -> Vec<(Vec<f64>, f64, f64, usize)> {
    let targets = above_zero::<f64>(19 * 2, seed, "targets").into_iter().map(|t| -t).collect();
    let data = Dataset::values(above_zero(19 * 3, seed, "inputs"), 3, targets, 2).unwrap();
    let spy = Spy::default();
    // So slow that the parameters of both runs stay the same, but for their last bits.
    let builder = Trainer::builder(positive(3, width, seed), MeanSquared::new(), Sgd::new(1e-12).unwrap()).batch(8);
    let builder = builder.clip(spy.clone()).watch(Monitor::new()).seed(seed);
    let builder = if let Some(rows) = micro { builder.micro_batch(rows) } else { builder };
    let mut trainer = builder.build().unwrap();
    let steps = (0..3).map(|_| {
        let outcome = trainer.step(&data).unwrap();
        let seen = trainer.report().unwrap().layer("0.linear").unwrap().gradient.now().unwrap();
        (spy.0.lock().unwrap().clone(), seen, outcome.loss, outcome.rows)
    });
    steps.collect()
}

#[test]
fn the_trainer_adds_parts_up() {
    check((1..10_usize, size(), any::<u64>()), |(micro, width, seed)| {
        let (parts, whole) = (epoch(Some(micro), width, seed), epoch(None, width, seed));
        prop_assert_eq!(whole.iter().map(|step| step.3).collect::<Vec<_>>(), [8, 8, 3]);
        let limit = limit::<f64>(width.max(3), 8) + 1e-9;
        for ((gradient, seen, loss, rows), expected) in parts.into_iter().zip(whole) {
            prop_assert_eq!(rows, expected.3);
            close(loss, expected.2, limit)?;
            close(seen, expected.1, limit)?;
            prop_assert_eq!(gradient.len(), expected.0.len());
            for (found, expected) in gradient.into_iter().zip(expected.0) {
                close(found, expected, limit)?;
            }
        }
        Ok(())
    });
}

/// Whole numbers, and shares that are powers of two: nothing is rounded, so the bits are the same, step after step.
#[test]
fn without_rounding_the_bits_are_the_same() {
    let run = |micro: usize| {
        let network = Network::<f64>::builder(2).layer(Linear::without_bias(1)).weights(Constant::new(1.0).unwrap());
        let x = (0..12 * 2).map(|at| f64::from(at * 7 % 5 - 2)).collect();
        let data = Dataset::values(x, 2, (0..12).map(|at| f64::from(at * 3 % 7 - 3)).collect(), 1).unwrap();
        let builder = Trainer::builder(network.build().unwrap(), MeanSquared::new(), Sgd::new(0.0625).unwrap());
        let mut trainer = builder.batch(8).micro_batch(micro).build().unwrap();
        // Batches of eight and four in turn.
        let losses: Vec<f64> = (0..6).map(|_| trainer.step(&data).unwrap().loss).collect();
        (losses, trainer.into_network().parameters().to_vec())
    };
    let whole = run(8);
    assert!(whole.0[5] < whole.0[0] && whole.1[0] != 1.0);
    for micro in [1, 2, 4, 8, 100] {
        assert_eq!(run(micro), whole, "{micro} rows at once");
    }
}

/// Its state is half of what it was and the first number of each pass.
#[derive(Debug)]
struct Remembers;

impl Layer<f64> for Remembers {
    fn kind(&self) -> &'static str {
        "remembers"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).state(vec![8.0]))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: &mut Pass<'_, f64>) -> Result<(), Error> {
        y.data_mut().copy_from_slice(x.data());
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
        if let Some(mut dx) = dx {
            dx.data_mut().copy_from_slice(dy.data());
        }
    }

    fn commit(&self, passed: &Passed<'_, f64>, state: &mut [f64]) {
        state[0] = state[0] / 2.0 + passed.x.row(0)[0];
    }
}

#[test]
fn every_part_shows_in_the_state_once_the_update_is_applied() {
    let mut network = Network::<f64>::builder(1).layer(Remembers).layer(Linear::new(1)).build().unwrap();
    let (x, t) = ([1.0, 0.0, 2.0, 0.0, 4.0], [0.0; 5]);
    let (x, t) = (Rows::new(&x, 1).unwrap(), Rows::new(&t, 1).unwrap());
    let optimizer = Sgd::new(0.1).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let mut workspace = network.workspace(2).unwrap();
    for _ in 0..2 {
        // The first time there is no update: nothing of it stays.
        in_parts(&network, &MeanSquared::new(), (x, t), &mut workspace).unwrap();
        assert_eq!(network.state(), [8.0]);
    }
    network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
    assert_eq!(network.state(), [((8.0 / 2.0 + 1.0) / 2.0 + 2.0) / 2.0 + 4.0]);
    assert_eq!((network.updates(), state.updates()), (1, 1));
}

#[test]
fn parts_out_of_order_are_refused() {
    let mut network = positive::<f64>(1, 2, 1);
    let (x, t) = ([1.0; 2], [0.0; 4]);
    let (x, t) = (Rows::new(&x, 1).unwrap(), Targets::Values(Rows::new(&t, 2).unwrap()));
    let mut workspace = network.workspace(2).unwrap();
    let out_of_order =
        |expected, found| Error::Size { what: "the rows of the batch before this part", expected, found };
    assert_eq!(network.forward_part(x, 2, &mut workspace), Err(out_of_order(0, 2)));
    let pass = |first, network: &Network<f64>, workspace: &mut Workspace<f64>| {
        network.forward_part(x, first, workspace)?;
        network.loss_part(&MeanSquared::new(), t, 4.0, workspace)?;
        network.backward(workspace)
    };
    pass(0, &network, &mut workspace).unwrap();
    assert_eq!(pass(4, &network, &mut workspace), Err(out_of_order(2, 4)));
    pass(2, &network, &mut workspace).unwrap();
    assert_eq!(pass(2, &network, &mut workspace), Err(out_of_order(4, 2)));
    let optimizer = Sgd::new(0.1).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    // What was refused has changed nothing.
    network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
    assert_eq!(pass(2, &network, &mut workspace), Err(out_of_order(0, 2)));
    for divisor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        network.forward(x, Mode::Train, &mut workspace).unwrap();
        let refused = network.loss_part(&MeanSquared::new(), t, divisor, &mut workspace);
        assert!(matches!(refused, Err(Error::Argument { argument: "divisor", .. })), "{divisor}: {refused:?}");
    }
    let network = positive::<f64>(1, 2, 1);
    let refused = Trainer::builder(network, MeanSquared::new(), optimizer).micro_batch(0).build();
    assert!(matches!(refused, Err(Error::Argument { argument: "micro_batch", .. })), "{refused:?}");
}
