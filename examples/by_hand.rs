//! A training loop with no network of this crate at all, watched by a monitor that is fed with plain slices.
//!
//! The model is a 2-8-1 tanh network written out by hand, as it might stand in anybody's program; it learns exclusive or, once from
//! random weights and once from equal ones.

use evenkeel::{Bounds, Error, Generator, Monitor, Param, Rows};
use rand::RngExt;

const HIDDEN: usize = 8;
const RATE: f64 = 0.2;
const X: [[f64; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
const TARGET: [f64; 4] = [0.0, 1.0, 1.0, 0.0];

fn main() -> Result<(), Error> {
    let mut generator = Generator::named(1, "weights");
    println!("random weights\n{}\n", train(|| generator.random_range(-1.0..1.0))?);
    println!("equal weights\n{}", train(|| 0.5)?);
    Ok(())
}

fn train(mut draw: impl FnMut() -> f64) -> Result<evenkeel::StabilityReport, Error> {
    // hidden = tanh(x A + b), output = hidden c
    let mut a: Vec<f64> = (0..2 * HIDDEN).map(|_| draw()).collect();
    let mut b = vec![0.0; HIDDEN];
    let mut c: Vec<f64> = (0..HIDDEN).map(|_| draw()).collect();

    // Names are registered once, from input to output.
    let mut monitor = Monitor::new();
    let a_id = monitor.watch_parameter("hidden", &Param::weight(2, HIDDEN));
    let b_id = monitor.watch_parameter("hidden", &Param::bias(HIDDEN));
    let hidden_id =
        monitor.watch_activation("hidden", HIDDEN, Bounds { low: Some(-1.0), high: Some(1.0), ..Bounds::NONE });
    let c_id = monitor.watch_parameter("output", &Param::weight(HIDDEN, 1));
    monitor.initial(a_id, &a)?;
    monitor.initial(c_id, &c)?;

    for step in 0..2000 {
        monitor.begin(step);
        let hidden: Vec<f64> = X
            .iter()
            .flat_map(|x| {
                (0..HIDDEN).map(|unit| (x[0] * a[unit] + x[1] * a[HIDDEN + unit] + b[unit]).tanh()).collect::<Vec<_>>()
            })
            .collect();
        let error: Vec<f64> = (0..4)
            .map(|row| (0..HIDDEN).map(|unit| hidden[row * HIDDEN + unit] * c[unit]).sum::<f64>() - TARGET[row])
            .collect();
        let loss = error.iter().map(|e| e * e).sum::<f64>() / 4.0;

        let (mut da, mut db, mut dc) = (vec![0.0; 2 * HIDDEN], vec![0.0; HIDDEN], vec![0.0; HIDDEN]);
        for row in 0..4 {
            for unit in 0..HIDDEN {
                let (h, dy) = (hidden[row * HIDDEN + unit], error[row] / 2.0);
                dc[unit] += dy * h;
                let dz = dy * c[unit] * (1.0 - h * h);
                db[unit] += dz;
                da[unit] += dz * X[row][0];
                da[HIDDEN + unit] += dz * X[row][1];
            }
        }

        if monitor.looking() {
            monitor.activations(hidden_id, Rows::new(&hidden, HIDDEN)?)?;
        }
        for (id, weights, gradient) in [(a_id, &mut a, &da), (b_id, &mut b, &db), (c_id, &mut c, &dc)] {
            monitor.gradient(id, gradient)?;
            weights.iter_mut().zip(gradient).for_each(|(w, g)| *w -= RATE * g);
            let update = RATE * gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            monitor.weights(id, weights, update)?;
        }
        monitor.end(loss);
    }
    Ok(monitor.report())
}
