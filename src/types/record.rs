//! Records as Salesforce's REST API returns them.

use serde_json::Value as Json;

use super::Sensitive;

/// How deep records may nest.
const MAX_DEPTH: usize = 8;
/// How many values a record may hold, nested ones included.
const MAX_VALUES: usize = 20_000;
/// How long a field's or an object's API name may be; Salesforce's own limit is 80 with its suffixes.
const MAX_NAME: usize = 128;

/// One sObject: `{"attributes": {"type": "Case", "url": …}, "Subject": …, "Contact": {…}}`.
///
/// Field names are the application's; values are the customer's and stay [`Sensitive`].
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    object: Option<String>,
    fields: Vec<(String, FieldValue)>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// No value.
    Null,
    /// A check box.
    Bool(bool),
    /// A number, as it was written.
    Number(Sensitive<String>),
    /// Text, a date, an identifier, a picklist value.
    Text(Sensitive<String>),
    /// A parent record (`Contact`, `Account`) or a compound field (`MailingAddress`).
    Record(Box<Record>),
    /// Child records: `{"totalSize": 2, "done": true, "records": […]}`, or a plain list.
    Records(Vec<Record>),
}

/// The value of a use case's variable: a record, a list of records, or a plain value.
pub type Variable = FieldValue;

/// Why a JSON value is no record. Names the place and never the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Nested too deeply.
    #[error("`{path}` nests records more than {MAX_DEPTH} deep")]
    TooDeep {
        /// Where, as far as the names are sound.
        path: String,
    },
    /// Too many values.
    #[error("`{path}` takes the records past {MAX_VALUES} values")]
    TooMany {
        /// Where.
        path: String,
    },
    /// A name that no Salesforce field can have.
    #[error("a field below `{path}` has a name that is not a Salesforce API name")]
    BadName {
        /// Where.
        path: String,
    },
    /// A list of something other than records.
    #[error("`{path}` is a list of values; only lists of records are understood")]
    BadList {
        /// Where.
        path: String,
    },
    /// The same field twice, by Salesforce's case-insensitive names.
    #[error("`{path}` holds the same field twice")]
    Duplicate {
        /// Where.
        path: String,
    },
}

impl Record {
    /// A record of `object` with `fields`; for tests and for records built by the program itself.
    pub fn new(object: Option<String>, fields: Vec<(String, FieldValue)>) -> Self {
        Self { object, fields }
    }

    /// The sObject's API name (`Case`), where the record says it.
    pub fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// Names and values, in the order of the wire, `attributes` left out.
    pub fn fields(&self) -> &[(String, FieldValue)] {
        &self.fields
    }

    /// The fields, given up.
    pub fn into_fields(self) -> Vec<(String, FieldValue)> {
        self.fields
    }

    /// The value of a field; names compare without case, as Salesforce's do.
    pub fn field(&self, name: &str) -> Option<&FieldValue> {
        self.fields
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value at a dotted path (`Account.BillingCountryCode`) through parent records.
    pub fn at(&self, path: &str) -> Option<&FieldValue> {
        match path.split_once('.') {
            None => self.field(path),
            Some((head, rest)) => match self.field(head)? {
                FieldValue::Record(parent) => parent.at(rest),
                _ => None,
            },
        }
    }
}

impl FieldValue {
    /// Reads a variable named `name` from JSON.
    ///
    /// # Errors
    ///
    /// [`RecordError`], which names the place within `name`.
    pub fn from_json(name: &str, json: Json) -> Result<Self, RecordError> {
        Reader { values: 0 }.value(name, json, 0)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&Sensitive<String>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether nothing is there.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

struct Reader {
    values: usize,
}

impl Reader {
    fn value(&mut self, path: &str, json: Json, depth: usize) -> Result<FieldValue, RecordError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(RecordError::TooMany {
                path: path.to_owned(),
            });
        }
        if depth > MAX_DEPTH {
            return Err(RecordError::TooDeep {
                path: path.to_owned(),
            });
        }
        Ok(match json {
            Json::Null => FieldValue::Null,
            Json::Bool(flag) => FieldValue::Bool(flag),
            Json::Number(number) => FieldValue::Number(Sensitive::new(number.to_string())),
            Json::String(text) => FieldValue::Text(Sensitive::new(text)),
            Json::Array(items) => FieldValue::Records(self.list(path, items, depth)?),
            Json::Object(mut object) => match object.remove("records") {
                Some(Json::Array(items)) => FieldValue::Records(self.list(path, items, depth)?),
                Some(other) => {
                    object.insert("records".to_owned(), other);
                    FieldValue::Record(Box::new(self.record(path, object, depth)?))
                }
                None => FieldValue::Record(Box::new(self.record(path, object, depth)?)),
            },
        })
    }

    fn list(
        &mut self,
        path: &str,
        items: Vec<Json>,
        depth: usize,
    ) -> Result<Vec<Record>, RecordError> {
        let mut records = Vec::with_capacity(items.len().min(64));
        for (index, item) in items.into_iter().enumerate() {
            let place = format!("{path}[{index}]");
            match self.value(&place, item, depth + 1)? {
                FieldValue::Record(record) => records.push(*record),
                _ => {
                    return Err(RecordError::BadList {
                        path: path.to_owned(),
                    });
                }
            }
        }
        Ok(records)
    }

    fn record(
        &mut self,
        path: &str,
        json: serde_json::Map<String, Json>,
        depth: usize,
    ) -> Result<Record, RecordError> {
        let mut object = None;
        let mut fields: Vec<(String, FieldValue)> = Vec::with_capacity(json.len().min(64));
        let mut seen = std::collections::HashSet::new();
        for (name, value) in json {
            if name == "attributes" {
                object = value
                    .get("type")
                    .and_then(Json::as_str)
                    .filter(|t| is_api_name(t))
                    .map(str::to_owned);
                continue;
            }
            if !is_api_name(&name) {
                return Err(RecordError::BadName {
                    path: path.to_owned(),
                });
            }
            let place = format!("{path}.{name}");
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(RecordError::Duplicate { path: place });
            }
            let value = self.value(&place, value, depth + 1)?;
            fields.push((name, value));
        }
        Ok(Record { object, fields })
    }
}

/// Letters, digits and underscores, starting with a letter (Salesforce API names).
fn is_api_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Json) -> Result<FieldValue, RecordError> {
        FieldValue::from_json("case", json)
    }

    #[test]
    fn a_case_reads_with_its_relations() {
        let FieldValue::Record(case) = read(json!({
            "attributes": {"type": "Case", "url": "/services/data/v62.0/sobjects/Case/500"},
            "Subject": "Broken kettle",
            "Contact": {"attributes": {"type": "Contact"}, "Name": "Ada", "MailingCountryCode": "DE"},
            "CaseComments": {"totalSize": 1, "done": true, "records": [{"CommentBody": "hi"}]},
            "IsEscalated": false, "Amount__c": 12.50, "Reason": null,
        }))
        .unwrap() else {
            panic!("a record")
        };
        assert_eq!(case.object(), Some("Case"));
        assert_eq!(
            case.at("contact.mailingcountrycode")
                .unwrap()
                .as_text()
                .unwrap()
                .expose(),
            "DE"
        );
        assert!(
            matches!(case.at("CaseComments"), Some(FieldValue::Records(list)) if list.len() == 1)
        );
        assert!(case.at("Reason").unwrap().is_null());
        assert_eq!(case.at("Contact.Name.First"), None);
        assert_eq!(
            format!("{:?}", case.field("Subject")),
            "Some(Text([sensitive]))"
        );
    }

    #[test]
    fn what_is_no_record_is_refused_by_place() {
        let deep = (0..20).fold(json!({"X": 1}), |inner, _| json!({ "P": inner }));
        let check = |json, error: RecordError| assert_eq!(read(json), Err(error));
        check(
            json!({"a b": 1}),
            RecordError::BadName {
                path: "case".to_owned(),
            },
        );
        check(
            json!({"Tags": ["x"]}),
            RecordError::BadList {
                path: "case.Tags".to_owned(),
            },
        );
        check(
            json!({"Name": 1, "NAME": 2}),
            RecordError::Duplicate {
                path: "case.NAME".to_owned(),
            },
        );
        assert!(matches!(read(deep), Err(RecordError::TooDeep { .. })));
        let many = json!((0..20_001).map(|_| json!({})).collect::<Vec<_>>());
        assert!(matches!(read(many), Err(RecordError::TooMany { .. })));
    }
}
