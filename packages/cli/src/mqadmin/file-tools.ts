import { type DecodedMessage, decodeMessageAt, decodeMessageProperties, readRecord } from '@rocketmq-ts/protocol'
import { CommandError } from '../usage-error.ts'
import { extText } from './shown-message.ts'
import { optional, type Tool } from './tool.ts'

/** Commands that read the files of a broker, whether or not it runs. */
export const fileTools: readonly Tool[] = [
  {
    name: 'dumpCompactionLog',
    about: 'Shows the messages in a file of a compacted log, without their bodies.',
    options: [optional('f', 'file', 'the file: STORE/compaction/compactionLog/TOPIC/QUEUE/00000000000000000000')],
    async run(context) {
      const path = context.value('file')
      if (path === undefined) {
        await context.line('miss dump log file name')
        return
      }
      for (const message of recordsIn(await contentOf(path, (file) => context.session.host.readFile(file)))) {
        const properties = decodeMessageProperties(message.properties)
        await context.line(extText(message, properties, { broker: 'null', body: 'null' }))
      }
    },
  },
]

async function contentOf(path: string, read: (path: string) => Promise<Buffer | undefined>): Promise<Buffer> {
  try {
    const content = await read(path)
    if (content !== undefined) return content
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EISDIR') throw new CommandError(`file ${path} is a directory.`)
    throw error
  }
  throw new CommandError(`file ${path} not exist.`)
}

/** Up to the first place where no record stands: a file is longer than what was written into it. */
function* recordsIn(file: Buffer): Iterable<DecodedMessage> {
  for (let at = 0; ; ) {
    const reading = readRecord(file, at)
    if (reading.kind !== 'record') return
    yield decodeMessageAt(file, reading.record)
    at += reading.record.totalSize
  }
}
