/** A promise of the broker that a history shows to be broken. */
export type Rule =
  | 'acknowledged message lost'
  | 'acknowledged place holds another message'
  | 'message changed'
  | 'message invented'
  | 'message stored twice'
  | 'queue offset used twice'
  | 'gap in a queue'
  | 'messages reordered'
  | 'committed offset ahead'
  | 'committed offset behind'
  | 'delayed message not delivered'
  | 'delayed message early'
  | 'retry not delivered'
  | 'key does not find its message'
  | 'offset by time wrong'
  | 'acknowledged topic lost'
  | 'deleted topic is there'
  | 'acknowledged setting lost'
  | 'acknowledged key value lost'
  | 'message lost in front of one that is there'
  | 'lost message shows again'
  | 'message not consumed'
  | 'route not back'
  | 'transaction lost'
  | 'transaction committed twice'
  | 'rolled back message is there'
  | 'message not popped'
  | 'acknowledged message came again'
  | 'matching message not given'
  | 'message given that does not match'
  | 'broker not serving'

export interface Violation {
  readonly rule: Rule
  readonly detail: string
}

/** The violations as lines: how many of each rule, and the first of them. */
export function describeViolations(violations: readonly Violation[], shownOfEach = 5): string {
  const lines: string[] = []
  for (const [rule, found] of Map.groupBy(violations, (violation) => violation.rule)) {
    lines.push(`${rule}: ${found.length}`)
    for (const { detail } of found.slice(0, shownOfEach)) lines.push(`  ${detail}`)
  }
  return lines.join('\n')
}
