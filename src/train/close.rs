//! What a watched trainer tries beside training, on the few steps that are looked at closely.

use std::ops::Range;

use super::trainer::{Trainer, gather};
use crate::{Dataset, Descent, Error, Float, Mode, Network, Rows};

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
    /// divides. The network is then as it was, to the bit.
    ///
    /// `measured` says whether the gradients in the workspace are still those of the loss: then they are compared with what the loss does.
    pub(super) fn look_closely(
        &mut self,
        data: &Dataset<T>,
        batch: Range<usize>,
        before: f64,
        measured: bool,
    ) -> Result<(), Error> {
        let after = self.loss_of(data, batch.clone(), Mode::Train)?;
        let inferred = self.loss_of(data, batch.clone(), Mode::Infer)?;
        let share = self.optimizer_state.epsilon_share(&*self.optimizer);
        let Some(watch) = &mut self.watch else { return Ok(()) };
        watch.monitor.both_modes(after, inferred);
        share.into_iter().for_each(|share| watch.monitor.epsilon_share(share));
        let changes = self.network.parameters().iter().zip(&watch.before).map(|(now, then)| now.get() - then.get());
        let product: f64 = changes.zip(self.workspace.gradients()).map(|(change, gradient)| change * gradient.get()).sum();
        let predicted = -product;
        if !measured || !Descent::is_measurable(before, predicted, T::epsilon().get()) {
            return Ok(());
        }
        let share = Descent::share(before, predicted);
        // From here on `before` holds where the update ended, and the network stands in its course.
        for (now, then) in self.network.parameters_mut().iter_mut().zip(&mut watch.before) {
            let (start, end) = (then.get(), now.get());
            (*now, *then) = (T::of(start + share * (end - start)), *now);
        }
        let late = self.loss_of(data, batch.clone(), Mode::Train);
        let Some(watch) = &mut self.watch else { return Ok(()) };
        for (now, end) in self.network.parameters_mut().iter_mut().zip(&watch.before) {
            let update = (end.get() - now.get()) / (1.0 - share);
            *now = T::of(now.get() - share / 2.0 * update);
        }
        let early = self.loss_of(data, batch, Mode::Train);
        let Some(watch) = &mut self.watch else { return Ok(()) };
        self.network.parameters_mut().copy_from_slice(&watch.before);
        watch.monitor.descent(Descent { before, after, early: [early?, late?], share, predicted });
        Ok(())
    }

    /// The loss of the batch at hand with the noise of its step, which has had its update. Its targets are there.
    fn loss_of(&mut self, data: &Dataset<T>, batch: Range<usize>, mode: Mode) -> Result<f64, Error> {
        let rows = &self.order[batch];
        gather(data, rows.iter().copied(), 0, &mut self.workspace)?;
        let updates = self.network.updates();
        self.network.noise_of(updates.saturating_sub(1));
        let loss = forward_loss(&self.network, self, data, mode);
        self.network.noise_of(updates);
        loss
    }
}
