//! The handwritten digits, from `examples/data/digits.csv`.

use evenkeel::{Dataset, Error, Scaler};

/// The digits: 1,797 rows of 64 pixels, 0 to 16, and a class.
fn digits() -> Result<Dataset<f32>, Error> {
    let (mut pixels, mut classes) = (Vec::new(), Vec::new());
    for line in include_str!("../data/digits.csv").lines() {
        let mut numbers: Vec<u8> = line.split(',').filter_map(|number| number.trim().parse().ok()).collect();
        classes.extend(numbers.pop().map(usize::from));
        pixels.extend(numbers.into_iter().map(f32::from));
    }
    Dataset::classes(pixels, 64, classes)
}

/// The digits in two parts, four fifths and one fifth of each class, drawn by the seed; pixels brought to the range from 0
/// to 1 by the first part.
pub fn digits_in_two(seed: u64) -> Result<(Dataset<f32>, Dataset<f32>), Error> {
    let (mut train, mut test) = digits()?.split(0.2, seed)?;
    let scaler = Scaler::min_max(train.inputs())?;
    train.scale_inputs(&scaler)?;
    test.scale_inputs(&scaler)?;
    Ok((train, test))
}
