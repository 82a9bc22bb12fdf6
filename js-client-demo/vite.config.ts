import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = 'http://localhost:3333';

export default defineConfig({
  plugins: [react()],
  // A strict Content-Security-Policy has no room for data: URLs.
  build: { assetsInlineLimit: 0 },
  server: {
    proxy: {
      '/api': server,
      '/socket.io': { target: server, ws: true },
    },
  },
});
