//! Norms, attention, and layers that are applied step by step.

use evenkeel::*;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::drawn::{check, numbers, size};
use super::{Boxed, failed, linear, network};

/// So much is added to variances that a group of two numbers, too, is normalized smoothly on the scale of a difference.
const EPSILON: f64 = 0.1;

/// Checks these layers behind a linear one, which shows their derivative by the input. It has no bias: a norm would take it off again.
fn agrees(rows: usize, n_in: usize, width: usize, layers: Vec<Boxed>, seed: u64) -> TestCaseResult {
    let before: Boxed = Box::new(Linear::without_bias(width));
    let network = network(n_in, std::iter::once(before).chain(layers).collect(), seed).map_err(failed)?;
    let x = numbers(rows * n_in, 1.5, seed, "x");
    let checked = check::gradients(&network, Rows::new(&x, n_in).map_err(failed)?, seed).map_err(failed)?;
    prop_assert_eq!(checked.entries, network.parameters().len());
    Ok(())
}

#[test]
fn batch_norm_agrees() {
    let norm = || BatchNorm::new().epsilon(EPSILON).unwrap();
    check((size(), 1..6_usize, size(), 1..6_usize, any::<u64>()), |(rows, n_in, width, n_out, seed)| {
        let rows = rows.max(2);
        agrees(rows, n_in, width, vec![Box::new(norm()), linear(n_out)], seed)?;
        agrees(rows, n_in, width, vec![Box::new(norm().without_affine()), linear(n_out)], seed)
    });
}

#[test]
fn batch_norm_of_channels_agrees() {
    let strategy = (1..9_usize, 1..6_usize, size(), 1..6_usize, any::<u64>());
    check(strategy, |(rows, n_in, channels, positions, seed)| {
        let rows = if positions == 1 { rows.max(2) } else { rows };
        let norm = BatchNorm::channels(channels).epsilon(EPSILON).unwrap();
        agrees(rows, n_in, positions * channels, vec![Box::new(norm), linear(2)], seed)
    });
}

/// Checks a norm of rows over the whole of them, and over several groups.
fn row_norm_agrees(whole: impl Fn() -> Boxed, over: impl Fn(usize) -> Boxed) {
    let strategy = (1..10_usize, 1..6_usize, size(), 1..4_usize, any::<u64>());
    check(strategy, |(rows, n_in, width, groups, seed)| {
        let norm = if groups == 1 { whole() } else { over(width) };
        agrees(rows, n_in, groups * width, vec![norm, linear(2)], seed)
    });
}

#[test]
fn layer_norm_agrees() {
    let epsilon = |norm: LayerNorm| norm.epsilon(EPSILON).unwrap();
    row_norm_agrees(|| Box::new(epsilon(LayerNorm::new())), |width| Box::new(epsilon(LayerNorm::over(width))));
    row_norm_agrees(
        || Box::new(epsilon(LayerNorm::new()).without_affine()),
        |width| Box::new(epsilon(LayerNorm::over(width)).without_bias()),
    );
}

#[test]
fn rms_norm_agrees() {
    let epsilon = |norm: RmsNorm| norm.epsilon(EPSILON).unwrap();
    row_norm_agrees(|| Box::new(epsilon(RmsNorm::new())), |width| Box::new(epsilon(RmsNorm::over(width))));
    row_norm_agrees(
        || Box::new(epsilon(RmsNorm::new()).without_gain()),
        |width| Box::new(epsilon(RmsNorm::over(width)).without_gain()),
    );
}

/// Attention over rows of so many steps each.
#[derive(Debug)]
struct Padded(MultiHeadAttention<f64>, Vec<usize>);

impl Layer<f64> for Padded {
    fn kind(&self) -> &'static str {
        "padded"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Layer::<f64>::plan(&self.0, n_in)
    }

    fn forward(&self, x: Rows<'_, f64>, y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        self.0.forward(x, y, &mut with_lengths(pass, &self.1))
    }

    fn backward(
        &self,
        x: Rows<'_, f64>,
        y: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        gradients: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        self.0.backward(x, y, dy, dx, gradients, &mut with_lengths(pass, &self.1));
    }
}

fn with_lengths<'a>(pass: &'a mut Pass<'_, f64>, lengths: &'a [usize]) -> Pass<'a, f64> {
    let Pass { plan, mode, params, state, ref mut saved, ref mut scratch, fresh, seed, step, .. } = *pass;
    Pass { plan, mode, params, state, saved, scratch, lengths, first_row: 0, fresh, seed, step }
}

#[test]
fn attention_agrees() {
    let sizes = (1..4_usize, size(), 1..4_usize, prop::sample::select(&[1, 2, 3, 5][..]));
    let kinds = (any::<bool>(), any::<bool>(), any::<bool>());
    check((sizes, kinds, any::<u64>()), |((rows, steps, heads, head), (causal, bias, padded), seed)| {
        let width = heads * head;
        let attention = MultiHeadAttention::new(width, heads);
        let attention = if causal { attention.causal() } else { attention };
        let attention = if bias { attention } else { attention.without_bias() };
        let lengths = |row: usize| (seed as usize >> (8 * row)) % steps + 1;
        let layer: Boxed =
            if padded { Box::new(Padded(attention, (0..rows).map(lengths).collect())) } else { Box::new(attention) };
        agrees(rows, 2, steps * width, vec![layer], seed)
    });
}

#[test]
fn per_step_agrees() {
    let strategy = (1..6_usize, 1..4_usize, size(), 1..5_usize, size(), any::<u64>());
    check(strategy, |(rows, n_in, width, steps, out, seed)| {
        let norm = BatchNorm::new().epsilon(EPSILON).unwrap();
        let mut layers: Vec<Boxed> = vec![Box::new(PerStep::new(width, Linear::new(out)))];
        if rows * steps > 1 {
            layers.push(Box::new(PerStep::new(out, norm)));
        }
        layers.push(Box::new(PerStep::new(out, Tanh)));
        agrees(rows, n_in, steps * width, layers, seed)
    });
}

#[test]
fn blocks_of_a_transformer_agree() {
    let strategy = (1..4_usize, size(), 1..3_usize, 2..5_usize, any::<u64>());
    check(strategy, |(rows, steps, heads, head, seed)| {
        let width = heads * head;
        let layers: Vec<Boxed> = vec![
            Box::new(LayerNorm::over(width).epsilon(EPSILON).unwrap()),
            Box::new(MultiHeadAttention::new(width, heads).causal()),
            Box::new(RmsNorm::over(width).epsilon(EPSILON).unwrap()),
            Box::new(PerStep::new(width, Linear::new(2 * width))),
            Box::new(Gelu),
            Box::new(PerStep::new(2 * width, Linear::new(width))),
        ];
        agrees(rows, 2, steps * width, layers, seed)
    });
}
