//! What a recurrent layer starts with: how long a forget gate remembers, and how large its matrix is.

use evenkeel::*;

use super::fill_normal;
use super::reference::{close, number, reference};

/// A pulse in a cell that nothing else enters: from step to step sigmoid(b) of it is left, and it fades over -1 / ln of that.
#[test]
fn a_forget_gate_remembers_as_long_as_its_bias_says() {
    const STEPS: usize = 9;
    for (bias, timescale) in reference("forget_gates").as_object().unwrap() {
        let layer = Lstm::new(STEPS, 1, 1).unwrap().forget_bias(bias.parse().unwrap()).unwrap();
        let mut network = Network::<f64>::builder(STEPS).layer(layer).build().unwrap();
        network.parameter_mut("0.lstm.weight").unwrap().data_mut().copy_from_slice(&[0.0, 0.0, 0.0, 1.0]);
        network.parameter_mut("0.lstm.recurrent_weight").unwrap().data_mut().fill(0.0);
        let mut pulse = [0.0; STEPS];
        pulse[0] = 1.0;
        let states = network.predict(Rows::new(&pulse, STEPS).unwrap()).unwrap();
        // The output gate is at 1/2.
        let cells: Vec<f64> = states.iter().map(|state| (2.0 * state).atanh()).collect();
        let fades = (cells[0] / cells[STEPS - 1]).ln() / (STEPS - 1) as f64;
        // A few roundings of states of 1e-3 and more, over 8 steps, relative to a logarithm of 0.007 and more.
        close(&format!("bias {bias}"), fades.recip(), number(timescale), 1e-9);
    }
}

/// What is 0 by symmetry is not said to be what rounding leaves of it.
#[test]
fn states_of_odd_functions_have_no_mean() {
    let rnn = Network::<f64>::builder(8 * 30).layer(Rnn::new(8, 30, 30).unwrap());
    let lstm = Network::<f64>::builder(8 * 30).layer(Lstm::new(8, 30, 30).unwrap());
    let gru = Network::<f64>::builder(8 * 30).layer(Gru::new(8, 30, 30).unwrap());
    for network in [rnn, lstm, gru] {
        let forecast = Forecast::of(&network.build().unwrap(), 1.7).unwrap();
        assert_eq!(forecast.layers[0].moments.unwrap().mean, 0.0, "{}", forecast.layers[0].name);
    }
}

/// Truncated derivatives, weights of the state whose mean is not 0, and copies through tanh: theory does not say, and neither does the norm.
#[test]
fn what_is_not_known_of_gradients_is_not_said() {
    let norm = |layer: Rnn<f64>| {
        let network = Network::<f64>::builder(8 * 30).layer(layer).build().unwrap();
        Forecast::of(&network, 1.0).unwrap().gradient_norm
    };
    let rnn = || Rnn::new(8, 30, 30).unwrap();
    assert!(norm(rnn()).is_some() && norm(rnn().relu()).is_some());
    assert_eq!(norm(rnn().truncate(4).unwrap()), None);
    assert_eq!(norm(rnn().recurrent_weights(Normal::new(0.1, 0.1).unwrap())), None);
    assert_eq!(norm(rnn().recurrent_weights(Eye::default())), None);
    assert_eq!(norm(rnn().recurrent_weights(Sparse::new(4, 0.5).unwrap())), None);
}

/// Of normal numbers of variance g^2 / n: the mean square of a row's length is g^2, no vector becomes longer than by 2 g, and one that is
/// multiplied again and again grows by g each time.
#[test]
fn normal_matrices_obey_the_circular_law() {
    const N: usize = 256;
    let times = |matrix: &[f64], x: &[f64], transposed: bool| -> Vec<f64> {
        let mut y = vec![0.0; N];
        for (row, of_row) in matrix.chunks(N).enumerate() {
            for (col, w) in of_row.iter().enumerate() {
                let (from, to) = if transposed { (row, col) } else { (col, row) };
                y[to] += w * x[from];
            }
        }
        y
    };
    let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    for g in [0.5_f64, 1.0, 1.5] {
        let mut matrix = vec![0.0; N * N];
        let (param, initializer) = (Param::weight(N, N), LeCun::normal().gain(g).unwrap());
        initializer.fill(&param, &mut matrix, &mut Generator::named(3, "recurrent_weight")).unwrap();
        // Six standard deviations of a mean of so many squares: below 1e-8.
        close("the squares", length(&matrix).powi(2) / N as f64, g * g, 6.0 * (2.0_f64 / (N * N) as f64).sqrt());
        let mut generator = Generator::named(4, "x");
        let mut x = vec![0.0; N];
        fill_normal(&mut generator, 0.0, 1.0, &mut x);
        let mut longest = 0.0;
        for _ in 0..100 {
            let y = times(&matrix, &x, false);
            longest = length(&y) / length(&x);
            x = times(&matrix, &y, true);
            let size = length(&x);
            x.iter_mut().for_each(|x| *x /= size);
        }
        // Above 2 g + t g with probability below exp(-n t^2 / 2) (Davidson and Szarek, 2001), 1e-7 for this t; its mean lies about
        // 1.2 (4 / n)^(2/3) / 2 g below, and no further from it than t.
        let t = (2.0 * 1e7_f64.ln() / N as f64).sqrt();
        assert!(longest < (2.0 + t) * g && longest > (2.0 - 0.05 - t) * g, "{g}: {longest}");
        fill_normal(&mut generator, 0.0, 1.0, &mut x);
        let (start, mut grown) = (length(&x), 0.0);
        const TIMES: usize = 24;
        for _ in 0..TIMES {
            let before = length(&x);
            x = times(&matrix, &x, false);
            grown += (length(&x) / before).ln();
        }
        // Each step scatters by 1 / sqrt(2 n) of itself, were the matrix drawn anew; for one and the same it is not so few times that
        // ten deviations would not hold it.
        let scatter = (1.0 / (2.0 * N as f64)).sqrt() / (TIMES as f64).sqrt();
        let growth = (grown / TIMES as f64 - g.ln()).abs();
        assert!(start > 0.0 && growth < 10.0 * scatter, "{g}: {growth}, {scatter}");
    }
}
