//! Optimizers: how gradients change parameters; and schedules of the learning rate.

mod adam;
mod adamw;
pub mod schedule;
mod sgd;

pub use adam::Adam;
pub use adamw::AdamW;
pub use sgd::Sgd;

use std::fmt::Debug;

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
}

impl<T: Float> Update<'_, T> {
    /// The pass over all parameters that every optimizer shares: `change(entry)` gives what is to be added to one weight.
    ///
    /// `entry` has the weight, its scaled gradient, its slots (as many as `S`), and whether weight decay applies to it (to
    /// weights only: a bias or a gain is not pulled to zero).
    fn each<const S: usize>(self, change: impl Fn(Entry<'_, T, S>) -> T) {
        let Self { layout, weights, gradients, slots, scale, norms, .. } = self;
        let scale = T::of(scale);
        let mut slots = slots.chunks_exact_mut(layout.len().max(1));
        let slots: [Option<&mut [T]>; S] = std::array::from_fn(|_| slots.next());
        let mut slots = slots.map(Option::unwrap_or_default);
        for (slot, norm) in layout.slots().iter().zip(norms) {
            let range = slot.range.clone();
            let decays = slot.param.role == Role::Weight;
            let (weights, gradients) = (&mut weights[range.clone()], &gradients[range.clone()]);
            let mut slots = slots.each_mut().map(|slot| &mut slot[range.clone()]);
            // Eight sums side by side, in a fixed order: independent of each other, so the processor can add them at once.
            let mut squares = [0.0_f64; 8];
            for (at, (weight, &gradient)) in weights.iter_mut().zip(gradients).enumerate() {
                let slots = slots.each_mut().map(|slot| &mut slot[at]);
                let added = change(Entry { weight: *weight, gradient: scale * gradient, slots, decays });
                *weight += added;
                squares[at % 8] += added.get() * added.get();
            }
            *norm = squares.iter().sum::<f64>().sqrt();
        }
    }
}

/// The number itself, or zero where it is so small that the processor would compute with it a hundred times slower.
///
/// What fades by a factor every step gets there, and by rounding never to zero: the momentum of every unit that has died.
#[inline(always)]
fn faded<T: Float>(number: T) -> T {
    if number.abs() < T::min_positive_value() { T::zero() } else { number }
}

/// One weight with all that its update needs.
struct Entry<'a, T, const S: usize> {
    weight: T,
    gradient: T,
    slots: [&'a mut T; S],
    decays: bool,
}
