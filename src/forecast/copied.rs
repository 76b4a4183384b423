//! `Copied`: what becomes of numbers that a layer only multiplies, and of a function of them.

use super::parts::two_slopes;
use crate::init::Target;
use crate::{
    Draws, Expectations, Float, GradientByPosition, InitMoments, Layer, Moments, Plan, Pointwise, Role, Signal, Through,
};

/// What is known of the law of some numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Law<'a> {
    /// They are normal, or taken for it: sums of many.
    Normal,
    /// A function of normal numbers with these moments, times a number; and which layer's function it is.
    Function { function: &'a dyn Pointwise, of: Moments, times: f64, layer: usize },
    /// Neither.
    Unknown,
}

/// Outputs that are one input each, times a number, and a bias.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    factor: InitMoments,
    bias: InitMoments,
    /// The mean square of what the gradient is multiplied by on its way back.
    back: f64,
}

const NONE: InitMoments = InitMoments { mean: 0.0, variance: 0.0, kurtosis: None };

/// Whether some weights of a layer, or of one inside it, are mostly 0, and not those that a recurrent layer has for its state: of these it knows.
pub(super) fn is_sparse(plan: &Plan, drawn: &[Target]) -> bool {
    let of_a_state = |name: &str| name.rsplit('.').next() == Some("recurrent_weight");
    plan.params.iter().zip(drawn).any(|(param, target)| target.draws.is_sparse() && !of_a_state(&param.name))
}

/// Whether some of its sums are of so few products that they are not normal, though their moments are known.
pub(super) fn sums_few(drawn: &[Target]) -> bool {
    drawn.iter().any(|target| target.draws.sums_few())
}

impl<'a> Law<'a> {
    /// Of a function of normal numbers with these moments, the layer of that number.
    pub(super) fn of(function: &'a dyn Pointwise, x: Moments, layer: usize) -> Self {
        match two_slopes(function) {
            Some([above, below]) if above == below => Self::Normal,
            _ => Self::Function { function, of: x, times: 1.0, layer },
        }
    }
}

impl Copied {
    /// What a layer with sparse weights does; `None` where theory does not say.
    pub(super) fn by<T: Float>(layer: &dyn Layer<T>, plan: &Plan, drawn: &[Target]) -> Option<Self> {
        let (weight, rest) = plan.params.split_first()?;
        let (target, of_rest) = drawn.split_first()?;
        let bias = of_rest.first().map_or(Some(NONE), |bias| bias.moments)?;
        let drawn = target.moments?;
        let fans = [weight.fans.fan_in as f64, weight.fans.fan_out as f64];
        // Where there are more outputs than inputs some of them are 0, and no more like the others.
        let fits = target.draws != Draws::Identity || weight.fans.fan_in == weight.fans.fan_out;
        if weight.role != Role::Weight || rest.len() > 1 || !layer.keeps_positions() || !fits {
            return None;
        }
        // Of all weights of an output one is not 0, or those of the middle tap, whose squares are as large as if they were one.
        let mean = fans[0] * drawn.mean;
        let [square, back] = fans.map(|fan| fan * (drawn.variance + drawn.mean * drawn.mean));
        let variance = if target.draws == Draws::Identity { 0.0 } else { square };
        Some(Self { factor: InitMoments { mean, variance, kurtosis: None }, bias, back })
    }

    /// The moments of an output, from those of the input that it is made of.
    fn of(&self, x: Moments) -> Moments {
        let Self { factor, bias, .. } = *self;
        let product = factor.mean * x.mean;
        let square = (factor.variance + factor.mean * factor.mean) * x.second;
        let of_bias = bias.variance + bias.mean * bias.mean;
        Moments { mean: product + bias.mean, second: square + 2.0 * product * bias.mean + of_bias }
    }

    pub(super) fn through<'a>(&self, x: Signal<'a>, squares: Option<Vec<f64>>) -> Through<'a> {
        let of_shared = |shared| self.of(Moments { second: shared, ..x.moments }).second;
        let kept = if self.number().is_some() { x.kept } else { 1.0 };
        let y = Signal { moments: self.of(x.moments), shared: x.shared.map(of_shared), behind: self.behind(x), kept };
        Through { y, back: Some(self.back), chooses: 1.0, squares }
    }

    /// The number, where it is one and nothing is added.
    fn number(&self) -> Option<f64> {
        let plain = self.factor.variance == 0.0 && self.bias.variance == 0.0 && self.bias.mean == 0.0;
        plain.then_some(self.factor.mean)
    }

    fn behind<'a>(&self, x: Signal<'a>) -> Option<crate::Behind<'a>> {
        x.behind.filter(|_| self.number() == Some(1.0))
    }

    /// The law of the outputs.
    pub(super) fn law<'a>(&self, x: Law<'a>) -> Law<'a> {
        match (x, self.number()) {
            // Sums over the channels of a pixel.
            _ if self.factor.variance > 0.0 => Law::Normal,
            (Law::Function { function, of, times, layer }, Some(number)) => {
                Law::Function { function, of, times: times * number, layer }
            }
            (Law::Function { .. }, None) => Law::Unknown,
            (x, _) => x,
        }
    }

    pub(super) fn by_position(&self, x: &[Moments]) -> Option<Vec<Moments>> {
        (x.len() > 1).then(|| x.iter().map(|&x| self.of(x)).collect())
    }

    /// The gradient by the inputs is no sum over the window; that by the weights is what it is of any.
    pub(super) fn gradient(&self, dy: &[f64], of_sums: Option<GradientByPosition>) -> Option<GradientByPosition> {
        Some(GradientByPosition { by_input: dy.iter().map(|dy| self.back * dy).collect(), ..of_sums? })
    }
}

/// A function of a function of normal numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Composed<'a> {
    pub(super) y: Moments,
    pub(super) law: Law<'a>,
    /// The mean square of the slope of the outer one; and how many times as large that of the inner one is where the outer one lets through.
    pub(super) back: f64,
    pub(super) chooses: f64,
    /// Where it does to every number what multiplying it by that would.
    pub(super) number: Option<f64>,
}

impl<'a> Composed<'a> {
    /// By the layer of that number; `None` where theory does not say.
    pub(super) fn of(outer: &dyn Pointwise, x: Moments, law: Law<'a>, index: usize) -> Option<Self> {
        let Law::Function { function: inner, of, times, .. } = law else { return Self::of_number(outer, x) };
        let (mean, variance) = (of.mean, of.variance());
        let both = |z: f64| {
            let (value, slope) = inner.value_and_slope(z);
            (value, slope, outer.value_and_slope(times * value))
        };
        let slopes = [inner, outer].map(two_slopes);
        // Where the outer one breaks that of a smooth inner one is not known.
        if !outer.breaks().is_empty() && slopes.contains(&None) {
            return None;
        }
        let breaks = inner.breaks();
        let whole = Expectations::of(mean, variance, breaks, |z| {
            let (_, slope, (y, outer_slope)) = both(z);
            (y, times * slope * outer_slope)
        });
        let outer_slope = Expectations::of(mean, variance, breaks, |z| (both(z).2.1, 0.0)).second;
        let inner_slope = inner.expected(mean, variance).slope_second * times * times;
        let apart = outer_slope * inner_slope;
        let number = slopes[0].filter(|_| slopes[1].is_some()).and_then(|slopes| {
            // Above and below 0: of the inner one times a number, as ReLU is of ReLU.
            let ratio = |z: f64| both(z).2.0 / (times * both(z).0);
            let [above, below] = [1.0, -1.0].map(ratio);
            let [at_above, at_below] = slopes.map(|slope| slope == 0.0);
            match (at_above, at_below) {
                (false, false) => (above == below).then_some(above),
                (false, true) => Some(above),
                (true, false) => Some(below),
                (true, true) => None,
            }
        });
        let number = number.filter(|number| number.is_finite());
        let law = match number {
            Some(number) => Law::Function { function: inner, of, times: times * number, layer: index },
            None => Law::Unknown,
        };
        let chooses = if apart > 0.0 { whole.slope_second / apart } else { 1.0 };
        let y = match number {
            Some(number) => Moments { mean: number * x.mean, second: number * number * x.second },
            None => Moments { mean: whole.mean, second: whole.second },
        };
        Some(Self { y, law, back: outer_slope, chooses, number })
    }

    /// By a function that multiplies every number by the same: that is known of numbers of any law.
    fn of_number(outer: &dyn Pointwise, x: Moments) -> Option<Self> {
        let [number, below] = two_slopes(outer)?;
        let square = number * number;
        let y = Moments { mean: number * x.mean, second: square * x.second };
        (number == below).then_some(Self { y, law: Law::Unknown, back: square, chooses: 1.0, number: Some(number) })
    }

    pub(super) fn through<'s>(&self, x: Signal<'s>) -> Through<'s> {
        let shared = self.number.and_then(|number| Some(number * number * x.shared?));
        let behind = x.behind.filter(|_| self.number == Some(1.0));
        let y = Signal { shared, behind, ..Signal::unknown(self.y) };
        Through { y, back: Some(self.back), chooses: self.chooses, squares: Some(Vec::new()) }
    }

    /// What it is where it only multiplies.
    pub(super) fn copies(self) -> Option<Copied> {
        let factor = InitMoments { mean: self.number?, ..NONE };
        Some(Copied { factor, bias: NONE, back: self.back })
    }
}
