//! The layers whose rows are images, over drawn geometries.

use evenkeel::check::gradients;
use evenkeel::*;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::drawn::{check, numbers, size};
use super::{Boxed, failed, linear, network};

/// Heights and widths, so small that every entry can be tried.
fn side() -> impl Strategy<Value = usize> {
    prop::sample::select(&[1_usize, 2, 5, 7, 8, 9, 16, 17, 33][..])
}

fn extent(sizes: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = (usize, usize)> {
    (sizes.clone(), sizes)
}

fn padding() -> impl Strategy<Value = Padding> {
    let explicit = extent(0..=2).prop_map(|(rows, cols)| Padding::Explicit { rows, cols });
    prop_oneof![Just(Padding::Valid), Just(Padding::Same), explicit]
}

/// Images of a size that leaves the check a few hundred entries.
fn image() -> impl Strategy<Value = (usize, usize, usize)> {
    (side(), side(), size())
        .prop_filter("too many numbers", |(height, width, channels)| height * width * channels <= 300)
}

/// Checks a layer between two linear ones; a geometry that the layer refuses is drawn anew.
fn agrees(layer: Boxed, n_in: usize, rows: usize, seed: u64) -> TestCaseResult {
    let n_out = match layer.plan(n_in) {
        Ok(plan) => plan.n_out,
        Err(error) => {
            prop_assert!(matches!(error, Error::Window { .. } | Error::Argument { .. }), "{}", error);
            return Err(TestCaseError::reject("no such geometry"));
        }
    };
    prop_assume!(n_out <= 900);
    let network = network(2, vec![linear(n_in), layer, linear(1)], seed).map_err(failed)?;
    let x = numbers(rows * 2, 1.5, seed, "x");
    let checked = gradients(&network, Rows::new(&x, 2).map_err(failed)?, seed).map_err(failed)?;
    prop_assert_eq!(checked.entries, network.parameters().len());
    Ok(())
}

/// Groups, and the channels in and out of one.
fn groups() -> impl Strategy<Value = (usize, usize, usize)> {
    let several = (2..=3_usize, 1..=5_usize, 1..=5_usize);
    let depthwise = size().prop_map(|channels| (channels, 1, 1));
    let one = (Just(1), size(), size());
    prop_oneof![2 => one, 1 => several, 1 => depthwise]
}

#[test]
fn convolutions_agree() {
    let steps = (extent(1..=3), extent(1..=3), extent(1..=2));
    let cases = (1..=3_usize, (side(), side()), groups(), steps, padding(), any::<bool>(), any::<u64>());
    check(cases, |(rows, (height, width), (groups, depth, members), steps, padding, bias, seed)| {
        let (kernel, stride, dilation) = steps;
        let image = (height, width, groups * depth);
        prop_assume!(height * width * image.2 <= 300);
        let conv = Conv2d::new(image, groups * members, kernel).stride(stride).dilation(dilation);
        let conv = conv.padding(padding).groups(groups);
        let conv = if bias { conv } else { conv.without_bias() };
        agrees(Box::new(conv), height * width * image.2, rows, seed)
    });
}

/// Three by three over many channels: these are filtered in squares, and what is odd hangs over the edges.
#[test]
fn filtered_convolutions_agree() {
    let many = || prop::sample::select(&[8_usize, 9, 16, 17, 33][..]);
    let cases = (1..=3_usize, extent(2..=5), many(), many(), padding(), any::<bool>(), any::<u64>());
    check(cases, |(rows, (height, width), channels, units, padding, bias, seed)| {
        prop_assume!(height * width * channels.max(units) <= 200);
        let conv = Conv2d::new((height, width, channels), units, 3).padding(padding);
        let conv = if bias { conv } else { conv.without_bias() };
        agrees(Box::new(conv), height * width * channels, rows, seed)
    });
}

#[test]
fn convolutions_of_sequences_agree() {
    let cases = (1..=3_usize, size(), 1..=5_usize, 1..=5_usize, 1..=5_usize, any::<u64>());
    check(cases, |(rows, steps, channels, units, kernel, seed)| {
        let conv = Conv2d::of_sequence((steps, channels), units, kernel).padding(Padding::Same);
        agrees(Box::new(conv), steps * channels, rows, seed)
    });
}

#[test]
fn max_pooling_agrees() {
    let cases = (1..=3_usize, image(), extent(1..=4), extent(1..=3), padding(), any::<u64>());
    check(cases, |(rows, image, kernel, stride, padding, seed)| {
        let pool = MaxPool2d::new(image, kernel).stride(stride).padding(padding);
        agrees(Box::new(pool), image.0 * image.1 * image.2, rows, seed)
    });
}

#[test]
fn max_pooling_without_overlap_agrees() {
    check((1..=3_usize, image(), extent(1..=3), any::<u64>()), |(rows, image, kernel, seed)| {
        agrees(Box::new(MaxPool2d::new(image, kernel)), image.0 * image.1 * image.2, rows, seed)
    });
}

#[test]
fn average_pooling_agrees() {
    let cases = (1..=3_usize, image(), extent(1..=4), extent(1..=3), padding(), any::<bool>(), any::<u64>());
    check(cases, |(rows, image, kernel, stride, padding, count, seed)| {
        let pool = AveragePool2d::new(image, kernel).stride(stride).padding(padding);
        let pool = if count { pool.count_padding() } else { pool };
        agrees(Box::new(pool), image.0 * image.1 * image.2, rows, seed)
    });
}

#[test]
fn global_average_pooling_agrees() {
    check((1..=3_usize, image(), any::<u64>()), |(rows, image, seed)| {
        agrees(Box::new(AveragePool2d::global(image)), image.0 * image.1 * image.2, rows, seed)
    });
}

#[test]
fn channels_last_agrees() {
    check((1..=3_usize, image(), any::<u64>()), |(rows, image, seed)| {
        agrees(Box::new(ChannelsLast::new(image)), image.0 * image.1 * image.2, rows, seed)
    });
}

/// Two pixels a hair apart: between the two points of a difference another one wins, and the check must see that.
#[test]
fn a_change_of_winners_is_a_kink() {
    let network = Network::<f64>::builder(1)
        .layer(Linear::new(2).weights(Constant::new(1.0).unwrap()))
        .layer(MaxPool2d::new((1, 2, 1), (1, 2)))
        .build()
        .unwrap();
    // Each of the four entries of the linear layer moves one pixel of a tie.
    let failure = gradients(&network, Rows::new(&[1.0], 1).unwrap(), 1).unwrap_err();
    assert!(matches!(failure, check::Failure::TooManyKinks { skipped: 4, entries: 4 }), "{failure}");
}
