//! Where model files are when nobody says: the rule that the server and `bailiwick-fetch` share.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The models folder: `$BAILIWICK_MODELS_DIR`, else `$XDG_CACHE_HOME/bailiwick/models`, else
/// `$HOME/.cache/bailiwick/models`, else `/var/cache/bailiwick/models`.
///
/// `env` reads one variable of the environment. An empty variable counts as unset, and so does a
/// relative `XDG_CACHE_HOME` or `HOME` (XDG Base Directory Specification 0.8).
pub fn default_models_dir(env: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let absolute = |name: &str| {
        set(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(dir) = set("BAILIWICK_MODELS_DIR") {
        return dir.into();
    }
    let cache = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(|| Path::new("/var/cache").to_owned());
    cache.join("bailiwick").join("models")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_usable_variable_decides() {
        let all = [
            ("BAILIWICK_MODELS_DIR", "/m"),
            ("XDG_CACHE_HOME", "/x"),
            ("HOME", "/h"),
        ];
        for (env, expected) in [
            (&all[..], "/m"),
            (&all[1..], "/x/bailiwick/models"),
            (&all[2..], "/h/.cache/bailiwick/models"),
            (&all[3..], "/var/cache/bailiwick/models"),
            (&[("BAILIWICK_MODELS_DIR", "here")], "here"),
            (
                &[("BAILIWICK_MODELS_DIR", ""), ("HOME", "/h")],
                "/h/.cache/bailiwick/models",
            ),
            (
                &[("XDG_CACHE_HOME", "rel"), ("HOME", "/h")],
                "/h/.cache/bailiwick/models",
            ),
        ] {
            let dir = default_models_dir(|name| {
                let found = env.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| value.into())
            });
            assert_eq!(dir, Path::new(expected), "{env:?}");
        }
    }
}
