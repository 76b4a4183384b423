//! `Thresholds`: every number that a finding is judged by.

use crate::NumberFormat;

/// Every number that a finding is judged by, with where it comes from.
///
/// ```
/// use evenkeel::{Monitor, Thresholds};
/// let wary = Thresholds { vanished: 1e-3, ..Thresholds::default() };
/// let monitor = Monitor::new().thresholds(wary);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// How many steps a run must have for judgements that need a past: 10, the first steps that are looked at in full.
    pub steps: u64,
    /// Gradients have vanished where, in the first steps, the first trained layer's is below this share of the last one's (the median of
    /// the ratio): 1e-4. Each of
    /// ten layers may still take 60 %; a healthy tanh or ReLU network of 20 layers keeps the ratio above 1e-2, and a network that
    /// has learned raises it, since the gradient of its last layer fades first.
    pub vanished: f64,
    /// Vanished gradients have recovered where that share has since risen by this factor: 100, half of the way back.
    pub mended: f64,
    /// Signals have vanished where the standard deviation of the last hidden layer's outputs is below this share of the first's: 1e-4.
    pub signal_vanished: f64,
    /// Gradients or signals explode where they grow by more than this factor through the hidden layers: 100. At critical
    /// initialization the factor is about 1, whatever the depth; He weights widened by half reach it after 12 layers.
    pub exploded: f64,
    /// The derivative by a recurrent layer's state has faded at the lag where its norm falls below this share of that at the last step:
    /// 1e-4, as between layers. What such a step adds to the gradient of the weights is then as small beside what the last one adds.
    pub faded_in_time: f64,
    /// It has grown where its norm rises above this multiple of that at the last step: 100, as between layers. The gradient of the
    /// weights is then that of the first steps, and clipping leaves hardly anything of the last ones'. More than 50 steps back it has to be
    /// above twice their number as well: so much comes together where every step has an output and nothing grows.
    pub grown_in_time: f64,
    /// Updates overwhelm the weights where the median of the update-to-weight ratio of a layer over the first looks is above this: 1.
    /// A usual ratio is about 1e-3 (Karpathy, "Hacker's guide to neural networks"); at 1 an update is as large as the weights it leaves.
    pub overwhelming: f64,
    /// The loss is unstable where it has risen above this multiple of where it started, beyond what it differs by from step to step: 5.
    pub loss_risen: f64,
    /// The loss jumps where, among the first steps, it rises by more than this factor from the median of eight to that of the next
    /// eight: 10, where every later one is above every earlier one.
    pub loss_jump: f64,
    /// The loss has not decreased where its last quarter lies above this share of its start: 0.95.
    pub not_decreased: f64,
    /// The loss has come to rest where its last quarter lies less than this share below its third: 0.02.
    pub at_rest: f64,
    /// The loss still falls, whatever its noise, where its last quarter lies more than this share below its second: 0.2. The mean of a
    /// hundred batches whose losses differ by half of themselves is known to 0.05.
    pub falling: f64,
    /// How many steps the loss is given before it must have decreased: 100.
    pub patience: u64,
    /// Weights are near zero where their root mean square, times the square root of the larger fan, is below this: 0.2. Xavier
    /// gives at least 1 and PyTorch's default 0.57.
    pub weights_small: f64,
    /// Weights are very large where their root mean square, times the square root of the smaller fan, is above this: 5. He gives at
    /// most 1.42.
    pub weights_large: f64,
    /// Weights have grown out of bounds where they are that large, and this many times as large as at the start: 100.
    pub weights_grown: f64,
    /// A gradient is constant where its norm has not changed by more than this share of itself over the last 32 steps, and the loss no
    /// longer falls: 1e-6. Batches that differ change it by far more.
    pub constant: f64,
    /// A run is done, and nothing about its gradient is held against it, where the loss is below this share of its start: 1e-3.
    pub done: f64,
    /// A unit is off where its output differs from the dead value by less than this share of the layer's largest output: 1e-6.
    pub off_margin: f64,
    /// A unit is at a flat end where its output is within this share of the range from it: 0.01. There the slope of tanh is below 0.04.
    pub flat_margin: f64,
    /// A unit is saturated where it is at a flat end on this share of the probe rows: 0.95.
    pub flat_rows: f64,
    /// Units are reported where this share of a layer is dead or saturated: 0.5 for saturated units, and for dead ones while the loss
    /// does not fall. Healthy ReLU networks have up to a third dead.
    pub many_units: f64,
    /// Dead units are reported whatever the loss does where this share of a layer is dead: 0.95.
    pub nearly_all_units: f64,
    /// Weights were changed by something else than updates where their norm moved by more than those add up to, and this share of itself
    /// besides: 0.01, some roundings to `bf16`, of 2^-8 each.
    pub stored: f64,
    /// The format that gradients are stored in by the loop that is watched: where it is given, entries that it has no digits for are told
    /// of. `None`: they are in the format of the weights.
    pub gradient_format: Option<NumberFormat>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            steps: 10,
            vanished: 1e-4,
            mended: 100.0,
            signal_vanished: 1e-4,
            exploded: 100.0,
            faded_in_time: 1e-4,
            grown_in_time: 100.0,
            overwhelming: 1.0,
            loss_risen: 5.0,
            loss_jump: 10.0,
            not_decreased: 0.95,
            at_rest: 0.02,
            falling: 0.2,
            patience: 100,
            weights_small: 0.2,
            weights_large: 5.0,
            weights_grown: 100.0,
            constant: 1e-6,
            done: 1e-3,
            off_margin: 1e-6,
            flat_margin: 0.01,
            flat_rows: 0.95,
            many_units: 0.5,
            nearly_all_units: 0.95,
            stored: 0.01,
            gradient_format: None,
        }
    }
}
