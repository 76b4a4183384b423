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
    let Wide { steps, width, causal, into, into_bias, out, out_bias } = of;
    if into.mean != 0.0 || out.mean != 0.0 {
        return None;
    }
    let sums = |second: f64| of_sums(Terms::each(width), Moments { second, ..x.moments }, into, Some(into_bias)).second;
    let (each, common) = (sums(x.moments.second), sums(x.shared?));
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
    let width = width as f64;
    Some(Through {
        chooses: 1.0,
        y: Signal::unknown(y),
        back: Some(by_gathered * width * second(into) * by_parts),
        squares: None,
    })
}
