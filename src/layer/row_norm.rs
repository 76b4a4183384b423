//! What `LayerNorm` and `RmsNorm` share: every group of a row to variance 1, with its mean taken off or not.

use super::groups::{cut, groups};
use super::moments::of_affine;
use super::statistics::{Statistics, inverse_deviation};
use super::{Moments, Pass, Plan, Propagated, Signal, Through};
use crate::linalg::{Isa, Matrix, Start, Work, dispatch, join, multiply};
use crate::{Error, Float, InitMoments, Param, Rows, RowsMut};

/// The settings of either; `CENTRED` where the mean is taken off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RowNorm<const CENTRED: bool> {
    /// How many numbers a group has; without it, all of a row.
    pub(super) width: Option<usize>,
    pub(super) epsilon: f64,
    pub(super) gain: bool,
    pub(super) bias: bool,
}

/// What is saved of a group: its mean in two parts, and one over its deviation.
const SAVED: usize = 3;
/// How many sums run at once.
const LANES: usize = 16;

impl<const CENTRED: bool> RowNorm<CENTRED> {
    pub(super) fn plan(&self, of: &'static str, n_in: usize) -> Result<Plan, Error> {
        let width = self.width.unwrap_or(n_in);
        let groups = groups(of, "width", "the numbers of a row, in whole groups of the norm's width", n_in, width)?;
        let plan = Plan::new(n_in).saved_per_row(groups.saturating_mul(SAVED));
        let plan = if self.gain { plan.param(Param::gain(width)).scratch_per_row(n_in) } else { plan };
        let plan = if self.bias { plan.param(Param::bias(width)) } else { plan };
        Ok(plan.writes_gradients())
    }

    /// The moments of its numbers before gain and bias, and the square that they were divided by. A number alone is its own mean.
    fn normalized(&self, plan: &Plan, x: Moments) -> (Moments, f64) {
        if CENTRED && self.width.unwrap_or(plan.n_out) == 1 {
            return (Moments { mean: 0.0, second: 0.0 }, f64::INFINITY);
        }
        let (mean, square) = if CENTRED { (0.0, x.variance()) } else { (x.mean, x.second) };
        let divisor = square + self.epsilon;
        (Moments { mean: mean / divisor.sqrt(), second: square / divisor }, divisor)
    }

    /// The sums of the squares of the gradients by gain and bias, where those by the outputs have mean square 1.
    pub(super) fn gradient_squares(&self, plan: &Plan, x: Moments) -> Vec<f64> {
        let (normalized, _) = self.normalized(plan, x);
        let of_gain = self.gain.then_some(normalized.second);
        of_gain.into_iter().chain(self.bias.then_some(1.0)).map(|square| plan.n_out as f64 * square).collect()
    }

    /// What rows have in common is divided as the rest is, and then has the gain and the bias in common, too.
    pub(super) fn propagate<'a>(&self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Through<'a> {
        let Propagated { y, back } = self.moments(plan, x.moments, weights);
        let (normalized, divisor) = self.normalized(plan, x.moments);
        let taken_off = if CENTRED { x.moments.mean * x.moments.mean } else { 0.0 };
        let shared = x.shared.map(|shared| {
            let second = (shared - taken_off) / divisor;
            self.affine(Moments { second, ..normalized }, weights).0.second
        });
        let squares = Some(self.gradient_squares(plan, x.moments));
        Through { chooses: 1.0, y: Signal { shared, ..Signal::unknown(y) }, back, squares }
    }

    /// In wide groups the mean and the deviation of a group are those of the draw, and what they hand back is spread thin.
    pub(super) fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Propagated {
        let (normalized, divisor) = self.normalized(plan, x);
        let (y, gain) = self.affine(normalized, weights);
        Propagated { y, back: Some(gain / divisor) }
    }

    /// The moments after gain and bias, and the mean square of the gain.
    fn affine(&self, normalized: Moments, weights: &[InitMoments]) -> (Moments, f64) {
        let mut weights = weights.iter().copied();
        let gain = weights.next().filter(|_| self.gain);
        of_affine(normalized, gain, weights.next().filter(|_| self.bias))
    }

    pub(super) fn forward<T: Float>(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) {
        let width = self.width.unwrap_or(x.cols());
        let (gain, bias) = pass.params.split_at(if self.gain { width } else { 0 });
        let (x, y, epsilon) = (x.data(), y.data_mut(), self.epsilon);
        Forward::<T, CENTRED> { width, epsilon, gain, bias, x, y, saved: pass.saved }.shared();
    }

    pub(super) fn backward<T: Float>(
        &self,
        x: Rows<'_, T>,
        dy: Rows<'_, T>,
        mut dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let width = self.width.unwrap_or(x.cols());
        let gain = &pass.params[..if self.gain { width } else { 0 }];
        let (of_gain, of_bias) = gradients.split_at_mut(gain.len());
        let start = if pass.fresh { Start::Zero } else { Start::There };
        let one = T::one();
        let ones = Matrix::repeated(&one, 1, x.data().len() / width);
        let (x, dy, saved) = (x.data(), dy.data(), &*pass.saved);
        let products = &mut pass.scratch[..if self.gain { x.len() } else { 0 }];
        let dx = dx.as_mut().map_or(&mut [][..], RowsMut::data_mut);
        Backward::<T, CENTRED> { width, gain, x, dy, saved, dx, products: &mut *products }.shared();
        if self.gain {
            multiply(ones, Matrix::new(products, width), of_gain, start);
        }
        if self.bias {
            multiply(ones, Matrix::new(dy, width), of_bias, start);
        }
    }
}

/// x without the mean, which is there in two parts.
#[inline(always)]
fn centred<T: Float, const CENTRED: bool>(x: T, high: T, low: T) -> T {
    if CENTRED { (x - high) - low } else { x }
}

struct Forward<'a, T, const CENTRED: bool> {
    width: usize,
    epsilon: f64,
    /// One a number of a group, or none at all.
    gain: &'a [T],
    bias: &'a [T],
    x: &'a [T],
    y: &'a mut [T],
    saved: &'a mut [T],
}

impl<T: Float, const CENTRED: bool> Forward<'_, T, CENTRED> {
    /// On as many threads as are idle.
    fn shared(self) {
        let Some(at) = cut(self.x.len(), self.width) else { return dispatch(self) };
        let Self { width, epsilon, gain, bias, x, y, saved } = self;
        let ((x, right_x), (y, right_y)) = (x.split_at(at), y.split_at_mut(at));
        let (saved, right_saved) = saved.split_at_mut(at / width * SAVED);
        join(
            || Self { width, epsilon, gain, bias, x, y, saved }.shared(),
            || {
                Forward::<T, CENTRED> { width, epsilon, gain, bias, x: right_x, y: right_y, saved: right_saved }
                    .shared()
            },
        );
    }
}

impl<T: Float, const CENTRED: bool> Work for Forward<'_, T, CENTRED> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let count = self.width as f64;
        let groups = self.x.chunks_exact(self.width).zip(self.y.chunks_exact_mut(self.width));
        for ((x, y), saved) in groups.zip(self.saved.as_chunks_mut::<SAVED>().0) {
            let shift = if CENTRED { x[0] } else { T::zero() };
            let sums = sums(x, x, x, |x, _, _| {
                let difference = x.get() - shift.get();
                [if CENTRED { difference } else { 0.0 }, difference * difference]
            });
            let Statistics { high, low, variance } = Statistics::shifted(shift, sums, count);
            let root = T::of(inverse_deviation(variance, self.epsilon));
            *saved = [high, low, root];
            let value = |x: T| centred::<T, CENTRED>(x, high, low) * root;
            match (self.gain.is_empty(), self.bias.is_empty()) {
                (true, _) => {
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = value(x);
                    }
                }
                (_, true) => {
                    for ((y, &x), &gain) in y.iter_mut().zip(x).zip(self.gain) {
                        *y = value(x) * gain;
                    }
                }
                _ => {
                    for (((y, &x), &gain), &bias) in y.iter_mut().zip(x).zip(self.gain).zip(self.bias) {
                        *y = value(x) * gain + bias;
                    }
                }
            }
        }
    }
}

struct Backward<'a, T, const CENTRED: bool> {
    width: usize,
    gain: &'a [T],
    x: &'a [T],
    dy: &'a [T],
    saved: &'a [T],
    /// The derivative by x, or nothing where it is not wanted.
    dx: &'a mut [T],
    /// The terms of the derivative by the gain, or nothing where there is none.
    products: &'a mut [T],
}

impl<T: Float, const CENTRED: bool> Backward<'_, T, CENTRED> {
    /// On as many threads as are idle.
    fn shared(self) {
        let Some(at) = cut(self.x.len(), self.width) else { return dispatch(self) };
        let Self { width, gain, x, dy, saved, dx, products } = self;
        let ((x, right_x), (dy, right_dy)) = (x.split_at(at), dy.split_at(at));
        let (saved, right_saved) = saved.split_at(at / width * SAVED);
        let (dx, right_dx) = dx.split_at_mut(at.min(dx.len()));
        let (products, right_products) = products.split_at_mut(at.min(products.len()));
        let right = Backward::<T, CENTRED> {
            width,
            gain,
            x: right_x,
            dy: right_dy,
            saved: right_saved,
            dx: right_dx,
            products: right_products,
        };
        join(|| Self { width, gain, x, dy, saved, dx, products }.shared(), || right.shared());
    }
}

impl<T: Float, const CENTRED: bool> Work for Backward<'_, T, CENTRED> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let count = self.width as f64;
        for (group, &[high, low, root]) in self.saved.as_chunks::<SAVED>().0.iter().enumerate() {
            let range = group * self.width..(group + 1) * self.width;
            let (x, dy) = (&self.x[range.clone()], &self.dy[range.clone()]);
            let value = |x: T| centred::<T, CENTRED>(x, high, low);
            if let Some(products) = self.products.get_mut(range.clone()) {
                for ((product, &x), &dy) in products.iter_mut().zip(x).zip(dy) {
                    *product = value(x) * root * dy;
                }
            }
            let Some(dx) = self.dx.get_mut(range) else { continue };
            if self.gain.is_empty() {
                let sums = sums(x, dy, dy, |x, dy, _| [dy.get(), dy.get() * value(x).get()]);
                let (of_mean, of_deviation) = handed_back::<T, CENTRED>(sums, root, count);
                for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
                    *dx = root * (dy - (of_mean + value(x) * of_deviation));
                }
            } else {
                let sums = sums(x, dy, self.gain, |x, dy, gain| {
                    let dy = dy.get() * gain.get();
                    [dy, dy * value(x).get()]
                });
                let (of_mean, of_deviation) = handed_back::<T, CENTRED>(sums, root, count);
                for (((dx, &x), &dy), &gain) in dx.iter_mut().zip(x).zip(dy).zip(self.gain) {
                    *dx = root * (dy * gain - (of_mean + value(x) * of_deviation));
                }
            }
        }
    }
}

/// What the mean, and what the deviation of a group of `count` numbers hands back to each of them.
#[inline(always)]
fn handed_back<T: Float, const CENTRED: bool>([sum, product]: [f64; 2], root: T, count: f64) -> (T, T) {
    let of_mean = if CENTRED { sum / count } else { 0.0 };
    (T::of(of_mean), T::of(product * root.get() * root.get() / count))
}

/// Two sums over a group, in lanes of which each takes every 16th number.
#[inline(always)]
fn sums<T: Float>(x: &[T], dy: &[T], gain: &[T], terms: impl Fn(T, T, T) -> [f64; 2]) -> [f64; 2] {
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    let ((x, x_rest), (dy, dy_rest), (gain, gain_rest)) = (x.as_chunks(), dy.as_chunks(), gain.as_chunks());
    for ((x, dy), gain) in x.iter().zip(dy).zip(gain) {
        let (x, dy, gain): (&[T; LANES], &[T; LANES], &[T; LANES]) = (x, dy, gain);
        for lane in 0..LANES {
            let [a, b] = terms(x[lane], dy[lane], gain[lane]);
            first[lane] += a;
            second[lane] += b;
        }
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            first[lane] += first[lane + half];
            second[lane] += second[lane + half];
        }
    }
    let mut sums = [first[0], second[0]];
    for ((&x, &dy), &gain) in x_rest.iter().zip(dy_rest).zip(gain_rest) {
        let [a, b] = terms(x, dy, gain);
        sums[0] += a;
        sums[1] += b;
    }
    sums
}
