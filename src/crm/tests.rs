//! Use cases from text, and what they keep of Salesforce's records.

use serde_json::{Value as Json, json};

use super::check::parse;
use super::minimise::Keeper;
use super::*;
use crate::types::{DataClass, Entity};

const FILE: &str = r#"
name = "probe"
version = 2
description = "A probe"
purpose = "Testing"
legal_basis = "None"
owner = "tests"

[inputs.case]
type = "Case"
lists = [{ path = "CaseComments", max_records = 2 }]
fields = [
    { path = "Subject", class = "personal", label = "Subject", required = true, max_chars = 20 },
    { path = "Contact.Name", class = "personal", entity = "PERSON", label = "Customer" },
    { path = "Contact.MailingAddress", class = "personal", entity = "ADDRESS" },
    { path = "Contact.Account.Name", class = "internal" },
    { path = "CaseComments[].CommentBody", class = "personal" },
]

[inputs.products]
type = "Product2"
required = false
max_records = 2
fields = [{ path = "Name", class = "public", required = true }]

[inputs.tone]
type = "text"
required = false
class = "internal"
max_chars = 10

[redaction]
restore = true

[template]
system = "You help."
user = """
{{ case|labelled }}
{% if case.Contact %}Known: {{ case.Contact.Account.Name }}{% endif %}
{% for comment in case.CaseComments %}
- {{ comment.CommentBody }}
{% endfor %}
{% for product in products %}
* {{ product.Name }}
{% endfor %}
{{ tone }}
"""
"#;

fn probe() -> UseCase {
    parse(FILE, "probe.toml").unwrap()
}

/// The inputs, the dropped names and the read names.
fn keep(variables: Json) -> Result<(Vec<Input>, Origin), MinimiseError> {
    let Json::Object(map) = variables else {
        panic!("an object")
    };
    let mut keeper = Keeper::default();
    let inputs = keeper.inputs(&probe(), Variables::from_json(map).unwrap())?;
    Ok((inputs, keeper.finish(crate::types::TenantSalt(1))))
}

fn full() -> Json {
    json!({
        "case": {
            "attributes": {"type": "Case", "url": "/services/data/v62.0/sobjects/Case/500Qy00000AbCdE"},
            "Id": "500Qy00000AbCdEIAX",
            "SUBJECT": "Kettle {{ tone }}",
            "IsEscalated": true,
            "Contact": {
                "attributes": {"type": "Contact"},
                "Name": "Ada Example",
                "Birthdate": "1980-01-02",
                "MailingAddress": {
                    "street": "Musterweg 1", "city": "Bonn", "postalCode": "53111", "state": null,
                    "country": "Germany", "countryCode": "DE", "latitude": null,
                },
                "Account": {"Name": "Example GmbH", "AnnualRevenue": 12.5, "CurrencyIsoCode": "EUR"},
            },
            "Owner": {"Name": "x", "Email": "y"},
            "CaseComments": {"totalSize": 2, "done": true, "records": [
                {"CommentBody": "one", "CreatedById": "005000000000001"},
                {"CommentBody": null, "CreatedById": "005000000000001"},
            ]},
        },
        "products": [{"Name": "Kettle 2000"}],
    })
}

#[test]
fn only_declared_fields_are_kept() {
    let (inputs, origin) = keep(full()).unwrap();
    assert_eq!(
        origin.dropped().names,
        [
            "case.Id",
            "case.IsEscalated",
            "case.Owner",
            "case.Contact.Birthdate",
            "case.Contact.Account.AnnualRevenue",
            "case.Contact.Account.CurrencyIsoCode",
            "case.CaseComments[].CreatedById",
        ]
    );
    assert_eq!(origin.dropped().count, 9);
    assert_eq!(
        origin.read_fields(),
        [
            "case.CaseComments[].CommentBody",
            "case.Contact.Account.Name",
            "case.Contact.MailingAddress",
            "case.Contact.Name",
            "case.Subject",
            "products[].Name",
        ]
    );
    let kept: Vec<(String, DataClass, Option<Entity>)> = inputs
        .iter()
        .flat_map(|input| input.value.fields())
        .map(|field| (field.text.expose().clone(), field.class, field.entity))
        .collect();
    let personal = DataClass::Personal;
    assert_eq!(
        kept[..3],
        [
            ("Kettle {{ tone }}".to_owned(), personal, None),
            ("Ada Example".to_owned(), personal, Some(Entity::Person)),
            (
                "Musterweg 1, 53111, Bonn, Germany".to_owned(),
                personal,
                Some(Entity::Address)
            ),
        ]
    );
    assert_eq!(kept.len(), 6);
}

#[test]
fn templates_see_values_and_no_syntax() {
    let (inputs, _) = keep(full()).unwrap();
    let messages = probe().render(&inputs).unwrap();
    let texts: Vec<&str> = messages
        .iter()
        .map(|m| m.content.expose().as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "You help.",
            "Subject: Kettle {{ tone }}\nCustomer: Ada Example\nKnown: Example GmbH- one\n- \n* Kettle 2000"
        ]
    );
    let (inputs, _) = keep(json!({"case": {"Subject": "x", "Contact": null}})).unwrap();
    let messages = probe().render(&inputs).unwrap();
    assert_eq!(messages[1].content.expose(), "Subject: x");
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_place() {
    let check = |variables: Json, said: &str| {
        let error = keep(variables).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    };
    check(json!({}), "the variable `case` is missing");
    check(json!({"case": null}), "the variable `case` is missing");
    check(json!({"case": []}), "the variable `case` is missing");
    check(
        json!({"cases": {}}),
        "no variable `cases` (did you mean `case`?); it has case, products, tone",
    );
    check(
        json!({"jane@example.com": {}}),
        "`(a name that is no plain word)`",
    );
    check(json!({"case": "text"}), "`case` is a text");
    check(
        json!({"case": {"attributes": {"type": "Lead"}, "Subject": "x"}}),
        "`case` is a record of `Lead`; the use case needs `Case`",
    );
    check(
        json!({"case": {"Contact": {"Name": "x"}}}),
        "the field `case.Subject` is missing",
    );
    check(
        json!({"case": {"Subject": "  "}}),
        "the field `case.Subject` is missing",
    );
    check(
        json!({"case": {"Subject": "ü".repeat(21)}}),
        "`case.Subject` has 21 characters; at most 20",
    );
    check(
        json!({"case": {"Subject": {"street": "x", "Foo": "y"}}}),
        "`case.Subject` is a record; the use case needs a text",
    );
    check(
        json!({"case": {"Subject": "x", "Contact": "003"}}),
        "`case.Contact` is a text; the use case needs a record",
    );
    check(
        json!({"case": {"Subject": "x", "CaseComments": [{}, {}, {}]}}),
        "`case.CaseComments` holds 3 items; at most 2",
    );
    check(
        json!({"case": {"Subject": "x"}, "products": [{"Name": "a"}, {}]}),
        "the field `products[].Name` is missing",
    );
    check(
        json!({"case": {"Subject": "x"}, "products": [{}, {}, {}]}),
        "`products` holds 3 items; at most 2",
    );
    check(
        json!({"case": {"Subject": "x"}, "tone": {"a": 1}}),
        "`tone` is a record; the use case needs a text",
    );
}

#[test]
fn mistakes_in_a_file_are_named() {
    let check = |from: &str, to: &str, said: &str| {
        assert!(FILE.contains(from), "{from}");
        let error = parse(&FILE.replacen(from, to, 1), "probe.toml").unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("probe.toml, line "), "{error}");
        assert!(error.contains(said), "{error}");
    };
    check("owner =", "ownr =", "line 7: unknown field `ownr`");
    check("owner =", "ownr =", "did you mean `owner`?");
    check(
        "version = 2",
        "version = 0",
        "line 3: `version`: must be 1 or more",
    );
    check("version = 2", "", "missing field `version`");
    check("name = \"probe\"", "name = \"Probe\"", "line 2");
    check("name = \"probe\"", "name = \"chat\"", "`name`");
    check(
        "class = \"personal\", label = \"Subject\", ",
        "",
        "missing field `class`",
    );
    check("\"PERSON\"", "\"HUMAN\"", "unknown variant `HUMAN`");
    check("Contact.Name", "Contact.", "a path is API names");
    check(
        "Contact.Name",
        "Subject",
        "`inputs.case.Subject`: is declared twice",
    );
    check(
        "Contact.Name",
        "CaseComments.X",
        "once as a record and once as a list",
    );
    check(
        "path = \"CaseComments\"",
        "path = \"Comments\"",
        "no field lies in a child list",
    );
    check("{{ case|labelled }}", "{{ case|lines", "template.user");
    check(
        "{{ tone }}",
        "{{ tona }}",
        "line 46: `template.user`: uses `tona`",
    );
    check("{{ tone }}", "{{ tona }}", "did you mean `tone`?");
    check(
        "case.Contact.Account.Name",
        "case.Contact.Acount.Name",
        "did you mean `Account`?",
    );
    check("comment.CommentBody", "comment.Body", "undefined value");
    check("product.Name", "product.Family", "undefined value");
    check("{{ tone }}", "{% include 'other' %}", "template.user");
    check("{{ tone }}", "{{ debug() }}", "uses `debug`");
    check(
        "restore = true",
        "restore = true\nextra = 1",
        "unknown field `extra`",
    );
    check("max_chars = 10", "max_chars = 0", "must be 1 to 1000000");
    check(
        "class = \"internal\"\nmax_chars",
        "max_chars",
        "a text needs its `class`",
    );
    check(
        "[redaction]",
        "[sampling]\ntemperature = 3\n[redaction]",
        "must be 0 to 2",
    );
    check(
        "[redaction]",
        "[sampling]\ntop_pp = 1\n[redaction]",
        "did you mean `top_p`?",
    );
}

#[test]
fn the_shipped_use_cases_load() {
    let catalogue = Catalogue::load(None, false).unwrap();
    let names: Vec<&str> = catalogue.iter().map(|own| own.name().as_str()).collect();
    assert_eq!(
        names,
        [
            "account-briefing",
            "call-notes-digest",
            "case-summary",
            "personalised-offer",
            "reply-draft"
        ]
    );
    assert_eq!(
        catalogue.nearest("case-sumary").as_deref(),
        Some("case-summary")
    );
    let newest = catalogue.find("case-summary", None).unwrap();
    assert_eq!(
        catalogue.find("case-summary", Some(newest.version())),
        Some(newest)
    );
    assert_eq!(catalogue.find("case-summary", Some(9_999)), None);
}

#[test]
fn a_folder_adds_use_cases_and_duplicates_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("one.toml", FILE);
    write("notes.txt", "not read");
    write("two.toml", &FILE.replace("version = 2", "version = 1"));
    let catalogue = Catalogue::load(Some(folder.path()), false).unwrap();
    assert_eq!(catalogue.find("probe", None).unwrap().version(), 2);
    assert_eq!(catalogue.find("probe", Some(1)).unwrap().version(), 1);
    write("three.toml", FILE);
    let error = Catalogue::load(Some(folder.path()), false)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("both declare version 2 of `probe`"),
        "{error}"
    );
    write("three.toml", &"#".repeat(300 << 10));
    let error = Catalogue::load(Some(folder.path()), false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("has over 262144 bytes"), "{error}");
    let error = Catalogue::load(Some(&folder.path().join("none")), false).unwrap_err();
    assert!(matches!(error, CatalogueError::Read { .. }), "{error}");
}

#[test]
fn terms_say_what_is_declared() {
    let terms = probe().terms();
    assert_eq!((terms.name.as_str(), terms.version), ("probe", 2));
    assert_eq!(
        terms.classes.into_iter().collect::<Vec<_>>(),
        [DataClass::Public, DataClass::Internal, DataClass::Personal]
    );
    assert_eq!(terms.fields[0], "case.Subject");
    assert_eq!(terms.fields[5], "products[].Name");
}

#[test]
fn the_example_use_cases_are_sound() {
    let folder = std::path::Path::new("examples/prompts");
    let catalogue = Catalogue::load(Some(folder), true).unwrap();
    for shipped in Catalogue::load(None, false).unwrap().iter() {
        let newest = catalogue.find(shipped.name().as_str(), None).unwrap();
        assert_eq!(newest.version(), 3, "{}", shipped.name());
        assert_eq!(newest.fields(), shipped.fields(), "{}", shipped.name());
        let adapted = catalogue.find(shipped.name().as_str(), Some(2)).unwrap();
        assert!(adapted.adapter().is_some(), "{}", shipped.name());
        assert_eq!(adapted.fields(), shipped.fields(), "{}", shipped.name());
    }
}
