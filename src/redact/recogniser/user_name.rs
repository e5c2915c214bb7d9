//! User names next to words: "login: jdoe85", "my user name is anna.m", "Instagram @anna_m".

use std::ops::Range;

use crate::types::Entity;

use super::super::context::floor;
use super::super::error::RedactError;
use super::super::span::Candidate;
use super::super::text::Text;
use super::hints::{Hint, Hinted, Hints, Topic};
use super::labelled::value_at;

/// Words for a user name.
pub(super) const WORDS: &[&str] = &[
    "username",
    "user name",
    "user",
    "userid",
    "user id",
    "login",
    "login name",
    "handle",
    "nickname",
    "benutzername",
    "benutzerkennung",
    "benutzer",
    "nutzername",
    "anmeldename",
    "identifiant",
    "nom d'utilisateur",
    "nom d’utilisateur",
    "pseudo",
    "usuario",
    "nombre de usuario",
    "nome utente",
    "utente",
    "gebruikersnaam",
    "gebruiker",
    "nazwa użytkownika",
    "użytkownik",
    "nome de utilizador",
    "utilizador",
    "nome de usuário",
    "usuário",
    "twitter",
    "instagram",
    "telegram",
    "tiktok",
    "skype",
    "snapchat",
    "discord",
    "mastodon",
    "insta",
];

/// What stands behind such words and is no name.
const NOT_NAMES: &[&str] = &[
    "required",
    "unknown",
    "none",
    "n/a",
    "null",
    "password",
    "invalid",
    "missing",
    "yes",
    "no",
    "unbekannt",
    "passwort",
    "admin",
    "root",
    "guest",
    "true",
    "false",
    "error",
    "failed",
    "ok",
];

/// How far a name is read, in bytes: several times as far as one may go.
const MAX_READ: usize = 512;

/// Looks behind its words.
#[derive(Debug)]
pub(super) struct UserName;

impl Hinted for UserName {
    fn find_hinted(
        &self,
        text: &Text<'_>,
        hints: &Hints,
        found: &mut Vec<Candidate>,
    ) -> Result<(), RedactError> {
        for hint in hints.of_topic(Topic::UserName) {
            let name = name_behind(text, hint);
            found.extend(
                name.map(|(range, score)| Candidate::pattern(range, Entity::Identifier, score)),
            );
        }
        Ok(())
    }
}

fn name_behind(text: &Text<'_>, hint: &Hint) -> Option<(Range<usize>, f32)> {
    let value = value_at(text.str, hint.range.end)?;
    let rest = text.str.get(value.start..)?;
    let at = usize::from(rest.starts_with('@'));
    let name = &rest[at..];
    let name = &name[..floor(name, MAX_READ)];
    let len = name
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')))
        .unwrap_or(name.len());
    let name = name[..len].trim_end_matches(['.', '-']);
    let after = &rest[at + len..];
    let chars = name.chars().count();
    // An e-mail address or a URL is somebody else's find; "login at the shop" goes on.
    let other = after.starts_with('@') || after.starts_with("://") || name.contains("http");
    if !(3..=32).contains(&chars) || other || NOT_NAMES.contains(&name.to_lowercase().as_str()) {
        return None;
    }
    let odd = name
        .chars()
        .any(|c| c.is_ascii_digit() || matches!(c, '.' | '_'))
        && name.chars().any(char::is_alphabetic);
    let range = value.start..value.start + at + name.len();
    // What follows a plain word makes it a part of a sentence.
    let ends = after.trim_start_matches(['"', '\'', '”', '“', '»', ')', '*']);
    let ends = ends.is_empty() || ends.starts_with(['\n', ',', ';', '\r', '.', '|', '/']);
    let plain = name.chars().all(char::is_alphabetic) && name.chars().any(char::is_lowercase);
    let told = value.marked || value.said || at > 0 || value.quoted;
    let score = match (odd, told) {
        (true, true) => 0.85,
        (true, false) if name.contains('_') || is_mixed(name) => 0.65,
        (false, true) if at > 0 || value.quoted => 0.75,
        (false, true) if value.marked && plain && ends => 0.7,
        _ => return None,
    };
    Some((range, score))
}

/// Letters with digits behind them and nothing else: "jdoe85".
fn is_mixed(name: &str) -> bool {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (3..name.len()).contains(&letters.len())
        && letters.chars().all(char::is_alphabetic)
        && name.len() - letters.len() <= 4
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn table() {
        check(
            &UserName,
            &[
                ("username: jdoe85.", &["jdoe85"]),
                ("my user name is anna.m and", &["anna.m"]),
                ("login: jdoe", &["jdoe"]),
                ("Benutzername lautet anna_m", &["anna_m"]),
                ("identifiant : marie75", &["marie75"]),
                ("usuario: pepe_g", &["pepe_g"]),
                ("nome utente \"rossi.m\"", &["rossi.m"]),
                ("gebruikersnaam jan85", &["jan85"]),
                ("nazwa użytkownika: kowalski1", &["kowalski1"]),
                ("utilizador: joao.s", &["joao.s"]),
                ("Instagram @anna_m!", &["@anna_m"]),
                ("login page", &[]),
                ("login failed", &[]),
                ("user name is required", &[]),
                ("username: unknown", &[]),
                ("login: https://shop.example", &[]),
                ("user anna@example.com", &[]),
                ("user wants 2 boxes", &[]),
                ("we saw it on Instagram yesterday", &[]),
                ("login: please reset it", &[]),
            ],
        );
    }
}
