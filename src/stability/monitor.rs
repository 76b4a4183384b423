//! `Monitor`: observes a run, through named slices of numbers.

use super::effective_rank::effective_rank;
use super::mean_cosine::mean_cosine;
use super::spikes::SpikeWatch;
use super::symmetry::Strides;
use super::watched::{Alarm, LayerSums, WatchedActivation, WatchedParameter};
use super::{Clipping, LayerRecord, Series, Thresholds, Trials, WeightShape};
use crate::linalg::{Moments, Norm, moments, norm};
use crate::{Error, Float, Role, Rows};

/// The name that a monitor knows a parameter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParameterId(pub(super) usize);

/// The name that a monitor knows the output of a layer by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActivationId(pub(super) usize);

/// The name that a monitor knows the state of a recurrent layer by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LagId(pub(super) usize);

/// Observes a training run and keeps what a [`StabilityReport`](crate::StabilityReport) is made of.
///
/// It sees named slices of numbers and nothing else, so it watches any training loop: the crate's own feeds it through
/// [`Network::observe_gradients`](crate::Network::observe_gradients) and its neighbours, and a user's own loop by hand. It never
/// changes what it sees, and takes all its memory when names are registered.
///
/// Every step it takes the loss, the norms of the gradients and the count of numbers that are not finite; on the first ten
/// steps that it sees, and then every [`period`](Self::period)-th, also the weights, the update-to-weight ratios, identical units, and the
/// outputs of layers on fixed probe rows. What costs more still is looked at on a few of these: see
/// [`looking_closely`](Self::looking_closely).
///
/// ```
/// use evenkeel::{Monitor, Param, Symptom};
/// let mut monitor = Monitor::new();
/// let weight = monitor.watch_parameter("hidden", &Param::weight(2, 2));
/// let readout = monitor.watch_parameter("output", &Param::weight(2, 1));
///
/// // A loop of one's own, in which both hidden units are the same.
/// let (mut hidden, mut output) = ([0.5_f32; 4], [0.5_f32; 2]);
/// for step in 0..20 {
///     monitor.begin(step);
///     monitor.gradient(weight, &[0.1_f32, 0.1, 0.2, 0.2])?;
///     monitor.gradient(readout, &[0.3_f32, 0.3])?;
///     hidden.iter_mut().zip([0.1, 0.1, 0.2, 0.2]).for_each(|(w, g)| *w -= 0.01 * g);
///     output.iter_mut().for_each(|w| *w -= 0.01 * 0.3);
///     monitor.weights(weight, &hidden, 0.01 * 0.1_f64.sqrt())?;
///     monitor.weights(readout, &output, 0.01 * 0.18_f64.sqrt())?;
///     monitor.end(1.0 / (step + 1) as f64);
/// }
/// let report = monitor.report();
/// assert_eq!(report.findings[0].symptom, Symptom::SymmetricUnits);
/// assert_eq!(report.findings[0].layers, ["hidden"]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Monitor {
    pub(super) period: u64,
    pub(super) thresholds: Thresholds,
    pub(super) layers: Vec<LayerRecord>,
    /// What the step at hand adds to each layer's record.
    pub(super) sums: Vec<LayerSums>,
    pub(super) parameters: Vec<WatchedParameter>,
    pub(super) activations: Vec<WatchedActivation>,
    pub(super) loss: Series,
    pub(super) clipping: Clipping,
    pub(super) spikes: SpikeWatch,
    pub(super) trials: Trials,
    pub(super) loss_alarm: Alarm,
    pub(super) step: u64,
    pub(super) steps: u64,
    /// How many numbers were found not to be finite so far: what orders the alarms of one step.
    pub(super) alarms: u64,
    pub(super) looking: bool,
    /// How many steps were looked at in full, that at hand included.
    pub(super) looks: u64,
}

impl Default for Monitor {
    fn default() -> Self {
        Self::new()
    }
}

impl Monitor {
    /// How many of the first steps are looked at in full.
    pub const FIRST_STEPS: u64 = 10;

    /// How many steps lie between two full looks later on, unless told otherwise.
    pub const PERIOD: u64 = 50;

    /// How many units of a weight are compared with each other: more than any has that can be trained. No size, however absurd, makes it
    /// take more memory than these need.
    pub(super) const MOST_UNITS: usize = 1 << 24;

    /// A monitor that watches nothing yet.
    pub fn new() -> Self {
        Self {
            period: Self::PERIOD,
            thresholds: Thresholds::default(),
            layers: Vec::new(),
            sums: Vec::new(),
            parameters: Vec::new(),
            activations: Vec::new(),
            loss: Series::new(),
            clipping: Clipping::default(),
            spikes: SpikeWatch::default(),
            trials: Trials::default(),
            loss_alarm: Alarm::default(),
            step: 0,
            steps: 0,
            alarms: 0,
            looking: false,
            looks: 0,
        }
    }

    /// With a full look every `period` steps.
    ///
    /// # Errors
    /// [`Error::Argument`] where `period` is 0.
    pub fn period(self, period: u64) -> Result<Self, Error> {
        Error::require(period > 0, "Monitor", "period", period as f64, "at least 1")?;
        Ok(Self { period, ..self })
    }

    /// One that has seen nothing yet and watches nothing, with the same settings.
    pub(crate) fn anew(&self) -> Self {
        Self { period: self.period, thresholds: self.thresholds, ..Self::new() }
    }

    /// With other thresholds for its findings.
    pub fn thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// Takes the numbers of a parameter before training: what growth is measured against. Once, before the first step.
    ///
    /// # Errors
    /// [`Error::Size`] where there are not as many numbers as the parameter has; [`Error::Foreign`] for another monitor's name.
    pub fn initial<T: Float>(&mut self, id: ParameterId, weights: &[T]) -> Result<(), Error> {
        let parameter = self.parameters.get_mut(id.0).ok_or(Error::Foreign { what: "the parameter's id" })?;
        Error::same_size("the numbers of a watched parameter", parameter.len, weights.len())?;
        let norm = norm(weights).value();
        parameter.held.look(norm, self.step, self.thresholds.stored);
        if parameter.role == Role::Weight {
            self.layers[parameter.layer].weight.push(self.step, norm);
        }
        Ok(())
    }

    /// Begins a training step, counted from 0. Steps must not go back.
    pub fn begin(&mut self, step: u64) {
        self.step = step;
        self.looking = self.steps < Self::FIRST_STEPS || step.is_multiple_of(self.period);
        self.looks += u64::from(self.looking);
        for parameter in &mut self.parameters {
            (parameter.gradient, parameter.weight) = (None, None);
            if let Some(likeness) = parameter.likeness.as_mut().filter(|_| self.looking) {
                likeness.start();
            }
        }
    }

    /// Whether this step is looked at in full: whether it is worth computing the outputs on the probe rows.
    pub fn looking(&self) -> bool {
        self.looking
    }

    /// Whether this step is looked at closely, which is rare: on the first, fourth, tenth and twelfth step that is looked at in full, and then on
    /// every sixteenth of them. Then it is worth trying what costs more: [`descent`](Self::descent), [`both_modes`](Self::both_modes).
    pub fn looking_closely(&self) -> bool {
        self.looking && (matches!(self.looks, 1 | 4 | 10 | 12) || self.looks.is_multiple_of(16))
    }

    /// Takes the gradient of a parameter, before clipping. Every step.
    ///
    /// # Errors
    /// [`Error::Size`] where it has not as many numbers as the parameter; [`Error::Foreign`] for another monitor's name.
    pub fn gradient<T: Float>(&mut self, id: ParameterId, gradient: &[T]) -> Result<(), Error> {
        self.gradient_of_norm(id, gradient, norm(gradient))
    }

    /// As [`gradient`](Self::gradient), for a gradient whose norm is known.
    pub(crate) fn gradient_of_norm<T: Float>(
        &mut self,
        id: ParameterId,
        gradient: &[T],
        norm: Norm,
    ) -> Result<(), Error> {
        let parameter = self.parameters.get_mut(id.0).ok_or(Error::Foreign { what: "the parameter's id" })?;
        Error::same_size("the numbers of a watched gradient", parameter.len, gradient.len())?;
        parameter.gradient = Some(norm);
        if self.looking {
            self.layers[parameter.layer].close.gradient.add(gradient);
        }
        if !norm.is_finite() {
            parameter.gradient_alarm.scan(gradient, self.step, &mut self.alarms);
        }
        Ok(())
    }

    /// Takes the numbers of a parameter after an update, and the Euclidean norm of what was added to them. Every step.
    ///
    /// # Errors
    /// [`Error::Size`] where there are not as many numbers as the parameter has; [`Error::Foreign`] for another monitor's name.
    pub fn weights<T: Float>(&mut self, id: ParameterId, weights: &[T], update_norm: f64) -> Result<(), Error> {
        let parameter = self.parameters.get_mut(id.0).ok_or(Error::Foreign { what: "the parameter's id" })?;
        Error::same_size("the numbers of a watched parameter", parameter.len, weights.len())?;
        parameter.held.update(update_norm);
        if self.looking || !update_norm.is_finite() {
            let norm = norm(weights);
            parameter.held.look(norm.value(), self.step, self.thresholds.stored);
            parameter.weight = Some(norm);
            parameter.update = update_norm;
            if !norm.is_finite() {
                parameter.weight_alarm.scan(weights, self.step, &mut self.alarms);
            }
        }
        if self.looking {
            self.look_for_likeness(id.0, weights);
        }
        Ok(())
    }

    fn look_for_likeness<T: Float>(&mut self, id: usize, weights: &[T]) {
        let closely = self.looking_closely();
        let parameter = &self.parameters[id];
        let WeightShape { rows: inputs, cols: units } = parameter.shape;
        // From one unit, and from one input, to the next.
        let (unit, input) = if parameter.unit_axis == 1 { (1, units) } else { (inputs, 1) };
        let by_unit = Strides { unit, entry: input, entries: inputs };
        let by_input = Strides { unit: input, entry: unit, entries: units };
        let (layer, fed_by, role) = (parameter.layer, parameter.fed_by, parameter.role);
        // Of several weights of a layer the first one stands for all.
        let is_first = || self.parameters[..id].iter().all(|p| p.layer != layer || p.role != Role::Weight);
        if role == Role::Weight && closely && is_first() {
            let mean = mean_cosine(weights, units, by_unit);
            mean.into_iter().for_each(|mean| self.layers[layer].close.likeness.push(self.step, mean));
        }
        if let Some(likeness) = &mut self.parameters[id].likeness {
            likeness.look(weights, by_unit);
            likeness.incoming = true;
            if let Some(likeness) = fed_by.and_then(|before| self.parameters[before].likeness.as_mut()) {
                likeness.look(weights, by_input);
                likeness.outgoing = true;
            }
            return;
        }
        // A bias or a gain belongs to the incoming weights of its layer.
        let weight = self.parameters[..id].iter_mut().rfind(|other| other.layer == layer && other.likeness.is_some());
        if let Some(likeness) = weight.and_then(|weight| weight.likeness.as_mut())
            && likeness.units() == weights.len()
        {
            likeness.look(weights, Strides { unit: 1, entry: 1, entries: 1 });
        }
    }

    /// Takes the outputs of a layer on the probe rows, which are to be the same rows every time. Only while [`looking`](Self::looking).
    ///
    /// # Errors
    /// [`Error::Size`] where a row is not as wide as was registered; [`Error::Foreign`] for another monitor's name.
    pub fn activations<T: Float>(&mut self, id: ActivationId, rows: Rows<'_, T>) -> Result<(), Error> {
        let closely = self.looking_closely();
        let activation = self.activations.get_mut(id.0).ok_or(Error::Foreign { what: "the activation's id" })?;
        Error::same_size("the numbers of a watched activation", activation.width, rows.cols())?;
        if rows.rows() == 0 {
            return Ok(());
        }
        let layer = &mut self.layers[activation.layer];
        let Moments { mean, variance, largest } = moments(rows.data());
        if !mean.is_finite() {
            activation.alarm.scan(rows.data(), self.step, &mut self.alarms);
        }
        layer.mean.push(self.step, mean);
        layer.variance.push(self.step, variance);
        if closely {
            let rank = effective_rank(rows);
            rank.into_iter().for_each(|rank| layer.close.rank.push(self.step, rank));
        }
        activation.note_deaths(rows, largest, self.step, &self.thresholds);
        if activation.bounds.has_places() {
            let (dead, saturated) = activation.count(rows, largest, &self.thresholds);
            let share = |count: usize| count as f64 / activation.width as f64;
            if activation.bounds.dead.is_some() {
                layer.dead.push(self.step, share(dead));
            }
            if activation.bounds.low.is_some() || activation.bounds.high.is_some() {
                layer.saturated.push(self.step, share(saturated));
            }
        }
        Ok(())
    }

    /// Takes the norms of the derivative of the loss by the state of a recurrent layer, from lag 0, the last step, back: as many as there
    /// are. Every step; nothing is recorded of no norms.
    ///
    /// # Errors
    /// [`Error::Foreign`] for another monitor's name.
    pub fn lag_norms<T: Float>(&mut self, id: LagId, norms: &[T]) -> Result<(), Error> {
        let layer = self.layers.get_mut(id.0).and_then(|layer| layer.through_time.as_mut());
        let through_time = layer.ok_or(Error::Foreign { what: "the state's id" })?;
        through_time.push(self.step, norms, &self.thresholds);
        Ok(())
    }

    /// Looks for numbers that are not finite among the outputs of a layer, and nothing else: for a caller whose loss is not finite.
    ///
    /// # Errors
    /// [`Error::Foreign`] for another monitor's name.
    pub fn search<T: Float>(&mut self, id: ActivationId, rows: Rows<'_, T>) -> Result<(), Error> {
        let activation = self.activations.get_mut(id.0).ok_or(Error::Foreign { what: "the activation's id" })?;
        activation.alarm.scan(rows.data(), self.step, &mut self.alarms);
        Ok(())
    }

    /// Ends the training step, with its loss.
    pub fn end(&mut self, loss: f64) {
        self.steps += 1;
        self.loss.push(self.step, loss);
        if !loss.is_finite() {
            self.loss_alarm.scan(&[loss], self.step, &mut self.alarms);
        }
        self.sums.fill(LayerSums::default());
        for parameter in &mut self.parameters {
            let (layer, sums) = (&mut self.layers[parameter.layer], &mut self.sums[parameter.layer]);
            if let Some(norm) = parameter.gradient {
                sums.gradient = Some(sums.gradient.map_or(norm, |sum| Norm::joined([sum, norm].into_iter())));
                if parameter.role == Role::Bias {
                    sums.bias = Some(sums.bias.map_or(norm, |sum| Norm::joined([sum, norm].into_iter())));
                }
            }
            if let Some(norm) = parameter.weight.filter(|_| parameter.role == Role::Weight) {
                layer.weight.push(self.step, norm.value());
                let ratio = parameter.update / norm.value();
                // An update of nothing is no change, also where the weights are nothing.
                layer.update_ratio.push(self.step, if parameter.update == 0.0 { 0.0 } else { ratio });
            }
            if let Some(likeness) = &mut parameter.likeness
                && likeness.incoming
                && likeness.outgoing
                && self.looking
            {
                let (tied, distinct) = likeness.count();
                layer.tied.push(self.step, tied as f64);
                layer.distinct = Some(distinct);
            }
        }
        for (index, (layer, sums)) in self.layers.iter_mut().zip(&self.sums).enumerate() {
            if let Some(norm) = sums.gradient {
                layer.gradient.push(self.step, norm.value());
                self.spikes.gradient(index, self.step, norm.value());
            }
            sums.bias.into_iter().for_each(|norm| layer.bias_gradient.push(self.step, norm.value()));
        }
        self.spikes.loss(self.step, loss);
        self.looking = false;
    }

    /// How many steps were watched.
    pub fn steps(&self) -> u64 {
        self.steps
    }
}
