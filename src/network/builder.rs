//! `NetworkBuilder`: from layers to a network, every shape checked.

use std::sync::Arc;

use super::Network;
use super::geometry::Geometry;
use super::room::Room;
use crate::init::Target;
use crate::layer::fitting;
use crate::linalg::first_non_finite;
use crate::{Draws, Error, Float, Generator, InitMoments, Initializer, Layer, Param, Role, Slot};

/// How much memory a network, and each of its workspaces, may take unless told otherwise: 4 GiB.
pub const MEMORY_LIMIT: u64 = 4 << 30;

/// Collects what a [`Network`] is to be made of.
///
/// ```
/// use evenkeel::{He, Linear, Network, Normal, Relu, Zeros};
/// let network = Network::<f32>::builder(64)
///     .layer(Linear::new(32))
///     .layer(Relu)
///     .layer(Linear::new(10).weights(Normal::new(0.0, 0.01)?)) // for this layer alone
///     .weights(He::uniform()) // for every other
///     .biases(Zeros)
///     .seed(7)
///     .build()?;
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug)]
pub struct NetworkBuilder<T> {
    n_in: usize,
    pub(super) layers: Vec<Arc<dyn Layer<T>>>,
    weights: Option<Box<dyn Initializer<T>>>,
    biases: Option<Box<dyn Initializer<T>>>,
    seed: u64,
    memory_limit: u64,
}

impl<T: Float> NetworkBuilder<T> {
    pub(super) fn new(n_in: usize) -> Self {
        Self { n_in, layers: Vec::new(), weights: None, biases: None, seed: 0, memory_limit: MEMORY_LIMIT }
    }

    /// Adds a layer behind those already there.
    pub fn layer(self, layer: impl Layer<T> + 'static) -> Self {
        self.shared(Arc::new(layer))
    }

    /// Adds a layer whose type is only known when the program runs.
    pub fn boxed(self, layer: Box<dyn Layer<T>>) -> Self {
        self.shared(layer.into())
    }

    fn shared(mut self, layer: Arc<dyn Layer<T>>) -> Self {
        self.layers.push(layer);
        self
    }

    /// The initializer of all weights whose layer has none of its own. Without it, weights start as the layer behind theirs asks for,
    /// and [`Xavier::normal`](crate::Xavier::normal) where it asks for nothing.
    pub fn weights(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { weights: Some(Box::new(initializer)), ..self }
    }

    /// The initializer of all biases whose layer has none of its own; 0 without it.
    pub fn biases(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { biases: Some(Box::new(initializer)), ..self }
    }

    /// The seed that every random number of the network follows from; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How many bytes the network, and each of its workspaces, may take; [`MEMORY_LIMIT`] unless given.
    pub fn memory_limit(self, bytes: u64) -> Self {
        Self { memory_limit: bytes, ..self }
    }

    /// Checks every shape and draws the parameters.
    ///
    /// # Errors
    /// [`Error::Empty`] for rows of no numbers, or no layers; [`Error::TooLarge`] beyond the memory limit;
    /// [`Error::OutOfMemory`]; [`Error::Layer`] where a layer is impossible, or an initializer fails or draws what is not finite.
    pub fn build(self) -> Result<Network<T>, Error> {
        let (geometry, state) = self.plan(self.memory_limit)?;
        let mut parameters = Room::zeros("the parameters", geometry.layout.len())?;
        let mut targets = Vec::with_capacity(geometry.layout.slots().len());
        for (slot, initializer) in self.slots(&geometry) {
            targets.push(initializer.target(&slot.param));
            let out = &mut parameters[slot.range.clone()];
            let mut generator = Generator::named(self.seed, &slot.param.name);
            let drawn = match initializer {
                Choice::Given(initializer) => initializer.fill(&slot.param, out, &mut generator),
                Choice::Fitting(initializer) => initializer.fill(&slot.param, out, &mut generator),
                Choice::Number(number) => {
                    out.fill(T::of(number));
                    Ok(())
                }
            };
            let bad = first_non_finite(out);
            let finite = bad.map_or(Ok(()), |index| {
                let what = format!("the starting values of {}", slot.param.name);
                Err(Error::NonFinite { what, index, value: out[index].get(), step: 0 })
            });
            drawn.and(finite).map_err(|error| error.in_layer(&geometry.names[slot.layer]))?;
        }
        Ok(Network {
            layers: self.layers,
            geometry: Arc::new(geometry),
            parameters,
            targets: targets.into(),
            state: state.into_iter().map(T::of).collect(),
            seed: self.seed,
            updates: 0,
        })
    }

    /// Every parameter, and where its starting values come from.
    pub(super) fn slots<'a>(&'a self, geometry: &'a Geometry) -> impl Iterator<Item = (&'a Slot, Choice<'a, T>)> {
        geometry.layout.slots().iter().enumerate().map(|(at, slot)| {
            // A layer knows its parameters by the names in its plan.
            let planned = &geometry.plans[slot.layer].params[at - geometry.slot_ranges[slot.layer].start];
            (slot, self.initializer(slot.layer, planned))
        })
    }

    /// Every width and range, and the starting values of the state.
    pub(super) fn plan(&self, memory_limit: u64) -> Result<(Geometry, Vec<f64>), Error> {
        if self.n_in == 0 {
            return Err(Error::Empty { what: "an input row" });
        }
        if self.layers.is_empty() {
            return Err(Error::Empty { what: "the list of layers" });
        }
        // What cannot pass a single row is no network.
        let row = |what, width: usize| {
            Error::within(what, (width as u64).saturating_mul(size_of::<T>() as u64), memory_limit)
        };
        row("an input row", self.n_in)?;
        let mut geometry = Geometry { widths: vec![self.n_in], memory_limit, ..Geometry::default() };
        let mut state = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let name = format!("{index}.{}", layer.kind());
            let mut plan = || {
                let plan = layer.plan(geometry.widths[index])?;
                Error::at_least_one("Plan", "n_out", plan.n_out)?;
                row("an output row", plan.n_out)?;
                let (start, first) = (geometry.layout.len(), geometry.layout.slots().len());
                for param in &plan.params {
                    geometry.layout.push(index, &name, param.clone())?;
                }
                let bytes = (geometry.layout.len() as u64).saturating_mul(size_of::<T>() as u64);
                Error::within("the parameters", bytes, memory_limit)?;
                geometry.parameter_ranges.push(start..geometry.layout.len());
                geometry.slot_ranges.push(first..geometry.layout.slots().len());
                Ok(plan)
            };
            let plan = plan().map_err(|error: Error| error.in_layer(&name))?;
            geometry.state_ranges.push(state.len()..state.len() + plan.state.len());
            state.extend_from_slice(&plan.state);
            geometry.operations = geometry.operations.saturating_add(plan.operations());
            let channels = geometry.channels_behind(&plan);
            geometry.channels.push(channels);
            geometry.widths.push(plan.n_out);
            geometry.names.push(name);
            geometry.plans.push(plan);
        }
        Ok((geometry, state))
    }

    fn initializer(&self, layer: usize, param: &Param) -> Choice<'_, T> {
        let own = self.layers[layer].initializer(param);
        let everywhere = match param.role {
            Role::Weight => self.weights.as_deref(),
            Role::Bias => self.biases.as_deref(),
            Role::Gain => None,
        };
        if let Some(given) = own.or(everywhere) {
            return Choice::Given(given);
        }
        let behind = self.layers[layer + 1..].iter().map(|layer| &**layer);
        match fitting(&*self.layers[layer], param, behind) {
            Some(fitting) => Choice::Fitting(fitting),
            None => Choice::Number(if param.role == Role::Gain { 1.0 } else { 0.0 }),
        }
    }
}

/// Where a parameter's starting values come from.
pub(super) enum Choice<'a, T> {
    Given(&'a dyn Initializer<T>),
    Fitting(Box<dyn Initializer<T>>),
    Number(f64),
}

impl<T: Float> Choice<'_, T> {
    pub(super) fn target(&self, param: &Param) -> Target {
        let of = |initializer: &dyn Initializer<T>| Target {
            moments: initializer.moments(param),
            draws: initializer.draws(param),
        };
        match self {
            Self::Given(initializer) => of(*initializer),
            Self::Fitting(initializer) => of(initializer),
            Self::Number(mean) => Target {
                moments: Some(InitMoments { mean: *mean, variance: 0.0, kurtosis: None }),
                draws: Draws::Independent,
            },
        }
    }
}
