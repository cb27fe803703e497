import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const script = path.join(root, 'scripts/check-lock.mjs')

interface Lock {
  packages: Record<string, { optional?: boolean; os?: string[] }>
}

/** What the check says of a copy of this repository's lock file, changed. */
function check(change: (lock: Lock) => void): { status: number | null; stderr: string } {
  using folder = temporaryFolder()
  const lock: Lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  const workspaces = Object.keys(lock.packages).filter((name) => !name.includes('node_modules'))
  for (const workspace of workspaces) {
    fs.mkdirSync(path.join(folder.path, workspace), { recursive: true })
    fs.copyFileSync(path.join(root, workspace, 'package.json'), path.join(folder.path, workspace, 'package.json'))
  }
  change(lock)
  fs.writeFileSync(path.join(folder.path, 'package-lock.json'), JSON.stringify(lock))
  return spawnSync(process.execPath, [script, folder.path], { encoding: 'utf8' })
}

test('the lock file is complete', () => {
  const { status, stderr } = check(() => {})
  expect(status, stderr).toBe(0)
})

test('a lock file without a package that only other systems need is refused', () => {
  const { status, stderr } = check((lock) => {
    const isForeign = (name: string) => lock.packages[name]!.os?.includes('win32') === true
    delete lock.packages[Object.keys(lock.packages).find(isForeign)!]
  })
  expect(status).toBe(1)
  expect(stderr).toContain('npm install --package-lock-only')
})
