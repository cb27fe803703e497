import fs from 'node:fs'
import path from 'node:path'
import { createNodePlatform } from '@rocketmq-ts/platform'
import { FrameDecoder, parseJson, type RemotingCommand } from '@rocketmq-ts/protocol'
import type { NameServer } from '../src/index.ts'
import { timeoutMs } from './name-server-kit.ts'

/** A frame recorded between official 5.5.0 peers. */
export function capturedFrame(name: string): Buffer {
  return fs.readFileSync(path.join(import.meta.dirname, 'captures', `${name}.bin`))
}

export function decodeCaptured(name: string): RemotingCommand {
  let decoded: RemotingCommand | undefined
  new FrameDecoder((command) => {
    decoded = command
  }).push(capturedFrame(name))
  if (decoded === undefined) throw new Error(`${name} is no whole frame`)
  return decoded
}

/** Sends recorded bytes as they are over one connection and gives the answers. */
export async function connectRaw({ address }: NameServer): Promise<{
  ask(frame: Buffer): Promise<RemotingCommand>
  close(): void
}> {
  const connection = await createNodePlatform().network.connect(address, timeoutMs)
  const waiting: ((answer: RemotingCommand) => void)[] = []
  const decoder = new FrameDecoder((answer) => waiting.shift()?.(answer))
  connection.onData((chunk) => decoder.push(chunk))
  return {
    ask(frame) {
      const { promise, resolve } = Promise.withResolvers<RemotingCommand>()
      waiting.push(resolve)
      connection.write(frame)
      return promise
    },
    close: () => connection.destroy(),
  }
}

/** A body as a value in which the order of names in a list of names does not count. */
export function comparableBody({ body }: RemotingCommand): unknown {
  if (body === undefined) return undefined
  const value = parseJson(body.toString('utf8'))
  if (typeof value === 'object' && value !== null && 'topicList' in value && Array.isArray(value.topicList)) {
    return { ...value, topicList: [...value.topicList].sort() }
  }
  return value
}
