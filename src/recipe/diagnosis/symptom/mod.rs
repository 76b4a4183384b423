//! What a finished run shows, beside what the monitor saw: each a function of the facts.

mod constant_gradients;
mod constant_output;
mod dead_outputs;
mod diverging_loss;
mod exploding_gradients;
mod exploding_weights;
mod loss_not_decreasing;
mod non_finite;
mod overfitting;
mod saturated_units;
mod slow_convergence;
mod unstable_loss;
mod vanishing_gradients;
mod vanishing_weights;

use super::facts::Facts;
use super::notice::Notice;

type Look = fn(&Facts<'_>) -> Option<Notice>;

/// Every symptom, in the order in which findings of one severity are told.
pub(super) const ALL: &[Look] = &[
    non_finite::look,
    exploding_gradients::look,
    diverging_loss::look,
    vanishing_gradients::look,
    constant_output::look,
    exploding_weights::look,
    vanishing_weights::look,
    dead_outputs::look,
    saturated_units::look,
    constant_gradients::look,
    unstable_loss::look,
    loss_not_decreasing::look,
    slow_convergence::look,
    overfitting::look,
];
