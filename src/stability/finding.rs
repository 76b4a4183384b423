//! `Finding`: what was noticed, where, why, and what may help.

use std::fmt;

pub(crate) use super::short::short;
use super::{Cause, Remedy};

/// What was noticed.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Symptom {
    /// The gradient fades on its way to the input.
    VanishingGradients,
    /// The gradient, or the signal, grows from layer to layer, or updates overwhelm the weights.
    ExplodingGradients,
    /// Units of a layer have the same weights, and so compute, and learn, the same.
    SymmetricUnits,
    /// A number is NaN or infinite.
    NonFinite,
    /// Units are switched off on every example.
    DeadUnits,
    /// Units sit at the flat ends of their activation.
    SaturatedUnits,
    /// The loss is where it was at the start.
    LossNotDecreasing,
    /// The loss changes wildly from step to step, or grows.
    UnstableLoss,
    /// Weights are near zero.
    VanishingWeights,
    /// Weights are very large, or not finite.
    ExplodingWeights,
    /// The gradient of a layer is the same, step after step.
    ConstantGradients,
    /// The gradient fades on its way back through the steps of a sequence.
    VanishingOverTime,
    /// The gradient grows on its way back through the steps of a sequence.
    ExplodingOverTime,
    /// The output is the same for every example, where the targets are not.
    ConstantOutput,
    /// The loss still falls when training ends, and is far from where it could be.
    SlowConvergence,
    /// The loss ends far above where it started.
    DivergingLoss,
    /// The network learns the training data by heart: there the loss falls, and on other data it rises.
    Overfitting,
    /// The output, the loss and the targets do not belong together.
    MismatchedOutput,
    /// Inputs or targets are far from the size that weights and learning rates are made for.
    UnscaledData,
    /// The units of a layer become more and more alike.
    GrowingSymmetry,
    /// The outputs of a layer differ from row to row in one direction alone.
    RankCollapse,
    /// Units have been switched off on every example since the first look.
    BornDeadUnits,
    /// Units that were on have been switched off for good.
    DyingUnits,
    /// The curvature of the loss is above what the learning rate can follow.
    EdgeOfStability,
    /// The loss does not fall where the gradient says so.
    WrongGradient,
    /// The loss of a batch rises by its own update.
    Overshooting,
    /// Entries of the gradient are too small for the format they are stored in.
    GradientUnderflow,
    /// The gradient is clipped most of the time, or nearly away.
    ClipSaturation,
    /// The optimizer divides by its epsilon, not by the size of the gradient.
    EpsilonRegime,
    /// The loss jumped up for some steps.
    LossSpikes,
    /// The network is much worse in use than it is in training, on the same rows.
    ModeMismatch,
    /// The weights of a layer do not move, though they have a gradient.
    FrozenLayer,
    /// The weights of a layer were changed by something that is no update.
    ForeignChange,
    /// The loss begins far above that of the best constant answer.
    HighFirstLoss,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely hurts.
    Warning,
    /// Training cannot succeed, or has failed.
    Critical,
}

impl Symptom {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::VanishingGradients,
        Self::ExplodingGradients,
        Self::SymmetricUnits,
        Self::NonFinite,
        Self::DeadUnits,
        Self::SaturatedUnits,
        Self::LossNotDecreasing,
        Self::UnstableLoss,
        Self::VanishingWeights,
        Self::ExplodingWeights,
        Self::ConstantGradients,
        Self::VanishingOverTime,
        Self::ExplodingOverTime,
        Self::ConstantOutput,
        Self::SlowConvergence,
        Self::DivergingLoss,
        Self::Overfitting,
        Self::MismatchedOutput,
        Self::UnscaledData,
        Self::GrowingSymmetry,
        Self::RankCollapse,
        Self::BornDeadUnits,
        Self::DyingUnits,
        Self::EdgeOfStability,
        Self::WrongGradient,
        Self::Overshooting,
        Self::GradientUnderflow,
        Self::ClipSaturation,
        Self::EpsilonRegime,
        Self::LossSpikes,
        Self::ModeMismatch,
        Self::FrozenLayer,
        Self::ForeignChange,
        Self::HighFirstLoss,
    ];

    /// Its name in snake case, as JSON has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::VanishingGradients => "vanishing_gradients",
            Self::ExplodingGradients => "exploding_gradients",
            Self::SymmetricUnits => "symmetric_units",
            Self::NonFinite => "non_finite",
            Self::DeadUnits => "dead_units",
            Self::SaturatedUnits => "saturated_units",
            Self::LossNotDecreasing => "loss_not_decreasing",
            Self::UnstableLoss => "unstable_loss",
            Self::VanishingWeights => "vanishing_weights",
            Self::ExplodingWeights => "exploding_weights",
            Self::ConstantGradients => "constant_gradients",
            Self::VanishingOverTime => "vanishing_over_time",
            Self::ExplodingOverTime => "exploding_over_time",
            Self::ConstantOutput => "constant_output",
            Self::SlowConvergence => "slow_convergence",
            Self::DivergingLoss => "diverging_loss",
            Self::Overfitting => "overfitting",
            Self::MismatchedOutput => "mismatched_output",
            Self::UnscaledData => "unscaled_data",
            Self::GrowingSymmetry => "growing_symmetry",
            Self::RankCollapse => "rank_collapse",
            Self::BornDeadUnits => "born_dead_units",
            Self::DyingUnits => "dying_units",
            Self::EdgeOfStability => "edge_of_stability",
            Self::WrongGradient => "wrong_gradient",
            Self::Overshooting => "overshooting",
            Self::GradientUnderflow => "gradient_underflow",
            Self::ClipSaturation => "clip_saturation",
            Self::EpsilonRegime => "epsilon_regime",
            Self::LossSpikes => "loss_spikes",
            Self::ModeMismatch => "mode_mismatch",
            Self::FrozenLayer => "frozen_layer",
            Self::ForeignChange => "foreign_change",
            Self::HighFirstLoss => "high_first_loss",
        }
    }

    /// Whether it is told besides the symptoms that the literature has names and labelled runs for.
    ///
    /// Of these only [`VanishingOverTime`](Self::VanishingOverTime) and [`ExplodingOverTime`](Self::ExplodingOverTime) may be above
    /// [`Severity::Info`], where a monitor has nothing else to go by; in a [`Diagnosis`](crate::recipe::Diagnosis), which has, none is.
    pub fn is_extra(&self) -> bool {
        use Symptom::*;
        let over_time = matches!(self, VanishingOverTime | ExplodingOverTime);
        let of_units = matches!(self, GrowingSymmetry | RankCollapse | BornDeadUnits | DyingUnits | FrozenLayer);
        let of_steps = matches!(self, EdgeOfStability | WrongGradient | Overshooting | ClipSaturation | LossSpikes);
        over_time
            || of_units
            || of_steps
            || matches!(self, GradientUnderflow | EpsilonRegime | ModeMismatch | ForeignChange | HighFirstLoss)
    }
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Severity {
    /// Its name in snake case, as JSON has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One measured number that speaks for a finding.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Evidence {
    /// What was measured.
    pub what: &'static str,
    /// The number; where it is not finite, JSON says null.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::float::finite_or_null"))]
    pub value: f64,
}

/// Something noticed about a run: what, where, since when, why, with what evidence, and what may help. Why it matters,
/// [`Symptom::why`], is told with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What was noticed.
    pub symptom: Symptom,
    /// How bad it is.
    pub severity: Severity,
    /// The layers concerned, from input to output.
    pub layers: Vec<String>,
    /// The training step at which it was first seen.
    pub step: u64,
    /// Why it is so.
    pub cause: Cause,
    /// The numbers that speak for it.
    pub evidence: Vec<Evidence>,
    /// One sentence that a person understands.
    pub message: String,
    /// What may help, the most promising first.
    pub remedies: Vec<Remedy>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} since step {}: {}", self.severity, self.symptom, self.step, self.message)?;
        write!(f, "\n    why it matters: {}", self.symptom.why())?;
        write!(f, "\n    cause: {}", self.cause)?;
        for (index, evidence) in self.evidence.iter().enumerate() {
            write!(f, "{}{} {}", if index == 0 { "; " } else { ", " }, evidence.what, short(evidence.value))?;
        }
        for (index, remedy) in self.remedies.iter().enumerate() {
            write!(f, "{}{remedy}", if index == 0 { "\n    try: " } else { "; or " })?;
        }
        Ok(())
    }
}

/// With why it matters besides.
#[cfg(feature = "serde")]
impl serde::Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let Self { symptom, severity, layers, step, cause, evidence, message, remedies } = self;
        let mut fields = serializer.serialize_struct("Finding", 9)?;
        fields.serialize_field("symptom", symptom)?;
        fields.serialize_field("severity", severity)?;
        fields.serialize_field("layers", layers)?;
        fields.serialize_field("step", step)?;
        fields.serialize_field("cause", cause)?;
        fields.serialize_field("evidence", evidence)?;
        fields.serialize_field("message", message)?;
        fields.serialize_field("why", symptom.why())?;
        fields.serialize_field("remedies", remedies)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    /// Of the text of the enumeration itself: nothing else would know a symptom that is not listed.
    #[test]
    fn all_symptoms_are_listed() {
        let (_, text) = include_str!("finding.rs").split_once("pub enum Symptom {").expect("it is here");
        let (text, _) = text.split_once("\n}").expect("it ends");
        let variants = text.lines().filter_map(|line| line.trim().strip_suffix(','));
        let listed = super::Symptom::ALL.iter().map(|symptom| format!("{symptom:?}"));
        assert!(variants.eq(listed), "a symptom is not in the list");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn names_are_those_of_json() {
        use super::{Severity, Symptom};
        assert_eq!(serde_json::json!(Symptom::LossNotDecreasing), Symptom::LossNotDecreasing.name());
        assert_eq!(serde_json::json!(Severity::Critical), Severity::Critical.name());
    }
}
