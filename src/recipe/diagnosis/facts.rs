//! `Facts`: the numbers that symptoms and causes are judged by, taken once.

use super::control::Control;
use super::probe::Probe;
use crate::recipe::{ActivationKind, LayerKind, Prepared, Recipe, Run};

/// The numbers that symptoms and causes are judged by, taken once.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) data: &'a Prepared,
    pub(super) run: &'a Run,
    /// What the network makes of the data before the first step.
    pub(super) start: Option<Probe>,
    /// What it makes of them in the end.
    pub(super) end: Option<Probe>,
    /// What a plain network gets to on the same data.
    pub(super) control: Option<Control>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(recipe: &'a Recipe, data: &'a Prepared, run: &'a Run) -> Self {
        let untrained = recipe.network(data.n_in()).ok();
        Self {
            recipe,
            data,
            run,
            start: untrained.and_then(|network| Probe::of(recipe, &network, data).ok()),
            end: Probe::of(recipe, &run.network, data).ok(),
            control: Control::of(recipe, data),
        }
    }

    /// The activation behind the last layer with weights; `Identity` where there is none.
    pub(super) fn output_activation(&self) -> ActivationKind {
        for layer in self.recipe.layers.iter().rev() {
            match layer {
                LayerKind::Activation(ActivationKind::Identity) | LayerKind::Dropout { .. } | LayerKind::Flatten => {}
                LayerKind::Activation(activation) => return *activation,
                _ => break,
            }
        }
        ActivationKind::Identity
    }

    /// How much better than the trivial answer a score is, on a scale where the perfect one has 1.
    pub(super) fn gain(score: f64, trivial: f64) -> f64 {
        if trivial >= 1.0 { 0.0 } else { (score - trivial) / (1.0 - trivial) }
    }

    /// That of the run, on the training rows and on the validation rows. NaN where a score is.
    pub(super) fn run_gains(&self) -> (f64, f64) {
        let trivial = self.run.trivial.score.value();
        let end = &self.run.end;
        (Self::gain(end.train.score.value(), trivial), Self::gain(end.validation.score.value(), trivial))
    }

    /// That of the control; what nobody can tell counts as 0.
    pub(super) fn control_gains(&self) -> (f64, f64) {
        let Some(control) = &self.control else { return (0.0, 0.0) };
        let trivial = control.trivial();
        let end = &control.run.end;
        (Self::gain(end.train.score.value(), trivial), Self::gain(end.validation.score.value(), trivial))
    }
}
