//! Spikes of the loss, and the layer whose gradient spiked first: seen step by step, in bounded memory.

/// How many steps the level of a number is averaged over: as many as the median of PaLM's and ZClip's rules.
const SPAN: f64 = 64.0;

/// How many values are needed before one can be out of line: the deviation is then known to an eighth.
const WARM_UP: u64 = 32;

/// A value is out of line this many standard deviations above its level.
///
/// Six leave one in 5e8 of a normal distribution; losses of batches have heavier tails, for which [`PERSISTENCE`] is.
const DEVIATIONS: f64 = 6.0;

/// And no less than this factor above it, so that a run without noise is not judged by its rounding.
const FACTOR: f64 = 2.0;

/// For so many steps in a row: batches are independent, so that where one in a hundred of them has a loss out of line, three in a row
/// have it once in a million steps. A spike of the model lasts, for the weights must find back.
const PERSISTENCE: u64 = 3;

/// How many steps before the loss a layer may have spiked to have been the first.
const BEFORE: u64 = 8;

/// How far a value moves level and deviation at most, in deviations: one spike must not hide the next.
const MOST: f64 = 3.0;

/// A spike of the loss.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LossSpike {
    /// The step at which it began.
    pub step: u64,
    /// How many times its level before the loss was, in the third step.
    pub factor: f64,
    /// The layer whose gradient was out of line first, of several the one that was by more deviations; `None` where none was.
    pub layer: Option<String>,
    /// The step at which it was.
    pub layer_step: Option<u64>,
}

/// The level of the logarithm of a number, and how much it varies.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    mean: f64,
    variance: f64,
    count: u64,
}

/// How far a number is above its level.
#[derive(Debug, Clone, Copy)]
struct Height {
    deviations: f64,
    factor: f64,
}

impl Height {
    fn is_out_of_line(self) -> bool {
        self.deviations > DEVIATIONS && self.factor > FACTOR
    }
}

impl Level {
    /// How far above its level so far a number is, which is then taken in; `None` while that is not known, and of a number that has no
    /// logarithm.
    fn height(&mut self, number: f64) -> Option<Height> {
        let logarithm = number.ln();
        if !logarithm.is_finite() {
            return None;
        }
        let deviation = self.variance.sqrt();
        let above = logarithm - self.mean;
        let known = self.count >= WARM_UP;
        let counted = if known { above.clamp(-MOST * deviation, MOST * deviation) } else { above };
        self.count += 1;
        let share = (1.0 / self.count as f64).max(1.0 / SPAN);
        self.mean += share * counted;
        self.variance = (1.0 - share) * (self.variance + share * counted * counted);
        known.then(|| Height { deviations: above / deviation, factor: above.exp() })
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct LayerLevel {
    level: Level,
    out_of_line: bool,
    /// When its gradient last got out of line, and by how many deviations.
    onset: Option<(u64, f64)>,
}

/// The first spike, while layers have no names.
#[derive(Debug, Clone, Copy)]
struct FirstSpike {
    step: u64,
    factor: f64,
    /// The layer that spiked first, and when.
    layer: Option<(usize, u64)>,
}

/// Looks for spikes of the loss, step by step.
#[derive(Debug, Clone, Default)]
pub(super) struct SpikeWatch {
    loss: Level,
    layers: Vec<LayerLevel>,
    /// For how many steps in a row the loss has been out of line, and since when.
    high: u64,
    since: u64,
    pub(super) count: u64,
    first: Option<FirstSpike>,
}

impl SpikeWatch {
    /// One more layer to watch.
    pub(super) fn register(&mut self) {
        self.layers.push(LayerLevel::default());
    }

    /// Takes the norm of a layer's gradient.
    pub(super) fn gradient(&mut self, layer: usize, step: u64, norm: f64) {
        let watched = &mut self.layers[layer];
        let Some(height) = watched.level.height(norm) else { return };
        if height.is_out_of_line() && !watched.out_of_line {
            watched.onset = Some((step, height.deviations));
        }
        watched.out_of_line = height.is_out_of_line();
    }

    /// Takes the loss, after the gradients of the step.
    pub(super) fn loss(&mut self, step: u64, loss: f64) {
        let height = self.loss.height(loss).filter(|height| height.is_out_of_line());
        let Some(Height { factor, .. }) = height else {
            self.high = 0;
            return;
        };
        if self.high == 0 {
            self.since = step;
        }
        self.high += 1;
        if self.high == PERSISTENCE {
            self.count += 1;
            let spike = FirstSpike { step: self.since, factor, layer: self.first_layer() };
            self.first.get_or_insert(spike);
        }
    }

    fn first_layer(&self) -> Option<(usize, u64)> {
        let onsets = self.layers.iter().enumerate().filter_map(|(layer, watched)| Some((layer, watched.onset?)));
        let lately = onsets.filter(|(_, (step, _))| step + BEFORE >= self.since);
        let first = lately.min_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        first.map(|(layer, (step, _))| (layer, step))
    }

    /// The first spike, given the names of the layers.
    pub(super) fn first(&self, name: impl Fn(usize) -> String) -> Option<LossSpike> {
        let FirstSpike { step, factor, layer } = self.first?;
        let (layer, layer_step) = layer.map(|(layer, step)| (name(layer), step)).unzip();
        Some(LossSpike { step, factor, layer, layer_step })
    }

    /// How many bytes it holds beside itself.
    pub(super) fn heap(&self) -> usize {
        self.layers.capacity() * size_of::<LayerLevel>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use rand::RngExt;

    /// Three layers and a loss with the noise of batches: logarithms with a deviation of about 0.2 around a slow fall.
    fn run(steps: u64, factor: impl Fn(u64, usize) -> f64) -> SpikeWatch {
        let mut generator = Generator::named(1, "losses");
        let mut noise = || (0..12).map(|_| generator.random_range(-0.5..0.5)).sum::<f64>() * 0.2;
        let mut watch = SpikeWatch::default();
        (0..3).for_each(|_| watch.register());
        for step in 0..steps {
            let level = (-(step as f64) / 500.0).exp();
            for layer in 0..3 {
                watch.gradient(layer, step, level * noise().exp() * factor(step, layer));
            }
            watch.loss(step, 2.0 * level * noise().exp() * factor(step, 3));
        }
        watch
    }

    fn name(layer: usize) -> String {
        layer.to_string()
    }

    #[test]
    fn a_spike_is_found_with_the_layer_that_spiked_first() {
        for first in 0..3 {
            let spike = |step: u64, at: usize| {
                let begins = if at == first { 300 } else { 302 };
                if (begins..310).contains(&step) { 30.0 } else { 1.0 }
            };
            let watch = run(600, spike);
            let found = watch.first(name).unwrap();
            assert_eq!((watch.count, found.step), (1, 302));
            assert_eq!((found.layer, found.layer_step), (Some(name(first)), Some(300)));
            // Two independent deviations of 0.2 in the logarithm, five times over: a factor of e.
            assert!((30.0 / 4.1..30.0 * 4.1).contains(&found.factor), "{}", found.factor);
        }
    }

    #[test]
    fn two_spikes_are_two() {
        let spike = |step: u64, _: usize| if step % 200 >= 190 { 30.0 } else { 1.0 };
        assert_eq!(run(500, spike).count, 2);
    }

    #[test]
    fn noise_single_bad_batches_and_a_steady_fall_are_none() {
        assert_eq!(run(100_000, |_, _| 1.0).count, 0);
        assert_eq!(run(10_000, |step, _| if step % 97 < 2 { 100.0 } else { 1.0 }).count, 0);
        let mut smooth = SpikeWatch::default();
        (0..1000).for_each(|step| smooth.loss(step, 1.0 / (step + 1) as f64 + 1e-12 * (step % 2) as f64));
        assert_eq!(smooth.count, 0);
    }

    #[test]
    fn what_has_no_logarithm_is_passed_over() {
        let mut watch = SpikeWatch::default();
        watch.register();
        for step in 0..200 {
            watch.gradient(0, step, [0.0, f64::NAN, f64::INFINITY][step as usize % 3]);
            watch.loss(step, [-1.0, 0.0, f64::NAN, f64::INFINITY][step as usize % 4]);
        }
        assert_eq!((watch.count, watch.first(name)), (0, None));
    }
}
