import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// What a phone needs is one script; what only a practice needs is another, fetched when somebody of a practice signs in. A patient's
// page is small and a page of its own: it comes over any network, and without fonts.
// Nothing is inlined: the pages' policy allows files of their own and nothing else.
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    emptyOutDir: false, // .keep stays: the Go package around it must compile before the first build
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    rolldownOptions: {
      input: { index: `${import.meta.dirname}/index.html`, patient: `${import.meta.dirname}/patient.html` },
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
})
