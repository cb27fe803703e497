import fs from 'node:fs'
import { dirname } from 'node:path'
import { createNodePlatform, type FileSystem } from '@rocketmq-ts/platform'
import {
  CrashableFileSystem,
  type Fault,
  FaultyFileSystem,
  PowerFailure,
  temporaryFolder,
} from '@rocketmq-ts/platform/test-kit'
import { KeptFile, SettingsNotKeptError } from '@rocketmq-ts/settings'
import { describe, expect, test } from 'vitest'

const { fileSystem } = createNodePlatform()

/** A file with a comment, a key twice, an unknown key, and letters in Latin-1. */
const userText = Buffer.from(
  '# F\xfcr die Pr\xfcfung\r\nflushDiskType = ASYNC_FLUSH\r\nunknown=1\r\nport=1\r\nport=2',
  'latin1',
)

function kept(text: Buffer | null = userText, wrap: (inner: FileSystem) => FileSystem = (inner) => inner) {
  const folder = temporaryFolder()
  const path = `${folder.path}/conf/broker.conf`
  fs.mkdirSync(`${folder.path}/conf`)
  if (text !== null) fs.writeFileSync(path, text)
  const read = () => fs.readFileSync(path, 'latin1')
  return { path, read, file: new KeptFile(wrap(fileSystem), path), [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

const change = new Map([
  ['flushDiskType', 'SYNC_FLUSH'],
  ['port', '3'],
  ['regionId', 'Süd'],
])

describe('a change is kept', () => {
  test('and what else stands in the file stays, byte for byte', () => {
    using it = kept()
    it.file.keep(change, [...change.keys()])
    expect(it.read()).toBe(
      '# F\xfcr die Pr\xfcfung\r\nflushDiskType=SYNC_FLUSH\r\nunknown=1\r\nport=1\r\nport=3\r\nregionId=S\\u00FCd\r\n',
    )
    expect(fs.readFileSync(`${it.path}.bak`)).toEqual(userText)
  })

  test('in a new file when there was none', () => {
    using it = kept(null)
    fs.rmdirSync(dirname(it.path))
    it.file.keep(new Map([['port', '3']]), ['port'])
    expect(it.read()).toBe('port=3\n')
  })

  test('and a value that is as it was is written only where the file says something else', () => {
    using it = kept()
    it.file.keep(
      new Map([
        ['flushDiskType', 'ASYNC_FLUSH'],
        ['port', '5'],
        ['regionId', 'x'],
      ]),
      [],
    )
    expect(it.read()).toBe(userText.toString('latin1').replace('port=2', 'port=5'))
  })

  test.skipIf(process.platform === 'win32')('and who may read the file stays as it was', () => {
    using it = kept()
    fs.chmodSync(it.path, 0o600)
    it.file.keep(new Map([['port', '3']]), ['port'])
    expect(fs.statSync(it.path).mode & 0o777).toBe(0o600)
    expect(fs.statSync(`${it.path}.bak`).mode & 0o777).toBe(0o600)
  })
})

describe('a change that cannot be kept says why, and leaves the file as it was', () => {
  const faults: [Omit<Fault, 'label'>, RegExp][] = [
    [{ operation: 'write', kind: 'no-space' }, /broker\.conf: the disk is full; nothing was changed$/],
    [{ operation: 'write', nth: 2, kind: 'ENOSPC' }, /the disk is full; nothing was changed$/],
    [{ operation: 'open', kind: 'EACCES' }, /this process may not write there; nothing was changed$/],
    [{ operation: 'open', path: /broker\.conf$/, kind: 'EACCES' }, /this process may not write there; nothing/],
    [{ operation: 'sync', nth: 2, kind: 'EIO' }, /nothing was changed$/],
    [{ operation: 'rename', nth: 2, kind: 'EIO' }, /nothing was changed$/],
    [{ operation: 'syncFolder', kind: 'EIO' }, /nothing was changed$/],
    [{ operation: 'readFile', kind: 'EACCES' }, /nothing was changed$/],
  ]
  for (const [fault, message] of faults) {
    test(`${fault.operation} ${fault.nth ?? 1}: ${fault.kind}`, () => {
      let faulty: FaultyFileSystem | undefined
      using it = kept(userText, (inner) => {
        faulty = new FaultyFileSystem(inner)
        return faulty
      })
      faulty?.add({ label: 'fault', ...fault })
      expect(() => it.file.keep(change, [...change.keys()])).toThrow(SettingsNotKeptError)
      faulty?.add({ label: 'again', ...fault })
      expect(() => it.file.keep(change, [...change.keys()])).toThrow(message)
      expect(it.read()).toBe(userText.toString('latin1'))
      if (fault.operation === 'write') expect(fs.readdirSync(dirname(it.path))).not.toContain('broker.conf.tmp')
      it.file.keep(change, [...change.keys()])
      expect(it.read()).toContain('port=3')
    })
  }

  test('a file that is gone since the start', () => {
    using it = kept()
    fs.rmSync(it.path)
    expect(() => it.file.keep(change, ['port'])).toThrow(/it was there at the start, and is gone: put it back/)
    expect(fs.existsSync(it.path)).toBe(false)
  })

  test('a file that is no .properties text any more', () => {
    using it = kept()
    fs.writeFileSync(it.path, 'a=\\u1')
    expect(() => it.file.keep(change, ['port'])).toThrow(/not a \.properties file/)
  })

  test('when the file cannot be put back either, that is said', () => {
    let faulty: FaultyFileSystem | undefined
    using it = kept(userText, (inner) => {
      faulty = new FaultyFileSystem(inner)
      return faulty
    })
    faulty?.add({ label: 'fault', operation: 'syncFolder', kind: 'EIO', count: 2 })
    expect(() => it.file.keep(change, ['port'])).toThrow(/but the next start may take it/)
  })
})

test('a power failure at any moment leaves the old file or the new one', () => {
  const path = '/conf/broker.conf'
  const outcomes = new Set<string>()
  for (let operation = 1; operation <= 20; operation++) {
    for (const seed of [1, 2, 3]) {
      const disk = new CrashableFileSystem()
      disk.makeFolder('/conf')
      const file = disk.open(path, 'create')
      file.write(userText, 0)
      file.syncDataNow()
      file.close()
      disk.syncFolder('/conf')
      disk.syncFolder('/')
      const settings = new KeptFile(disk, path)
      disk.failPowerAt(operation)
      try {
        settings.keep(new Map([['port', '3']]), ['port'])
      } catch (error) {
        if (!(error instanceof PowerFailure || error instanceof SettingsNotKeptError)) throw error
      }
      disk.crash(seed)
      outcomes.add(disk.readFile(path)?.toString('latin1') ?? 'missing')
    }
  }
  expect([...outcomes].sort()).toEqual(
    [userText.toString('latin1'), userText.toString('latin1').replace('port=2', 'port=3')].sort(),
  )
})

test('a change that is kept in a new file survives a power failure, and so do its new folders', () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new CrashableFileSystem()
    new KeptFile(disk, '/data/config/broker.properties').keep(new Map([['port', '3']]), ['port'])
    disk.crash(seed)
    expect(disk.readFile('/data/config/broker.properties')?.toString()).toBe('port=3\n')
  }
})
