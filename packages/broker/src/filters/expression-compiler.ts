import { LruMap } from '@rocketmq-ts/base'
import { compileSqlFilter, FilterExpressionError, type SqlFilter } from '@rocketmq-ts/filter'
import { ProtocolError } from '@rocketmq-ts/protocol'

const compiledKept = 1_000
const sqlType = 'SQL92'

/** Compiles the expressions of clients, each once as long as it is used. */
export class ExpressionCompiler {
  readonly #isEnabled: () => boolean
  readonly #compiled = new LruMap<string, SqlFilter>(compiledKept)

  /** @param isEnabled whether consumers may filter by expressions (enablePropertyFilter) */
  constructor(isEnabled: () => boolean) {
    this.#isEnabled = isEnabled
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
      this.#compiled.set(expression, filter)
      return filter
    } catch (error) {
      if (error instanceof FilterExpressionError) throw notParsed(error.message)
      throw error
    }
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
