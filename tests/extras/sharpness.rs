//! Sharpness is the largest eigenvalue, and 2 / rate is where steps stop converging.

use evenkeel::*;

/// Rows whose second moments are known: along each axis a pair of opposite rows, so that the mean of x x^T is diagonal.
fn axes(lengths: &[f64]) -> Vec<f64> {
    let pair = |at: usize| [1.0, -1.0].into_iter().flat_map(move |sign| (0..lengths.len()).map(move |j| (j, sign, at)));
    (0..lengths.len()).flat_map(pair).map(|(j, sign, at)| if j == at { sign * lengths[at] } else { 0.0 }).collect()
}

const LENGTHS: [f64; 4] = [1.0, 2.0, 0.5, 3.0];

/// The mean of squares over 8 rows and 2 outputs: the Hessian is 2 / 16 times the sum of x x^T, 2 * 9 along the longest axis.
const LARGEST: f64 = 2.0 / 16.0 * 2.0 * 9.0;

fn linear<T: Float>() -> Network<T> {
    Network::builder(4).layer(Linear::without_bias(2)).seed(3).build().unwrap()
}

fn found<T: Float>() -> Sharpness {
    let mut network = linear::<T>();
    let before = network.parameters().to_vec();
    let mut workspace = network.workspace(8).unwrap();
    let x: Vec<T> = axes(&LENGTHS).into_iter().map(T::of).collect();
    let t: Vec<T> = (0..16).map(|at| T::of(f64::from(at).sin())).collect();
    let (x, t) = (Rows::new(&x, 4).unwrap(), Targets::Values(Rows::new(&t, 2).unwrap()));
    let found = sharpness(&mut network, &mut workspace, x, t, &MeanSquared::new(), 100).unwrap();
    assert_eq!(network.parameters(), before);
    found
}

#[test]
fn of_a_quadratic_it_is_known() {
    for found in [found::<f64>(), found::<f32>()] {
        assert!((found.value / LARGEST - 1.0).abs() < 0.01, "{found:?}");
        assert!(found.residual <= 1e-3 * LARGEST && found.iterations < 100, "{found:?}");
    }
}

#[test]
pub fn two_over_the_rate_is_where_descent_diverges() {
    let found = found::<f64>();
    for (rate, converges) in [(0.98 * 2.0 / LARGEST, true), (1.02 * 2.0 / LARGEST, false)] {
        let data = Dataset::values(axes(&LENGTHS), 4, (0..16).map(|at| f64::from(at).sin()).collect(), 2).unwrap();
        let trainer =
            Trainer::builder(linear::<f64>(), MeanSquared::new(), Sgd::new(rate).unwrap()).batch(8).epochs(800);
        let mut trainer = trainer.build().unwrap();
        trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
        let losses: Vec<f64> = trainer.history().iter().map(|epoch| epoch.loss).collect();
        assert_eq!(losses[799] < losses[0], converges, "{} {}", losses[0], losses[799]);
        assert_eq!(found.finding(rate, 0.0, 5).is_none(), converges);
        // Momentum of 0.9 nearly doubles what can be followed.
        assert!(found.finding(rate, 0.9, 5).is_none());
    }
    let finding = found.finding(1.0, 0.0, 5).unwrap();
    assert_eq!((finding.symptom, finding.severity, finding.step), (Symptom::EdgeOfStability, Severity::Info, 5));
    assert!(finding.symptom.is_extra() && finding.message.contains("overshoot"));
}

/// Gradient descent on all rows of a small problem becomes sharper until it is at 2 / rate, and stays about there.
#[test]
fn training_goes_to_the_edge_and_stays() {
    let x: Vec<f64> = (0..40).map(|at| f64::from(at) / 20.0 - 0.975).collect();
    let t: Vec<f64> = x.iter().map(|x| (4.0 * x).sin()).collect();
    let data = Dataset::values(x.clone(), 1, t.clone(), 1).unwrap();
    let at_end = |rate: f64, steps: u64| {
        let builder = Network::<f64>::builder(1).layer(Linear::new(24)).layer(Tanh).layer(Linear::new(24)).layer(Tanh);
        let network = builder.layer(Linear::new(1)).seed(1).build().unwrap();
        let trainer = Trainer::builder(network, MeanSquared::new(), Sgd::new(rate).unwrap()).batch(40).epochs(steps);
        let mut trainer = trainer.build().unwrap();
        trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
        let mut network = trainer.into_network();
        let mut workspace = network.workspace(40).unwrap();
        let (x, t) = (Rows::new(&x, 1).unwrap(), Targets::Values(Rows::new(&t, 1).unwrap()));
        sharpness(&mut network, &mut workspace, x, t, &MeanSquared::new(), 200).unwrap()
    };
    let rate = 0.1;
    let (start, end) = (at_end(rate, 1), at_end(rate, 4000));
    let limit = Sharpness::limit(rate, 0.0);
    assert!(start.value < 0.5 * limit, "{start:?}");
    assert!((0.8..1.3).contains(&(end.value / limit)), "{end:?} {limit}");
    // The weights of the end are too sharp for twice the rate.
    assert!(end.finding(2.0 * rate, 0.0, 4000).is_some());
    assert!(start.finding(rate, 0.0, 0).is_none());
}

#[test]
fn what_is_wrong_is_refused_and_nothing_is_changed() {
    let mut network = linear::<f64>();
    let mut workspace = network.workspace(1).unwrap();
    let (x, t) = ([1.0, f64::NAN, 1.0, 1.0], [0.0; 2]);
    let (x, t) = (Rows::new(&x, 4).unwrap(), Targets::Values(Rows::new(&t, 2).unwrap()));
    let before = network.parameters().to_vec();
    let loss = MeanSquared::new();
    let none = sharpness(&mut network, &mut workspace, x, t, &loss, 0);
    assert!(matches!(none, Err(Error::Argument { .. })), "{none:?}");
    let found = sharpness(&mut network, &mut workspace, x, t, &loss, 5).unwrap();
    assert!(found.value.is_nan() && found.finding(0.1, 0.0, 0).is_none(), "{found:?}");
    let wide = [0.0; 3];
    let wide = Targets::Values(Rows::new(&wide, 3).unwrap());
    assert!(sharpness(&mut network, &mut workspace, x, wide, &loss, 5).is_err());
    assert_eq!(network.parameters(), before);
}
