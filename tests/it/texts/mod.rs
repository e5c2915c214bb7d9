//! The texts that are kept for training and for judging: sound, and apart from each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bailiwick::crm::{Catalogue, Variables, check_variables};
use bailiwick::types::{Entity, FieldValue};
use serde_json::Value;

/// A run of words that two texts don't share by chance.
const RUN: usize = 8;
/// Labels that hold stretches of the record.
const STRETCHES: [&str; 7] = [
    "problem",
    "wish",
    "done",
    "next",
    "deadlines",
    "who",
    "distractors",
];

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate();
    let parsed = lines.map(|(at, line)| {
        serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{}:{at}: {error}", path.display()))
    });
    parsed.collect()
}

fn files(folder: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    paths.sort();
    paths
}

fn training() -> Vec<Value> {
    let files = files("models/crm-adapter/texts");
    files.iter().flat_map(|path| lines(path)).collect()
}

/// All texts within a value, types of records left out.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| *name != "attributes");
            fields.for_each(|(_, field)| texts(field, found));
        }
        _ => {}
    }
}

fn texts_of(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    texts(value, &mut found);
    found
}

/// Every run of words of a record's texts.
fn runs(record: &Value) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for text in texts_of(&record["variables"]) {
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        found.extend(words.windows(RUN).map(<[String]>::to_vec));
    }
    found
}

#[test]
fn training_texts_are_sound() {
    let catalogue = Catalogue::load(None, false).unwrap();
    let (mut ids, mut forms, mut uses) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let records = training();
    for record in &records {
        let id = record["id"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{id} twice");
        forms.insert(record["form"].as_str().unwrap().to_owned());
        let name = record["use_case"].as_str().unwrap();
        *uses.entry(name.to_owned()).or_insert(0) += 1;
        let use_case = catalogue.find(name, None).unwrap();
        let read = |(name, value): (&String, &Value)| {
            (
                name.clone(),
                FieldValue::from_json(name, value.clone()).unwrap(),
            )
        };
        let variables = record["variables"].as_object().unwrap().iter().map(read);
        let checked = check_variables(&use_case, &Variables(variables.collect()));
        assert!(checked.is_ok(), "{id}: {checked:?}");
        let own = texts_of(&record["variables"]);
        for (label, stretches) in record["labels"].as_object().unwrap() {
            if label == "mood" {
                continue;
            }
            assert!(STRETCHES.contains(&label.as_str()), "{id}: {label}");
            for stretch in stretches.as_array().unwrap() {
                let stretch = stretch.as_str().unwrap();
                let is_there = own.iter().any(|text| text.contains(stretch));
                assert!(is_there && !stretch.is_empty(), "{id}: {label}: {stretch}");
            }
        }
        assert!(
            !record["answer"].as_str().unwrap().trim().is_empty(),
            "{id}"
        );
    }
    assert!(
        records.len() >= 800 && forms.len() >= 40,
        "{}",
        records.len()
    );
    assert!(
        uses.len() == 5 && uses.values().all(|n| *n >= 50),
        "{uses:?}"
    );
}

#[test]
fn no_case_that_judges_is_among_the_texts_that_teach() {
    let mut known = BTreeMap::new();
    for record in training() {
        let id = record["id"].as_str().unwrap().to_owned();
        known.extend(runs(&record).into_iter().map(|run| (run, id.clone())));
    }
    let cases = lines(Path::new("tests/eval/cases.jsonl"));
    assert!(cases.len() >= 150);
    let shared: Vec<_> = cases
        .iter()
        .flat_map(|case| {
            let shared = runs(case)
                .into_iter()
                .filter_map(|run| Some((known.get(&run)?, run.join(" "))));
            shared
                .map(|(id, run)| (case["id"].clone(), id.clone(), run))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(shared.is_empty(), "{shared:#?}");
}

#[test]
fn marked_texts_are_sound() {
    let (all, clean) = check_marked("tests/eval/redaction", |path| {
        path.file_stem()?.to_str().map(str::to_owned)
    });
    assert!(all >= 400 && clean * 8 >= all, "{clean} of {all}");
    let (all, clean) = check_marked("tests/eval/codes", |_| None);
    assert!(all >= 600 && clean * 4 >= all, "{clean} of {all}");
}

/// How many texts there are, and how many of them have nothing marked; `language` is what all of a file are in, if it says.
fn check_marked(folder: &str, language: impl Fn(&Path) -> Option<String>) -> (usize, usize) {
    let known: BTreeSet<&str> = Entity::ALL.iter().map(|entity| entity.label()).collect();
    let (mut ids, mut clean, mut all) = (BTreeSet::new(), 0, 0);
    for path in files(folder) {
        let language = language(&path);
        for record in lines(&path) {
            let id = record["id"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice");
            if let Some(language) = &language {
                assert_eq!(record["language"], language.as_str(), "{id}");
            }
            let text: Vec<char> = record["text"].as_str().unwrap().chars().collect();
            let spans = record["spans"].as_array().unwrap();
            let mut end = 0;
            for span in spans {
                let at = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
                let (from, to) = (at("start"), at("end"));
                assert!(end <= from && from < to && to <= text.len(), "{id}: {span}");
                let edges = [text[from], text[to - 1]];
                assert!(
                    edges.iter().all(|edge| !edge.is_whitespace()),
                    "{id}: {span}"
                );
                let label = span["label"].as_str().unwrap();
                assert!(known.contains(label), "{id}: {label}");
                end = to;
            }
            all += 1;
            clean += usize::from(spans.is_empty());
        }
    }
    (all, clean)
}
