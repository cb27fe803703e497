import type { ReceivedMessage } from '@rocketmq-ts/client'
import { printable, printableLines } from '../output/text-table.ts'
import { UsageError } from '../usage-error.ts'

/** Writes a message as a format says: bytes, so that bodies stay what they are. */
export type MessageFormat = (message: ReceivedMessage) => Buffer

type Part = (message: ReceivedMessage) => string | Buffer

const orNone = (value: string | undefined): string => (value === undefined || value === '' ? '-' : value)

const verbs: Readonly<Record<string, Part>> = {
  t: ({ topic }) => topic,
  b: ({ queue }) => queue.broker,
  q: ({ queue }) => String(queue.queueId),
  o: ({ queueOffset }) => String(queueOffset),
  i: ({ messageId }) => messageId,
  g: ({ tag }) => orNone(tag),
  l: ({ liteTopic }) => orNone(liteTopic),
  k: ({ keys }) => orNone(keys.join(' ')),
  p: ({ properties }) => JSON.stringify(properties),
  a: ({ attempt }) => String(attempt),
  T: ({ storeTimestamp }) => new Date(storeTimestamp).toISOString(),
  s: ({ body }) => String(body.length),
  v: ({ body }) => body,
  V: ({ body }) => body.toString('base64'),
  '%': () => '%',
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' }

export const formatHelp =
  '%t topic, %b broker, %q queue, %o offset, %i id, %g tag, %l lite topic, %k keys, %p properties, %a delivery, %T time stored, %s bytes, %v body, %V body in base64; \\n \\t \\0'

export const defaultFormat = '%T %b:%q@%o %g %k %v\\n'

/**
 * @param isForPeople nothing in a message may then control the terminal
 * @throws UsageError
 */
export function parseFormat(text: string, isForPeople: boolean): MessageFormat {
  const parts: Part[] = []
  for (const [piece, verb, escaped] of text.matchAll(/%(.?)|\\(.?)|[^%\\]+/gsu)) {
    if (verb !== undefined) {
      const part = verbs[verb]
      if (part === undefined) throw new UsageError(`--format: there is no %${verb}; there are ${formatHelp}`)
      parts.push(isForPeople ? (message) => shown(part(message)) : part)
    } else if (escaped !== undefined) {
      const character = escapes[escaped]
      if (character === undefined)
        throw new UsageError(`--format: there is no \\${escaped}; there are \\n \\t \\r \\0 \\\\`)
      parts.push(() => character)
    } else parts.push(() => piece)
  }
  return (message) => Buffer.concat(parts.map((part) => toBuffer(part(message))))
}

function shown(value: string | Buffer): string {
  return Buffer.isBuffer(value) ? printableLines(value.toString('utf8')) : printable(value)
}

function toBuffer(value: string | Buffer): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8')
}
