//! The update of a training step, and what an optimizer remembers from one to the next.

use super::Network;
use super::room::Room;
use super::workspace::{Stage, Workspace};
use crate::linalg::in_pool;
use crate::{Error, Float, Optimizer, Update};

/// What an optimizer remembers about a network: made by [`Network::optimizer_state`].
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerState<T> {
    slots: Room<T>,
    /// How many updates there were.
    step: u64,
    /// The norm of what the last update added to each parameter.
    norms: Vec<f64>,
    /// The name of the optimizer whose state it is.
    optimizer: &'static str,
}

impl<T> OptimizerState<T> {
    /// Whether both are of one optimizer and network.
    pub(crate) fn fits(&self, other: &Self) -> bool {
        self.is_of(other.optimizer, other.slots.len(), other.norms.len())
    }

    /// Whether it is that of an optimizer of this name, with so many slots in all, for so many parameters.
    fn is_of(&self, optimizer: &str, slots: usize, parameters: usize) -> bool {
        (self.optimizer, self.slots.len(), self.norms.len()) == (optimizer, slots, parameters)
    }

    /// The Euclidean norm of what the last update added to each parameter, in the order of the layout.
    pub fn update_norms(&self) -> &[f64] {
        &self.norms
    }

    /// How many updates there were.
    pub fn updates(&self) -> u64 {
        self.step
    }

    /// The share of the entries in which the optimizer divides by its epsilon: [`Optimizer::epsilon_share`]. `None` before the first
    /// update, and for another optimizer than the one whose state it is.
    pub fn epsilon_share(&self, optimizer: &dyn Optimizer<T>) -> Option<f64>
    where
        T: Float,
    {
        let own = optimizer.name() == self.optimizer && self.step > 0;
        own.then(|| optimizer.epsilon_share(&self.slots, self.step)).flatten()
    }
}

impl<T: Float> Network<T> {
    /// The memory that an optimizer needs for this network.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond the network's memory limit; [`Error::OutOfMemory`].
    pub fn optimizer_state(&self, optimizer: &dyn Optimizer<T>) -> Result<OptimizerState<T>, Error> {
        let len = self.layout().len().saturating_mul(optimizer.slots());
        let bytes = (len as u64).saturating_mul(size_of::<T>() as u64);
        Error::within("the optimizer's memory", bytes, self.geometry.memory_limit)?;
        let slots = Room::zeros("the optimizer's memory", len)?;
        let norms = vec![0.0; self.layout().slots().len()];
        Ok(OptimizerState { slots, step: 0, norms, optimizer: optimizer.name() })
    }

    /// Applies the gradients in the workspace, times `scale` (what a clipper left [pending](crate::Clipped::pending), else 1), at that
    /// learning rate; and gives the layers the state that they made of the pass, or of the parts that it was made of.
    ///
    /// # Errors
    /// [`Error::Order`] before [`backward`](Self::backward), or twice after one; [`Error::Argument`] for a scale or a rate that is
    /// negative or not finite; [`Error::Foreign`] where workspace or state belong to another network or optimizer.
    pub fn update(
        &mut self,
        optimizer: &dyn Optimizer<T>,
        state: &mut OptimizerState<T>,
        workspace: &mut Workspace<T>,
        scale: f64,
        rate: f64,
    ) -> Result<(), Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        if workspace.stage != Stage::Backward {
            return Err(Error::Order { call: "update", needs: "backward" });
        }
        Error::not_negative("update", "scale", scale)?;
        Error::not_negative("update", "rate", rate)?;
        let slots = self.parameters.len().saturating_mul(optimizer.slots());
        if !state.is_of(optimizer.name(), slots, self.layout().slots().len()) {
            return Err(Error::Foreign { what: "the optimizer's state" });
        }
        state.step += 1;
        let update = Update {
            layout: &self.geometry.layout,
            weights: &mut self.parameters,
            gradients: &workspace.gradients,
            slots: &mut state.slots,
            step: state.step,
            rate,
            scale,
            norms: &mut state.norms,
        };
        // A pass over memory, in which a number costs as much as some ten operations do in a register.
        in_pool(update.weights.len().saturating_mul(10), || optimizer.update(update));
        self.state.copy_from_slice(&workspace.state);
        self.updates += 1;
        workspace.done = 0;
        workspace.stage = Stage::Empty;
        Ok(())
    }
}
