//! What a request's fields say: declared values, free texts, countries.

use crate::crm::{Body, Input, InputValue};
use crate::types::{Entity, Jurisdiction};

use super::chat;

/// All bytes of text in `body`.
pub(super) fn bytes_of(body: &Body) -> usize {
    match body {
        Body::Chat(chat) => chat::bytes_of(chat),
        Body::Text(text) => text.expose().len(),
        Body::Texts(texts) => texts.iter().map(|text| text.expose().len()).sum(),
        Body::UseCase { inputs, .. } => {
            let fields = inputs.iter().flat_map(|input| input.value.fields());
            fields.map(|field| field.text.expose().len()).sum()
        }
    }
}

/// Calls `each` with every text in `body`.
pub(super) fn each_text(body: &Body, each: &mut dyn FnMut(&str)) {
    match body {
        Body::Chat(chat) => chat::each_text(chat, each),
        Body::Text(text) => each(text.expose()),
        Body::Texts(texts) => texts.iter().for_each(|text| each(text.expose())),
        Body::UseCase { inputs, .. } => {
            let fields = inputs.iter().flat_map(|input| input.value.fields());
            fields.for_each(|field| each(field.text.expose()));
        }
    }
}

/// Every value that is personal as a whole, whole names first: so that a first name alone belongs to
/// the person whose whole name is there too.
pub(super) fn declared(inputs: &[Input]) -> Vec<(Entity, String)> {
    let mut found = Vec::new();
    inputs
        .iter()
        .for_each(|input| collect(&input.value, &mut found));
    found.sort_by_key(|(entity, value)| {
        (
            *entity != Entity::Person,
            std::cmp::Reverse(value.split(' ').count()),
        )
    });
    found
}

fn collect(value: &InputValue, found: &mut Vec<(Entity, String)>) {
    match value {
        InputValue::Missing => {}
        InputValue::List(items) => items.iter().for_each(|item| collect(item, found)),
        InputValue::Object(fields) => {
            found.extend(joined_name(fields).map(|name| (Entity::Person, name)));
            fields.iter().for_each(|(_, value)| collect(value, found));
        }
        InputValue::Text(field) => found.extend(
            field
                .entity
                .map(|entity| (entity, field.text.expose().trim().to_owned())),
        ),
    }
}

/// The whole name of a record that declares its parts.
fn joined_name(fields: &[(String, InputValue)]) -> Option<String> {
    let part = |wanted: &str| {
        fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .and_then(|(_, value)| match value {
                InputValue::Text(field) if field.entity == Some(Entity::Person) => {
                    Some(field.text.expose().trim())
                }
                _ => None,
            })
    };
    let (first, last) = (part("FirstName")?, part("LastName")?);
    Some(match part("MiddleName") {
        Some(middle) => format!("{first} {middle} {last}"),
        None => format!("{first} {last}"),
    })
}

/// The texts that are no value as a whole.
pub(super) fn free_texts(inputs: &[Input]) -> Vec<&str> {
    let fields = inputs.iter().flat_map(|input| input.value.fields());
    fields
        .filter(|field| field.entity.is_none())
        .map(|field| field.text.expose().as_str())
        .collect()
}

/// The countries that the records name, then `usual`; each once.
pub(super) fn countries_of(body: &Body, usual: &[Jurisdiction]) -> Vec<Jurisdiction> {
    let mut found = Vec::new();
    if let Body::UseCase { inputs, .. } = body {
        inputs
            .iter()
            .for_each(|input| countries(&input.value, &mut found));
    }
    for country in usual {
        if !found.contains(country) {
            found.push(*country);
        }
    }
    found
}

fn countries(value: &InputValue, found: &mut Vec<Jurisdiction>) {
    match value {
        InputValue::Missing | InputValue::Text(_) => {}
        InputValue::List(items) => items.iter().for_each(|item| countries(item, found)),
        InputValue::Object(fields) => {
            for (name, value) in fields {
                match value {
                    InputValue::Text(field) if name.to_ascii_lowercase().contains("country") => {
                        let code = country(field.text.expose());
                        found.extend(code.filter(|code| !found.contains(code)));
                    }
                    other => countries(other, found),
                }
            }
        }
    }
}

/// A country by its code, or by its name as addresses of the larger markets have it.
fn country(text: &str) -> Option<Jurisdiction> {
    const NAMES: &[(&str, &str)] = &[
        ("germany|deutschland|allemagne|alemania|germania", "DE"),
        ("austria|österreich|oesterreich", "AT"),
        ("switzerland|schweiz|suisse|svizzera", "CH"),
        ("france|frankreich", "FR"),
        ("spain|españa|espana|spanien", "ES"),
        ("italy|italia|italien", "IT"),
        ("netherlands|the netherlands|nederland|niederlande", "NL"),
        ("belgium|belgië|belgique|belgien", "BE"),
        (
            "united kingdom|uk|great britain|england|scotland|wales",
            "GB",
        ),
        ("ireland|éire", "IE"),
        ("united states|united states of america|usa", "US"),
        ("canada", "CA"),
        ("australia", "AU"),
        ("poland|polska|polen", "PL"),
        ("portugal", "PT"),
        ("sweden|sverige", "SE"),
        ("denmark|danmark", "DK"),
        ("norway|norge", "NO"),
        ("finland|suomi", "FI"),
        ("luxembourg|luxemburg", "LU"),
    ];
    let lower = text.trim().to_lowercase();
    let named = NAMES
        .iter()
        .find(|(names, _)| names.split('|').any(|name| name == lower))
        .map(|(_, code)| *code);
    named.unwrap_or(text).parse().ok()
}
