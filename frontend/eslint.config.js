// What the pages are held to beside the compiler: rules that find faults. How a line is broken is prettier's.
import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import { defineConfig, globalIgnores } from 'eslint/config'
import globals from 'globals'
import ts from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['**/dist/', 'gen/']), // built, and written by Go
  js.configs.recommended,
  ts.configs.strict,
  ts.configs.stylistic,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { project: './tsconfig.json', extraFileExtensions: ['.svelte'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error', // an act nobody waits for tells nobody that it failed: say void
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error', // what somebody typed must not stand in a log
      'svelte/no-unused-svelte-ignore': 'off', // takes a reason beside the code for more codes; svelte-check looks after these
      'svelte/prefer-svelte-reactivity': 'off', // a Date or Map that lives within one function is no state
    },
  },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  { files: ['**/*.test.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } }, // a test that meets null fails
  { files: ['portal/public/sw.js'], languageOptions: { globals: globals.serviceworker } },
)
