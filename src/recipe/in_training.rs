//! What a network gives while it is trained: layers that normalize over a batch then take the statistics of that batch.

use crate::{Dataset, Error, Generator, Mode, Network};

/// The outputs for the rows of a data set, in their order, in the batches in which the first epoch goes through them.
///
/// # Errors
/// Those of a layer that refuses a batch.
pub(super) fn outputs(network: &Network<f32>, set: &Dataset<f32>, batch: usize, seed: u64) -> Result<Vec<f32>, Error> {
    let batch = batch.clamp(1, set.rows().max(1));
    let mut order: Vec<usize> = (0..set.rows()).collect();
    // As the trainer does.
    Generator::numbered(seed, "epoch", 0).shuffle(&mut order);
    let width = network.n_out();
    let mut outputs = vec![0.0; set.rows() * width];
    let mut workspace = network.workspace(batch)?;
    for rows in order.chunks(batch) {
        let part = set.select(rows)?;
        let out = network.forward(part.inputs(), Mode::Train, &mut workspace)?;
        for (&row, out) in rows.iter().zip(out.iter()) {
            outputs[row * width..(row + 1) * width].copy_from_slice(out);
        }
    }
    Ok(outputs)
}
