//! A recipe that is to stand in another folder.

use std::path::{Component, Path, PathBuf};

use super::{Recipe, RecipeError};

impl Recipe {
    /// The same recipe for another folder: its data file is named as seen from there.
    ///
    /// Relative where there is a way between the folders, else absolute; one that is named absolutely stays as it is.
    ///
    /// # Errors
    /// [`RecipeError::File`] where a folder or the data file is not there, or its name is no text.
    pub fn moved(&self, from: &Path, to: &Path) -> Result<Self, RecipeError> {
        let mut moved = self.clone();
        if !Path::new(&self.data.file).is_absolute() {
            let (from, to) = (real(from)?, real(to)?);
            if from != to {
                let file = between(&to, &real(&from.join(&self.data.file))?);
                let refused =
                    || RecipeError::File { path: file.display().to_string(), reason: "its name is no text".to_owned() };
                moved.data.file = file.to_str().ok_or_else(refused)?.to_owned();
            }
        }
        Ok(moved)
    }
}

/// Without links and detours. An empty path is the folder where the program runs.
fn real(path: &Path) -> Result<PathBuf, RecipeError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let file =
        |error: std::io::Error| RecipeError::File { path: path.display().to_string(), reason: error.to_string() };
    path.canonicalize().map_err(file)
}

/// The way from a folder to a file, both without links and detours; the file itself where there is none, as from drive to drive.
fn between(folder: &Path, file: &Path) -> PathBuf {
    let common = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    if common == 0 {
        return file.to_path_buf();
    }
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(file.components().skip(common)).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_as_far_as_it_must() {
        for (folder, file, way) in [
            ("/a/b", "/a/b/x.csv", "x.csv"),
            ("/a/b", "/a/c/x.csv", "../c/x.csv"),
            ("/a/b/c", "/x.csv", "../../../x.csv"),
            ("/", "/a/x.csv", "a/x.csv"),
        ] {
            assert_eq!(between(Path::new(folder), Path::new(file)), Path::new(way));
        }
    }
}
