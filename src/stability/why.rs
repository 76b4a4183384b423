//! Why a symptom matters.

use super::Symptom;

impl Symptom {
    /// Why it matters, in one sentence that a person understands: what becomes of training where nothing is done.
    ///
    /// ```
    /// use evenkeel::Symptom;
    /// assert!(Symptom::SymmetricUnits.why().contains("a single one"));
    /// ```
    pub fn why(&self) -> &'static str {
        match self {
            Self::VanishingGradients => {
                "layers near the input get hardly any gradient, so they stay as they were drawn"
            }
            Self::ExplodingGradients => {
                "steps become so large that they undo what was learned, and numbers soon overflow"
            }
            Self::SymmetricUnits => {
                "units that get the same gradient stay the same for ever, and do the work of a single one"
            }
            Self::NonFinite => {
                "what is computed from a NaN or an infinity is one as well: nothing can be learned from here on"
            }
            Self::DeadUnits => {
                "no gradient passes a unit that is off for every row: it does nothing, and cannot come back"
            }
            Self::SaturatedUnits => {
                "where an activation is flat hardly any gradient passes, and learning slows down or stops"
            }
            Self::LossNotDecreasing => "a loss that does not fall means that nothing is being learned",
            Self::UnstableLoss => "a loss that leaps about may end anywhere, and may overflow",
            Self::VanishingWeights => "weights near zero let neither the signal nor the gradient pass",
            Self::ExplodingWeights => {
                "very large weights push units to their flat ends or numbers to overflow, and updates no longer move them"
            }
            Self::ConstantGradients => {
                "a gradient that never changes does not tell what the weights are doing to the loss"
            }
            Self::VanishingOverTime => {
                "what lies further back in a sequence than the gradient reaches cannot be learned from"
            }
            Self::ExplodingOverTime => {
                "a few early steps outweigh all others, and may make an update so large that it undoes what was learned"
            }
            Self::ConstantOutput => {
                "an output that is the same for every row has learned nothing of what tells the rows apart"
            }
            Self::SlowConvergence => "training ends before the network is as good as it could be",
            Self::DivergingLoss => "every step makes the network worse: what was there at the start is lost",
            Self::Overfitting => "what was learned by heart is of no use on data that the network has not seen",
            Self::MismatchedOutput => {
                "the loss asks for what the output cannot give, so even the best weights are wrong"
            }
            Self::UnscaledData => {
                "weights and learning rates are made for numbers of about 1: others start training far from where it works"
            }
            Self::GrowingSymmetry => {
                "units that become alike do the same work twice, and the layer can do less and less"
            }
            Self::RankCollapse => {
                "where rows differ in one direction alone, the layers behind can tell hardly any of them apart"
            }
            Self::BornDeadUnits => {
                "units that are off from the start never learn, and the layer is as good as a smaller one"
            }
            Self::DyingUnits => "units that died do not come back, and the layer becomes smaller and smaller",
            Self::EdgeOfStability => {
                "steps this long overshoot the valley they are in, and the loss may rise instead of falling"
            }
            Self::WrongGradient => "steps along a wrong gradient make the loss worse, whatever the learning rate",
            Self::Overshooting => "a step that raises the loss of its own batch is too long to learn by",
            Self::GradientUnderflow => "entries that become 0 in storage are never learned from",
            Self::ClipSaturation => {
                "where nearly every step is clipped, the limit takes the place of the learning rate, and hides what is too large"
            }
            Self::EpsilonRegime => {
                "the optimizer then takes steps in proportion to a tiny gradient, and they are tiny, too"
            }
            Self::LossSpikes => {
                "each spike costs the steps that it takes to get back, and one of them may not be got over"
            }
            Self::ModeMismatch => "the network is judged and used in a state that it was not trained in",
            Self::FrozenLayer => "a layer that does not move learns nothing, and the others have to learn around it",
            Self::ForeignChange => "what the optimizer does is undone or overlaid by something else",
            Self::HighFirstLoss => "the first steps do nothing but make the outputs smaller",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Symptom;

    /// One sentence each, in the style of the messages, and each its own.
    #[test]
    fn every_symptom_says_why() {
        for symptom in Symptom::ALL {
            let why = symptom.why();
            assert!(why.split_whitespace().count() >= 8, "{symptom}: {why}");
            assert!(why.starts_with(char::is_lowercase) && !why.ends_with('.'), "{symptom}: {why}");
            assert_eq!(Symptom::ALL.iter().filter(|other| other.why() == why).count(), 1, "{symptom}: {why}");
        }
    }
}
