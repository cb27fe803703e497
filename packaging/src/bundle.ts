import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build, type OutputChunk } from 'rolldown'
import { type PublishedPackage, repositoryRoot } from './published.ts'

/**
 * Writes the JavaScript of a package: ES modules for Node 22 and later, with internal packages inside.
 * @param folder that gets the files
 * @returns packages that the files import
 */
export async function bundle(published: PublishedPackage, folder: string): Promise<string[]> {
  const { entries, uses = [] } = published
  const sources = Object.entries(entries).map(([name, path]) => [name, join(repositoryRoot, published.folder, path)])
  const { output } = await build({
    input: Object.fromEntries(sources),
    cwd: repositoryRoot,
    platform: 'node',
    external: (id) => isBuiltin(id) || uses.includes(id) || (isPackage(id) && !isInside.test(id)),
    transform: {
      target: 'node22.12',
      inject: {
        AsyncDisposableStack: [join(import.meta.dirname, 'async-disposable-stack.ts'), 'AsyncDisposableStack'],
      },
    },
    // Without effects of their own: what nobody uses of them is left out.
    treeshake: { moduleSideEffects: [{ test: /\/packages\/[^/]+\/src\//, sideEffects: false }] },
    output: {
      dir: folder,
      format: 'es',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      comments: { legal: true, annotation: true, jsdoc: false },
    },
    logLevel: 'warn',
  })
  const files = new Set(output.map(({ fileName }) => fileName))
  const imports = output
    .filter((file): file is OutputChunk => file.type === 'chunk')
    .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
    .filter((id) => !isBuiltin(id) && !files.has(id))
  return [...new Set(imports)].sort()
}

/** Internal packages, and what the bundler itself adds for an older Node. */
const isInside = /^@(rocketmq-ts|oxc-project)\//

function isPackage(id: string): boolean {
  return !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('#') && !id.startsWith('\0')
}
