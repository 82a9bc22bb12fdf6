import type { Plugin } from 'vite';

/** From the weakest to the strongest: what is set for all, the parts, and what nothing may overrule. */
const order = '@layer tokens, base, parts, last;\n';

/**
 * Begins every stylesheet with the order of the layers, since a screen's styles may be there before
 * those of the whole page, and the first to name a layer decides its rank.
 */
export function layers(): Plugin {
  return {
    name: 'layers',
    enforce: 'pre',
    transform: (code, id) => (/\.css(?:$|\?)/.test(id) ? { code: order + code, map: null } : null),
  };
}
