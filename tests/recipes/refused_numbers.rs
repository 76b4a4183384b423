//! Numbers that the library refuses.

use evenkeel::recipe::Recipe;

use super::{base, place};

#[test]
fn a_refused_number_is_named_by_its_own_key() {
    let sgd = "kind = \"sgd\"\nlearning_rate = 0.1";
    let adamw = "kind = \"adamw\"\nlearning_rate = 0.1";
    let plateau = "factor = 0.5\npatience = 1";
    let then = "kind = \"warmup\"\nsteps = 2";
    // A table, its lines, and which of them is refused, counted from 1: by its key, or by one inside it.
    for (table, lines, line, inside) in [
        ("optimizer", "kind = \"sgd\"\nlearning_rate = -1", 2, ""),
        ("optimizer", "kind = \"adagrad\"\nlearning_rate = inf", 2, ""),
        ("optimizer", &format!("{sgd}\nmomentum = 1"), 3, ""),
        ("optimizer", &format!("{sgd}\nmomentum = 0.5\ndecay = -0.1"), 4, ""),
        ("optimizer", "kind = \"adam\"\nbeta1 = 1.5\nbeta2 = 1.5", 2, ""),
        ("optimizer", "kind = \"adam\"\nbeta2 = -1\nepsilon = 0", 2, ""),
        ("optimizer", "kind = \"adam\"\nbeta2 = 0.9\nepsilon = 0", 3, ""),
        ("optimizer", &format!("{adamw}\nweight_decay = -1"), 3, ""),
        ("optimizer", &format!("{adamw}\nbeta1 = nan"), 3, ""),
        ("optimizer", &format!("{adamw}\nbeta2 = 1"), 3, ""),
        ("optimizer", &format!("{adamw}\nepsilon = -1"), 3, ""),
        ("optimizer", "kind = \"rmsprop\"\nrho = 1", 2, ""),
        ("optimizer", "kind = \"rmsprop\"\nepsilon = 0", 2, ""),
        ("clip", "kind = \"global_norm\"\nmax = 0", 2, ""),
        ("clip", "kind = \"global_norm\"\nmax = 1\norder = 0.5", 3, ""),
        ("clip", "kind = \"per_layer_norm\"\nmax = nan", 2, ""),
        ("clip", "kind = \"value\"\nmax = -1", 2, ""),
        ("clip", "kind = \"block_rms\"\nmax = 0", 2, ""),
        ("clip", "kind = \"adaptive_norm\"\nshare = 0", 2, ""),
        ("clip", "kind = \"adaptive_norm\"\nshare = 1\nfloor = 0", 3, ""),
        ("clip", "kind = \"percentile_norm\"\npercentile = 101", 2, ""),
        ("clip", "kind = \"percentile_norm\"\npercentile = 50\nwindow = 0", 3, ""),
        ("clip", "kind = \"z_score_norm\"\nthreshold = 0", 2, ""),
        ("clip", "kind = \"z_score_norm\"\nthreshold = 1\ndecay = 1", 3, ""),
        ("clip", "kind = \"z_score_norm\"\nthreshold = 1\nwarm_up = 1", 3, ""),
        (
            "clip",
            "kind = \"chain\"\nclippers = [{ kind = \"value\", max = 1 }, { kind = \"value\", max = 0 }]",
            2,
            "[1].max",
        ),
        ("schedule", "kind = \"cosine\"\nsteps = 0", 2, ""),
        ("schedule", "kind = \"cosine\"\nsteps = 5\nfloor = 1", 3, ""),
        ("schedule", "kind = \"exponential\"\nfactor = 0", 2, ""),
        ("schedule", "kind = \"step_decay\"\nevery = 0\nfactor = 0.5", 2, ""),
        ("schedule", "kind = \"step_decay\"\nevery = 1\nfactor = -1", 3, ""),
        ("schedule", "kind = \"warmup\"\nsteps = 0", 2, ""),
        ("schedule", &format!("{then}\nthen = {{ kind = \"cosine\", steps = 0 }}"), 3, ".steps"),
        ("plateau", "factor = 1\npatience = 1", 1, ""),
        ("plateau", &format!("{plateau}\nthreshold = 1"), 3, ""),
        ("plateau", &format!("{plateau}\ncooldown = 1\nfloor = -1"), 4, ""),
        ("layer", "kind = \"dropout\"\nrate = 1", 2, ""),
        ("layer", "kind = \"leaky_relu\"\nslope = inf", 2, ""),
        ("layer", "kind = \"residual\"\nscale = nan\nlayers = [{ kind = \"tanh\" }]", 2, ""),
        ("layer", "kind = \"residual\"\nlearned = true\nscale = inf\nlayers = [{ kind = \"tanh\" }]", 3, ""),
        ("layer", "kind = \"linear\"\nunits = 2\nweights = { kind = \"uniform\", low = 1, high = 0 }", 3, ".high"),
        ("layer", "kind = \"linear\"\nunits = 2\nbias = { kind = \"orthogonal\", gain = -1 }", 3, ".gain"),
        ("layer", "kind = \"lstm\"\nsteps = 3\nwidth = 1\nhidden = 2\nforget_bias = nan", 5, ""),
        (
            "layer",
            "kind = \"sequential\"\nlayers = [{ kind = \"tanh\" }, { kind = \"dropout\", rate = -1 }]",
            2,
            "[1].rate",
        ),
    ] {
        let refused = lines.lines().nth(line - 1).unwrap().split(' ').next().unwrap();
        let base = match table {
            "optimizer" => base().replacen("optimizer = { kind = \"adam\", learning_rate = 0.001 }", "", 1),
            _ => base(),
        };
        let (heading, path) = match table {
            "layer" => ("[[layers]]".to_owned(), "layers[2]".to_owned()),
            _ => (format!("[training.{table}]"), format!("training.{table}")),
        };
        let key = format!("{path}.{refused}{inside}");
        let error = Recipe::from_toml(&format!("{base}{heading}\n{lines}\n")).expect_err(lines);
        assert_eq!(place(&error), (&*key, base.lines().count() + 1 + line), "{lines}: {error}");
        // In one line, by the line of all.
        if table != "layer" {
            let inline =
                base.replacen("epochs = 1", &format!("epochs = 1\n{table} = {{ {} }}", lines.replace('\n', ", ")), 1);
            let error = Recipe::from_toml(&inline).expect_err(lines);
            assert_eq!(place(&error), (&*key, 12), "{inline}: {error}");
        }
    }
}
