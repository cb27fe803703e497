/** A value that cannot be used. */
export interface SettingProblem {
  readonly key: string
  readonly value: string
  /** Completes the sentence "allowed is ...". */
  readonly allowed: string
  /** Why this value is not possible, when `allowed` does not explain it. */
  readonly reason?: string
  /** Where the value comes from: `broker.conf:12`. */
  readonly source: string
}

/** A problem in one line, without its source. */
export function describeProblem(problem: SettingProblem): string {
  const reason = problem.reason === undefined ? '' : ` (${shown(problem.reason)})`
  return `${shownSetting(problem.key, problem.value)} is not possible${reason}: allowed is ${problem.allowed}`
}

const shownLettersMax = 200

/** `key=value` for messages: on one line, and shortened when it is long. */
export function shownSetting(key: string, value: string): string {
  return `${shown(key)}=${shown(value)}`
}

function shown(text: string): string {
  const short = text.length > shownLettersMax ? `${text.slice(0, shownLettersMax)}...` : text
  return short.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, (letter) => {
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Some settings have values that cannot be used; the message lists them all. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly SettingProblem[]

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map((problem) => `${problem.source}: ${describeProblem(problem)}`).join('\n'))
    this.problems = problems
  }
}
