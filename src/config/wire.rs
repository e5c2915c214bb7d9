//! Names that stand in HTTP's headers: those of keys, and of the origins of pages.

use super::ConfigError;
use super::resolve::invalid;

/// Most headers that may hold a key.
const MAX_KEY_HEADERS: usize = 8;
/// Most origins.
const MAX_ORIGINS: usize = 64;
/// Headers that mean something else, so that none of them can hold a key.
const TAKEN: [&str; 9] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "transfer-encoding",
];

/// The headers that may hold a key, lower case; `api-key` where none are named.
pub(super) fn key_headers(given: Option<Vec<String>>) -> Result<Vec<String>, ConfigError> {
    let key = "server.key_headers";
    let Some(given) = given else {
        return Ok(vec!["api-key".to_owned()]);
    };
    if given.len() > MAX_KEY_HEADERS {
        return Err(invalid(key, &format!("at most {MAX_KEY_HEADERS} headers")));
    }
    let names = given.into_iter().map(|name| {
        let name = name.to_ascii_lowercase();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(invalid(
                key,
                "a header's name has 1 to 64 letters, digits, - or _",
            ));
        }
        if TAKEN.contains(&name.as_str()) {
            return Err(invalid(key, &format!("`{name}` has another meaning")));
        }
        Ok(name)
    });
    names.collect()
}

/// Origins as browsers send them: scheme, host and perhaps a port, nothing else.
pub(super) fn origins(given: Vec<String>) -> Result<Vec<String>, ConfigError> {
    let key = "server.cors_origins";
    if given.len() > MAX_ORIGINS {
        return Err(invalid(key, &format!("at most {MAX_ORIGINS} origins")));
    }
    for origin in &given {
        if origin == "*" {
            return Err(invalid(
                key,
                "name the origins: `*` would let every page in",
            ));
        }
        if !is_origin(origin) {
            return Err(invalid(
                key,
                "an origin is a scheme, a host and perhaps a port, lower case, with no path: \
                 `https://crm.example.com`, `http://localhost:3000`",
            ));
        }
    }
    Ok(given)
}

fn is_origin(text: &str) -> bool {
    let Some(authority) = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
    else {
        return false;
    };
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are within its brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_[]:".contains(&b);
    let sound_host = (1..=253).contains(&host.len()) && host.bytes().all(plain);
    sound_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_headers_are_names_of_their_own() {
        let check = |names: &[&str], expected: Option<&[&str]>| {
            let given = names.iter().map(|name| (*name).to_owned()).collect();
            let found = key_headers(Some(given)).ok();
            let expected = expected.map(|names| names.iter().map(|n| (*n).to_owned()).collect());
            assert_eq!(found, expected, "{names:?}");
        };
        check(&[], Some(&[]));
        check(&["api-key", "X-API-Key"], Some(&["api-key", "x-api-key"]));
        for bad in [
            "",
            "a b",
            "a:b",
            "ä",
            "Authorization",
            "content-type",
            &"a".repeat(65),
        ] {
            check(&[bad], None);
        }
        check(&["a"; 9], None);
        assert_eq!(key_headers(None).unwrap(), ["api-key"]);
    }

    #[test]
    fn origins_have_no_path_and_no_wildcard() {
        let check = |text: &str, expected: bool| {
            assert_eq!(origins(vec![text.to_owned()]).is_ok(), expected, "{text}");
        };
        for good in [
            "https://crm.example.com",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]",
            "http://[::1]:8080",
        ] {
            check(good, true);
        }
        for bad in [
            "*",
            "null",
            "",
            "crm.example.com",
            "https://",
            "https://:80",
            "https://*.example.com",
            "https://crm.example.com/",
            "https://crm.example.com:0",
            "https://crm.example.com:99999",
            "https://CRM.example.com",
            "ftp://crm.example.com",
            "https://a@b",
        ] {
            check(bad, false);
        }
    }
}
