//! Recurrent layers behind a linear one, by differences of the engine itself: with lengths, one behind the other, and for all settings of
//! the cells. Against plain loops, and truncated, they stand in `tests/recurrent`.

use evenkeel::check::gradients_of_sequences;
use evenkeel::*;
use proptest::prelude::*;

use super::drawn::{check, numbers};
use super::{Boxed, failed, linear, network};

/// Checks a layer of so many steps, of width and hidden, between two linear ones.
fn sequences_agree(layer: impl Fn([usize; 3], bool) -> Result<Vec<Boxed>, Error>) {
    let from = |sizes: &'static [usize]| prop::sample::select(sizes);
    let sizes = (from(&[1, 2, 3, 5, 8]), from(&[1, 2, 7]), from(&[1, 2, 7, 8, 9, 16, 17, 33]), from(&[1, 2, 5, 8]));
    check((sizes, any::<[bool; 2]>(), any::<u64>()), |((steps, width, hidden, rows), [ragged, last], seed)| {
        let layers = layer([steps, width, hidden], last).map_err(failed)?;
        let layers = [linear(steps * width)].into_iter().chain(layers).chain([linear(2)]).collect();
        let network = network(2, layers, seed).map_err(failed)?;
        let x = numbers(rows * 2, 1.5, seed, "x");
        let lengths: Vec<usize> = (0..rows).map(|row| 1 + (seed >> (5 * row)) as usize % steps).collect();
        let lengths = if ragged { &lengths[..] } else { &[] };
        let x = Rows::new(&x, 2).map_err(failed)?;
        let checked = gradients_of_sequences(&network, x, lengths, seed).map_err(failed)?;
        prop_assert_eq!(checked.entries, network.parameters().len());
        Ok(())
    });
}

/// The layer, with all its states as outputs or the last one.
fn settle<T: Float, C>(layer: Recurrent<T, C>, last: impl FnOnce(Recurrent<T, C>) -> Recurrent<T, C>, is: bool) -> Boxed
where
    Recurrent<T, C>: Layer<f64> + 'static,
{
    if is { Box::new(last(layer)) } else { Box::new(layer) }
}

#[test]
fn rnn_agrees() {
    sequences_agree(|[steps, width, hidden], last| Ok(vec![settle(Rnn::new(steps, width, hidden)?, Rnn::last, last)]));
}

#[test]
fn rnn_of_relu_agrees() {
    // Weights small enough that no state explodes in eight steps.
    sequences_agree(|[steps, width, hidden], last| {
        let layer = Rnn::new(steps, width, hidden)?.relu().recurrent_weights(Uniform::new(-0.2, 0.2)?);
        Ok(vec![settle(layer, Rnn::last, last)])
    });
}

#[test]
fn lstm_agrees() {
    sequences_agree(|[steps, width, hidden], last| {
        let layer = Lstm::new(steps, width, hidden)?;
        let layer = if hidden.is_multiple_of(2) { layer.chrono(9)? } else { layer.forget_bias(1.0)? };
        Ok(vec![settle(layer, Lstm::last, last)])
    });
}

#[test]
fn gru_agrees() {
    sequences_agree(|[steps, width, hidden], last| Ok(vec![settle(Gru::new(steps, width, hidden)?, Gru::last, last)]));
}

#[test]
fn one_behind_the_other_agree() {
    sequences_agree(|[steps, width, hidden], last| {
        let hidden = hidden.min(9);
        let first: Boxed = Box::new(Gru::new(steps, width, hidden)?);
        Ok(vec![first, Box::new(Lstm::new(steps, hidden, 3)?), settle(Rnn::new(steps, 3, 2)?, Rnn::last, last)])
    });
}
