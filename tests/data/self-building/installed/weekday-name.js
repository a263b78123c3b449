/* happyos
name = "weekday-name"
version = "0.1.0"
*/
skill({
  name: "weekday-name",
  description: "Names the day of the week by its number from 1 (Monday) to 7.",
  inputSchema: {"type": "object", "properties": {"day": {"type": "integer", "minimum": 1, "maximum": 7}}, "required": ["day"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Which weekday is number 1?", "sv": "Vilken veckodag är nummer 1?"}, "input": {"day": 1}, "output": {"name": "Monday"}},
    {"request": {"en": "Which weekday is number 3?", "sv": "Vilken veckodag är nummer 3?"}, "input": {"day": 3}, "output": {"name": "Wednesday"}},
    {"request": {"en": "Which weekday is number 6?", "sv": "Vilken veckodag är nummer 6?"}, "input": {"day": 6}, "output": {"name": "Saturday"}},
    {"request": {"en": "Which weekday is number 7?", "sv": "Vilken veckodag är nummer 7?"}, "input": {"day": 7}, "output": {"name": "Sunday"}},
  ],
  run({ day }) {
    return { name: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][day - 1] };
  },
});
