//! A picture of sizes over depth, as SVG.

use std::fmt::Write;

use evenkeel::{Forecast, Measured, Spread};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;

/// A line with its bars, and what was measured: logarithms to base 10 of root mean squares.
struct Line {
    name: &'static str,
    color: &'static str,
    expected: Vec<Option<f64>>,
    bars: Vec<Option<[f64; 2]>>,
    measured: Vec<Option<f64>>,
}

/// Signal and gradient of every layer, as expected and, if there is a measurement, as measured.
pub fn draw(forecast: &Forecast, measured: Option<&Measured>, title: &str) -> String {
    let log = |square: f64| Some(square.log10() / 2.0).filter(|log| log.is_finite());
    let bars = |spread: Option<Spread>| {
        let range = spread?.range(1.96).map(log);
        range[0].zip(range[1]).map(|(low, high)| [low, high])
    };
    let of = |f: fn(&evenkeel::LayerMeasured) -> f64| {
        measured.map_or_else(Vec::new, |measured| measured.layers.iter().map(|layer| log(f(layer))).collect())
    };
    let layers = &forecast.layers;
    let lines = [
        Line {
            name: "signal",
            color: "#1f77b4",
            expected: layers.iter().map(|layer| layer.moments.and_then(|of| log(of.second))).collect(),
            bars: layers.iter().map(|layer| bars(layer.spread)).collect(),
            measured: of(|layer| layer.moments.second),
        },
        Line {
            name: "gradient, relative to that by the output",
            color: "#d62728",
            expected: layers.iter().map(|layer| layer.gradient.and_then(log)).collect(),
            bars: layers.iter().map(|layer| bars(layer.gradient_spread)).collect(),
            measured: of(|layer| layer.gradient.unwrap_or(f64::NAN)),
        },
    ];
    picture(&lines, layers.len(), title)
}

fn picture(lines: &[Line], count: usize, title: &str) -> String {
    let numbers = lines.iter().flat_map(|line| {
        let bars = line.bars.iter().flatten().flatten().copied();
        line.expected.iter().chain(&line.measured).flatten().copied().chain(bars)
    });
    let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let (low, high) = if low > high { (-1.0, 1.0) } else { (low.floor(), high.ceil().max(low.floor() + 1.0)) };
    let x = |index: usize| LEFT + (WIDTH - LEFT - RIGHT) * index as f64 / (count.max(2) - 1) as f64;
    let y = |log: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high - log) / (high - low);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\">{}</text>\n",
        escaped(title)
    );
    // About eight lines, at whole powers of ten.
    let step = ((high - low) / 8.0).ceil().max(1.0);
    for index in 0..=((high - low) / step) as u32 {
        let log = low + step * f64::from(index);
        let at = y(log);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">1e{log:.0}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">layer (of {count})</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 10.0
    );
    for (index, line) in lines.iter().enumerate() {
        let Line { name, color, expected, bars, measured } = line;
        let known: Vec<_> = bars.iter().enumerate().filter_map(|(at, bars)| Some((at, (*bars)?))).collect();
        let above = known.iter().map(|&(at, [_, high])| (x(at), y(high)));
        let below = known.iter().rev().map(|&(at, [low, _])| (x(at), y(low)));
        let area = points(above.chain(below));
        let _ = writeln!(svg, "<polygon points=\"{area}\" fill=\"{color}\" fill-opacity=\"0.15\"/>");
        let path = points(expected.iter().enumerate().filter_map(|(at, log)| Some((x(at), y((*log)?)))));
        let _ = writeln!(svg, "<polyline points=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>");
        for (at, log) in measured.iter().enumerate().filter_map(|(at, log)| Some((at, (*log)?))) {
            let _ = writeln!(svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\" fill=\"{color}\"/>", x(at), y(log));
        }
        let at = HEIGHT - 28.0;
        let _ =
            writeln!(svg, "<text x=\"{:.1}\" y=\"{at:.1}\" fill=\"{color}\">{name}</text>", LEFT + 90.0 * index as f64);
    }
    svg.push_str("</svg>\n");
    svg
}

fn points(points: impl Iterator<Item = (f64, f64)>) -> String {
    let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    points.join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
