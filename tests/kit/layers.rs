//! Layers: the crate's, and planted mistakes.

use evenkeel::check::{Failure, layer};
use evenkeel::*;

#[test]
fn the_crates_own_activations_pass() {
    layer(|_| Identity).run().unwrap();
    layer(|_| Relu).run().unwrap();
    layer(|_| LeakyRelu::default()).run().unwrap();
    layer(|_| Elu::default()).run().unwrap();
    layer(|_| Selu).run().unwrap();
    layer(|_| Gelu).run().unwrap();
    layer(|_| Silu).run().unwrap();
    layer(|_| Mish).run().unwrap();
    layer(|_| Tanh).run().unwrap();
    layer(|_| Sigmoid).run().unwrap();
    layer(|_| Softplus).run().unwrap();
    layer(|_| Softsign).run().unwrap();
    layer(|_| Exponential).run().unwrap();
    layer(|_| HardSigmoid).run().unwrap();
}

#[test]
fn the_crates_own_layers_pass() {
    layer(Linear::new).run().unwrap();
    layer(|width| Linear::without_bias(width + 3)).run().unwrap();
    layer(|_| Softmax).run().unwrap();
    layer(|_| RmsNorm::new()).run().unwrap();
    layer(|_| LayerNorm::new()).widths(&[3, 7, 8, 16, 17]).run().unwrap();
    layer(|_| BatchNorm::new()).mixes_rows().run().unwrap();
    layer(|_| Dropout::new(0.4).unwrap()).draws_noise().run().unwrap();
    layer(|width| PerStep::new(width / 2, Linear::new(3))).widths(&[2, 8, 16]).run().unwrap();
    layer(|_| Conv2d::new((4, 5, 2), 3, 3)).widths(&[40]).run().unwrap();
    layer(|_| MaxPool2d::new((4, 6, 2), 2)).widths(&[48]).run().unwrap();
    layer(|_| AveragePool2d::new((4, 6, 2), 2)).widths(&[48]).run().unwrap();
    layer(|_| ChannelsLast::new((2, 3, 4))).widths(&[24]).run().unwrap();
    layer(|_| Rnn::new(4, 3, 5).unwrap()).widths(&[12]).run().unwrap();
    layer(|_| Lstm::new(4, 3, 5).unwrap()).widths(&[12]).run().unwrap();
    layer(|_| Gru::new(4, 3, 5).unwrap().last()).widths(&[12]).run().unwrap();
    layer(|_| MultiHeadAttention::new(4, 2).causal()).widths(&[4, 12]).run().unwrap();
    layer(|width| Residual::new().layer(Linear::new(width)).layer(Tanh)).run().unwrap();
    layer(|_| Sequential::new().layer(Linear::new(5)).layer(Gelu)).run().unwrap();
}

#[test]
fn all_that_know_their_moments_pass_where_they_are_wide() {
    layer(|_| Linear::new(100)).wide(300).run().unwrap();
    layer(|_| LayerNorm::new()).widths(&[7, 16]).wide(300).run().unwrap();
    layer(|_| LayerNorm::new().without_affine()).widths(&[7, 16]).wide(300).run().unwrap();
    layer(|_| RmsNorm::new()).wide(300).run().unwrap();
    layer(|_| BatchNorm::new()).mixes_rows().wide(100).run().unwrap();
    layer(|_| Dropout::new(0.4).unwrap()).draws_noise().wide(256).run().unwrap();
    layer(|_| Flatten).wide(256).run().unwrap();
    layer(|width| PerStep::new(width / 2, Linear::new(3))).widths(&[2, 8, 16]).run().unwrap();
    layer(|width| PerStep::new(width / 2, Linear::new(width))).widths(&[8]).wide(64).run().unwrap();
    let padded = || Conv2d::new((5, 4, 2), 4, 3).padding(Padding::Same);
    layer(|_| padded()).widths(&[40]).wide(40).run().unwrap();
    layer(|_| padded().stride(2).groups(2)).widths(&[40]).wide(40).run().unwrap();
    layer(|_| Conv2d::of_sequence((8, 4), 8, 3)).widths(&[32]).wide(32).run().unwrap();
    layer(|_| AveragePool2d::new((6, 6, 2), 2)).widths(&[72]).wide(72).run().unwrap();
    layer(|_| AveragePool2d::new((6, 5, 2), 3).padding(Padding::Same)).widths(&[60]).wide(60).run().unwrap();
    layer(|_| ChannelsLast::new((2, 3, 4))).widths(&[24]).wide(24).run().unwrap();
    layer(|width| Rnn::new(4, width / 4, 6 + width / 5).unwrap()).widths(&[12]).wide(256).run().unwrap();
    layer(|width| Rnn::new(4, width / 4, 6 + width / 5).unwrap().last()).widths(&[12]).wide(256).run().unwrap();
    layer(|width| Residual::new().layer(Linear::new(width)).layer(Tanh)).wide(128).run().unwrap();
    layer(|width| Residual::new().layer(Linear::new(width)).learned_scale(0.7).unwrap()).wide(128).run().unwrap();
    layer(|_| Residual::new().layer(Linear::new(90)).projection(Linear::new(90))).widths(&[5]).wide(128).run().unwrap();
    layer(|_| Sequential::new().layer(Linear::new(90)).layer(Gelu).layer(Linear::new(70)))
        .widths(&[5])
        .wide(128)
        .run()
        .unwrap();
}

/// y = x, and not a word of moments.
#[derive(Debug)]
struct Silent;

impl<T: Float> Layer<T> for Silent {
    fn kind(&self) -> &'static str {
        "silent"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, _: &mut Pass<'_, T>) -> Result<(), Error> {
        y.data_mut().copy_from_slice(x.data());
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        _: &mut Pass<'_, T>,
    ) {
        if let Some(mut dx) = dx {
            dx.data_mut().copy_from_slice(dy.data());
        }
    }
}

#[test]
fn what_judges_nothing_is_no_success() {
    let failure = layer(|_| Tanh).widths(&[]).run().unwrap_err();
    assert!(matches!(failure, Failure::Network(Error::Empty { .. })), "{failure}");
    assert!(layer(|_| Tanh).widths(&[0]).run().is_err());
    let without = Network::builder(2).layer(Tanh).build().unwrap();
    let failure = check::gradients(&without, Rows::new(&[0.5, 1.0], 2).unwrap(), 1).unwrap_err();
    assert!(matches!(failure, Failure::Network(Error::Empty { .. })), "{failure}");
    let with = Network::builder(2).layer(Linear::new(1)).build().unwrap();
    let failure = check::gradients(&with, Rows::new(&[], 2).unwrap(), 1).unwrap_err();
    assert!(matches!(failure, Failure::Network(Error::Empty { .. })), "{failure}");
    // One says nothing of moments, and four units are none.
    layer(|_| Silent).run().unwrap();
    for failure in [layer(|_| Silent).wide(256).run().unwrap_err(), layer(|_| Tanh).wide(4).run().unwrap_err()] {
        assert!(failure.to_string().contains("none that can be compared"), "{failure}");
    }
}

#[test]
fn what_is_not_disclaimed_is_found() {
    let failure = layer(|_| BatchNorm::new()).run().unwrap_err();
    assert!(
        matches!(failure, Failure::Broken { .. }) && failure.to_string().contains("in training and in use"),
        "{failure}"
    );
    let failure = layer(|_| Dropout::new(0.4).unwrap()).run().unwrap_err();
    assert!(
        matches!(failure, Failure::Broken { .. }) && failure.to_string().contains("in training and in use"),
        "{failure}"
    );
}

/// What is wrong with y = g x + b.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// The derivative by the input has the wrong sign.
    Sign,
    /// The gradient of the bias is that of the last row.
    BiasNotSummed,
    /// The first output is added to what is there.
    Accumulates,
    /// The first output of a batch depends on its last row.
    Mixes,
    /// In training the outputs are twice as large.
    Mode,
    /// More than five rows have another last output.
    Shape,
    /// Twice the mean, or the mean square, of the outputs, or of the gradient, is said.
    SaysMean,
    SaysSecond,
    SaysBack,
    /// Of inputs whose mean is not 0 it is forgotten.
    SaysCentred,
}

#[derive(Debug)]
struct Planted(Bug);

impl Layer<f64> for Planted {
    fn kind(&self) -> &'static str {
        "planted"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::gain(n_in)).param(Param::bias(n_in)))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        let (gain, bias) = pass.params.split_at(x.cols());
        let before = y.data_mut()[0];
        for (x, y) in x.iter().zip(y.iter_mut()) {
            for (column, y) in y.iter_mut().enumerate() {
                *y = gain[column] * x[column] + bias[column];
            }
        }
        match self.0 {
            Bug::Accumulates => y.data_mut()[0] += before,
            Bug::Shape if x.rows() > 5 => *y.data_mut().last_mut().unwrap() += 0.1 * x.data()[0].powi(2),
            Bug::Mixes => y.data_mut()[0] += x.row(x.rows() - 1)[0],
            Bug::Mode if pass.mode == Mode::Infer => y.data_mut().iter_mut().for_each(|y| *y *= 2.0),
            _ => {}
        }
        Ok(())
    }

    fn moments(&self, _: &Plan, x: Moments, drawn: &[InitMoments]) -> Option<Propagated> {
        let second = |of: InitMoments| of.variance + of.mean * of.mean;
        let &[gain, bias] = drawn else { return None };
        let mean = x.mean * gain.mean + bias.mean;
        let cross = if self.0 == Bug::SaysCentred { 0.0 } else { 2.0 * x.mean * gain.mean * bias.mean };
        let y = Moments { mean, second: second(gain) * x.second + cross + second(bias) };
        let twice = |bug: Bug| if self.0 == bug { 2.0 } else { 1.0 };
        let y = Moments { mean: y.mean * twice(Bug::SaysMean), second: y.second * twice(Bug::SaysSecond) };
        Some(Propagated { y, back: Some(second(gain) * twice(Bug::SaysBack)) })
    }

    fn backward(
        &self,
        x: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        gradients: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        let width = x.cols();
        let (gain, bias) = gradients.split_at_mut(width);
        for (x, dy) in x.iter().zip(dy.iter()) {
            for column in 0..width {
                gain[column] += x[column] * dy[column];
                bias[column] = dy[column] + if self.0 == Bug::BiasNotSummed { 0.0 } else { bias[column] };
            }
        }
        let Some(mut dx) = dx else { return };
        let sign = if self.0 == Bug::Sign { -1.0 } else { 1.0 };
        for (dx, dy) in dx.iter_mut().zip(dy.iter()) {
            for column in 0..width {
                dx[column] = sign * pass.params[column] * dy[column];
            }
        }
        if self.0 == Bug::Mixes {
            let last = dx.rows() - 1;
            dx.row_mut(last)[0] += dy.row(0)[0];
        }
    }
}

#[test]
fn planted_mistakes_are_named() {
    let outcome = |bug| layer(move |_| Planted(bug)).run();
    outcome(Bug::None).unwrap();
    for (bug, named) in [
        (Bug::Sign, "0.linear"),
        (Bug::BiasNotSummed, "planted.bias"),
        (Bug::Accumulates, "the same rows twice"),
        (Bug::Mixes, "a row alone and in a batch"),
        (Bug::Mode, "in training and in use"),
        (Bug::Shape, "a row alone and in a batch"),
        (Bug::SaysMean, "mean of the outputs by `moments`"),
        (Bug::SaysSecond, "mean square of the outputs by `moments`"),
        (Bug::SaysCentred, "mean square of the outputs by `moments`"),
        (Bug::SaysBack, "mean square of the gradient by the inputs by `moments`"),
    ] {
        let failure = outcome(bug).unwrap_err().to_string();
        assert!(failure.contains(named), "{bug:?}: {failure}");
    }
}

/// What is said too much of by a layer that does what it should.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    Right,
    GradientSquares,
    TooFew,
    Propagated,
    PropagatedBack,
    PropagatedSquares,
    Shared,
    Positions,
    PositionsOfGradient,
    SquaresByPosition,
}

/// Another layer, which says some of its numbers a hundred times as large.
#[derive(Debug)]
struct Boasts<L>(L, Says);

impl<L: Layer<f64>> Layer<f64> for Boasts<L> {
    fn kind(&self) -> &'static str {
        "boasts"
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        self.0.plan(n_in)
    }
    fn forward(&self, x: Rows<'_, f64>, y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        self.0.forward(x, y, pass)
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
        self.0.backward(x, y, dy, dx, gradients, pass);
    }
    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        self.0.moments(plan, x, weights)
    }
    fn gradient_squares(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Vec<f64>> {
        let mut squares = self.0.gradient_squares(plan, x, weights)?;
        match self.1 {
            Says::GradientSquares => squares.iter_mut().for_each(|square| *square *= 100.0),
            Says::TooFew => squares.truncate(1),
            _ => {}
        }
        Some(squares)
    }
    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let mut through = self.0.propagate(plan, x, weights)?;
        match self.1 {
            Says::Propagated => through.y.moments.second *= 100.0,
            Says::PropagatedBack => through.back = through.back.map(|back| 100.0 * back),
            Says::PropagatedSquares => through.squares.iter_mut().flatten().for_each(|square| *square *= 100.0),
            Says::Shared => through.y.shared = Some(through.y.moments.second),
            _ => {}
        }
        Some(through)
    }
    fn moments_by_position(&self, plan: &Plan, x: &[Moments], weights: &[InitMoments]) -> Option<Vec<Moments>> {
        let mut y = self.0.moments_by_position(plan, x, weights)?;
        if self.1 == Says::Positions {
            y.last_mut()?.second *= 100.0;
        }
        Some(y)
    }
    fn gradient_by_position(
        &self,
        plan: &Plan,
        x: &[Moments],
        weights: &[InitMoments],
        dy: &[f64],
    ) -> Option<GradientByPosition> {
        let mut gradient = self.0.gradient_by_position(plan, x, weights, dy)?;
        match self.1 {
            Says::PositionsOfGradient => *gradient.by_input.first_mut()? *= 100.0,
            Says::SquaresByPosition => *gradient.by_parameters.first_mut()? *= 100.0,
            _ => {}
        }
        Some(gradient)
    }
}

#[test]
fn every_number_that_a_layer_says_is_compared() {
    let linear = |says| layer(move |_| Boasts(Linear::new(100), says)).widths(&[5]).wide(200).run();
    let conv = |says| {
        let conv = move || Conv2d::new((5, 4, 2), 4, 3).padding(Padding::Same);
        layer(move |_| Boasts(conv(), says)).widths(&[40]).wide(40).run()
    };
    linear(Says::Right).unwrap();
    conv(Says::Right).unwrap();
    let named = |outcome: Result<(), Failure>, says: Says, named: &str| {
        let failure = outcome.unwrap_err().to_string();
        assert!(failure.contains(named), "{says:?}: {failure}");
    };
    for (says, of) in [
        (Says::GradientSquares, "gradient by weight by `gradient_squares`"),
        (Says::TooFew, "sums by `gradient_squares`"),
        (Says::Propagated, "mean square of the outputs by `propagate`"),
        (Says::PropagatedBack, "gradient by the inputs by `propagate`"),
        (Says::PropagatedSquares, "gradient by weight by `propagate`"),
        (Says::Shared, "mean product of an output in two rows by `propagate`"),
    ] {
        named(linear(says), says, of);
    }
    for (says, of) in [
        (Says::Positions, "`moments_by_position` of position 19"),
        (Says::PositionsOfGradient, "`gradient_by_position` at position 0"),
        (Says::SquaresByPosition, "`gradient_by_position` by parameter 0"),
    ] {
        named(conv(says), says, of);
    }
}
