//! `Network`: layers in order, and the arenas that hold their numbers.

mod builder;
mod design;
mod geometry;
mod lengths;
mod observe;
mod predict;
mod room;
mod step;
mod update;
mod workspace;

pub use builder::{MEMORY_LIMIT, NetworkBuilder};
pub(crate) use design::Design;
pub use observe::Watched;
pub use predict::Predictor;
pub use update::OptimizerState;
pub use workspace::Workspace;

use std::sync::Arc;

use crate::init::Target;
use crate::{Error, Float, InitMoments, InitReport, Layer, Layout, Mode, Pass, Plan, Rows, RowsMut};
use geometry::Geometry;
use room::Room;

/// Layers in order, with one flat vector of parameters and one of state.
///
/// It is built once, every shape checked, and then only its numbers change. Passes read it and write to a [`Workspace`], so it can be
/// shared between threads, and cloned at the cost of its numbers.
///
/// ```
/// use evenkeel::{Linear, Network, Rows, Tanh};
/// let network = Network::<f32>::builder(4)
///     .layer(Linear::new(16))
///     .layer(Tanh)
///     .layer(Linear::new(3))
///     .seed(1)
///     .build()?;
/// let outputs = network.predict(Rows::new(&[0.1, 0.2, 0.3, 0.4], 4)?)?;
/// assert_eq!(outputs.len(), 3);
/// assert_eq!(network.layer_names(), ["0.linear", "1.tanh", "2.linear"]);
/// assert_eq!(network.parameter("2.linear.bias")?.data(), [0.0; 3]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # A training step, part by part
///
/// ```
/// use evenkeel::*;
/// let mut network = Network::<f32>::builder(2).layer(Linear::new(8)).layer(Tanh).layer(Linear::new(1)).build()?;
/// let mut workspace = network.workspace(4)?; // room for four rows
/// let optimizer = Sgd::new(0.5)?.momentum(0.9)?;
/// let mut state = network.optimizer_state(&optimizer)?;
/// let mut clipper = GlobalNorm::new(1.0)?;
///
/// let x = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// let exclusive_or = [0.0, 1.0, 1.0, 0.0];
/// let mut loss = f64::INFINITY;
/// for step in 0..300 {
///     network.forward(Rows::new(&x, 2)?, Mode::Train, &mut workspace)?;
///     loss = network.loss(&MeanSquared::new(), Targets::Values(Rows::new(&exclusive_or, 1)?), &mut workspace)?;
///     network.backward(&mut workspace)?;
///     let verdict = NonFinite::Stop.decide(Some(&mut clipper), &mut network.gradients(&mut workspace)?, step)?;
///     network.update(&optimizer, &mut state, &mut workspace, verdict.clipped.pending, 0.5)?;
/// }
/// assert!(loss < 0.01, "{loss}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Network<T> {
    layers: Vec<Arc<dyn Layer<T>>>,
    geometry: Arc<Geometry>,
    parameters: Room<T>,
    /// What each parameter was drawn from.
    targets: Arc<[Target]>,
    state: Vec<T>,
    seed: u64,
    updates: u64,
}

impl<T: Float> Network<T> {
    /// Starts a network for rows of `n_in` numbers.
    pub fn builder(n_in: usize) -> NetworkBuilder<T> {
        NetworkBuilder::new(n_in)
    }

    /// How many numbers an input row has.
    pub fn n_in(&self) -> usize {
        self.geometry.widths[0]
    }

    /// How many numbers an output row has.
    pub fn n_out(&self) -> usize {
        self.geometry.widths[self.layers.len()]
    }

    /// The layers, in order.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &dyn Layer<T>> {
        self.layers.iter().map(|layer| &**layer)
    }

    /// The names of the layers: index and kind, such as `0.linear`.
    pub fn layer_names(&self) -> &[String] {
        &self.geometry.names
    }

    /// What the flat parameters mean.
    pub fn layout(&self) -> &Layout {
        &self.geometry.layout
    }

    /// All parameters, flat, in the order of the layout.
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// All parameters, flat, to change.
    pub fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    /// What the layers keep besides their parameters, such as running statistics.
    pub fn state(&self) -> &[T] {
        &self.state
    }

    /// The moments of the distribution that each parameter was drawn from, in the order of the layout; `None` where its initializer does not
    /// know them. They are those of the start, whatever training has made of the numbers since.
    ///
    /// ```
    /// use evenkeel::{He, Linear, Network};
    /// let network = Network::<f32>::builder(50).layer(Linear::new(10)).weights(He::normal()).build()?;
    /// let [weight, bias] = [0, 1].map(|at| network.init_moments().nth(at).flatten().expect("both are known"));
    /// assert_eq!((weight.variance, bias.variance), (2.0 / 50.0, 0.0));
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    pub fn init_moments(&self) -> impl ExactSizeIterator<Item = Option<InitMoments>> {
        self.targets.iter().map(|target| target.moments)
    }

    /// What each layer planned.
    pub(crate) fn plans(&self) -> &[Plan] {
        &self.geometry.plans
    }

    /// Has the noise of the layers be that of the pass after so many updates, and tells what it was.
    pub(crate) fn noise_of(&mut self, updates: u64) -> u64 {
        std::mem::replace(&mut self.updates, updates)
    }

    /// How many updates the network has had.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// One parameter by its full name, such as `0.linear.weight`, as rows.
    ///
    /// # Errors
    /// [`Error::Unknown`], listing the names there are.
    pub fn parameter(&self, name: &str) -> Result<Rows<'_, T>, Error> {
        let slot = self.layout().find(name)?;
        Ok(Rows::of(&self.parameters[slot.range.clone()], slot.param.cols))
    }

    /// One parameter by its full name, as rows to change.
    ///
    /// # Errors
    /// [`Error::Unknown`], listing the names there are.
    pub fn parameter_mut(&mut self, name: &str) -> Result<RowsMut<'_, T>, Error> {
        let slot = self.geometry.layout.find(name)?;
        Ok(RowsMut::of(&mut self.parameters[slot.range.clone()], slot.param.cols))
    }

    /// Compares the mean and the deviation of every parameter with those of what it was drawn from: right for a network that has just been
    /// built, or whose parameters were set to start it.
    pub fn init_report(&self) -> InitReport {
        let parameters = self.layout().slots().iter().zip(self.targets.iter());
        InitReport::of(parameters.map(|(slot, target)| (&slot.param, *target, &self.parameters[slot.range.clone()])))
    }

    /// Takes over the parameters, the state, the seed and the count of updates of another network of the same shape.
    ///
    /// # Errors
    /// [`Error::Foreign`] where the other network has another shape.
    pub fn copy_from(&mut self, other: &Self) -> Result<(), Error> {
        self.geometry.same_as(&other.geometry, "the network copied from")?;
        self.parameters.copy_from_slice(&other.parameters);
        self.state.copy_from_slice(&other.state);
        self.targets = Arc::clone(&other.targets);
        (self.seed, self.updates) = (other.seed, other.updates);
        Ok(())
    }

    /// Room for passes over up to `rows` rows: activations, what layers save, gradients. All that training allocates.
    ///
    /// # Errors
    /// [`Error::Argument`] for no rows; [`Error::TooLarge`] beyond the network's memory limit; [`Error::OutOfMemory`].
    pub fn workspace(&self, rows: usize) -> Result<Workspace<T>, Error> {
        Workspace::new(Arc::clone(&self.geometry), rows)
    }

    /// About how many multiplications and additions a pass over so many rows takes.
    fn operations(&self, rows: usize) -> usize {
        self.geometry.operations.saturating_mul(rows)
    }

    /// What layer `index` may read and write in a pass over `rows` rows; what it keeps goes into `saved`, which is of the right length.
    fn pass<'a>(
        &'a self,
        index: usize,
        rows: usize,
        lengths: &'a [usize],
        mode: Mode,
        saved: &'a mut [T],
        scratch: &'a mut [T],
    ) -> Pass<'a, T> {
        let plan: &Plan = &self.geometry.plans[index];
        Pass {
            plan,
            mode,
            params: &self.parameters[self.geometry.parameter_ranges[index].clone()],
            state: &self.state[self.geometry.state_ranges[index].clone()],
            saved,
            scratch: &mut scratch[..rows * plan.scratch_per_row],
            lengths,
            first_row: 0,
            fresh: plan.writes_gradients,
            seed: self.seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            step: self.updates,
        }
    }
}
