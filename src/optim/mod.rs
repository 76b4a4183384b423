//! Optimizers: how gradients change parameters; and schedules of the learning rate.

mod adagrad;
mod adam;
mod adamw;
mod rmsprop;
pub mod schedule;
mod sgd;

pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamw::AdamW;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use std::fmt::Debug;

use crate::linalg::{BLOCK, Isa, PIECE, Squares, Work, dispatch, half, join, padded};
use crate::{Float, Layout, Role};

/// Everything an optimizer needs for one update of a network.
#[derive(Debug)]
pub struct Update<'a, T> {
    /// What the numbers mean.
    pub layout: &'a Layout,
    /// The parameters, which the update changes.
    pub weights: &'a mut [T],
    /// The gradients, before they are multiplied by [`scale`](Self::scale).
    pub gradients: &'a [T],
    /// What the optimizer remembers: [`Optimizer::slots`] numbers a parameter entry, slot after slot, 0 at the start.
    pub slots: &'a mut [T],
    /// How many updates there were, this one included: 1 at the first.
    pub step: u64,
    /// The learning rate of this update.
    pub rate: f64,
    /// The factor by which the gradients are to be multiplied: what a clipper left [pending](crate::Clipped::pending).
    pub scale: f64,
    /// Where the Euclidean norm of what was added to each parameter goes, one a parameter of the layout.
    pub norms: &'a mut [f64],
}

/// How gradients change parameters.
///
/// An optimizer holds settings alone; what it remembers stands in slots beside the parameters, so that one linear pass updates all of
/// them, and a snapshot is a copy.
pub trait Optimizer<T: Float>: Debug + Send + Sync {
    /// Its name, such as `adam`.
    fn name(&self) -> &'static str;

    /// The learning rate before any schedule.
    fn rate(&self) -> f64;

    /// How many numbers it remembers for each parameter entry.
    fn slots(&self) -> usize;

    /// Applies one update.
    fn update(&self, update: Update<'_, T>);

    /// The share of the entries in which it divides by its epsilon rather than by the size of the gradient, given what it remembers after
    /// `step` updates: entries without a gradient left out, a few thousand looked at, evenly spaced. `None` where it has no such
    /// division, or nothing to tell it from.
    fn epsilon_share(&self, _slots: &[T], _step: u64) -> Option<f64> {
        None
    }
}

impl<T: Float> Optimizer<T> for Box<dyn Optimizer<T>> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn rate(&self) -> f64 {
        (**self).rate()
    }

    fn slots(&self) -> usize {
        (**self).slots()
    }

    fn update(&self, update: Update<'_, T>) {
        (**self).update(update);
    }

    fn epsilon_share(&self, slots: &[T], step: u64) -> Option<f64> {
        (**self).epsilon_share(slots, step)
    }
}

/// The share of the positive ones of these squares that are below `limit`: of at most 4096 of them, which tell it to within 1 %.
fn share_below<T: Float>(squares: &[T], limit: f64) -> Option<f64> {
    const MOST: usize = 4096;
    let stride = squares.len().div_ceil(MOST).max(1);
    let (mut below, mut all) = (0.0, 0.0);
    for square in squares.iter().step_by(stride).map(|square| square.get()).filter(|square| *square > 0.0) {
        all += 1.0;
        below += f64::from(square < limit);
    }
    (all > 0.0).then(|| below / all)
}

/// How one weight changes, given all that there is to know of it; the pass over all of them is [`Update::apply`].
trait Rule<T, const SLOTS: usize>: Copy + Send {
    /// What is to be added to the weight, and what is to be remembered. It is to be `#[inline(always)]`, so that it becomes part of the
    /// vectorized loop.
    fn change(&self, entry: Entry<T, SLOTS>) -> (T, [T; SLOTS]);
}

/// One weight with all that its update needs.
#[derive(Clone, Copy)]
struct Entry<T, const SLOTS: usize> {
    weight: T,
    /// Its gradient, scaled.
    gradient: T,
    /// What is remembered of it.
    slots: [T; SLOTS],
    /// Whether weight decay applies to it: to weights only, a bias or a gain is not pulled to zero.
    decays: bool,
}

impl<T: Float> Update<'_, T> {
    /// The one pass over all parameters that every optimizer shares. It reads gradients and reads and writes weights and slots once, and
    /// carries the scale and the norm of what it adds along.
    fn apply<const SLOTS: usize>(self, rule: impl Rule<T, SLOTS>) {
        let Self { layout, mut weights, mut gradients, slots, scale, norms, .. } = self;
        let mut slots = slots.chunks_exact_mut(layout.len().max(1));
        let slots: [Option<&mut [T]>; SLOTS] = std::array::from_fn(|_| slots.next());
        let mut slots = slots.map(Option::unwrap_or_default);
        let mut done = 0;
        for (slot, norm) in layout.slots().iter().zip(norms) {
            let count = slot.range.end - done;
            done = slot.range.end;
            let part = Part {
                weights: weights.split_off_mut(..count).unwrap_or_default(),
                gradients: gradients.split_off(..count).unwrap_or_default(),
                slots: slots.each_mut().map(|slot| slot.split_off_mut(..count).unwrap_or_default()),
                scale: T::of(scale),
                decays: slot.param.role == Role::Weight,
                rule,
            };
            *norm = part.shared().sum().sqrt();
        }
    }
}

/// The update of neighbouring entries of one parameter.
struct Part<'a, T, R, const SLOTS: usize> {
    weights: &'a mut [T],
    gradients: &'a [T],
    slots: [&'a mut [T]; SLOTS],
    scale: T,
    decays: bool,
    rule: R,
}

impl<T: Float, R: Rule<T, SLOTS>, const SLOTS: usize> Part<'_, T, R, SLOTS> {
    /// Piece by piece, in a tree that depends on the length alone.
    fn shared(self) -> Squares {
        if self.weights.len() <= PIECE {
            return dispatch(self);
        }
        let at = half(self.weights.len());
        let Self { weights, gradients, mut slots, scale, decays, rule } = self;
        let (weights, right_weights) = weights.split_at_mut(at);
        let (gradients, right_gradients) = gradients.split_at(at);
        let left_slots = slots.each_mut().map(|slot| slot.split_off_mut(..at).unwrap_or_default());
        let left = Self { weights, gradients, slots: left_slots, scale, decays, rule };
        let right = Part { weights: right_weights, gradients: right_gradients, slots, scale, decays, rule };
        let (left, right) = join(|| left.shared(), || right.shared());
        left.merged(right)
    }
}

impl<T: Float, R: Rule<T, SLOTS>, const SLOTS: usize> Work for Part<'_, T, R, SLOTS> {
    type Output = Squares;

    #[inline(always)]
    fn run<I: Isa>(self) -> Squares {
        let Self { weights, gradients, mut slots, scale, decays, rule } = self;
        let mut squares = Squares::default();
        for start in (0..weights.len()).step_by(BLOCK) {
            let end = weights.len().min(start + BLOCK);
            // Copies into arrays of a known length stay in registers; the last is padded with zeros.
            let mut of_weights: [T; BLOCK] = padded(&weights[start..end]);
            let of_gradients: [T; BLOCK] = padded(&gradients[start..end]);
            let mut of_slots: [[T; BLOCK]; SLOTS] = slots.each_ref().map(|slot| padded(&slot[start..end]));
            let mut added = [T::zero(); BLOCK];
            for lane in 0..BLOCK {
                let (weight, gradient) = (of_weights[lane], scale * of_gradients[lane]);
                let slots = std::array::from_fn(|slot| of_slots[slot][lane]);
                let (change, slots) = rule.change(Entry { weight, gradient, slots, decays });
                added[lane] = change;
                of_weights[lane] = weight + change;
                for slot in 0..SLOTS {
                    of_slots[slot][lane] = slots[slot];
                }
            }
            // An infinite rate would make a NaN of the padding.
            added[end - start..].fill(T::zero());
            squares.add(&added);
            weights[start..end].copy_from_slice(&of_weights[..end - start]);
            for (block, slot) in of_slots.iter().zip(&mut slots) {
                slot[start..end].copy_from_slice(&block[..end - start]);
            }
        }
        squares
    }
}

/// The number itself, or zero where it is so small that the processor would compute with it a hundred times slower.
///
/// What fades by a factor every step gets there, and by rounding never to zero: the momentum of every unit that has died.
#[inline(always)]
fn faded<T: Float>(number: T) -> T {
    if number.abs() < T::min_positive_value() { T::zero() } else { number }
}

/// Half of the largest number whose square is in T: that of averages whose weights add up to 1 by rounding alone stays in T as well.
fn largest_root<T: Float>() -> T {
    T::max_value().sqrt() * T::of(0.5)
}

/// The gradient itself, or where it is beyond `largest`, that: a rule that divides by the root of squares would take a step of any length
/// where they are no longer in T. One that is not finite becomes, or stays, NaN, and shows.
#[inline(always)]
fn squarable<T: Float>(gradient: T, largest: T) -> T {
    // Written so that each is one instruction, and a NaN passes.
    let below = if largest < gradient { largest } else { gradient };
    let limited = if -largest > below { -largest } else { below };
    // A zero of its own sign changes no bit of a finite number.
    limited + T::zero() * gradient
}
