//! User names by their look: "shopper_lena99", "koenig.von.berg", "@tobi_85".

use std::ops::Range;

use memchr::memchr2_iter;

use super::super::context::floor;
use super::super::text::{Text, is_word};
use super::clause::Clause;
use super::hints::{Hint, Hints, Topic};
use super::user_name::NOT_NAMES;

/// Endings of files and of domains, which are no ends of names.
const ENDINGS: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "pdf", "csv", "txt", "json", "xml", "zip", "xls", "xlsx", "doc",
    "docx", "html", "htm", "php", "js", "py", "rs", "exe", "log", "md", "yml", "yaml", "toml",
    "sql", "com", "net", "org", "example", "eu", "info", "biz", "io", "app", "shop", "de", "at",
    "ch", "fr", "be", "es", "it", "nl", "pl", "pt", "uk", "ie", "us", "br", "local", "test",
];

/// The name that `hint` announces, and how likely it is one.
pub(super) fn behind(text: &str, hint: &Hint) -> Option<(Range<usize>, f32)> {
    let mut clause = Clause::behind(text, hint.range.end);
    loop {
        let word = clause.next_word()?;
        let name = name_at(text, clause.at);
        let range = clause.at..clause.at + name.len();
        if hint.is(Topic::UserName)
            && clause.is_direct()
            && !clause.is_listed(word)
            && has_password(text, &range)
        {
            return Some((range, 0.75));
        }
        if is_odd(name, clause.at_sign) {
            let shown = clause.quoted || clause.at_sign;
            // "nome utente con cui accedo è nonna.rita52"
            let tailed = hint.is(Topic::UserName)
                && clause.words <= 3
                && name.ends_with(|c: char| c.is_ascii_digit())
                && name.contains(['.', '_', '-'])
                && !name
                    .split(['.', '_', '-'])
                    .any(|part| THINGS.contains(&part));
            if !shown && clause.words > 0 && !tailed {
                return None;
            }
            let start = clause.at - usize::from(clause.at_sign);
            let score = if clause.is_direct() { 0.8 } else { 0.65 };
            return Some((start..range.end, score));
        }
        // A date may stand between an account and its name.
        let numeric = word.bytes().all(|b| b.is_ascii_digit());
        match numeric {
            true => clause.skip(word),
            false => clause.pass(word)?,
        }
    }
}

/// How far from a word for a community its members' names may stand, in bytes.
const REACH: usize = 80;

/// Parts of names of files, settings and networks: of no person's.
const THINGS: &[&str] = &[
    "friday",
    "black",
    "basket",
    "dark",
    "light",
    "collection",
    "blue",
    "red",
    "green",
    "white",
    "grey",
    "winter",
    "summer",
    "sommer",
    "spring",
    "herbst",
    "add",
    "get",
    "set",
    "remove",
    "change",
    "open",
    "close",
    "special",
    "edition",
    "premium",
    "basic",
    "standard",
    "address",
    "adresse",
    "api",
    "app",
    "article",
    "artikel",
    "base",
    "bestellung",
    "button",
    "card",
    "cart",
    "case",
    "checkout",
    "click",
    "client",
    "clients",
    "cliente",
    "code",
    "color",
    "commande",
    "config",
    "count",
    "country",
    "cron",
    "customer",
    "data",
    "date",
    "debug",
    "default",
    "delivery",
    "doc",
    "email",
    "endpoint",
    "error",
    "event",
    "export",
    "faq",
    "field",
    "file",
    "filter",
    "flag",
    "form",
    "free",
    "gast",
    "group",
    "guest",
    "home",
    "html",
    "http",
    "image",
    "img",
    "import",
    "index",
    "input",
    "invoice",
    "item",
    "key",
    "kunde",
    "kunden",
    "label",
    "lang",
    "language",
    "level",
    "limit",
    "link",
    "list",
    "log",
    "login",
    "logo",
    "mail",
    "main",
    "max",
    "menu",
    "meta",
    "min",
    "mode",
    "model",
    "module",
    "name",
    "net",
    "new",
    "note",
    "number",
    "offer",
    "online",
    "order",
    "orders",
    "output",
    "page",
    "path",
    "payment",
    "pedido",
    "photo",
    "plugin",
    "portal",
    "post",
    "price",
    "print",
    "prod",
    "product",
    "promo",
    "query",
    "quantity",
    "rate",
    "ref",
    "refund",
    "report",
    "request",
    "response",
    "result",
    "return",
    "returns",
    "root",
    "row",
    "rule",
    "sale",
    "scan",
    "screen",
    "script",
    "sent",
    "server",
    "service",
    "session",
    "setup",
    "shipment",
    "shipping",
    "shop",
    "size",
    "sku",
    "source",
    "stage",
    "start",
    "state",
    "status",
    "step",
    "stock",
    "store",
    "sum",
    "sync",
    "system",
    "table",
    "tag",
    "task",
    "tax",
    "template",
    "temp",
    "test",
    "text",
    "theme",
    "ticket",
    "time",
    "title",
    "token",
    "tool",
    "total",
    "tracking",
    "type",
    "update",
    "upload",
    "url",
    "user",
    "users",
    "utm",
    "value",
    "version",
    "view",
    "voucher",
    "warehouse",
    "web",
    "wifi",
    "wlan",
    "zip",
];

/// The names near words for a community that two words with an underscore between them are, or three with dots: so
/// people write their own names there, and hardly anything else in a message.
pub(super) fn around<'t>(
    text: &'t Text<'_>,
    hints: &'t Hints,
) -> impl Iterator<Item = (Range<usize>, f32)> + 't {
    let mut next = 0;
    memchr2_iter(b'_', b'.', text.str.as_bytes()).filter_map(move |at| {
        let bytes = text.str.as_bytes();
        if at < next || !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let belongs =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let before = bytes.get(..at)?.iter().rev().take(32);
        let start = at - before.take_while(belongs).count();
        let name = name_at(text.str, start);
        let range = start..start + name.len();
        next = range.end.max(at + 1);
        let apart = !text
            .char_before(start)
            .is_some_and(|c| is_word(c) || matches!(c, '/' | '@' | '.' | '-' | '$' | '{' | '='));
        let near = || {
            hints
                .around(Topic::Community, &range, REACH)
                .next()
                .is_some()
        };
        (apart && is_two_words(name) && near()).then_some((range, 0.6))
    })
}

/// Whether `name` is words in small letters with an underscore between them, or three and more with dots, none of which
/// names a thing; digits may end it.
fn is_two_words(name: &str) -> bool {
    let bare = name.trim_matches('_');
    let separator = if bare.contains('_') { '_' } else { '.' };
    let least = if separator == '_' { 2 } else { 3 };
    let words = || {
        bare.split(separator)
            .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    let sound =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase()) && !THINGS.contains(&word);
    let long = words().filter(|word| word.len() >= 3).count();
    // "holzwurm_79"
    let numbered = separator == '_'
        && bare.split_once('_').is_some_and(|(word, number)| {
            word.len() >= 6
                && (2..=4).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        });
    bare.len() <= 32
        && words().count() >= least
        && (long >= 2 || numbered)
        && words().all(sound)
        && !words().any(|word| separator == '.' && (word.len() < 2 || ENDINGS.contains(&word)))
}

/// The handles of `text` that no word announces: only those with digits, since others are shops' as often as people's.
pub(super) fn mentions(text: &str) -> impl Iterator<Item = (Range<usize>, f32)> {
    text.match_indices('@').filter_map(|(at, _)| {
        let apart = !text[..at]
            .chars()
            .next_back()
            .is_some_and(|c| is_word(c) || matches!(c, '.' | '-' | '/' | '@'));
        if !apart {
            return None;
        }
        let name = name_at(text, at + 1);
        let behind = text[at + 1 + name.len()..].trim_start_matches([' ', '\t']);
        let code = behind.starts_with(['=', '(', '/', '@']);
        let digits = name.bytes().any(|b| b.is_ascii_digit());
        (digits && !code && is_odd(name, true)).then(|| (at..at + 1 + name.len(), 0.7))
    })
}

/// The letters, digits, dots, hyphens and underscores at `at`; those of ASCII, as in most user names.
fn name_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or("");
    let belongs = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let len = rest.bytes().take(64).take_while(belongs).count();
    let name = rest.get(..len).unwrap_or("").trim_end_matches(['.', '-']);
    match rest.get(name.len()..).and_then(|rest| rest.chars().next()) {
        Some(c)
            if is_word(c)
                || matches!(c, '@' | '/' | '[' | '(')
                || rest[name.len()..].starts_with("://") =>
        {
            ""
        }
        _ => name,
    }
}

/// Whether `name` looks like a user name and like nothing else: small letters, and an underscore, a dot or a digit.
fn is_odd(name: &str, at_sign: bool) -> bool {
    let bytes = name.as_bytes();
    let letters = bytes
        .split(|b| !b.is_ascii_alphabetic())
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0);
    let count = |belongs: fn(&u8) -> bool| bytes.iter().filter(|b| belongs(b)).count();
    let (small, digits) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_digit));
    let capitals = count(u8::is_ascii_uppercase);
    let underscore = name.trim_matches('_').contains('_');
    let dot = name.contains('.');
    // A word that is cut short, or a sentence that begins without a blank.
    let sound = digits > 0 || underscore || capitals == 0 && dot && !name.contains('-');
    let blocks = name.split(['.', '_', '-']);
    let ending = name.rsplit('.').next().filter(|_| dot).unwrap_or("");
    let first = bytes
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || at_sign && *b == b'_');
    (5..=32).contains(&bytes.len())
        && first
        && letters >= 3
        && small >= 3
        && sound
        && (underscore || dot || digits > 0 && is_tailed(name))
        && blocks.clone().all(|block| !block.is_empty())
        && !ENDINGS.contains(&ending)
        && !name.contains("www.")
}

/// Small letters with two to four digits behind them: "jdoe85", "till-admin-07"; "page-2" is none.
fn is_tailed(name: &str) -> bool {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (4..name.len()).contains(&letters.len())
        && (2..=4).contains(&(name.len() - letters.len()))
        && letters.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && letters.bytes().filter(|b| *b == b'-').count() != 1
}

/// Whether `name` is a plain word in small letters and its password follows: "user jdoe, password b4ra".
fn has_password(text: &str, name: &Range<usize>) -> bool {
    let own = text.get(name.clone()).unwrap_or("");
    let behind = text
        .get(name.end..)
        .unwrap_or("")
        .trim_start_matches([' ', '"', '”', '“', '»']);
    let Some(rest) = behind.strip_prefix([',', '/', ';', '|', '\n']) else {
        return false;
    };
    let rest = rest.trim_start();
    let rest = rest.get(..floor(rest, 48)).unwrap_or("").to_lowercase();
    let value = PASSWORDS.iter().find_map(|word| rest.strip_prefix(word));
    let line = value
        .and_then(|value| value.split('\n').next())
        .unwrap_or("");
    own.len() >= 4
        && own.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && !NOT_NAMES.contains(&own)
        && !PASSWORDS.contains(&own)
        && line.contains(|c: char| c.is_ascii_digit() || matches!(c, '#' | '!' | '$' | '@'))
}

/// Words for a password.
const PASSWORDS: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "pass",
    "pwd",
    "pw",
    "mot de passe",
    "mdp",
    "contraseña",
    "clave",
    "parola",
    "wachtwoord",
    "ww",
    "hasło",
    "senha",
    "palavra-passe",
    "pin",
];
