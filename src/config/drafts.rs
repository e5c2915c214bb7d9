//! Which models draft for which others.

use crate::types::Name;

use super::ConfigError;
use super::checked::DraftConfig;
use super::resolve::{MAX_MEMORY_MIB, MIB, invalid, within};

/// Of the table `table`.
pub(super) fn resolve(
    table: &str,
    name: Option<Name>,
    kv_cache_mib: Option<usize>,
) -> Result<Option<DraftConfig>, ConfigError> {
    let key = format!("{table}.draft_kv_cache_mib");
    let Some(name) = name else {
        return match kv_cache_mib {
            Some(_) => Err(invalid(&key, "belongs to a model with a `draft`")),
            None => Ok(None),
        };
    };
    let mib = within(&key, kv_cache_mib, 64, 1..=MAX_MEMORY_MIB)?;
    Ok(Some(DraftConfig {
        name,
        kv_cache_bytes: mib * MIB,
    }))
}

/// No model drafts for itself or has its own drafts drafted, and drafts are wanted where there is a model for them.
pub(super) fn check(
    models: &[(&Name, Option<&DraftConfig>)],
    speculation: bool,
) -> Result<(), ConfigError> {
    for (name, draft) in models {
        let Some(DraftConfig { name: draft, .. }) = draft else {
            continue;
        };
        let fail = |problem: &str| {
            let problem = format!("`{draft}` for `{name}`: {problem}");
            Err(invalid("models.draft", &problem))
        };
        if !speculation {
            return fail("nothing is drafted with `engine.speculation = false`");
        }
        if draft == *name {
            return fail("a model gains nothing by drafting for itself");
        }
        let mut others = models.iter();
        if others.any(|(other, own)| *other == draft && own.is_some()) {
            return fail("a model that drafts has no draft itself");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError, DEMO, DraftConfig, Environment};

    /// The example with `models` in `[models]`, `more` in a further model and `speculation`.
    fn parse(models: &str, more: &str, speculation: bool) -> Result<Config, ConfigError> {
        let more = format!("[[models.more]]\nname = \"larger\"\n{more}\n[models.aliases]");
        let text = DEMO
            .replacen("# draft = ", &format!("{models}\n# draft = "), 1)
            .replacen("[models.aliases]", &more, 1)
            .replacen(
                "speculation = true",
                &format!("speculation = {speculation}"),
                1,
            );
        Config::parse(&text, "node.toml", &Environment::default())
    }

    #[test]
    fn each_model_may_have_a_draft() {
        let draft = |name: &str, mib: usize| {
            Some(DraftConfig {
                name: name.parse().unwrap(),
                kv_cache_bytes: mib << 20,
            })
        };
        for (models, more, expected) in [
            ("", "", [None, None]),
            ("draft = \"small\"", "", [draft("small", 64), None]),
            (
                "draft = \"small\"\ndraft_kv_cache_mib = 9",
                "draft = \"small\"",
                [draft("small", 9), draft("small", 64)],
            ),
            // The node's chat model may draft for a larger one.
            (
                "",
                "draft = \"smollm2-135m-instruct\"",
                [None, draft("smollm2-135m-instruct", 64)],
            ),
        ] {
            let found = parse(models, more, true).unwrap().models;
            assert_eq!([found.draft, found.more[0].draft.clone()], expected);
        }
        assert!(parse("", "", false).is_ok());
    }

    #[test]
    fn mistakes_are_named() {
        for (models, more, speculation, says) in [
            ("draft = \"small\"", "", false, "engine.speculation"),
            ("", "draft = \"small\"", false, "engine.speculation"),
            (
                "draft = \"smollm2-135m-instruct\"",
                "",
                true,
                "drafting for itself",
            ),
            ("", "draft = \"larger\"", true, "drafting for itself"),
            (
                "draft = \"larger\"",
                "draft = \"small\"",
                true,
                "has no draft itself",
            ),
            (
                "draft_kv_cache_mib = 9",
                "",
                true,
                "`models.draft_kv_cache_mib`: belongs",
            ),
            (
                "",
                "draft_kv_cache_mib = 9",
                true,
                "`models.more.draft_kv_cache_mib`: belongs",
            ),
            (
                "draft = \"small\"\ndraft_kv_cache_mib = 0",
                "",
                true,
                "1 to 4194304",
            ),
        ] {
            let error = parse(models, more, speculation).unwrap_err().to_string();
            assert!(error.contains(says), "{models:?} {more:?}: {error}");
        }
    }
}
