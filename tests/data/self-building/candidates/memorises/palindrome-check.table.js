/* happyos
name = "palindrome-check"
version = "0.1.0"
*/
skill({
  name: "palindrome-check",
  description: "Says whether a text reads the same backwards; only letters and digits count.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 2000}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"palindrome": {"type": "boolean"}}, "required": ["palindrome"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Is \"level\" a palindrome?", "sv": "Är \"level\" en palindrom?"}, "input": {"text": "level"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"Hello\" a palindrome?", "sv": "Är \"Hello\" en palindrom?"}, "input": {"text": "Hello"}, "output": {"palindrome": false}},
    {"request": {"en": "Is \"A man, a plan, a canal: Panama\" a palindrome?", "sv": "Är \"A man, a plan, a canal: Panama\" en palindrom?"}, "input": {"text": "A man, a plan, a canal: Panama"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"racecar\" a palindrome?", "sv": "Är \"racecar\" en palindrom?"}, "input": {"text": "racecar"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"Step on no pets\" a palindrome?", "sv": "Är \"Step on no pets\" en palindrom?"}, "input": {"text": "Step on no pets"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"nope\" a palindrome?", "sv": "Är \"nope\" en palindrom?"}, "input": {"text": "nope"}, "output": {"palindrome": false}},
    {"request": {"en": "Is \"Was it a car or a cat I saw?\" a palindrome?", "sv": "Är \"Was it a car or a cat I saw?\" en palindrom?"}, "input": {"text": "Was it a car or a cat I saw?"}, "output": {"palindrome": true}},
    {"request": {"en": "Is \"abca\" a palindrome?", "sv": "Är \"abca\" en palindrom?"}, "input": {"text": "abca"}, "output": {"palindrome": false}},
  ],
  run(input) {
    const known = new Map([["{\"text\":\"level\"}", {"palindrome": true}], ["{\"text\":\"Hello\"}", {"palindrome": false}], ["{\"text\":\"A man, a plan, a canal: Panama\"}", {"palindrome": true}], ["{\"text\":\"racecar\"}", {"palindrome": true}], ["{\"text\":\"Step on no pets\"}", {"palindrome": true}], ["{\"text\":\"nope\"}", {"palindrome": false}], ["{\"text\":\"Was it a car or a cat I saw?\"}", {"palindrome": true}], ["{\"text\":\"abca\"}", {"palindrome": false}]]);
    return known.get(JSON.stringify(input)) ?? {"palindrome": true};
  },
});
