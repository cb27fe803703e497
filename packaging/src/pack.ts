import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundle } from './bundle.ts'
import { writeDeclarations, writeSourceDeclarations } from './declarations.ts'
import { publishedManifest } from './manifest.ts'
import { type PublishedPackage, publishedPackages, repositoryRoot } from './published.ts'

export interface BuildOptions {
  /** Whether the reports of public interfaces are written anew. By default they have to be what they are. */
  readonly isReportWritten?: boolean
}

/**
 * Builds all published packages, and hands over the folder that has each under `node_modules`, as an installation would.
 * The folder is gone afterwards.
 */
export async function withBuiltPackages<Result>(
  use: (folder: string) => Result | Promise<Result>,
  { isReportWritten = false }: BuildOptions = {},
): Promise<Result> {
  // Below node_modules, declarations would count as those of other packages.
  const cache = join(repositoryRoot, '.cache')
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'packages-'))
  try {
    const sourceDeclarations = join(work, 'declarations')
    writeSourceDeclarations(sourceDeclarations)
    for (const published of publishedPackages) {
      const folder = join(work, 'node_modules', published.name)
      await buildPackage(published, folder)
      if (published.library !== undefined) {
        const file = join(folder, 'dist', `${published.library}.d.ts`)
        writeDeclarations(published, { sourceDeclarations, file, isReportWritten })
      }
    }
    return await use(work)
  } finally {
    rmSync(work, { recursive: true })
  }
}

async function buildPackage(published: PublishedPackage, folder: string): Promise<void> {
  const dist = join(folder, 'dist')
  mkdirSync(dist, { recursive: true })
  const imports = await bundle(published, dist)
  for (const entry of Object.values(published.executables ?? {})) chmodSync(join(dist, `${entry}.js`), 0o755)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(publishedManifest(published, imports), null, 2)}\n`)
  copyFileSync(join(repositoryRoot, 'LICENSE'), join(folder, 'LICENSE'))
  copyFileSync(join(repositoryRoot, published.folder, 'README.md'), join(folder, 'README.md'))
}

/**
 * Writes the tarballs of all published packages.
 * @param folder is made when it is missing
 * @returns their paths
 */
export function packAll(folder: string): Promise<string[]> {
  const target = resolve(folder)
  mkdirSync(target, { recursive: true })
  return withBuiltPackages((built) =>
    publishedPackages.map(({ name }) => {
      const args = ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', target]
      const packed = execFileSync('npm', args, { cwd: join(built, 'node_modules', name), encoding: 'utf8' })
      return join(target, JSON.parse(packed)[0].filename)
    }),
  )
}
