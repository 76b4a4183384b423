//! `Cause`: why a run went wrong.

use std::fmt;

/// Why it is so.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Cause {
    /// Every weight of a layer starts the same.
    ConstantInitialization,
    /// The weights are too small for the widths of the layers.
    WeightsTooSmall,
    /// The weights are too large for the widths of the layers.
    WeightsTooLarge,
    /// The activation has a slope far below 1.
    SaturatingActivation,
    /// There are more layers than the signal survives.
    NetworkTooDeep,
    /// There are more steps in a sequence than a state is remembered.
    SequenceTooLong,
    /// The steps are too large.
    LearningRateTooHigh,
    /// The steps are too small.
    LearningRateTooLow,
    /// The activation grows so fast that a few layers of it overflow.
    UnboundedActivation,
    /// A layer has so few units that what the next ones need does not pass.
    LayerTooNarrow,
    /// Training ends while there is much to learn still.
    TooFewEpochs,
    /// The inputs are far from the size that weights are made for.
    InputsUnscaled,
    /// The targets are far from the size that an output starts with.
    TargetsUnscaled,
    /// The output activation cannot give the targets.
    OutputRangeMismatch,
    /// The loss does not fit the output activation.
    LossOutputMismatch,
    /// The loss does not fit the kind of target.
    LossTargetMismatch,
    /// A softmax over a single unit, which is 1 whatever the unit gives.
    SingleUnitSoftmax,
    /// Linear layers with nothing between them, which are one linear layer.
    MissingNonlinearity,
    /// So much is dropped that what is left does not suffice.
    ExcessiveDropout,
    /// The penalty on the weights outweighs the loss.
    RegularizationDominates,
    /// The loss is summed over the batch, and so are the steps.
    SummedLoss,
    /// The inputs tell nothing about the targets.
    UninformativeData,
    /// The network has too few units, or layers, for what is to be learned.
    CapacityTooSmall,
    /// The evidence is split, or points nowhere.
    Unknown,
}

impl Cause {
    /// Its name in snake case, as JSON has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConstantInitialization => "constant_initialization",
            Self::WeightsTooSmall => "weights_too_small",
            Self::WeightsTooLarge => "weights_too_large",
            Self::SaturatingActivation => "saturating_activation",
            Self::NetworkTooDeep => "network_too_deep",
            Self::SequenceTooLong => "sequence_too_long",
            Self::LearningRateTooHigh => "learning_rate_too_high",
            Self::LearningRateTooLow => "learning_rate_too_low",
            Self::UnboundedActivation => "unbounded_activation",
            Self::LayerTooNarrow => "layer_too_narrow",
            Self::TooFewEpochs => "too_few_epochs",
            Self::InputsUnscaled => "inputs_unscaled",
            Self::TargetsUnscaled => "targets_unscaled",
            Self::OutputRangeMismatch => "output_range_mismatch",
            Self::LossOutputMismatch => "loss_output_mismatch",
            Self::LossTargetMismatch => "loss_target_mismatch",
            Self::SingleUnitSoftmax => "single_unit_softmax",
            Self::MissingNonlinearity => "missing_nonlinearity",
            Self::ExcessiveDropout => "excessive_dropout",
            Self::RegularizationDominates => "regularization_dominates",
            Self::SummedLoss => "summed_loss",
            Self::UninformativeData => "uninformative_data",
            Self::CapacityTooSmall => "capacity_too_small",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::Cause;

    #[test]
    fn names_are_those_of_json() {
        assert_eq!(serde_json::json!(Cause::LearningRateTooLow), Cause::LearningRateTooLow.name());
    }
}
