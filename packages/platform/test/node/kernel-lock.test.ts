import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import { type FolderLock, FolderLockedError } from '../../src/file-system.ts'
import { lockFolder, lockFolderByMarks, lockFolderWith } from '../../src/node/folder-lock.ts'
import { tryKernelLock } from '../../src/node/kernel-lock.ts'
import { nameOfThisProcess } from '../../src/node/process-name.ts'
import { silentMsMax } from '../../src/node/signs-of-life.ts'
import { temporaryFolder } from '../../src/test-kit/index.ts'
import { LockingProcess, saidAtOnce, whyNotContained } from './locking-process-kit.ts'

const noContainers = whyNotContained()
if (noContainers !== undefined) {
  if (process.env.CI !== undefined) throw new Error(`no process namespaces: ${noContainers}`)
  process.stderr.write(`skipped, since this system allows no process namespaces: ${noContainers}\n`)
}
const inContainers = test.skipIf(noContainers !== undefined)

/** Waits until the kernel has given back the lock of a process that is dying. */
async function kernelLockIsFree(path: string): Promise<void> {
  const isFree = () => {
    const lock = tryKernelLock(path)
    if (typeof lock === 'string') return false
    lock.release()
    return true
  }
  await expect.poll(isFree, { timeout: 120_000 }).toBe(true)
}

/** How often a call waits for signs of life of others. */
function waits(call: () => void): number {
  const wait = vi.spyOn(Atomics, 'wait')
  try {
    call()
    return wait.mock.calls.length
  } finally {
    wait.mockRestore()
  }
}

describe('the lock of a folder', () => {
  test('keeps others out as long as its process runs, and tells which', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    await using holder = new LockingProcess(path, { by: 'kernel' })
    expect(await holder.locks()).toBe('held')
    expect(() => lockFolder(path)).toThrow(new FolderLockedError(path, holder.pid))
  })

  test('is free at once when its process was killed', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const holder = new LockingProcess(path, { by: 'kernel' })
    expect(await holder.locks()).toBe('held')
    await holder.kill()
    expect(waits(() => lockFolder(path).release())).toBe(0)
    expect(readdirSync(folder.path)).toEqual(['lock'])
  })

  test('is free for the next one wherever in taking it a process was killed', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    let killed = 0
    for (let call = 1; ; call++) {
      const taker = new LockingProcess(path, { deadlyCall: call, by: 'kernel' })
      const said = await taker.locks()
      await taker.kill()
      lockFolder(path).release()
      expect(readdirSync(folder.path)).toEqual(['lock'])
      if (said === 'held') break
      expect(said).toBeUndefined()
      killed++
    }
    expect(killed).toBeGreaterThan(5)
  })

  test('holds while its process is stopped', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    await using holder = new LockingProcess(path, { by: 'kernel' })
    expect(await holder.locks()).toBe('held')
    holder.pause()
    expect(() => lockFolder(path)).toThrow(new FolderLockedError(path, holder.pid))
    holder.goOn()
    expect(() => lockFolder(path)).toThrow(new FolderLockedError(path, holder.pid))
  })

  test('is taken by just one of many that come at once', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const said = await saidAtOnce(path, 6, 'kernel')
    expect(said.toSorted()).toEqual(['held', 'refused', 'refused', 'refused', 'refused', 'refused'])
  })

  test('keeps out another thread of the same process, and ends with its thread', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const module = new URL('../../src/node/folder-lock.ts', import.meta.url).href
    const script = `
      const { parentPort, workerData } = require('node:worker_threads')
      import(workerData.module).then(({ lockFolder }) => {
        lockFolder(workerData.path)
        parentPort.postMessage('held')
        setInterval(() => {}, 1000)
      })`
    const thread = new Worker(script, { eval: true, workerData: { module, path } })
    await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject))
    expect(() => lockFolder(path)).toThrow(new FolderLockedError(path, process.pid))
    expect(() => lockFolderByMarks(path)).toThrow(new FolderLockedError(path, process.pid))
    await thread.terminate()
    lockFolder(path).release()
    expect(readdirSync(folder.path)).toEqual(['lock'])
  })

  test('leaves the content of its file as it is', () => {
    using folder = temporaryFolder()
    writeFileSync(`${folder.path}/lock`, 'lock')
    lockFolder(`${folder.path}/lock`).release()
    expect(readFileSync(`${folder.path}/lock`, 'utf8')).toBe('lock')
  })

  test('says what it cannot keep out when the kernel cannot be asked, and nothing otherwise', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const weaknessOf = (lock: FolderLock) => {
      lock.release()
      return lock.weakness
    }
    expect(weaknessOf(lockFolder(path))).toBeUndefined()
    expect(weaknessOf(lockFolderWith(path, 'no locks'))).toBeUndefined()
    expect(weaknessOf(lockFolderWith(path, 'no binary'))).toMatch(/official broker.*is not noticed.*npm ci/)
  })

  test('is the one on the first byte of the file, whoever took that', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const other = tryKernelLock(path)
    if (typeof other === 'string') throw new Error(`the kernel's lock is ${other}`)
    expect(() => lockFolder(path)).toThrow(new FolderLockedError(path, undefined))
    other.release()
    lockFolder(path).release()
  })
})

describe('across process namespaces the lock of a folder', () => {
  inContainers.each(['kernel', 'marks'] as const)('by %s keeps others out in both directions', async (by) => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const lock = () => (by === 'kernel' ? lockFolder(path) : lockFolderByMarks(path))
    {
      await using holder = new LockingProcess(path, { by, isContained: true })
      expect(await holder.locks()).toBe('held')
      expect(lock).toThrow(/held by process 1 of another container or machine, host name /)
    }
    await kernelLockIsFree(path)
    rmSync(path)
    const held = lock()
    await using taker = new LockingProcess(path, { by, isContained: true })
    expect(await taker.locks()).toBe('refused')
    held.release()
  })

  inContainers('is free at once when its process was killed', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const holder = new LockingProcess(path, { by: 'kernel', isContained: true })
    expect(await holder.locks()).toBe('held')
    await holder.kill()
    await kernelLockIsFree(path)
    expect(waits(() => lockFolder(path).release())).toBe(0)
  })

  inContainers('by marks is free three seconds after its process was killed, and not before', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const holder = new LockingProcess(path, { isContained: true })
    expect(await holder.locks()).toBe('held')
    await holder.kill()
    const startedMs = performance.now()
    expect(waits(() => lockFolderByMarks(path).release())).toBeGreaterThan(1)
    expect(performance.now() - startedMs).toBeGreaterThan(silentMsMax - 1)
    expect(readdirSync(folder.path)).toEqual([])
  })

  inContainers('by marks is taken by just one of many that come at once', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const takers = Array.from({ length: 4 }, () => new LockingProcess(path, { isContained: true }))
    try {
      for (const taker of takers) expect(await taker.says()).toBe('ready')
      for (const taker of takers) taker.lock()
      const said = await Promise.all(takers.map((taker) => taker.says()))
      expect(said.toSorted()).toEqual(['held', 'refused', 'refused', 'refused'])
    } finally {
      await Promise.all(takers.map((taker) => taker.kill()))
    }
  })

  test('by marks is lost by a process that stood still, and it is told', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    await using holder = new LockingProcess(path)
    expect(await holder.locks()).toBe('held')
    // What a process of another machine does that sees no sign of life.
    for (const name of readdirSync(folder.path)) if (name.startsWith('lock.')) rmSync(`${folder.path}/${name}`)
    expect(await holder.says()).toBe('lost')
  })

  test('is not held by a mark of another boot that stays the same', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    writeFileSync(`${path}.17.4711.00000000-0000-4000-8000-000000000000.4026531836`, 'held\nkernel\nelsewhere\n1\n')
    lockFolder(path).release()
    expect(readdirSync(folder.path)).toEqual(['lock'])
  })

  test('is free at once when the kernel tells that the process of a mark is gone', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/lock`
    const boot = nameOfThisProcess().split('.')[2]
    // Of a container that was removed: its namespace is none of those that are.
    writeFileSync(`${path}.17.4711.${boot}.1`, 'held\nkernel\nelsewhere\n1\n')
    expect(waits(() => lockFolder(path).release())).toBe(0)
    expect(readdirSync(folder.path)).toEqual(['lock'])
  })
})
