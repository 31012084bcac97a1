// What the scripts of the pages and of the tests have to keep to.
import js from '@eslint/js';
import globals from 'globals';

export default [
	js.configs.recommended,
	{
		rules: {
			'no-unused-vars': 'error', 'prefer-const': 'error', eqeqeq: 'error', 'no-implicit-globals': 'error',
			'max-lines': ['error', 600], 'max-lines-per-function': ['error', 60],
			'no-restricted-properties': ['error', ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'cookie'].map((property) => ({ property }))],
		},
	},
	{ files: ['**/src/web/**'], languageOptions: { globals: globals.browser } },
	{ files: ['**/*.mjs'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
