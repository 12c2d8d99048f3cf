import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const impure = [
  {object: 'Math', property: 'random', message: 'Take a Random from core/random instead.'},
  {object: 'Date', property: 'now', message: 'Take atUs as an argument; the command reads the clock.'},
  {object: 'process', property: 'env', message: 'The command reads flags and environment.'},
  {object: 'process', property: 'cwd', message: 'Take a path as an argument.'},
  {object: 'process', property: 'exit', message: 'Throw a ToolError; base-command sets the exit code.'},
];

export default tseslint.config(
  {ignores: ['dist/**', 'coverage/**', 'node_modules/**', 'fixtures/**']},
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    linterOptions: {noInlineConfig: true, reportUnusedDisableDirectives: 'error'},
    languageOptions: {parserOptions: {projectService: true, tsconfigRootDir: import.meta.dirname}},
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true, allowBoolean: true}],
      '@typescript-eslint/consistent-type-imports': 'error',
      // `import {type X}` alone still loads the module, which would cost --help its speed.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/prefer-literal-enum-member': 'off',
      complexity: ['error', 12],
      'max-depth': ['error', 4],
      'max-lines': ['error', {max: 400, skipBlankLines: true, skipComments: true}],
      'max-lines-per-function': ['error', {max: 80, skipBlankLines: true, skipComments: true}],
      'max-params': ['error', 5],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/lib/**'],
    rules: {
      'no-restricted-properties': ['error', ...impure],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'Take atUs as an argument.',
        },
      ],
    },
  },
  {
    files: ['test/**', 'bench/**', 'scripts/**'],
    rules: {
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // Of the browser: tsc knows its names.
    files: ['report-page/*.js'],
    rules: {'no-undef': 'off'},
  },
  {
    files: ['*.js', 'bin/*.js', '.dependency-cruiser.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {globals: {process: 'readonly', console: 'readonly'}},
  },
);
