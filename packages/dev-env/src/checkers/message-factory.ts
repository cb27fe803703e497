import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'

/** A message of a load before it is sent. */
export interface LoadMessage {
  readonly topic: string
  readonly queueId: number
  readonly body: Buffer
  readonly properties: Readonly<Record<string, string>>
}

const tags = ['TagA', 'TagB', 'TagC']

/** The last decimal digit of the number that an id ends with: the property `lastDigit` of its message. */
export function lastDigitOf(id: string): number {
  return Number.parseInt(id.slice(-8), 16) % 10
}

/** Makes messages that can be told apart: each has an id and a key of its own, and says its id in its body. */
export class MessageFactory {
  readonly #name: string
  #count = 0

  /** @param name a short text of letters and digits, one of a kind among the factories of a history */
  constructor(name: string) {
    this.#name = name
  }

  /** @param timedForMs milliseconds since 1970 at which it is to be delivered; 0 for at once */
  create(random: SeededRandom, place: { topic: string; queueId: number }, delayLevel = 0, timedForMs = 0): LoadMessage {
    const number = (++this.#count).toString(16).toUpperCase().padStart(8, '0')
    // The form of the ids that producers make: 32 hexadecimal digits.
    const id = Buffer.from(this.#name).toString('hex').toUpperCase().padEnd(24, '0').slice(0, 24) + number
    const filler = random.chance(0.03) ? random.between(4_000, 20_000) : random.between(0, 300)
    return {
      ...place,
      body: Buffer.from(`${id} ${'.'.repeat(filler)}`),
      properties: {
        UNIQ_KEY: id,
        KEYS: `key-${this.#name}-${number}`,
        WAIT: 'true',
        lastDigit: String(lastDigitOf(id)),
        ...(random.chance(0.7) ? { TAGS: random.pick(tags) } : {}),
        ...(delayLevel > 0 ? { DELAY: String(delayLevel) } : {}),
        ...(timedForMs > 0 ? { TIMER_DELIVER_MS: String(timedForMs) } : {}),
      },
    }
  }
}
