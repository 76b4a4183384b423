//! `Signal`: what theory knows of numbers on their way through a network.

use super::{Layer, Plan, Pointwise};
use crate::forecast::pair_of;
use crate::{Expectations, Float, InitMoments, Moments};

/// The moments of some numbers, and what two numbers do not say of them: how much of their second moment a unit has in common in all rows,
/// whether they are a function of normal numbers, and how many of them a [`Dropout`](crate::Dropout) has left.
///
/// ```
/// use evenkeel::{BatchNorm, Layer, Moments, Signal};
/// let (norm, x) = (BatchNorm::new().without_affine(), Moments { mean: 0.0, second: 4.0 });
/// let plan = Layer::<f64>::plan(&norm, 64)?;
/// let back = |x| Layer::<f64>::propagate(&norm, &plan, x, &[]).and_then(|through| through.back).expect("it is known");
/// // Only what differs from row to row is brought to size 1, and the gradient grows as that does.
/// assert!((back(Signal::independent(x)) - 0.25).abs() < 1e-5);
/// assert!((back(Signal { shared: Some(3.0), ..Signal::independent(x) }) - 1.0).abs() < 1e-4);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// What a layer says of them, [`Layer::propagate`], is asked by networks and by layers of layers. Sums of inputs that are above 0 differ little from row to row: those behind a ReLU have 1 / pi of their second moment in common. Pixels of
/// a channel are to theory as rows are.
#[derive(Debug, Clone, Copy)]
pub struct Signal<'a> {
    /// The moments of all of them.
    pub moments: Moments,
    /// E\[x x'\] of one unit in two rows, or two pixels of one channel, in the mean over the units: in a large batch the mean square of their
    /// means. `None` where it is not known.
    pub shared: Option<f64>,
    /// Where they come from, if they are a function of normal numbers; `None` where they are taken for normal themselves.
    pub behind: Option<Behind<'a>>,
    /// The probability that a number was kept, and scaled up by its inverse, where all others have been set to 0; 1 where none was.
    pub kept: f64,
}

/// A function, and what is known of the normal numbers that went into it.
#[derive(Debug, Clone, Copy)]
pub struct Behind<'a> {
    /// The function.
    pub function: &'a dyn Pointwise,
    /// The moments of what went in.
    pub moments: Moments,
    /// What that had in common, as in [`Signal::shared`].
    pub shared: Option<f64>,
}

/// What a layer makes of a signal, and of the gradient.
#[derive(Debug, Clone)]
pub struct Through<'a> {
    /// Its outputs.
    pub y: Signal<'a>,
    /// The mean square of the gradient by its inputs, where that by its outputs is 1; `None` where theory does not say.
    pub back: Option<f64>,
    /// How many times as large the square of the slope of a function in front of the layer is where the gradient goes as it is everywhere: behind a
    /// ReLU what is largest is seldom 0. For any layer that does not choose, 1.
    pub chooses: f64,
    /// What [`Layer::gradient_squares`] says.
    pub squares: Option<Vec<f64>>,
}

impl<'a> Signal<'a> {
    /// Numbers that are drawn alike, each on its own: rows have nothing in common but the mean.
    pub fn independent(moments: Moments) -> Self {
        Self { shared: Some(moments.mean * moments.mean), ..Self::unknown(moments) }
    }

    /// Numbers of which no more is known than their moments.
    pub fn unknown(moments: Moments) -> Self {
        Self { moments, shared: None, behind: None, kept: 1.0 }
    }

    /// What differs from row to row: the second moment without what is shared.
    pub(crate) fn within(&self) -> Option<f64> {
        self.shared.map(|shared| (self.moments.second - shared).max(0.0))
    }

    /// The correlation of what is normal in one unit, in two rows: 0 where they have but the mean in common.
    pub(crate) fn correlation(moments: Moments, shared: f64) -> f64 {
        let variance = moments.variance();
        let both = shared - moments.mean * moments.mean;
        // What rounding leaves of nothing.
        let none = both.abs() <= 1e-14 * moments.second || variance == 0.0;
        if none { 0.0 } else { (both / variance).clamp(-1.0, 1.0) }
    }

    /// The moments of the numbers that were kept, scaled up as they are.
    pub(crate) fn of_kept(&self) -> Moments {
        Moments { mean: self.moments.mean / self.kept, second: self.moments.second / self.kept }
    }

    /// E\[f(x) f(x')\] of one unit in two rows, where E\[x x'\] is `shared`, of a function with values `y` of what was kept. Every row has a mask of
    /// its own.
    pub(crate) fn product(&self, function: &dyn Pointwise, y: Moments, shared: f64) -> f64 {
        let (x, kept) = (self.of_kept(), self.kept);
        let of_both = match Self::correlation(x, shared / (kept * kept)) {
            0.0 => y.mean * y.mean,
            1.0 => y.second,
            c => pair_of(function, x, c).product,
        };
        if kept == 1.0 {
            return of_both;
        }
        let at_zero = (1.0 - kept) * function.value_and_slope(0.0).0;
        kept * kept * of_both + 2.0 * kept * y.mean * at_zero + at_zero * at_zero
    }

    /// What comes of it in a function, of which `of` is what it makes of the numbers that were kept; and that of all.
    ///
    /// Where a number was left out the function says f(0), and its slope there meets a gradient that goes nowhere.
    pub(crate) fn through_function(self, function: &'a dyn Pointwise, of: Expectations) -> (Through<'a>, Expectations) {
        let (kept, whole) = (self.kept, of.where_kept(self.kept, function.value_and_slope(0.0)));
        let y = Moments { mean: of.mean, second: of.second };
        let shared = self.shared.map(|shared| self.product(function, y, shared));
        let behind = Behind { function, moments: self.moments, shared: self.shared };
        let y = Signal {
            shared,
            behind: (kept == 1.0).then_some(behind),
            ..Signal::unknown(Moments { mean: whole.mean, second: whole.second })
        };
        let chooses = if whole.slope_second > 0.0 { of.slope_second / whole.slope_second } else { 1.0 };
        (Through { y, back: Some(whole.slope_second), chooses, squares: Some(Vec::new()) }, whole)
    }
}

/// What comes of a signal in a layer that does to E\[x x'\] what it does to E\[x^2\], as sums of inputs do.
pub(super) fn of_a_sum<'a, T: Float>(
    layer: &impl Layer<T>,
    plan: &Plan,
    x: Signal<'a>,
    weights: &[InitMoments],
) -> Option<Through<'a>> {
    let of = |second: f64| layer.moments(plan, Moments { second, ..x.moments }, weights);
    let propagated = of(x.moments.second)?;
    let shared = x.shared.and_then(|shared| Some(of(shared)?.y.second));
    Some(Through {
        chooses: 1.0,
        y: Signal { shared, ..Signal::unknown(propagated.y) },
        back: propagated.back,
        squares: layer.gradient_squares(plan, x.moments, weights),
    })
}
