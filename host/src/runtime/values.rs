//! Component values to JSON and back, and JSON Schemas from component types.
//!
//! Values map as ProtoJSON maps them: 64-bit integers are strings, so is what JSON numbers cannot
//! say (`"NaN"`, `"Infinity"`), `list<u8>` is base64. A variant's case is `"name"` or `{"name": payload}`,
//! a `result` is `{"ok": …}` or `{"err": …}`, flags are an array of names, a missing option is
//! `null`; an option inside an option is `{"some": …}`, so that the two nulls stay apart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Number, Value, json};
use wasmtime::component::{Type, Val};

/// Why a value does not fit a type: where, and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {expected}")]
pub struct Mismatch {
    path: String,
    expected: String,
}

impl Mismatch {
    fn new(expected: impl Into<String>) -> Mismatch {
        Mismatch { path: String::new(), expected: expected.into() }
    }

    fn inside(mut self, step: &str) -> Mismatch {
        self.path = format!("/{step}{}", self.path);
        self
    }
}

type Lowered = Result<Val, Mismatch>;

/// The component value of type `ty` that `json` stands for.
///
/// # Errors
/// The path of the part that does not fit, and what fits there.
pub fn from_json(json: &Value, ty: &Type) -> Lowered {
    Ok(match ty {
        Type::Bool => Val::Bool(json.as_bool().ok_or_else(|| Mismatch::new("expected true or false"))?),
        Type::S8 => Val::S8(integer(json)?),
        Type::U8 => Val::U8(integer(json)?),
        Type::S16 => Val::S16(integer(json)?),
        Type::U16 => Val::U16(integer(json)?),
        Type::S32 => Val::S32(integer(json)?),
        Type::U32 => Val::U32(integer(json)?),
        Type::S64 => Val::S64(integer(json)?),
        Type::U64 => Val::U64(integer(json)?),
        Type::Float32 => Val::Float32(float(json)? as f32),
        Type::Float64 => Val::Float64(float(json)?),
        Type::Char => {
            let mut chars = text(json)?.chars();
            match (chars.next(), chars.next()) {
                (Some(one), None) => Val::Char(one),
                _ => return Err(Mismatch::new("expected a string of one character")),
            }
        }
        Type::String => Val::String(text(json)?.to_owned()),
        Type::List(list) => match list.ty() {
            Type::U8 => {
                let bytes = BASE64.decode(text(json)?).map_err(|_| Mismatch::new("expected base64"))?;
                Val::List(bytes.into_iter().map(Val::U8).collect())
            }
            item => Val::List(items(json, |_| Some(item.clone()))?),
        },
        Type::FixedLengthList(list) => {
            let values = items(json, |_| Some(list.ty()))?;
            if values.len() != list.len() as usize {
                return Err(Mismatch::new(format!("expected {} items", list.len())));
            }
            Val::FixedLengthList(values)
        }
        Type::Tuple(tuple) => {
            let types: Vec<Type> = tuple.types().collect();
            let values = items(json, |index| types.get(index).cloned())?;
            if values.len() != types.len() {
                return Err(Mismatch::new(format!("expected {} items", types.len())));
            }
            Val::Tuple(values)
        }
        Type::Record(record) => {
            let object = json.as_object().ok_or_else(|| Mismatch::new("expected an object"))?;
            let mut fields = Vec::with_capacity(record.fields().len());
            for field in record.fields() {
                let value = object.get(field.name).unwrap_or(&Value::Null);
                if value.is_null() && !object.contains_key(field.name) && !matches!(field.ty, Type::Option(_)) {
                    return Err(Mismatch::new("expected a value").inside(field.name));
                }
                let value = from_json(value, &field.ty).map_err(|error| error.inside(field.name))?;
                fields.push((field.name.to_owned(), value));
            }
            if let Some(unknown) = object.keys().find(|key| !record.fields().any(|field| field.name == *key)) {
                return Err(Mismatch::new("there is no such field").inside(unknown));
            }
            Val::Record(fields)
        }
        Type::Enum(names) => {
            let name = text(json)?;
            if !names.names().any(|known| known == name) {
                let known: Vec<&str> = names.names().collect();
                return Err(Mismatch::new(format!("expected one of {}", known.join(", "))));
            }
            Val::Enum(name.to_owned())
        }
        Type::Flags(flags) => {
            let values = json.as_array().ok_or_else(|| Mismatch::new("expected an array of names"))?;
            let mut set = Vec::with_capacity(values.len().min(flags.names().len()));
            for value in values {
                let name = text(value)?;
                if !flags.names().any(|known| known == name) {
                    let known: Vec<&str> = flags.names().collect();
                    return Err(Mismatch::new(format!("expected names out of {}", known.join(", "))));
                }
                if !set.iter().any(|seen| seen == name) {
                    set.push(name.to_owned());
                }
            }
            Val::Flags(set)
        }
        Type::Option(option) => Val::Option(match (json, option.ty()) {
            (Value::Null, _) => None,
            (json, inner @ Type::Option(_)) => {
                let (_, value) = single(json, &["some"])?;
                Some(Box::new(from_json(value, &inner)?))
            }
            (json, inner) => Some(Box::new(from_json(json, &inner)?)),
        }),
        Type::Result(result) => {
            let (side, value) = single(json, &["ok", "err"])?;
            let (ty, is_ok) = if side == "ok" { (result.ok(), true) } else { (result.err(), false) };
            let value = payload(value, ty).map_err(|error| error.inside(side))?;
            Val::Result(if is_ok { Ok(value) } else { Err(value) })
        }
        Type::Variant(variant) => {
            let (name, value) = match json {
                Value::String(name) => (name.as_str(), &Value::Null),
                json => {
                    let names: Vec<&str> = variant.cases().map(|case| case.name).collect();
                    single(json, &names)?
                }
            };
            let case = variant.cases().find(|case| case.name == name).ok_or_else(|| {
                let names: Vec<&str> = variant.cases().map(|case| case.name).collect();
                Mismatch::new(format!("expected one of {}", names.join(", ")))
            })?;
            let value = payload(value, case.ty).map_err(|error| error.inside(name))?;
            Val::Variant(name.to_owned(), value)
        }
        Type::Map(_) | Type::Own(_) | Type::Borrow(_) | Type::Future(_) | Type::Stream(_) | Type::ErrorContext => {
            return Err(Mismatch::new("values of this type cannot be passed as JSON"));
        }
    })
}

fn payload(json: &Value, ty: Option<Type>) -> Result<Option<Box<Val>>, Mismatch> {
    match ty {
        Some(ty) => Ok(Some(Box::new(from_json(json, &ty)?))),
        None if json.is_null() => Ok(None),
        None => Err(Mismatch::new("expected no value")),
    }
}

fn text(json: &Value) -> Result<&str, Mismatch> {
    json.as_str().ok_or_else(|| Mismatch::new("expected a string"))
}

/// Integers come as numbers or as strings of digits; both must be whole and in range.
fn integer<T: TryFrom<i128>>(json: &Value) -> Result<T, Mismatch> {
    let value = match json {
        Value::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    value.and_then(|value| T::try_from(value).ok()).ok_or_else(|| {
        let bits = size_of::<T>() * 8;
        Mismatch::new(format!("expected a whole number that fits {bits} bits"))
    })
}

fn float(json: &Value) -> Result<f64, Mismatch> {
    match json {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            digits => digits.parse().ok().filter(|value: &f64| value.is_finite()),
        },
        _ => None,
    }
    .ok_or_else(|| Mismatch::new("expected a number, \"NaN\", \"Infinity\" or \"-Infinity\""))
}

fn items(json: &Value, ty: impl Fn(usize) -> Option<Type>) -> Result<Vec<Val>, Mismatch> {
    let items = json.as_array().ok_or_else(|| Mismatch::new("expected an array"))?;
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let inside = |error: Mismatch| error.inside(&index.to_string());
            let ty = ty(index).ok_or_else(|| inside(Mismatch::new("is one item too many")))?;
            from_json(item, &ty).map_err(inside)
        })
        .collect()
}

/// The one member of an object, which must be one of `names`.
fn single<'a>(json: &'a Value, names: &[&str]) -> Result<(&'a str, &'a Value), Mismatch> {
    let member = json.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
    match member {
        Some((name, value)) if names.contains(&name.as_str()) => Ok((name, value)),
        _ => Err(Mismatch::new(format!("expected an object with one member out of {}", names.join(", ")))),
    }
}

/// The JSON that stands for a component value of type `ty`.
///
/// # Errors
/// Names a value that has no JSON: a resource, a stream, a future.
pub fn to_json(value: &Val, ty: &Type) -> Result<Value, Mismatch> {
    Ok(match (value, ty) {
        (Val::Bool(value), _) => json!(value),
        (Val::S8(value), _) => json!(value),
        (Val::U8(value), _) => json!(value),
        (Val::S16(value), _) => json!(value),
        (Val::U16(value), _) => json!(value),
        (Val::S32(value), _) => json!(value),
        (Val::U32(value), _) => json!(value),
        (Val::S64(value), _) => json!(value.to_string()),
        (Val::U64(value), _) => json!(value.to_string()),
        // The shortest digits that read back as the same 32-bit number.
        (Val::Float32(value), _) => float_json(value.to_string().parse().unwrap_or(f64::from(*value))),
        (Val::Float64(value), _) => float_json(*value),
        (Val::Char(value), _) => json!(value.to_string()),
        (Val::String(value) | Val::Enum(value), _) => json!(value),
        (Val::List(values), Type::List(list)) => match list.ty() {
            Type::U8 => {
                let byte = |value: &Val| if let Val::U8(byte) = value { *byte } else { 0 };
                json!(BASE64.encode(values.iter().map(byte).collect::<Vec<u8>>()))
            }
            item => array(values.iter().map(|value| to_json(value, &item)))?,
        },
        (Val::FixedLengthList(values), Type::FixedLengthList(list)) => {
            let item = list.ty();
            array(values.iter().map(|value| to_json(value, &item)))?
        }
        (Val::Tuple(values), Type::Tuple(tuple)) => {
            array(values.iter().zip(tuple.types()).map(|(value, ty)| to_json(value, &ty)))?
        }
        (Val::Record(values), Type::Record(record)) => {
            let mut object = Map::new();
            for ((name, value), field) in values.iter().zip(record.fields()) {
                object.insert(name.clone(), to_json(value, &field.ty)?);
            }
            Value::Object(object)
        }
        (Val::Variant(name, value), Type::Variant(variant)) => {
            let ty = variant.cases().find(|case| case.name == name).and_then(|case| case.ty);
            match (value, ty) {
                (Some(value), Some(ty)) => json!({ name: to_json(value, &ty)? }),
                _ => json!(name),
            }
        }
        (Val::Option(None), _) => Value::Null,
        (Val::Option(Some(value)), Type::Option(option)) => match option.ty() {
            inner @ Type::Option(_) => json!({ "some": to_json(value, &inner)? }),
            inner => to_json(value, &inner)?,
        },
        (Val::Result(Ok(value)), Type::Result(result)) => json!({ "ok": optional(value, result.ok())? }),
        (Val::Result(Err(value)), Type::Result(result)) => json!({ "err": optional(value, result.err())? }),
        (Val::Flags(names), _) => json!(names),
        _ => return Err(Mismatch::new("a value of this type cannot be passed as JSON")),
    })
}

fn optional(value: &Option<Box<Val>>, ty: Option<Type>) -> Result<Value, Mismatch> {
    match (value, ty) {
        (Some(value), Some(ty)) => to_json(value, &ty),
        _ => Ok(Value::Null),
    }
}

fn array(values: impl Iterator<Item = Result<Value, Mismatch>>) -> Result<Value, Mismatch> {
    values.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn float_json(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => json!("NaN"),
        None if value > 0.0 => json!("Infinity"),
        None => json!("-Infinity"),
    }
}

/// How deep types may nest.
const TYPE_DEPTH_MAX: usize = 32;

/// The JSON Schema of the values of a type.
///
/// # Errors
/// Names a type that has no JSON: resources, streams, futures, or one that nests too deep.
pub fn schema(ty: &Type) -> Result<Value, String> {
    schema_at(ty, 0)
}

fn schema_at(ty: &Type, depth: usize) -> Result<Value, String> {
    if depth > TYPE_DEPTH_MAX {
        return Err(format!("its types nest deeper than {TYPE_DEPTH_MAX}"));
    }
    let of = |ty: &Type| schema_at(ty, depth + 1);
    let bounded = |minimum: i64, maximum: i64| json!({"type": "integer", "minimum": minimum, "maximum": maximum});
    let cases = |cases: Vec<Value>| json!({ "oneOf": cases });
    Ok(match ty {
        Type::Bool => json!({"type": "boolean"}),
        Type::S8 => bounded(i8::MIN.into(), i8::MAX.into()),
        Type::U8 => bounded(0, u8::MAX.into()),
        Type::S16 => bounded(i16::MIN.into(), i16::MAX.into()),
        Type::U16 => bounded(0, u16::MAX.into()),
        Type::S32 => bounded(i32::MIN.into(), i32::MAX.into()),
        Type::U32 => bounded(0, u32::MAX.into()),
        Type::S64 => {
            json!({"type": ["string", "integer"], "pattern": "^-?[0-9]{1,19}$", "description": "a signed 64-bit integer, as a string of digits"})
        }
        Type::U64 => {
            json!({"type": ["string", "integer"], "pattern": "^[0-9]{1,20}$", "minimum": 0, "description": "an unsigned 64-bit integer, as a string of digits"})
        }
        Type::Float32 | Type::Float64 => {
            json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]})
        }
        Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Type::String => json!({"type": "string"}),
        Type::List(list) if list.ty() == Type::U8 => json!({"type": "string", "contentEncoding": "base64"}),
        Type::List(list) => json!({"type": "array", "items": of(&list.ty())?}),
        Type::FixedLengthList(list) => {
            json!({"type": "array", "items": of(&list.ty())?, "minItems": list.len(), "maxItems": list.len()})
        }
        Type::Tuple(tuple) => {
            let items = tuple.types().map(|ty| of(&ty)).collect::<Result<Vec<_>, _>>()?;
            json!({"type": "array", "minItems": items.len(), "maxItems": items.len(), "prefixItems": items})
        }
        Type::Record(record) => object_schema(record.fields().map(|field| (field.name, field.ty)), depth)?,
        Type::Enum(names) => json!({"type": "string", "enum": names.names().collect::<Vec<_>>()}),
        Type::Flags(flags) => {
            json!({"type": "array", "uniqueItems": true, "items": {"type": "string", "enum": flags.names().collect::<Vec<_>>()}})
        }
        Type::Option(option) => match option.ty() {
            inner @ Type::Option(_) => json!({"anyOf": [{"type": "null"}, member("some", of(&inner)?)]}),
            inner => json!({"anyOf": [{"type": "null"}, of(&inner)?]}),
        },
        Type::Result(result) => {
            let side = |ty: Option<Type>| ty.map_or(Ok(json!({"type": "null"})), |ty| of(&ty));
            cases(vec![member("ok", side(result.ok())?), member("err", side(result.err())?)])
        }
        Type::Variant(variant) => {
            let mut all = Vec::new();
            for case in variant.cases() {
                all.push(match case.ty {
                    Some(ty) => member(case.name, of(&ty)?),
                    None => json!({ "const": case.name }),
                });
            }
            cases(all)
        }
        Type::Map(_) => return Err("it uses a map, which has no JSON form here".into()),
        Type::Own(_) | Type::Borrow(_) => return Err("it uses a resource, which cannot be passed as JSON".into()),
        Type::Future(_) => return Err("it uses a future, which cannot be passed as JSON".into()),
        Type::Stream(_) => return Err("it uses a stream, which cannot be passed as JSON".into()),
        Type::ErrorContext => return Err("it uses an error-context, which cannot be passed as JSON".into()),
    })
}

fn member(name: &str, schema: Value) -> Value {
    json!({"type": "object", "properties": { name: schema }, "required": [name], "additionalProperties": false})
}

/// The schema of an object with these members; options may be left out.
///
/// # Errors
/// As [`schema`].
pub fn object_schema<'a>(fields: impl Iterator<Item = (&'a str, Type)>, depth: usize) -> Result<Value, String> {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, ty) in fields {
        if !matches!(ty, Type::Option(_)) {
            required.push(Value::from(name));
        }
        properties.insert(name.to_owned(), schema_at(&ty, depth + 1)?);
    }
    Ok(json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false}))
}
