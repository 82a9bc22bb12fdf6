import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { precompress } from './vite/precompress.ts';

/** What sites fetch, gzipped: the script on each of their pages, and the panel once it is opened. */
const budgets = { loader: 4_000, panel: 25_000 };

/**
 * The chat for other sites, built beside the client: `widget.js`, whose address never changes
 * (`--mode loader`), and the page that it opens (`--mode panel`).
 */
export default defineConfig(({ mode }) => ({
  publicDir: false,
  plugins: [within(mode === 'loader' ? budgets.loader : budgets.panel), precompress()],
  build: {
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    ...(mode === 'loader'
      ? {
          lib: {
            entry: 'src/widget/loader/loader.ts',
            name: 'recado',
            formats: ['iife' as const],
            fileName: () => 'widget.js',
          },
        }
      : { rollupOptions: { input: 'widget.html' } }),
  },
}));

/** Refuses a build whose script is more than so many bytes, gzipped. */
function within(budget: number): Plugin {
  return {
    name: 'within',
    generateBundle(_, bundle) {
      const scripts = Object.values(bundle).filter((output) => output.type === 'chunk');
      const size = scripts.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
      const told = `${size} of ${budget} bytes gzipped`;
      if (size > budget) this.error(told);
      this.info(told);
    },
  };
}
