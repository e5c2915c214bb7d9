//! Settings: one TOML file and a few environment variables, read once.
//!
//! `raw` is what was written (unknown keys are errors); the public types are resolved and checked, and
//! each part of the program gets its own struct. Nothing else reads the environment.

mod checked;
mod drafts;
mod environment;
mod error;
mod raw;
mod redaction;
mod resolve;
mod rules;
mod screen;
mod wire;

use std::io::Read as _;
use std::path::Path;

pub use self::checked::{
    AdaptersConfig, AuditConfig, ChatPolicy, Checksum, Config, CustomPattern, DraftConfig,
    EgressMode, EngineConfig, Exposure, FilesConfig, HeldConfig, JobsConfig, JurisdictionRule,
    LimitsConfig, LogFormat, ModelsConfig, MoreModel, NamesConfig, NodeConfig, OnDeadline,
    RedactionConfig, ResidencyConfig, SandboxConfig, ServerConfig, TelemetryConfig,
};
pub use self::environment::Environment;
pub use self::error::ConfigError;
pub use self::rules::{RawListed, RawRules, RedactionRules, RuleFault};
pub use self::screen::{RawScreen, ScreenAction, ScreenConfig, ScreenRules, Screening};

use self::raw::RawConfig;

/// The annotated example, which `serve --demo` runs.
pub const DEMO: &str = include_str!("demo.toml");

/// Longest configuration file in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the file and line, or the key.
    pub fn load(path: &Path, env: &Environment) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read {
            path: path.to_owned(),
            source,
        };
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(read)?;
        file.take(MAX_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(read)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(ConfigError::TooLong {
                path: path.to_owned(),
                limit: MAX_BYTES,
            });
        }
        Self::parse(&text, &path.display().to_string(), env)
    }

    /// Reads and checks `text`, which came from `origin` (a file's name, for messages).
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the line or the key.
    pub fn parse(text: &str, origin: &str, env: &Environment) -> Result<Self, ConfigError> {
        let raw: RawConfig = toml::from_str(text).map_err(|error| syntax(text, origin, &error))?;
        resolve::resolve(raw, env)
    }
}

fn syntax(text: &str, origin: &str, error: &toml::de::Error) -> ConfigError {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    ConfigError::Syntax {
        origin: origin.to_owned(),
        line,
        problem: error.message().trim().replace('\n', " "),
        suggestion: suggestion(error.message()),
    }
}

/// serde's message reads "unknown field `x`, expected one of `a`, `b`": the nearest of the latter.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let written = quoted.next()?;
    message.starts_with("unknown ").then_some(())?;
    quoted
        .map(|known| (strsim::damerau_levenshtein(written, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(4) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, "node.toml", &Environment::default())
    }

    #[test]
    fn the_example_is_sound() {
        let config = parse(DEMO).unwrap();
        assert_eq!(config.node.jurisdiction.as_str(), "DE");
        assert_eq!(config.residency.rules.len(), 4);
        assert!(config.server.listen.ip().is_loopback());
        assert_eq!(config.sandbox.egress, EgressMode::Enforced);
    }

    #[test]
    fn the_environment_wins() {
        let env = Environment {
            data_dir: Some("/d".into()),
            listen: Some("127.0.0.1:1".to_owned()),
            log: Some("debug".to_owned()),
            ..Environment::default()
        };
        let config = Config::parse(DEMO, "demo", &env).unwrap();
        assert_eq!(config.node.data_dir, Path::new("/d"));
        assert_eq!(config.server.listen.port(), 1);
        assert_eq!(config.telemetry.filter, "debug");
    }

    /// Each mistake in the example, and what its error says.
    #[test]
    fn mistakes_are_named() {
        let check = |from: &str, to: &str, says: &str| {
            assert!(DEMO.contains(from), "the example has no {from:?}");
            let error = parse(&DEMO.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(says), "{to:?}: {error}");
        };
        check("listen = ", "lisen = ", "did you mean `listen`?");
        check("listen = ", "lisen = ", "line 10");
        check("[engine]", "[engin]", "did you mean `engine`?");
        check("\"127.0.0.1:8080\"", "\"0.0.0.0:8080\"", "in clear");
        check(
            "\"127.0.0.1:8080\"",
            "\"localhost\"",
            "an address and a port",
        );
        check(
            "jurisdiction = \"DE\"",
            "jurisdiction = \"EU\"",
            "ISO 3166-1",
        );
        check(
            "jurisdiction = \"DE\"",
            "",
            "`node.jurisdiction` is missing",
        );
        check("max_connections = 512", "max_connections = 0", "1 to 65536");
        check(
            "max_connections = 512",
            "max_connections = \"many\"",
            "invalid type",
        );
        check(
            "name = \"elsewhere\"",
            "name = \"union\"",
            "another rule has this name",
        );
        check("from = [\"*\"]", "from = [\"Germany\"]", "ISO 3166-1");
        check("\"special\"]", "\"secret\"]", "unknown variant");
        check("egress = \"enforced\"", "egress = \"off\"", "expected");
        check(
            "max_sequences = 32",
            "max_sequences = 300",
            "max_batch_tokens",
        );
        for (own, says) in [
            ("cores = [1, 1]", "a core is named twice"),
            ("cores = [1024]", "numbers below 1024"),
            (
                "threads = 3\ncores = [0, 2]",
                "`engine.threads`: may not be over",
            ),
        ] {
            check("# cores = [2, 3] ", &format!("{own} # "), says);
        }
        check("chat = \"smol", "chat = \"../smol", "a name has");
        check("# personal = \"mask\"", "canary = \"off\"", "unknown field");
        check(
            "# personal = \"mask\"",
            "max_copied_percent = 0",
            "`chat.screen.max_copied_percent`",
        );
        let more =
            |text: &str| format!("[[models.more]]\nname = \"larger\"\n{text}\n[models.aliases]");
        for (text, says) in [
            ("stays = true\nidle_unload_s = 9", "does not stay"),
            ("idle_unload_s = 0", "1 to 604800"),
            ("kv_cache_mib = 0", "models.more.kv_cache_mib"),
            ("pinned = true", "unknown field `pinned`"),
            ("[[models.more]]\nname = \"larger\"", "named twice"),
            (
                "[[models.more]]\nname = \"all-minilm-l6-v2\"",
                "named twice",
            ),
        ] {
            check("[models.aliases]", &more(text), says);
        }
        check("# memory_mib = 16384", "memory_mib = 0", "1 to 4194304");
        check("canary = \"stop\"", "canary = \"ask\"", "unknown variant");
        check("copied = \"stop\"", "copied = \"mask\"", "`screen.copied`");
        check("[node]", "[node", "line 4");
    }

    #[test]
    fn mistakes_about_the_cache_are_named() {
        let before = "prefix_cache = true         # prompts that begin alike are computed once, for each caller apart";
        let both = format!("{before}\nsaved_prefix_mib = 0");
        for (from, to, says) in [
            (
                "kv_cache_format = \"f16\"",
                "kv_cache_format = \"q4\"",
                "unknown variant",
            ),
            (
                "saved_prefix_mib = 0",
                "saved_prefix_mib = 65537",
                "0 to 65536",
            ),
            (
                both.as_str(),
                "prefix_cache = false\nsaved_prefix_mib = 1",
                "nothing to save",
            ),
        ] {
            assert!(DEMO.contains(from), "the example has no {from:?}");
            let error = parse(&DEMO.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(says), "{to:?}: {error}");
        }
        let text = DEMO.replacen("kv_cache_format = \"f16\"", "kv_cache_format = \"q8\"", 1);
        let engine = parse(&text).unwrap().engine;
        assert_eq!(engine.kv_cache_format, crate::types::KvFormat::Q8);
        assert_eq!(engine.saved_prefix_bytes, 0);
    }

    #[test]
    fn other_addresses_need_words() {
        let text = DEMO
            .replace("listen = \"127.0.0.1:8080\"", "listen = \"0.0.0.0:8080\"")
            .replace(
                "exposure = \"loopback-only\"",
                "exposure = \"plaintext-behind-tls-proxy\"",
            );
        assert_eq!(
            parse(&text).unwrap().server.exposure,
            Exposure::PlaintextBehindTlsProxy
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Config::load(Path::new("/no/such.toml"), &Environment::default()).unwrap_err();
        assert!(error.to_string().contains("/no/such.toml"));
    }
}
