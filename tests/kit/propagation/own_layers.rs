//! Layers of one's own: what they say of moments is judged, whatever they are called.

use evenkeel::check::propagation;
use evenkeel::*;

use super::super::super::one_way::{Forward, OneWay};
use super::named;

/// Twice its input; of its second moment it says less.
#[derive(Debug)]
struct Doubled {
    claimed: f64,
}

impl Layer<f64> for Doubled {
    fn kind(&self) -> &'static str {
        "doubled"
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }
    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: &mut Pass<'_, f64>) -> Result<(), Error> {
        y.data_mut().iter_mut().zip(x.data()).for_each(|(y, x)| *y = 2.0 * x);
        Ok(())
    }
    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
        if let Some(mut dx) = dx {
            dx.data_mut().iter_mut().zip(dy.data()).for_each(|(dx, dy)| *dx = 2.0 * dy);
        }
    }
    fn moments(&self, _: &Plan, x: Moments, _: &[InitMoments]) -> Option<Propagated> {
        let y = Moments { mean: 2.0 * x.mean, second: self.claimed * x.second };
        Some(Propagated { y, back: Some(4.0) })
    }
}

/// ReLU with a quarter too much said of its second moment.
#[derive(Debug)]
struct Boast;

impl Activation for Boast {
    fn name(&self) -> &'static str {
        "boast"
    }
    fn value<T: Float>(&self, x: T) -> T {
        Relu.value(x)
    }
    fn slope<T: Float>(&self, x: T, y: T) -> T {
        Relu.slope(x, y)
    }
    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        let right = Relu.expectations(mean, variance);
        Expectations { second: 1.25 * right.second, ..right }
    }
}

#[test]
fn a_wrong_map_is_found_in_a_layer_of_ones_own() {
    let draw = |claimed: f64| {
        move |seed| {
            let network = Network::builder(9).layer(Linear::new(24)).layer(Doubled { claimed }).layer(Linear::new(4));
            network.seed(seed).build()
        }
    };
    propagation(draw(4.0)).run().unwrap();
    assert!(named(draw(2.0)).contains("mean square of 1.doubled"));
    let boast = named(|seed| {
        let network = Network::builder(9).layer(Linear::new(24)).layer(Boast).layer(Linear::new(4));
        network.seed(seed).build()
    });
    assert!(boast.contains("mean square of 1.boast"), "{boast}");
}

/// The mean of neighbours, as a user may write it: what it is judged by hangs on what it says of itself, not on its name.
#[derive(Debug)]
struct Pairs {
    kind: &'static str,
    structure: Structure,
}

impl Forward<f64> for Pairs {
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn structure(&self) -> Structure {
        self.structure
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in / 2))
    }
    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: &[f64]) {
        y.data_mut().iter_mut().zip(x.data().chunks(2)).for_each(|(y, x)| *y = (x[0] + x[1]) / 2.0);
    }
    fn moments(&self, x: Moments) -> Option<Propagated> {
        let y = Moments { mean: x.mean, second: x.mean * x.mean + x.variance() / 2.0 };
        Some(Propagated { y, back: None })
    }
}

#[test]
fn names_do_not_decide_what_is_judged() {
    let judged = |kind: &'static str, structure: Structure| {
        let draw = move |seed| {
            let network = Network::builder(9).layer(Linear::new(64)).layer(OneWay(Pairs { kind, structure }));
            network.layer(Linear::new(4)).seed(seed).build()
        };
        propagation(draw).report().unwrap().by_signal.contains(&format!("1.{kind}"))
    };
    for kind in ["pairs", "average_pool2d", "identity", "softmax"] {
        assert!(!judged(kind, Structure::Joint) && judged(kind, Structure::Other), "{kind}");
    }
}
