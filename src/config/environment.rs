//! The environment, read once.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the program takes from its environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `BAILIWICK_CONFIG`: the configuration file.
    pub config: Option<PathBuf>,
    /// `BAILIWICK_MODELS_DIR`: the folder with one sub-folder per model.
    pub models_dir: Option<PathBuf>,
    /// `BAILIWICK_DATA_DIR`: instead of `node.data_dir`.
    pub data_dir: Option<PathBuf>,
    /// `BAILIWICK_LISTEN`: instead of `server.listen`.
    pub listen: Option<String>,
    /// `BAILIWICK_LOG`: instead of `telemetry.filter`.
    pub log: Option<String>,
    /// `BAILIWICK_KERNELS`: the highest set of instructions to compute with.
    pub kernels: Option<String>,
    /// `XDG_CACHE_HOME`
    pub xdg_cache: Option<PathBuf>,
    /// `HOME`
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Reads the process's environment. Call it once, at the start.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    pub fn read() -> Self {
        Self::from_fn(|name| std::env::var_os(name))
    }

    /// Reads variables through `variable`; an empty one counts as absent.
    pub fn from_fn(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let value = |name: &str| variable(name).filter(|text| !text.is_empty());
        let path = |name: &str| value(name).map(PathBuf::from);
        let text = |name: &str| value(name).and_then(|text| text.into_string().ok());
        Self {
            config: path("BAILIWICK_CONFIG"),
            models_dir: path("BAILIWICK_MODELS_DIR"),
            data_dir: path("BAILIWICK_DATA_DIR"),
            listen: text("BAILIWICK_LISTEN"),
            log: text("BAILIWICK_LOG"),
            kernels: text("BAILIWICK_KERNELS"),
            xdg_cache: path("XDG_CACHE_HOME"),
            home: path("HOME"),
        }
    }

    /// Where model files are kept unless the configuration says otherwise: `BAILIWICK_MODELS_DIR`,
    /// else `bailiwick/models` in the XDG cache folder (`$XDG_CACHE_HOME`, else `~/.cache`).
    pub fn default_models_dir(&self) -> PathBuf {
        if let Some(dir) = &self.models_dir {
            return dir.clone();
        }
        // The XDG base directory specification says that relative paths are to be ignored.
        let xdg = self.xdg_cache.clone().filter(|dir| dir.is_absolute());
        let home = || self.home.clone().unwrap_or_else(|| PathBuf::from("."));
        xdg.unwrap_or_else(|| home().join(".cache"))
            .join("bailiwick/models")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_folder_follows_xdg() {
        let check = |vars: &[(&str, &str)], dir: &str| {
            let env = Environment::from_fn(|name| {
                vars.iter()
                    .find(|(own, _)| *own == name)
                    .map(|(_, value)| value.into())
            });
            assert_eq!(env.default_models_dir(), PathBuf::from(dir), "{vars:?}");
        };
        check(&[("BAILIWICK_MODELS_DIR", "/m"), ("HOME", "/h")], "/m");
        check(
            &[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")],
            "/c/bailiwick/models",
        );
        check(
            &[("XDG_CACHE_HOME", "c"), ("HOME", "/h")],
            "/h/.cache/bailiwick/models",
        );
        check(
            &[("XDG_CACHE_HOME", ""), ("HOME", "/h")],
            "/h/.cache/bailiwick/models",
        );
        check(&[], "./.cache/bailiwick/models");
    }
}
