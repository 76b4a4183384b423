//! How a network feeds a monitor.

use super::workspace::Stage;
use super::{Network, OptimizerState, Workspace};
use crate::{ActivationId, Error, Float, LagId, Monitor, ParameterId};

/// The names by which a monitor knows the parts of a network: made by [`Network::watch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    parameters: Vec<ParameterId>,
    activations: Vec<ActivationId>,
    /// The layers with a state, by their index.
    states: Vec<(usize, LagId)>,
}

impl<T: Float> Network<T> {
    /// Registers every parameter and every layer's output with a monitor, and shows it the parameters as they are.
    ///
    /// ```
    /// use evenkeel::*;
    /// let mut network = Network::<f32>::builder(1).layer(Linear::new(8)).layer(Tanh).layer(Linear::new(1)).build()?;
    /// let (x, y) = ([-1.0, -0.5, 0.0, 0.5, 1.0], [1.0, 0.25, 0.0, 0.25, 1.0]);
    /// let (x, y) = (Rows::new(&x, 1)?, Targets::Values(Rows::new(&y, 1)?));
    /// let mut monitor = Monitor::new();
    /// let watched = network.watch(&mut monitor)?;
    /// let (mut workspace, mut probe) = (network.workspace(5)?, network.workspace(5)?);
    /// let optimizer = Adam::new(0.02)?;
    /// let mut state = network.optimizer_state(&optimizer)?;
    /// for step in 0..500 {
    ///     monitor.begin(step);
    ///     if monitor.looking() {
    ///         network.forward(x, Mode::Infer, &mut probe)?;
    ///         network.observe_activations(&mut monitor, &watched, &probe)?;
    ///     }
    ///     network.forward(x, Mode::Train, &mut workspace)?;
    ///     let loss = network.loss(&MeanSquared::new(), y, &mut workspace)?;
    ///     network.backward(&mut workspace)?;
    ///     network.observe_gradients(&mut monitor, &watched, &workspace)?;
    ///     network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.02)?;
    ///     network.observe_weights(&mut monitor, &watched, &state)?;
    ///     monitor.end(loss);
    /// }
    /// assert!(monitor.report().is_healthy(), "{}", monitor.report());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// None of its own: a fresh name always fits.
    pub fn watch(&self, monitor: &mut Monitor) -> Result<Watched, Error> {
        let names = &self.geometry.names;
        // Layer by layer, so that the report tells them in this order.
        let mut watched = Watched { parameters: Vec::new(), activations: Vec::new(), states: Vec::new() };
        for (index, layer) in self.layers.iter().enumerate() {
            for slot in self.layout().slots().iter().filter(|slot| slot.layer == index) {
                let id = monitor.watch_parameter(&names[index], &slot.param);
                monitor.initial(id, &self.parameters[slot.range.clone()])?;
                watched.parameters.push(id);
            }
            let lags = self.geometry.plans[index].lags;
            if lags > 0 {
                watched.states.push((index, monitor.watch_lags(&names[index], lags)));
            }
            watched.activations.push(monitor.watch_activation(
                &names[index],
                self.geometry.channels[index],
                layer.bounds(),
            ));
        }
        Ok(watched)
    }

    /// Shows a monitor the output of every layer in the last forward pass, which is to have been one over its probe rows. Of images and
    /// sequences every position is a row of its own.
    ///
    /// # Errors
    /// [`Error::Foreign`] where the names are not this monitor's, or the workspace is not this network's.
    pub fn observe_activations(
        &self,
        monitor: &mut Monitor,
        watched: &Watched,
        probe: &Workspace<T>,
    ) -> Result<(), Error> {
        self.geometry.same_as(&probe.geometry, "the workspace")?;
        watched.activations.iter().enumerate().try_for_each(|(index, &id)| {
            monitor.activations(id, self.geometry.by_position(index, probe.values_of(index + 1)))
        })
    }

    /// Has a monitor look for the first layer whose output is not finite in the last forward pass: for when the loss is not.
    ///
    /// # Errors
    /// [`Error::Foreign`] where the names are not this monitor's, or the workspace is not this network's.
    pub fn observe_breakdown(
        &self,
        monitor: &mut Monitor,
        watched: &Watched,
        workspace: &Workspace<T>,
    ) -> Result<(), Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        watched.activations.iter().enumerate().try_for_each(|(index, &id)| {
            monitor.search(id, self.geometry.by_position(index, workspace.values_of(index + 1)))
        })
    }

    /// Shows a monitor the gradients that backward left, before they are clipped; those of the last layer first. Of recurrent layers also
    /// what was left of the derivative by their states, [lag by lag](Workspace::lag_norms).
    ///
    /// # Errors
    /// [`Error::Order`] before [`backward`](Self::backward); [`Error::Foreign`] where the names are not this monitor's, or the
    /// workspace is not this network's.
    pub fn observe_gradients(
        &self,
        monitor: &mut Monitor,
        watched: &Watched,
        workspace: &Workspace<T>,
    ) -> Result<(), Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        if workspace.stage != Stage::Backward {
            return Err(Error::Order { call: "observe_gradients", needs: "backward" });
        }
        // From the last to the first, as backward went: a gradient that is not finite spoils those of all layers before it.
        let slots = self.layout().slots().iter().zip(&workspace.norms).zip(&watched.parameters).rev();
        watched.states.iter().try_for_each(|&(index, id)| monitor.lag_norms(id, workspace.lag_norms_of(index)))?;
        slots.into_iter().try_for_each(|((slot, norm), &id)| {
            let gradient = &workspace.gradients[slot.range.clone()];
            match norm {
                Some(norm) => monitor.gradient_of_norm(id, gradient, *norm),
                None => monitor.gradient(id, gradient),
            }
        })
    }

    /// Shows a monitor the parameters after an update, and how much it changed them.
    ///
    /// # Errors
    /// [`Error::Foreign`] where the names are not this monitor's.
    pub fn observe_weights(
        &self,
        monitor: &mut Monitor,
        watched: &Watched,
        state: &OptimizerState<T>,
    ) -> Result<(), Error> {
        let slots = self.layout().slots().iter().zip(&watched.parameters).zip(state.update_norms());
        slots
            .into_iter()
            .try_for_each(|((slot, &id), &norm)| monitor.weights(id, &self.parameters[slot.range.clone()], norm))
    }
}
