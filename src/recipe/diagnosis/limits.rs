//! Every number that a diagnosis is judged by, and where it comes from.

/// A run falls short where it gains less than this share of what a plain network gains on the same data: half.
pub(super) const FAR_SHORT: f64 = 0.5;

/// It also falls short below this share, where its loss says the same: runs that work differ by less from a plain network, whose gain
/// on a few hundred validation rows is itself known to some 5 %.
pub(super) const SHORT: f64 = 0.8;

/// And below this share, midway between the two, where it leaves [`LEFT_OVER`] times as much unexplained as a plain network: then what is
/// missing is not noise. Networks that learn, but are too small to learn it all, get to three quarters.
pub(super) const WELL_SHORT: f64 = 0.65;

/// So many times as much is an order of magnitude.
pub(super) const LEFT_OVER: f64 = 10.0;

/// What nobody can tell from chance: a gain of this size on validation rows. The accuracy on 200 rows is known to 3.5 % (one standard
/// deviation).
pub(super) const CHANCE: f64 = 0.05;

/// What is certainly more than chance where there are many rows: so many standard errors, which one in seven hundred runs that know nothing
/// has.
pub(super) const CERTAIN: f64 = 3.0;

/// Or one of so many standard errors, where few rows count: one in forty runs that know nothing has more.
pub(super) const DEVIATIONS: f64 = 2.0;

/// But no more than this: of four rows of which all are right nobody could tell anything else.
pub(super) const MOST_CHANCE: f64 = 0.5;

/// A plain network that gets to this share of what there is has learned what there was to learn.
pub(super) const LEARNED: f64 = 0.9;

/// The loss has not decreased where it is above this share of what the best constant answer has.
pub(super) const NOT_DECREASED: f64 = 0.95;

/// The output is constant where its spread is below this share of the targets'. Such an output explains at most 2 * 0.03, 6 %, of their
/// variance, however well it is correlated with them.
pub(super) const CONSTANT: f64 = 0.03;

/// Inputs, or targets, are unscaled where they are more than this many times as large as what weights are drawn for. Initializers keep
/// the size of what they get, and activations bend at about 1: ten times that is flat in all of them.
pub(super) const UNSCALED: f64 = 10.0;

/// And inputs where they are smaller than this: the first layer then hardly says anything beside its biases.
pub(super) const TINY: f64 = 0.01;

/// An output cannot give the targets where the best it can give leaves this share of their variance: then the best possible R^2 is 0.95.
pub(super) const OUT_OF_RANGE: f64 = 0.05;

/// Weights are too large from the start where they multiply the size of a signal by more than this; He's do so by 1.42.
pub(super) const LARGE_GAIN: f64 = 5.0;

/// Weights are too small from the start where they multiply it by less than this; the smallest usual gain is that of PyTorch, 0.58.
pub(super) const SMALL_GAIN: f64 = 0.3;

/// Signals or gradients fade where less than this share is left from one end of the hidden layers to the other. A network as deep as it
/// can be trained at all, six times the depth scale of Schoenholz et al. 2017, has exp(-6), 0.0025, left.
pub(super) const FADED: f64 = 0.0025;

/// They are gone where less than this is left: rounding to `f32` takes the rest of the differences between rows.
pub(super) const GONE: f64 = 1e-4;

/// A gradient explodes where its largest norm is this many times the first one.
pub(super) const GROWN: f64 = 1e3;

/// The loss diverges where it ends this many times above its start.
pub(super) const DIVERGED: f64 = 100.0;

/// Weights explode where training has made those of every layer this many times as large, and nothing came of it.
pub(super) const WEIGHTS_GROWN: f64 = 5.0;

/// A network has learned by heart where the loss on the training rows has lost so much more than that on the validation rows, as shares
/// of the trivial loss: a third of what it learned is of no use elsewhere.
pub(super) const BY_HEART: f64 = 0.3;

/// A layer is narrow with fewer units than this.
pub(super) const NARROW: usize = 4;

/// The loss still falls where the last quarter of the epochs took at least this share of it.
pub(super) const STILL_FALLS: f64 = 0.01;

/// Most outputs of a layer: half.
pub(super) const MOST: f64 = 0.5;

/// A loss rises from one epoch to the next where it does so by this share: whole epochs average the noise of their batches away.
pub(super) const RISE: f64 = 0.1;

/// It is unstable where it rises in this share of the later epochs: a loss that goes up as often as down does so in half of them, and by
/// a tenth in fewer.
pub(super) const RISES: f64 = 0.25;

/// Signals or gradients explode where they grow by more than this through the hidden layers: weights at the critical variance keep both.
pub(super) const EXPLODED: f64 = 100.0;
