//! How a monitor learns what there is to watch, how much memory that takes, and what it tells in the end.

use super::held::Held;
use super::symmetry::Likeness;
use super::watched::{Alarm, LayerSums, WatchedActivation, WatchedParameter};
use super::{
    ActivationId, Bounds, Deaths, ForeignChange, LagId, LayerRecord, Monitor, NonFiniteNumber, ParameterId,
    StabilityReport, ThroughTime, WeightShape,
};
use crate::{Param, Role};

impl Monitor {
    /// Registers a parameter of the layer of that name. Parameters are registered from input to output: the units of a weight are taken
    /// for the inputs of the next weight that has as many rows.
    pub fn watch_parameter(&mut self, layer: &str, param: &Param) -> ParameterId {
        let own_name = param.name.strip_prefix(layer).and_then(|name| name.strip_prefix('.')).unwrap_or(&param.name);
        let layer = self.layer(layer);
        let id = self.parameters.len();
        let units = if param.unit_axis == 1 { param.cols } else { param.rows };
        let inputs = if param.unit_axis == 1 { param.rows } else { param.cols };
        let is_weight = param.role == Role::Weight;
        let before = self.parameters.iter().rposition(|other| other.role == Role::Weight);
        let fed_by = before.filter(|&before| {
            is_weight && self.parameters[before].likeness.as_ref().is_some_and(|likeness| likeness.units() == inputs)
        });
        let shape = WeightShape { rows: inputs, cols: units };
        if is_weight {
            self.layers[layer].weights.get_or_insert(shape);
        }
        self.parameters.push(WatchedParameter {
            layer,
            name: own_name.to_owned(),
            role: param.role,
            len: param.rows.saturating_mul(param.cols),
            shape,
            unit_axis: param.unit_axis,
            likeness: (is_weight && units <= Self::MOST_UNITS).then(|| Likeness::new(units)),
            fed_by,
            gradient: None,
            weight: None,
            update: 0.0,
            held: Held::default(),
            gradient_alarm: Alarm::default(),
            weight_alarm: Alarm::default(),
        });
        ParameterId(id)
    }

    /// Registers the output of the layer of that name, of `units` numbers a row.
    pub fn watch_activation(&mut self, layer: &str, units: usize, bounds: Bounds) -> ActivationId {
        let layer = self.layer(layer);
        self.layers[layer].bounds = bounds;
        // No size, however absurd, makes it take more memory than layers need that can be trained.
        let followed = if bounds.dead.is_some() && units <= Self::MOST_UNITS { units } else { 0 };
        self.activations.push(WatchedActivation {
            layer,
            bounds,
            width: units,
            alarm: Alarm::default(),
            off_since: vec![None; followed],
            first_look: None,
        });
        ActivationId(self.activations.len() - 1)
    }

    /// Registers the state of the recurrent layer of that name, whose sequences have up to `lags` steps.
    pub fn watch_lags(&mut self, layer: &str, lags: usize) -> LagId {
        let layer = self.layer(layer);
        self.layers[layer].through_time = Some(ThroughTime::new(lags));
        LagId(layer)
    }

    fn layer(&mut self, name: &str) -> usize {
        self.layers.iter().position(|layer| layer.name == name).unwrap_or_else(|| {
            self.layers.push(LayerRecord::new(name));
            self.sums.push(LayerSums::default());
            self.spikes.register();
            self.layers.len() - 1
        })
    }

    /// How many bytes it holds.
    pub fn memory(&self) -> usize {
        let layers: usize = self.layers.iter().map(LayerRecord::heap).sum();
        let of_parameter = |p: &WatchedParameter| p.name.capacity() + p.likeness.as_ref().map_or(0, Likeness::heap);
        let parameters: usize = self.parameters.iter().map(of_parameter).sum();
        size_of::<Self>()
            + self.loss.heap()
            + self.layers.capacity() * size_of::<LayerRecord>()
            + self.sums.capacity() * size_of::<LayerSums>()
            + layers
            + self.parameters.capacity() * size_of::<WatchedParameter>()
            + parameters
            + self.activations.capacity() * size_of::<WatchedActivation>()
            + self.activations.iter().map(|a| a.off_since.capacity() * size_of::<Option<u64>>()).sum::<usize>()
            + self.spikes.heap()
            + self.trials.heap()
    }

    /// What was seen so far, and what it means.
    pub fn report(&self) -> StabilityReport {
        let name = |layer: usize| &self.layers[layer].name;
        let parameters = self.parameters.iter().flat_map(|parameter| {
            let full = format!("{}.{}", name(parameter.layer), parameter.name);
            [("gradient", parameter.gradient_alarm), ("weights", parameter.weight_alarm)]
                .map(|(kind, alarm)| (kind, name(parameter.layer).clone(), full.clone(), alarm))
        });
        let activations = self.activations.iter().map(|activation| {
            ("activation", name(activation.layer).clone(), name(activation.layer).clone(), activation.alarm)
        });
        let loss = ("loss", String::new(), "loss".to_owned(), self.loss_alarm);
        let alarms = parameters.chain(activations).chain([loss]);
        let mut found: Vec<(u64, NonFiniteNumber)> = alarms
            .filter_map(|(kind, layer, what, alarm)| {
                let (order, step, index, value) = alarm.first?;
                Some((order, NonFiniteNumber { kind, layer, what, step, index, value, count: alarm.count }))
            })
            .collect();
        found.sort_by_key(|(order, _)| *order);
        let mut report = StabilityReport {
            steps: self.steps,
            loss: self.loss.clone(),
            layers: self.layers_so_far(),
            clipping: self.clipping,
            spikes: self.spikes.count,
            first_spike: self.spikes.first(|layer| name(layer).clone()),
            trials: self.trials.clone(),
            non_finite: found.into_iter().map(|(_, number)| number).collect(),
            findings: Vec::new(),
        };
        report.judge(&self.thresholds);
        report
    }

    /// The records of the layers, with what was counted beside them.
    fn layers_so_far(&self) -> Vec<LayerRecord> {
        let mut layers = self.layers.clone();
        for activation in self.activations.iter().filter(|activation| !activation.off_since.is_empty()) {
            if let Some(at_birth) = activation.first_look {
                layers[activation.layer].close.deaths = Some(Deaths::count(&activation.off_since, at_birth));
            }
        }
        for parameter in &self.parameters {
            let earliest =
                |first: &ForeignChange, other: ForeignChange| if other.step < first.step { other } else { *first };
            let known = &mut layers[parameter.layer].close.changed;
            if let Some(changed) = parameter.held.changed {
                *known = Some(known.as_ref().map_or(changed, |first| earliest(first, changed)));
            }
        }
        layers
    }
}
