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
    {"request": {"en": "What is 5 in binary?", "sv": "Vad är 5 binärt?"}, "input": {"number": 5}, "output": {"binary": "101"}},
    {"request": {"en": "What is 10 in binary?", "sv": "Vad är 10 binärt?"}, "input": {"number": 10}, "output": {"binary": "1010"}},
    {"request": {"en": "What is 255 in binary?", "sv": "Vad är 255 binärt?"}, "input": {"number": 255}, "output": {"binary": "11111111"}},
    {"request": {"en": "What is 8 in binary?", "sv": "Vad är 8 binärt?"}, "input": {"number": 8}, "output": {"binary": "1000"}},
    {"request": {"en": "What is 100 in binary?", "sv": "Vad är 100 binärt?"}, "input": {"number": 100}, "output": {"binary": "1100100"}},
    {"request": {"en": "What is 42 in binary?", "sv": "Vad är 42 binärt?"}, "input": {"number": 42}, "output": {"binary": "101010"}},
    {"request": {"en": "What is 7 in binary?", "sv": "Vad är 7 binärt?"}, "input": {"number": 7}, "output": {"binary": "111"}},
    {"request": {"en": "What is 1023 in binary?", "sv": "Vad är 1023 binärt?"}, "input": {"number": 1023}, "output": {"binary": "1111111111"}},
  ],
  run({ number }) {
    return { binary: number.toString(2) };
  },
});
