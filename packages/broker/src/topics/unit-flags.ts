/** Bits of a topic's topicSysFlag: what units, which are parts of a company's sites, have to do with it. */
const unitTopic = 1
const subscribedByUnits = 2

/** The flag of a topic that is made for clients of a unit, or for others: a group's own topics are subscribed to by it. */
export function unitFlagOf(isOfUnit: boolean | undefined, isOfGroup: boolean): number {
  if (isOfUnit !== true) return 0
  return isOfGroup ? subscribedByUnits : unitTopic
}
