//! `Design`: a network as theory sees it, whether its parameters are drawn or not.

use std::sync::Arc;

use super::geometry::Geometry;
use super::{Network, NetworkBuilder};
use crate::init::Target;
use crate::{Error, Float, ForecastBuilder, Layer, Plan};

/// The layers of a network, their plans, and what their parameters are drawn from; not the parameters.
#[derive(Debug)]
pub(crate) struct Design<'a, T> {
    layers: &'a [Arc<dyn Layer<T>>],
    geometry: Arc<Geometry>,
    targets: Arc<[Target]>,
}

impl<T: Float> Design<'_, T> {
    /// One layer after the other: its name, its plan, and how its parameters are drawn.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &dyn Layer<T>, &Plan, &[Target])> {
        let mut targets = &self.targets[..];
        let layers = self.layers.iter().zip(&self.geometry.plans).zip(&self.geometry.names);
        layers.map(move |((layer, plan), name)| {
            let (of_layer, rest) = targets.split_at(plan.params.len());
            targets = rest;
            (name.as_str(), &**layer, plan, of_layer)
        })
    }

    pub(crate) fn n_in(&self) -> usize {
        self.geometry.widths[0]
    }

    pub(crate) fn n_out(&self) -> usize {
        self.geometry.widths[self.layers.len()]
    }
}

impl<T: Float> Network<T> {
    pub(crate) fn design(&self) -> Design<'_, T> {
        Design { layers: &self.layers, geometry: Arc::clone(&self.geometry), targets: Arc::clone(&self.targets) }
    }
}

impl<T: Float> NetworkBuilder<T> {
    /// Starts a [`Forecast`](crate::Forecast) of the network before anything is drawn: of one that has no room here as well.
    ///
    /// ```
    /// use evenkeel::{Float, He, Linear, Network, Outlook, Relu};
    /// // Its parameters would take 67 GB.
    /// let layers = (0..1000).fold(Network::<f32>::builder(4096), |network, _| network.layer(Linear::new(4096)).layer(Relu));
    /// let forecast = layers.weights(He::normal()).forecast()?.build()?;
    /// assert_eq!(forecast.outlook(), Outlook::Sound);
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] for rows of no numbers, or no layers; [`Error::Layer`] where a layer is impossible.
    pub fn forecast(&self) -> Result<ForecastBuilder<'_, T>, Error> {
        let (geometry, _) = self.plan(u64::MAX)?;
        let targets = self.slots(&geometry).map(|(slot, choice)| choice.target(&slot.param)).collect();
        Ok(ForecastBuilder::new(Design { layers: &self.layers, geometry: Arc::new(geometry), targets }))
    }
}
