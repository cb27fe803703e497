import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRawAsset } from 'node:sea'

interface Binding {
  tryLock(descriptor: number, offset: number, length: number, isExclusive: boolean): void
}

/**
 * In the place of packages/platform/src/node/native-locks.ts: the binary is a part of the executable. The system loads
 * binaries from files alone, so that it is written to a folder of caches, once, where nobody else may write.
 */
export function loadNativeLocks() {
  let binding: Binding
  try {
    const loaded = { exports: {} as Binding }
    process.dlopen(loaded, unpacked())
    binding = loaded.exports
  } catch {
    return undefined
  }
  return {
    tryLock(descriptor: number, offset: number, length: number): boolean {
      try {
        binding.tryLock(descriptor, offset, length, true)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
        throw error
      }
      return true
    },
  }
}

/** @returns the path of a file with the bytes of the asset */
function unpacked(): string {
  const bytes = Buffer.from(getRawAsset('native-locks'))
  const name = `fs-native-extensions-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.node`
  for (const folder of [join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rocketmq-ts'), undefined]) {
    try {
      return unpackedIn(folder ?? fs.mkdtempSync(join(tmpdir(), 'rocketmq-ts-')), name, bytes)
    } catch (error) {
      if (folder === undefined) throw error
    }
  }
  throw new Error('no folder can be written')
}

function unpackedIn(folder: string, name: string, bytes: Buffer): string {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = fs.statSync(folder)
  if (uid !== process.getuid!() || (mode & 0o022) !== 0) throw new Error(`others may write to ${folder}`)
  const path = join(folder, name)
  // What is there may be cut off, as after a failure of the power.
  if (fs.existsSync(path) && fs.readFileSync(path).equals(bytes)) return path
  const unfinished = `${path}.${randomUUID()}.tmp`
  fs.writeFileSync(unfinished, bytes, { mode: 0o700, flag: 'wx' })
  fs.renameSync(unfinished, path)
  return path
}
