/** A value that cannot be used. */
export interface SettingProblem {
  readonly key: string
  readonly value: string
  /** Completes the sentence "allowed is ...". */
  readonly allowed: string
  /** Why this value is not possible, when there is more to say than what is allowed. */
  readonly reason?: string
  /** Where the value comes from: `broker.conf:12`. */
  readonly source: string
}

/** One line for a problem, without its source. */
export function describeProblem(problem: SettingProblem): string {
  const reason = problem.reason === undefined ? '' : ` (${problem.reason})`
  return `${problem.key}=${problem.value} is not possible${reason}: allowed is ${problem.allowed}`
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
