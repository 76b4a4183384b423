//! The rows of `SoftmaxCrossEntropy`: its value and gradient in vectors, without memory of its own.

use super::SoftmaxCrossEntropy;
use super::softmax_narrow::{BESIDE, NARROW, narrow_rows};
use crate::linalg::elementwise::{self, Exp, LogOfSum};
use crate::linalg::{Isa, Work};
use crate::{Float, Rows, RowsMut};

/// How many logits are worked on at a time: as many whole rows as fit, or a piece of a row that does not.
const BLOCK: usize = 512;
/// No more rows than these, either.
const ROWS: usize = BLOCK / NARROW;

/// The sum of the losses of all rows, to be computed. The gradient is written where there is room for it.
///
/// With d = y - max y, s = sum of exp(d) and the weighted target w of a row, its loss is log(s) sum(w) - sum(w d), two terms that are
/// not negative, and its gradient exp(d) sum(w) / s - w.
pub(super) struct Entropy<'a, T> {
    pub(super) logits: Rows<'a, T>,
    pub(super) classes: &'a [usize],
    pub(super) grad: Option<RowsMut<'a, T>>,
    pub(super) targets: Weighted<'a>,
}

impl<'a, T: Float> Entropy<'a, T> {
    /// Of a loss with settings; `weight` is what the gradient is divided by.
    pub(super) fn new(
        loss: &'a SoftmaxCrossEntropy,
        logits: Rows<'a, T>,
        classes: &'a [usize],
        weight: f64,
        grad: Option<RowsMut<'a, T>>,
    ) -> Self {
        let (sharp, spread) = loss.shares(logits.cols());
        let all = (0..logits.cols()).map(|class| loss.weight(class)).sum();
        Self { logits, classes, grad, targets: Weighted { loss, sharp, spread, all, weight } }
    }
}

/// The weighted targets of all rows.
pub(super) struct Weighted<'a> {
    loss: &'a SoftmaxCrossEntropy,
    /// How much of a target lies on its class alone.
    sharp: f64,
    /// How much of it lies on every class.
    spread: f64,
    /// The sum of the weights of all classes.
    all: f64,
    /// The sum of the weights of all targets.
    weight: f64,
}

impl Weighted<'_> {
    /// Whether any of a target lies on other classes than its own.
    pub(super) fn spreads(&self) -> bool {
        self.spread > 0.0
    }

    /// What of a target lies on its class alone.
    #[inline(always)]
    pub(super) fn on_class(&self, class: usize) -> f64 {
        self.sharp * self.loss.weight(class)
    }

    /// What of every target lies on this class.
    #[inline(always)]
    pub(super) fn on_every(&self, class: usize) -> f64 {
        self.spread * self.loss.weight(class)
    }

    /// The sum of the weights of all targets, which the gradient is divided by.
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    /// The sum of the target of a row.
    #[inline(always)]
    pub(super) fn total(&self, class: usize) -> f64 {
        let own = self.on_class(class);
        if self.spreads() { own + self.spread * self.all } else { own }
    }

    /// What the classes that `d` begins at `first` with add to the sum of target times distance, but for the share of the class alone.
    #[inline(always)]
    fn spread_over(&self, first: usize, d: &[f64]) -> f64 {
        if !self.spreads() {
            return 0.0;
        }
        let sum: f64 = d.iter().enumerate().map(|(at, d)| self.loss.weight(first + at) * d).sum();
        self.spread * sum
    }

    /// Writes the gradient for the classes from `first` on, whose shares are `e * scale`; the class of the target may be among them.
    #[inline(always)]
    fn gradient<T: Float>(&self, first: usize, class: usize, e: &[f64], scale: f64, grad: &mut [T]) {
        let part = self.spread / self.weight;
        for (grad, e) in grad.iter_mut().zip(e) {
            *grad = T::of(e * scale);
        }
        if self.spreads() {
            for (at, (grad, e)) in grad.iter_mut().zip(e).enumerate() {
                *grad = T::of(e * scale - self.loss.weight(first + at) * part);
            }
        }
        if let Some(at) = class.checked_sub(first).filter(|&at| at < e.len()) {
            let on = self.loss.weight(class) * (self.sharp + self.spread) / self.weight;
            grad[at] = T::of(e[at] * scale - on);
        }
    }
}

impl<T: Float> Work for Entropy<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(mut self) -> f64 {
        let width = self.logits.cols();
        let mut exps = [0.0; BLOCK];
        let rows = if width < NARROW { BESIDE } else { BLOCK / width };
        let mut sum = 0.0;
        if rows == 0 {
            for (row, (y, &class)) in self.logits.iter().zip(self.classes).enumerate() {
                sum += one_row::<I, T>(
                    &self.targets,
                    y,
                    class,
                    &mut exps,
                    self.grad.as_mut().map(|grad| grad.row_mut(row)),
                );
            }
            return sum;
        }
        let blocks = self.logits.data().chunks(rows * width).zip(self.classes.chunks(rows));
        for (block, (y, classes)) in blocks.enumerate() {
            let first = block * rows * width;
            let grad = self.grad.as_mut().map(|grad| &mut grad.data_mut()[first..first + y.len()]);
            sum += if width < NARROW {
                narrow_rows::<I, T>(&self.targets, y, classes, exps.as_chunks_mut().0, grad)
            } else {
                whole_rows::<I, T>(&self.targets, y, classes, &mut exps, grad)
            };
        }
        sum
    }
}

/// Rows that fit into a block together.
#[inline(always)]
fn whole_rows<I: Isa, T: Float>(
    targets: &Weighted<'_>,
    y: &[T],
    classes: &[usize],
    exps: &mut [f64; BLOCK],
    grad: Option<&mut [T]>,
) -> f64 {
    let width = y.len() / classes.len();
    let exps = &mut exps[..y.len()];
    let (mut sums, mut logs) = ([1.0; ROWS], [1.0; ROWS]);
    let mut loss = 0.0;
    for ((y, d), &class) in y.chunks_exact(width).zip(exps.chunks_exact_mut(width)).zip(classes) {
        distances(y, elementwise::largest(y).get(), d);
        loss -= targets.on_class(class) * d[class] + targets.spread_over(0, d);
    }
    elementwise::replace::<I, f64>(&Exp, exps);
    for ((sum, log), e) in sums.iter_mut().zip(&mut logs).zip(exps.chunks_exact(width)) {
        *sum = elementwise::sum(e);
        *log = *sum;
    }
    elementwise::replace::<I, f64>(&LogOfSum, &mut logs[..classes.len()]);
    for (log, &class) in logs.iter().zip(classes) {
        loss += targets.total(class) * log;
    }
    if let Some(grad) = grad {
        let rows = exps.chunks_exact(width).zip(grad.chunks_exact_mut(width));
        for (((e, grad), &class), sum) in rows.zip(classes).zip(&sums) {
            targets.gradient(0, class, e, targets.total(class) / (sum * targets.weight), grad);
        }
    }
    loss
}

/// A row that does not fit into a block, piece by piece: once for the loss, and once more for the gradient.
#[inline(always)]
fn one_row<I: Isa, T: Float>(
    targets: &Weighted<'_>,
    y: &[T],
    class: usize,
    exps: &mut [f64; BLOCK],
    grad: Option<&mut [T]>,
) -> f64 {
    let largest = elementwise::largest(y).get();
    let (mut sum, mut spread) = (0.0, 0.0);
    for (piece, y) in y.chunks(BLOCK).enumerate() {
        let exps = &mut exps[..y.len()];
        distances(y, largest, exps);
        spread += targets.spread_over(piece * BLOCK, exps);
        elementwise::replace::<I, f64>(&Exp, exps);
        sum += elementwise::sum(exps);
    }
    let total = targets.total(class);
    let on_class = targets.on_class(class) * (y[class].get() - largest);
    if let Some(grad) = grad {
        for (piece, (y, grad)) in y.chunks(BLOCK).zip(grad.chunks_mut(BLOCK)).enumerate() {
            let exps = &mut exps[..y.len()];
            distances(y, largest, exps);
            elementwise::replace::<I, f64>(&Exp, exps);
            targets.gradient(piece * BLOCK, class, exps, total / (sum * targets.weight), grad);
        }
    }
    total * sum.ln() - (on_class + spread)
}

/// `y - largest`, of all numbers of a row.
#[inline(always)]
fn distances<T: Float>(y: &[T], largest: f64, d: &mut [f64]) {
    for (d, &y) in d.iter_mut().zip(y) {
        *d = distance(y.get(), largest);
    }
}

/// `y - largest`; NaN for an infinity, which as minus infinity would add nothing to the sum, and so hide.
#[inline(always)]
pub(super) fn distance(y: f64, largest: f64) -> f64 {
    if y.abs() < f64::INFINITY { y - largest } else { f64::NAN }
}
