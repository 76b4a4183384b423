//! The first number that is not finite is named: what it belongs to, its layer, its step, its index.

use evenkeel::*;
use proptest::prelude::*;
use proptest::sample::select;

/// Where a number that is not finite shows first.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Weights,
    Gradient,
    Activation,
    Loss,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// From one step on one thing has a bad number, and from the next step on everything has.
    #[test]
    fn the_first_bad_number_is_named(
        kind in select(vec![Kind::Weights, Kind::Gradient, Kind::Activation, Kind::Loss]),
        layer in 0_usize..5,
        step in 0_u64..120,
        index in 0_usize..12,
        bad in select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        more in 0_u64..5,
    ) {
        let mut monitor = Monitor::new();
        let names: Vec<String> = (0..5).map(|layer| format!("{layer}.own")).collect();
        let ids: Vec<_> = names.iter().map(|name| {
            (monitor.watch_parameter(name, &Param::weight(3, 4)), monitor.watch_activation(name, 4, Bounds::NONE))
        }).collect();
        for now in 0..=step + more {
            let is = |this: Kind, at: usize| now > step || (now == step && kind == this && at == layer);
            let numbers = |is_bad: bool| {
                let mut numbers = [0.5_f64; 12];
                numbers[index] = if is_bad { bad } else { 0.5 };
                numbers
            };
            monitor.begin(now);
            for (at, &(_, id)) in ids.iter().enumerate() {
                let outputs = numbers(is(Kind::Activation, at));
                let outputs = Rows::new(&outputs, 4).unwrap();
                // As training does it: probe rows when it is time for them, a search when the loss is not finite.
                if monitor.looking() { monitor.activations(id, outputs).unwrap() } else { monitor.search(id, outputs).unwrap() }
            }
            for (at, &(id, _)) in ids.iter().enumerate() {
                monitor.gradient(id, &numbers(is(Kind::Gradient, at))).unwrap();
                // Who writes a bad number has added one.
                let bad = is(Kind::Weights, at);
                monitor.weights(id, &numbers(bad), if bad { f64::NAN } else { 0.1 }).unwrap();
            }
            monitor.end(if is(Kind::Loss, layer) { bad } else { 1.0 });
        }
        let report = monitor.report();
        let first = &report.non_finite[0];
        let (layers, what) = match kind {
            Kind::Loss => (vec![], "loss".to_owned()),
            Kind::Activation => (vec![names[layer].clone()], names[layer].clone()),
            Kind::Weights | Kind::Gradient => (vec![names[layer].clone()], format!("{}.weight", names[layer])),
        };
        let kind_name = format!("{kind:?}").to_lowercase();
        prop_assert_eq!((first.kind, &first.what, first.step), (&*kind_name, &what, step));
        prop_assert_eq!((first.index, first.count), (if kind == Kind::Loss { 0 } else { index }, more + 1));
        prop_assert_eq!(first.value.to_bits(), bad.to_bits());
        prop_assert_eq!(report.non_finite.len(), if more > 0 { 16 } else { 1 });
        let finding = report.finding(Symptom::NonFinite).unwrap();
        prop_assert_eq!((&finding.layers, finding.step, finding.severity), (&layers, step, Severity::Critical));
    }

    /// A layer whose output, or whose derivative, turns bad in the middle of a run of the trainer.
    #[test]
    fn the_trainer_names_it_too(step in 0_u64..70, column in 0_usize..4, backwards: bool, first: bool) {
        let poison = Poison { step, column, backwards };
        let builder = Network::<f64>::builder(3).layer(Linear::new(4));
        let builder = if first { builder.layer(poison).layer(Linear::new(4)) } else { builder.layer(Linear::new(4)).layer(poison) };
        let network = builder.layer(Linear::new(2)).build().unwrap();
        let inputs = (0..60).map(|at| (f64::from(at) * 0.7).sin()).collect();
        let data = Dataset::values(inputs, 3, vec![0.5; 40], 2).unwrap();
        let builder = Trainer::builder(network, MeanSquared::new(), Sgd::new(0.01).unwrap()).batch(6);
        let mut trainer = builder.watch(Monitor::new()).build().unwrap();
        let failed = loop {
            if let Err(error) = trainer.step(&data) {
                break error;
            }
        };
        let is_here = matches!(failed, Error::NonFinite { step: at, .. } if at == step && trainer.steps() == step);
        prop_assert!(is_here, "{}", failed);
        let report = trainer.report().unwrap();
        let found = &report.non_finite[0];
        prop_assert_eq!((found.step, found.index), (step, column));
        let before = if first { "0.linear" } else { "1.linear" };
        let here = if first { "1.poison" } else { "2.poison" };
        let (kind, layer) = if backwards { ("gradient", before) } else { ("activation", here) };
        prop_assert_eq!((found.kind, &*found.layer), (kind, layer));
    }
}

/// Passes everything on, until at one step one number is bad.
#[derive(Debug)]
struct Poison {
    step: u64,
    column: usize,
    backwards: bool,
}

impl Layer<f64> for Poison {
    fn kind(&self) -> &'static str {
        "poison"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        y.data_mut().copy_from_slice(x.data());
        if pass.step == self.step && !self.backwards {
            y.row_mut(0)[self.column] = f64::INFINITY;
        }
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        pass: &mut Pass<'_, f64>,
    ) {
        let Some(mut dx) = dx else { return };
        dx.data_mut().copy_from_slice(dy.data());
        if pass.step == self.step && self.backwards {
            dx.row_mut(0)[self.column] = f64::NAN;
        }
    }
}
