//! How well the mean loss of some rows is known.

use crate::{Dataset, Loss, Network, evaluate};

/// The standard error of the mean loss of some rows, as a share of that mean: their losses' standard deviation over the root of how many there
/// are. `None` where there are not two, or where a loss is not finite.
pub(super) fn relative_error(network: &Network<f32>, loss: &dyn Loss<f32>, set: &Dataset<f32>) -> Option<f64> {
    let mut workspace = network.workspace(1).ok()?;
    let mut of_row = |row: usize| Some(evaluate(network, loss, &set.select(&[row]).ok()?, &mut workspace).ok()?.loss);
    let losses: Vec<f64> = (0..set.rows()).map(&mut of_row).collect::<Option<_>>()?;
    let rows = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / rows;
    let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / (rows - 1.0);
    let error = (variance / rows).sqrt() / mean;
    error.is_finite().then_some(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Linear, MeanSquared};

    #[test]
    fn it_is_that_of_the_losses_of_the_rows() {
        let network = Network::<f32>::builder(1).layer(Linear::new(1)).build().unwrap();
        let out = |x: f32| network.predict(crate::Rows::new(&[x], 1).unwrap()).unwrap()[0];
        // Losses of 1, 1, 4 and 4: a mean of 2.5, a variance of 3.
        let (inputs, off) = (vec![0.0, 1.0, 2.0, 3.0], [1.0, -1.0, 2.0, -2.0]);
        let targets = inputs.iter().zip(off).map(|(x, off)| out(*x) + off).collect();
        let set = Dataset::values(inputs, 1, targets, 1).unwrap();
        let error = relative_error(&network, &MeanSquared::new(), &set).unwrap();
        assert!((error - (3.0_f64 / 4.0).sqrt() / 2.5).abs() < 1e-5, "{error}");
        assert_eq!(relative_error(&network, &MeanSquared::new(), &set.select(&[0]).unwrap()), None);
    }
}
