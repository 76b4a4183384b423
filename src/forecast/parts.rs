//! `Part`: what the forecast needs to know of a layer beyond what it says of moments.

use crate::moments::Pair;
use crate::{Draws, Float, InitMoments, Layer, Moments, Plan, Pointwise, Role, Structure};

/// What kind of layer it is, as far as theory tells kinds apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    /// Sums of all inputs.
    Linear(Dense),
    /// Sums of what a window sees.
    Convolution(Dense),
    /// A function of every number on its own.
    Pointwise(&'a dyn Pointwise),
    /// Noise that keeps the mean of every number, drawn anew for every row: the share of numbers that is kept.
    Dropout(f64),
    /// What brings every row to the same mean square, with a gain that is the same in every draw; and to mean 0, or not.
    Norm { is_centred: bool },
    /// Anything else, and what has parameters of unknown moments.
    Other,
}

/// A linear layer, or a convolution of that window, and the moments of its parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dense {
    pub(super) n_in: usize,
    pub(super) n_out: usize,
    pub(super) weight: InitMoments,
    /// Of a bias; 0 where there is none.
    pub(super) bias: InitMoments,
    /// Whether the weights are drawn uniformly from all matrices with orthonormal columns, or rows.
    pub(super) is_orthogonal: bool,
}

impl Dense {
    /// n_in times the variance of a weight.
    pub(super) fn weight_variance(&self) -> f64 {
        self.n_in as f64 * self.weight.variance
    }

    /// The second moment of a weight.
    pub(super) fn weight_second(&self) -> f64 {
        self.weight.variance + self.weight.mean * self.weight.mean
    }

    /// Whether its sums are random and centred.
    pub(super) fn is_centred(&self) -> bool {
        self.weight.mean == 0.0 && self.bias.mean == 0.0 && self.weight.variance > 0.0
    }

    /// Whether the law of its sums, given its input, is known exactly: they are normal, or point anywhere with the same chance.
    pub(super) fn is_exact(&self) -> bool {
        self.is_exact_back() && (self.bias.variance == 0.0 || self.bias.kurtosis == Some(3.0) && !self.is_orthogonal)
    }

    /// The same of the gradient by its input.
    pub(super) fn is_exact_back(&self) -> bool {
        self.is_orthogonal || self.weight.kurtosis == Some(3.0)
    }
}

impl<'a> Part<'a> {
    /// `moments` is `None` where those of a parameter are not known; `draws` is how its first parameter hangs together.
    pub(super) fn of<T: Float>(
        layer: &'a dyn Layer<T>,
        plan: &Plan,
        moments: Option<&[InitMoments]>,
        draws: Draws,
    ) -> Self {
        if let Some(function) = layer.pointwise() {
            return Self::Pointwise(function);
        }
        let structure = layer.structure();
        match (structure, plan.params.first(), moments) {
            (Structure::Sums | Structure::Convolution, Some(weight), Some(&[of_weight, ref of_bias @ ..]))
                if weight.role == Role::Weight =>
            {
                let none = InitMoments { mean: 0.0, variance: 0.0, kurtosis: None };
                let dense = Dense {
                    n_in: weight.rows,
                    n_out: weight.cols,
                    weight: of_weight,
                    bias: of_bias.first().copied().unwrap_or(none),
                    is_orthogonal: draws == Draws::Orthogonal,
                };
                if structure == Structure::Sums { Self::Linear(dense) } else { Self::Convolution(dense) }
            }
            (Structure::Mask, ..) => match layer.moments(plan, Moments { mean: 0.0, second: 1.0 }, &[]) {
                Some(one) => Self::Dropout(1.0 / one.y.second),
                None => Self::Other,
            },
            (Structure::RowNorm { is_centred }, _, Some(drawn)) if drawn.iter().all(|drawn| drawn.variance == 0.0) => {
                Self::Norm { is_centred }
            }
            _ => Self::Other,
        }
    }

    /// The weights and biases of a layer that makes sums.
    pub(super) fn sums(&self) -> Option<&Dense> {
        match self {
            Self::Linear(dense) | Self::Convolution(dense) => Some(dense),
            _ => None,
        }
    }
}

/// Whether one of the layers inside a layer, at any depth, has such a structure.
pub(super) fn holds<T: Float>(layer: &dyn Layer<T>, is_such: fn(Structure) -> bool) -> bool {
    layer.children().into_iter().any(|inside| is_such(inside.structure()) || holds(inside, is_such))
}

/// The slopes above and below 0 of a function that is nothing but these, as ReLU, leaky ReLU and the identity are: then f(c x) = c f(x) for any c
/// above 0, and a layer treats signals of every size alike.
pub(super) fn two_slopes(function: &dyn Pointwise) -> Option<[f64; 2]> {
    let [above, below] = [1.0, -1.0].map(|x| function.value_and_slope(x).0 * x);
    let fits = |x: f64| {
        let slope = if x > 0.0 { above } else { below };
        function.value_and_slope(x) == (slope * x, slope)
    };
    // Powers of two, so that products are exact.
    let sizes = (-40..=40).step_by(5).map(|power| 2.0_f64.powi(power));
    let all = sizes.flat_map(|size| [size, -size]).all(fits);
    (all && function.value_and_slope(0.0).0 == 0.0).then_some([above, below])
}

/// E\[f(u) f(v)\] and E\[f'(u) f'(v)\] of two normal variables of mean 0, of that variance and correlation.
pub(super) fn pair(function: &dyn Pointwise, variance: f64, correlation: f64) -> Pair {
    pair_of(function, Moments { mean: 0.0, second: variance }, correlation)
}

/// The same of two normal variables of these moments.
pub(crate) fn pair_of(function: &dyn Pointwise, x: Moments, correlation: f64) -> Pair {
    match two_slopes(function) {
        Some(slopes) if x.mean == 0.0 => Pair::of_two_slopes(x.second, correlation, slopes),
        _ => {
            let breaks: Vec<f64> = function.breaks().iter().map(|at| at - x.mean).collect();
            let of = |distance: f64| function.value_and_slope(x.mean + distance);
            crate::moments::correlated(x.variance(), correlation, &breaks, of)
        }
    }
}
