//! Layers of the tests' own that nobody asks for a derivative.

use evenkeel::*;

/// All that such a layer does.
pub trait Forward<T: Float>: std::fmt::Debug + Send + Sync {
    fn kind(&self) -> &'static str;
    fn plan(&self, n_in: usize) -> Result<Plan, Error>;
    fn structure(&self) -> Structure {
        Structure::Other
    }
    fn moments(&self, _: Moments) -> Option<Propagated> {
        None
    }
    /// Unless it says otherwise, outputs stay as they are.
    fn forward(&self, _x: Rows<'_, T>, _y: RowsMut<'_, T>, _params: &[T]) {}
}

/// It, as a layer.
#[derive(Debug)]
pub struct OneWay<L>(pub L);

impl<T: Float, L: Forward<T>> Layer<T> for OneWay<L> {
    fn kind(&self) -> &'static str {
        self.0.kind()
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        self.0.plan(n_in)
    }
    fn structure(&self) -> Structure {
        self.0.structure()
    }
    fn moments(&self, _: &Plan, x: Moments, _: &[InitMoments]) -> Option<Propagated> {
        self.0.moments(x)
    }
    fn forward(&self, x: Rows<'_, T>, y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        self.0.forward(x, y, pass.params);
        Ok(())
    }
    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        _: Option<RowsMut<'_, T>>,
        _: &mut [T],
        _: &mut Pass<'_, T>,
    ) {
    }
}

/// Holds a parameter, and does nothing.
#[derive(Debug)]
pub struct Holder(pub Param);

impl<T: Float> Forward<T> for Holder {
    fn kind(&self) -> &'static str {
        "holder"
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(self.0.clone()))
    }
}
