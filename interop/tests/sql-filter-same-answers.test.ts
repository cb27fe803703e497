import { compileSqlFilter, FilterExpressionError, truth } from '@rocketmq-ts/filter'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'
import { type OfficialEvaluator, type Question, startOfficialEvaluator } from '../sql-filter/official-evaluator.ts'
import { QuestionGenerator } from '../sql-filter/questions.ts'
import { lacksTools } from '../targets/tooling.ts'

/** How many expressions; SQL_FILTER_COUNT=100000 for a long run, which takes some minutes. */
const expressionCount = Number(process.env.SQL_FILTER_COUNT ?? 5_000)
const batchCount = 500
const setsPerExpression = 6

const letters = { [truth.yes]: 'T', [truth.no]: 'F', [truth.unknown]: 'N', [truth.failed]: 'E' }

/** As the official evaluator answers. */
function ourAnswer({ expression, propertySets }: Question): string {
  try {
    const filter = compileSqlFilter(expression)
    return propertySets
      .map((text) => {
        const bytes = Buffer.from(text)
        return letters[filter.truthOf(bytes, 0, bytes.length)]
      })
      .join('')
  } catch (error) {
    if (error instanceof FilterExpressionError) return 'P'
    throw error
  }
}

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('SQL92 expressions', () => {
  let official: OfficialEvaluator
  beforeAll(async () => {
    official = await startOfficialEvaluator()
  })
  afterAll(() => official?.close())

  it('give what the official evaluator gives, for any expression and properties', { timeout: 1_800_000 }, async () => {
    const seed = announcedSeed('SQL_FILTER_SEED')
    const generator = new QuestionGenerator(new SeededRandom(seed))
    const seen = new Set<string>()
    for (let asked = 0; asked < expressionCount; asked += batchCount) {
      const questions = Array.from({ length: batchCount }, () => generator.next(setsPerExpression))
      const answers = await official.ask(questions)
      for (const [index, question] of questions.entries()) {
        const [theirs, ours] = [answers[index]!, ourAnswer(question)]
        for (const letter of theirs) seen.add(letter)
        if (theirs !== ours) expect.fail(`${JSON.stringify(question, null, 1)}\nofficial: ${theirs}, ours: ${ours}`)
      }
    }
    expect([...seen].sort()).toEqual(['E', 'F', 'N', 'P', 'T'])
  })
})
