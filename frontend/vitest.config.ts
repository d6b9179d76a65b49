import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte({ configFile: 'desk/svelte.config.js' })],
  test: { include: ['desk/src/**/*.test.ts', 'portal/src/**/*.test.ts', 'shared/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
})
