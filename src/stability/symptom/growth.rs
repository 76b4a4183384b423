//! How signals and gradients grow through the layers, and how large the first updates are.

use super::{change_of_spread, early, has_grown, is_normalized, weight_gain};
use crate::stability::{Cause, LayerRecord, StabilityReport, Thresholds};

/// How much signals and gradients grow through the hidden layers at the start, and how much updates change the weights.
pub(super) struct Growth {
    /// How much the spread of the outputs changes from the first to the last hidden layer.
    pub(super) signal: f64,
    /// The first layer's bias gradient over that of the last hidden layer.
    pub(super) gradient: f64,
    /// The largest update-to-weight ratio of a layer.
    pub(super) update: f64,
}

impl Growth {
    pub(super) fn of(report: &StabilityReport) -> Self {
        // Of the first look alone: what comes later is also the work of the updates.
        let signal = change_of_spread(report, |variance| variance.start());
        let gradient = Self::of_gradients(report).unwrap_or(1.0);
        let update = report.trained().filter_map(|layer| early(&layer.update_ratio)).fold(0.0, f64::max);
        Self { signal, gradient, update }
    }

    /// The first layer's bias gradient over that of the last hidden layer: the least of the first looks, for such a gradient is a sum over a
    /// batch of numbers of both signs, which now and then is next to nothing, whatever the layers do.
    fn of_gradients(report: &StabilityReport) -> Option<f64> {
        const LOOKS: usize = 3;
        // The output's is the sum of all errors of the batch, which may cancel in every look.
        let last = report.trained().rfind(|layer| !layer.bias_gradient.is_empty())?;
        if last.bounds.normalized {
            // And an output that a batch norm gives a mean of its own lets all sums in front of it cancel.
            return None;
        }
        // A recurrent layer's adds up over its steps: it is judged by how the derivative fares through them. And what stands right in front of
        // a normalization is taken away again with the mean: its gradient is 0 up to rounding, and nothing to divide by.
        let in_depth = report.trained().filter(|layer| layer.through_time.is_none() && !is_normalized(report, layer));
        let in_depth = in_depth.filter(|layer| layer.name != last.name && !layer.bias_gradient.is_empty());
        let mut biases = in_depth.map(|layer| layer.bias_gradient.first().iter().take(LOOKS).map(|&(_, norm)| norm));
        let looks = biases.next()?.zip(biases.next_back()?).map(|(first, last)| first / last);
        // Where nothing comes through at all any more, nothing is known of how it grew.
        looks.filter(|ratio| ratio.is_finite() && *ratio > 0.0).reduce(f64::min)
    }

    /// Whether signals or gradients explode on their way through the layers.
    pub(super) fn through_layers(&self, thresholds: &Thresholds) -> bool {
        self.signal.max(self.gradient) > thresholds.exploded
    }

    /// Why numbers grow: because weights are too large from the start, or because steps are.
    pub(super) fn cause(&self, report: &StabilityReport, thresholds: &Thresholds) -> Cause {
        let large = |layer: &LayerRecord| weight_gain(layer, layer.weight.start(), usize::min);
        let gain = report.trained().filter_map(large).fold(0.0, f64::max);
        if self.through_layers(thresholds) || gain > thresholds.weights_large {
            Cause::WeightsTooLarge
        } else if self.update > thresholds.overwhelming
            || !report.non_finite.is_empty()
            || report.trained().any(|layer| has_grown(layer, thresholds))
        {
            Cause::LearningRateTooHigh
        } else {
            Cause::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stability::Bounds;
    use crate::{Monitor, Param, Rows};

    /// Three layers with weights whose bias gradients have these norms, step by step; the last one is a normalization where that is said.
    fn growth(steps: &[[f32; 3]], normalized: bool) -> f64 {
        let mut monitor = Monitor::new();
        let names = ["first", "last hidden", "output"];
        let biases = names.map(|name| monitor.watch_parameter(name, &Param::bias(1)));
        let bounds = if normalized { Bounds::NORMALIZED } else { Bounds::NONE };
        let output = monitor.watch_activation("output", 1, bounds);
        for (step, norms) in (0..).zip(steps) {
            monitor.begin(step);
            biases.iter().zip(norms).for_each(|(&id, &norm)| monitor.gradient(id, &[norm]).unwrap());
            monitor.activations(output, Rows::new(&[1.0_f32, 2.0], 1).unwrap()).unwrap();
            monitor.end(1.0);
        }
        Growth::of(&monitor.report()).gradient
    }

    #[test]
    fn a_gradient_grows_where_every_look_says_so() {
        assert_eq!(growth(&[[512.0, 2.0, 1.0], [1024.0, 2.0, 1.0]], false), 256.0);
        // An overflow in the second step takes nothing away from the first, nor does a network whose first layer is dead from then on.
        assert_eq!(growth(&[[512.0, 2.0, 1.0], [f32::INFINITY, 2.0, 1.0]], false), 256.0);
        assert_eq!(growth(&[[512.0, 2.0, 1.0], [0.0, 2.0, 1.0]], false), 256.0);
    }

    #[test]
    fn a_sum_that_cancels_in_one_look_is_no_growth() {
        assert_eq!(growth(&[[1.0, 0.001, 1.0], [1.0, 0.5, 1.0]], false), 2.0);
        assert_eq!(growth(&[[1.0, 0.0, 1.0]], false), 1.0);
    }

    #[test]
    fn in_front_of_a_normalized_output_all_sums_cancel() {
        assert_eq!(growth(&[[512.0, 2.0, 1.0]; 3], true), 1.0);
    }
}
