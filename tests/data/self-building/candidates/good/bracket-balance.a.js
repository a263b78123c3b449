/* happyos
name = "bracket-balance"
version = "0.1.0"
*/
skill({
  name: "bracket-balance",
  description: "Says whether the brackets of a text are balanced.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 2000}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"balanced": {"type": "boolean"}}, "required": ["balanced"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Are the brackets in \"(a+b)\" balanced?", "sv": "Är parenteserna i \"(a+b)\" balanserade?"}, "input": {"text": "(a+b)"}, "output": {"balanced": true}},
    {"request": {"en": "Are the brackets in \"[1, 2\" balanced?", "sv": "Är parenteserna i \"[1, 2\" balanserade?"}, "input": {"text": "[1, 2"}, "output": {"balanced": false}},
    {"request": {"en": "Are the brackets in \"{x: (1)}\" balanced?", "sv": "Är parenteserna i \"{x: (1)}\" balanserade?"}, "input": {"text": "{x: (1)}"}, "output": {"balanced": true}},
    {"request": {"en": "Are the brackets in \"(]\" balanced?", "sv": "Är parenteserna i \"(]\" balanserade?"}, "input": {"text": "(]"}, "output": {"balanced": false}},
    {"request": {"en": "Are the brackets in \"no brackets\" balanced?", "sv": "Är parenteserna i \"no brackets\" balanserade?"}, "input": {"text": "no brackets"}, "output": {"balanced": true}},
    {"request": {"en": "Are the brackets in \"((()))\" balanced?", "sv": "Är parenteserna i \"((()))\" balanserade?"}, "input": {"text": "((()))"}, "output": {"balanced": true}},
    {"request": {"en": "Are the brackets in \"a)b(\" balanced?", "sv": "Är parenteserna i \"a)b(\" balanserade?"}, "input": {"text": "a)b("}, "output": {"balanced": false}},
    {"request": {"en": "Are the brackets in \"{[()]}\" balanced?", "sv": "Är parenteserna i \"{[()]}\" balanserade?"}, "input": {"text": "{[()]}"}, "output": {"balanced": true}},
  ],
  run({ text }) {
    const pairs = { ")": "(", "]": "[", "}": "{" };
    const open = [];
    for (const c of text) {
      if ("([{".includes(c)) open.push(c);
      else if (c in pairs && open.pop() !== pairs[c]) return { balanced: false };
    }
    return { balanced: open.length === 0 };
  },
});
