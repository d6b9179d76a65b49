import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// One script and one style sheet, nothing inlined: the page's policy allows its own files and nothing else.
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    emptyOutDir: false, // .keep stays: the Go package around it must compile before the first build
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    rolldownOptions: { output: { entryFileNames: 'desk.js', chunkFileNames: '[name].js', assetFileNames: '[name][extname]' } },
  },
})
