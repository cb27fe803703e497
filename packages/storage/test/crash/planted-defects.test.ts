import type { FileSystem } from '@rocketmq-ts/platform'
import { type Fault, FaultyFileSystem } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { type CrashRunOptions, crashRun } from './crash-run.ts'

const seedsMax = 60
const always = { count: Number.POSITIVE_INFINITY, kind: 'lie' } as const

function lying(fault: Omit<Fault, 'label' | 'count' | 'kind'>): (fileSystem: FileSystem) => FileSystem {
  return (fileSystem) => {
    const faulty = new FaultyFileSystem(fileSystem)
    faulty.add({ ...fault, ...always, label: 'a planted defect' })
    return faulty
  }
}

/** Where the checkpoint notes that the log is being cut back. */
const cutNoteAt = 2560

/**
 * Tells when the log is being cut back, which is seen by the note in the checkpoint.
 * @param isNoteWritten whether the note reaches the file
 * @param onCut is called when the note is made, and gives what is called when it goes
 */
function watchingCuts(
  isNoteWritten: boolean,
  onCut: (faulty: FaultyFileSystem) => () => void,
): (fileSystem: FileSystem) => FileSystem {
  return (fileSystem) => {
    const faulty = new FaultyFileSystem(fileSystem)
    let ended: (() => void) | undefined
    const open: FileSystem['open'] = (path, mode) => {
      const file = faulty.open(path, mode)
      if (!path.endsWith('/checkpoint')) return file
      const write: typeof file.write = (data, position) => {
        if (position !== cutNoteAt || isNoteWritten) file.write(data, position)
        if (position !== cutNoteAt) return
        ended?.()
        ended = data.some((byte) => byte !== 0) ? onCut(faulty) : undefined
      }
      return { ...file, write }
    }
    return new Proxy<FileSystem>(faulty, {
      get: (target, name) => (name === 'open' ? open : Reflect.get(target, name).bind(target)),
    })
  }
}

/** Lies only while the log is being cut back. */
function lyingInCuts(...faults: Omit<Fault, 'label' | 'count' | 'kind'>[]): (fileSystem: FileSystem) => FileSystem {
  return watchingCuts(true, (faulty) => {
    const set = faults.map((fault) => faulty.add({ ...fault, ...always, label: 'a planted defect of cutting back' }))
    return () => {
      for (const one of set) one.remove()
    }
  })
}

/** How many seeds it takes until the checker finds something; undefined when none of them does. */
async function seedsUntilFound(options: Omit<CrashRunOptions, 'seed'>): Promise<number | undefined> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const problems = await crashRun({ ...options, seed }).catch((error: Error) => [error.message])
    if (problems.length > 0) return seed
  }
  return undefined
}

describe('the checker finds a store that', () => {
  const sync = { flushMode: 'SYNC_FLUSH', crashes: 'power' } as const
  const kill = { flushMode: 'ASYNC_FLUSH', crashes: 'kill' } as const
  const defects: [string, Omit<CrashRunOptions, 'seed'>][] = [
    ['confirms before the log is synced', { ...sync, wrap: lying({ operation: 'sync', path: /commitlog/ }) }],
    [
      'does not sync the names of new log files',
      { ...sync, wrap: lying({ operation: 'syncFolder', path: /commitlog/ }) },
    ],
    ['notes queues as synced that are not', { ...sync, wrap: lying({ operation: 'sync', path: /consumequeue/ }) }],
    [
      'does not sync the names of new queue files',
      { ...sync, wrap: lying({ operation: 'syncFolder', path: /consumequeue/ }) },
    ],
    ['notes the index as synced when it is not', { ...sync, wrap: lying({ operation: 'sync', path: /index/ }) }],
    ['does not sync a config file before its rename', { ...sync, wrap: lying({ operation: 'sync', path: /config/ }) }],
    ['confirms before the log is written', { ...kill, wrap: lying({ operation: 'write', path: /commitlog/ }) }],
    ['notes queues as written that are not', { ...kill, wrap: lying({ operation: 'write', path: /consumequeue/ }) }],
    ['cuts the log back without a note of it', { ...sync, wrap: watchingCuts(false, () => () => {}) }],
    [
      'cuts the log back without a sync',
      { ...sync, wrap: lyingInCuts({ operation: 'sync' }, { operation: 'syncFolder' }) },
    ],
    ['cuts the log back in memory alone', { ...kill, wrap: lyingInCuts({ operation: 'truncate', path: /commitlog/ }) }],
    [
      'leaves what it cut off in the queues',
      { ...kill, wrap: lyingInCuts({ operation: 'truncate', path: /consumequeue/ }) },
    ],
    ['leaves what it cut off in the index', { ...kill, wrap: lyingInCuts({ operation: 'write', path: /index/ }) }],
  ]
  test.each(defects)('%s', async (_, options) => {
    expect(await seedsUntilFound(options)).toBeDefined()
  })
})
