//! The example of the README: is a point inside the circle?

use evenkeel::*;
use std::ops::ControlFlow;

fn main() -> Result<(), Error> {
    // Is a point inside the circle?
    let point = |row: u32| [(row % 20) as f32 / 10.0 - 0.95, (row / 20) as f32 / 10.0 - 0.95];
    let inside = |row: u32| usize::from(point(row).iter().map(|x| x * x).sum::<f32>() < 0.5);
    let data = Dataset::classes((0..400).flat_map(point).collect(), 2, (0..400).map(inside).collect())?;
    let (train, test) = data.split(0.2, 1)?;

    let network = Network::<f32>::builder(2)
        .layer(Linear::new(32).weights(Xavier::uniform()))
        .layer(Tanh)
        .layer(Linear::new(2))
        .seed(1)
        .build()?;
    let mut trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(0.02)?)
        .batch(32)
        .epochs(50)
        .clip(GlobalNorm::new(1.0)?)
        .watch(Monitor::new())
        .build()?;
    trainer.fit(&train, None, |_epoch| ControlFlow::Continue(()))?;

    let accuracy = trainer.evaluate(&test)?.accuracy.unwrap_or(0.0);
    println!("accuracy {:.1} %", 100.0 * accuracy);
    println!("{}", trainer.report().expect("the run is watched"));
    Ok(())
}
