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
  plugins: [
    plainImports(),
    leaveOut(),
    within(mode === 'loader' ? budgets.loader : budgets.panel),
    precompress(),
  ],
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

/** Leaves imports for later as they are: they bring no stylesheets, which is what Vite's helper is for. */
function plainImports(): Plugin {
  return {
    name: 'plain-imports',
    enforce: 'pre',
    load: (id) =>
      id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : null,
  };
}

/** What is left out of Socket.IO's client, by the end of its path: our server has no such way, and sends no bytes. */
const leftOut = {
  '/transports/webtransport.js': 'export const WT = undefined;',
  '/socket.io-parser/build/esm/is-binary.js':
    'export const hasBinary = () => false; export const isBinary = hasBinary;',
  '/socket.io-parser/build/esm/binary.js':
    'export const deconstructPacket = undefined; export const reconstructPacket = undefined;',
};

function leaveOut(): Plugin {
  return {
    name: 'leave-out',
    enforce: 'pre',
    load: (id) => Object.entries(leftOut).find(([end]) => id.endsWith(end))?.[1] ?? null,
  };
}

/** Refuses a build whose script is more than so many bytes, gzipped; what is fetched later is not counted. */
function within(budget: number): Plugin {
  return {
    name: 'within',
    generateBundle(_, bundle) {
      const scripts = Object.values(bundle).filter((output) => output.type === 'chunk');
      const first = new Set(scripts.filter(({ isEntry }) => isEntry));
      // A set that grows while it is gone through.
      for (const { imports } of first) {
        for (const each of scripts) if (imports.includes(each.fileName)) first.add(each);
      }
      const sum = (all: Iterable<(typeof scripts)[number]>) =>
        [...all].reduce((size, { code }) => size + gzipSync(code, { level: 9 }).length, 0);
      const size = sum(first);
      const told = `${size} of ${budget} bytes gzipped, ${sum(scripts) - size} more when wanted`;
      if (size > budget) this.error(told);
      this.info(told);
    },
  };
}
