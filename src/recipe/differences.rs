//! What is different between two recipes, in words.

use super::differing_layers::layers;
use super::tree::{Value, described};
use super::{Data, PlateauKind, Recipe, Scaling, ScheduleKind, Task, Training};

impl Recipe {
    /// What changes from this recipe to another one, in words: a line for each change; none where they are equal.
    ///
    /// Layers are named by their place in this recipe, as a [`Network`](crate::Network) names them: `0.linear`; those inside others behind
    /// the name of these: `2.residual.0.linear`.
    ///
    /// ```
    /// use evenkeel::recipe::*;
    /// # let data = Data { file: "a.csv".to_owned(), targets: 1, task: Task::Multilabel, train_rows: None, shuffle: false, inputs: Scaling::None };
    /// # let optimizer = OptimizerKind::adam(0.01);
    /// # let training = Training { loss: LossKind::SigmoidCrossEntropy, l2: 0.0, batch: 32, epochs: 6, optimizer, clip: None, schedule: None, plateau: None };
    /// let layers = vec![LayerKind::linear(2, Start::Zeros), LayerKind::Activation(ActivationKind::Sigmoid), LayerKind::linear(1, Start::Zeros)];
    /// let recipe = Recipe { name: "narrow".to_owned(), seed: 1, data, training, layers };
    /// let mut other = recipe.clone();
    /// other.training.epochs = 60;
    /// other.layers[0] = LayerKind::linear(32, Start::HeUniform);
    /// other.layers[1] = LayerKind::Activation(ActivationKind::Relu);
    /// assert_eq!(recipe.differences(&other), [
    ///     "train for 60 epochs instead of 6",
    ///     "set units of 0.linear to 32 instead of 2",
    ///     "set weights of 0.linear to he_uniform instead of zeros",
    ///     "replace 1.sigmoid by relu",
    /// ]);
    /// assert!(recipe.differences(&recipe).is_empty());
    /// ```
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        changed(&mut found, &self.name, &other.name, |old, new| format!("call it {new:?} instead of {old:?}"));
        changed(&mut found, &self.seed, &other.seed, |old, new| format!("draw from the seed {new} instead of {old}"));
        data(&mut found, &self.data, &other.data);
        training(&mut found, &self.training, &other.training);
        found.extend(layers(&self.layers, &other.layers));
        found
    }
}

fn changed<T: PartialEq>(found: &mut Vec<String>, old: &T, new: &T, words: impl FnOnce(&T, &T) -> String) {
    if old != new {
        found.push(words(old, new));
    }
}

fn data(found: &mut Vec<String>, from: &Data, to: &Data) {
    let Data { file, targets, task, train_rows, shuffle, inputs } = from;
    changed(found, file, &to.file, |old, new| format!("read {new} instead of {old}"));
    changed(found, targets, &to.targets, |old, new| format!("take {new} columns as targets instead of {old}"));
    self::task(found, *task, to.task);
    let rows = |rows: &Option<usize>| rows.map_or("80 % of the rows".to_owned(), |rows| format!("{rows} rows"));
    changed(found, train_rows, &to.train_rows, |old, new| format!("train on {} instead of {}", rows(new), rows(old)));
    changed(found, shuffle, &to.shuffle, |_, new| {
        if *new { "shuffle the rows before the split" } else { "leave the rows in their order" }.to_owned()
    });
    changed(found, inputs, &to.inputs, |old, new| scaled("inputs", *old, *new));
}

fn scaled(what: &str, old: Scaling, new: Scaling) -> String {
    let words = |scaling: Scaling| match scaling {
        Scaling::None => "as they are",
        Scaling::Standardize => "at mean 0 and variance 1",
        Scaling::MinMax => "in the range from 0 to 1",
    };
    format!("take the {what} {} instead of {}", words(new), words(old))
}

fn task(found: &mut Vec<String>, from: Task, to: Task) {
    let scale = |task: Task| if let Task::Regression { scale } = task { scale } else { Scaling::None };
    match (from, to) {
        (Task::Classification { classes, one_hot }, Task::Classification { classes: others, one_hot: also }) => {
            changed(found, &classes, &others, |old, new| format!("tell {new} classes apart instead of {old}"));
            changed(found, &one_hot, &also, |_, new| {
                if *new { "tell the classes as one-hot rows" } else { "tell the classes by their index" }.to_owned()
            });
        }
        _ => changed(found, &from.name(), &to.name(), |old, new| format!("make it a {new} instead of a {old}")),
    }
    changed(found, &scale(from), &scale(to), |old, new| scaled("targets", *old, *new));
}

fn training(found: &mut Vec<String>, from: &Training, to: &Training) {
    let Training { loss, l2, batch, epochs, optimizer, clip, schedule, plateau } = from;
    changed(found, loss, &to.loss, |old, new| format!("train on the loss {} instead of {}", new.name(), old.name()));
    changed(found, l2, &to.l2, |old, new| {
        format!(
            "penalize the weights by {} instead of {}",
            described(&Value::from(*new)),
            described(&Value::from(*old))
        )
    });
    changed(found, batch, &to.batch, |old, new| format!("train in batches of {new} instead of {old}"));
    changed(found, epochs, &to.epochs, |old, new| format!("train for {new} epochs instead of {old}"));
    changed(found, optimizer, &to.optimizer, |old, new| {
        format!("train by {} instead of {}", described(&Value::from(*new)), described(&Value::from(*old)))
    });
    changed(found, clip, &to.clip, |old, new| {
        let words = |clip: &Option<super::ClipKind>| {
            clip.as_ref().map_or("not at all".to_owned(), |clip| format!("by {}", described(&Value::from(clip))))
        };
        format!("clip the gradient {} instead of {}", words(new), words(old))
    });
    changed(found, schedule, &to.schedule, |old, new| {
        let words = |schedule: &Option<ScheduleKind>| {
            schedule.as_ref().map_or("none".to_owned(), |schedule| described(&Value::from(schedule)))
        };
        format!("let the learning rate follow the schedule {} instead of {}", words(new), words(old))
    });
    changed(found, plateau, &to.plateau, |old, new| {
        let words = |plateau: &Option<PlateauKind>| {
            plateau.map_or("not at all".to_owned(), |plateau| format!("by {}", described(&Value::from(plateau))))
        };
        format!("lower the learning rate on a plateau {} instead of {}", words(new), words(old))
    });
}
