/* happyos
name = "greatest-divisor"
version = "0.1.0"
*/
skill({
  name: "greatest-divisor",
  description: "Finds the greatest common divisor of two numbers.",
  inputSchema: {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "integer", "minimum": 1}}, "required": ["a", "b"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"divisor": {"type": "integer"}}, "required": ["divisor"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "What is the greatest common divisor of 12 and 18?", "sv": "Vilken är den största gemensamma delaren till 12 och 18?"}, "input": {"a": 12, "b": 18}, "output": {"divisor": 6}},
    {"request": {"en": "What is the greatest common divisor of 7 and 13?", "sv": "Vilken är den största gemensamma delaren till 7 och 13?"}, "input": {"a": 7, "b": 13}, "output": {"divisor": 1}},
    {"request": {"en": "What is the greatest common divisor of 100 and 75?", "sv": "Vilken är den största gemensamma delaren till 100 och 75?"}, "input": {"a": 100, "b": 75}, "output": {"divisor": 25}},
    {"request": {"en": "What is the greatest common divisor of 81 and 27?", "sv": "Vilken är den största gemensamma delaren till 81 och 27?"}, "input": {"a": 81, "b": 27}, "output": {"divisor": 27}},
  ],
  run({ a, b }) {
    let [x, y] = [a, b];
    while (y) [x, y] = [y, x % y];
    return { divisor: x };
  },
});
