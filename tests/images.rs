//! The layers for images: shapes, outputs and gradients against PyTorch (`golden/images.py` says how), large ones against plain loops,
//! what they refuse, and threads.

use evenkeel::*;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn counts(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|count| count as usize).collect()
}

fn pair(run: &Value, key: &str) -> (usize, usize) {
    let [rows, cols] = counts(&run[key])[..] else { panic!("{key} of {run}") };
    (rows, cols)
}

fn explicit((rows, cols): (usize, usize)) -> Padding {
    Padding::Explicit { rows, cols }
}

#[test]
fn shapes_are_those_of_pytorch() {
    let runs: Vec<Value> = serde_json::from_str(include_str!("golden/shapes.json")).unwrap();
    let mut refused = 0;
    for run in &runs {
        let [h, w, kr, kc, sr, sc, pr, pc, dr, dc, rows, cols] =
            counts(&Value::from(&run.as_array().unwrap()[1..]))[..]
        else {
            panic!("{run}")
        };
        let (image, padding) = ((h, w, 1), explicit((pr, pc)));
        let conv = || Conv2d::<f64>::new(image, 1, (kr, kc)).dilation((dr, dc));
        let found = match run[0].as_str().unwrap() {
            "conv" => conv().stride((sr, sc)).padding(padding).output_shape(),
            "same" => conv().padding(Padding::Same).output_shape(),
            "max" => MaxPool2d::new(image, (kr, kc)).stride((sr, sc)).padding(padding).output_shape(),
            _ => AveragePool2d::new(image, (kr, kc)).stride((sr, sc)).padding(padding).output_shape(),
        };
        match found {
            Ok(found) => assert_eq!(found, (rows, cols, 1), "{run}"),
            Err(error) => {
                assert_eq!((rows, cols), (0, 0), "{run}: {error}");
                assert!(matches!(error, Error::Window { .. } | Error::Argument { .. }), "{error}");
                refused += 1;
            }
        }
    }
    assert!(runs.len() >= 300 && refused >= 30, "{refused} of {}", runs.len());
}

/// The k-th number is ((factor k + shift) mod modulus - modulus / 2) / 64: f32 holds it exactly.
fn drawn<T: Float>(len: usize, factor: usize, shift: usize, modulus: usize) -> Vec<T> {
    let at = |k| ((factor * k + shift) % modulus) as f64 - (modulus / 2) as f64;
    (0..len).map(|k| T::of(at(k) / 64.0)).collect()
}

/// A loss that is a linear function of the outputs: its derivative is what is given.
#[derive(Debug)]
struct Linearly;

impl<T: Float> Loss<T> for Linearly {
    fn name(&self) -> &'static str {
        "linearly"
    }

    fn evaluate(&self, out: Rows<'_, T>, _: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        if let Some(mut grad) = grad {
            grad.data_mut().copy_from_slice(&drawn(out.data().len(), 29, 5, 83));
        }
        Ok(0.0)
    }
}

/// The output of a layer, and its gradients: by the images, and by its parameters.
struct Passed<T> {
    y: Vec<T>,
    dx: Vec<T>,
    gradients: Vec<T>,
}

/// Passes images through a layer and back. They are the weights of a linear layer before it, whose inputs are the rows of the unit matrix:
/// so the gradient of these weights is that of the images.
fn pass<T: Float>(layer: Box<dyn Layer<T>>, images: usize, n_in: usize, parameters: &[T]) -> Passed<T> {
    let mut network = Network::builder(images).layer(Linear::without_bias(n_in)).boxed(layer).build().unwrap();
    let x = images * n_in;
    network.parameters_mut()[..x].copy_from_slice(&drawn(x, 37, 11, 101));
    network.parameters_mut()[x..].copy_from_slice(parameters);
    let mut unit = vec![T::zero(); images * images];
    unit.iter_mut().step_by(images + 1).for_each(|one| *one = T::one());
    let mut workspace = network.workspace(images).unwrap();
    network.forward(Rows::new(&unit, images).unwrap(), Mode::Train, &mut workspace).unwrap();
    let y = workspace.output().data().to_vec();
    let targets = Targets::Values(Rows::new(&y, network.n_out()).unwrap());
    network.loss(&Linearly, targets, &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    let (dx, gradients) = workspace.gradients().split_at(x);
    Passed { dx: dx.to_vec(), gradients: gradients.to_vec(), y }
}

/// Compares a tensor, relative to the largest entry it should have.
fn same<T: Float>(what: &str, found: &[T], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let limit = if size_of::<T>() == 4 { 1e-5 } else { 1e-12 };
    let largest = expected.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    for (at, (found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.get() - expected).abs();
        assert!(error <= limit * largest, "{what}, entry {at}: {found}, not {expected}; {error:e} of {largest}");
    }
}

fn computes_alike<T: Float>(run: &Value) {
    let [height, width, channels] = counts(&run["shape"])[..] else { panic!("{run}") };
    let (image, images) = ((height, width, channels), run["images"].as_u64().unwrap() as usize);
    let (kernel, stride, padding) = (pair(run, "kernel"), pair(run, "stride"), explicit(pair(run, "padding")));
    let mut parameters = Vec::new();
    let layer: Box<dyn Layer<T>> = match run["name"].as_str().unwrap() {
        "conv" => {
            let (units, groups) = (run["units"].as_u64().unwrap() as usize, run["groups"].as_u64().unwrap() as usize);
            parameters = drawn(kernel.0 * kernel.1 * channels / groups * units, 53, 7, 97);
            parameters.extend(drawn::<T>(units, 31, 3, 71));
            let conv = Conv2d::new(image, units, kernel).stride(stride).padding(padding);
            Box::new(conv.dilation(pair(run, "dilation")).groups(groups))
        }
        "max" => Box::new(MaxPool2d::new(image, kernel).stride(stride).padding(padding)),
        _ => {
            let pool = AveragePool2d::new(image, kernel).stride(stride).padding(padding);
            Box::new(if run["count_padding"] == true { pool.count_padding() } else { pool })
        }
    };
    let name = format!("{layer:?}");
    let passed = pass(layer, images, height * width * channels, &parameters);
    same(&format!("{name}: y"), &passed.y, &numbers(&run["y"]));
    same(&format!("{name}: dx"), &passed.dx, &numbers(&run["dx"]));
    if run["name"] == "conv" {
        let (dw, db) = passed.gradients.split_at(numbers(&run["dw"]).len());
        same(&format!("{name}: dw"), dw, &numbers(&run["dw"]));
        same(&format!("{name}: db"), db, &numbers(&run["db"]));
    }
}

#[test]
fn outputs_and_gradients_are_those_of_pytorch() {
    let runs: Vec<Value> = serde_json::from_str(include_str!("golden/images.json")).unwrap();
    assert_eq!(runs.len(), 14 + 3 * 5);
    for run in &runs {
        computes_alike::<f64>(run);
        computes_alike::<f32>(run);
    }
}

/// A convolution with plain loops in f64: (height, width, channels), units, kernel, stride, padding on each side, groups.
struct Plain {
    image: (usize, usize, usize),
    units: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    groups: usize,
}

impl Plain {
    fn out(&self) -> (usize, usize) {
        let out = |size: usize| (size + 2 * self.padding - self.kernel) / self.stride + 1;
        (out(self.image.0), out(self.image.1))
    }

    /// Calls `each` with the places of an input, a weight and an output that meet in one product.
    fn products(&self, images: usize, mut each: impl FnMut(usize, usize, usize)) {
        let (height, width, channels) = self.image;
        let (rows, cols) = self.out();
        let (depth, members) = (channels / self.groups, self.units / self.groups);
        for image in 0..images {
            for at in 0..rows * cols {
                for tap in 0..self.kernel * self.kernel {
                    let row = (at / cols * self.stride + tap / self.kernel).checked_sub(self.padding);
                    let col = (at % cols * self.stride + tap % self.kernel).checked_sub(self.padding);
                    let (Some(row), Some(col)) = (row.filter(|&row| row < height), col.filter(|&col| col < width))
                    else {
                        continue;
                    };
                    for unit in 0..self.units {
                        for channel in 0..depth {
                            let x =
                                ((image * height + row) * width + col) * channels + unit / members * depth + channel;
                            each(
                                x,
                                (tap * depth + channel) * self.units + unit,
                                (image * rows * cols + at) * self.units + unit,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// More positions than are unfolded at once, of several images: bands that end within a row, and within an image.
fn agrees_with_plain_loops<T: Float>(plain: &Plain, images: usize) {
    let Plain { image, units, kernel, stride, padding, groups } = *plain;
    let n_in = image.0 * image.1 * image.2;
    let conv =
        Conv2d::<T>::new(image, units, kernel).stride(stride).padding(explicit((padding, padding))).groups(groups);
    let weights = kernel * kernel * image.2 / groups * units;
    let x: Vec<f64> = drawn(images * n_in, 37, 11, 101);
    let mut parameters: Vec<f64> = drawn(weights, 53, 7, 97);
    parameters.extend(drawn::<f64>(units, 31, 3, 71));
    let (rows, cols) = plain.out();
    let dy: Vec<f64> = drawn(images * rows * cols * units, 29, 5, 83);
    let (mut y, mut dx, mut gradients) = (vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; parameters.len()]);
    for (at, (y, dy)) in y.iter_mut().zip(&dy).enumerate() {
        *y = parameters[weights + at % units];
        gradients[weights + at % units] += dy;
    }
    plain.products(images, |from, weight, to| {
        y[to] += x[from] * parameters[weight];
        dx[from] += dy[to] * parameters[weight];
        gradients[weight] += dy[to] * x[from];
    });
    let of = |numbers: &[f64]| numbers.iter().map(|&number| T::of(number)).collect::<Vec<T>>();
    let passed = pass(Box::new(conv), images, n_in, &of(&parameters));
    // All numbers are whole multiples of 2^-18 below 2^18, so that sums are exact in f64, in any order and filtered as well; and in f32 up
    // to some roundings of sums of 10^4 terms.
    same("y", &passed.y, &y);
    same("dx", &passed.dx, &dx);
    let limit = if size_of::<T>() == 4 { 1e-4 } else { 0.0 };
    let largest = gradients.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    for (found, expected) in passed.gradients.iter().zip(&gradients) {
        assert!((found.get() - expected).abs() <= limit * largest, "{found}, not {expected}");
    }
}

#[test]
fn large_convolutions_agree_with_plain_loops() {
    let plain = |image, units, kernel, stride, padding, groups| Plain { image, units, kernel, stride, padding, groups };
    let cases = [
        (plain((28, 28, 1), 16, 3, 1, 1, 1), 11),
        (plain((14, 14, 16), 32, 3, 1, 1, 1), 4),
        (plain((13, 17, 24), 20, 5, 2, 2, 1), 5),
        (plain((9, 9, 64), 33, 1, 1, 0, 1), 3),
        (plain((9, 9, 64), 33, 1, 2, 0, 1), 3),
        (plain((30, 30, 8), 6, 7, 1, 3, 2), 2),
        (plain((20, 20, 37), 37, 3, 1, 1, 37), 2),
        (plain((2, 2, 3), 5, 2, 1, 0, 1), 40),
        (plain((15, 13, 8), 8, 3, 1, 2, 1), 7),
        (plain((9, 12, 24), 40, 3, 1, 0, 1), 6),
        (plain((40, 37, 16), 17, 3, 1, 1, 1), 2),
    ];
    for (plain, images) in &cases {
        agrees_with_plain_loops::<f64>(plain, *images);
        agrees_with_plain_loops::<f32>(plain, *images);
    }
}

#[test]
fn what_cannot_be_is_refused_with_numbers() {
    let said = |error: Error| error.to_string();
    let conv = |image, kernel: usize| Conv2d::<f32>::new(image, 4, kernel);
    let refused = said(conv((3, 8, 1), 5).output_shape().unwrap_err());
    assert_eq!(refused, "Conv2d: the window spans 5 rows, but the padded image has 3");
    let dilated = conv((8, 8, 1), 3).dilation((1, 4)).padding(explicit((0, 0)));
    assert!(said(dilated.output_shape().unwrap_err()).contains("spans 9 columns, but the padded image has 8"));
    let wrong = Network::<f32>::builder(783).layer(conv((28, 28, 1), 3)).build().unwrap_err();
    let expected = "layer 0.conv2d: the numbers of an image (height x width x channels): expected 784, found 783";
    assert_eq!(said(wrong), expected);
    let argument = |error: Error| match error {
        Error::Argument { argument, .. } => argument,
        other => panic!("{other}"),
    };
    let of_conv = |conv: Conv2d<f32>| argument(conv.output_shape().unwrap_err());
    assert_eq!(of_conv(conv((0, 8, 1), 3)), "height");
    assert_eq!(of_conv(conv((8, 8, 0), 3)), "channels");
    assert_eq!(of_conv(conv((8, 8, 1), 0)), "kernel.rows");
    assert_eq!(of_conv(conv((8, 8, 1), 3).stride((1, 0))), "stride.cols");
    assert_eq!(of_conv(conv((8, 8, 1), 3).dilation(0)), "dilation.rows");
    assert_eq!(of_conv(Conv2d::new((8, 8, 1), 0, 3)), "units");
    assert_eq!(of_conv(conv((8, 8, 4), 3).groups(0)), "groups");
    assert_eq!(of_conv(conv((8, 8, 6), 3).groups(3)), "groups"); // does not divide the four units
    assert_eq!(of_conv(conv((8, 8, 6), 3).groups(4)), "groups"); // does not divide the six channels
    let pool = MaxPool2d::new((8, 8, 1), 3).padding(explicit((2, 0)));
    assert_eq!(argument(pool.output_shape().unwrap_err()), "padding.rows");
    let pool = AveragePool2d::new((8, 8, 1), 3).padding(explicit((0, 2)));
    assert_eq!(argument(pool.output_shape().unwrap_err()), "padding.cols");
    let huge = MaxPool2d::new((8192, 8192, 1), 5000);
    assert_eq!(argument(huge.output_shape().unwrap_err()), "kernel");
}

#[test]
fn sizes_beyond_counting_are_errors() {
    const HUGE: [usize; 4] = [1 << 31, 1 << 40, usize::MAX / 2, usize::MAX];
    for size in HUGE {
        let all = [
            Conv2d::<f32>::new((size, size, size), 1, 1).output_shape(),
            Conv2d::<f32>::new((8, 8, 1), size, 3).padding(explicit((size / 2, size / 2))).output_shape(),
            Conv2d::<f32>::new((8, 8, 1), 1, size).padding(Padding::Same).output_shape(),
            Conv2d::<f32>::new((8, 8, 1), 1, 3).dilation(size).padding(Padding::Same).output_shape(),
            Conv2d::<f32>::new((8, 8, 1), 1, 3).stride(size).padding(explicit((size, size))).output_shape(),
            MaxPool2d::new((size, size, 1), size).output_shape(),
            AveragePool2d::new((size, size, 1), 1).output_shape(),
        ];
        for (at, shape) in all.into_iter().enumerate() {
            // What can be counted may stand; what cannot is one of these, and never a panic.
            let fine = match &shape {
                Ok(shape) => shape.0.checked_mul(shape.1).is_some(),
                Err(error) => matches!(error, Error::TooLarge { .. } | Error::Window { .. } | Error::Argument { .. }),
            };
            assert!(fine, "{at}: {shape:?}");
        }
        let build = Network::<f32>::builder(64).layer(Conv2d::new((8, 8, 1), size, 3)).build();
        assert!(matches!(build, Err(Error::Layer { .. })), "{size}");
    }
}

#[test]
fn fans_are_those_of_a_window() {
    let conv = Conv2d::<f32>::new((8, 8, 6), 4, (3, 5)).groups(2).padding(Padding::Same);
    let network = Network::builder(8 * 8 * 6).layer(conv).build().unwrap();
    let slot = network.layout().find("0.conv2d.weight").unwrap();
    assert_eq!((slot.param.rows, slot.param.cols, slot.param.unit_axis), (3 * 5 * 3, 4, 1));
    assert_eq!(slot.param.fans, Fans { fan_in: 45, fan_out: 30 });
}

/// Passes one image of four equal pixels through a layer and back, with derivatives of 1: what comes to each pixel.
fn shares_of_a_tie(pool: MaxPool2d) -> Vec<f64> {
    let front = Linear::without_bias(4).weights(Constant::new(0.5).unwrap());
    let network = Network::<f64>::builder(1).layer(front).layer(pool).build().unwrap();
    let mut workspace = network.workspace(1).unwrap();
    network.forward(Rows::new(&[1.0], 1).unwrap(), Mode::Train, &mut workspace).unwrap();
    let (n_out, zeros) = (network.n_out(), vec![0.0; network.n_out()]);
    let targets = Targets::Values(Rows::new(&zeros, n_out).unwrap());
    network.loss(&MeanSquared::new(), targets, &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    // The loss is the mean of n squares of 1/2, so each has a derivative of 1/n.
    workspace.gradients().iter().map(|share| share * n_out as f64).collect()
}

#[test]
fn the_first_of_equals_wins() {
    assert_eq!(shares_of_a_tie(MaxPool2d::new((2, 2, 1), 2)), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(shares_of_a_tie(MaxPool2d::new((1, 4, 1), (1, 2)).stride(1)), [1.0, 1.0, 1.0, 0.0]);
}

#[test]
fn the_mean_of_a_large_plane_keeps_its_digits() {
    let network = Network::<f32>::builder(2048 * 2048).layer(AveragePool2d::global((2048, 2048, 1))).build().unwrap();
    let plane = vec![0.1; 2048 * 2048];
    assert_eq!(network.predict(Rows::new(&plane, plane.len()).unwrap()).unwrap(), [0.1]);
}

#[test]
fn what_lets_numbers_through_hands_on_the_start_that_is_asked_for() {
    let he = 2.0 / 400.0; // and Xavier's variance is 2 / 800
    let behind = |kind: usize| -> Box<dyn Layer<f64>> {
        match kind {
            0 => Box::new(BatchNorm::new()),
            1 => Box::new(Dropout::new(0.1).unwrap()),
            2 => Box::new(MaxPool2d::new((20, 20, 1), 2)),
            _ => Box::new(Sequential::new().layer(BatchNorm::new()).layer(Dropout::new(0.1).unwrap())),
        }
    };
    let variance = |network: &Network<f64>, name: &str| {
        let weights = network.parameter(name).unwrap();
        weights.data().iter().map(|w| w * w).sum::<f64>() / weights.data().len() as f64
    };
    for kind in 0..4 {
        let builder = Network::<f64>::builder(400).layer(Linear::new(400)).boxed(behind(kind)).layer(Relu);
        let found = variance(&builder.seed(1).build().unwrap(), "0.linear.weight");
        // The mean of 160,000 squares has a deviation of 0.35 %.
        assert!((found / he - 1.0).abs() < 0.03, "{:?}: {found}", behind(kind));
    }
    let inner = Sequential::new().layer(Linear::new(400)).layer(BatchNorm::new());
    let network = Network::<f64>::builder(400).layer(inner).layer(Dropout::new(0.5).unwrap()).layer(Relu);
    let found = variance(&network.seed(1).build().unwrap(), "0.sequential.0.linear.weight");
    assert!((found / he - 1.0).abs() < 0.03, "{found}");
}

#[test]
fn equal_units_stay_equal() {
    // Few channels, whose windows are unfolded, and many, whose windows are filtered.
    for (channels, units) in [(2, 5), (9, 20)] {
        let conv = Conv2d::new((6, 6, channels), units, 3).weights(Constant::new(0.1).unwrap());
        let n_in = 36 * channels;
        let mut network = Network::<f32>::builder(n_in).layer(conv).layer(Tanh).layer(Linear::new(2)).build().unwrap();
        // Outgoing weights alike as well: one row a unit and position, all of them equal.
        let outgoing = network.layout().find("2.linear.weight").unwrap().range.clone();
        network.parameters_mut()[outgoing].chunks_mut(2).for_each(|row| row.copy_from_slice(&[0.2, -0.1]));
        let inputs = (0..8 * n_in).map(|at| (at as f32 * 0.37).sin()).collect();
        let data = Dataset::classes(inputs, n_in, (0..8).map(|row| row % 2).collect()).unwrap();
        let builder = Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(0.01).unwrap()).batch(8);
        let mut trainer = builder.build().unwrap();
        for _ in 0..20 {
            trainer.step(&data).unwrap();
            let weight = trainer.network().parameter("0.conv2d.weight").unwrap();
            for units in weight.iter() {
                assert!(units.iter().all(|unit| unit.to_bits() == units[0].to_bits()), "{units:?}");
            }
        }
        let weight = trainer.network().parameter("0.conv2d.weight").unwrap();
        assert!(weight.iter().any(|units| (units[0] - 0.1).abs() > 1e-4), "nothing was learned");
    }
}
