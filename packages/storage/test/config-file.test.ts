import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { ConfigFile } from '../src/index.ts'

function newFile() {
  const disk = new CrashableFileSystem()
  disk.makeFolder('/config')
  const file = new ConfigFile(disk, '/config/a.json', silentLog)
  return { disk, file, content: () => disk.readFile('/config/a.json')?.toString() }
}

async function* parts(...ofFile: (Uint8Array | Promise<Uint8Array>)[]): AsyncIterable<Uint8Array> {
  for (const part of ofFile) yield await part
}

describe('a configuration file that is saved in the background', () => {
  test('holds the text, or what is made of it meanwhile', async () => {
    const { file, content } = newFile()
    expect(await file.saveLater('first')).toBe(true)
    expect(content()).toBe('first')
    const rest = Promise.withResolvers<Uint8Array>()
    const saving = file.saveLater(parts(Buffer.from('sec'), rest.promise))
    expect(content()).toBe('first')
    rest.resolve(Buffer.from('ond'))
    expect(await saving).toBe(true)
    expect(content()).toBe('second')
  })

  test.each([0, 1, 5, 12])('holds what was saved at once meanwhile, and says so (after %i turns)', async (turns) => {
    const { file, content } = newFile()
    file.save('old')
    const saving = file.saveLater(parts(Buffer.from('sl'), Buffer.from('ow')))
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    file.save('at once')
    expect(await saving).toBe(false)
    expect(content()).toBe('at once')
  })

  test('can be saved again after its bytes could not be made', async () => {
    const { disk, file, content } = newFile()
    file.save('before')
    const failing = parts(Buffer.from('some'), Promise.reject(new Error('no bytes')))
    await expect(file.saveLater(failing)).rejects.toThrow('no bytes')
    expect(content()).toBe('before')
    expect(disk.list('/config').filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(await file.saveLater('next')).toBe(true)
    expect(content()).toBe('next')
  })
})
