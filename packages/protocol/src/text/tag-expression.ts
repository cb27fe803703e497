import { javaStringHash } from './java-string-hash.ts'
import { trimJava } from './java-trim.ts'

/** A tag subscription: every tag, or the listed ones (possibly none, which matches nothing). */
export type TagExpression =
  | { readonly kind: 'all' }
  | { readonly kind: 'tags'; readonly tags: readonly string[]; readonly codes: readonly number[] }

/** A tag expression made of separators only, which the Java clients refuse as well. */
export class TagExpressionError extends Error {
  override readonly name = 'TagExpressionError'
}

/**
 * Parses a subscription by tags: `A || B`. Absent, empty and exactly `*` stand
 * for all. A `*` between separators or blanks is an ordinary tag, as it is for the Java peers.
 *
 * @returns the trimmed tags without blanks and repetitions, in their order, with their distinct hash codes
 * @throws TagExpressionError when there is nothing but separators
 */
export function parseTagExpression(expression: string | undefined): TagExpression {
  if (expression === undefined || expression === '' || expression === '*') return { kind: 'all' }
  const parts = expression.split('||')
  if (parts.every((part) => part === '')) {
    throw new TagExpressionError(
      `no tag in the subscription expression "${expression}": write tags separated by ||, or *`,
    )
  }
  const tags = new Set(parts.map(trimJava).filter((tag) => tag !== ''))
  return { kind: 'tags', tags: [...tags], codes: [...new Set([...tags].map(javaStringHash))] }
}
