import { LruMap } from '@rocketmq-ts/base'
import { compileSqlFilter, FilterExpressionError, type SqlFilter } from '@rocketmq-ts/filter'
import { ProtocolError } from '@rocketmq-ts/protocol'

const compiledKept = 10_000
/** Of the expressions that are kept compiled, which takes some fifty times as many bytes. */
const charactersMax = 1024 * 1024
const sqlType = 'SQL92'

/**
 * Compiles the expressions of clients, each once as long as it is used: what nobody asked for long is given up, so that
 * clients cannot fill the memory with expressions.
 */
export class ExpressionCompiler {
  readonly #isEnabled: () => boolean
  readonly #compiled = new LruMap<string, SqlFilter>(compiledKept, ({ expression }) => {
    this.#characters -= expression.length
  })
  #characters = 0

  /** @param isEnabled whether consumers may filter by expressions (enablePropertyFilter) */
  constructor(isEnabled: () => boolean) {
    this.#isEnabled = isEnabled
  }

  /** Characters of the expressions that are kept. */
  get characters(): number {
    return this.#characters
  }

  /** @throws ProtocolError SUBSCRIPTION_PARSE_FAILED that says where the expression is wrong */
  compile(expressionType: string, expression: string): SqlFilter {
    if (expressionType !== sqlType) {
      throw notParsed(`the expression type ${expressionType} is unknown: it is TAG or ${sqlType}`)
    }
    const known = this.#compiled.get(expression)
    if (known !== undefined) return known
    try {
      const filter = compileSqlFilter(expression)
      this.#keep(filter)
      return filter
    } catch (error) {
      if (error instanceof FilterExpressionError) throw notParsed(error.message)
      throw error
    }
  }

  #keep(filter: SqlFilter): void {
    this.#characters += filter.expression.length
    this.#compiled.set(filter.expression, filter)
    while (this.#characters > charactersMax) this.#compiled.delete(this.#compiled.keys().next().value!)
  }

  /** @throws ProtocolError SYSTEM_ERROR when this broker does not filter by expressions */
  checkEnabled(expressionType: string): void {
    if (this.#isEnabled()) return
    const remark = `The broker does not support consumer to filter message by ${expressionType}: set enablePropertyFilter, or subscribe by tags`
    throw new ProtocolError('SYSTEM_ERROR', remark)
  }
}

function notParsed(reason: string): ProtocolError {
  return new ProtocolError('SUBSCRIPTION_PARSE_FAILED', `parse the consumer's subscription failed: ${reason}`)
}
