import type { LoadMessage } from '@rocketmq-ts/dev-env/checkers'
import type { BrokerClient } from '../crash/broker-client.ts'

/** Digits that UNIQ_KEY has. */
const idDigits = 32
const queuesAtOnce = 8
const pulledAtOnce = 256
/** Messages that are looked for by their key. */
const keysAsked = 200
const problemsMax = 20

/** The message of this number; nothing else is needed to know it again. */
export function numberedMessage(number: number, topic: string, queueId: number, bodyBytes: number): LoadMessage {
  const id = idOf(number)
  return {
    topic,
    queueId,
    body: Buffer.alloc(bodyBytes, `${id} `),
    properties: { UNIQ_KEY: id, KEYS: keyOf(number), WAIT: 'true', TAGS: `Tag${number % 3}` },
  }
}

const idOf = (number: number): string => number.toString(16).toUpperCase().padStart(idDigits, '0')
const keyOf = (number: number): string => `key-${number}`

/** Which message was acknowledged at which place: a few bytes for each, so that there may be millions. */
export class AcknowledgedMessages {
  /** Numbers by queue offset, by topic and queue. */
  readonly #queues = new Map<string, { topic: string; queueId: number; numbers: number[] }>()
  #count = 0

  get count(): number {
    return this.#count
  }

  add(number: number, topic: string, queueId: number, queueOffset: number): void {
    const key = `${topic} ${queueId}`
    const queue = this.#queues.get(key) ?? { topic, queueId, numbers: [] }
    this.#queues.set(key, queue)
    queue.numbers[queueOffset] = number
    this.#count++
  }

  /**
   * Reads all queues, and looks for some messages by their keys.
   * @returns what is not as it was acknowledged, the first of it
   */
  async problems(client: BrokerClient): Promise<string[]> {
    const problems: string[] = []
    const left = [...this.#queues.values()]
    const readOn = async (): Promise<void> => {
      for (let queue = left.pop(); queue !== undefined && problems.length < problemsMax; queue = left.pop()) {
        problems.push(...(await readQueue(client, queue)))
      }
    }
    await Promise.all(Array.from({ length: queuesAtOnce }, readOn))
    for (const { number, topic } of this.#spread(keysAsked)) {
      const found = await client.findByKey(topic, keyOf(number))
      if (!found.some(({ id }) => id === idOf(number))) problems.push(`${keyOf(number)} of ${topic} finds nothing`)
    }
    return problems.slice(0, problemsMax)
  }

  /** About so many of the messages, from all parts of the log, the newest of queues among them. */
  *#spread(count: number): Generator<{ number: number; topic: string }> {
    const queues = [...this.#queues.values()]
    const step = Math.max(1, Math.floor(queues.length / Math.sqrt(count)))
    const ofQueue = Math.ceil(count / Math.ceil(queues.length / step))
    for (let index = 0; index < queues.length; index += step) {
      const { topic, numbers } = queues[index]!
      for (let part = 1; part <= ofQueue; part++) {
        const number = numbers[Math.ceil((numbers.length * part) / ofQueue) - 1]
        if (number !== undefined) yield { number, topic }
      }
    }
  }
}

async function readQueue(
  client: BrokerClient,
  { topic, queueId, numbers }: { topic: string; queueId: number; numbers: readonly number[] },
): Promise<string[]> {
  const problems: string[] = []
  const isFound = new Uint8Array(numbers.length)
  for (let offset = 0; offset < numbers.length; ) {
    const pulled = await client.pull({ group: 'readers', topic, queueId, offset, countMax: pulledAtOnce })
    for (const { id, queueOffset } of pulled.records) {
      const number = numbers[queueOffset]
      if (number === undefined) continue
      isFound[queueOffset] = 1
      if (id !== idOf(number)) problems.push(`${topic} ${queueId}: ${id} at ${queueOffset}, not ${idOf(number)}`)
    }
    if (pulled.nextOffset <= offset) break
    offset = pulled.nextOffset
  }
  numbers.forEach((number, offset) => {
    if (isFound[offset] === 0) problems.push(`${topic} ${queueId}: nothing at ${offset}, where ${idOf(number)} was`)
  })
  return problems
}
