//! Secrets that the next line of a chat answers with: "Ju: what's the wifi password?" – "Rô: Estoque@2026!".

use super::super::super::super::context::floor;
use super::super::super::super::text::{Text, is_word};
use super::super::super::hints::Hint;
use super::number::ends;
use super::prose::looks_chosen;
use super::words::ASKING;
use super::{Hit, Kind};

/// How far behind the word the asking line may go on, in bytes.
const MAX_REST: usize = 80;
/// Longest name of who answers, with the time before it, in bytes.
const MAX_SPEAKER: usize = 48;

/// What the line below the one of `hint` answers.
pub(super) fn find(text: &Text<'_>, hint: &Hint, kind: Kind) -> Option<Hit> {
    let to = floor(text.str, (hint.range.end + MAX_REST).min(text.str.len()));
    let asked = text.slice(hint.range.end..to).find('\n')?;
    let line = hint.range.end + asked + 1;
    let rest = text.slice(hint.range.end..line);
    let from = floor(text.str, hint.range.start.saturating_sub(MAX_REST));
    let head = text.slice(from..hint.range.start);
    let head = head.rsplit('\n').next().unwrap_or("");
    let asks = rest.contains('?')
        || head
            .split(|c: char| !is_word(c))
            .any(|word| ASKING.contains(&word.to_lowercase().as_str()));
    let to = floor(
        text.str,
        (line + MAX_SPEAKER + MAX_REST).min(text.str.len()),
    );
    let answer = text.slice(line..to).split('\n').next()?;
    let message = line + message(answer)?;
    let said = text.slice(message..line + answer.len());
    for word in said.split_whitespace().take(5) {
        let start = word.as_ptr().addr() - text.str.as_ptr().addr();
        let open = word.trim_start_matches(['"', '\'', '„', '“', '«', '(']);
        let start = start + word.len() - open.len();
        let own = open.trim_end_matches(['.', ',', ';', ')', '"', '\'', '?', ':', '”', '“', '»']);
        let range = start..start + own.len();
        let number = own.len() >= 3 && own.bytes().all(|b| b.is_ascii_digit());
        let sound = match kind {
            Kind::Password | Kind::Login => {
                looks_chosen(own) || looks_chosen(own.trim_end_matches('!'))
            }
            Kind::CardCode => asks && number && own.len() <= 4,
            Kind::Pin | Kind::Code | Kind::Combination => asks && number && own.len() <= 8,
        };
        if sound && ends(text, range.end) {
            return Some((range, 0.7));
        }
    }
    None
}

/// Where what somebody says begins in a line of a chat: behind a name and a colon.
fn message(line: &str) -> Option<usize> {
    let head = line.get(..floor(line, MAX_SPEAKER))?;
    // "[10:46] Agent Ana: …": the times before a name have colons too.
    let colon = head.match_indices(": ").map(|(at, _)| at).next()?;
    let name = head.get(..colon)?;
    let named = name.chars().any(char::is_alphabetic);
    let words = name.split_whitespace().count();
    (named && words <= 5 && !name.contains(['.', '?', '!', ','])).then_some(colon + 2)
}
