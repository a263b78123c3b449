/* happyos
name = "tally"
version = "0.1.0"
[grants]
kv_bytes = 4096
files = ["/home:rw"]
*/
skill({
  name: "tally",
  description: "Adds to a named tally that is kept, and says what it is now.",
  inputSchema: {"type": "object", "properties": {"name": {"type": "string", "pattern": "^[a-z]{1,20}$"}, "by": {"type": "integer", "minimum": 0, "maximum": 1000}}, "required": ["name", "by"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "integer"}}, "required": ["name", "value"], "additionalProperties": false},
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Add 1 to the tally coffee", "sv": "Lägg till 1 i räknaren coffee"}, "input": {"name": "coffee", "by": 1}, "output": {"name": "coffee", "value": 1}},
    {"request": {"en": "Add 2 to the tally coffee", "sv": "Lägg till 2 i räknaren coffee"}, "input": {"name": "coffee", "by": 2}, "output": {"name": "coffee", "value": 2}},
    {"request": {"en": "Add 7 to the tally coffee", "sv": "Lägg till 7 i räknaren coffee"}, "input": {"name": "coffee", "by": 7}, "output": {"name": "coffee", "value": 7}},
    {"request": {"en": "Add 0 to the tally coffee", "sv": "Lägg till 0 i räknaren coffee"}, "input": {"name": "coffee", "by": 0}, "output": {"name": "coffee", "value": 0}},
    {"request": {"en": "Add 10 to the tally coffee", "sv": "Lägg till 10 i räknaren coffee"}, "input": {"name": "coffee", "by": 10}, "output": {"name": "coffee", "value": 10}},
    {"request": {"en": "Add 1000 to the tally coffee", "sv": "Lägg till 1000 i räknaren coffee"}, "input": {"name": "coffee", "by": 1000}, "output": {"name": "coffee", "value": 1000}},
    {"request": {"en": "Add 1 to the tally birds", "sv": "Lägg till 1 i räknaren birds"}, "input": {"name": "birds", "by": 1}, "output": {"name": "birds", "value": 1}},
    {"request": {"en": "Add 2 to the tally birds", "sv": "Lägg till 2 i räknaren birds"}, "input": {"name": "birds", "by": 2}, "output": {"name": "birds", "value": 2}},
  ],
  run({ name, by }) {
    const key = "tally/" + name;
    const known = kv.get(key);
    const value = (known === null ? 0 : parseInt(known, 10)) + by;
    kv.set(key, `${value}`);
    return { name, value };
  },
});
