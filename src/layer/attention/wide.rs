//! What attention makes of the moments of its inputs, in the limit of wide heads.

use crate::layer::moments::{Terms, of_sums, second};
use crate::layer::{Signal, Through};
use crate::moments::Shares;
use crate::{InitMoments, Moments};

/// Attention, as theory sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide {
    pub(super) steps: usize,
    pub(super) width: usize,
    pub(super) causal: bool,
    pub(super) has_bias: bool,
    pub(super) into: InitMoments,
    pub(super) into_bias: InitMoments,
    pub(super) out: InitMoments,
    pub(super) out_bias: InitMoments,
}

/// Queries, keys and values have the same moments q, and have r in common from step to step. The scores of a query over the steps are, but for
/// what is the same for all and softmax does not see, independent and normal, of variance q (q - r): products over a head, divided by the root of
/// its width. With shares p of n such numbers, and values that know nothing of them,
///
/// ```text
/// E[gathered^2] = E[sum of p^2] (q - r) + r
/// dv^2 = E[sum of p^2] dg^2      dq^2 = n E[J^2] (q - r)^2 dg^2      dk^2 = n E[J^2] q (q - r) dg^2
/// ```
///
/// where dg is the gradient by what is gathered and J the derivative of softmax. `None` for weights whose mean is not 0.
pub(super) fn wide(of: Wide, x: Signal<'_>) -> Option<Through<'static>> {
    let Wide { steps, width, causal, into, into_bias, out, out_bias, .. } = of;
    if into.mean != 0.0 || out.mean != 0.0 {
        return None;
    }
    let sums = |second: f64| of_sums(Terms::each(width), Moments { second, ..x.moments }, into, Some(into_bias)).second;
    let shared = x.shared?;
    let (each, common) = (sums(x.moments.second), sums(shared));
    let within = (each - common).max(0.0);
    let shares = Shares::of(each * within, steps)?;
    // How many steps each query sees.
    let seen = if causal { 1..=steps } else { steps..=steps };
    let queries = seen.clone().count() as f64;
    let (mut squares, mut slopes) = (0.0, 0.0);
    for count in seen {
        let share = shares.of_count(count);
        squares += count as f64 * share.second / queries;
        slopes += count as f64 * share.back / queries;
    }
    // Values have the mean of their bias.
    let gathered = Moments { mean: into_bias.mean, second: squares * within + common };
    let through = |second: f64| of_sums(Terms::each(width), Moments { second, ..gathered }, out, Some(out_bias));
    let y = through(gathered.second);
    let by_gathered = width as f64 * second(out);
    let by_parts = squares + slopes * within * (within + each);
    let gradients = Gradients { within, each, squares, slopes };
    Some(Through {
        chooses: 1.0,
        y: Signal::unknown(y),
        back: Some(by_gathered * width as f64 * second(into) * by_parts),
        squares: Some(of.gradient_squares([x.moments.second, shared], gathered.second, by_gathered, gradients)),
    })
}

/// What the gradients by queries, keys and values are made of.
#[derive(Debug, Clone, Copy)]
struct Gradients {
    /// The second moment of a query, and what of it differs from step to step.
    each: f64,
    within: f64,
    /// E\[sum of p^2\] and n E\[J^2\], in the mean over the queries.
    squares: f64,
    slopes: f64,
}

impl Wide {
    /// The sums of squares of the gradients by the parameters, where inputs have that second moment and share that much of it.
    ///
    /// Gradients by what different queries gather are independent, those that one query sends to different steps are not: it sends all of its own to
    /// the values together, and none to the keys. So what steps have in common counts whole for the weight of the values and not at all for
    /// that of the keys, whose bias has no gradient.
    fn gradient_squares(&self, [x, shared]: [f64; 2], gathered: f64, by_gathered: f64, of: Gradients) -> Vec<f64> {
        let Gradients { each, within, squares, slopes } = of;
        let (width, outputs) = (self.width as f64, (self.steps * self.width) as f64);
        let apart = (x - shared).max(0.0);
        let by_queries = slopes * within * within;
        let by_weights = by_queries * x + slopes * within * each * apart + squares * apart + shared;
        let into = outputs * by_gathered * width * by_weights;
        let into_bias = outputs * by_gathered * (1.0 + by_queries);
        let out = outputs * width * gathered;
        if self.has_bias { vec![into, into_bias, out, outputs] } else { vec![into, out] }
    }
}
