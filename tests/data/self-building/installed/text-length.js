/* happyos
name = "text-length"
version = "0.1.0"
*/
skill({
  name: "text-length",
  description: "Counts the characters of a text.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"characters": {"type": "integer"}}, "required": ["characters"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "How many characters are there in \"banana\"?", "sv": "Hur många tecken är det i \"banana\"?"}, "input": {"text": "banana"}, "output": {"characters": 6}},
    {"request": {"en": "How many characters are there in \"hello world\"?", "sv": "Hur många tecken är det i \"hello world\"?"}, "input": {"text": "hello world"}, "output": {"characters": 11}},
    {"request": {"en": "How many characters are there in \"rhythm\"?", "sv": "Hur många tecken är det i \"rhythm\"?"}, "input": {"text": "rhythm"}, "output": {"characters": 6}},
    {"request": {"en": "How many characters are there in \"AEIOU aeiou\"?", "sv": "Hur många tecken är det i \"AEIOU aeiou\"?"}, "input": {"text": "AEIOU aeiou"}, "output": {"characters": 11}},
  ],
  run({ text }) {
    return { characters: [...text].length };
  },
});
