// Installs the dependencies when they are missing or older than the lock file, so that `npm start`
// and `npm test` work on a fresh clone. Runs on any Node; nothing is imported from node_modules.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const marker = join(root, 'node_modules', '.installed-lock')
const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
const installed = existsSync(marker) ? readFileSync(marker, 'utf8') : ''

if (installed !== lock) {
  console.error('Installing dependencies (once) ...')
  // Not `npm ci`: it would first take away the packages, from under a server that runs from them.
  const result = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    console.error('npm install failed: see the lines above, then run the command again.')
    process.exit(result.status ?? 1)
  }
  writeFileSync(marker, lock)
}
