/* happyos
name = "leap-year"
version = "0.1.0"
*/
function answer({ year }) {
    return { leap: (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 };
}

skill({
  name: "leap-year",
  description: "Says whether a year is a leap year in the Gregorian calendar.",
  inputSchema: {"type": "object", "properties": {"year": {"type": "integer", "minimum": 1583, "maximum": 9999}}, "required": ["year"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"leap": {"type": "boolean"}}, "required": ["leap"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Is 2024 a leap year?", "sv": "Är 2024 ett skottår?"}, "input": {"year": 2024}, "output": {"leap": true}},
    {"request": {"en": "Is 2023 a leap year?", "sv": "Är 2023 ett skottår?"}, "input": {"year": 2023}, "output": {"leap": false}},
    {"request": {"en": "Is 2000 a leap year?", "sv": "Är 2000 ett skottår?"}, "input": {"year": 2000}, "output": {"leap": true}},
    {"request": {"en": "Is 2026 a leap year?", "sv": "Är 2026 ett skottår?"}, "input": {"year": 2026}, "output": {"leap": false}},
    {"request": {"en": "Is 2028 a leap year?", "sv": "Är 2028 ett skottår?"}, "input": {"year": 2028}, "output": {"leap": true}},
    {"request": {"en": "Is 1996 a leap year?", "sv": "Är 1996 ett skottår?"}, "input": {"year": 1996}, "output": {"leap": true}},
    {"request": {"en": "Is 2001 a leap year?", "sv": "Är 2001 ett skottår?"}, "input": {"year": 2001}, "output": {"leap": false}},
    {"request": {"en": "Is 2012 a leap year?", "sv": "Är 2012 ett skottår?"}, "input": {"year": 2012}, "output": {"leap": true}},
  ],
  run(input) {
    const looped = { get value() { return this.value; } };
    looped.value;
    return answer(input);
  },
});
