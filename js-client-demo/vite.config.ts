import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { firstLoad } from './vite/first-load.ts';
import { layers } from './vite/layers.ts';
import { precompress } from './vite/precompress.ts';

const server = process.env.RECADO_SERVER ?? 'http://localhost:3333';

export default defineConfig({
  plugins: [layers(), react(), firstLoad('board/BoardScreen.tsx', 160_000), precompress()],
  build: {
    // A strict Content-Security-Policy has no room for data: URLs.
    assetsInlineLimit: 0,
    target: 'es2022',
  },
  server: {
    proxy: {
      '/api': server,
      '/media': server,
      '/socket.io': { target: server, ws: true },
    },
  },
});
