//! A model's files as Hugging Face lays them out: `config.json`, weights in one file or in shards with an index, a
//! tokenizer beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::manifest::is_plain_name;
use super::safetensors::{MAX_TENSORS, Safetensors, SafetensorsError};
use super::{FormatError, Mapped, VerifiedModel, shown};

/// Says which tensor is in which file.
const INDEX: &str = "model.safetensors.index.json";
/// The weights, where they are one file.
const WHOLE: &str = "model.safetensors";
/// The files beside the weights that are read; all but the first are optional here.
const BESIDE: [&str; 5] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
];
/// Longest index, in bytes.
const MAX_INDEX_BYTES: usize = 32 << 20;
/// Most shards.
const MAX_SHARDS: usize = 1024;

/// The files of a model, mapped.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    files: BTreeMap<String, Mapped>,
}

#[derive(serde::Deserialize)]
struct RawIndex {
    weight_map: BTreeMap<String, String>,
}

impl Folder {
    /// Maps the files of the folder at `path` that are known by name, and the shards that its index names.
    ///
    /// # Errors
    ///
    /// When one can't be read, or the index is broken or names what is no plain file beside it.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let mut folder = Self {
            path: path.to_owned(),
            files: BTreeMap::new(),
        };
        for name in BESIDE.into_iter().chain([INDEX]) {
            if path.join(name).exists() {
                folder.map(name)?;
            }
        }
        match folder.index()? {
            Some(index) => {
                for shard in shards_of(&index) {
                    folder.map(shard)?;
                }
            }
            None if path.join(WHOLE).exists() => folder.map(WHOLE)?,
            None => {}
        }
        Ok(folder)
    }

    /// A folder with these files that a fuzz target made up.
    #[cfg(fuzzing)]
    #[doc(hidden)]
    pub fn in_memory(files: &[(&str, &[u8])]) -> Self {
        let file = |(name, bytes): &(&str, &[u8])| ((*name).to_owned(), Mapped::in_memory(bytes));
        Self {
            path: PathBuf::from("made up"),
            files: files.iter().map(file).collect(),
        }
    }

    /// The files of a verified model.
    pub fn of(model: &VerifiedModel) -> Self {
        Self {
            path: model.dir().to_owned(),
            files: model
                .files()
                .map(|(name, file)| (name.to_owned(), file.clone()))
                .collect(),
        }
    }

    fn map(&mut self, name: &str) -> Result<(), FormatError> {
        let file = Mapped::open(&self.path.join(name))?;
        self.files.insert(name.to_owned(), file);
        Ok(())
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Where the folder is, for errors.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The contents of a file of at most `limit` bytes; `None` where there is none of this name.
    ///
    /// # Errors
    ///
    /// [`FormatError::TooLarge`].
    pub fn find(&self, name: &str, limit: usize) -> Result<Option<&[u8]>, FormatError> {
        let Some(file) = self.files.get(name) else {
            return Ok(None);
        };
        if file.len() > limit {
            return Err(FormatError::TooLarge {
                path: self.path.join(name),
                bytes: file.len() as u64,
                limit: limit as u64,
            });
        }
        Ok(Some(file.as_bytes()))
    }

    /// As [`find`](Self::find), for a file that has to be there.
    ///
    /// # Errors
    ///
    /// [`FormatError::TooLarge`], [`FormatError::MissingFile`].
    pub fn file(&self, name: &str, limit: usize) -> Result<&[u8], FormatError> {
        self.find(name, limit)?
            .ok_or_else(|| self.missing(name.to_owned()))
    }

    /// The headers of the files of weights: each holds exactly the tensors that the index says, and no two the same.
    ///
    /// # Errors
    ///
    /// When one is missing or broken, or the index and the files contradict each other.
    pub fn weights(&self) -> Result<Vec<Safetensors>, FormatError> {
        let Some(index) = self.index()? else {
            let weights = |name: &&str| name.ends_with(".safetensors");
            let mut found = self.names().filter(weights);
            return match (found.next(), found.next()) {
                (Some(one), None) => Ok(vec![self.shard(one)?]),
                (None, _) => Err(self.missing(format!("{WHOLE} and {INDEX}"))),
                (Some(_), Some(_)) => Err(self.missing(INDEX.to_owned())),
            };
        };
        let shards = shards_of(&index);
        let shards: Vec<(&str, Safetensors)> = shards
            .into_iter()
            .map(|name| Ok((name, self.shard(name)?)))
            .collect::<Result<_, FormatError>>()?;
        let mut seen = 0;
        for (name, shard) in &shards {
            for tensor in shard.tensors() {
                let place = index.weight_map.get(&tensor.name);
                if place.is_none_or(|place| place != name) {
                    return Err(self.broken(SafetensorsError::Misplaced {
                        tensor: shown(&tensor.name),
                        file: shown(name),
                    }));
                }
                seen += 1;
            }
        }
        if seen == index.weight_map.len() {
            return Ok(shards.into_iter().map(|(_, shard)| shard).collect());
        }
        // Every tensor of a file was in the index, so one of the index is in no file.
        let there = |name: &str| shards.iter().any(|(_, shard)| shard.tensor(name).is_ok());
        let lost = index.weight_map.keys().find(|name| !there(name));
        Err(self.broken(SafetensorsError::NoTensor {
            tensor: lost.map_or_else(String::new, |name| shown(name)),
        }))
    }

    fn shard(&self, name: &str) -> Result<Safetensors, FormatError> {
        match self.files.get(name) {
            Some(file) => Safetensors::open(file),
            None => Err(self.missing(name.to_owned())),
        }
    }

    /// The index, checked: shards are plain names.
    fn index(&self) -> Result<Option<RawIndex>, FormatError> {
        let Some(bytes) = self.find(INDEX, MAX_INDEX_BYTES)? else {
            return Ok(None);
        };
        let index: RawIndex = serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            self.broken(SafetensorsError::Index { line, column })
        })?;
        if index.weight_map.len() > MAX_TENSORS {
            return Err(self.broken(SafetensorsError::TooManyTensors {
                count: index.weight_map.len(),
                limit: MAX_TENSORS,
            }));
        }
        let shards = shards_of(&index);
        if shards.len() > MAX_SHARDS {
            return Err(self.broken(SafetensorsError::TooManyShards {
                count: shards.len(),
                limit: MAX_SHARDS,
            }));
        }
        let plain = |name: &&&str| is_plain_name(name) && name.ends_with(".safetensors");
        if let Some(name) = shards.iter().find(|name| !plain(name)) {
            return Err(self.broken(SafetensorsError::ShardName { file: shown(name) }));
        }
        Ok(Some(index))
    }

    fn broken(&self, source: SafetensorsError) -> FormatError {
        FormatError::Safetensors {
            path: self.path.join(INDEX),
            source,
        }
    }

    fn missing(&self, name: String) -> FormatError {
        FormatError::MissingFile {
            dir: self.path.clone(),
            name,
        }
    }
}

fn shards_of(index: &RawIndex) -> BTreeSet<&str> {
    index.weight_map.values().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of weights with a tensor of one byte for each name.
    fn weights(names: &[&str]) -> Vec<u8> {
        let entry = |(at, name): (usize, &&str)| {
            format!(
                r#""{name}":{{"dtype":"U8","shape":[1],"data_offsets":[{at},{}]}}"#,
                at + 1
            )
        };
        let entries: Vec<String> = names.iter().enumerate().map(entry).collect();
        let header = format!("{{{}}}", entries.join(","));
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes(), &vec![0; names.len()]].concat()
    }

    /// What opening a folder with these files says: the tensors, or the error.
    fn outcome(files: &[(&str, Vec<u8>)]) -> String {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let opened = Folder::open(dir.path()).and_then(|folder| folder.weights());
        match opened {
            Ok(shards) => {
                let names = shards.iter().flat_map(Safetensors::tensors);
                let names: Vec<&str> = names.map(|tensor| tensor.name.as_str()).collect();
                names.join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    fn index(map: &str) -> (&'static str, Vec<u8>) {
        (INDEX, format!(r#"{{"weight_map":{{{map}}}}}"#).into_bytes())
    }

    #[test]
    fn the_index_and_the_files_must_agree() {
        let one = ("one.safetensors", weights(&["a", "b"]));
        let two = ("two.safetensors", weights(&["c"]));
        let again = ("two.safetensors", weights(&["b"]));
        let both = r#""a":"one.safetensors","b":"one.safetensors","c":"two.safetensors""#;
        let check = |files: &[(&str, Vec<u8>)], expected: &str| {
            let said = outcome(files);
            assert!(
                said.contains(expected),
                "{said:?} where {expected:?} is due"
            );
        };
        check(&[index(both), one.clone(), two.clone()], "a b c");
        check(&[(WHOLE, weights(&["x", "y"]))], "x y");
        check(
            &[],
            "has no model.safetensors and model.safetensors.index.json",
        );
        check(&[index(both), one.clone()], "two.safetensors");
        let says = |map: &str| [index(map), one.clone(), two.clone()];
        let short = r#""a":"one.safetensors","c":"two.safetensors""#;
        check(
            &says(short),
            r#"tensor "b" in "one.safetensors" is not where"#,
        );
        let long = format!(r#"{both},"d":"two.safetensors""#);
        check(&says(&long), r#"tensor "d" is missing"#);
        let twice = [index(both), one.clone(), again];
        check(&twice, r#"tensor "b" in "two.safetensors" is not where"#);
        for path in [
            "../one.safetensors",
            "/etc/one.safetensors",
            "a/b.safetensors",
            "..",
            "one.bin",
            "",
        ] {
            let map = format!(r#""a":"{path}""#);
            check(&says(&map), "is no plain name of a .safetensors file");
        }
        check(
            &[(INDEX, b"{".to_vec())],
            "is not valid JSON of its form (line 1, column 1)",
        );
        check(
            &[(INDEX, br#"{"weight_map":{"a":1}}"#.to_vec())],
            "is not valid JSON",
        );
    }
}
