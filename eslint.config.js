import js from "@eslint/js";
import globals from "globals";

const WORDS = "A sentence stands in words.json: take it from there with say() or phrase() of kit/js/text.js.";
const THREE = "/[A-Za-z]{2,},? [A-Za-z]+,? [A-Za-z]{2,}/", TWO = "/[A-Za-z]{2,},? [A-Za-z]{2,}/";

export default [
  { ignores: ["node_modules/", ".venv/", "static/", "build/", "dist/"] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-len": ["error", { code: 150, ignoreTemplateLiterals: true, ignoreStrings: true }],
      "no-unused-vars": ["error", { args: "none" }],
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  {
    files: ["srviz/ui/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: `:not(NewExpression, Property[key.name='class']) > Literal[value=${THREE}]`, message: WORDS },
        { selector: `:not(NewExpression) > TemplateLiteral > TemplateElement[value.raw=${TWO}]`, message: WORDS },
      ],
    },
  },
  { files: ["tests/js/**/*.js", "eslint.config.js"], languageOptions: { globals: globals.node } },
];
