//! Formats of strings, and the placeholders that may stand in for them.

use std::collections::BTreeSet;

/// What `date` and the rest of JSON Schema's formats are, whole, in the engine's syntax. Each lets through
/// only what its RFC does; where the RFC's whole form would be unwieldy, the form that is in use:
/// host names without two hyphens in a row, addresses without quoted or bracketed parts.
const FORMATS: [(&str, &str, &[&str]); 14] = [
    ("date", DATE, &["DATE_OF_BIRTH"]),
    ("time", TIME, &[]),
    ("date-time", DATE_TIME, &["DATE_OF_BIRTH"]),
    ("duration", DURATION, &[]),
    ("email", EMAIL, &["EMAIL"]),
    ("hostname", HOSTNAME, &[]),
    ("ipv4", IPV4, &["IP_ADDRESS"]),
    ("ipv6", IPV6, &["IP_ADDRESS"]),
    ("uuid", UUID, &["IDENTIFIER", "SECRET"]),
    ("uri", URI, &["URL"]),
    ("url", URI, &["URL"]),
    ("uri-reference", URI_REFERENCE, &["URL"]),
    ("json-pointer", JSON_POINTER, &[]),
    ("relative-json-pointer", RELATIVE_POINTER, &[]),
];

/// Formats of JSON Schema that nothing enforces.
const REFUSED: [&str; 6] = [
    "idn-email",
    "idn-hostname",
    "iri",
    "iri-reference",
    "regex",
    "uri-template",
];

macro_rules! year_leap {
    () => {
        "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[048]|[2468][048]|[13579][26])00)"
    };
}
macro_rules! date {
    () => {
        concat!(
            "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])",
            "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
            "|02-(?:0[1-9]|1[0-9]|2[0-8]))|",
            year_leap!(),
            "-02-29)"
        )
    };
}
macro_rules! time {
    () => {
        concat!(
            "(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?",
            "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
            "|23:59:60(?:\\.[0-9]{1,9})?[Zz])"
        )
    };
}
macro_rules! label {
    ($most:literal) => {
        concat!("[0-9A-Za-z](?:-?[0-9A-Za-z]){0,", $most, "}")
    };
}
macro_rules! ipv4 {
    () => {
        concat!(
            "(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}",
            "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
        )
    };
}
macro_rules! ipv6 {
    () => {
        concat!(
            "(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}",
            "|(?:[0-9A-Fa-f]{1,4}:){1,7}:",
            "|(?:[0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}",
            "|(?:[0-9A-Fa-f]{1,4}:){1,5}(?::[0-9A-Fa-f]{1,4}){1,2}",
            "|(?:[0-9A-Fa-f]{1,4}:){1,4}(?::[0-9A-Fa-f]{1,4}){1,3}",
            "|(?:[0-9A-Fa-f]{1,4}:){1,3}(?::[0-9A-Fa-f]{1,4}){1,4}",
            "|(?:[0-9A-Fa-f]{1,4}:){1,2}(?::[0-9A-Fa-f]{1,4}){1,5}",
            "|[0-9A-Fa-f]{1,4}:(?::[0-9A-Fa-f]{1,4}){1,6}",
            "|:(?:(?::[0-9A-Fa-f]{1,4}){1,7}|:)",
            "|(?:[0-9A-Fa-f]{1,4}:){6}",
            ipv4!(),
            "|::(?:[Ff]{4}:)?",
            ipv4!(),
            ")"
        )
    };
}
macro_rules! pchar {
    () => {
        "(?:[0-9A-Za-z._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
    };
}
macro_rules! authority {
    () => {
        concat!(
            "//(?:(?:[0-9A-Za-z._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?",
            "(?:(?:[0-9A-Za-z._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\\[",
            ipv6!(),
            "\\])(?::[0-9]{0,5})?(?:/",
            pchar!(),
            "*)*"
        )
    };
}
macro_rules! query {
    () => {
        concat!(
            "(?:\\?(?:",
            pchar!(),
            "|[/?])*)?(?:\\x{23}(?:",
            pchar!(),
            "|[/?])*)?"
        )
    };
}

const DATE: &str = date!();
const TIME: &str = time!();
const DATE_TIME: &str = concat!(date!(), "[Tt]", time!());
const DURATION: &str = concat!(
    "P(?:[0-9]{1,9}W",
    "|(?:[0-9]{1,9}D|[0-9]{1,9}M(?:[0-9]{1,9}D)?|[0-9]{1,9}Y(?:[0-9]{1,9}M(?:[0-9]{1,9}D)?)?)",
    "(?:T(?:[0-9]{1,9}S|[0-9]{1,9}M(?:[0-9]{1,9}S)?|[0-9]{1,9}H(?:[0-9]{1,9}M(?:[0-9]{1,9}S)?)?))?",
    "|T(?:[0-9]{1,9}S|[0-9]{1,9}M(?:[0-9]{1,9}S)?|[0-9]{1,9}H(?:[0-9]{1,9}M(?:[0-9]{1,9}S)?)?))"
);
const HOSTNAME: &str = concat!(
    "(?:",
    label!("30"),
    "(?:\\.",
    label!("30"),
    "){0,3}|",
    label!("14"),
    "(?:\\.",
    label!("14"),
    "){0,7})"
);
const EMAIL: &str = concat!(
    "[0-9A-Za-z!#$%&'*+/=?^_`{|}~-](?:\\.?[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]){0,31}@",
    label!("30"),
    "(?:\\.",
    label!("30"),
    "){0,2}"
);
const IPV4: &str = ipv4!();
const IPV6: &str = ipv6!();
const UUID: &str = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
const URI: &str = concat!(
    "[A-Za-z][0-9A-Za-z+.-]*:(?:",
    authority!(),
    "|/?",
    pchar!(),
    "+(?:/",
    pchar!(),
    "*)*)",
    query!()
);
const URI_REFERENCE: &str = concat!(
    "(?:[A-Za-z][0-9A-Za-z+.-]*:(?:",
    authority!(),
    "|/?",
    pchar!(),
    "+(?:/",
    pchar!(),
    "*)*)|",
    authority!(),
    // A first segment without a colon, or it would be a scheme.
    "|(?:/|/?(?:[0-9A-Za-z._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})+(?:/",
    pchar!(),
    "*)*)?)",
    query!()
);
const JSON_POINTER: &str = "(?:/(?:[^/~]|~[01])*)*";
const RELATIVE_POINTER: &str = "(?:0|[1-9][0-9]{0,8})(?:\\x{23}|(?:/(?:[^/~]|~[01])*)*)";

/// The names of the placeholders that a request's prompt holds.
pub(super) struct Placeholders(BTreeSet<String>);

/// What a `format` keyword asks for.
pub(super) enum Format {
    /// Nothing: no version of JSON Schema has the name, so it is a comment.
    Comment,
    /// What nothing enforces.
    Refused,
    /// Texts that this regular expression, in the engine's syntax, matches whole.
    Pattern(String),
}

impl Placeholders {
    /// Reads placeholders as they are written (`[EMAIL_1]`).
    pub(super) fn new(written: &[String]) -> Self {
        let name = |written: &String| {
            let inner = written.strip_prefix('[')?.strip_suffix(']')?;
            let (name, _) = inner.rsplit_once('_')?;
            Some(name.to_owned())
        };
        Self(written.iter().filter_map(name).collect())
    }

    /// The format `name`, or a placeholder that fits it.
    pub(super) fn format(&self, name: &str) -> Format {
        let Some((_, pattern, fits)) = FORMATS.iter().find(|(own, ..)| *own == name) else {
            return if REFUSED.contains(&name) {
                Format::Refused
            } else {
                Format::Comment
            };
        };
        let mut alternatives = vec![(*pattern).to_owned()];
        for label in fits.iter().filter(|label| self.0.contains(**label)) {
            alternatives.push(format!("\\[{label}_[1-9][0-9]{{0,4}}\\]"));
        }
        Format::Pattern(format!("^(?:{})$", alternatives.join("|")))
    }
}
