/* happyos
name = "visit-counter"
version = "0.1.0"
[grants]
kv_bytes = 4096
*/

skill({
  name: "visit-counter",
  description: "Counts visits by name and keeps the count.",
  inputSchema: {"type": "object", "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 40}}, "required": ["name"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"visits": {"type": "integer"}}, "required": ["visits"], "additionalProperties": false},
  examples: [
    {"request": {"en": "Count a visit of anna"}, "input": {"name": "anna"}, "output": {"visits": 1}},
    {"request": {"en": "Count a visit of bo"}, "input": {"name": "bo"}, "output": {"visits": 1}},
    {"request": {"en": "Count a visit of cecilia"}, "input": {"name": "cecilia"}, "output": {"visits": 1}},
    {"request": {"en": "Count a visit of dan"}, "input": {"name": "dan"}, "output": {"visits": 1}},
    {"request": {"en": "Count a visit of eva"}, "input": {"name": "eva"}, "output": {"visits": 1}},
    {"request": {"en": "Count a visit of finn"}, "input": {"name": "finn"}, "output": {"visits": 1}},
  ],
  run(input, context) {
    const visits = Number(kv.get(input.name) ?? 0) + 1;
    kv.set(input.name, String(visits));
    return { visits };
  },
});
