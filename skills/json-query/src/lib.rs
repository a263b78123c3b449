//! A skill that queries JSON with JSONPath (RFC 9535).

use happyos_sdk::{Result, SkillError, skill};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json_path::JsonPath;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 10_000;
/// Most characters in a query: the parser calls itself for each parenthesis.
const PATH_LENGTH_MAX: usize = 1_000;
/// Most brackets within one another in a query.
const NESTED_MAX: usize = 16;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Query {
    /// The JSON to query, as it is. Either this or `json`.
    #[serde(default, deserialize_with = "present")]
    data: Option<Value>,
    /// The JSON to query, as text. Either this or `data`.
    json: Option<String>,
    /// A JSONPath query such as `$.users[*].email`, `$..id` or `$.books[?@.price < 10]`.
    path: String,
    /// Most matches to return, 1 to 10000; 100 if absent.
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Matches {
    /// How many values match, returned or not.
    count: usize,
    /// The values that match, in the order of the data.
    matches: Vec<Match>,
}

#[derive(Serialize, JsonSchema)]
struct Match {
    /// Where it is, as a normalized path such as `$['users'][0]['email']`.
    path: String,
    value: Value,
}

/// Picks values out of JSON with a JSONPath query (RFC 9535): by name, index, slice, wildcard, at any depth, or by a
/// filter such as `[?@.price < 10]`. Gives each match with its path.
#[skill(name = "json-query", read_only, idempotent, examples = "examples/json-query.json")]
fn json_query(query: Query) -> Result<Matches> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 || limit > LIMIT_MAX {
        return Err(SkillError::invalid(format!("`limit` is {limit}; it goes from 1 to {LIMIT_MAX}")));
    }
    let data = match (query.data, query.json) {
        (Some(data), None) => data,
        (None, Some(json)) => {
            serde_json::from_str(&json).map_err(|error| SkillError::invalid(format!("`json` is not JSON: {error}")))?
        }
        _ => {
            return Err(SkillError::invalid("give the JSON either as `data` or, as text, as `json`"));
        }
    };
    let path = parse(&query.path)?;
    let found = path.query_located(&data);
    let matches = found.iter().take(limit as usize);
    let matches = matches.map(|node| Match { path: node.location().to_string(), value: node.node().clone() }).collect();
    Ok(Matches { count: found.len(), matches })
}

happyos_sdk::bundle!(json_query);

/// A property that is there with the value `null` is there.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn parse(path: &str) -> Result<JsonPath> {
    let length = path.chars().count();
    if length > PATH_LENGTH_MAX {
        return Err(SkillError::invalid(format!("`path` is too long: {length} characters, at most {PATH_LENGTH_MAX}")));
    }
    let depth = path.chars().scan(0_usize, |depth, character| {
        match character {
            '(' | '[' => *depth += 1,
            ')' | ']' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if depth.max().is_some_and(|depth| depth > NESTED_MAX) {
        return Err(SkillError::invalid(format!("`path` is nested too deeply: at most {NESTED_MAX} brackets")));
    }
    JsonPath::parse(path).map_err(|error| {
        SkillError::invalid(format!(
            "`{path}` is not a JSONPath query, at position {}: {}",
            error.position() + 1,
            error.message()
        ))
    })
}

#[cfg(test)]
mod tests {
    use happyos_sdk::testing;
    use serde_json::json;

    use super::*;

    #[test]
    fn examples() {
        testing::check_examples(&BUNDLE);
    }

    fn values(data: Value, path: &str) -> Result<Vec<Value>> {
        let query = Query { data: Some(data), json: None, path: path.to_owned(), limit: None };
        Ok(json_query(query)?.matches.into_iter().map(|found| found.value).collect())
    }

    #[test]
    fn queries() {
        let data = json!({"a": [1, 2, 3, {"b": null}], "c d": "x"});
        assert_eq!(values(data.clone(), "$.a[-2:]"), Ok(vec![json!(3), json!({"b": null})]));
        assert_eq!(values(data.clone(), "$['c d']"), Ok(vec![json!("x")]));
        assert_eq!(values(data.clone(), "$.a[?@ >= 2]"), Ok(vec![json!(2), json!(3)]));
        assert_eq!(values(data.clone(), "$..b"), Ok(vec![json!(null)]));
        assert_eq!(values(data.clone(), "$[?count(@.*) == 4]"), Ok(vec![data["a"].clone()]));
        assert_eq!(values(data, "$.nothing"), Ok(vec![]));
    }

    #[test]
    fn null_is_data() {
        let answer = testing::call(&BUNDLE, "json-query", &json!({"data": null, "path": "$"}));
        assert_eq!(answer, Ok(json!({"count": 1, "matches": [{"path": "$", "value": null}]})));
    }

    #[test]
    fn the_limit_cuts_the_matches_and_not_the_count() {
        let query = Query { data: Some(json!([1, 2, 3])), json: None, path: "$[*]".to_owned(), limit: Some(2) };
        assert_eq!(json_query(query).map(|found| (found.count, found.matches.len())), Ok((3, 2)));
    }

    #[test]
    fn bad_input_is_refused() {
        for path in
            ["", "users", "$[", "$[?", &format!("$[?{}@{}]", "(".repeat(100), ")".repeat(100)), &"$".repeat(2_000)]
        {
            let error = values(json!({}), path).err().map(|error| error.kind());
            assert_eq!(error, Some("invalid-input"), "{path}");
        }
        let query =
            |data, json: Option<&str>| Query { data, json: json.map(str::to_owned), path: "$".to_owned(), limit: None };
        for query in [query(None, None), query(Some(json!(1)), Some("1")), query(None, Some("{"))] {
            assert_eq!(json_query(query).err().map(|error| error.kind()), Some("invalid-input"));
        }
    }
}
