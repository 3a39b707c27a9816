import { minify } from 'terser';
import type { Plugin } from 'vite';
import { internalNames } from './internal-names.ts';

/**
 * Minifies each chunk, and calls by short names what only our own code calls by name: 1.9 kB (gzipped) less of it. Source
 * maps give the names back.
 */
export function minifyChunks(): Plugin {
  let properties: { regex: RegExp; cache: Record<string, string> } | null = null;
  return {
    name: 'holdfast:minify',
    apply: 'build',
    enforce: 'post',
    async renderChunk(source, _chunk, { format, sourcemap }) {
      properties ??= propertiesToMangle();
      const { regex, cache } = properties;
      const { code = source, map } = await minify(source, {
        module: format === 'es',
        ecma: 2022,
        compress: { unsafe_arrows: true, unsafe_methods: true },
        mangle: { properties: { regex, builtins: true } },
        nameCache: { props: { props: { ...cache } } },
        sourceMap: sourcemap ? { asObject: true } : false,
      });
      return { code, map: typeof map === 'object' ? (map as never) : null };
    },
  };
}

/** Each bundle must give a property the same name: the page and its worker are bundled apart. */
function propertiesToMangle() {
  const names = internalNames();
  const cache = Object.fromEntries([...names].map(([name, short]) => [`$${name}`, short]));
  const escaped = [...names.keys()].map((name) => name.replaceAll('$', '\\$'));
  return { regex: new RegExp(`^(?:${escaped.join('|')})$`), cache };
}
