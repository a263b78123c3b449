/* happyos
name = "binary-digits"
version = "0.1.0"
*/
skill({
  name: "binary-digits",
  description: "Writes a whole number in binary, without leading zeros.",
  inputSchema: {"type": "object", "properties": {"number": {"type": "integer", "minimum": 0, "maximum": 1000000000}}, "required": ["number"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"binary": {"type": "string", "pattern": "^[01]+$"}}, "required": ["binary"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "What is 5 in binary?", "sv": "Vad är 5 binärt?"}, "input": {"number": 5}},
    {"request": {"en": "What is 10 in binary?", "sv": "Vad är 10 binärt?"}, "input": {"number": 10}},
    {"request": {"en": "What is 255 in binary?", "sv": "Vad är 255 binärt?"}, "input": {"number": 255}},
    {"request": {"en": "What is 8 in binary?", "sv": "Vad är 8 binärt?"}, "input": {"number": 8}},
    {"request": {"en": "What is 100 in binary?", "sv": "Vad är 100 binärt?"}, "input": {"number": 100}},
    {"request": {"en": "What is 42 in binary?", "sv": "Vad är 42 binärt?"}, "input": {"number": 42}},
    {"request": {"en": "What is 7 in binary?", "sv": "Vad är 7 binärt?"}, "input": {"number": 7}},
    {"request": {"en": "What is 1023 in binary?", "sv": "Vad är 1023 binärt?"}, "input": {"number": 1023}},
  ],
  run({ number }) {
    let binary = "";
    for (let left = number; left > 0; left = Math.floor(left / 2)) binary = (left % 2) + binary;
    return { binary: binary || "1" };
  },
});
