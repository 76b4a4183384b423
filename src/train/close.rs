//! What a watched trainer tries beside training, on the few steps that are looked at closely.

use std::ops::Range;

use super::trainer::{Trainer, gather};
use crate::{Dataset, Descent, Error, Float, Mode, Rows, Targets};

impl<T: Float> Trainer<T> {
    /// Whether the step at hand is looked at closely. A batch that goes through the network in parts is not: what it takes to run it again
    /// is gone.
    pub(super) fn looks_closely(&self, rows: usize) -> bool {
        let closely = self.watch.as_ref().is_some_and(|watch| watch.monitor.looking_closely());
        closely && rows <= self.workspace.capacity()
    }

    /// Remembers the parameters before an update.
    pub(super) fn remember(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.before.copy_from_slice(self.network.parameters());
        }
    }

    /// Takes the loss of the batch at hand along the update that it has just led to, and in both modes at its end; and how the optimizer
    /// divides. The network is then as it was, to the bit. A layer that refuses one of these passes does not end the run: what is not
    /// known is left out.
    ///
    /// `measured` says whether the gradients in the workspace are still those of the loss: then they are compared with what the loss does.
    pub(super) fn look_closely(&mut self, data: &Dataset<T>, batch: Range<usize>, before: f64, measured: bool) {
        let after = self.loss_of(data, batch.clone(), Mode::Train);
        let inferred = self.loss_of(data, batch.clone(), Mode::Infer);
        let share = self.optimizer_state.epsilon_share(&*self.optimizer);
        let (Some(watch), Ok(after)) = (&mut self.watch, after) else { return };
        if let Ok(inferred) = inferred {
            watch.monitor.both_modes(after, inferred);
        }
        share.into_iter().for_each(|share| watch.monitor.epsilon_share(share));
        let changes = self.network.parameters().iter().zip(&watch.before).map(|(now, then)| now.get() - then.get());
        let along = |(change, gradient): (f64, &T)| change * gradient.get();
        let predicted = -changes.zip(self.workspace.gradients()).map(along).sum::<f64>();
        if measured && Descent::is_measurable(before, predicted, T::epsilon().get()) {
            let share = Descent::share(before, predicted);
            if let Some(early) = self.losses_in_course(data, batch, share)
                && let Some(watch) = &mut self.watch
            {
                watch.monitor.descent(Descent { before, after, early, share, predicted });
            }
        }
    }

    /// The losses half of a share into the last update, and that share into it.
    fn losses_in_course(&mut self, data: &Dataset<T>, batch: Range<usize>, share: f64) -> Option<[f64; 2]> {
        // From here on `before` holds where the update ended, and the network stands in its course.
        for (now, then) in self.network.parameters_mut().iter_mut().zip(&mut self.watch.as_mut()?.before) {
            let (start, end) = (then.get(), now.get());
            (*now, *then) = (T::of(start + share * (end - start)), *now);
        }
        let late = self.loss_of(data, batch.clone(), Mode::Train);
        for (now, end) in self.network.parameters_mut().iter_mut().zip(&self.watch.as_ref()?.before) {
            let update = (end.get() - now.get()) / (1.0 - share);
            *now = T::of(now.get() - share / 2.0 * update);
        }
        let early = self.loss_of(data, batch, Mode::Train);
        self.network.parameters_mut().copy_from_slice(&self.watch.as_ref()?.before);
        Some([early.ok()?, late.ok()?])
    }

    /// The loss of the batch at hand with the noise of its step, which has had its update. Its targets are there.
    fn loss_of(&mut self, data: &Dataset<T>, batch: Range<usize>, mode: Mode) -> Result<f64, Error> {
        gather(data, self.order[batch].iter().copied(), 0, &mut self.workspace)?;
        let targets = match data.targets() {
            Targets::Classes(_) => Targets::Classes(&self.classes),
            Targets::Values(values) => Targets::Values(Rows::of(&self.values, values.cols())),
        };
        let updates = self.network.updates();
        self.network.noise_of(updates.saturating_sub(1));
        let out = self.network.forward_input(mode, &mut self.workspace);
        let loss = out.and_then(|out| self.loss.evaluate(out, targets, None));
        self.network.noise_of(updates);
        loss
    }
}
