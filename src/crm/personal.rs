//! What Salesforce's standard fields hold that is personal, for records that come with no use case.
//!
//! A use case declares what its fields are. Where there is none, the names of standard fields say it; fields of
//! the customer's own (`…__c`) say nothing, so the caller declares their values beside the records.

use crate::types::{Entity, FieldValue, Record, Sensitive};

/// Standard fields whose whole value is personal, in lower case.
const FIELDS: &[(&str, Entity)] = &[
    ("assistantname", Entity::Person),
    ("assistantphone", Entity::Phone),
    ("birthdate", Entity::DateOfBirth),
    ("email", Entity::Email),
    ("fax", Entity::Phone),
    ("firstname", Entity::Person),
    ("homephone", Entity::Phone),
    ("lastname", Entity::Person),
    ("middlename", Entity::Person),
    ("mobilephone", Entity::Phone),
    ("otherphone", Entity::Phone),
    ("personassistantname", Entity::Person),
    ("personassistantphone", Entity::Phone),
    ("personbirthdate", Entity::DateOfBirth),
    ("personemail", Entity::Email),
    ("personhomephone", Entity::Phone),
    ("personmobilephone", Entity::Phone),
    ("personotherphone", Entity::Phone),
    ("phone", Entity::Phone),
    ("suppliedemail", Entity::Email),
    ("suppliedname", Entity::Person),
    ("suppliedphone", Entity::Phone),
    ("username", Entity::Identifier),
];
/// Ends of the names of address fields (`MailingStreet`), and the parts of compound addresses.
const ADDRESS: &[(&str, Entity)] = &[
    ("street", Entity::Address),
    ("city", Entity::Location),
    ("postalcode", Entity::Location),
];
/// Objects and parents whose `Name` is a person's.
const PEOPLE: &[&str] = &[
    "contact",
    "createdby",
    "individual",
    "lastmodifiedby",
    "lead",
    "owner",
    "reportsto",
    "user",
    "who",
];
/// Shortest value that is looked for: a single letter stands everywhere.
const MIN_CHARS: usize = 2;

/// The personal values of `records`, whole names first, so that a first name alone belongs to the person whose
/// whole name is there too. Parents and child lists are looked into.
pub fn personal_values(records: &[(&str, &Record)]) -> Vec<(Entity, Sensitive<String>)> {
    let mut found = Vec::new();
    for (name, record) in records {
        collect(record, record.object().unwrap_or(name), &mut found);
    }
    found.sort_by_key(|(entity, value)| {
        let words = value.expose().split(' ').count();
        (*entity != Entity::Person, std::cmp::Reverse(words))
    });
    found
}

fn collect(record: &Record, kind: &str, found: &mut Vec<(Entity, Sensitive<String>)>) {
    let text = |name: &str| match record.field(name)? {
        FieldValue::Text(text) => Some(text.expose().trim()).filter(|text| !text.is_empty()),
        _ => None,
    };
    let parts: Vec<&str> = ["FirstName", "MiddleName", "LastName"]
        .into_iter()
        .filter_map(text)
        .collect();
    if parts.len() > 1 {
        found.push((Entity::Person, parts.join(" ").into()));
    }
    // A record with a last name is a person, whatever its object: person accounts are.
    let person =
        text("LastName").is_some() || PEOPLE.iter().any(|own| own.eq_ignore_ascii_case(kind));
    for (name, value) in record.fields() {
        match value {
            FieldValue::Text(text) => {
                let value = text.expose().trim();
                if let Some(entity) = entity_of(name, person)
                    && value.chars().count() >= MIN_CHARS
                {
                    found.push((entity, value.into()));
                }
            }
            FieldValue::Record(parent) => collect(parent, parent.object().unwrap_or(name), found),
            FieldValue::Records(children) => {
                for child in children {
                    collect(child, child.object().unwrap_or_default(), found);
                }
            }
            FieldValue::Null | FieldValue::Bool(_) | FieldValue::Number(_) => {}
        }
    }
}

fn entity_of(field: &str, person: bool) -> Option<Entity> {
    let field = field.to_ascii_lowercase();
    if field == "name" {
        return person.then_some(Entity::Person);
    }
    let whole = FIELDS.iter().find(|(name, _)| *name == field);
    let end = || ADDRESS.iter().find(|(end, _)| field.ends_with(end));
    whole.or_else(end).map(|(_, entity)| *entity)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crm::Variables;

    fn values(records: serde_json::Value) -> Vec<(Entity, String)> {
        let serde_json::Value::Object(map) = records else {
            panic!("an object");
        };
        let variables = Variables::from_json(map).unwrap();
        let found = personal_values(&variables.records());
        found
            .into_iter()
            .map(|(entity, value)| (entity, value.into_exposed()))
            .collect()
    }

    #[test]
    fn standard_fields_say_what_they_hold() {
        use Entity::{Address, Email, Location, Person, Phone};
        let check = |records, expected: &[(Entity, &str)]| {
            let found = values(records);
            let found: Vec<_> = found.iter().map(|(e, v)| (*e, v.as_str())).collect();
            assert_eq!(found, expected);
        };
        check(
            json!({"case": {
                "attributes": {"type": "Case"}, "Subject": "Kettle", "SuppliedEmail": "e@example.com",
                "Contact": {"FirstName": "Erika", "LastName": "Muster", "Name": "Erika Muster",
                            "MailingAddress": {"street": "Hauptstr. 1", "city": "Bonn", "country": "DE"}},
                "Account": {"Name": "Muster GmbH", "Phone": "0228 1234567"},
            }}),
            &[
                (Person, "Erika Muster"),
                (Person, "Erika Muster"),
                (Person, "Erika"),
                (Person, "Muster"),
                (Address, "Hauptstr. 1"),
                (Phone, "0228 1234567"),
                (Email, "e@example.com"),
                (Location, "Bonn"),
            ],
        );
        // A company's name is no person's, a person account's is.
        check(
            json!({"account": {"attributes": {"type": "Account"}, "Name": "Muster"}}),
            &[],
        );
        check(
            json!({"account": {"attributes": {"type": "Account"}, "Name": "Al Li", "LastName": "Li"}}),
            &[(Person, "Al Li"), (Person, "Li")],
        );
        // Lists, names in another case, and what is too short.
        check(
            json!({"contacts": [{"attributes": {"type": "Contact"}, "name": "Ada Byron", "FIRSTNAME": "A"}]}),
            &[(Person, "Ada Byron")],
        );
    }
}
