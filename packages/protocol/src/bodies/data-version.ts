import { defineBody } from './body.ts'
import { long, record, type ShapeValue, withDefault } from './shape/index.ts'

export const dataVersionShape = record({
  /** Raised by one with each change. */
  counter: withDefault(long, () => 0),
  /** Version of the broker's controller state; 0 without a controller. */
  stateVersion: withDefault(long, () => 0),
  /** Time of the last change, in milliseconds since 1970. */
  timestamp: withDefault(long, () => 0),
})

/** Version of a table that a broker keeps: registrations and slaves compare it to learn whether to send or fetch the table. */
export type DataVersion = ShapeValue<typeof dataVersionShape>

/** Body of request 322 and its response. */
export const dataVersionBody = defineBody('DataVersion', dataVersionShape)

/** The version of a table that has never been changed. @param nowMs milliseconds since 1970 */
export function newDataVersion(nowMs: number): DataVersion {
  return { counter: 0, stateVersion: 0, timestamp: nowMs }
}

/**
 * The version after a change.
 *
 * @param nowMs time of the change in milliseconds since 1970
 * @param stateVersion the controller's state version; 0 without a controller
 */
export function nextDataVersion(version: DataVersion, nowMs: number, stateVersion = 0): DataVersion {
  return { counter: version.counter + 1, stateVersion, timestamp: nowMs }
}

/** Whether both describe the same state of a table. */
export function sameDataVersion(left: DataVersion, right: DataVersion): boolean {
  return compareDataVersions(left, right) === 0
}

/** Orders versions by state version, then counter, then timestamp. @returns negative when `left` is older */
export function compareDataVersions(left: DataVersion, right: DataVersion): number {
  return left.stateVersion - right.stateVersion || left.counter - right.counter || left.timestamp - right.timestamp
}
