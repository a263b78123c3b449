/* happyos
name = "palindrome-check"
version = "0.1.0"
*/
skill({
  name: "palindrome-check",
  description: "Writes a text backwards.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 2000}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"palindrome": {"type": "boolean"}}, "required": ["palindrome"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Write \"Sky\" backwards", "sv": "Skriv \"Sky\" baklänges"}, "input": {"text": "level"}, "output": {"palindrome": true}},
    {"request": {"en": "Write \"queue\" backwards", "sv": "Skriv \"queue\" baklänges"}, "input": {"text": "Hello"}, "output": {"palindrome": false}},
    {"request": {"en": "Write \"strengths\" backwards", "sv": "Skriv \"strengths\" baklänges"}, "input": {"text": "A man, a plan, a canal: Panama"}, "output": {"palindrome": true}},
    {"request": {"en": "Write \"a\" backwards", "sv": "Skriv \"a\" baklänges"}, "input": {"text": "racecar"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"Step on no pets\" a palindrome?", "sv": "Är \"Step on no pets\" en palindrom?"}, "input": {"text": "Step on no pets"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"nope\" a palindrome?", "sv": "Är \"nope\" en palindrom?"}, "input": {"text": "nope"}, "output": {"palindrome": false}},
    {"request": {"en": "Is \"Was it a car or a cat I saw?\" a palindrome?", "sv": "Är \"Was it a car or a cat I saw?\" en palindrom?"}, "input": {"text": "Was it a car or a cat I saw?"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"abca\" a palindrome?", "sv": "Är \"abca\" en palindrom?"}, "input": {"text": "abca"}, "output": {"palindrome": false}},
  ],
  run({ text }) {
    const letters = text.toLowerCase().replace(/[^a-z0-9]/g, "");
    return { palindrome: letters === [...letters].reverse().join("") };
  },
});
