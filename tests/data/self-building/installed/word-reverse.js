/* happyos
name = "word-reverse"
version = "0.1.0"
*/
skill({
  name: "word-reverse",
  description: "Writes a text backwards.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Write \"Sky\" backwards", "sv": "Skriv \"Sky\" baklänges"}, "input": {"text": "Sky"}, "output": {"text": "ykS"}},
    {"request": {"en": "Write \"queue\" backwards", "sv": "Skriv \"queue\" baklänges"}, "input": {"text": "queue"}, "output": {"text": "eueuq"}},
    {"request": {"en": "Write \"strengths\" backwards", "sv": "Skriv \"strengths\" baklänges"}, "input": {"text": "strengths"}, "output": {"text": "shtgnerts"}},
    {"request": {"en": "Write \"a\" backwards", "sv": "Skriv \"a\" baklänges"}, "input": {"text": "a"}, "output": {"text": "a"}},
  ],
  run({ text }) {
    return { text: [...text].reverse().join("") };
  },
});
