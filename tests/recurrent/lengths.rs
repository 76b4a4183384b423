//! Ragged batches: what is not there does not count, and what is counts as if it were alone.

use evenkeel::*;

use super::drawn::numbers;
use super::{Alone, KINDS, Kind, Shape, same};

const LENGTHS: [usize; 5] = [4, 9, 1, 6, 9];

fn shapes() -> impl Iterator<Item = Shape> {
    let uses = [(false, usize::MAX), (true, usize::MAX), (false, 4), (true, 4)];
    KINDS
        .into_iter()
        .flat_map(move |kind| uses.map(|(last, reach)| Shape { kind, steps: 11, width: 3, hidden: 17, last, reach }))
}

fn params(shape: &Shape) -> Vec<f64> {
    let extra = if shape.kind == Kind::Gru { shape.hidden } else { 0 };
    numbers((shape.width + shape.hidden + 1) * shape.gates() + extra, 0.4, 1, "params")
}

#[test]
fn a_ragged_batch_is_its_rows_alone() {
    for shape in shapes() {
        let (params, n_in) = (params(&shape), shape.steps * shape.width);
        let rows = LENGTHS.len();
        let mut x = numbers(rows * n_in, 1.0, 2, "x");
        // What is not there may be anything.
        for (x, length) in x.chunks_mut(n_in).zip(LENGTHS) {
            x[length * shape.width..].fill(f64::NAN);
        }
        let mut batch = Alone::<f64>::new(&shape, &params, rows);
        let y = batch.forward(&x, &LENGTHS).unwrap();
        let n_out = batch.plan.n_out;
        let mut dy = numbers(rows * n_out, 1.0, 3, "dy");
        if !shape.last {
            for (dy, length) in dy.chunks_mut(n_out).zip(LENGTHS) {
                dy[length * shape.hidden..].fill(f64::NAN);
            }
        }
        let (dx, gradients) = batch.backward(&x, &y, &dy, &LENGTHS, true);
        let mut sum = vec![0.0; gradients.len()];
        for (row, length) in LENGTHS.into_iter().enumerate() {
            let what = format!("{shape:?}, row {row}");
            let short = Shape { steps: length, ..shape };
            let x = &x[row * n_in..][..length * shape.width];
            let mut alone = Alone::<f64>::new(&short, &params, 1);
            let own = alone.forward(x, &[]).unwrap();
            let (y, behind) = y[row * n_out..][..n_out].split_at(own.len());
            assert_eq!(y, own, "{what}");
            assert!(behind.iter().all(|&y| y == 0.0), "{what}");
            let (own_dx, own_gradients) = alone.backward(x, &own, &dy[row * n_out..][..own.len()], &[], true);
            let (dx, behind) = dx[row * n_in..][..n_in].split_at(own_dx.len());
            assert_eq!(dx, own_dx, "{what}");
            assert!(behind.iter().all(|&dx| dx == 0.0), "{what}");
            sum.iter_mut().zip(own_gradients).for_each(|(sum, gradient)| *sum += gradient);
        }
        // In another order of summation: some hundred roundings.
        same(&format!("{shape:?}"), &gradients, &sum, 1e-13);
    }
}

#[test]
fn gradients_are_added_or_written() {
    for shape in shapes() {
        let params = params(&shape);
        let x = numbers(2 * shape.steps * shape.width, 1.0, 2, "x");
        let mut layer = Alone::<f64>::new(&shape, &params, 2);
        let y = layer.forward(&x, &[]).unwrap();
        let dy = vec![1.0; y.len()];
        let written = layer.backward(&x, &y, &dy, &[], true);
        layer.forward(&x, &[]).unwrap();
        assert_eq!(written, layer.backward(&x, &y, &dy, &[], false), "{shape:?}");
    }
}

#[test]
fn lengths_that_cannot_be_are_refused_by_row_and_value() {
    let builder = Network::<f32>::builder(6).layer(Lstm::new(3, 2, 4).unwrap().last()).layer(Linear::new(1));
    let network = builder.build().unwrap();
    let (mut workspace, mut predictor) = (network.workspace(2).unwrap(), network.predictor(2).unwrap());
    let x = [0.5; 12];
    let x = Rows::new(&x, 6).unwrap();
    for (lengths, row, length) in [([3, 0], 1, 0), ([4, 1], 0, 4)] {
        let refused = Error::Length { row, length, steps: 3 }.in_layer("0.lstm");
        workspace.set_lengths(&lengths).unwrap();
        assert_eq!(network.forward(x, Mode::Train, &mut workspace).unwrap_err(), refused);
        predictor.set_lengths(&lengths).unwrap();
        assert_eq!(network.predict_with(x, &mut predictor).unwrap_err(), refused);
    }
    assert!(matches!(workspace.set_lengths(&[1, 1, 1]), Err(Error::Size { expected: 2, found: 3, .. })));
    workspace.set_lengths(&[2]).unwrap();
    assert!(matches!(network.forward(x, Mode::Train, &mut workspace), Err(Error::Size { expected: 2, found: 1, .. })));
    predictor.set_lengths(&[2]).unwrap();
    assert!(matches!(network.predict_with(x, &mut predictor), Err(Error::Size { expected: 2, found: 1, .. })));
    // They are those of one pass, and the next has all steps again.
    let all = network.predict_with(x, &mut predictor).unwrap().data().to_vec();
    predictor.set_lengths(&[3, 1]).unwrap();
    let some = network.predict_with(x, &mut predictor).unwrap().data().to_vec();
    assert!(some[0] == all[0] && some[1] != all[1]);
    assert_eq!(network.predict_with(x, &mut predictor).unwrap().data(), all);
    workspace.set_lengths(&[3, 1]).unwrap();
    assert_eq!(network.forward(x, Mode::Train, &mut workspace).unwrap().data(), some);
    assert_eq!(network.forward(x, Mode::Train, &mut workspace).unwrap().data(), all);
}

/// Sequences of up to five numbers, of which the last real one is to be told.
fn data() -> Dataset<f64> {
    let lengths: Vec<usize> = (0..60).map(|row| 1 + row * 7 % 5).collect();
    let x = numbers(60 * 5, 1.0, 1, "x");
    let y = lengths.iter().enumerate().map(|(row, length)| x[row * 5 + length - 1]).collect();
    Dataset::values(x, 5, y, 1).unwrap().with_lengths(lengths).unwrap()
}

#[test]
fn training_carries_lengths_along() {
    let builder = Network::builder(5).layer(Gru::new(5, 1, 8).unwrap().last()).layer(Linear::new(1)).seed(1);
    let trainer = Trainer::builder(builder.build().unwrap(), MeanSquared::new(), Adam::new(0.02).unwrap());
    let mut trainer = trainer.batch(7).epochs(150).watch(Monitor::new()).build().unwrap();
    let data = data();
    trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
    let with = trainer.evaluate(&data).unwrap().loss;
    // A third is the variance of the targets: what is left where lengths and rows are mixed up.
    assert!(with < 0.01, "{with}");
    let all: Vec<usize> = (0..60).collect();
    assert_eq!(data.select(&all).unwrap(), data);
    let Targets::Values(values) = data.targets() else { unreachable!("it has values") };
    let without = Dataset::values(data.inputs().data().to_vec(), 5, values.data().to_vec(), 1).unwrap();
    assert!(trainer.evaluate(&without).unwrap().loss > 0.1);
    assert!(matches!(data.with_lengths(vec![1; 59]), Err(Error::Size { expected: 60, found: 59, .. })));
    assert!(trainer.report().unwrap().layer("0.gru").unwrap().through_time.is_some());
}
