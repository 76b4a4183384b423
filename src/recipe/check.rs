//! What a recipe must be, whether it was read or built in code.

use super::tree::{Node, Value};
use super::{Recipe, RecipeError};

impl Recipe {
    /// Whether every value is one that a recipe may have: what is built in code is held to what text is held to.
    ///
    /// ```
    /// # #[cfg(feature = "serde")] {
    /// use evenkeel::recipe::{Recipe, RecipeError};
    /// let path = std::path::Path::new("tests/cases/ok-iris-relu.toml");
    /// let mut recipe = Recipe::read(path)?;
    /// recipe.check()?;
    /// recipe.training.l2 = -1.0;
    /// let refused = recipe.check().unwrap_err();
    /// assert_eq!(refused.to_string(), "`training.l2` is -1.0, but it must be finite and not below 0");
    /// # }
    /// # Ok::<(), evenkeel::recipe::RecipeError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`from_toml`](Self::from_toml), naming the key; without a line, which is told as 0.
    ///
    /// # Notes
    /// What passes is read back from its own [`to_toml`](Self::to_toml). Whether layers fit each other and the data depends on these:
    /// [`run_on`](Self::run_on) looks at that.
    pub fn check(&self) -> Result<(), RecipeError> {
        // Reading is what knows the rules, so it reads what would be written.
        Self::read_node(&Node::from(Value::from(self))).map(drop)
    }
}
