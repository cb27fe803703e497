/** What values an attribute of a topic or group takes, and whether it may change once it is created. */
interface AttributeKind {
  readonly isChangeable: boolean
  /** Gives what is wrong with a value, or undefined. */
  problemOf(value: string): string | undefined
  /** Whether this broker does what the value asks for, which RocketMQ knows. */
  isServed(value: string): boolean
}

export type AttributeKinds = ReadonlyMap<string, AttributeKind>

const integerText = /^[-+]?[0-9]{1,19}$/
const longMax = 9_223_372_036_854_775_807n

const everything = (): boolean => true
const nothing = (): boolean => false

function oneOf(
  values: readonly string[],
  { isChangeable = true, unserved = [] as readonly string[] } = {},
): AttributeKind {
  return {
    isChangeable,
    problemOf: (value) => (values.includes(value) ? undefined : `value is not in set: [${values.join(', ')}]`),
    isServed: (value) => !unserved.includes(value),
  }
}

function inRange(min: bigint, max: bigint, isServed = everything): AttributeKind {
  return {
    isChangeable: true,
    isServed,
    problemOf(value) {
      if (!integerText.test(value)) return `For input string: "${value}"`
      const number = BigInt(value.replace(/^\+/, ''))
      return number >= min && number <= max ? undefined : `value is not in range(${min}, ${max})`
    },
  }
}

const anyText: AttributeKind = { isChangeable: true, problemOf: () => undefined, isServed: everything }
const trueOrFalse: AttributeKind = {
  isChangeable: true,
  isServed: everything,
  problemOf: (value) => (/^(true|false)$/i.test(value) ? undefined : 'boolean attribute format is wrong.'),
}

/** Attributes of topics in RocketMQ 5.5. */
export const topicAttributeKinds: AttributeKinds = new Map([
  ['queue.type', oneOf(['BatchCQ', 'SimpleCQ'], { isChangeable: false })],
  ['cleanup.policy', oneOf(['DELETE', 'COMPACTION'], { isChangeable: false })],
  [
    'message.type',
    oneOf(['UNSPECIFIED', 'MIXED', 'TRANSACTION', 'PRIORITY', 'FIFO', 'DELAY', 'LITE', 'NORMAL'], {
      unserved: ['LITE'],
    }),
  ],
  // Milliseconds; -1 keeps messages as long as the broker does.
  ['reserve.time', inRange(-1n, longMax)],
  // Minutes; -1 never.
  ['lite.topic.expiration', inRange(-1n, 43_200n, nothing)],
])

/** Attributes of consumer groups in RocketMQ 5.5. */
export const groupAttributeKinds: AttributeKinds = new Map([
  ['priority.factor', inRange(0n, 100n)],
  ['lite.bind.topic', anyText],
  ['lite.sub.model', oneOf(['Shared', 'Exclusive'])],
  ['lite.sub.reset.offset.exclusive', trueOrFalse],
  ['lite.sub.reset.offset.unsubscribe', trueOrFalse],
  ['lite.sub.client.quota', inRange(-1n, longMax)],
  ['lite.sub.client.max.event.cnt', inRange(10n, longMax)],
  ['lite.sub.wildcard', trueOrFalse],
])
