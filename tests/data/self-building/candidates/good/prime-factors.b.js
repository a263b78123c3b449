/* happyos
name = "prime-factors"
version = "0.1.0"
*/
skill({
  name: "prime-factors",
  description: "Finds the prime factors of a whole number from 2 to 100000, smallest first.",
  inputSchema: {"type": "object", "properties": {"number": {"type": "integer", "minimum": 2, "maximum": 100000}}, "required": ["number"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"factors": {"type": "array", "items": {"type": "integer", "minimum": 2}}}, "required": ["factors"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "What are the prime factors of 6?", "sv": "Vilka är primfaktorerna till 6?"}, "input": {"number": 6}, "output": {"factors": [2, 3]}},
    {"request": {"en": "What are the prime factors of 12?", "sv": "Vilka är primfaktorerna till 12?"}, "input": {"number": 12}, "output": {"factors": [2, 2, 3]}},
    {"request": {"en": "What are the prime factors of 30?", "sv": "Vilka är primfaktorerna till 30?"}, "input": {"number": 30}, "output": {"factors": [2, 3, 5]}},
    {"request": {"en": "What are the prime factors of 15?", "sv": "Vilka är primfaktorerna till 15?"}, "input": {"number": 15}, "output": {"factors": [3, 5]}},
    {"request": {"en": "What are the prime factors of 21?", "sv": "Vilka är primfaktorerna till 21?"}, "input": {"number": 21}, "output": {"factors": [3, 7]}},
    {"request": {"en": "What are the prime factors of 100?", "sv": "Vilka är primfaktorerna till 100?"}, "input": {"number": 100}, "output": {"factors": [2, 2, 5, 5]}},
    {"request": {"en": "What are the prime factors of 77?", "sv": "Vilka är primfaktorerna till 77?"}, "input": {"number": 77}, "output": {"factors": [7, 11]}},
    {"request": {"en": "What are the prime factors of 45?", "sv": "Vilka är primfaktorerna till 45?"}, "input": {"number": 45}, "output": {"factors": [3, 3, 5]}},
  ],
  run({ number }) {
    const factorsOf = (n, from) => {
      for (let p = from; p * p <= n; p++) if (n % p === 0) return [p, ...factorsOf(n / p, p)];
      return n > 1 ? [n] : [];
    };
    return { factors: factorsOf(number, 2) };
  },
});
