/** What values an attribute of a topic or group takes, and whether it may change once it is created. */
interface AttributeKind {
  readonly isChangeable: boolean
  /** Gives what is wrong with a value, or undefined. */
  problemOf(value: string): string | undefined
}

export type AttributeKinds = ReadonlyMap<string, AttributeKind>

const integerText = /^[-+]?[0-9]{1,19}$/
const longMax = 9_223_372_036_854_775_807n

function oneOf(values: readonly string[], { isChangeable = true } = {}): AttributeKind {
  return {
    isChangeable,
    problemOf: (value) => (values.includes(value) ? undefined : `value is not in set: [${values.join(', ')}]`),
  }
}

function inRange(min: bigint, max: bigint): AttributeKind {
  return {
    isChangeable: true,
    problemOf(value) {
      if (!integerText.test(value)) return `For input string: "${value}"`
      const number = BigInt(value.replace(/^\+/, ''))
      return number >= min && number <= max ? undefined : `value is not in range(${min}, ${max})`
    },
  }
}

const anyText: AttributeKind = { isChangeable: true, problemOf: () => undefined }
const trueOrFalse: AttributeKind = {
  isChangeable: true,
  problemOf: (value) => (/^(true|false)$/i.test(value) ? undefined : 'boolean attribute format is wrong.'),
}

/** Attributes of topics in RocketMQ 5.5. */
export const topicAttributeKinds: AttributeKinds = new Map([
  ['queue.type', oneOf(['BatchCQ', 'SimpleCQ'], { isChangeable: false })],
  ['cleanup.policy', oneOf(['DELETE', 'COMPACTION'], { isChangeable: false })],
  ['message.type', oneOf(['UNSPECIFIED', 'MIXED', 'TRANSACTION', 'PRIORITY', 'FIFO', 'DELAY', 'LITE', 'NORMAL'])],
  // Milliseconds; -1 keeps messages as long as the broker does.
  ['reserve.time', inRange(-1n, longMax)],
  // Minutes; -1 never.
  ['lite.topic.expiration', inRange(-1n, 43_200n)],
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
