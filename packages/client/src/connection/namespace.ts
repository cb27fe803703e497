import { deadLetterTopicPrefix, defaultTopic, retryTopicPrefix } from '@rocketmq-ts/protocol'

const separator = '%'
const prefixes = [retryTopicPrefix, deadLetterTopicPrefix]

/**
 * Names of topics and groups of one namespace, as the servers know them: `namespace%name`, behind `%RETRY%` and `%DLQ%`
 * where these stand. Without a namespace names are what they are.
 */
export class Namespace {
  readonly #prefix: string

  constructor(namespace: string | undefined) {
    this.#prefix = namespace === undefined || namespace === '' ? '' : namespace + separator
  }

  /** The name for the servers; one that is in the namespace already stays. */
  wrap(name: string): string {
    if (this.#prefix === '' || name === defaultTopic) return name
    const { prefix, rest } = split(name)
    return rest.startsWith(this.#prefix) ? name : prefix + this.#prefix + rest
  }

  /** The name without the namespace. */
  unwrap(name: string): string {
    if (this.#prefix === '') return name
    const { prefix, rest } = split(name)
    return rest.startsWith(this.#prefix) ? prefix + rest.slice(this.#prefix.length) : name
  }
}

function split(name: string): { prefix: string; rest: string } {
  const prefix = prefixes.find((candidate) => name.startsWith(candidate)) ?? ''
  return { prefix, rest: name.slice(prefix.length) }
}
