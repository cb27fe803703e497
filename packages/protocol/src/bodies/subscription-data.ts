import { parseTagExpression } from '../text/index.ts'
import { defineBody } from './body.ts'
import { distinct, flag, int, long, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

export const subscriptionDataShape = record({
  topic: text,
  /** The expression: tags joined by `||`, `*`, or SQL92. Clients send it always. */
  subString: optional(text),
  tagsSet: withDefault(distinct(text), () => []),
  /** Java hash codes of the tags; by tags, they alone say what is wanted, unless `subString` is `*`. */
  codeSet: withDefault(distinct(int), () => []),
  /** Milliseconds since 1970 at which the client made the subscription; the newer one counts. */
  subVersion: withDefault(long, () => 0),
  /** `TAG` or `SQL92`. */
  expressionType: withDefault(text, () => 'TAG'),
  classFilterMode: withDefault(flag, () => false),
})

/** A consumer group's subscription to one topic. */
export type SubscriptionData = ShapeValue<typeof subscriptionDataShape>

/**
 * A subscription by tags.
 *
 * @param expression `A || B`, `*` or empty for all
 * @param subVersion milliseconds since 1970
 * @throws TagExpressionError when the expression is made of separators only
 */
export function newTagSubscription(topic: string, expression: string, subVersion: number): SubscriptionData {
  const parsed = parseTagExpression(expression)
  return {
    topic,
    subString: expression === '' ? '*' : expression,
    tagsSet: parsed.kind === 'all' ? [] : [...parsed.tags],
    codeSet: parsed.kind === 'all' ? [] : [...parsed.codes],
    subVersion,
    expressionType: 'TAG',
    classFilterMode: false,
  }
}

const querySubscriptionShape = record({
  group: optional(text),
  topic: optional(text),
  subscriptionData: optional(subscriptionDataShape),
})

export type QuerySubscription = ShapeValue<typeof querySubscriptionShape>

/** Response body of request 345. */
export const querySubscriptionBody = defineBody('QuerySubscriptionResponseBody', querySubscriptionShape)

const checkClientShape = record({
  clientId: optional(text),
  group: optional(text),
  subscriptionData: optional(subscriptionDataShape),
  namespace: optional(text),
})

/** A subscription that a client wants checked before it starts. */
export type CheckClient = ShapeValue<typeof checkClientShape>

/** Request body of request 46. */
export const checkClientBody = defineBody('CheckClientRequestBody', checkClientShape)
