// Fails when `npm ci` would refuse the lock file: when it does not fit a package.json, or lacks a package, be it one that
// only other systems need. Nothing is installed and no network is used. Runs on any Node; nothing is imported from
// node_modules.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..')
const args = ['ci', '--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
const { status, stdout, stderr } = spawnSync('npm', args, {
  cwd: root,
  encoding: 'utf8',
  shell: process.platform === 'win32',
})
if (status !== 0) {
  console.error(`${stdout}${stderr}`)
  console.error('package-lock.json does not fit: run "npm install --package-lock-only" and commit what it changes.')
  process.exit(1)
}
