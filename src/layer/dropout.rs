//! `Dropout`: noise that leaves out numbers while training.

use super::by_position::{pointwise_gradients, pointwise_outputs};
use super::{GradientByPosition, Layer, Mode, Moments, Pass, Plan, Propagated, Signal, Structure, Through};
use crate::linalg::{PIECE, join, vectorized};
use crate::random::{GOLDEN, mixed};
use crate::{Error, Float, InitMoments, Rows, RowsMut};

/// In training every number is dropped with probability p, on its own, and those that are kept are scaled up, so that means stay:
///
/// ```text
/// y = m x / (1 - p)          dx = m dy / (1 - p)          m = 0 with probability p, else 1
/// ```
///
/// Elsewhere y = x.
///
/// ```
/// use evenkeel::{Dropout, Mode, Network, Rows};
/// let network = Network::<f32>::builder(6).layer(Dropout::new(0.5)?).seed(1).build()?;
/// let x = Rows::new(&[1.0; 6], 6)?;
/// let mut workspace = network.workspace(1)?;
/// let y = network.forward(x, Mode::Train, &mut workspace)?;
/// assert!(y.data().iter().all(|&y| y == 0.0 || y == 2.0));
/// assert_eq!(network.predict(x)?, [1.0; 6]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
///
/// What is dropped is a function of the network's seed, the place of the layer, the count of updates, the row and the column, by a hash
/// of 32 bits (the best of two rounds in Wellons, "Hash function prospector", 2022). So it is the same for any number of threads and in a
/// run that is resumed, and backward computes it anew instead of reading it. p counts in units of 2^-32, also in the scale. A NaN stays one, dropped
/// or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    p: f64,
}

impl Dropout {
    /// That drops each number with probability `p`.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `p` is at least 0 and below 1.
    pub fn new(p: f64) -> Result<Self, Error> {
        Ok(Self { p: Error::fraction("Dropout", "p", p)? })
    }

    /// Of 2^32 hashes, how many say that a number is dropped: all but one at most, since `as` takes what is rounded up to 2^32 for the
    /// number before.
    fn dropped(&self) -> u32 {
        (self.p * 2_f64.powi(32)).round() as u32
    }

    /// The probability of being kept, as exactly as hashes count it: so that means stay.
    fn kept(&self) -> f64 {
        1.0 - f64::from(self.dropped()) / 2_f64.powi(32)
    }

    /// Writes `to`, row by row, as the numbers of `from` that are kept, scaled, and zeros for the others.
    fn apply<T: Float>(&self, from: Rows<'_, T>, mut to: RowsMut<'_, T>, pass: &Pass<'_, T>) {
        if pass.mode == Mode::Infer {
            return to.data_mut().copy_from_slice(from.data());
        }
        let mask = Mask {
            // Of the whole pass: its rows count on from there.
            key: mixed(pass.seed ^ mixed(pass.step)),
            dropped: self.dropped(),
            scale: T::of(1.0 / self.kept()),
        };
        mask.apply(pass.first_row, from.cols(), from.data(), to.data_mut());
    }
}

/// What is dropped in one pass.
#[derive(Debug, Clone, Copy)]
struct Mask<T> {
    key: u64,
    /// Below this, a hash says that its number is dropped.
    dropped: u32,
    scale: T,
}

impl<T: Float> Mask<T> {
    /// The rows from `row` on, in pieces on as many threads as are idle.
    fn apply(&self, row: usize, cols: usize, from: &[T], to: &mut [T]) {
        let rows = to.len() / cols;
        if to.len() <= PIECE || rows == 1 {
            return vectorized(|| {
                for (at, (from, to)) in from.chunks_exact(cols).zip(to.chunks_exact_mut(cols)).enumerate() {
                    self.row(row + at, from, to);
                }
            });
        }
        let (left, right) = from.split_at(rows / 2 * cols);
        let (to_left, to_right) = to.split_at_mut(left.len());
        join(|| self.apply(row, cols, left, to_left), || self.apply(row + rows / 2, cols, right, to_right));
    }

    #[inline(always)]
    fn row(&self, row: usize, from: &[T], to: &mut [T]) {
        let key = mixed(self.key.wrapping_add((row as u64).wrapping_mul(GOLDEN)));
        let keys = [key as u32, (key >> 32) as u32];
        for (column, (to, &from)) in (0_u32..).zip(to.iter_mut().zip(from)) {
            let kept = hash(column, keys) >= self.dropped;
            *to = from * if kept { self.scale } else { T::zero() };
        }
    }
}

/// Bits of a column in a row of these keys. The second one enters half way, so that the bits of one row are not those of another, shifted.
#[inline(always)]
fn hash(column: u32, keys: [u32; 2]) -> u32 {
    let bits = column.wrapping_add(keys[0]);
    let bits = (bits ^ (bits >> 16)).wrapping_mul(0x21f0_aaad) ^ keys[1];
    let bits = (bits ^ (bits >> 15)).wrapping_mul(0xd35a_2d97);
    bits ^ (bits >> 15)
}

impl<T: Float> Layer<T> for Dropout {
    fn kind(&self) -> &'static str {
        "dropout"
    }

    fn structure(&self) -> Structure {
        Structure::Mask
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        self.apply(x, y, pass);
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        if let Some(dx) = dx {
            self.apply(dy, dx, pass);
        }
    }

    fn moments(&self, _: &Plan, x: Moments, _: &[InitMoments]) -> Option<Propagated> {
        let kept = self.kept();
        Some(Propagated { y: Moments { second: x.second / kept, ..x }, back: Some(1.0 / kept) })
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

    /// Every row has noise of its own, so that rows have in common what they had.
    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let Propagated { y, back } = Layer::<T>::moments(self, plan, x.moments, weights)?;
        if self.kept() == 1.0 {
            return Some(Through { chooses: 1.0, y: x, back, squares: Some(Vec::new()) });
        }
        let y = Signal { shared: x.shared, kept: self.kept() * x.kept, ..Signal::unknown(y) };
        Some(Through { chooses: 1.0, y, back, squares: Some(Vec::new()) })
    }

    fn hands_on_initializer(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of `x` in training, in rows of `cols`.
    fn dropped<T: Float>(p: f64, x: &[T], cols: usize, seed: u64, step: u64) -> Vec<T> {
        let (dropout, plan) = (Dropout::new(p).unwrap(), Plan::new(cols));
        let mut pass = Pass {
            plan: &plan,
            mode: Mode::Train,
            params: &[],
            state: &[],
            saved: &mut [],
            scratch: &mut [],
            lengths: &[],
            first_row: 0,
            fresh: false,
            seed,
            step,
        };
        let (mut y, mut dx) = (vec![T::one(); x.len()], vec![T::one(); x.len()]);
        dropout.forward(Rows::of(x, cols), RowsMut::of(&mut y, cols), &mut pass).unwrap();
        let dx_rows = Some(RowsMut::of(&mut dx, cols));
        dropout.backward(Rows::of(x, cols), Rows::of(&y, cols), Rows::of(x, cols), dx_rows, &mut [], &mut pass);
        // It is linear, and its own transpose.
        assert!(y.iter().zip(&dx).all(|(y, dx)| y == dx || y.is_nan() && dx.is_nan()));
        y
    }

    /// Which of so many numbers are kept.
    fn kept(p: f64, rows: usize, cols: usize, seed: u64, step: u64) -> Vec<bool> {
        dropped(p, &vec![1.0_f32; rows * cols], cols, seed, step).into_iter().map(|y| y != 0.0).collect()
    }

    /// Whether so many of `all` independent events of that probability are likely enough: within 6.5 standard deviations, beyond which
    /// a count is with probability 8e-11, or a few times that where events are rare. A test takes up to 2100 of them.
    fn likely(count: usize, all: usize, probability: f64) -> bool {
        let all = all as f64;
        (count as f64 - all * probability).abs() <= 6.5 * (all * probability * (1.0 - probability)).sqrt()
    }

    fn count(bits: impl Iterator<Item = bool>) -> usize {
        bits.filter(|&bit| bit).count()
    }

    #[test]
    fn keeps_as_many_as_it_says() {
        for p in [0.0, 0.01, 0.1, 0.25, 0.5, 0.9, 0.999] {
            for (rows, cols) in [(1 << 20, 1), (1 << 14, 64), (7, 149_797), (1, 1 << 20)] {
                let kept = count(kept(p, rows, cols, 3, 11).into_iter());
                assert!(likely(kept, rows * cols, 1.0 - p), "{kept} of {rows} x {cols} kept for p = {p}");
                // A rate that is off by a hundredth would be told.
                let wrong = if p < 0.5 { 0.99 - p } else { 1.01 - p };
                assert!(!likely(kept, rows * cols, wrong));
            }
        }
        // In units of 2^-32 this is 1, and still not all are dropped for sure: one of 2^32 is not.
        assert!(count(kept(1.0 - 1e-12, 1000, 100, 1, 1).into_iter()) < 2);
    }

    /// Two masks of one half agree in half of the places if they have nothing to do with each other; and so do the places of one.
    #[test]
    fn no_mask_tells_of_another() {
        const ROWS: usize = 1 << 10;
        const COLS: usize = 1 << 10;
        let mask = kept(0.5, ROWS, COLS, 5, 8);
        let unrelated = |name: &str, one: &[bool], other: &[bool]| {
            let same = count(one.iter().zip(other).map(|(one, other)| one == other));
            assert!(likely(same, one.len().min(other.len()), 0.5), "{name}: {same} of {} agree", one.len());
        };
        for (name, seed, step) in [("another step", 5, 9), ("another seed", 4, 8), ("both exchanged", 8, 5)] {
            unrelated(name, &mask, &kept(0.5, ROWS, COLS, seed, step));
        }
        for distance in [1, 2, 3, 4, 8, 16, 64, COLS, 2 * COLS, COLS + 1, 16 * COLS] {
            unrelated(&format!("{distance} places on"), &mask, &mask[distance..]);
        }
        // Each row and each column by itself.
        for at in 0..ROWS {
            assert!(likely(count(mask[at * COLS..][..COLS].iter().copied()), COLS, 0.5), "row {at}");
            assert!(likely(count(mask[at..].iter().copied().step_by(COLS)), ROWS, 0.5), "column {at}");
        }
        // Two that have a fiftieth in common would be told.
        let other = kept(0.5, ROWS, COLS, 5, 9);
        let same = mask.iter().zip(&other).enumerate().map(|(at, (one, other))| at % 50 == 0 || one == other);
        assert!(!likely(count(same), mask.len(), 0.5));
    }

    /// Number by number, as the formula has it.
    fn plainly<T: Float>(p: f64, x: &[T], cols: usize, seed: u64, step: u64) -> Vec<T> {
        let key = |row: usize| mixed(mixed(seed ^ mixed(step)).wrapping_add((row as u64).wrapping_mul(GOLDEN)));
        let kept = |row: usize, column: usize| {
            let bits = hash(column as u32, [key(row) as u32, (key(row) >> 32) as u32]);
            f64::from(bits) >= p * 2_f64.powi(32)
        };
        let p = (p * 2_f64.powi(32)).round() / 2_f64.powi(32);
        let factor = |at: usize| if kept(at / cols, at % cols) { 1.0 / (1.0 - p) } else { 0.0 };
        x.iter().enumerate().map(|(at, &x)| x * T::of(factor(at))).collect()
    }

    fn agrees<T: Float>() {
        for (rows, cols) in [(1, 1), (3, 7), (5, 8), (9, 17), (33, 33), (1, 40_000), (3, 30_000), (1001, 33)] {
            let x: Vec<T> = (0..rows * cols).map(|at| T::of((at as f64 * 0.7).sin())).collect();
            assert_eq!(dropped(0.3, &x, cols, 7, 2), plainly(0.3, &x, cols, 7, 2), "{rows} x {cols}");
        }
    }

    #[test]
    fn agrees_with_its_formula() {
        agrees::<f32>();
        agrees::<f64>();
        let x = [f64::NAN; 64];
        assert!(dropped(0.5, &x, 64, 1, 1).iter().all(|y| y.is_nan()), "a NaN was lost");
    }

    #[test]
    fn refuses_what_is_no_probability() {
        for p in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Dropout::new(p), Err(Error::Argument { of: "Dropout", argument: "p", .. })));
        }
    }
}
