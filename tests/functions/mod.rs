//! Activations by their names: those of the crate, and of the tests' own what the reference values know besides.
#![allow(dead_code, reason = "each test uses its own part")]

use std::f64::consts::{FRAC_2_SQRT_PI, PI};

use evenkeel::*;

/// An activation whose type is forgotten, with what can only be asked of its type.
pub struct Known {
    pub layer: Box<dyn Layer<f64>>,
    pub edge: Box<dyn Fn(f64) -> Option<EdgeOfChaos>>,
    pub marginal: Box<dyn Fn() -> Option<EdgeOfChaos>>,
}

impl Known {
    fn of(activation: impl Activation + Clone + 'static) -> Self {
        let (edge, marginal) = (activation.clone(), activation.clone());
        Self {
            layer: Box::new(activation),
            edge: Box::new(move |bias_variance| EdgeOfChaos::of(&edge, bias_variance)),
            marginal: Box::new(move || EdgeOfChaos::marginal(&marginal)),
        }
    }

    /// The moments of f(x) and f'(x) where x is normal, of mean 0 and that variance.
    pub fn at(&self, variance: f64) -> Expectations {
        self.layer.pointwise().unwrap().expected(0.0, variance)
    }
}

pub fn known(name: &str) -> Known {
    match name {
        "identity" => Known::of(Identity),
        "relu" => Known::of(Relu),
        "leaky_relu_0.01" => Known::of(LeakyRelu::default()),
        "leaky_relu_0.2" => Known::of(LeakyRelu::new(0.2).unwrap()),
        "elu" => Known::of(Elu::default()),
        "selu" => Known::of(Selu),
        "gelu" => Known::of(Gelu),
        "silu" => Known::of(Silu),
        "mish" => Known::of(Mish),
        "tanh" => Known::of(Tanh),
        "sigmoid" => Known::of(Sigmoid),
        "hard_sigmoid" => Known::of(HardSigmoid),
        "softplus" => Known::of(Softplus),
        "softsign" => Known::of(Softsign),
        "exponential" => Known::of(Exponential),
        "erf" => Known::of(Own { name: "erf", f: erf, kinks: &[] }),
        "sin" => Known::of(Own { name: "sin", f: |x| (x.sin(), x.cos()), kinks: &[] }),
        "gelu_tanh" => Known::of(Own { name: "gelu_tanh", f: gelu_tanh, kinks: &[] }),
        "hard_tanh" => Known::of(Own { name: "hard_tanh", f: |x| clamped(x, -1.0, 1.0), kinks: &[-1.0, 1.0] }),
        "relu6" => Known::of(Own { name: "relu6", f: |x| clamped(x, 0.0, 6.0), kinks: &[0.0, 6.0] }),
        "hardswish" => Known::of(Own { name: "hardswish", f: hardswish, kinks: &[-3.0, 3.0] }),
        _ => panic!("no activation is named {name}"),
    }
}

/// A user's own activation: it needs only its function and its derivative, and where that is not smooth.
#[derive(Debug, Clone, Copy)]
struct Own {
    name: &'static str,
    /// f(x) and f'(x).
    f: fn(f64) -> (f64, f64),
    kinks: &'static [f64],
}

impl Activation for Own {
    fn name(&self) -> &'static str {
        self.name
    }

    fn value<T: Float>(&self, x: T) -> T {
        T::of((self.f)(x.get()).0)
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        T::of((self.f)(x.get()).1)
    }

    fn kinks(&self) -> &[f64] {
        self.kinks
    }
}

fn erf(x: f64) -> (f64, f64) {
    (libm::erf(x), FRAC_2_SQRT_PI * (-x * x).exp())
}

/// GELU as its paper approximates it: x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
fn gelu_tanh(x: f64) -> (f64, f64) {
    let root = (2.0 / PI).sqrt();
    let (t, inner) = ((root * (x + 0.044_715 * x.powi(3))).tanh(), root * (1.0 + 3.0 * 0.044_715 * x * x));
    (x * (1.0 + t) / 2.0, (1.0 + t) / 2.0 + x * (1.0 - t * t) * inner / 2.0)
}

fn clamped(x: f64, low: f64, high: f64) -> (f64, f64) {
    (x.clamp(low, high), if x > low && x < high { 1.0 } else { 0.0 })
}

/// x clamp(x + 3, 0, 6) / 6.
fn hardswish(x: f64) -> (f64, f64) {
    let (gate, slope) = clamped(x + 3.0, 0.0, 6.0);
    (x * gate / 6.0, (gate + x * slope) / 6.0)
}
