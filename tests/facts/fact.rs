//! A fact: what a reference says, and how what the crate says is compared with it.

use serde_json::{Map, Value, json};

/// Says, of the input of a fact, what the crate makes of it.
pub type Evaluate = fn(&Value) -> Value;

/// A number as the data writes it: what is not finite as a word.
pub fn number(value: &Value) -> f64 {
    as_number(value).unwrap_or_else(|| panic!("{value} is no number"))
}

fn as_number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some("1/3") => Some(1.0 / 3.0),
        _ => value.as_f64(),
    }
}

/// All numbers of a list, and of the lists in it.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(entries) => entries.iter().flat_map(numbers).collect(),
        one => vec![number(one)],
    }
}

pub fn whole(value: &Value) -> usize {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no whole number")) as usize
}

/// The reverse of [`number`].
pub fn of(x: f64) -> Value {
    match x {
        _ if x.is_nan() => json!("NaN"),
        _ if x.is_infinite() => json!(if x > 0.0 { "Infinity" } else { "-Infinity" }),
        _ => json!(x),
    }
}

/// `{"all": x, "len": n}` stands for n times x.
fn written_out(value: &Value) -> Value {
    match value {
        Value::Object(of) if of.contains_key("all") => Value::Array(vec![of["all"].clone(); whole(&of["len"])]),
        Value::Object(of) => {
            of.iter().map(|(key, value)| (key.clone(), written_out(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(of) => of.iter().map(written_out).collect(),
        other => other.clone(),
    }
}

#[derive(Debug)]
pub struct Fact {
    pub id: String,
    /// Which function evaluates it; none where it is not the crate's to say.
    pub kind: Option<String>,
    pub input: Value,
    /// What the reference says.
    pub expected: Value,
    /// What holds of the crate where that is another thing.
    pub ours: Option<Value>,
    /// How far off a number may be, and by which share of itself.
    pub tolerance: f64,
    pub relative: f64,
}

impl Fact {
    pub fn of(row: &Value) -> Self {
        let text = |key: &str| row.get(key).map(|value| value.as_str().expect("a text").to_owned());
        let share = |key: &str| row.get(key).map_or(0.0, number);
        Self {
            id: text("id").expect("an id"),
            kind: text("kind"),
            input: written_out(&row["input"]),
            expected: written_out(&row["expected"]),
            ours: row.get("ours").map(written_out),
            tolerance: share("tol"),
            relative: share("rel"),
        }
    }

    /// Nothing where the crate says what it should; else what is off.
    pub fn check(&self, evaluate: Evaluate) -> Result<(), String> {
        let found = evaluate(&self.input);
        let judged = self.ours.as_ref().unwrap_or(&self.expected);
        if !self.agrees(&found, judged) {
            return Err(format!("{}: {found}, not {judged}", self.id));
        }
        if self.ours.is_some() && self.agrees(&found, &self.expected) {
            return Err(format!("{}: as the reference, which was said to be another thing", self.id));
        }
        // That no part of it may be any other: a comparison that sees nothing would pass as well.
        match self.altered(judged).iter().find(|altered| self.agrees(&found, altered)) {
            Some(altered) => Err(format!("{}: {found} would pass for {altered}", self.id)),
            None => Ok(()),
        }
    }

    /// Every entry that the reference has must be found.
    fn agrees(&self, found: &Value, judged: &Value) -> bool {
        match (found, judged) {
            (Value::Object(found), Value::Object(judged)) => {
                judged.iter().all(|(key, judged)| found.get(key).is_some_and(|found| self.agrees(found, judged)))
            }
            (Value::Array(found), Value::Array(judged)) => {
                found.len() == judged.len() && found.iter().zip(judged).all(|(one, other)| self.agrees(one, other))
            }
            _ => match (as_number(found), as_number(judged)) {
                (Some(found), Some(judged)) => self.near(found, judged),
                _ => found == judged,
            },
        }
    }

    fn near(&self, found: f64, judged: f64) -> bool {
        if !found.is_finite() || !judged.is_finite() {
            return found == judged || found.is_nan() && judged.is_nan();
        }
        (found - judged).abs() <= self.allowed(judged)
    }

    fn allowed(&self, judged: f64) -> f64 {
        // Of numbers beyond 1e100 a tolerance is one of shares.
        let share = if judged.abs() > 1e100 { self.tolerance } else { 0.0 };
        self.tolerance + (self.relative + share) * judged.abs()
    }

    /// The same but for one entry, for every entry in turn.
    fn altered(&self, value: &Value) -> Vec<Value> {
        let replaced = |at: usize, by: Value| -> Value {
            match value {
                Value::Array(entries) => {
                    let mut entries = entries.clone();
                    entries[at] = by;
                    entries.into()
                }
                Value::Object(entries) => {
                    let with = |(index, (key, old)): (usize, (&String, &Value))| {
                        (key.clone(), if index == at { by.clone() } else { old.clone() })
                    };
                    entries.iter().enumerate().map(with).collect::<Map<_, _>>().into()
                }
                _ => by,
            }
        };
        let entries: Vec<&Value> = match value {
            Value::Array(entries) => entries.iter().collect(),
            Value::Object(entries) => entries.values().collect(),
            _ => return vec![self.other(value)],
        };
        let each = entries.iter().enumerate();
        each.flat_map(|(at, entry)| self.altered(entry).into_iter().map(move |by| (at, by)))
            .map(|(at, by)| replaced(at, by))
            .collect()
    }

    /// Another entry, further off than any tolerance.
    fn other(&self, value: &Value) -> Value {
        match as_number(value) {
            Some(x) if x.is_finite() => of(x + 3.0 * self.allowed(x) + 1e-9 * x.abs() + f64::MIN_POSITIVE),
            Some(_) => json!(1.0),
            None => match value {
                Value::Bool(yes) => json!(!yes),
                Value::String(text) => json!(format!("{text}, or not")),
                _ => json!(true),
            },
        }
    }
}
