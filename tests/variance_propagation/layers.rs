//! What every layer says of the moments of its outputs and gradients, against what it does.

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

/// How many draws of the parameters, and of the rows.
const DRAWS: usize = 200;
const ROWS: usize = 4;
const BATCH: usize = 64;

/// The parameters of a layer, drawn; and what is known of the draw.
struct Drawn {
    mean: f64,
    deviation: f64,
}

const WEIGHT: Drawn = Drawn { mean: 0.0, deviation: 0.2 };
const SHIFTED: Drawn = Drawn { mean: 0.07, deviation: 0.2 };
const BIAS: Drawn = Drawn { mean: 0.1, deviation: 0.3 };
const GAIN: Drawn = Drawn { mean: 0.8, deviation: 0.4 };
/// Inputs that are not of mean 0, and a second moment far from 1.
const INPUT: Drawn = Drawn { mean: 0.5, deviation: 1.5 };

impl Drawn {
    fn fill(&self, out: &mut [f64], rng: &mut Generator) {
        out.iter_mut().for_each(|x| *x = self.mean + self.deviation * rng.sample::<f64, _>(StandardNormal));
    }

    fn moments(&self) -> InitMoments {
        InitMoments { mean: self.mean, variance: self.deviation * self.deviation, kurtosis: Some(3.0) }
    }
}

/// Mean output, mean square of the outputs, and mean square of the gradient by the inputs where that by the outputs is 1: one draw.
fn once(layer: &dyn Layer<f64>, n_in: usize, drawn: &[&Drawn], rng: &mut Generator) -> [f64; 3] {
    let mut x = vec![0.0; rows_of(layer) * n_in];
    INPUT.fill(&mut x, rng);
    once_of(layer, &x, n_in, drawn, rng)
}

/// As many as a batch has, to whom that matters: theory takes it for large.
fn rows_of(layer: &dyn Layer<f64>) -> usize {
    match layer.kind() {
        "batch_norm" | "softmax" => BATCH,
        _ => ROWS,
    }
}

/// The same, of these rows.
fn once_of(layer: &dyn Layer<f64>, x: &[f64], n_in: usize, drawn: &[&Drawn], rng: &mut Generator) -> [f64; 3] {
    let rows = x.len() / n_in;
    let plan = layer.plan(n_in).unwrap();
    assert_eq!(plan.params.len(), drawn.len(), "{layer:?}");
    let mut params = Vec::new();
    for (param, drawn) in plan.params.iter().zip(drawn) {
        let mut values = vec![0.0; param.rows * param.cols];
        drawn.fill(&mut values, rng);
        params.extend(values);
    }
    let state: Vec<f64> = plan.state.clone();
    let mut saved = vec![0.0; plan.saved_for(rows)];
    let mut scratch = vec![0.0; plan.scratch_per_row * rows];
    let (mut y, mut dx) = (vec![0.0; rows * plan.n_out], vec![0.0; rows * n_in]);
    let dy: Vec<f64> = y.iter().map(|_| if rng.random() { 1.0 } else { -1.0 }).collect();
    let mut gradients = vec![0.0; params.len()];
    let mut pass = Pass {
        plan: &plan,
        mode: Mode::Train,
        params: &params,
        state: &state,
        saved: &mut saved,
        scratch: &mut scratch,
        lengths: &[],
        first_row: 0,
        fresh: false,
        seed: rng.random(),
        step: 0,
    };
    layer.forward(Rows::new(x, n_in).unwrap(), RowsMut::new(&mut y, plan.n_out).unwrap(), &mut pass).unwrap();
    let (x, y) = (Rows::new(x, n_in).unwrap(), Rows::new(&y, plan.n_out).unwrap());
    let dy = Rows::new(&dy, plan.n_out).unwrap();
    layer.backward(x, y, dy, Some(RowsMut::new(&mut dx, n_in).unwrap()), &mut gradients, &mut pass);
    let mean = |numbers: &[f64], power: i32| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / numbers.len() as f64;
    [mean(y.data(), 1), mean(y.data(), 2), mean(&dx, 2)]
}

/// How far the measured means lie from what the layer says, in standard errors; and those that it does not say.
fn distances(layer: &dyn Layer<f64>, n_in: usize, drawn: &[&Drawn], wrong: f64) -> [f64; 3] {
    let plan = layer.plan(n_in).unwrap();
    let x = Moments { mean: INPUT.mean, second: INPUT.mean.powi(2) + INPUT.deviation.powi(2) };
    let weights: Vec<InitMoments> = drawn.iter().map(|drawn| drawn.moments()).collect();
    let says = layer.moments(&plan, x, &weights).unwrap();
    let mut rng = Generator::named(7, layer.kind());
    let measured: Vec<[f64; 3]> = (0..DRAWS).map(|_| once(layer, n_in, drawn, &mut rng)).collect();
    // What a batch of n rows of normal numbers, each divided by its own deviation, does to a gradient beyond the limit of a large one.
    let n = BATCH as f64;
    let batch = if layer.kind() == "batch_norm" { (n - 2.0) / (n - 3.0) } else { 1.0 };
    let expected = [says.y.mean, says.y.second, says.back.unwrap_or(f64::NAN) * batch];
    off(expected.map(|expected| expected * wrong), &measured)
}

/// How far the means of what was measured lie from these numbers, in standard errors.
fn off(expected: [f64; 3], measured: &[[f64; 3]]) -> [f64; 3] {
    std::array::from_fn(|which| {
        let expected = expected[which];
        let of = |draw: &[f64; 3]| draw[which];
        let mean = measured.iter().map(of).sum::<f64>() / DRAWS as f64;
        let spread = measured.iter().map(of).map(|x| (x - mean).powi(2)).sum::<f64>() / (DRAWS - 1) as f64;
        let error = (spread / DRAWS as f64).sqrt();
        // What is the same in every draw, up to rounding, has no standard error.
        if error <= 1e-12 * mean.abs() {
            ((mean - expected) / (1e-9 * mean.abs())).abs()
        } else {
            ((mean - expected) / error).abs()
        }
    })
}

/// Of a Student's t of 199 degrees of freedom, 7 is passed with probability 4e-11: with three numbers of some thirty layers, 4e-9 in all. A
/// bias of the theory at these widths must not show: hence a slack of one half of a standard error.
const LIMIT: f64 = 7.5;

fn agrees(layer: impl Layer<f64> + 'static, n_in: usize, drawn: &[&Drawn]) {
    let found = distances(&layer, n_in, drawn, 1.0);
    assert!(found.iter().all(|found| *found < LIMIT), "{layer:?}: {found:?}");
    // A quarter more than what is said is seen to be wrong.
    let wrong = distances(&layer, n_in, drawn, 1.25);
    assert!(wrong[1] > LIMIT && wrong[2] > LIMIT, "{layer:?}: {wrong:?}");
}

#[test]
fn sums() {
    agrees(Linear::new(300), 200, &[&WEIGHT, &BIAS]);
    agrees(Linear::new(300), 200, &[&SHIFTED, &BIAS]);
    agrees(Linear::without_bias(50), 400, &[&WEIGHT]);
    agrees(PerStep::new(40, Linear::new(60)), 400, &[&WEIGHT, &BIAS]);
}

#[test]
fn convolutions_with_their_borders() {
    let conv = |units| Conv2d::new((6, 5, 8), units, 3);
    agrees(conv(16), 240, &[&WEIGHT, &BIAS]);
    agrees(conv(16).padding(Padding::Same), 240, &[&WEIGHT, &BIAS]);
    agrees(conv(16).padding(Padding::Same).without_bias(), 240, &[&SHIFTED]);
    agrees(conv(16).padding(Padding::Explicit { rows: 2, cols: 1 }).stride(2), 240, &[&WEIGHT, &BIAS]);
    agrees(conv(16).padding(Padding::Same).groups(2).dilation(2), 240, &[&SHIFTED, &BIAS]);
    agrees(Conv2d::of_sequence((30, 8), 12, 5).padding(Padding::Same), 240, &[&WEIGHT, &BIAS]);
}

#[test]
fn activations() {
    agrees(Relu, 400, &[]);
    agrees(Tanh, 400, &[]);
    agrees(Gelu, 400, &[]);
    agrees(Elu::default(), 400, &[]);
    agrees(Softplus, 400, &[]);
    agrees(HardSigmoid, 400, &[]);
    agrees(Identity, 400, &[]);
}

#[test]
fn normalizations() {
    agrees(LayerNorm::new(), 2000, &[&GAIN, &BIAS]);
    agrees(LayerNorm::new().without_affine(), 2000, &[]);
    agrees(RmsNorm::new(), 2000, &[&GAIN]);
    agrees(RmsNorm::new().without_gain(), 2000, &[]);
    agrees(BatchNorm::new(), 2000, &[&GAIN, &BIAS]);
}

#[test]
fn shares_of_a_row() {
    agrees(Softmax, 400, &[]);
    agrees(Softmax, 7, &[]);
    agrees(Softmax, 2, &[]);
}

#[test]
fn means_over_windows() {
    agrees(AveragePool2d::new((8, 8, 10), 2), 640, &[]);
    agrees(AveragePool2d::global((8, 8, 10)), 640, &[]);
    let wide = || AveragePool2d::new((8, 8, 10), 3).padding(Padding::Same);
    agrees(wide(), 640, &[]);
    agrees(wide().stride(2).count_padding(), 640, &[]);
}

#[test]
fn largest_of_windows() {
    agrees(MaxPool2d::new((8, 8, 10), 2), 640, &[]);
    agrees(MaxPool2d::new((8, 8, 10), (8, 8)), 640, &[]);
    let wide = || MaxPool2d::new((8, 8, 10), 3).padding(Padding::Same);
    agrees(wide(), 640, &[]);
    agrees(wide().stride(2), 640, &[]);
}

/// What is known of rows and pixels that have more in common than the mean: a number for each unit or channel is added to every one.
#[test]
fn what_rows_have_in_common() {
    let common = Drawn { mean: 0.0, deviation: 2.0 };
    let moments = Moments { mean: 0.5, second: 0.25 + 1.5 * 1.5 + 4.0 };
    let x = Signal { shared: Some(0.25 + 4.0), ..Signal::independent(moments) };
    let check = |layer: &dyn Layer<f64>, n_in: usize, channels: usize, drawn: &[&Drawn]| {
        let (plan, rows) = (layer.plan(n_in).unwrap(), rows_of(layer));
        let weights: Vec<InitMoments> = drawn.iter().map(|drawn| drawn.moments()).collect();
        let says = layer.propagate(&plan, x, &weights).unwrap();
        let mut rng = Generator::named(8, layer.kind());
        let measured: Vec<_> = (0..DRAWS)
            .map(|_| {
                let (mut x, mut of_channel) = (vec![0.0; rows * n_in], vec![0.0; channels]);
                INPUT.fill(&mut x, &mut rng);
                common.fill(&mut of_channel, &mut rng);
                x.iter_mut().zip(of_channel.iter().cycle()).for_each(|(x, common)| *x += common);
                once_of(layer, &x, n_in, drawn, &mut rng)
            })
            .collect();
        let n = BATCH as f64;
        let batch = if layer.kind() == "batch_norm" { (n - 2.0) / (n - 3.0) } else { 1.0 };
        let back = says.back.unwrap() * says.chooses * batch;
        let found = off([says.y.moments.mean, says.y.moments.second, back], &measured);
        assert!(found.iter().all(|found| *found < LIMIT), "{layer:?}: {found:?}");
    };
    check(&BatchNorm::new(), 2000, 2000, &[&GAIN, &BIAS]);
    check(&BatchNorm::channels(500), 2000, 500, &[&GAIN, &BIAS]);
    check(&MaxPool2d::new((8, 8, 40), 2), 2560, 40, &[]);
    check(&MaxPool2d::new((8, 8, 40), 3).padding(Padding::Same), 2560, 40, &[]);
    check(&AveragePool2d::new((8, 8, 40), 2), 2560, 40, &[]);
    let behind = Sequential::new().layer(Relu).layer(MaxPool2d::new((8, 8, 40), 2));
    check(&behind, 2560, 40, &[]);
    check(&Sequential::new().layer(Tanh).layer(AveragePool2d::new((8, 8, 40), 2)), 2560, 40, &[]);
}

#[test]
fn states_over_time() {
    // Sums of many inputs, or they are not normal.
    let (weight, state) = (Drawn { mean: 0.0, deviation: 0.04 }, Drawn { mean: 0.0, deviation: 0.05 });
    let drawn = [&weight, &state, &BIAS];
    agrees(Rnn::new(5, 400, 400).unwrap(), 2000, &drawn);
    agrees(Rnn::new(5, 400, 400).unwrap().last(), 2000, &drawn);
}

#[test]
fn what_stands_between() {
    agrees(Dropout::new(0.3).unwrap(), 400, &[]);
    agrees(Flatten, 400, &[]);
    agrees(ChannelsLast::new((4, 10, 10)), 400, &[]);
}

#[test]
fn layers_of_layers() {
    let branch = || Sequential::new().layer(Linear::new(300)).layer(Tanh).layer(Linear::new(200));
    let drawn = [&WEIGHT, &BIAS, &WEIGHT, &BIAS];
    // One number for all units: were it drawn widely, nothing else would show.
    let scale = Drawn { mean: 0.8, deviation: 0.1 };
    agrees(branch(), 200, &drawn);
    agrees(Residual::from(branch()).scale(0.7).unwrap(), 200, &drawn);
    agrees(Residual::from(branch()).learned_scale(1.0).unwrap(), 200, &[&WEIGHT, &BIAS, &WEIGHT, &BIAS, &scale]);
    let projected = Residual::new().layer(Linear::new(300)).layer(Relu).projection(Linear::new(300));
    agrees(projected, 200, &[&WEIGHT, &BIAS, &WEIGHT, &BIAS]);
    let pre_norm = Residual::new().layer(LayerNorm::new()).layer(Linear::new(500));
    agrees(pre_norm, 500, &[&GAIN, &BIAS, &Drawn { mean: 0.0, deviation: 0.04 }, &BIAS]);
}

#[test]
fn an_embedding_has_the_moments_of_its_table() {
    let table = Embedding::new(50, 8);
    let plan = Layer::<f64>::plan(&table, 3).unwrap();
    let x = Moments { mean: 25.0, second: 900.0 };
    let says = Layer::<f64>::moments(&table, &plan, x, &[SHIFTED.moments()]).unwrap();
    assert_eq!(says.y.mean, SHIFTED.mean);
    assert!((says.y.second - (0.2 * 0.2 + 0.07 * 0.07)).abs() < 1e-15);
    assert_eq!(says.back, Some(0.0));
}

/// A layer of which theory knows nothing.
#[derive(Debug)]
struct Unknown;

impl Layer<f64> for Unknown {
    fn kind(&self) -> &'static str {
        "unknown"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, _: Rows<'_, f64>, _: RowsMut<'_, f64>, _: &mut Pass<'_, f64>) -> Result<(), Error> {
        unreachable!("nobody asks for it")
    }

    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        _: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
        unreachable!("nobody asks for it")
    }
}

#[test]
fn what_theory_does_not_say_is_unknown() {
    let x = Moments { mean: 0.0, second: 1.0 };
    let unknown = |layer: &dyn Layer<f64>, n_in| {
        let plan = layer.plan(n_in).unwrap();
        let weights = vec![WEIGHT.moments(); plan.params.len()];
        assert_eq!(layer.moments(&plan, x, &weights), None, "{layer:?}");
    };
    unknown(&Unknown, 32);
    unknown(&Sequential::new().layer(Gelu).layer(MaxPool2d::new((4, 4, 2), 2)), 32);
    // A state that is a copy has no sums, and a function of it no law that is known.
    let copied = |layer: &dyn Layer<f64>, n_in| {
        let plan = layer.plan(n_in).unwrap();
        let moments = |param: &Param| match param.name.as_str() {
            "recurrent_weight" => Initializer::<f64>::moments(&Eye::default(), param).unwrap(),
            _ => WEIGHT.moments(),
        };
        let weights: Vec<_> = plan.params.iter().map(moments).collect();
        layer.moments(&plan, x, &weights)
    };
    assert!(copied(&Rnn::new(4, 8, 3).unwrap().relu(), 32).is_some());
    assert_eq!(copied(&Rnn::new(4, 8, 3).unwrap(), 32), None);
    // One layer that is unknown makes what it stands in so.
    unknown(&Sequential::new().layer(Linear::new(8)).layer(Unknown), 8);
}
