//! A remedy, applied to a recipe.

use super::edit;
use super::{ActivationKind, ClipKind, LossKind, OptimizerKind, Recipe};
use crate::Remedy;

impl Remedy {
    /// Changes a recipe as the remedy says, in layers of every kind, wherever they stand; says whether that made it another recipe.
    ///
    /// ```
    /// use evenkeel::Remedy;
    /// use evenkeel::recipe::*;
    /// # let data = Data { file: "a.csv".to_owned(), targets: 1, task: Task::Multilabel, train_rows: None, shuffle: false, inputs: Scaling::None };
    /// # let optimizer = OptimizerKind::adam(0.01);
    /// # let training = Training { loss: LossKind::MeanSquared, l2: 0.0, batch: 32, epochs: 20, optimizer, clip: None, schedule: None, plateau: None };
    /// let layers = vec![
    ///     LayerKind::Sequential { layers: vec![LayerKind::linear(16, Start::Zeros), LayerKind::Activation(ActivationKind::Relu)] },
    ///     LayerKind::linear(1, Start::XavierNormal),
    /// ];
    /// let mut recipe = Recipe { name: "zeros".to_owned(), seed: 1, data, training, layers };
    /// assert!(Remedy::RandomInitializer.apply(&mut recipe));
    /// assert!(recipe.to_toml().contains("he_uniform"));
    /// // Nothing is left to be drawn, and whether data belong together only their owner can tell.
    /// assert!(!Remedy::RandomInitializer.apply(&mut recipe) && !Remedy::CheckData.apply(&mut recipe));
    /// ```
    ///
    /// `false` where there is nothing to be changed, where the change cannot be told in a recipe, and of those that only advise:
    /// [`CheckData`](Self::CheckData), [`CheckGradients`](Self::CheckGradients), [`CheckUpdates`](Self::CheckUpdates),
    /// [`StopEarly`](Self::StopEarly), for when to stop is known to the run alone, and [`ScaleLoss`](Self::ScaleLoss), for recipes train
    /// in `f32`. The changed recipe need not be one that can be run.
    pub fn apply(&self, recipe: &mut Recipe) -> bool {
        let before = recipe.clone();
        let training = &mut recipe.training;
        let layers = &mut recipe.layers;
        match *self {
            Self::FittingInitializer => edit::fit_weights(layers),
            Self::RandomInitializer => edit::randomize_constant(layers),
            Self::ZeroBiases => edit::zero_biases(layers),
            Self::FewerLayers => edit::shorten(layers, HIDDEN),
            Self::ReplaceActivation { with } => {
                activation(with).into_iter().for_each(|with| edit::replace_hidden(layers, with))
            }
            Self::AddHiddenLayer { units } => edit::add_hidden(layers, units),
            Self::AddActivation { with } => {
                activation(with).into_iter().for_each(|with| edit::add_between(layers, with))
            }
            Self::ReplaceOutput { with } => {
                activation(with).into_iter().for_each(|with| edit::set_output(layers, with))
            }
            Self::ReplaceRecurrent { with } => edit::replace_recurrent(layers, with),
            Self::MoreUnits { units } => edit::widen(layers, units),
            Self::LessDropout { rate } => edit::drop_less(layers, rate),
            Self::Normalize => edit::normalize(layers),
            Self::ReplaceLoss { with } => {
                let named = LossKind::NAMES.iter().find(|(name, _)| *name == with);
                training.loss = named.map_or(training.loss, |(_, loss)| *loss);
            }
            Self::OneHotTargets => edit::one_hot(recipe),
            Self::ClipGlobalNorm { limit } => training.clip = Some(ClipKind::GlobalNorm { max: limit }),
            Self::NoClipping => training.clip = None,
            Self::ScaleLearningRate { factor } => {
                training.optimizer = training.optimizer.with_rate(training.optimizer.learning_rate() * factor);
            }
            Self::NoDecay => edit::steady(training),
            Self::ScaleEpsilon { factor } => {
                if let OptimizerKind::Adam { epsilon, .. } | OptimizerKind::RmsProp { epsilon, .. } =
                    &mut training.optimizer
                {
                    let scaled = *epsilon * factor;
                    // What differs from the usual number by rounding alone is the usual one.
                    let is_usual = (scaled / OptimizerKind::EPSILON - 1.0).abs() < 1e-12;
                    *epsilon = if is_usual { OptimizerKind::EPSILON } else { scaled };
                }
            }
            Self::ScalePenalty { factor } => edit::weaken_penalty(recipe, factor),
            Self::MoreEpochs { factor } => edit::more_epochs(training, factor),
            // What a normalization knows of so many rows is known to a fifth or so.
            Self::LargerBatches => training.batch = training.batch.saturating_mul(2).max(32),
            Self::ScaleData => edit::standardize(recipe, true, true),
            Self::ScaleInputs => edit::standardize(recipe, true, false),
            Self::ScaleTargets => edit::standardize(recipe, false, true),
            Self::ShuffleRows => recipe.data.shuffle = true,
            // They only advise.
            Self::StopEarly | Self::CheckData | Self::CheckGradients | Self::CheckUpdates | Self::ScaleLoss { .. } => {}
        }
        *recipe != before
    }

    /// Whether only the user can act upon it.
    fn only_advises(&self) -> bool {
        matches!(
            self,
            Self::StopEarly | Self::CheckData | Self::CheckGradients | Self::CheckUpdates | Self::ScaleLoss { .. }
        )
    }

    /// Whether it makes sense for a recipe: it would change it, or is for the user to act upon.
    pub(super) fn concerns(&self, recipe: &Recipe) -> bool {
        self.only_advises() || self.apply(&mut recipe.clone())
    }
}

/// How many layers are left in front of the last one where there are to be fewer.
const HIDDEN: usize = 2;

fn activation(name: &str) -> Option<ActivationKind> {
    ActivationKind::KINDS.iter().find(|(known, _)| *known == name).map(|(_, activation)| *activation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{CellKind, Data, LayerKind, Scaling, Start, Task, Training};

    /// A recipe of which hardly anything is as it should be: there is something in it for each remedy.
    fn faulty() -> Recipe {
        let zeros = Some(Start::Zeros);
        let linear = |units| LayerKind::Linear { units, weights: zeros, bias: Start::Constant { value: -9.0 } };
        let (sigmoid, bias) = (LayerKind::Activation(ActivationKind::Sigmoid), Start::Ones);
        let steps = LayerKind::Recurrent {
            cell: CellKind::Rnn,
            steps: 4,
            width: 2,
            hidden: 3,
            last: true,
            weights: zeros,
            recurrent_weights: zeros,
            bias,
        };
        let branch = vec![linear(3), sigmoid.clone(), LayerKind::Dropout { rate: 0.9 }, linear(3)];
        let residual = LayerKind::Residual { layers: branch, scale: 9.0, learned: true, projection: None };
        Recipe {
            name: "faulty".to_owned(),
            seed: 1,
            data: Data {
                file: "faulty.csv".to_owned(),
                targets: 1,
                task: Task::Classification { classes: 3, one_hot: false },
                train_rows: None,
                shuffle: false,
                inputs: Scaling::None,
            },
            training: Training {
                loss: LossKind::Poisson,
                l2: 9.0,
                batch: 1,
                epochs: 1,
                optimizer: OptimizerKind::Adam { learning_rate: 9.0, beta1: 0.9, beta2: 0.999, epsilon: 9.0 },
                clip: Some(ClipKind::Value { max: 1e-9 }),
                schedule: None,
                plateau: None,
            },
            layers: vec![steps, residual, LayerKind::Sequential { layers: vec![linear(2), linear(1), sigmoid] }],
        }
    }

    /// Every remedy. A new one is an error here until it has its place.
    fn next(remedy: &Remedy) -> Option<Remedy> {
        Some(match remedy {
            Remedy::FittingInitializer => Remedy::RandomInitializer,
            Remedy::RandomInitializer => Remedy::FewerLayers,
            Remedy::FewerLayers => Remedy::ReplaceActivation { with: "relu" },
            Remedy::ReplaceActivation { .. } => Remedy::ReplaceRecurrent { with: "an LSTM" },
            Remedy::ReplaceRecurrent { .. } => Remedy::ClipGlobalNorm { limit: 1.0 },
            Remedy::ClipGlobalNorm { .. } => Remedy::ScaleLearningRate { factor: 0.1 },
            Remedy::ScaleLearningRate { .. } => Remedy::NoDecay,
            Remedy::NoDecay => Remedy::ScaleData,
            Remedy::ScaleData => Remedy::ScaleInputs,
            Remedy::ScaleInputs => Remedy::ScaleTargets,
            Remedy::ScaleTargets => Remedy::ReplaceOutput { with: "identity" },
            Remedy::ReplaceOutput { .. } => Remedy::ReplaceLoss { with: "mse" },
            Remedy::ReplaceLoss { .. } => Remedy::OneHotTargets,
            Remedy::OneHotTargets => Remedy::MoreEpochs { factor: 10.0 },
            Remedy::MoreEpochs { .. } => Remedy::MoreUnits { units: 32 },
            Remedy::MoreUnits { .. } => Remedy::AddHiddenLayer { units: 32 },
            Remedy::AddHiddenLayer { .. } => Remedy::AddActivation { with: "relu" },
            Remedy::AddActivation { .. } => Remedy::LessDropout { rate: 0.2 },
            Remedy::LessDropout { .. } => Remedy::ScalePenalty { factor: 1e-4 },
            Remedy::ScalePenalty { .. } => Remedy::StopEarly,
            Remedy::StopEarly => Remedy::CheckData,
            Remedy::CheckData => Remedy::ZeroBiases,
            Remedy::ZeroBiases => Remedy::ScaleLoss { factor: 1024.0 },
            Remedy::ScaleLoss { .. } => Remedy::ScaleEpsilon { factor: 1e-6 },
            Remedy::ScaleEpsilon { .. } => Remedy::Normalize,
            Remedy::Normalize => Remedy::CheckGradients,
            Remedy::CheckGradients => Remedy::CheckUpdates,
            Remedy::CheckUpdates => Remedy::LargerBatches,
            Remedy::LargerBatches => Remedy::NoClipping,
            Remedy::NoClipping => Remedy::ShuffleRows,
            Remedy::ShuffleRows => return None,
        })
    }

    #[test]
    fn every_remedy_changes_a_recipe_that_needs_it_or_is_one_that_only_advises() {
        let mut advice = Vec::new();
        let regression = |recipe: &mut Recipe| recipe.data.task = Task::Regression { scale: Scaling::None };
        let decays = OptimizerKind::Sgd { learning_rate: 0.1, momentum: 0.0, nesterov: false, decay: 1.0 };
        let mut count = 0;
        let mut remedy = Some(Remedy::FittingInitializer);
        while let Some(tried) = remedy {
            count += 1;
            let mut recipe = faulty();
            match tried {
                Remedy::ScaleTargets => regression(&mut recipe),
                Remedy::NoDecay => recipe.training.optimizer = decays,
                Remedy::AddHiddenLayer { .. } => recipe.layers = vec![LayerKind::linear(1, Start::Zeros)],
                _ => {}
            }
            let before = recipe.clone();
            let applied = tried.apply(&mut recipe);
            assert_eq!(applied, recipe != before, "{tried:?}");
            assert_eq!(applied, !tried.only_advises(), "{tried:?}");
            if tried.only_advises() {
                advice.push(tried.clone());
            }
            if applied {
                recipe.network(8).unwrap_or_else(|error| panic!("{tried:?}: {error}"));
            }
            remedy = next(&tried);
        }
        assert_eq!((count, advice.len()), (31, 5), "{advice:?}");
    }

    #[test]
    fn a_recipe_that_does_not_need_it_stays_as_it_is() {
        for remedy in [
            Remedy::NoClipping,
            Remedy::RandomInitializer,
            Remedy::LessDropout { rate: 0.2 },
            Remedy::OneHotTargets,
            Remedy::MoreUnits { units: 2 },
            Remedy::ScaleInputs,
        ] {
            let mut recipe = faulty();
            recipe.training.clip = None;
            recipe.data.task = Task::Multilabel;
            recipe.layers = vec![
                LayerKind::Embedding { count: 5, dim: 4, weights: None },
                LayerKind::Dropout { rate: 0.1 },
                LayerKind::linear(1, Start::HeNormal),
            ];
            assert!(!remedy.apply(&mut recipe), "{remedy:?}");
        }
    }
}
