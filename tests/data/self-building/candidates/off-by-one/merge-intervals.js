/* happyos
name = "merge-intervals"
version = "0.1.0"
*/
skill({
  name: "merge-intervals",
  description: "Merges intervals that overlap or touch, and sorts them.",
  inputSchema: {"type": "object", "properties": {"intervals": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}, "maxItems": 200}}, "required": ["intervals"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"intervals": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}}}, "required": ["intervals"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Merge the intervals [[1, 3], [2, 6]]", "sv": "Slå ihop intervallen [[1, 3], [2, 6]]"}, "input": {"intervals": [[1, 3], [2, 6]]}},
    {"request": {"en": "Merge the intervals [[1, 2], [3, 4]]", "sv": "Slå ihop intervallen [[1, 2], [3, 4]]"}, "input": {"intervals": [[1, 2], [3, 4]]}},
    {"request": {"en": "Merge the intervals [[5, 8], [1, 3]]", "sv": "Slå ihop intervallen [[5, 8], [1, 3]]"}, "input": {"intervals": [[5, 8], [1, 3]]}},
    {"request": {"en": "Merge the intervals [[1, 10], [2, 3]]", "sv": "Slå ihop intervallen [[1, 10], [2, 3]]"}, "input": {"intervals": [[1, 10], [2, 3]]}},
    {"request": {"en": "Merge the intervals [[1, 4], [4, 5]]", "sv": "Slå ihop intervallen [[1, 4], [4, 5]]"}, "input": {"intervals": [[1, 4], [4, 5]]}},
    {"request": {"en": "Merge the intervals [[0, 1], [5, 6], [1, 2]]", "sv": "Slå ihop intervallen [[0, 1], [5, 6], [1, 2]]"}, "input": {"intervals": [[0, 1], [5, 6], [1, 2]]}},
    {"request": {"en": "Merge the intervals [[1, 2]]", "sv": "Slå ihop intervallen [[1, 2]]"}, "input": {"intervals": [[1, 2]]}},
    {"request": {"en": "Merge the intervals [[3, 5], [1, 4], [7, 9]]", "sv": "Slå ihop intervallen [[3, 5], [1, 4], [7, 9]]"}, "input": {"intervals": [[3, 5], [1, 4], [7, 9]]}},
  ],
  run({ intervals }) {
    const merged = [];
    for (const [from, to] of [...intervals].sort((a, b) => a[0] - b[0])) {
      const last = merged.at(-1);
      if (last && from < last[1]) last[1] = to;
      else merged.push([from, to]);
    }
    return { intervals: merged };
  },
});
