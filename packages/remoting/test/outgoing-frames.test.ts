import type { Connection } from '@rocketmq-ts/platform'
import { FrameDecoder, type OutgoingCommand, type RemotingCommand } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { OutgoingFrames } from '../src/outgoing-frames.ts'

/** A connection that takes what is written to it at once, or later: then it has only a reference to it meanwhile. */
class FakeConnection {
  readonly written: Buffer[] = []
  isSlow = false
  unsentBytes = 0

  write(data: Uint8Array): void {
    this.written.push(this.isSlow ? Buffer.from(data.buffer, data.byteOffset, data.length) : Buffer.from(data))
    if (this.isSlow) this.unsentBytes += data.length
  }

  get received(): RemotingCommand[] {
    const commands: RemotingCommand[] = []
    const decoder = new FrameDecoder((command) => void commands.push(command))
    for (const chunk of this.written) decoder.push(Buffer.from(chunk))
    return commands
  }
}

function command(opaque: number, body: Buffer | Buffer[] | undefined): OutgoingCommand<never> {
  const serializeType = opaque % 2 === 0 ? 'JSON' : 'ROCKETMQ'
  return { code: 7, opaque, flag: 1, remark: `é ${opaque}`, extFields: { key: '订单' }, body, serializeType }
}

function send(connection: FakeConnection, bodies: (Buffer | Buffer[] | undefined)[], firstOpaque = 0): void {
  const frames = new OutgoingFrames(connection as unknown as Connection)
  for (const [index, body] of bodies.entries()) frames.add(command(firstOpaque + index, body))
  expect(frames.isEmpty).toBe(bodies.length === 0)
  frames.flush()
  expect([frames.isEmpty, frames.bytes]).toEqual([true, 0])
}

test('frames of both kinds, with and without bodies, leave in one write', () => {
  const connection = new FakeConnection()
  send(connection, [undefined, Buffer.from('a'), [Buffer.from('b'), Buffer.from('c')], undefined])
  expect(connection.written).toHaveLength(1)
  expect(
    connection.received.map(({ opaque, remark, extFields, body }) => [opaque, remark, { ...extFields }, `${body}`]),
  ).toEqual([
    [0, 'é 0', { key: '订单' }, 'undefined'],
    [1, 'é 1', { key: '订单' }, 'a'],
    [2, 'é 2', { key: '订单' }, 'bc'],
    [3, 'é 3', { key: '订单' }, 'undefined'],
  ])
})

test('frames that are larger than one write arrive all the same', () => {
  const connection = new FakeConnection()
  const large = Buffer.alloc(1024 * 1024, 5)
  send(connection, [Buffer.from('a'), large, [large, Buffer.from('z')]])
  expect(connection.received.map(({ body }) => body!.length)).toEqual([1, large.length, large.length + 1])
})

test('what the system has not taken yet is not written over by what others send', () => {
  const slow = new FakeConnection()
  slow.isSlow = true
  const quick = new FakeConnection()
  for (let round = 0; round < 5; round++) {
    send(slow, [Buffer.alloc(100, round)], round)
    send(quick, [Buffer.alloc(300, 100 + round)], round)
  }
  expect(slow.received.map(({ body }) => body![50])).toEqual([0, 1, 2, 3, 4])
  expect(quick.received.map(({ body }) => body![50])).toEqual([100, 101, 102, 103, 104])
})

test('nothing is written when nothing waits', () => {
  const connection = new FakeConnection()
  send(connection, [])
  expect(connection.written).toEqual([])
})
