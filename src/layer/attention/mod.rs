//! `MultiHeadAttention`: every step of a sequence a weighted mean of steps, the weights found by comparing them.

mod heads;
mod shares;
mod wide;

use std::sync::Arc;

use super::groups::groups;
use super::{Layer, Moments, Pass, Plan, Propagated, Signal, Through};
use crate::linalg::{Matrix, Start, multiply};
use crate::{Error, Fans, Float, InitMoments, Initializer, Param, Role, Rows, RowsMut};
use heads::{Backward, Forward, Shape};
use wide::{Wide, wide};

/// Multi-head self-attention: a row is a sequence of `steps * width` numbers, and so is its output.
///
/// ```text
/// [q k v] = x W_qkv + b_qkv                                          for each step
/// shares  = softmax over the steps j of q_i . k_j / sqrt(width / heads)    for each head and step i
/// y       = [sum over j of shares_ij v_j, for each head] W_out + b_out
/// ```
///
/// A head has `width / heads` of the columns of q, k and v. With [`causal`](Self::causal) a step sees itself and those before it.
///
/// ```
/// use evenkeel::{MultiHeadAttention, Network};
/// let (steps, width, heads) = (6, 8, 2);
/// let network = Network::<f32>::builder(steps * width).layer(MultiHeadAttention::new(width, heads).causal()).build()?;
/// assert_eq!(network.n_out(), steps * width);
/// let weight = network.parameter("0.multi_head_attention.qkv_weight")?;
/// assert_eq!((weight.rows(), weight.cols()), (width, 3 * width));
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: for a width or a number of heads of 0, heads that do not divide the width, and rows that are no whole number
/// of steps. In a pass: [`Error::Length`] where one of
/// [`Pass::lengths`] is 0, or beyond the steps.
///
/// # Notes
/// Where a pass has lengths, steps beyond that of their row are not looked at, whatever stands there: their outputs are 0, and no gradient
/// comes of them. Steps that are masked by [`causal`](Self::causal) do not reach the outputs of earlier ones either, not even as a NaN. A row takes memory
/// for `heads * steps^2` shares. A forecast takes heads for wide, and what differs from step to step for independent: then the scores of a query
/// are independent normal numbers, and the shares what [`Softmax`](crate::Softmax) makes of them; so it is for the gradients by its weights, where those by
/// different outputs are independent. The fans of `qkv_weight` are those of each of its three parts. Vaswani et al. 2017, "Attention Is All You
/// Need".
#[derive(Debug, Clone)]
pub struct MultiHeadAttention<T> {
    width: usize,
    heads: usize,
    causal: bool,
    bias: bool,
    weight_start: Option<Arc<dyn Initializer<T>>>,
    bias_start: Option<Arc<dyn Initializer<T>>>,
}

impl<T: Float> MultiHeadAttention<T> {
    /// Over steps of `width` numbers each, with so many heads, and with biases.
    pub fn new(width: usize, heads: usize) -> Self {
        Self { width, heads, causal: false, bias: true, weight_start: None, bias_start: None }
    }

    /// With no step looking at later ones.
    pub fn causal(self) -> Self {
        Self { causal: true, ..self }
    }

    /// Without biases.
    pub fn without_bias(self) -> Self {
        Self { bias: false, ..self }
    }

    /// With weights, into the heads and out of them, that start as that initializer says.
    pub fn weights(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { weight_start: Some(Arc::new(initializer)), ..self }
    }

    /// With biases that start as that initializer says.
    pub fn biases(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { bias_start: Some(Arc::new(initializer)), ..self }
    }

    fn shape(&self, n_in: usize) -> Shape {
        Shape { steps: n_in / self.width, width: self.width, heads: self.heads, causal: self.causal }
    }

    /// Weight and bias into q, k and v, and weight and bias out of the heads: in the order of the plan. A bias that there is not is empty.
    fn split<'a>(&self, params: &'a [T]) -> [&'a [T]; 4] {
        let (qkv_weight, rest) = params.split_at(self.width * self.width * 3);
        let (qkv_bias, rest) = rest.split_at(if self.bias { 3 * self.width } else { 0 });
        let (out_weight, out_bias) = rest.split_at(self.width * self.width);
        [qkv_weight, qkv_bias, out_weight, out_bias]
    }

    /// The same of gradients.
    fn split_mut<'a>(&self, gradients: &'a mut [T]) -> [&'a mut [T]; 4] {
        let (qkv_weight, rest) = gradients.split_at_mut(self.width * self.width * 3);
        let (qkv_bias, rest) = rest.split_at_mut(if self.bias { 3 * self.width } else { 0 });
        let (out_weight, out_bias) = rest.split_at_mut(self.width * self.width);
        [qkv_weight, qkv_bias, out_weight, out_bias]
    }
}

/// The steps that there are, as runs of neighbours among all steps of all rows: one where nothing is padding, else one a row.
fn runs(steps: usize, rows: usize, lengths: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let all = lengths.is_empty().then_some((0, rows * steps));
    all.into_iter().chain(lengths.iter().enumerate().map(move |(row, &length)| (row * steps, length)))
}

/// What a product with that bias starts from.
fn start<T>(bias: &[T]) -> Start<'_, T> {
    if bias.is_empty() { Start::Zero } else { Start::Row(bias) }
}

impl<T: Float> Layer<T> for MultiHeadAttention<T> {
    fn kind(&self) -> &'static str {
        "multi_head_attention"
    }

    fn asks_what_is_shared(&self) -> bool {
        true
    }

    fn structure(&self) -> crate::Structure {
        crate::Structure::Joint
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let (of, width) = ("MultiHeadAttention", self.width);
        groups(of, "width", "the numbers of a row, in whole steps of the attention's width", n_in, width)?;
        groups(of, "heads", "the width of attention, in whole heads", width, self.heads)?;
        let weight = |name: &str, parts: usize| {
            let fans = Fans { fan_in: width, fan_out: width };
            Param { name: name.to_owned(), fans, ..Param::weight(width, width.saturating_mul(parts)) }
        };
        let bias =
            |name: &str, parts: usize| Param { name: name.to_owned(), ..Param::bias(width.saturating_mul(parts)) };
        let params = if self.bias {
            vec![weight("qkv_weight", 3), bias("qkv_bias", 3), weight("out_weight", 1), bias("out_bias", 1)]
        } else {
            vec![weight("qkv_weight", 3), weight("out_weight", 1)]
        };
        let shape = self.shape(n_in);
        let plan = params.into_iter().fold(Plan::new(n_in).channels(self.width), Plan::param);
        // The maps of every step, and each query with every key and value.
        let operations = plan.operations().saturating_add(n_in.saturating_mul(4)).saturating_mul(shape.steps);
        Ok(plan
            .operations_per_row(operations)
            .saved_per_row(shape.saved())
            .scratch_per_row(shape.scratch())
            .writes_gradients())
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let (shape, rows, lengths) = (self.shape(x.cols()), x.rows(), pass.lengths);
        pass.check_lengths(rows, shape.steps)?;
        let width = self.width;
        let [qkv_weight, qkv_bias, out_weight, out_bias] = self.split(pass.params);
        let [qkv, context, shares] = shape.parts(pass.saved, rows);
        for (first, steps) in runs(shape.steps, rows, lengths) {
            let x = &x.data()[first * width..][..steps * width];
            let qkv = &mut qkv[first * 3 * width..][..steps * 3 * width];
            multiply(Matrix::new(x, width), Matrix::new(qkv_weight, 3 * width), qkv, start(qkv_bias));
        }
        Forward { shape, lengths, qkv, context, shares, scratch: pass.scratch }.shared(rows);
        if !lengths.is_empty() {
            y.data_mut().fill(T::zero());
        }
        for (first, steps) in runs(shape.steps, rows, lengths) {
            let range = first * width..(first + steps) * width;
            let context = Matrix::new(&context[range.clone()], width);
            multiply(context, Matrix::new(out_weight, width), &mut y.data_mut()[range], start(out_bias));
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        mut dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let (shape, rows, lengths, width) = (self.shape(x.cols()), x.rows(), pass.lengths, self.width);
        let [qkv_weight, _, out_weight, _] = self.split(pass.params);
        if pass.fresh && !lengths.is_empty() {
            // They are sums over several runs.
            gradients.fill(T::zero());
        }
        let [of_qkv_weight, of_qkv_bias, of_out_weight, of_out_bias] = self.split_mut(gradients);
        let from = if pass.fresh && lengths.is_empty() { Start::Zero } else { Start::There };
        let one = T::one();
        let ones = |steps| Matrix::repeated(&one, 1, steps);
        let [qkv, context, shares] = shape.parts(pass.saved, rows);
        let [of_context, of_qkv, scratch] = shape.scratch_parts(pass.scratch, rows);
        for (first, steps) in runs(shape.steps, rows, lengths) {
            let range = first * width..(first + steps) * width;
            let (context, dy) =
                (Matrix::new(&context[range.clone()], width), Matrix::new(&dy.data()[range.clone()], width));
            multiply(context.transposed(), dy, of_out_weight, from);
            if self.bias {
                multiply(ones(steps), dy, of_out_bias, from);
            }
            multiply(dy, Matrix::new(out_weight, width).transposed(), &mut of_context[range], Start::Zero);
        }
        Backward { shape, lengths, qkv, shares, of_context, of_qkv: &mut *of_qkv, scratch }.shared(rows);
        if let (Some(dx), false) = (&mut dx, lengths.is_empty()) {
            dx.data_mut().fill(T::zero());
        }
        for (first, steps) in runs(shape.steps, rows, lengths) {
            let range = first * width..(first + steps) * width;
            let x = Matrix::new(&x.data()[range.clone()], width);
            let of_qkv = Matrix::new(&of_qkv[3 * range.start..3 * range.end], 3 * width);
            multiply(x.transposed(), of_qkv, of_qkv_weight, from);
            if self.bias {
                multiply(ones(steps), of_qkv, of_qkv_bias, from);
            }
            if let Some(dx) = &mut dx {
                let weight = Matrix::new(qkv_weight, 3 * width).transposed();
                multiply(of_qkv, weight, &mut dx.data_mut()[range], Start::Zero);
            }
        }
    }

    /// As if steps had nothing but the mean in common.
    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Through { y, back, .. } = self.propagate(plan, Signal::independent(x), weights)?;
        Some(Propagated { y: y.moments, back })
    }

    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let none = InitMoments { mean: 0.0, variance: 0.0, kurtosis: None };
        let (into, into_bias, out, out_bias) = match *weights {
            [into, into_bias, out, out_bias] => (into, into_bias, out, out_bias),
            [into, out] => (into, none, out, none),
            _ => return None,
        };
        let steps = plan.n_out / self.width;
        let &Self { width, causal, bias: has_bias, .. } = self;
        wide(Wide { steps, width, causal, has_bias, into, into_bias, out, out_bias }, x)
    }

    fn gradient_squares(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Vec<f64>> {
        self.propagate(plan, Signal::independent(x), weights)?.squares
    }

    fn initializer(&self, param: &Param) -> Option<&dyn Initializer<T>> {
        if param.role == Role::Bias { self.bias_start.as_deref() } else { self.weight_start.as_deref() }
    }
}
