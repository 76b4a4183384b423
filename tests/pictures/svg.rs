//! The pictures as files of their own.

use evenkeel::*;

use super::reports::{edges, report, series};
use super::xml::{Element, elements};
use super::{history, pictures};

/// The numbers of an attribute.
fn numbers(text: &str) -> Vec<f64> {
    let separated = text.replace(|c: char| c.is_ascii_alphabetic(), " ");
    separated.split([' ', ',']).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap_or(f64::NAN)).collect()
}

/// Fails unless every place is a number, and in the picture.
fn check_geometry(of: &str, elements: &[Element]) {
    let size = |name: &str| elements[0].get(name).parse::<f64>().unwrap();
    let (width, height) = (size("width"), size("height"));
    assert_eq!(numbers(elements[0].get("viewBox")), [0.0, 0.0, width, height], "{of}");
    for element in elements {
        for (name, value) in &element.attributes {
            match &**name {
                "x" | "cx" => assert!((0.0..=width).contains(&numbers(value)[0]), "{of}: {element:?}"),
                "y" | "cy" => assert!((0.0..=height).contains(&numbers(value)[0]), "{of}: {element:?}"),
                "width" | "height" | "r" => assert!(numbers(value)[0] >= 0.0, "{of}: {element:?}"),
                // Of relative commands the numbers are smaller still.
                "d" => assert!(numbers(value).iter().all(|x| x.abs() <= width.max(height)), "{of}: {element:?}"),
                _ => {}
            }
        }
    }
}

/// Fails unless every picture is well-formed, within its bounds, and the same again.
pub fn check(of: &str, report: &StabilityReport) {
    for (picture, svg) in pictures(report) {
        let of = format!("{picture} of {of}");
        let elements = elements(&svg).unwrap_or_else(|error| panic!("{of}: {error}"));
        assert_eq!((&*elements[0].tag, elements[0].get("role")), ("svg", "img"), "{of}");
        assert_eq!((&*elements[1].tag, &*elements[2].tag), ("title", "desc"), "{of}");
        assert!(!elements[0].get("aria-label").is_empty() && !elements[2].text.is_empty(), "{of}");
        assert!(elements.iter().all(|element| element.tag != "script"), "{of}");
        assert!(svg.contains("prefers-color-scheme:dark"), "{of}");
        check_geometry(&of, &elements);
    }
    assert_eq!(pictures(report), pictures(&report.clone()), "{of}: the same report gives the same bytes");
}

#[test]
fn well_formed_at_every_edge() {
    for (name, report) in edges() {
        check(name, &report);
    }
}

fn of_class(elements: &[Element], class: &str) -> Vec<Element> {
    elements.iter().filter(|element| element.has_class(class)).cloned().collect()
}

#[test]
fn a_loss_is_drawn_where_it_is() {
    let elements = elements(&loss_curve_svg(&report(series([1.0, 1.5, 2.0, 1.0]), vec![]), &[])).unwrap();
    let curve = of_class(&elements, "one").into_iter().find(|path| numbers(path.get("d")).len() == 8).unwrap();
    let places = numbers(curve.get("d"));
    let (x, y): (Vec<f64>, Vec<f64>) = places.chunks(2).map(|place| (place[0], place[1])).unzip();
    // Coordinates are rounded to a tenth.
    let same = |a: f64, b: f64| (a - b).abs() <= 0.11;
    assert!(same(x[1] - x[0], x[2] - x[1]) && same(x[2] - x[1], x[3] - x[2]), "equal steps are equal distances: {x:?}");
    assert!(same(y[0] - y[1], y[1] - y[2]) && y[0] == y[3] && y[2] < y[0], "a linear scale upwards: {y:?}");
}

#[test]
fn a_loss_that_spans_decades_is_drawn_by_its_logarithm() {
    let elements = elements(&loss_curve_svg(&report(series([1.0, 0.1, 0.01, 0.001]), vec![]), &[])).unwrap();
    assert!(elements[2].text.contains("logarithmic"));
    let labels: Vec<&str> =
        elements.iter().filter(|element| element.has_class("end")).map(|label| &*label.text).collect();
    assert_eq!(labels, ["1e-3", "0.01", "0.1", "1", "step"]);
    let curve = of_class(&elements, "one").into_iter().find(|path| numbers(path.get("d")).len() == 8).unwrap();
    let y: Vec<f64> = numbers(curve.get("d")).chunks(2).map(|place| place[1]).collect();
    assert!(y.windows(2).all(|pair| (pair[1] - pair[0] - (y[1] - y[0])).abs() <= 0.11), "equal ratios: {y:?}");
}

#[test]
fn losses_that_are_not_finite_break_the_line_and_are_marked() {
    let losses = [1.0, 2.0, f64::NAN, 3.0, 4.0, f64::INFINITY, 5.0];
    let elements = elements(&loss_curve_svg(&report(series(losses), vec![]), &[])).unwrap();
    // Two in the drawing, one in the legend.
    assert_eq!(of_class(&elements, "bad").len(), 3);
    assert!(elements.iter().any(|element| element.tag == "title" && element.text == "step 2: 1 not finite"));
    // Two pieces, the sample of the legend; the last value stands alone and is a dot.
    assert_eq!((of_class(&elements, "one").len(), of_class(&elements, "dot").len()), (3, 1));
    assert!(elements[2].text.contains("2 values are not finite"));
}

/// Of one thing as of one, and of what was not recorded not at all.
#[test]
fn descriptions_count_one_as_one() {
    let one = report(series([f64::NAN]), vec![super::reports::full_layer("0.linear", &[0.5])]);
    for (name, picture) in super::pictures(&one) {
        for wrong in ["1 layers", "1 steps", "1 values", "1 recurrent layers"] {
            assert!(!picture.contains(wrong), "{name}: {wrong}");
        }
    }
    assert!(loss_curve_svg(&one, &[]).contains("1 value is not finite"));
    let html = one.html();
    assert!(html.contains("1 step was watched, of 1 layer. "), "{html}");

    let saturated = LayerRecord { saturated: series([0.5]), ..super::reports::layer("1.tanh") };
    let svg = inactive_units_svg(&report(Series::new(), vec![saturated.clone()]));
    assert!(
        svg.contains("A row for the one layer; of the units of a layer now at most 50.0 % are saturated<"),
        "{svg}"
    );
    let both = LayerRecord { dead: series([0.25]), ..saturated };
    let svg = inactive_units_svg(&report(Series::new(), vec![both.clone(), both]));
    let told =
        "each of 2 layers; of the units of a layer now at most 25.0 % are dead, and at most 50.0 % are saturated<";
    assert!(svg.contains(told), "{svg}");
}

#[test]
fn the_validation_is_drawn_at_the_ends_of_its_epochs() {
    let svg = loss_curve_svg(&report(series((0..40).map(|_| 1.0)), vec![]), &history());
    let elements = elements(&svg).unwrap();
    assert_eq!(of_class(&elements, "diamond").len(), 3, "two epochs and the legend");
    let told: Vec<&str> =
        elements.iter().map(|element| &*element.text).filter(|text| text.starts_with("validation,")).collect();
    assert_eq!(told, ["validation, steps 9 to 18: 2.00", "validation, step 29: 1.00"]);
    assert_eq!(of_class(&elements, "bad").len(), 2, "the epoch that is not finite, and the legend");
}

#[test]
fn a_heat_map_has_a_cell_for_every_bin_and_tells_its_number() {
    let falling = (0..8).map(|step| 10_f64.powi(-step));
    let layers = vec![
        LayerRecord { gradient: series(falling), ..super::reports::layer("a") },
        LayerRecord { gradient: series([0.0; 8]), ..super::reports::layer("b") },
        LayerRecord { gradient: series([f64::NAN; 8]), ..super::reports::layer("c") },
        super::reports::layer("d"),
    ];
    let elements = elements(&gradient_heat_map_svg(&report(Series::new(), layers))).unwrap();
    let cells: Vec<(&Element, &str)> = elements
        .windows(2)
        .filter(|pair| pair[0].tag == "rect" && pair[1].tag == "title")
        .map(|pair| (&pair[0], &*pair[1].text))
        .collect();
    assert_eq!(cells.len(), 3 * 8, "a layer without a gradient has no row");
    let brightness: Vec<&str> = cells[..8].iter().map(|(cell, _)| cell.get("class")).collect();
    assert_eq!(brightness, ["h9", "h8", "h7", "h5", "h4", "h2", "h1", "h0"]);
    assert_eq!((cells[0].1, cells[7].1), ("a, step 0: 1.00", "a, step 7: 1.0e-7"));
    assert_eq!((cells[8].1, cells[16].1), ("b, step 0: 0", "c, step 0: 1 not finite"));
    // Struck through and hatched, and once each in the legend.
    assert_eq!((of_class(&elements, "limit").len(), of_class(&elements, "bad").len()), (8 + 1, 8 + 1));
}

#[test]
fn an_update_ratio_of_a_thousandth_lies_on_the_line_of_the_usual() {
    let layer = LayerRecord { update_ratio: series([1e-5, 1e-3]), ..super::reports::layer("a") };
    let elements = elements(&update_ratio_svg(&report(Series::new(), vec![layer]))).unwrap();
    let usual = numbers(of_class(&elements, "limit")[0].get("d"))[0];
    let dot: f64 = of_class(&elements, "dot")[0].get("cx").parse().unwrap();
    assert_eq!(usual, dot);
}
