//! Recipes and their data: where one is not found, or does not fit.

use std::path::Path;

use evenkeel::recipe::{Data, Recipe, RecipeError};

use super::{Folder, base, fitting, place, three_classes};

#[test]
fn a_missing_file_is_named_with_its_line() {
    let folder = std::env::temp_dir().join(format!("evenkeel-recipes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("recipe.toml");
    let missing = Recipe::read(&path).unwrap_err();
    assert!(matches!(missing, RecipeError::File { .. }), "{missing}");
    std::fs::write(&path, base()).unwrap();
    let missing = Recipe::read(&path).unwrap_err();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(place(&missing), ("data.file", 4), "{missing}");
}

/// The [`fitting`] recipe with other lines in the place of the layer between.
fn between(lines: &str) -> String {
    fitting().replacen("kind = \"relu\"", lines, 1)
}

#[test]
fn what_does_not_fit_the_data_or_its_neighbour_is_named_with_its_line() {
    let folder = Folder::new("fit");
    folder.write("x.csv", &three_classes());
    let (recipe, data) = Recipe::open(&folder.write("fitting.toml", &fitting())).unwrap();
    assert_eq!((data.n_in(), data.rows()), (4, (9, 3)));
    recipe.run_on(&data).unwrap();
    let changed = |from: &str, to: &str| fitting().replacen(from, to, 1);
    for (text, key, line, found) in [
        (changed("units = 8", "units = 0"), "layers[0].units", 15, "0"),
        (changed("units = 8", "units = 99999999999"), "layers[0].units", 15, "99999999999"),
        (changed("units = 8", "units = 9000000000000000000"), "layers[0].units", 15, "9000000000000000000"),
        (changed("units = 3", "units = 4"), "layers[2].units", 21, "4"),
        (
            (fitting() + "[[layers]]\nkind = \"softmax\"\n").replacen("units = 3", "units = 2", 1),
            "layers[2].units",
            21,
            "2",
        ),
        (changed("classes = 3", "classes = 2"), "data.classes", 7, "2"),
        (changed("classes = 3", "classes = 3\ntrain_rows = 12"), "data.train_rows", 8, "12"),
        (
            changed("targets = 1\ntask = \"classification\"\nclasses = 3", "targets = 5\ntask = \"regression\""),
            "data.targets",
            5,
            "5",
        ),
        (changed("\"classification\"\nclasses = 3", "\"multilabel\""), "data.task", 6, "\"multilabel\""),
        (changed("x.csv", "."), "data.file", 4, "folder"),
        (changed("x.csv", "no-such.csv"), "data.file", 4, "no-such.csv"),
        (
            between("kind = \"residual\"\nlayers = [ { kind = \"linear\", units = 7 } ]"),
            "layers[1]",
            17,
            "expected 8, found 7",
        ),
        (between("kind = \"residual\"\nlayers = []"), "layers[1]", 17, "empty"),
        (between("kind = \"lstm\"\nsteps = 3\nwidth = 2\nhidden = 4"), "layers[1]", 17, "expected 6, found 8"),
        (
            between("kind = \"conv2d\"\nimage = [3, 3, 1]\nunits = 2\nkernel = 3"),
            "layers[1]",
            17,
            "expected 9, found 8",
        ),
        (between("kind = \"conv2d\"\nimage = [2, 2, 2]\nunits = 2\nkernel = 5"), "layers[1].kernel", 21, "5"),
        (between("kind = \"conv2d\"\nimage = [2, 2, 2]\nunits = 2\nkernel = 0"), "layers[1].kernel", 21, "0"),
        (
            between("kind = \"conv2d\"\nimage = [2, 2, 2]\nunits = 3\nkernel = 1\ngroups = 2"),
            "layers[1].groups",
            22,
            "2",
        ),
        (between("kind = \"multi_head_attention\"\nwidth = 4\nheads = 3"), "layers[1]", 17, "expected 6, found 4"),
        (between("kind = \"embedding\"\ncount = 1\ndim = 2"), "layers[1].count", 19, "1"),
        (
            between(
                "kind = \"sequential\"\n[[layers.layers]]\nkind = \"tanh\"\n[[layers.layers]]\nkind = \"layer_norm\"\nwidth = 3",
            ),
            "layers[1].layers[1]",
            21,
            "found 8",
        ),
    ] {
        let error = Recipe::open(&folder.write("wrong.toml", &text)).expect_err(&text);
        assert_eq!(place(&error), (key, line), "{error}\n{text}");
        let told = error.to_string();
        assert!(told.starts_with(&format!("line {line}: `{key}`")) && told.contains(found), "{error}");
    }
}

#[test]
fn lines_of_data_are_those_of_the_file() {
    let folder = Folder::new("lines");
    folder.write("x.csv", "1,0\n\n\n2,1\n3,7\n4,0\n");
    let text = base().replacen("units = 3", "units = 2", 1).replacen("\"relu\"", "\"identity\"", 1);
    for shuffle in ["false", "true"] {
        let text = text.replacen("classes = 2", &format!("classes = 2\nshuffle = {shuffle}"), 1);
        let error = Recipe::from_toml(&text).unwrap().prepare(&folder.0).unwrap_err();
        assert!(matches!(&error, RecipeError::Number { row: 5, column: 2, .. }), "{error}");
    }
}

#[test]
fn a_moved_recipe_finds_its_data() {
    let folder = Folder::new("moved");
    folder.write("here/data/x.csv", &three_classes());
    let path = folder.write("here/recipe.toml", fitting().replacen("x.csv", "data/x.csv", 1).as_str());
    let here = path.parent().unwrap();
    let (recipe, data) = Recipe::open(&path).unwrap();
    assert_eq!(recipe.moved(here, here).unwrap(), recipe);
    for (name, file) in [
        ("there/deeper/recipe.toml", "../../here/data/x.csv"),
        ("recipe.toml", "here/data/x.csv"),
        ("here/data/recipe.toml", "x.csv"),
    ] {
        let there = folder.write(name, "");
        let moved = recipe.moved(here, there.parent().unwrap()).unwrap();
        assert_eq!(Path::new(&moved.data.file), Path::new(file));
        let (_, again) = Recipe::open(&folder.write(name, &moved.to_toml())).unwrap();
        assert_eq!(again.train().inputs().data(), data.train().inputs().data());
    }
    let absolute = here.join("data/x.csv").canonicalize().unwrap().to_str().unwrap().to_owned();
    let recipe = Recipe { data: Data { file: absolute, ..recipe.data.clone() }, ..recipe };
    assert_eq!(recipe.moved(here, &folder.0).unwrap(), recipe);
    assert!(matches!(
        Recipe { data: Data { file: "x.csv".to_owned(), ..recipe.data.clone() }, ..recipe }.moved(here, &folder.0),
        Err(RecipeError::File { .. })
    ));
}
