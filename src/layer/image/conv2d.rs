//! `Conv2d`: windows that pass over an image, each a linear unit of what it sees.

use std::sync::Arc;

use super::convolution::{Back, Convolution};
use super::positions::Positions;
use super::window::{Extent, Padding, Window, counted};
use super::winograd::Winograd;
use crate::layer::by_position::at;
use crate::layer::moments::{Terms, of_sums, second};
use crate::layer::signal::of_a_sum;
use crate::layer::{GradientByPosition, Layer, Moments, Pass, Plan, Propagated, Signal, Structure, Through};
use crate::{Error, Fans, Float, InitMoments, Initializer, Param, Role, Rows, RowsMut};

/// A convolution of images (height x width x channels, channels last): at every position of a window, each of `units` channels out is a
/// weighted sum of what the window sees.
///
/// ```text
/// y[r, c, u] = b[u] + sum over i, j, k of x[r s + i d - p, c s + j d - p, k] W[(i, j, k), u]
/// ```
///
/// with stride s, dilation d and padding p, pixels outside being zero. W has kernel rows x kernel columns x channels rows, in this order,
/// and a column a unit. Where there are groups, the k-th share of the units sees the k-th share of the channels alone, and W has only
/// as many rows; with as many groups and units as channels it is a depthwise convolution.
///
/// ```
/// use evenkeel::*;
/// let first = Conv2d::new((28, 28, 1), 16, 3).padding(Padding::Same);
/// let pool = MaxPool2d::new(first.output_shape()?, 2);
/// let second = Conv2d::new(pool.output_shape()?, 32, (3, 3)).stride(2);
/// assert_eq!(second.output_shape()?, (6, 6, 32));
/// let network = Network::<f32>::builder(28 * 28)
///     .layer(first)
///     .layer(Relu)
///     .layer(pool)
///     .layer(second)
///     .layer(Relu)
///     .layer(Linear::new(10))
///     .build()?;
/// assert_eq!(network.parameter("3.conv2d.weight")?.rows(), 3 * 3 * 16);
/// # Ok::<(), Error>(())
/// ```
///
/// A sequence is an image of one row:
///
/// ```
/// use evenkeel::*;
/// let over_time = Conv2d::<f32>::of_sequence((100, 8), 16, 5).dilation((1, 2));
/// assert_eq!(over_time.output_shape()?, (1, 92, 16));
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// Without being told otherwise: stride 1, no padding, dilation 1, one group, a bias. It is a cross-correlation, as in every library: the
/// kernel is not flipped. fan_in is the number of rows of W, fan_out kernel rows x kernel columns x units / groups. LeCun et al.,
/// *Gradient-based learning applied to document recognition*, 1998; computed as matrix products, as in Chellapilla et al., *High
/// performance convolutional neural networks for document processing*, 2006.
///
/// Windows of 3 x 3 that move by one pixel, over 8 channels or more to as many, are computed by Winograd's minimal filtering (Lavin and Gray,
/// *Fast algorithms for convolutional neural networks*, 2016), which takes 2.25 times fewer multiplications. Its roundings are somewhat
/// larger than those of plain sums; and a pixel that is not finite spoils every output of the squares of 2 x 2 that see it.
#[derive(Debug, Clone)]
pub struct Conv2d<T> {
    window: Window,
    units: usize,
    groups: usize,
    bias: bool,
    weight_start: Option<Arc<dyn Initializer<T>>>,
    bias_start: Option<Arc<dyn Initializer<T>>>,
}

impl<T: Float> Conv2d<T> {
    /// Over images of (height, width, channels), with `units` channels out and a kernel of that many rows and columns.
    pub fn new(image: (usize, usize, usize), units: usize, kernel: impl Into<Extent>) -> Self {
        let window = Window::new("Conv2d", image, kernel.into());
        Self { window, units, groups: 1, bias: true, weight_start: None, bias_start: None }
    }

    /// Over sequences of (steps, channels), as images of one row: a one-dimensional convolution.
    pub fn of_sequence((steps, channels): (usize, usize), units: usize, kernel: usize) -> Self {
        Self::new((1, steps, channels), units, (1, kernel))
    }

    /// With so many rows and columns from one position to the next.
    pub fn stride(mut self, stride: impl Into<Extent>) -> Self {
        self.window.stride = stride.into();
        self
    }

    /// With zeros around the image.
    pub fn padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// With so many rows and columns from one tap of the kernel to the next.
    pub fn dilation(mut self, dilation: impl Into<Extent>) -> Self {
        self.window.dilation = dilation.into();
        self
    }

    /// With so many groups, each of which sees only its share of the channels.
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// Without biases.
    pub fn without_bias(self) -> Self {
        Self { bias: false, ..self }
    }

    /// With weights that start as that initializer says.
    pub fn weights(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { weight_start: Some(Arc::new(initializer)), ..self }
    }

    /// With biases that start as that initializer says.
    pub fn biases(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { bias_start: Some(Arc::new(initializer)), ..self }
    }

    /// Height, width and channels of its output.
    ///
    /// # Errors
    /// [`Error::Argument`] for a size, stride, dilation or number of groups of 0, and for groups that do not divide channels and units
    /// evenly; [`Error::Window`] where the kernel spans more than the padded image; [`Error::TooLarge`] beyond what can be counted.
    pub fn output_shape(&self) -> Result<(usize, usize, usize), Error> {
        let Convolution { grid, units, .. } = self.convolution()?;
        Ok((grid.rows.out, grid.cols.out, units))
    }

    fn convolution(&self) -> Result<Convolution, Error> {
        let Self { window, units, groups, .. } = *self;
        let grid = window.grid()?;
        Error::at_least_one(window.of, "units", units)?;
        Error::at_least_one(window.of, "groups", groups)?;
        let even = |count: usize, must| {
            Error::require(count.is_multiple_of(groups), window.of, "groups", groups as f64, must).map(drop)
        };
        even(grid.channels, "a divisor of the number of channels")?;
        even(units, "a divisor of the number of units")?;
        counted(&[grid.rows.out, grid.cols.out, units])?;
        counted(&[grid.taps(), grid.channels / groups, units])?;
        Ok(Convolution { grid, units, groups })
    }

    /// The convolution of a layer that is part of a network.
    fn planned(&self) -> Convolution {
        self.convolution().expect("the geometry was checked when the layer was planned")
    }
}

impl<T: Float> Layer<T> for Conv2d<T> {
    fn kind(&self) -> &'static str {
        "conv2d"
    }

    fn structure(&self) -> Structure {
        Structure::Convolution
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let convolution = self.convolution()?;
        let Convolution { grid, units, groups } = convolution;
        grid.takes(n_in)?;
        let fans = Fans { fan_in: convolution.seen(), fan_out: grid.taps().saturating_mul(units / groups) };
        let plan = Plan::new(grid.positions() * units)
            .channels(units)
            .param(Param { fans, ..Param::weight(convolution.seen(), units) })
            .operations_per_row(convolution.operations());
        let plan = match Winograd::of(&convolution) {
            Some(winograd) => plan
                .saved(winograd.saved())
                .saved_by_backward(winograd.saved_by_backward())
                .scratch_per_row(winograd.scratch()),
            None => plan.scratch_per_row(convolution.scratch()),
        };
        let plan = if self.bias { plan.param(Param::bias(units)) } else { plan };
        Ok(plan.writes_gradients())
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let convolution = self.planned();
        let (weight, bias) = pass.params.split_at(convolution.seen() * self.units);
        let (bias, y) = (self.bias.then_some(bias), y.data_mut());
        match Winograd::of(&convolution) {
            Some(winograd) => winograd.forward(x.data(), weight, bias, y, (pass.saved, pass.scratch)),
            None => convolution.forward(x.data(), weight, bias, y, pass.scratch),
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        let convolution = self.planned();
        let weights = convolution.seen() * self.units;
        let (weight_gradient, bias_gradient) = gradients.split_at_mut(weights);
        let back = Back { x: x.data(), dy: dy.data(), fresh: pass.fresh };
        let bias_gradient = self.bias.then_some(bias_gradient);
        let winograd = Winograd::of(&convolution);
        match winograd {
            Some(way) => way.backward_weights(&back, weight_gradient, bias_gradient, (pass.saved, pass.scratch)),
            None => convolution.backward_weights(&back, weight_gradient, bias_gradient, pass.scratch),
        }
        let Some(mut dx) = dx else { return };
        match winograd {
            Some(way) => way.backward_images(dy.data(), dx.data_mut(), (&*pass.saved, pass.scratch)),
            None => convolution.backward_images(&pass.params[..weights], dy.data(), dx.data_mut(), pass.scratch),
        }
    }

    /// The mean over all positions, those at the border included, where part of the window lies in the padding; of inputs whose positions
    /// are alike.
    fn moments(&self, _: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let (&weight, bias) = weights.split_first()?;
        let Convolution { grid, units, groups } = self.convolution().ok()?;
        let channels = (grid.channels / groups) as f64;
        let ([rows, rows_squared], [cols, cols_squared]) = (grid.rows.taps_inside(), grid.cols.taps_inside());
        let terms = Terms { mean: channels * rows * cols, square: channels * channels * rows_squared * cols_squared };
        // As many pairs of a position and a tap, shared among the pixels.
        let each = grid.positions() as f64 * rows * cols / (grid.rows.image * grid.cols.image) as f64;
        let back = each * (units / groups) as f64 * second(weight);
        Some(Propagated { y: of_sums(terms, x, weight, bias.first().copied()), back: Some(back) })
    }

    fn moments_by_position(&self, _: &Plan, x: &[Moments], weights: &[InitMoments]) -> Option<Vec<Moments>> {
        let (&weight, bias) = weights.split_first()?;
        let convolution = self.convolution().ok()?;
        Positions { grid: convolution.grid, of: x }.sums(convolution.depth(), weight, bias.first().copied())
    }

    fn gradient_by_position(
        &self,
        plan: &Plan,
        x: &[Moments],
        weights: &[InitMoments],
        dy: &[f64],
    ) -> Option<GradientByPosition> {
        let Convolution { grid, units, groups } = self.convolution().ok()?;
        let each = (units / groups) as f64 * second(*weights.first()?);
        let positions = Positions { grid, of: x };
        let (mut by_input, products) = positions.gradient(dy)?;
        by_input.iter_mut().for_each(|square| *square *= each);
        let all: f64 = (0..grid.positions()).map(|position| at(dy, position)).sum();
        let both = [(units * (grid.channels / groups)) as f64 * products, units as f64 * all];
        Some(GradientByPosition { by_input, by_parameters: both[..plan.params.len()].to_vec() })
    }

    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let through = of_a_sum::<T>(self, plan, x, weights)?;
        let Convolution { grid, groups, .. } = self.convolution().ok()?;
        // Of two pixels only those taps meet that lie inside for both.
        let channels = (grid.channels / groups) as f64;
        let (all, both) = (
            grid.rows.taps_inside()[0] * grid.cols.taps_inside()[0],
            grid.rows.taps_inside_both() * grid.cols.taps_inside_both(),
        );
        let weight = weights.first()?;
        let lacks = |shared: f64| {
            let (variance, mean) = (weight.variance * shared, weight.mean * weight.mean);
            channels * (all - both) * (variance + mean * (shared - x.moments.mean * x.moments.mean))
        };
        let shared = through.y.shared.zip(x.shared).map(|(shared, of_x)| shared - lacks(of_x));
        Some(Through { y: Signal { shared, ..through.y }, ..through })
    }

    fn keeps_positions(&self) -> bool {
        self.convolution().is_ok_and(|convolution| convolution.grid.keeps_positions())
    }

    fn gradient_squares(&self, plan: &Plan, x: Moments, _: &[InitMoments]) -> Option<Vec<f64>> {
        let Convolution { grid, units, groups } = self.convolution().ok()?;
        let ([rows, _], [cols, _]) = (grid.rows.taps_inside(), grid.cols.taps_inside());
        let outputs = (grid.positions() * units) as f64;
        let both = [outputs * rows * cols * (grid.channels / groups) as f64 * x.second, outputs];
        Some(both[..plan.params.len()].to_vec())
    }

    fn initializer(&self, param: &Param) -> Option<&dyn Initializer<T>> {
        if param.role == Role::Bias { self.bias_start.as_deref() } else { self.weight_start.as_deref() }
    }
}
