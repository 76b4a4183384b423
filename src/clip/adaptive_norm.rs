//! `AdaptiveNorm`: a limit for each unit, in proportion to its weights.

use super::{Clipped, GradientClipper, reachable, shrink};
use crate::linalg::{Norm, norm, vectorized};
use crate::{Error, Float, Gradients, Param, Role, Slot};

/// Scales the gradient of each unit so that its norm is at most a share of the norm of the unit's own weights.
///
/// ```text
/// g_u <- g_u * m / |g_u|  where |g_u| is above  m = share * max(|w_u|, floor)
/// ```
///
/// A unit is what a parameter's [`unit_axis`](Param::unit_axis) says: a column of a layer's weights. Of a parameter that is not a weight (biases,
/// gains) all entries together count as one unit.
///
/// ```
/// use evenkeel::AdaptiveNorm;
/// let clipper = AdaptiveNorm::new(0.01)?.except("4.linear");
/// assert!(AdaptiveNorm::new(f64::NAN).is_err());
/// # let _ = clipper;
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Brock, De, Smith and Simonyan, "High-performance large-scale image recognition without normalization", 2021: AGC, with a share of 0.01 and
/// a floor of 0.001. They leave out the last layer: say so by [`except`](Self::except). Against their code, and optax's and timm's: which
/// axis is the unit's is told by the layer, not guessed from the shape; nothing bounds |g_u| from below when dividing by it; a NaN or an infinity
/// is reported, and nothing changed.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveNorm {
    share: f64,
    floor: f64,
    spared: Vec<String>,
    /// Sums of squares, one a column, of gradients and weights: kept from step to step, so that only the first takes memory.
    of_gradients: Vec<f64>,
    of_weights: Vec<f64>,
}

impl AdaptiveNorm {
    /// With that share, and a floor of 0.001.
    ///
    /// # Errors
    /// [`Error::Argument`] where `share` is zero, negative or not finite.
    pub fn new(share: f64) -> Result<Self, Error> {
        let share = Error::positive("AdaptiveNorm", "share", share)?;
        Ok(Self { share, floor: 1e-3, spared: Vec::new(), of_gradients: Vec::new(), of_weights: Vec::new() })
    }

    /// With what the norm of a unit's weights is taken for where it is below: weights that start at 0 are to be able to grow.
    ///
    /// # Errors
    /// [`Error::Argument`] where `floor` is zero, negative or not finite.
    pub fn floor(self, floor: f64) -> Result<Self, Error> {
        Ok(Self { floor: Error::positive("AdaptiveNorm", "floor", floor)?, ..self })
    }

    /// That leaves a layer or a parameter of that name alone.
    pub fn except(mut self, name: &str) -> Self {
        self.spared.push(name.to_owned());
        self
    }

    fn spares(&self, param: &Param) -> bool {
        let inside =
            |name: &String| param.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.spared.iter().any(inside)
    }

    /// The limit of a unit with so many weights of that norm.
    fn limit<T: Float>(&self, weights: f64, count: usize) -> f64 {
        reachable::<T>(self.share * weights.max(self.floor), count)
    }

    /// Limits every unit of a parameter; says its norm afterwards, and how many entries were touched.
    fn clip_parameter<T: Float>(&mut self, param: &Param, gradient: &mut [T], weights: &[T]) -> (Norm, usize) {
        if param.role == Role::Weight && param.unit_axis == 1 {
            return self.clip_columns(gradient, weights, param.cols);
        }
        let len = if param.role == Role::Weight { param.cols } else { gradient.len() };
        let units = gradient.chunks_exact_mut(len).zip(weights.chunks_exact(len));
        units.fold((Norm::ZERO, 0), |(after, touched), (gradient, weights)| {
            let (norm, entries) = self.clip_unit(gradient, weights);
            (Norm::joined([after, norm].into_iter()), touched + entries)
        })
    }

    /// Limits a unit that stands in one piece.
    fn clip_unit<T: Float>(&self, gradient: &mut [T], weights: &[T]) -> (Norm, usize) {
        let of_gradient = norm(gradient);
        let limit = self.limit::<T>(norm(weights).value(), gradient.len());
        if of_gradient.value() <= limit {
            return (of_gradient, 0);
        }
        shrink(gradient, of_gradient, limit);
        (Norm::of(limit), gradient.len())
    }

    /// Limits the columns of a matrix, of which each is a unit.
    fn clip_columns<T: Float>(&mut self, gradient: &mut [T], weights: &[T], cols: usize) -> (Norm, usize) {
        let rows = gradient.len() / cols;
        squares_of_columns(gradient, cols, &mut self.of_gradients);
        squares_of_columns(weights, cols, &mut self.of_weights);
        let (mut after, mut touched) = (Norm::ZERO, 0);
        for col in 0..cols {
            let of_gradient = norm_of_column(gradient, cols, col, self.of_gradients[col]);
            let of_weights = norm_of_column(weights, cols, col, self.of_weights[col]).value();
            let limit = self.limit::<T>(of_weights, rows);
            let clipped = of_gradient.value() > limit;
            // What the column is to be multiplied by, in the place of its sum of squares.
            let mut factor = if clipped { limit / of_gradient.root() / of_gradient.scale } else { 1.0 };
            if factor < f64::MIN_POSITIVE {
                // It has lost digits; entry by entry they are kept.
                gradient.iter_mut().skip(col).step_by(cols).for_each(|g| {
                    *g = T::of(g.get() / of_gradient.scale / of_gradient.root() * limit);
                });
                factor = 1.0;
            }
            self.of_gradients[col] = factor;
            touched += if clipped { rows } else { 0 };
            after = Norm::joined([after, if clipped { Norm::of(limit) } else { of_gradient }].into_iter());
        }
        if touched > 0 {
            let factors = &self.of_gradients;
            vectorized(|| {
                for row in gradient.chunks_exact_mut(cols) {
                    for (g, &factor) in row.iter_mut().zip(factors) {
                        *g = T::of(g.get() * factor);
                    }
                }
            });
        }
        (after, touched)
    }
}

/// The sum of the squares of each column.
fn squares_of_columns<T: Float>(matrix: &[T], cols: usize, sums: &mut Vec<f64>) {
    sums.clear();
    sums.resize(cols, 0.0);
    let sums = &mut sums[..];
    vectorized(|| {
        for row in matrix.chunks_exact(cols) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += x.get() * x.get();
            }
        }
    });
}

/// The norm of a column, given the sum of its squares; where that is beyond f64 or has lost digits it is looked at once more.
fn norm_of_column<T: Float>(matrix: &[T], cols: usize, col: usize, squares: f64) -> Norm {
    if squares.is_finite() && squares > f64::MIN_POSITIVE / f64::EPSILON {
        return Norm::of(squares.sqrt());
    }
    let column = || matrix.iter().skip(col).step_by(cols);
    // The column of a unit that is dead: usual, and not to cost more than one that lives.
    if squares == 0.0 && column().all(|x| *x == T::zero()) {
        return Norm::ZERO;
    }
    Norm::joined(column().map(|x| norm(std::slice::from_ref(x))))
}

impl<T: Float> GradientClipper<T> for AdaptiveNorm {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let before = match Clipped::measure(gradients) {
            Ok(norm) => norm.value(),
            Err(outcome) => return outcome,
        };
        let (layout, weights) = (gradients.layout(), gradients.weights());
        let (mut after, mut touched) = (Norm::ZERO, 0);
        for (index, Slot { param, range, .. }) in layout.slots().iter().enumerate() {
            let (norm, entries) = if self.spares(param) {
                (gradients.norm_of_slots(index..index + 1), 0)
            } else {
                self.clip_parameter(param, gradients.slots_mut(index..index + 1), &weights[range.clone()])
            };
            touched += entries;
            after = Norm::joined([after, norm].into_iter());
        }
        let norm_after = if touched == 0 { before } else { after.value() };
        Clipped { norm_before: before, norm_after, pending: 1.0, touched, non_finite: None }
    }
}
