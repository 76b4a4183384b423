//! Every symptom has a run that shows it, and a twin without the fault that does not.

use super::{extras, faults, labelled, recurrent};

use evenkeel::Symptom;
use evenkeel::recipe::{Diagnosis, Recipe};

/// Labelled runs that show a symptom, and that are silent about it once they are repaired.
const OF_RUNS: &[(&str, &[Symptom])] = &[
    ("bad-selu-12-normal-002", &[Symptom::VanishingGradients]),
    ("bad-leaky-15-normal-1", &[Symptom::ExplodingGradients, Symptom::UnstableLoss, Symptom::HighFirstLoss]),
    ("bad-zero-init-tanh", &[Symptom::SymmetricUnits]),
    ("bad-sgd-sine-diverges", &[Symptom::NonFinite]),
    ("bad-bias-minus-8-regression", &[Symptom::DeadUnits]),
    ("bad-adam-1-tanh-rings", &[Symptom::SaturatedUnits, Symptom::ExplodingWeights]),
    ("bad-l2-05-moons", &[Symptom::ConstantOutput, Symptom::VanishingWeights]),
    ("bad-linear-stack-xor", &[Symptom::LossNotDecreasing]),
    ("bad-two-epochs-checker", &[Symptom::SlowConvergence]),
    ("ips-15", &[Symptom::DivergingLoss]),
    ("bad-softmax1-moons", &[Symptom::ConstantGradients]),
    ("bad-overfit-friedman", &[Symptom::Overfitting]),
    ("bad-relu-output-signed", &[Symptom::MismatchedOutput]),
    ("bad-cancer-raw-sgd", &[Symptom::UnscaledData]),
];

/// A symptom, and the tests that look for it.
type Tested = (Symptom, &'static [fn()]);

/// Those that no recipe is needed for: tests that look at a run with the fault, and at one without.
const OF_TESTS: &[Tested] = &[
    (
        Symptom::VanishingOverTime,
        &[recurrent::time::what_vanishes_over_time_is_told_with_its_lag, recurrent::time::what_stays_is_not_told],
    ),
    (
        Symptom::ExplodingOverTime,
        &[recurrent::time::what_explodes_over_time_is_told_with_its_lag, recurrent::time::what_stays_is_not_told],
    ),
    (Symptom::GrowingSymmetry, &[extras::units::units_that_become_alike]),
    (Symptom::RankCollapse, &[extras::units::outputs_that_differ_in_one_direction_alone]),
    (Symptom::BornDeadUnits, &[extras::units::units_born_dead_are_told_from_those_that_died]),
    (Symptom::DyingUnits, &[extras::units::units_born_dead_are_told_from_those_that_died]),
    (Symptom::EdgeOfStability, &[extras::sharpness::two_over_the_rate_is_where_descent_diverges]),
    (Symptom::WrongGradient, &[extras::steps::a_flipped_sign_is_found_by_what_the_loss_does]),
    (Symptom::Overshooting, &[extras::steps::steps_that_are_too_long_are_found_by_what_the_loss_does]),
    (Symptom::GradientUnderflow, &[extras::steps::gradients_that_a_format_has_no_digits_for]),
    (Symptom::ClipSaturation, &[extras::steps::clipping_most_steps_or_nearly_all_of_a_gradient]),
    (Symptom::EpsilonRegime, &[extras::steps::an_epsilon_that_takes_the_place_of_the_gradient]),
    (Symptom::LossSpikes, &[extras::steps::a_spike_of_the_loss_and_the_layer_that_spiked_first]),
    (Symptom::ModeMismatch, &[extras::steps::statistics_that_are_not_those_of_training]),
    (Symptom::FrozenLayer, &[faults::a_layer_that_stands_still, faults::nothing_is_found_where_nothing_was_put]),
    (Symptom::ForeignChange, &[faults::a_layer_that_is_scaled, faults::nothing_is_found_where_nothing_was_put]),
];

/// A new symptom without such a pair is one that nobody has seen, or that nobody has seen silent.
#[test]
fn every_symptom_has_a_pair() {
    let of_runs = OF_RUNS.iter().flat_map(|(_, symptoms)| symptoms.iter());
    let seen: Vec<Symptom> = of_runs.chain(OF_TESTS.iter().map(|(symptom, _)| symptom)).copied().collect();
    for &symptom in Symptom::ALL {
        let pairs = seen.iter().filter(|seen| **seen == symptom).count();
        assert_eq!(pairs, 1, "{symptom} has {pairs} pairs");
    }
    assert!(OF_TESTS.iter().all(|(_, tests)| !tests.is_empty()));
}

#[test]
fn a_labelled_run_shows_it_and_its_repair_does_not() {
    for (name, symptoms) in OF_RUNS {
        let path = labelled::all().into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == *name)).unwrap();
        let recipe = Recipe::read(&path).unwrap();
        let data = recipe.prepare(path.parent().unwrap()).unwrap();
        let run = recipe.run_on(&data).unwrap();
        let diagnosis = Diagnosis::of(&recipe, &data, &run);
        let repair = diagnosis.repair(&recipe, &data, &run).unwrap_or_else(|| panic!("{name} is not repaired"));
        for symptom in *symptoms {
            let shows = |diagnosis: &Diagnosis| diagnosis.findings.iter().any(|finding| finding.symptom == *symptom);
            assert!(shows(&diagnosis), "{name} does not show {symptom}: {:?}", diagnosis.findings);
            assert!(!shows(&repair.diagnosis), "{name} shows {symptom} still: {:?}", repair.diagnosis.findings);
        }
    }
}
