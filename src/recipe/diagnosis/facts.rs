//! `Facts`: the numbers that symptoms and causes are judged by, taken once.

use super::control::Control;
use super::limits::{
    CERTAIN, CHANCE, DEVIATIONS, FAR_SHORT, LEFT_OVER, MOST_CHANCE, NOT_DECREASED, SHORT, STILL_FALLS, WELL_SHORT,
};
use super::parts::differ;
use super::probe::Probe;
use super::related::related;
use super::trials::TrialRuns;
use crate::Network;
use crate::recipe::leaves;
use crate::recipe::{ActivationKind, Answers, Column, Prepared, Recipe, Run, Task};

/// The numbers that symptoms and causes are judged by, taken once.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) data: &'a Prepared,
    pub(super) run: &'a Run,
    /// The network before the first step, where it can be built.
    pub(super) untrained: Option<Network<f32>>,
    /// What it makes of the data.
    pub(super) start: Option<Probe>,
    /// What it makes of them in the end.
    pub(super) end: Option<Probe>,
    /// What a plain network gets to on the same data.
    pub(super) control: Option<&'a Control>,
    /// The runs with something changed.
    pub(super) trials: &'a TrialRuns,
}

impl<'a> Facts<'a> {
    pub(super) fn of(
        recipe: &'a Recipe,
        data: &'a Prepared,
        run: &'a Run,
        control: Option<&'a Control>,
        trials: &'a TrialRuns,
    ) -> Self {
        let untrained = recipe.network(data.n_in()).ok();
        let start = untrained.as_ref().and_then(|network| Probe::of(recipe, network, data).ok());
        let end = Probe::of(recipe, &run.network, data).ok();
        Self { recipe, data, run, untrained, start, end, control, trials }
    }

    /// The activation behind the last layer with weights; `Identity` where there is none.
    pub(super) fn output_activation(&self) -> ActivationKind {
        leaves::output_activation(&self.recipe.layers)
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

    /// That of the control on the validation rows; what nobody can tell counts as 0.
    pub(super) fn control_gain(&self) -> f64 {
        self.control.map_or(0.0, Control::gain)
    }

    /// What can be reached on these data: the better of what the control and the run reach on the validation rows.
    pub(super) fn reach(&self) -> f64 {
        self.control_gain().max(self.run_gains().1).max(0.0)
    }

    /// The standard error of a gain on the validation rows that comes of nothing. A share p of right answers among n is known to
    /// sqrt(p (1 - p) / n), which is much where one answer is nearly always right, for what is to be gained is then little. `None` of
    /// regression.
    fn error_of_gain(&self) -> Option<f64> {
        let right = self.run.trivial.score.accuracy.filter(|right| *right < 1.0)?;
        let entries = if self.recipe.data.task == Task::Multilabel { self.recipe.data.targets } else { 1 };
        Some((right / (self.validation_rows() * entries as f64 * (1.0 - right))).sqrt())
    }

    fn validation_rows(&self) -> f64 {
        self.data.rows().1.max(1) as f64
    }

    /// What nobody can tell from chance on the validation rows.
    fn chance(&self) -> f64 {
        self.error_of_gain().map_or(CHANCE, |error| (DEVIATIONS * error).clamp(CHANCE, MOST_CHANCE))
    }

    /// What is more than chance by all means, though it may be little: of many rows much less than of few. Outputs that are z standard
    /// errors away from telling nothing explain at most z^2 / n of the variance of n values.
    fn certain(&self) -> f64 {
        let gain = self.error_of_gain().map_or(CERTAIN.powi(2) / self.validation_rows(), |error| CERTAIN * error);
        gain.min(self.chance())
    }

    /// Whether the inputs seem to tell nothing about the targets: they are always the same; or neither the run nor the control is better than
    /// chance on rows that they have not seen, not even before the control has learned the others by heart, and no input goes with a target
    /// by itself, or only among rows of another kind.
    pub(super) fn uninformative(&self) -> bool {
        let constant = self.run.inputs.iter().all(|column| column.deviation == 0.0);
        let best = self.control.and_then(|control| Self::best_skill(&control.run));
        let by_chance = || self.reach() <= self.certain() && best.is_none_or(|best| best <= CHANCE);
        constant || (self.control.is_some() && by_chance() && (!related(self) || differ(self)))
    }

    /// The best skill that a run ever had on the validation rows.
    fn best_skill(run: &Run) -> Option<f64> {
        let losses = run.history.iter().filter_map(|epoch| epoch.validation.map(|part| part.loss));
        Self::skill(losses.reduce(f64::min)?, run.trivial.validation_loss)
    }

    /// How much of the trivial loss a loss has lost; `None` where that makes no sense.
    fn skill(loss: f64, trivial: Option<f64>) -> Option<f64> {
        let trivial = trivial.filter(|trivial| *trivial > 0.0)?;
        Some(1.0 - loss / trivial)
    }

    /// The share of what can be reached that the run reached, on its training rows.
    fn share(&self) -> f64 {
        let gain = self.run_gains().0;
        if gain.is_nan() { 0.0 } else { gain / self.reach() }
    }

    /// Whether the run fell short of what can be reached: by far; or by less, in score and loss alike, or where hardly anything is noise.
    pub(super) fn short(&self) -> bool {
        if self.worse_than_constant() || self.fails_elsewhere() {
            return true;
        }
        if self.reach() <= self.chance() {
            return false;
        }
        if self.run.stopped.is_some() {
            return true;
        }
        let share = self.share();
        let left_over = 1.0 - self.run_gains().0 >= LEFT_OVER * (1.0 - self.reach());
        let by_loss = self.loss_share().is_some_and(|share| share < FAR_SHORT);
        share < FAR_SHORT || (share < WELL_SHORT && left_over) || (share < SHORT && by_loss)
    }

    /// Whether the outputs are further from the targets than their mean is, on the rows that the network was trained on: of regression.
    fn worse_than_constant(&self) -> bool {
        self.run.end.train.score.r2.is_some_and(|explained| explained < -CHANCE)
    }

    /// Whether a network of regression has learned nothing, in none of its epochs, that is of use on rows it has not seen, where a plain one
    /// has, whatever it makes of its own.
    fn fails_elsewhere(&self) -> bool {
        let worse = self.run.end.validation.score.r2.is_some_and(|explained| explained < -CHANCE);
        let worse = worse && self.run_gains().0 > CHANCE;
        worse && self.control_gain() > self.chance() && Self::best_skill(self.run).is_none_or(|best| best <= CHANCE)
    }

    /// Whether on rows it has not seen the network is not much worse than a plain one.
    pub(super) fn generalizes(&self) -> bool {
        self.run_gains().1 >= FAR_SHORT * self.control_gain()
    }

    /// How much better than the trivial answer a run of this recipe, or of one made of it, is: on its training rows, or on the others where
    /// it is these that it fails.
    pub(super) fn judged(&self, run: &Run) -> f64 {
        let part = if self.fails_elsewhere() { &run.end.validation } else { &run.end.train };
        Self::gain(part.score.value(), run.trivial.score.value())
    }

    /// The skill of the run as a share of the best that the control had on the validation rows.
    fn loss_share(&self) -> Option<f64> {
        let best = self.control.and_then(|control| Self::best_skill(&control.run)).filter(|skill| *skill > CHANCE)?;
        Some(Self::skill(self.run.end.train.loss, self.run.trivial.loss)? / best)
    }

    /// Whether there is something to be explained: the run fell short, broke off, or ends with a loss far above the trivial one, which is
    /// a failure even of a network whose answers are mostly right.
    pub(super) fn troubled(&self) -> bool {
        let (end, trivial) = (self.run.end.train.loss, self.trivial_loss());
        self.run.stopped.is_some() || self.short() || !end.is_finite() || (trivial > 0.0 && end > 2.0 * trivial)
    }

    /// Whether the run is as good as can be expected, and its numbers are finite.
    pub(super) fn works(&self) -> bool {
        self.run.stopped.is_none() && self.share() >= SHORT && self.run.end.train.loss.is_finite()
    }

    /// Whether the loss is no better than that of the best constant answer.
    pub(super) fn not_decreased(&self) -> bool {
        let (start, end) = (self.run.start.train.loss, self.run.end.train.loss);
        match self.run.trivial.loss {
            Some(trivial) if trivial > 0.0 => end > NOT_DECREASED * trivial,
            // A loss whose trivial answer has none, or less than none, tells by itself whether it fell.
            _ => self.short() && end >= start - (1.0 - NOT_DECREASED) * start.abs(),
        }
    }

    /// Whether every row of targets is a distribution: not negative, with a sum of 1.
    pub(super) fn distributions(&self) -> bool {
        let Answers::Values(values, cols) = self.data.answers() else { return true };
        values.chunks_exact(*cols).all(|row| {
            let sum: f64 = row.iter().map(|t| f64::from(*t)).sum();
            row.iter().all(|t| *t >= 0.0) && (sum - 1.0).abs() < 1e-3
        })
    }

    /// The root mean square of the inputs.
    pub(super) fn input_size(&self) -> f64 {
        let squares: f64 = self.run.inputs.iter().map(|column| column.root_mean_square().powi(2)).sum();
        (squares / self.run.inputs.len() as f64).sqrt()
    }

    /// The largest standard deviation of a column of the inputs.
    pub(super) fn input_spread(&self) -> f64 {
        self.run.inputs.iter().map(|column| column.deviation).fold(0.0, f64::max)
    }

    /// The largest standard deviation of a column of the targets; of regression alone.
    pub(super) fn target_spread(&self) -> f64 {
        match self.recipe.data.task {
            Task::Regression { .. } => self.run.targets.iter().map(|column| column.deviation).fold(0.0, f64::max),
            _ => 0.0,
        }
    }

    /// How many units the layers have, but for the last: those that a recipe can widen.
    pub(super) fn hidden_units(&self) -> Vec<usize> {
        leaves::hidden_units(&self.recipe.layers)
    }

    /// The activations between the layers with weights.
    pub(super) fn hidden_activations(&self) -> Vec<ActivationKind> {
        leaves::hidden_activations(&self.recipe.layers)
    }

    /// The loss of the best constant answer; NaN where there is none.
    pub(super) fn trivial_loss(&self) -> f64 {
        self.run.trivial.loss.unwrap_or(f64::NAN)
    }

    /// What is left of signal and gradient from one end of the hidden layers to the other, before training.
    pub(super) fn fade(&self) -> Option<Fade> {
        let start = self.start.as_ref()?;
        let trained: Vec<_> = start.trained().collect();
        let [first, .., last] = trained[..] else { return None };
        if trained.len() < 3 {
            return None;
        }
        let behind = |name: &str| start.layers.iter().position(|layer| layer.name == name);
        // The outputs just behind the first layer, and those that enter the last one.
        let (from, to) = (behind(&first.name)?, behind(&last.name)?.checked_sub(1)?);
        let from = start.layers.get(from + 1).filter(|layer| layer.gradient.is_none()).or(start.layers.get(from))?;
        let signal = start.layers[to].spread / from.spread;
        let largest = trained.iter().filter_map(|layer| layer.gradient).fold(0.0, f64::max);
        // Behind an output layer that starts at zero there is no gradient yet, and that is no fault.
        let passes = last.weight.is_none_or(|weight| weight > 0.0);
        let gradient = if passes { first.gradient? / largest } else { 1.0 };
        let known = |share: f64| if share.is_finite() { share } else { 1.0 };
        let gradient_growth = first.bias_gradient.zip(last.bias_gradient).map_or(1.0, |(first, last)| first / last);
        Some(Fade { signal: known(signal), gradient: known(gradient), gradient_growth: known(gradient_growth) })
    }

    /// The gain of the weights of each layer, before training.
    pub(super) fn start_gains(&self) -> Vec<f64> {
        self.start.iter().flat_map(Probe::gains).collect()
    }

    /// The largest gain of weights that a state goes through step after step, before training, and through how many steps.
    pub(super) fn state_gain(&self) -> Option<(f64, usize)> {
        let weights = self.start.iter().flat_map(|start| &start.weights);
        weights.filter_map(|weight| Some((weight.gain, weight.steps?))).max_by(|one, other| one.0.total_cmp(&other.0))
    }

    /// The largest gain of the weights of a layer, in the end.
    pub(super) fn end_gain(&self) -> Option<f64> {
        let gains = self.end.as_ref()?.weights.iter().map(|weight| weight.gain);
        gains.map(|gain| if gain.is_nan() { f64::INFINITY } else { gain }).reduce(f64::max)
    }

    /// How much the output differs from row to row in the end, as probabilities where the loss takes logits.
    pub(super) fn output_spread(&self) -> f64 {
        Self::spread(&self.run.end.train.outputs)
    }

    /// How much some columns differ from row to row.
    pub(super) fn spread(columns: &[Column]) -> f64 {
        let squares: f64 = columns.iter().map(|column| column.deviation.powi(2)).sum();
        (squares / columns.len() as f64).sqrt()
    }

    /// How much the answers differ from row to row, in the same way.
    pub(super) fn answer_spread(&self) -> f64 {
        let of_columns = |variances: Vec<f64>| (variances.iter().sum::<f64>() / variances.len() as f64).sqrt();
        match (self.data.answers(), self.recipe.data.task) {
            (Answers::Classes(classes), Task::Classification { classes: count, one_hot: true }) => of_columns(
                (0..count)
                    .map(|class| classes.iter().filter(|&&own| own == class).count() as f64 / classes.len() as f64)
                    .map(|share| share * (1.0 - share))
                    .collect(),
            ),
            _ => of_columns(self.run.targets.iter().map(|column| column.deviation.powi(2)).collect()),
        }
    }

    /// Whether the loss of the epochs still fell at the end, at about the pace of the whole run.
    pub(super) fn still_falls(&self) -> bool {
        let history = &self.run.history;
        let (Some(first), Some(last)) = (history.first(), history.last()) else { return false };
        let three_quarters = &history[(history.len() - 1) * 3 / 4];
        let fell = |from: f64, to: f64| from.is_finite() && from > 0.0 && to < (1.0 - STILL_FALLS) * from;
        fell(three_quarters.loss, last.loss) && fell(first.loss, three_quarters.loss)
    }
}

/// What is left of signal and gradient from one end of the hidden layers to the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fade {
    pub(super) signal: f64,
    /// The gradient of the first layer, as a share of the largest.
    pub(super) gradient: f64,
    /// The gradient of the first layer's biases over that of the last one's: how much it grows on its way back.
    pub(super) gradient_growth: f64,
}
