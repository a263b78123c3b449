/* happyos
name = "acronym-maker"
version = "0.1.0"
*/
skill({
  name: "acronym-maker",
  description: "Makes an acronym of the first letters of the words of a phrase.",
  inputSchema: {"type": "object", "properties": {"phrase": {"type": "string", "maxLength": 500}}, "required": ["phrase"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"acronym": {"type": "string"}}, "required": ["acronym"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Make an acronym of \"portable network graphics\"", "sv": "Gör en akronym av \"portable network graphics\""}, "input": {"phrase": "portable network graphics"}, "output": {"acronym": "PNG"}},
    {"request": {"en": "Make an acronym of \"as soon as possible\"", "sv": "Gör en akronym av \"as soon as possible\""}, "input": {"phrase": "as soon as possible"}, "output": {"acronym": "ASAP"}},
    {"request": {"en": "Make an acronym of \"World Health Organization\"", "sv": "Gör en akronym av \"World Health Organization\""}, "input": {"phrase": "World Health Organization"}, "output": {"acronym": "WHO"}},
    {"request": {"en": "Make an acronym of \"frequently asked questions\"", "sv": "Gör en akronym av \"frequently asked questions\""}, "input": {"phrase": "frequently asked questions"}, "output": {"acronym": "FAQ"}},
    {"request": {"en": "Make an acronym of \"be right back\"", "sv": "Gör en akronym av \"be right back\""}, "input": {"phrase": "be right back"}, "output": {"acronym": "BRB"}},
    {"request": {"en": "Make an acronym of \"Light Amplification\"", "sv": "Gör en akronym av \"Light Amplification\""}, "input": {"phrase": "Light Amplification"}, "output": {"acronym": "LA"}},
    {"request": {"en": "Make an acronym of \"one\"", "sv": "Gör en akronym av \"one\""}, "input": {"phrase": "one"}, "output": {"acronym": "O"}},
    {"request": {"en": "Make an acronym of \"for your information\"", "sv": "Gör en akronym av \"for your information\""}, "input": {"phrase": "for your information"}, "output": {"acronym": "FYI"}},
  ],
  async run({ phrase }) {
    return { acronym: phrase.split(/\s+/).filter(Boolean).map((word) => [...word][0]).join("").toUpperCase() };
  },
});
