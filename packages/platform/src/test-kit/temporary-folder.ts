import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A folder of its own for a test, removed when the returned object is disposed of. */
export function temporaryFolder(prefix = 'rocketmq-ts-'): { path: string; [Symbol.dispose](): void } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), prefix))
  return {
    path: folder,
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  }
}
