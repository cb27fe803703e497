import { BodyError, newDataVersion } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { LeavingQueues } from '../../src/offsets/leaving-queues.ts'
import { LightOffsets } from '../../src/offsets/light-offsets.ts'
import { LogEnds } from '../../src/offsets/log-ends.ts'
import { lightOffsetFilePieces, offsetFilePieces, readOffsetFile } from '../../src/offsets/offset-file.ts'
import { OffsetMap } from '../../src/offsets/offset-map.ts'

function open(topicCount = 3000) {
  const later = async (): Promise<void> => {}
  const tables = {
    dataVersion: newDataVersion(0),
    removedGroups: new LogEnds(),
    resetQueues: new LogEnds(),
    offsets: new OffsetMap(),
    pullOffsets: new OffsetMap(),
    light: new LightOffsets(),
    leaving: new LeavingQueues({ later() {}, written: later, writtenSoon: later }),
  }
  for (let index = 0; index < topicCount; index++) {
    for (const group of ['g', 'h']) tables.offsets.set(group, `t${index}`, 0, index)
    tables.removedGroups.note(`gone${index}`, index + 1, 0)
  }
  return tables
}

describe.each([
  ['consumerOffset.json', offsetFilePieces],
  ['lmqConsumerOffset.json', lightOffsetFilePieces],
])('%s', (_file, piecesOf) => {
  test('comes in short pieces, however much there is', () => {
    const pieces = [...piecesOf(open())]
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(500)
    const { offsetTable, removedGroupTable } = readOffsetFile(pieces.join(''))
    expect([offsetTable.size, removedGroupTable!.size]).toEqual([6000, 3000])
    expect(offsetTable.get('t7@h')).toEqual(new Map([[0, 7]]))
  })

  test('tells of a group that is deleted while it is made that it is, unless it has its offsets', () => {
    for (const atPiece of [0, 1, 2, 10, 2500, 5000, 7000, 11_000, 14_000]) {
      const tables = open()
      const pieces: string[] = []
      for (const piece of piecesOf(tables)) {
        if (pieces.length === atPiece) {
          tables.offsets.removeGroup('g')
          tables.removedGroups.note('g', 9999, 0)
        }
        pieces.push(piece)
      }
      const { offsetTable, removedGroupTable } = readOffsetFile(pieces.join(''))
      const left = [...offsetTable.keys()].filter((key) => key.endsWith('@g')).length
      expect(left === 3000 || removedGroupTable!.get('g') === 9999, `at ${atPiece}`).toBe(true)
      expect([...offsetTable.keys()].filter((key) => key.endsWith('@h'))).toHaveLength(3000)
    }
  })
})

test('groups and their topics are named in consumerOffset.json', () => {
  const { groupTopicMap } = readOffsetFile([...offsetFilePieces(open())].join(''))
  expect([...groupTopicMap!.keys()]).toEqual(['g', 'h'])
  expect(groupTopicMap!.get('h')).toHaveLength(3000)
})

describe('offsets in light queues', () => {
  const names = ['%LMQ%a', '%LMQ%"quoted"\\', '%LMQ%größe', '%LMQ%\u0001', '%LMQ%x@y', '%LMQ%\n\t}']

  function filled() {
    const tables = open(0)
    for (const [index, name] of names.entries()) tables.light.set(`%LMQ%reader-${index}`, name, 2 ** index)
    tables.light.set('%LMQ%other', names[0]!, 7)
    return tables
  }

  test('come back, whatever the names are', () => {
    const { lightOffsets } = readOffsetFile([...lightOffsetFilePieces(filled())].join(''))
    const expected = names.map((name, index) => [`${name}@%LMQ%reader-${index}`, 2 ** index])
    expect([...lightOffsets].sort()).toEqual([...expected, [`${names[0]}@%LMQ%other`, 7]].sort())
  })

  test('are the same where another program has laid out the file', () => {
    const text = [...lightOffsetFilePieces(filled())].join('')
    const known = new Map(readOffsetFile(text).lightOffsets)
    const others = [
      JSON.stringify(JSON.parse(text)),
      JSON.stringify(JSON.parse(text), undefined, 2),
      text.replace('\t\t"%LMQ%a@', '\t\t "%LMQ%a@'),
      text.replaceAll('\n', '\r\n'),
    ]
    for (const other of others) expect(new Map(readOffsetFile(other).lightOffsets)).toEqual(known)
  })

  test.each(['\t\t"%LMQ%a@%LMQ%b":1x,\n', '\t\t"%LMQ%a\\q@%LMQ%b":1,\n', '\t\tx\n'])(
    'are refused with all others when one line is damaged (%j)',
    (line) => {
      const text = [...lightOffsetFilePieces(filled())].join('')
      const at = text.indexOf('\t\t"%LMQ%a@')
      expect(() => readOffsetFile(text.slice(0, at) + line + text.slice(at))).toThrow(BodyError)
    },
  )
})
