//! Three cases, as Salesforce's REST API returns them, and what in them is personal. The people are made up.

use serde_json::{Value, json};

/// A case and what to look for in what the model sees of it.
pub(crate) struct Record {
    pub(crate) whose: &'static str,
    pub(crate) case: Value,
    /// Values that the model must not see.
    pub(crate) personal: &'static [&'static str],
}

impl Record {
    /// Whether a field of the case has `quoted`, whatever its blanks.
    pub(crate) fn says(&self, quoted: &str) -> bool {
        fn any(value: &Value, holds: &dyn Fn(&str) -> bool) -> bool {
            match value {
                Value::String(text) => holds(text),
                Value::Array(all) => all.iter().any(|own| any(own, holds)),
                Value::Object(all) => all.values().any(|own| any(own, holds)),
                _ => false,
            }
        }
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let quoted = plain(quoted);
        !quoted.is_empty() && any(&self.case, &|text| plain(text).contains(&quoted))
    }
}

/// A customer in Germany, the country of the demo's node.
pub(crate) fn german() -> Record {
    Record {
        whose: "a German customer",
        case: json!({
            "attributes": {"type": "Case", "url": "/services/data/v62.0/sobjects/Case/500Qy000000000AIAQ"},
            "CaseNumber": "00018234",
            "Status": "New",
            "Priority": "High",
            "Subject": "Kettle leaks after two weeks",
            "Description": "Hello, I bought the kettle on 3 March in your Munich shop for 89 EUR. Since \
                yesterday it leaks at the bottom. I would like a replacement. Please call me at \
                +49 30 23125 014. If there is none left, pay the money back to DE89 3704 0044 0532 0130 00. \
                Best regards, Lena Hartwig",
            "Margin__c": 0.41,
            "Contact": {
                "attributes": {"type": "Contact"},
                "Name": "Lena Hartwig",
                "Email": "lena.hartwig@example.com",
                "Birthdate": "1984-07-02",
                "MailingCountryCode": "DE",
            },
            "Product": {"attributes": {"type": "Product2"}, "Name": "AquaBrew 2000"},
        }),
        personal: &[
            "Lena Hartwig",
            "Lena",
            "Hartwig",
            "lena.hartwig@example.com",
            "1984-07-02",
            "+49 30 23125 014",
            "DE89 3704 0044 0532 0130 00",
        ],
    }
}

/// A customer in the United States: the node's rules let their ordinary personal data in.
pub(crate) fn american() -> Record {
    Record {
        whose: "an American customer",
        case: json!({
            "attributes": {"type": "Case", "url": "/services/data/v62.0/sobjects/Case/500Qy000000000AIAQ"},
            "CaseNumber": "00031777",
            "Status": "Working",
            "Priority": "High",
            "Subject": "Charged twice",
            "Description": "My card 4111 1111 1111 1111 was charged 129.00 USD twice on November 12 for one \
                blender. I only ordered one. Please refund the second charge. You can reach me at \
                (415) 555-0132 or marcus.bell@example.com. Thank you, Marcus Bell",
            "Margin__c": 0.37,
            "Contact": {
                "attributes": {"type": "Contact"},
                "Name": "Marcus Bell",
                "Phone": "(415) 555-0132",
                "MailingCountryCode": "US",
            },
            "Product": {"attributes": {"type": "Product2"}, "Name": "Blend Pro"},
        }),
        personal: &[
            "Marcus Bell",
            "Marcus",
            "4111 1111 1111 1111",
            "(415) 555-0132",
            "marcus.bell@example.com",
        ],
    }
}

/// A customer in China, whose records stay there.
pub(crate) fn chinese() -> Record {
    Record {
        whose: "a Chinese customer",
        case: json!({
            "attributes": {"type": "Case"},
            "Subject": "Wrong size delivered",
            "Description": "The jacket is one size too small. Please exchange it.",
            "Contact": {"attributes": {"type": "Contact"}, "Name": "Wang Fang", "MailingCountryCode": "CN"},
        }),
        personal: &["Wang Fang", "Wang", "Fang"],
    }
}

/// The request of a use case about a case, as any OpenAI client sends it.
pub(crate) fn request(case: &Value) -> Value {
    json!({
        "model": "default",
        "messages": [],
        "stream": true,
        "stream_options": {"include_usage": true},
        "bailiwick": {"use_case": "case-summary", "explain": true, "variables": {"case": case}},
    })
}

/// A short request for the lines to try next.
pub(crate) fn small_request() -> Value {
    json!({
        "model": "default",
        "messages": [],
        "stream": true,
        "bailiwick": {"use_case": "case-summary", "variables": {"case": {
            "attributes": {"type": "Case"},
            "Subject": "Kettle leaks",
            "Description": "Erika Muster wrote that her new kettle leaks. She asks for a refund.",
            "Contact": {"Name": "Erika Muster", "MailingCountryCode": "DE"},
        }}},
    })
}
