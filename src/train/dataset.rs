//! `Dataset`: rows of inputs, each with its target.

use crate::{Error, Float, Generator, Rows, RowsMut, Scaler, Targets};

/// Rows of inputs, each with its target: a class, or a row of values. Everything in it is finite.
///
/// ```
/// use evenkeel::Dataset;
/// let data = Dataset::classes(vec![0.0_f32, 0.1, 1.0, 1.1, 0.2, 0.0, 0.9, 1.0], 2, vec![0, 1, 0, 1])?;
/// let (train, test) = data.split(0.5, 7)?; // half of each class in each part
/// assert_eq!((train.rows(), test.rows()), (2, 2));
/// assert!(Dataset::classes(vec![f32::NAN, 0.0], 2, vec![0]).is_err());
/// # Ok::<(), evenkeel::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset<T> {
    inputs: Vec<T>,
    n_in: usize,
    labels: Labels<T>,
    /// How many steps each row has; empty where all have all.
    lengths: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Labels<T> {
    Classes(Vec<usize>),
    Values(Vec<T>, usize),
}

impl<T: Float> Dataset<T> {
    /// Rows of `n_in` numbers, each of one class counted from 0.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows, or rows of nothing; [`Error::Size`] unless there is a class for each row; [`Error::Data`] for a
    /// number that is not finite.
    pub fn classes(inputs: Vec<T>, n_in: usize, classes: Vec<usize>) -> Result<Self, Error> {
        let rows = checked("inputs", &inputs, n_in)?;
        Error::same_size("the rows of the targets", rows, classes.len())?;
        Ok(Self { inputs, n_in, labels: Labels::Classes(classes), lengths: Vec::new() })
    }

    /// Rows of `n_in` numbers, each with `n_out` values to be reached.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows, or rows of nothing; [`Error::Size`] unless there are values for each row; [`Error::Data`] for a
    /// number that is not finite.
    pub fn values(inputs: Vec<T>, n_in: usize, values: Vec<T>, n_out: usize) -> Result<Self, Error> {
        let rows = checked("inputs", &inputs, n_in)?;
        Error::same_size("the rows of the targets", rows, checked("targets", &values, n_out)?)?;
        Ok(Self { inputs, n_in, labels: Labels::Values(values, n_out), lengths: Vec::new() })
    }

    /// With rows that are sequences, of which row `r` has only `lengths[r]` steps: what training and [`evaluate`](crate::evaluate) tell the
    /// network. Recurrent layers and attention do not look at what stands behind them; [others do](crate::Workspace::set_lengths), so
    /// it is to be finite.
    ///
    /// ```
    /// use evenkeel::Dataset;
    /// // Sequences of three steps of one number; of the second there are two.
    /// let data = Dataset::classes(vec![0.1_f32, 0.2, 0.3, 0.4, 0.5, 0.0], 3, vec![0, 1])?.with_lengths(vec![3, 2])?;
    /// assert_eq!(data.select(&[1])?.lengths(), [2]);
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Size`] unless there is a length for each row. Whether they are lengths that a layer can have only that layer knows.
    pub fn with_lengths(self, lengths: Vec<usize>) -> Result<Self, Error> {
        Error::same_size("the lengths of a data set", self.rows(), lengths.len())?;
        Ok(Self { lengths, ..self })
    }

    /// How many steps of each row there are; empty where nobody said.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// How many rows there are: at least one.
    pub fn rows(&self) -> usize {
        self.inputs.len() / self.n_in
    }

    /// The inputs.
    pub fn inputs(&self) -> Rows<'_, T> {
        Rows::of(&self.inputs, self.n_in)
    }

    /// The targets.
    pub fn targets(&self) -> Targets<'_, T> {
        match &self.labels {
            Labels::Classes(classes) => Targets::Classes(classes),
            Labels::Values(values, cols) => Targets::Values(Rows::of(values, *cols)),
        }
    }

    /// The rows of these indices, in that order; one may stand there twice.
    ///
    /// # Errors
    /// [`Error::Empty`] for no index; [`Error::Size`] for one beyond the last row.
    pub fn select(&self, indices: &[usize]) -> Result<Self, Error> {
        if indices.is_empty() {
            return Err(Error::Empty { what: "the list of rows" });
        }
        if let Some(&beyond) = indices.iter().find(|&&row| row >= self.rows()) {
            return Err(Error::Size { what: "the rows of the data", expected: self.rows(), found: beyond });
        }
        let pick = |data: &[T], cols: usize| {
            indices.iter().flat_map(|&row| &data[row * cols..(row + 1) * cols]).copied().collect::<Vec<T>>()
        };
        Ok(Self {
            inputs: pick(&self.inputs, self.n_in),
            n_in: self.n_in,
            labels: match &self.labels {
                Labels::Classes(classes) => Labels::Classes(indices.iter().map(|&row| classes[row]).collect()),
                Labels::Values(values, cols) => Labels::Values(pick(values, *cols), *cols),
            },
            lengths: indices.iter().filter_map(|&row| self.lengths.get(row)).copied().collect(),
        })
    }

    /// Splits into two, the second with that fraction of the rows, drawn at random; of classes, each gives its share (stratified).
    ///
    /// # Errors
    /// [`Error::Argument`] where `fraction` is not between 0 and 1, or so that a part would be empty.
    pub fn split(&self, fraction: f64, seed: u64) -> Result<(Self, Self), Error> {
        const MUST: &str = "between 0 and 1, with rows left for both parts";
        Error::require(fraction > 0.0 && fraction < 1.0, "split", "fraction", fraction, MUST)?;
        let mut order: Vec<usize> = (0..self.rows()).collect();
        Generator::named(seed, "split").shuffle(&mut order);
        if let Labels::Classes(classes) = &self.labels {
            // Stable, so that within a class the rows stay shuffled.
            order.sort_by_key(|&row| classes[row]);
        }
        // Every time the running share passes a whole number, a row goes to the second part: so each class gives its share.
        let share = |rows: usize| (rows as f64 * fraction).round() as usize;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (at, row) in order.into_iter().enumerate() {
            if share(at + 1) > share(at) { second.push(row) } else { first.push(row) }
        }
        if first.is_empty() || second.is_empty() {
            return Err(Error::Argument { of: "split", argument: "fraction", value: fraction, must: MUST });
        }
        first.sort_unstable();
        second.sort_unstable();
        Ok((self.select(&first)?, self.select(&second)?))
    }

    /// Applies a scaler, fitted on the training part, to the inputs.
    ///
    /// # Errors
    /// [`Error::Size`] where it was fitted on rows of another length; [`Error::Data`] where a number does not stay finite.
    pub fn scale_inputs(&mut self, scaler: &Scaler) -> Result<(), Error> {
        self.inputs = scaled("inputs", &self.inputs, self.n_in, scaler)?;
        Ok(())
    }

    /// Applies a scaler, fitted on the training part, to the values to be reached.
    ///
    /// # Errors
    /// [`Error::Targets`] where the targets are classes; [`Error::Size`] where it was fitted on rows of another length;
    /// [`Error::Data`] where a number does not stay finite.
    pub fn scale_targets(&mut self, scaler: &Scaler) -> Result<(), Error> {
        let Labels::Values(values, cols) = &mut self.labels else {
            return Err(Error::Targets { of: "scale_targets", needs: "rows of values" });
        };
        *values = scaled("targets", values, *cols, scaler)?;
        Ok(())
    }
}

/// The numbers scaled, in new memory: what is refused half-way leaves the data set as it was.
fn scaled<T: Float>(what: &'static str, data: &[T], cols: usize, scaler: &Scaler) -> Result<Vec<T>, Error> {
    let mut scaled = data.to_vec();
    scaler.apply(RowsMut::of(&mut scaled, cols))?;
    checked(what, &scaled, cols).map(|_| scaled)
}

/// How many rows there are, all numbers finite.
fn checked<T: Float>(what: &'static str, data: &[T], cols: usize) -> Result<usize, Error> {
    let rows = Rows::new(data, cols)?.rows();
    if rows == 0 {
        return Err(Error::Empty { what: "a data set" });
    }
    match data.iter().position(|x| !x.is_finite()) {
        Some(at) => Err(Error::Data { what, row: at / cols, column: at % cols, value: data[at].get() }),
        None => Ok(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_gives_every_class_its_share() {
        let classes: Vec<usize> = (0..1000).map(|row| if row % 10 == 0 { 1 } else { 0 }).collect();
        let inputs: Vec<f64> = (0..1000).map(f64::from).collect();
        let data = Dataset::classes(inputs, 1, classes).unwrap();
        let (train, test) = data.split(0.2, 3).unwrap();
        let ones = |data: &Dataset<f64>| match data.targets() {
            Targets::Classes(classes) => classes.iter().sum::<usize>(),
            Targets::Values(_) => unreachable!(),
        };
        assert_eq!((train.rows(), ones(&train), test.rows(), ones(&test)), (800, 80, 200, 20));
        let mut all: Vec<f64> = train.inputs().data().iter().chain(test.inputs().data()).copied().collect();
        all.sort_by(f64::total_cmp);
        assert!(all.iter().enumerate().all(|(row, &x)| x == row as f64));
        assert_eq!(data.split(0.2, 3).unwrap().1, test);
        assert_ne!(data.split(0.2, 4).unwrap().1, test);
    }

    #[test]
    fn names_the_culprit() {
        let bad = Dataset::values(vec![1.0, 2.0, 3.0, f64::INFINITY], 2, vec![0.0, 1.0], 1);
        assert_eq!(bad, Err(Error::Data { what: "inputs", row: 1, column: 1, value: f64::INFINITY }));
        assert!(matches!(Dataset::<f32>::values(vec![], 2, vec![], 1), Err(Error::Empty { .. })));
        assert!(matches!(Dataset::classes(vec![1.0_f32; 4], 2, vec![0]), Err(Error::Size { .. })));
        let data = Dataset::classes(vec![1.0_f32; 4], 2, vec![0, 1]).unwrap();
        for fraction in [0.0, 1.0, f64::NAN, -0.5, 0.1] {
            assert!(matches!(data.split(fraction, 1), Err(Error::Argument { argument: "fraction", .. })));
        }
    }
}
