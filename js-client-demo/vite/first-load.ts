import { gzipSync } from 'node:zlib';
import type { Plugin, Rollup } from 'vite';

type Bundle = Rollup.OutputBundle;
type Chunk = Rollup.OutputChunk & { viteMetadata?: { importedCss: Set<string> } };

/**
 * Refuses a build in which what a browser fetches before it shows a screen is more than so many
 * bytes, gzipped: the entry, the screen, all that they import, and their styles. Fonts and pictures
 * do not hold up the screen, and are not counted.
 */
export function firstLoad(screen: string, budget: number): Plugin {
  return {
    name: 'first-load',
    generateBundle(_, bundle) {
      const files = new Map<string, number>();
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue;
        if (output.isEntry || output.facadeModuleId?.endsWith(screen))
          gather(bundle, output, files);
      }
      const sum = [...files.values()].reduce((total, size) => total + size, 0);
      const told = `first load of ${screen}: ${kilo(sum)} of ${kilo(budget)} kB gzipped`;
      if (sum <= budget) return this.info(told);
      const largest = [...files].sort(([, a], [, b]) => b - a).slice(0, 8);
      const list = largest.map(([name, size]) => `  ${kilo(size)}  ${name}`).join('\n');
      this.error(`${told}\n${list}`);
    },
  };
}

function gather(bundle: Bundle, chunk: Chunk, files: Map<string, number>): void {
  if (files.has(chunk.fileName)) return;
  files.set(chunk.fileName, gzipSync(chunk.code).length);
  for (const style of chunk.viteMetadata?.importedCss ?? []) {
    const asset = bundle[style];
    if (asset?.type === 'asset') files.set(style, gzipSync(asset.source).length);
  }
  for (const name of chunk.imports) {
    const imported = bundle[name];
    if (imported?.type === 'chunk') gather(bundle, imported, files);
  }
}

function kilo(bytes: number): string {
  return (bytes / 1_000).toFixed(1);
}
