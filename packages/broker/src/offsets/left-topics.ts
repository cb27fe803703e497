/** What the members of a group subscribe to now. */
export interface Subscriptions {
  subscription(topic: string): unknown
  subscriptions(): ReadonlyMap<string, unknown>
}

/** Whether a group subscribes to topics, but not to this one any more. @param online undefined without members */
export function isLeft(topic: string, online: Subscriptions | undefined): boolean {
  return online !== undefined && online.subscriptions().size > 0 && online.subscription(topic) === undefined
}
