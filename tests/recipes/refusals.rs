//! What is wrong with a recipe is named by key and line.

use evenkeel::recipe::{
    ClipKind, LayerKind, OptimizerKind, PlateauKind, Recipe, RecipeError, ScheduleKind, Start, Task,
};

use super::{Folder, base, fitting, place, three_classes};

#[test]
fn what_is_wrong_is_named_with_its_line() {
    assert!(Recipe::from_toml(&base()).is_ok());
    for (from, to, key, line) in [
        ("seed = 1", "", "seed", 1),
        ("seed = 1", "sede = 1", "sede", 2),
        ("seed = 1", "seed = 18446744073709551616", "seed", 2),
        ("seed = 1", "seed = 1\nsead = 2", "sead", 3),
        ("seed = 1", "seed = -1", "seed", 2),
        ("seed = 1", "seed = 1.5", "seed", 2),
        ("targets = 1", "targets = 0", "data.targets", 5),
        ("targets = 1", "targets = 2", "data.targets", 5),
        ("classes = 2", "classes = 0", "data.classes", 7),
        ("classes = 2", "", "data.classes", 3),
        ("classes = 2", "classes = 2\none_hot = 1", "data.one_hot", 8),
        ("classes = 2", "classes = 2\ninputs = \"standardise\"", "data.inputs", 8),
        ("classes = 2", "classes = 2\ntargets_scale = \"minmax\"", "data.targets_scale", 8),
        ("\"classification\"", "\"clasification\"", "data.task", 6),
        ("loss = \"mse\"", "loss = \"msee\"", "training.loss", 9),
        ("batch = 4", "batch = 0", "training.batch", 10),
        ("batch = 4", "batch = \"4\"", "training.batch", 10),
        ("batch = 4", "batch = 4\nl2 = -1.0", "training.l2", 11),
        ("batch = 4", "batch = 4\nclip = { kind = \"global_norm\" }", "training.clip.max", 11),
        ("batch = 4", "batch = 4\nclip = { kind = \"global_norm\", max = -1 }", "training.clip.max", 11),
        ("epochs = 1", "epochs = 0", "training.epochs", 11),
        ("0.001", "0.0", "training.optimizer.learning_rate", 12),
        ("0.001", "nan", "training.optimizer.learning_rate", 12),
        ("\"adam\"", "\"adamm\"", "training.optimizer.kind", 12),
        ("\"adam\"", "\"adam\", momentum = 0.9", "training.optimizer.momentum", 12),
        ("\"linear\"", "\"dense\"", "layers[0].kind", 14),
        ("units = 3", "", "layers[0].units", 13),
        ("units = 3", "width = 3", "layers[0].width", 15),
        ("units = 3", "units = 0", "layers[0].units", 15),
        ("units = 3", "units = 3\nactivation = \"relu\"", "layers[0].activation", 16),
        ("std = 0.1", "std = -0.1", "layers[0].weights.std", 16),
        ("std = 0.1", "sdt = 0.1", "layers[0].weights.sdt", 16),
        ("batch = 4", "bach = 4", "training.bach", 10),
        ("kind = \"linear\"", "knd = \"linear\"", "layers[0].knd", 14),
        ("batch = 4", "batch = 4\nschedule = \"cosine\"", "training.schedule", 11),
        ("batch = 4", "batch = 4\nschedule = { kind = \"cosine\", steps = 0 }", "training.schedule.steps", 11),
        ("batch = 4", "batch = 4\nplateau = { factor = 2, patience = 1 }", "training.plateau.factor", 11),
        ("batch = 4", "batch = 4\nplateau = { factor = 0.5, patince = 1 }", "training.plateau.patince", 11),
        ("\"relu\"", "\"relu\"\nslope = 0.1", "layers[1].slope", 19),
        ("[data]", "[[data]]", "data", 3),
    ] {
        let text = base().replacen(from, to, 1);
        let error = Recipe::from_toml(&text).expect_err(to);
        assert_eq!(place(&error), (key, line), "{to}: {error}");
        assert!(error.to_string().contains(&format!("line {line}")), "{error}");
    }
    let broken = Recipe::from_toml(&base().replacen("batch = 4", "batch = = 4", 1)).unwrap_err();
    assert!(matches!(broken, RecipeError::Syntax { line: 10, .. }), "{broken}");
}

#[test]
fn a_mistyped_key_is_named_with_the_one_that_is_meant() {
    for (from, to, meant) in [
        ("batch", "bach", "batch"),
        ("learning_rate", "lerning_rate", "learning_rate"),
        ("kind = \"relu\"", "kidn = \"relu\"", "kind"),
    ] {
        let error = Recipe::from_toml(&base().replacen(from, to, 1)).unwrap_err();
        assert!(matches!(&error, RecipeError::UnknownKey { nearest: Some(key), .. } if key == meant), "{error}");
        assert!(error.to_string().contains(&format!("is `{meant}` meant?")), "{error}");
    }
    let error = Recipe::from_toml(&base().replacen("batch", "zzz", 1)).unwrap_err();
    assert!(
        matches!(&error, RecipeError::UnknownKey { nearest: None, .. }) && !error.to_string().contains("meant"),
        "{error}"
    );
}

type Change = fn(&mut Recipe);

#[test]
fn what_is_built_in_code_is_held_to_what_is_read() {
    let folder = Folder::new("code");
    folder.write("x.csv", &three_classes());
    let (recipe, data) = Recipe::open(&folder.write("recipe.toml", &fitting())).unwrap();
    recipe.check().unwrap();
    let changes: [(&str, Change); 16] = [
        ("training.l2", |recipe| recipe.training.l2 = f64::NAN),
        ("training.l2", |recipe| recipe.training.l2 = -1.0),
        ("training.l2", |recipe| recipe.training.l2 = f64::INFINITY),
        ("training.batch", |recipe| recipe.training.batch = 0),
        ("training.epochs", |recipe| recipe.training.epochs = 0),
        ("training.optimizer.learning_rate", |recipe| recipe.training.optimizer = OptimizerKind::adam(f64::NAN)),
        ("training.optimizer.weight_decay", |recipe| recipe.training.optimizer = OptimizerKind::adamw(0.1, -1.0)),
        ("training.clip.max", |recipe| recipe.training.clip = Some(ClipKind::GlobalNorm { max: 0.0 })),
        ("training.schedule.factor", |recipe| {
            recipe.training.schedule = Some(ScheduleKind::Exponential { factor: -1.0 })
        }),
        ("training.plateau.factor", |recipe| recipe.training.plateau = Some(PlateauKind::new(1.0, 3))),
        ("data.train_rows", |recipe| recipe.data.train_rows = Some(0)),
        ("data.targets", |recipe| recipe.data.targets = 0),
        ("data.classes", |recipe| recipe.data.task = Task::Classification { classes: 0, one_hot: true }),
        ("layers", |recipe| recipe.layers.clear()),
        ("layers[0].units", |recipe| recipe.layers[0] = LayerKind::linear(0, Start::Zeros)),
        ("layers[1].rate", |recipe| recipe.layers[1] = LayerKind::Dropout { rate: 1.0 }),
    ];
    for (key, change) in changes {
        let mut changed = recipe.clone();
        change(&mut changed);
        for error in [
            changed.check().expect_err(key),
            changed.run_on(&data).expect_err(key),
            changed.prepare(&folder.0).expect_err(key),
        ] {
            assert_eq!(place(&error), (key, 0), "{error}");
            assert!(error.to_string().starts_with(&format!("`{key}`")), "{error}");
        }
        // Read from text, the same is refused the same.
        let error = Recipe::from_toml(&changed.to_toml()).expect_err(key);
        assert_eq!(place(&error).0, key, "{error}");
    }
}
