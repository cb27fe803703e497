import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { build } from 'rolldown'
import { repositoryRoot } from '../published.ts'

const app = join(repositoryRoot, 'apps/rocketmq/src')
const require = createRequire(import.meta.url)
const ofPlatform = createRequire(join(repositoryRoot, 'packages/platform/package.json'))

/** Files that are others in the executable: it has no packages beside it. */
const replaced: Readonly<Record<string, string>> = {
  [join(app, 'cluster/worker-script.ts')]: join(import.meta.dirname, 'worker-script.ts'),
  [join(repositoryRoot, 'packages/platform/src/node/native-locks.ts')]: join(import.meta.dirname, 'native-locks.ts'),
}

/** Marks the place in a Node where the program goes. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * Writes `rocketmq`, one file for Linux on x64 that needs nothing else: a Node, the program, the thread of brokers and the
 * binary for locks (https://nodejs.org/api/single-executable-applications.html).
 * @param folder is made when it is missing
 * @returns its path
 * @throws Error on other systems
 */
export async function packExecutable(folder: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the executable is built on Linux with x64, and this is ${process.platform} with ${process.arch}`)
  }
  const target = resolve(folder)
  mkdirSync(target, { recursive: true })
  const cache = join(repositoryRoot, '.cache')
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'executable-'))
  try {
    const program = await bundled('executable.ts', work)
    const worker = await bundled('executable-worker.ts', work)
    const locks = join(
      dirname(ofPlatform.resolve('fs-native-extensions')),
      'prebuilds/linux-x64/fs-native-extensions.node',
    )
    const blob = join(work, 'program.blob')
    const config = join(work, 'sea.json')
    writeFileSync(
      config,
      JSON.stringify({
        main: program,
        output: blob,
        disableExperimentalSEAWarning: true,
        useCodeCache: true,
        // Its process is not started a second time with them, as that of the package is.
        execArgv: ['--max-semi-space-size=16'],
        assets: { 'broker-worker': worker, 'native-locks': locks },
      }),
    )
    execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'pipe' })
    const unfinished = join(work, 'rocketmq')
    copyFileSync(process.execPath, unfinished)
    chmodSync(unfinished, 0o755)
    const postject = join(dirname(require.resolve('postject/package.json')), 'dist/cli.js')
    const args = [postject, unfinished, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse]
    execFileSync(process.execPath, args, { stdio: 'pipe' })
    const executable = join(target, 'rocketmq')
    copyFileSync(unfinished, executable)
    return executable
  } finally {
    rmSync(work, { recursive: true })
  }
}

/** A program in one file of CommonJS, the only kind that an executable may have. */
async function bundled(entry: string, folder: string): Promise<string> {
  const file = join(folder, entry.replace(/\.ts$/, '.cjs'))
  await build({
    input: join(app, entry),
    cwd: repositoryRoot,
    platform: 'node',
    external: isBuiltin,
    plugins: [
      {
        name: 'replaced files',
        async resolveId(source, importer, options) {
          const resolved = await this.resolve(source, importer, { ...options, skipSelf: true })
          const other = resolved === null ? undefined : replaced[resolved.id]
          return other === undefined ? resolved : { id: other }
        },
      },
    ],
    transform: { target: 'node24' },
    treeshake: { moduleSideEffects: [{ test: /\/packages\/[^/]+\/src\//, sideEffects: false }] },
    output: { file, format: 'cjs', codeSplitting: false, comments: { legal: true } },
    logLevel: 'warn',
  })
  return file
}
