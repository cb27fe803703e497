/**
 * A process that locks a folder: `node locking-process.ts LOCK_FILE_PATH marks|kernel [CALL]`. It says `ready`, waits
 * for a line, locks, says `held` or `refused`, and ends with its input. When it loses the folder it says `lost`. With
 * CALL it kills itself in front of that call of the file system, counted from 1.
 */
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { FolderLockedError } from '../../src/file-system.ts'
import { lockFolder, lockFolderByMarks } from '../../src/node/folder-lock.ts'
import { loadNativeLocks } from '../../src/node/native-locks.ts'

const [lockFilePath, by, deadlyCall] = process.argv.slice(2)

function killBeforeCall(call: number): void {
  loadNativeLocks() // Else its calls are counted, which are many.
  let calls = 0
  const functions = fs as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of Object.keys(fs).filter((key) => key.endsWith('Sync'))) {
    const original = functions[name]!
    functions[name] = (...args) => {
      if (++calls === call) process.kill(process.pid, 'SIGKILL')
      return original.apply(fs, args)
    }
  }
}

createInterface(process.stdin).once('line', () => {
  if (deadlyCall !== undefined) killBeforeCall(Number(deadlyCall))
  const onLost = () => process.stdout.write('lost\n')
  try {
    if (by === 'kernel') lockFolder(lockFilePath!, onLost)
    else lockFolderByMarks(lockFilePath!, { onLost })
    process.stdout.write('held\n')
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error
    process.stdout.write('refused\n')
  }
})
process.stdout.write('ready\n')
