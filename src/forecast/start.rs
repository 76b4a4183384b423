//! `Start`: weights and biases that carry signals through many blocks.

use super::block::Block;
use crate::{EdgeOfChaos, Pointwise};

/// The variance of the biases at which an edge of chaos is advised: that of Schoenholz and others.
const BIAS_VARIANCE: f64 = 0.05;
/// Over the whole depth the mean square of signal and gradient may change by e to this: a factor of 20 in their sizes.
const CHANGE: f64 = 6.0;
/// Weights so large drive what is bounded into its bounds.
pub(super) const LARGEST: f64 = 10.0;

/// How weights, and biases, may start, and the code that says so.
pub(super) struct Start<'a> {
    pub(super) block: Block<'a>,
    what: &'static str,
    code: String,
}

impl<'a> Start<'a> {
    /// Those there are for a function, the plainest first, where dropout keeps that share.
    pub(super) fn all(function: &'a dyn Pointwise, kept: f64) -> Vec<Self> {
        let expected = |q: f64| function.expected(0.0, q);
        let at_zero = function.value_and_slope(0.0).0;
        let name = format!("{function:?}");
        // A name alone is an expression; what prints its fields is none.
        let is_named = kept == 1.0 && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        let critical = |edge: EdgeOfChaos, what, code: String| {
            let block = Block {
                function,
                weight_variance: kept * edge.weight_variance,
                bias_variance: edge.bias_variance,
                kept,
            };
            let code = if is_named { code } else { block.code() };
            Self { block, what, code }
        };
        let edge = EdgeOfChaos::of_function(&expected, at_zero, BIAS_VARIANCE);
        let edge = edge.filter(|edge| edge.weight_variance < LARGEST);
        let marginal = EdgeOfChaos::marginal_of(&expected);
        let keeping = Block { function, weight_variance: kept / expected(1.0).second, bias_variance: 0.0, kept };
        let keeping = Some(keeping).filter(|block| block.weight_variance.is_finite());
        let starts = [
            keeping.map(|block| Self { block, what: "which keep the signal", code: block.code() }),
            edge.map(|edge| critical(edge, "the edge of chaos", format!("Critical::of(&{name}, {BIAS_VARIANCE})?"))),
            marginal.map(|edge| {
                let code = format!("Critical::marginal(&{name}).expect(\"there is one\")");
                critical(edge, "the edge of chaos where deviations keep their size, too,", code)
            }),
        ];
        starts.into_iter().flatten().collect()
    }

    /// What to do to start so.
    pub(super) fn advice(&self) -> String {
        let Block { function, weight_variance, bias_variance, .. } = self.block;
        let biases =
            if bias_variance > 0.0 { format!(" and biases of variance {bias_variance:.4}") } else { String::new() };
        format!("weights of variance {weight_variance:.4} / n_in{biases}, {} of {function:?}: {}", self.what, self.code)
    }
}

impl Block<'_> {
    /// Code that draws weights and biases so.
    fn code(&self) -> String {
        let square = self.weight_variance;
        let weights = match square {
            _ if (square - 2.0).abs() < 1e-9 => "He::normal()".to_owned(),
            _ if (square - 1.0).abs() < 1e-9 => "LeCun::normal()".to_owned(),
            _ => format!("LeCun::normal().gain({:.6})?", square.sqrt()),
        };
        match self.bias_variance {
            0.0 => weights,
            variance => format!("{weights} for weights, Normal::new(0.0, {:.6})? for biases", variance.sqrt()),
        }
    }

    /// Whether it starts signals and gradients of a size that lasts over so many blocks, from inputs of that second moment.
    pub(super) fn keeps_sizes(&self, input: f64, blocks: usize) -> bool {
        // The input is not left out.
        let mut q = self.weight_variance * input + self.bias_variance;
        let (first, mut gradient) = (q, 0.0);
        let mut last = q;
        for _ in 0..blocks {
            let of = self.expected(q);
            gradient += (self.factor() * of.slope_second).ln();
            last = of.second / self.kept;
            q = self.factor() * of.second + self.bias_variance;
        }
        let lasts = |change: f64| change.abs() <= CHANGE;
        let repels = self.fixed_point(q).filter(|point| point.is_repelling() && blocks as f64 > point.depth());
        lasts(gradient) && lasts((last / first).ln()) && repels.is_none()
    }

    /// Whether it lets correlations, or where these are not known gradients, pass through so many.
    pub(super) fn is_trainable(&self, input: f64, blocks: usize) -> bool {
        let start = self.weight_variance * input + self.bias_variance;
        let q = (0..blocks).fold(start, |q, _| self.next(q));
        let gradient = super::block::depth(self.factor() * self.expected(q).slope_second);
        blocks as f64 <= 6.0 * self.correlation_depth(self.fixed_point(q), false).unwrap_or(gradient)
    }
}
