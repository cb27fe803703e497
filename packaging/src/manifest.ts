import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type PublishedPackage, publishedPackages, repositoryRoot, supportedNode } from './published.ts'

interface SourceManifest {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>
}

/**
 * The package.json of a published package. Those of the sources name sources, which Node does not run below
 * `node_modules`.
 * @param imports packages that the built files import
 */
export function publishedManifest(published: PublishedPackage, imports: readonly string[]): object {
  const { peerDependencies, peerDependenciesMeta } = sourceManifest(published.folder)
  const { version } = sourceManifest('.')
  const { name, description, keywords, library, executables, entries } = published
  const file = (entry: string) => `./dist/${entry}.js`
  return {
    name,
    version,
    description,
    keywords,
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: supportedNode },
    files: ['dist'],
    sideEffects: false,
    ...(library === undefined
      ? { exports: { './package.json': './package.json' } }
      : {
          exports: {
            '.': { types: `./dist/${library}.d.ts`, default: file(library) },
            './package.json': './package.json',
          },
        }),
    ...(executables === undefined
      ? {}
      : {
          bin: Object.fromEntries(Object.entries(executables).map(([command, entry]) => [command, file(entry)])),
          imports: Object.fromEntries(Object.keys(entries).map((entry) => [`#${entry}`, file(entry)])),
        }),
    dependencies: dependencies(published, imports, version),
    ...(peerDependencies === undefined ? {} : { peerDependencies, peerDependenciesMeta }),
  }
}

function dependencies(
  { name, loads = [] }: PublishedPackage,
  imports: readonly string[],
  version: string,
): Readonly<Record<string, string>> {
  const packages = [...new Set([...imports.map(packageOf), ...loads])].sort()
  const versions = versionsOfSources()
  return Object.fromEntries(
    packages.map((needed) => {
      const isOurs = publishedPackages.some((other) => other.name === needed)
      const range = isOurs ? version : versions.get(needed)
      if (range === undefined) throw new Error(`${name} imports ${needed}, which no package.json of its sources names`)
      return [needed, range]
    }),
  )
}

/** `@scope/name/part` belongs to `@scope/name`. */
function packageOf(id: string): string {
  return id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/')
}

function versionsOfSources(): ReadonlyMap<string, string> {
  const manifests = globSync('{packages,apps}/*/package.json', { cwd: repositoryRoot })
  return new Map(manifests.flatMap((path) => Object.entries(sourceManifest(dirname(path)).dependencies ?? {})))
}

function sourceManifest(folder: string): SourceManifest {
  return JSON.parse(readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8'))
}
