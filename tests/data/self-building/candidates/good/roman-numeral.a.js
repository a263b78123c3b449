/* happyos
name = "roman-numeral"
version = "0.1.0"
*/
skill({
  name: "roman-numeral",
  description: "Writes a whole number from 1 to 3999 in Roman numerals.",
  inputSchema: {"type": "object", "properties": {"number": {"type": "integer", "minimum": 1, "maximum": 3999}}, "required": ["number"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"roman": {"type": "string", "pattern": "^[MDCLXVI]+$"}}, "required": ["roman"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Write 1 in Roman numerals", "sv": "Skriv 1 med romerska siffror"}, "input": {"number": 1}, "output": {"roman": "I"}},
    {"request": {"en": "Write 5 in Roman numerals", "sv": "Skriv 5 med romerska siffror"}, "input": {"number": 5}, "output": {"roman": "V"}},
    {"request": {"en": "Write 10 in Roman numerals", "sv": "Skriv 10 med romerska siffror"}, "input": {"number": 10}, "output": {"roman": "X"}},
    {"request": {"en": "Write 27 in Roman numerals", "sv": "Skriv 27 med romerska siffror"}, "input": {"number": 27}, "output": {"roman": "XXVII"}},
    {"request": {"en": "Write 50 in Roman numerals", "sv": "Skriv 50 med romerska siffror"}, "input": {"number": 50}, "output": {"roman": "L"}},
    {"request": {"en": "Write 128 in Roman numerals", "sv": "Skriv 128 med romerska siffror"}, "input": {"number": 128}, "output": {"roman": "CXXVIII"}},
    {"request": {"en": "Write 1000 in Roman numerals", "sv": "Skriv 1000 med romerska siffror"}, "input": {"number": 1000}, "output": {"roman": "M"}},
    {"request": {"en": "Write 2026 in Roman numerals", "sv": "Skriv 2026 med romerska siffror"}, "input": {"number": 2026}, "output": {"roman": "MMXXVI"}},
  ],
  run({ number }) {
    const table = [[1000, "M"], [900, "CM"], [500, "D"], [400, "CD"], [100, "C"], [90, "XC"], [50, "L"], [40, "XL"], [10, "X"], [9, "IX"], [5, "V"], [4, "IV"], [1, "I"]];
    let roman = "";
    let left = number;
    for (const [value, sign] of table) while (left >= value) { roman += sign; left -= value; }
    return { roman };
  },
});
