//! The parts of a training step up to its gradients: forward, loss, backward.

use super::Network;
use super::workspace::{Stage, Workspace};
use crate::linalg::{in_pool, norm, vectorized};
use crate::{Error, Float, Gradients, Loss, Mode, Rows, RowsMut, Targets};

impl<T: Float> Network<T> {
    /// Computes the output for the rows of `x`, and keeps in the workspace what backward needs.
    ///
    /// # Errors
    /// [`Error::Size`] where a row has the wrong length, or there are more rows than the workspace has room for;
    /// [`Error::Empty`] for no rows; [`Error::Foreign`] for another network's workspace; [`Error::Layer`] where a layer refuses.
    pub fn forward<'a>(
        &self,
        x: Rows<'_, T>,
        mode: Mode,
        workspace: &'a mut Workspace<T>,
    ) -> Result<Rows<'a, T>, Error> {
        Error::same_size("the numbers of an input row", self.n_in(), x.cols())?;
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        workspace.input(x.rows())?.data_mut().copy_from_slice(x.data());
        self.forward_input(mode, workspace)
    }

    /// As [`forward`](Self::forward), for rows that were written to [`Workspace::input`].
    ///
    /// # Errors
    /// [`Error::Order`] where nothing was written there; [`Error::Size`] where lengths were set, but not one a row; else as [`forward`](Self::forward).
    pub fn forward_input<'a>(&self, mode: Mode, workspace: &'a mut Workspace<T>) -> Result<Rows<'a, T>, Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        let rows = workspace.rows;
        if rows == 0 {
            return Err(Error::Order { call: "forward_input", needs: "input" });
        }
        // Should a layer refuse the rows, what the workspace then holds is of no pass.
        workspace.stage = Stage::Empty;
        workspace.lengths.begin(rows)?;
        in_pool(self.operations(rows), || self.forward_layers(mode, workspace))?;
        workspace.stage = Stage::Forward(mode);
        Ok(workspace.output())
    }

    fn forward_layers(&self, mode: Mode, workspace: &mut Workspace<T>) -> Result<(), Error> {
        let rows = workspace.rows;
        for (index, layer) in self.layers.iter().enumerate() {
            let (n_in, n_out) = (self.geometry.widths[index], self.geometry.widths[index + 1]);
            let (before, after) = workspace.values.split_at_mut(index + 1);
            let x = Rows::of(&before[index][..rows * n_in], n_in);
            let y = RowsMut::of(&mut after[0][..rows * n_out], n_out);
            let saved = &mut workspace.saved[index][..self.geometry.plans[index].saved_for(rows)];
            let scratch = &mut workspace.scratch;
            let mut pass = self.pass(index, rows, workspace.lengths.of_pass(), mode, saved, scratch);
            pass.first_row = workspace.first;
            layer.forward(x, y, &mut pass).map_err(|error| error.in_layer(&self.geometry.names[index]))?;
        }
        Ok(())
    }

    /// As [`forward`](Self::forward) in training mode, for rows that are part of a larger batch, the first of them its row `first`: the
    /// batch goes forward and back part by part, in the memory that one part takes, and is followed by one update.
    ///
    /// The gradients of the parts are added up: what [`gradients`](Self::gradients), clipper, monitor and optimizer see is the gradient
    /// of the batch, equal but for rounding to that of all rows at once, if the loss of each part is taken as [a share of
    /// it](Self::loss_part). Noise is that of the row in the batch. Only a layer that looks at a batch as a whole sees each part
    /// instead, and folds each into its state.
    ///
    /// ```
    /// use evenkeel::*;
    /// let mut network = Network::<f64>::builder(1).layer(Linear::new(8)).layer(Tanh).layer(Linear::new(1)).build()?;
    /// let (loss, x, t) = (MeanSquared::new(), [-1.0, -0.5, 0.0, 0.5, 1.0], [1.0, 0.25, 0.0, 0.25, 1.0]);
    /// let whole = Targets::Values(Rows::new(&t, 1)?);
    /// let mut at_once = network.workspace(5)?;
    /// network.forward(Rows::new(&x, 1)?, Mode::Train, &mut at_once)?;
    /// network.loss(&loss, whole, &mut at_once)?;
    /// network.backward(&mut at_once)?;
    ///
    /// let mut workspace = network.workspace(2)?; // room for two rows
    /// let divisor = Loss::<f64>::divisor(&loss, whole);
    /// for (part, (x, t)) in x.chunks(2).zip(t.chunks(2)).enumerate() {
    ///     network.forward_part(Rows::new(x, 1)?, 2 * part, &mut workspace)?;
    ///     network.loss_part(&loss, Targets::Values(Rows::new(t, 1)?), divisor, &mut workspace)?;
    ///     network.backward(&mut workspace)?;
    /// }
    /// for (one, other) in workspace.gradients().iter().zip(at_once.gradients()) {
    ///     assert!((one - other).abs() < 1e-15);
    /// }
    /// let optimizer = Sgd::new(0.1)?;
    /// let mut state = network.optimizer_state(&optimizer)?;
    /// network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1)?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Size`] unless `first` is 0, which begins a batch, or as many rows as have been through backward since; else as
    /// [`forward`](Self::forward).
    pub fn forward_part<'a>(
        &self,
        x: Rows<'_, T>,
        first: usize,
        workspace: &'a mut Workspace<T>,
    ) -> Result<Rows<'a, T>, Error> {
        Error::same_size("the numbers of an input row", self.n_in(), x.cols())?;
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        workspace.input_part(x.rows(), first)?.data_mut().copy_from_slice(x.data());
        self.forward_input(Mode::Train, workspace)
    }

    /// Computes the loss of the last forward pass and its derivative by the output, which backward starts from.
    ///
    /// # Errors
    /// [`Error::Order`] before [`forward`](Self::forward) in training mode; else as [`Loss::evaluate`].
    pub fn loss(
        &self,
        loss: &dyn Loss<T>,
        targets: Targets<'_, T>,
        workspace: &mut Workspace<T>,
    ) -> Result<f64, Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        if workspace.stage != Stage::Forward(Mode::Train) {
            return Err(Error::Order { call: "loss", needs: "forward in training mode" });
        }
        let len = workspace.rows * self.n_out();
        let out = Rows::of(&workspace.values[self.layers.len()][..len], self.n_out());
        let gradient = RowsMut::of(&mut workspace.deltas[0][..len], self.n_out());
        let value = loss.evaluate(out, targets, Some(gradient))?;
        workspace.stage = Stage::Loss;
        Ok(value)
    }

    /// As [`loss`](Self::loss), for a [part of a batch](Self::forward_part): loss and derivative as the share that the part has in those of
    /// the batch, given the [`divisor`](Loss::divisor) of all its targets. The shares of all parts add up to the loss of the batch.
    ///
    /// # Errors
    /// [`Error::Argument`] where `divisor` is zero, negative or not finite; else as [`loss`](Self::loss).
    pub fn loss_part(
        &self,
        loss: &dyn Loss<T>,
        targets: Targets<'_, T>,
        divisor: f64,
        workspace: &mut Workspace<T>,
    ) -> Result<f64, Error> {
        Error::positive("loss_part", "divisor", divisor)?;
        let value = self.loss(loss, targets, workspace)?;
        let share = loss.divisor(targets) / divisor;
        if share != 1.0 {
            let gradient = &mut workspace.deltas[0][..workspace.rows * self.n_out()];
            vectorized(|| gradient.iter_mut().for_each(|g| *g = T::of(g.get() * share)));
        }
        Ok(share * value)
    }

    /// Computes the gradient of every parameter, from the last to the first layer; behind the first [part](Self::forward_part) of a batch
    /// the gradients are added to those that are there.
    ///
    /// # Errors
    /// [`Error::Order`] before [`loss`](Self::loss).
    pub fn backward(&self, workspace: &mut Workspace<T>) -> Result<(), Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        if workspace.stage != Stage::Loss {
            return Err(Error::Order { call: "backward", needs: "loss" });
        }
        in_pool(self.operations(workspace.rows), || self.backward_layers(workspace, |_, _| {}));
        self.commit(workspace);
        workspace.done = workspace.first + workspace.rows;
        workspace.stage = Stage::Backward;
        Ok(())
    }

    /// Computes the gradient of every parameter from that of the loss by the output, or, where none is given, from what
    /// [`loss`](Self::loss) left; and shows that by the output of each layer, the last one's first.
    ///
    /// # Errors
    /// [`Error::Order`] before [`forward`](Self::forward) in training mode, or before [`loss`](Self::loss) where no gradient is given;
    /// [`Error::Size`] where one is given that is not as long as the output; [`Error::Foreign`] for another network's workspace.
    pub(crate) fn backward_seen(
        &self,
        workspace: &mut Workspace<T>,
        by_output: Option<&[T]>,
        seen: impl FnMut(usize, Rows<'_, T>) + Send,
    ) -> Result<(), Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        match (by_output, workspace.stage) {
            (Some(given), Stage::Forward(Mode::Train)) => {
                let len = workspace.rows * self.n_out();
                Error::same_size("the gradient by the output", len, given.len())?;
                workspace.deltas[0][..len].copy_from_slice(given);
            }
            (None, Stage::Loss) => {}
            (Some(_), _) => return Err(Error::Order { call: "backward", needs: "forward in training mode" }),
            (None, _) => return Err(Error::Order { call: "backward", needs: "loss" }),
        }
        in_pool(self.operations(workspace.rows), || self.backward_layers(workspace, seen));
        workspace.stage = Stage::Empty;
        Ok(())
    }

    /// Lets the layers fold what the pass left into the state that the update will give them.
    fn commit(&self, workspace: &mut Workspace<T>) {
        let mut state = std::mem::take(&mut workspace.state);
        if workspace.first == 0 {
            state.copy_from_slice(&self.state);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            layer.commit(&workspace.passed(index), &mut state[self.geometry.state_ranges[index].clone()]);
        }
        workspace.state = state;
    }

    fn backward_layers(&self, workspace: &mut Workspace<T>, mut seen: impl FnMut(usize, Rows<'_, T>)) {
        let rows = workspace.rows;
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let (n_in, n_out) = (self.geometry.widths[index], self.geometry.widths[index + 1]);
            let x = Rows::of(&workspace.values[index][..rows * n_in], n_in);
            let y = Rows::of(&workspace.values[index + 1][..rows * n_out], n_out);
            let [dy, dx] = &mut workspace.deltas;
            let dy = Rows::of(&dy[..rows * n_out], n_out);
            seen(index, dy);
            // Nobody asks for the derivative by the input of the network.
            let dx = (index > 0).then(|| RowsMut::of(&mut dx[..rows * n_in], n_in));
            let range = self.geometry.parameter_ranges[index].clone();
            let gradients = &mut workspace.gradients[range];
            let fresh = workspace.first == 0;
            if fresh && !self.geometry.plans[index].writes_gradients {
                gradients.fill(T::zero());
            }
            let saved = &mut workspace.saved[index][..self.geometry.plans[index].saved_for(rows)];
            let lengths = workspace.lengths.of_pass();
            let mut pass = self.pass(index, rows, lengths, Mode::Train, saved, &mut workspace.scratch);
            pass.first_row = workspace.first;
            pass.fresh &= fresh;
            layer.backward(x, y, dy, dx, gradients, &mut pass);
            workspace.deltas.swap(0, 1);
            // Clipper and monitor ask for the norms: they are taken here, while the gradients are in the cache.
            for at in self.geometry.slot_ranges[index].clone() {
                let slot = &self.geometry.layout.slots()[at];
                workspace.norms[at] = Some(norm(&workspace.gradients[slot.range.clone()]));
            }
        }
    }

    /// The gradients that the last backward pass left, with what they belong to: what a clipper is given.
    ///
    /// # Errors
    /// [`Error::Order`] before [`backward`](Self::backward); [`Error::Foreign`] for another network's workspace.
    pub fn gradients<'a>(&'a self, workspace: &'a mut Workspace<T>) -> Result<Gradients<'a, T>, Error> {
        self.geometry.same_as(&workspace.geometry, "the workspace")?;
        if workspace.stage != Stage::Backward {
            return Err(Error::Order { call: "gradients", needs: "backward" });
        }
        Ok(Gradients::measured(self.layout(), &self.parameters, &mut workspace.gradients, &mut workspace.norms))
    }
}
