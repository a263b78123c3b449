/* happyos
name = "collatz-steps"
version = "0.1.0"
*/
skill({
  name: "collatz-steps",
  description: "Counts the steps of the Collatz sequence from a number down to 1.",
  outputSchema: {"type": "object", "properties": {"steps": {"type": "integer", "minimum": 0}}, "required": ["steps"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "How many Collatz steps does 6 take?", "sv": "Hur många collatzsteg tar 6?"}, "input": {"start": 6}, "output": {"steps": 8}},
    {"request": {"en": "How many Collatz steps does 7 take?", "sv": "Hur många collatzsteg tar 7?"}, "input": {"start": 7}, "output": {"steps": 16}},
    {"request": {"en": "How many Collatz steps does 10 take?", "sv": "Hur många collatzsteg tar 10?"}, "input": {"start": 10}, "output": {"steps": 6}},
    {"request": {"en": "How many Collatz steps does 12 take?", "sv": "Hur många collatzsteg tar 12?"}, "input": {"start": 12}, "output": {"steps": 9}},
    {"request": {"en": "How many Collatz steps does 5 take?", "sv": "Hur många collatzsteg tar 5?"}, "input": {"start": 5}, "output": {"steps": 5}},
    {"request": {"en": "How many Collatz steps does 19 take?", "sv": "Hur många collatzsteg tar 19?"}, "input": {"start": 19}, "output": {"steps": 20}},
    {"request": {"en": "How many Collatz steps does 27 take?", "sv": "Hur många collatzsteg tar 27?"}, "input": {"start": 27}, "output": {"steps": 111}},
    {"request": {"en": "How many Collatz steps does 3 take?", "sv": "Hur många collatzsteg tar 3?"}, "input": {"start": 3}, "output": {"steps": 7}},
  ],
  run({ start }) {
    let steps = 0;
    for (let n = start; n !== 1; steps++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
    return { steps };
  },
});
