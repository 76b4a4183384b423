//! `Activation`: one number in, one number out; the layer that all of them share.

use std::fmt::Debug;

use super::by_position::{pointwise_gradients, pointwise_outputs};
use super::{GradientByPosition, Layer, Moments, Pass, Plan, Pointwise, Propagated, Signal, Through};
use crate::linalg::{PIECE, half, join, vectorized};
use crate::{Bounds, Error, Expectations, Float, He, InitMoments, Initializer, Rows, RowsMut};

/// A function applied to every number on its own. Whatever implements it is a [`Layer`].
///
/// ```
/// use evenkeel::{Activation, Float, Linear, Network};
///
/// /// x^2
/// #[derive(Debug)]
/// struct Square;
///
/// impl Activation for Square {
///     fn name(&self) -> &'static str {
///         "square"
///     }
///     fn value<T: Float>(&self, x: T) -> T {
///         x * x
///     }
///     fn slope<T: Float>(&self, x: T, _y: T) -> T {
///         x + x
///     }
/// }
///
/// let network = Network::<f32>::builder(2).layer(Linear::new(3)).layer(Square).layer(Linear::new(1)).build()?;
/// # Ok::<(), evenkeel::Error>(())
/// ```
pub trait Activation: Debug + Send + Sync {
    /// Its name, in snake case.
    fn name(&self) -> &'static str;

    /// f(x). A NaN must stay a NaN.
    fn value<T: Float>(&self, x: T) -> T;

    /// f'(x), where `y` is f(x).
    fn slope<T: Float>(&self, x: T, y: T) -> T;

    /// f of every number of `x`, written to `y`, which is as long. To be overridden only by something faster that agrees with
    /// [`value`](Self::value) up to rounding.
    fn values<T: Float>(&self, x: &[T], y: &mut [T]) {
        vectorized(|| {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = self.value(x);
            }
        });
    }

    /// `dy` times f' at every number of `x`, written to `dx`, where `y` is f of them; all are equally long. To be overridden only by
    /// something faster that agrees with [`slope`](Self::slope) up to rounding.
    fn slopes<T: Float>(&self, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
        vectorized(|| {
            for ((dx, &dy), (&x, &y)) in dx.iter_mut().zip(dy).zip(x.iter().zip(y)) {
                *dx = dy * self.slope(x, y);
            }
        });
    }

    /// The initializer for weights that feed it: what keeps the second moment of its outputs about as it is.
    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(He::normal())
    }

    /// The moments of f(x) and f'(x) where x is normal, with that mean and variance: by quadrature, cut at the [`kinks`](Self::kinks).
    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        Expectations::of_slices(mean, variance, self.kinks(), |x, y, slopes| {
            self.values(x, y);
            self.slopes(x, y, &vec![1.0; x.len()], slopes);
        })
    }

    /// The gain that PyTorch's `calculate_gain` gives, where it knows the function; a habit, not always what theory says: see
    /// [`Expectations::gain`].
    fn usual_gain(&self) -> Option<f64> {
        None
    }

    /// Where an output stops reacting to its input.
    fn bounds(&self) -> Bounds {
        Bounds::NONE
    }

    /// The inputs at which `slope` is not smooth.
    fn kinks(&self) -> &[f64] {
        &[]
    }
}

impl<T: Float, A: Activation> Layer<T> for A {
    fn kind(&self) -> &'static str {
        self.name()
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, _: &mut Pass<'_, T>) -> Result<(), Error> {
        shared_values(self, x.data(), y.data_mut());
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        y: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        _: &mut Pass<'_, T>,
    ) {
        let Some(mut dx) = dx else { return };
        shared_slopes(self, x.data(), y.data(), dy.data(), dx.data_mut());
    }

    fn feeding_initializer(&self) -> Option<Box<dyn Initializer<T>>> {
        Some(self.initializer())
    }

    fn moments(&self, _: &Plan, x: Moments, _: &[InitMoments]) -> Option<Propagated> {
        // What goes in is a sum over a layer, and close to normal.
        let of = self.expectations(x.mean, x.variance());
        Some(Propagated { y: Moments { mean: of.mean, second: of.second }, back: Some(of.slope_second) })
    }

    fn moments_by_position(&self, plan: &Plan, x: &[Moments], _: &[InitMoments]) -> Option<Vec<Moments>> {
        pointwise_outputs::<T>(self, plan, x)
    }

    fn gradient_by_position(
        &self,
        plan: &Plan,
        x: &[Moments],
        _: &[InitMoments],
        dy: &[f64],
    ) -> Option<GradientByPosition> {
        pointwise_gradients::<T>(self, plan, x, dy)
    }

    fn propagate<'a>(&'a self, _: &Plan, x: Signal<'a>, _: &[InitMoments]) -> Option<Through<'a>> {
        let kept = x.of_kept();
        Some(x.through_function(self, self.expectations(kept.mean, kept.variance())).0)
    }

    fn pointwise(&self) -> Option<&dyn Pointwise> {
        Some(self)
    }

    fn bounds(&self) -> Bounds {
        Activation::bounds(self)
    }

    fn kinks(&self) -> &[f64] {
        Activation::kinks(self)
    }
}

/// The values, piece by piece, on as many threads as are idle.
fn shared_values<T: Float>(activation: &impl Activation, x: &[T], y: &mut [T]) {
    if x.len() <= PIECE {
        return activation.values(x, y);
    }
    let at = half(x.len());
    let ((x, right_x), (y, right_y)) = (x.split_at(at), y.split_at_mut(at));
    join(|| shared_values(activation, x, y), || shared_values(activation, right_x, right_y));
}

/// The slopes times what comes from behind, piece by piece, on as many threads as are idle.
fn shared_slopes<T: Float>(activation: &impl Activation, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
    if x.len() <= PIECE {
        return activation.slopes(x, y, dy, dx);
    }
    let at = half(x.len());
    let ((x, right_x), (y, right_y)) = (x.split_at(at), y.split_at(at));
    let ((dy, right_dy), (dx, right_dx)) = (dy.split_at(at), dx.split_at_mut(at));
    join(
        || shared_slopes(activation, x, y, dy, dx),
        || shared_slopes(activation, right_x, right_y, right_dy, right_dx),
    );
}

/// The moments of a standard normal input, the plain check of a value and its slope, for the tests of every activation.
#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Points on both sides of every kink, near zero and far out.
    const POINTS: [f64; 16] =
        [-40.0, -9.0, -3.1, -2.9, -1.0, -0.3, -1e-3, -1e-9, 1e-9, 1e-3, 0.3, 1.0, 2.9, 3.1, 9.0, 40.0];

    /// Checks what is computed of whole slices against what is computed of their numbers one by one.
    fn agrees_on_slices<T: Float>(activation: &impl Activation) {
        let x: Vec<T> = (-200..=200).map(|i| T::of(f64::from(i) * 0.137)).collect();
        let dy: Vec<T> = (0..x.len()).map(|i| T::of(1.0 + (i % 3) as f64)).collect();
        let (mut y, mut dx) = (vec![T::zero(); x.len()], vec![T::zero(); x.len()]);
        activation.values(&x, &mut y);
        activation.slopes(&x, &y, &dy, &mut dx);
        for (at, &x) in x.iter().enumerate() {
            let (value, slope) = (activation.value(x), dy[at] * activation.slope(x, activation.value(x)));
            let near = |found: T, expected: T| {
                let error = (found.get() - expected.get()).abs();
                // Slopes near zero are differences, and so are those of the references far out: times x, up to 27.
                assert!(
                    error <= 16.0 * T::epsilon().get() * (1.0 + expected.get().abs() + 4.0 * x.get().abs()),
                    "{found}, but one by one {expected}, at {x}"
                );
            };
            if value.get().abs() < 1e6 {
                near(y[at], value);
                near(dx[at], slope);
            }
        }
    }

    /// Checks an activation against its formula, its slope against central differences, f32 against f64, and that it keeps a NaN.
    pub(in crate::layer) fn agrees(activation: &impl Activation, formula: impl Fn(f64) -> f64) {
        for x in POINTS {
            let y = activation.value(x);
            let expected = formula(x);
            assert!((y - expected).abs() <= 1e-14 * expected.abs().max(1.0), "f({x}) = {y}, not {expected}");
            let single: f32 = activation.value(x as f32);
            let close = 4.0 * f64::from(f32::EPSILON) * (y.abs().max(x.abs()).max(1.0));
            assert!((f64::from(single) - y).abs() <= close.max(1e-6 * y.abs() * x.abs()), "f({x}) = {single} in f32");
            // A step that does not cross the kink at zero, and whose cubic term, at most step^2 f''' / 6, stays below 1e-10 f'.
            let step = 1e-5 * x.abs().min(1.0);
            let slope = activation.slope(x, y);
            let (up, down) = (activation.value(x + step), activation.value(x - step));
            let numeric = (up - down) / (2.0 * step);
            let rounding = 4.0 * f64::EPSILON * y.abs().max(f64::MIN_POSITIVE) / step;
            // Values near a constant lose the digits of small differences: that, and the cubic term, is all that may differ.
            let bound = rounding + 1e-8 * slope.abs() + f64::EPSILON / step;
            assert!((slope - numeric).abs() <= bound, "f'({x}) = {slope}, but differences give {numeric}");
        }
        agrees_on_slices::<f64>(activation);
        agrees_on_slices::<f32>(activation);
        let (nan, single): (f64, f32) = (activation.value(f64::NAN), activation.value(f32::NAN));
        assert!(nan.is_nan() && single.is_nan(), "a NaN was lost");
    }
}
